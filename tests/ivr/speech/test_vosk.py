"""vosk with the test model: what it hears, what it refuses, and what would end its process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soxr

from calls.errors import SpeechError
from ivr.nodes.voice import yes_or_no
from ivr.speech.engines.vosk import NEAR_NATS, POLITE_S, VoskRecognizer, _Hearing, load
from ivr.speech.engines.vosk_files import NEEDED
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import grammar_of, words_of
from ivr.speech.recognizer import Final, Grammar, Partial
from tests.ivr.speech.spoken import MAN, MENU, OFF_MENU, RMS, VOICES, WOMAN, heard, said
from tests.tinyvosk.export import MODEL
from tests.tinyvosk.speakers import Voice

CHOICE = Grammar("en", frozenset(MENU))
DIGITS = grammar_of(Expected(SpokenKind.DIGITS, "en"))
FREE = Grammar("en", frozenset())
SIGSEGV, SIGABRT = -11, -6

Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def english() -> VoskRecognizer:
    return load("en", MODEL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(MODEL, tmp_path / "model")
    return tmp_path / "model"


def child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process that may die."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_menu_is_heard_from_voices_that_the_model_does_not_know(english: VoskRecognizer) -> None:
    finals = {(voice, item): heard(english, said(voice, item), CHOICE)[1] for voice in VOICES for item in MENU}
    wrong = {key: final.words for key, final in finals.items() if final.words != key[1]}
    assert len(wrong) <= 1, wrong
    agreed = sum(final.free == final.words for final in finals.values())
    assert agreed >= 22, "hearing without the grammar seldom agrees"


def test_every_yes_and_no_is_known_and_polite_ones_are_heard(english: VoskRecognizer) -> None:
    expected = yes_or_no("en", "1", "2")
    assert expected is not None
    grammar = grammar_of(expected)
    assert english.unknown(words_of(grammar)) == frozenset()
    polite = [(voice, words) for voice in VOICES for words in ("yes please", "no thank you")]
    finals = [(words, heard(english, said(voice, words), grammar)[1].words) for voice, words in polite]
    assert sum(final == words for words, final in finals) >= 5, finals
    assert all(final in (words, "") for words, final in finals), finals


def test_what_is_not_on_the_menu_is_rejected_or_doubted(english: VoskRecognizer) -> None:
    finals = [heard(english, said(voice, item), CHOICE)[1] for voice in VOICES for item in OFF_MENU]
    accepted = [final for final in finals if final.words]
    assert len(accepted) <= 9, accepted
    assert all(final.free != final.words and final.confidence < 1.0 for final in accepted)


def test_yes_and_no_are_likely_and_what_is_neither_is_not(english: VoskRecognizer) -> None:
    expected = yes_or_no("en", "1", "2")
    assert expected is not None
    grammar = grammar_of(expected)
    voices = (*VOICES, *map(partial(Voice, "espeak"), ("en-us+linda", "en-us+benjamin", "en-us+belinda")))
    told = [(word, heard(english, said(voice, word), grammar)[1]) for voice in voices for word in ("yes", "no")]
    meant = [expected.phrases.get(final.words) == expected.phrases[word] for word, final in told if final.likely]
    assert sum(meant) >= 11 and all(meant), told
    others = [heard(english, said(voice, item), grammar)[1] for voice in voices for item in OFF_MENU]
    assert sum(final.likely for final in others) <= 3, others


def test_partials_grow_into_the_phrase_and_have_a_second_opinion(english: VoskRecognizer) -> None:
    session = english.open(8000, CHOICE)
    pcm = said(MAN, "main menu")
    told = [each for at in range(0, len(pcm), 320) for each in session.feed(pcm[at : at + 320])]
    assert session.finish().words == "main menu"
    assert told[-1] == Partial("main menu", "main menu")
    assert len({each for each in told if isinstance(each, Partial)}) > 2
    session.close()


def test_what_stands_around_a_phrase_is_heard_only_where_the_phrase_alone_is_not(english: VoskRecognizer) -> None:
    polite = grammar_of(Expected(SpokenKind.CHOICE, "en", dict.fromkeys(MENU, "1")))
    partials, final = heard(english, said(MAN, "i would like billing please"), polite)
    assert final == Final("i would like billing please", "five would like billing please", 0.0)
    assert not any("would" in each for each in partials)
    plain = {(voice, item): heard(english, said(voice, item), polite)[1].words for voice in VOICES for item in MENU}
    assert sum(words != item for (_, item), words in plain.items()) <= 1, plain


class Says:
    """In vosk's place: what it says at the end, and how likely it takes it for."""

    def __init__(self, *said: tuple[str, float]) -> None:
        self._said = said

    def FinalResult(self) -> str:
        return json.dumps({"alternatives": [{"text": text, "confidence": nats} for text, nats in self._said]})


@pytest.mark.parametrize(
    ("said", "best"),
    [
        ([("sales order", 90.0), ("sales sales", 89.0), ("sales", 88.5)], ("sales", 1.5)),
        ([("sales", 90.0), ("billing", 89.9)], ("sales", 0.0)),
        ([("sales order", 90.0), ("sales", 90.0 - NEAR_NATS - 0.1)], ("sales order", 0.0)),
        ([("sales [unk]", 90.0), ("sales", 89.9)], ("sales [unk]", 0.0)),
        ([("", 3.0)], ("", 0.0)),
    ],
)
def test_a_phrase_comes_before_words_of_several_that_are_hardly_likelier(
    said: list[tuple[str, float]], best: tuple[str, float]
) -> None:
    hearing = _Hearing(Says(*said))
    hearing.finish()
    assert hearing.best({"sales", "billing"}.__contains__) == best


def test_who_speaks_for_long_is_not_heard_once_more(english: VoskRecognizer) -> None:
    polite = grammar_of(Expected(SpokenKind.CHOICE, "en", dict.fromkeys(MENU, "1")))
    pcm = said(MAN, "i would like billing please")
    assert heard(english, bytes(round(POLITE_S * 16_000)) + pcm, polite)[1].words == ""


@pytest.mark.parametrize("piece", [2, 320, 3200, 1_000_000])
def test_pieces_of_any_length_say_the_same(english: VoskRecognizer, piece: int) -> None:
    pcm = said(RMS, "operator")
    if piece == 2:
        pcm = pcm[: len(pcm) // 2]
    assert heard(english, pcm, CHOICE, piece=piece)[1].words == "operator"


def test_digits_are_heard_one_by_one(english: VoskRecognizer) -> None:
    assert heard(english, said(MAN, "oh eight nine five"), DIGITS)[1].words == "oh eight nine five"
    assert heard(english, said(RMS, "one two three four"), DIGITS)[1].words == "one two three four"


def test_a_pause_longer_than_the_engines_own_end_does_not_end_the_utterance(english: VoskRecognizer) -> None:
    pcm = said(RMS, "one two") + bytes(2 * 8000) + said(RMS, "three")
    partials, final = heard(english, pcm, DIGITS)
    assert final.words == "one two three"
    assert "one two" in partials
    assert partials[-1] == "one two three"


def test_repeated_words_may_be_dropped_which_only_a_known_length_shows(english: VoskRecognizer) -> None:
    assert heard(english, said(MAN, "two two two"), DIGITS)[1].words == "two two two"
    assert heard(english, said(WOMAN, "two two two"), DIGITS)[1].words == "two"


def test_free_speech_has_no_second_opinion(english: VoskRecognizer) -> None:
    partials, final = heard(english, said(MAN, "operator"), FREE)
    assert (final.words, final.free) == ("operator", None)
    assert partials[-1] == "operator"


def test_silence_and_nothing_at_all_are_nothing(english: VoskRecognizer) -> None:
    assert heard(english, bytes(32_000), CHOICE) == ([], Final("", "", 0.0))
    assert heard(english, b"", CHOICE) == ([], Final("", "", 0.0))


def test_a_key_is_heard_as_words_so_recognition_has_to_stop_at_one(english: VoskRecognizer) -> None:
    seconds = np.arange(8000) / 8000
    five = (np.sin(2 * np.pi * 770 * seconds) + np.sin(2 * np.pi * 1336 * seconds)) * 4000 * (seconds < 0.3)
    menu = Grammar("en", frozenset({"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "zero"}))
    _, final = heard(english, five.astype("<i2").tobytes(), menu)
    assert final.words or final.free


def test_sessions_share_the_model_from_several_threads(english: VoskRecognizer) -> None:
    def one(item: str) -> str:
        return heard(english, said(MAN, item), CHOICE)[1].words

    items = MENU * 4
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(one, items)) == list(items)


def test_a_session_closes_twice_and_before_its_end(english: VoskRecognizer) -> None:
    session = english.open(8000, CHOICE)
    session.feed(said(MAN, "yes")[:3200])
    session.close()
    session.close()


def test_half_a_sample_is_refused(english: VoskRecognizer) -> None:
    session = english.open(8000, CHOICE)
    with pytest.raises(ValueError, match="half a sample"):
        session.feed(b"abc")
    session.close()


def test_unknown_words_are_found(english: VoskRecognizer) -> None:
    assert english.unknown(["sales", "banana", "SALES", "schön", ""]) == {"banana", "SALES", "schön", ""}


@pytest.mark.parametrize("word", ["<eps>", "[unk]", "#0", "SALES", "banana", '"], ["'])
def test_words_that_vosk_drops_or_dies_of_never_reach_it(english: VoskRecognizer, word: str) -> None:
    with pytest.raises(SpeechError, match="does not know"):
        english.open(8000, Grammar("en", frozenset({"sales", word})))


@pytest.mark.parametrize("rate_hz", [0, -8000])
def test_a_rate_that_is_none_is_refused(english: VoskRecognizer, rate_hz: int) -> None:
    with pytest.raises(SpeechError, match="no rate of audio"):
        english.open(rate_hz, CHOICE)


def test_audio_at_another_rate_is_brought_to_the_models(english: VoskRecognizer) -> None:
    wide = soxr.resample(np.frombuffer(said(MAN, "operator"), "<i2").astype(np.float64), 8000, 16_000)
    assert heard(english, wide.astype("<i2").tobytes(), CHOICE, rate_hz=16_000)[1].words == "operator"


def test_a_model_for_16_khz_gets_16_khz(folder: Path) -> None:
    conf = folder / "conf/mfcc.conf"
    conf.write_text(conf.read_text().replace("--sample-frequency=8000\n", ""))
    assert heard(load("en", folder), said(MAN, "operator"), CHOICE)[1].words == "operator"


def test_vosk_says_nothing_by_itself(folder: Path) -> None:
    done = child(LOAD, str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, "loaded\n", "")


LOAD = """
import sys
from pathlib import Path
from calls.errors import SpeechError
from ivr.speech.engines.vosk import load
for folder in sys.argv[1:]:
    try:
        load("en", Path(folder))
    except SpeechError as problem:
        print(problem, flush=True)
    else:
        print("loaded", flush=True)
"""


def gone(name: str) -> Harm:
    return lambda folder: (folder / name).unlink()


def cut(name: str, size: int | None = None) -> Harm:
    def harm(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2 if size is None else size])

    return harm


def changed(name: str, old: str, new: str) -> Harm:
    def harm(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return harm


def static(folder: Path) -> None:
    (folder / "graph/HCLr.fst").rename(folder / "graph/HCLG.fst")


HARMS: tuple[tuple[Harm, str], ...] = (
    *((gone(name), f"lacks {name}") for name in NEEDED),
    *((cut(name, 0), f"has nothing in {name}") for name in NEEDED),
    (static, "takes no grammar"),
    (cut("am/final.mdl"), "cannot load the model"),
    (cut("graph/Gr.fst"), "cannot use the model"),
    (cut("graph/words.txt", 0), "its list of words is empty"),
    (gone("graph/words.txt"), "cannot load the model"),
    (changed("graph/words.txt", "\n", "x\n"), "cannot load the model"),
    (changed("conf/model.conf", "--beam", "--boom"), "cannot load the model"),
    (changed("conf/model.conf", "--endpoint.silence-phones=1\n", ""), "no --endpoint.silence-phones"),
    (changed("conf/mfcc.conf", "=8000", "=11025"), "expected 8000 or 16000"),
    (changed("conf/mfcc.conf", "=8000", "=fast"), "expected 8000 or 16000"),
    (changed("conf/mfcc.conf", "--num-ceps=30", "--num-ceps=13"), "cannot use the model"),
    (lambda folder: (folder / "conf/mfcc.conf").write_bytes(b"\xff\xfe"), "cannot be read"),
    (shutil.rmtree, "is no folder"),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, str]]:
    """What is said of each damaged model, one after the other in one process, which none of them ends."""
    folders = [tmp_path_factory.mktemp("damaged") / "model" for _ in HARMS]
    for folder, (harm, _) in zip(folders, HARMS, strict=True):
        shutil.copytree(MODEL, folder)
        harm(folder)
    done = child(LOAD, *map(str, folders))
    assert done.returncode == 0, done.stderr
    return dict(enumerate(zip(folders, done.stdout.splitlines(), strict=True)))


@pytest.mark.parametrize(("number", "words"), [(number, words) for number, (_, words) in enumerate(HARMS)])
def test_a_damaged_model_is_refused_by_its_folder(told: dict[int, tuple[Path, str]], number: int, words: str) -> None:
    folder, problem = told[number]
    assert str(folder) in problem
    assert words in problem


@pytest.mark.parametrize("harm", [cut("graph/HCLr.fst"), cut("graph/HCLr.fst", 1)])
def test_a_cut_graph_ends_the_process(folder: Path, harm: Harm) -> None:
    harm(folder)
    assert child(LOAD, str(folder)).returncode in (SIGSEGV, SIGABRT)


def test_a_model_of_another_language_is_refused() -> None:
    with pytest.raises(SpeechError, match=r"is no model of de: it does not know acht"):
        load("de", MODEL)


def test_a_language_without_tables_is_believed() -> None:
    assert heard(load("nl", MODEL), said(MAN, "yes"), CHOICE)[1].words == "yes"


def test_no_folder_is_refused() -> None:
    with pytest.raises(SpeechError, match="name the folder"):
        load("en", None)


RAW = """
import sys, vosk
vosk.SetLogLevel(-3)
model = vosk.Model(sys.argv[1])
recognizer = vosk.KaldiRecognizer(model, float(sys.argv[2]), sys.argv[3])
recognizer.AcceptWaveform(bytes(16000))
print(recognizer.FinalResult())
"""


@pytest.mark.parametrize(
    ("rate_hz", "grammar", "status"),
    [
        ("8000", "[]", SIGSEGV),
        ("8000", "sales", SIGSEGV),
        ("8000", json.dumps(["sales", "[unk]"]), 0),
    ],
)
def test_what_vosk_itself_dies_of(rate_hz: str, grammar: str, status: int) -> None:
    assert child(RAW, str(MODEL), rate_hz, grammar).returncode == status
