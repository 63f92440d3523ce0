"""pocketsphinx with its bundled model: what it hears, and what it rejects."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import soxr

from calls.errors import SpeechError
from calls.settings import SpeechSettings
from ivr.commands import Heard
from ivr.nodes.voice import yes_or_no
from ivr.speech.decision import decide
from ivr.speech.engines import recognizer_for
from ivr.speech.engines.decoys import COUNT, WORDS, decoys
from ivr.speech.engines.pocketsphinx import PocketsphinxRecognizer, load, transitions
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import grammar_of, words_of
from ivr.speech.meaning import meaning_of
from ivr.speech.recognizer import Final, Grammar
from prompts.audio import decode_ulaw
from tests.integration import speakers
from tests.integration.premises import SPOKEN_CHOICES
from tests.ivr.speech.spoken import MENU, OFF_MENU, RMS, VOICES, heard, said

TODAY = date(2026, 3, 2)
CHOICE = Grammar("en", frozenset(MENU))
DIGITS = grammar_of(Expected(SpokenKind.DIGITS, "en"))


@pytest.fixture(scope="module")
def bundled() -> PocketsphinxRecognizer:
    return load("en", None)


def test_it_serves_english_where_nothing_is_set() -> None:
    assert isinstance(recognizer_for(SpeechSettings(), "en-US"), PocketsphinxRecognizer)


def test_a_menu_is_heard_and_seldom_mistaken(bundled: PocketsphinxRecognizer) -> None:
    finals = {(voice, item): heard(bundled, said(voice, item), CHOICE)[1].words for voice in VOICES for item in MENU}
    assert sum(words == item for (_, item), words in finals.items()) >= 20, finals
    assert sum(words not in (item, "") for (_, item), words in finals.items()) <= 2, finals


def test_what_is_not_on_the_menu_is_rejected(bundled: PocketsphinxRecognizer) -> None:
    others = [*OFF_MENU, "where is my luggage", "good morning how are you"]
    finals = [heard(bundled, said(voice, words), CHOICE)[1].words for voice in VOICES for words in others]
    assert sum(words != "" for words in finals) <= 4, finals


def test_without_decoys_anything_is_taken_for_an_item(
    bundled: PocketsphinxRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.speech.engines.pocketsphinx.decoys", lambda words, phones_of: [])
    finals = [heard(bundled, said(RMS, item), CHOICE)[1].words for item in OFF_MENU]
    assert sum(words != "" for words in finals) >= 7, finals


def test_every_yes_and_no_is_known_and_polite_ones_are_heard(bundled: PocketsphinxRecognizer) -> None:
    expected = yes_or_no("en", "1", "2")
    assert expected is not None
    grammar = grammar_of(expected)
    assert bundled.unknown(words_of(grammar)) == frozenset()
    polite = [(voice, words) for voice in VOICES for words in ("yes please", "no thank you")]
    finals = [(words, heard(bundled, said(voice, words), grammar)[1].words) for voice, words in polite]
    meant = [(words[0], meaning_of(expected, final, TODAY)) for words, final in finals]
    assert sum(value == {"y": "1", "n": "2"}[first] for first, value in meant) >= 5, finals
    assert all(value in ({"y": "1", "n": "2"}[first], None) for first, value in meant), finals


def test_manners_are_heard_around_an_item_and_the_caller_is_asked(bundled: PocketsphinxRecognizer) -> None:
    expected = Expected(SpokenKind.CHOICE, "en", {"billing": "1", "order status": "2", "appointment": "3"})
    grammar = grammar_of(expected)
    polite = [f"i would like {item} please" for item in sorted(grammar.phrases)]
    finals = [heard(bundled, said(voice, words), grammar)[1] for voice in VOICES for words in polite]
    found = [each for each in (decide(expected, final, TODAY) for final in finals) if isinstance(each, Heard)]
    assert len(found) >= 6 and not any(each.sure for each in found), finals
    plain = decide(expected, heard(bundled, said(RMS, "billing"), grammar)[1], TODAY)
    assert isinstance(plain, Heard) and plain.sure


def test_digits_and_numbers_are_heard(bundled: PocketsphinxRecognizer) -> None:
    assert heard(bundled, said(RMS, "one two three four"), DIGITS)[1].words == "one two three four"
    number = grammar_of(Expected(SpokenKind.NUMBER, "en"))
    assert heard(bundled, said(RMS, "forty two"), number)[1].words == "forty two"


def test_nothing_is_told_before_the_end_and_no_second_opinion_then(bundled: PocketsphinxRecognizer) -> None:
    assert heard(bundled, said(RMS, "operator"), CHOICE) == ([], Final("operator", None, 1.0))


@pytest.mark.parametrize(("item", "seed"), [("sales", 0), ("billing", 2)])
def test_one_utterance_leaves_nothing_to_the_next(item: str, seed: int) -> None:
    """Callers who say nothing at first, in a room that hisses: these two were heard otherwise the second time."""
    menu = Grammar("en", frozenset(SPOKEN_CHOICES.values()))
    word = speakers.said(speakers.VOICES[0], item)
    ulaw = speakers.line([(1.5, word)], 2.0 + len(word) / 8000, 25.0, seed)
    pcm = np.asarray(decode_ulaw(ulaw).samples * 32_768, dtype="<i2").tobytes()
    recognizer = load("en", None)
    first, second = (heard(recognizer, pcm, menu)[1].words for _ in range(2))
    assert first == second


@pytest.mark.parametrize("kind", [SpokenKind.FREE, SpokenKind.DATE, SpokenKind.SPELLED])
def test_what_would_take_too_long_is_refused(bundled: PocketsphinxRecognizer, kind: SpokenKind) -> None:
    with pytest.raises(SpeechError, match="too slow for free speech, days and codes"):
        bundled.open(8000, grammar_of(Expected(kind, "en")))


@pytest.mark.parametrize("kind", [SpokenKind.DIGITS, SpokenKind.NUMBER])
def test_digits_and_numbers_are_there_before_a_caller_wonders(
    bundled: PocketsphinxRecognizer, kind: SpokenKind
) -> None:
    pcm = said(RMS, "one two three four")
    begun = time.thread_time()
    heard(bundled, pcm, grammar_of(Expected(kind, "en")))
    assert time.thread_time() - begun <= 0.3 * len(pcm) / 16_000


def test_silence_and_nothing_at_all_are_nothing(bundled: PocketsphinxRecognizer) -> None:
    assert heard(bundled, bytes(16_000), CHOICE)[1].words == ""
    assert heard(bundled, b"", CHOICE)[1].words == ""


def test_sessions_take_turns_from_several_threads(bundled: PocketsphinxRecognizer) -> None:
    def one(item: str) -> str:
        return heard(bundled, said(RMS, item), CHOICE)[1].words

    alone = {item: one(item) for item in MENU}
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(one, MENU * 2))
    assert found == [alone[item] for item in MENU * 2]


def test_audio_at_the_models_own_rate_is_taken_as_it_is(bundled: PocketsphinxRecognizer) -> None:
    wide = soxr.resample(np.frombuffer(said(RMS, "operator"), "<i2").astype(np.float64), 8000, 16_000)
    assert heard(bundled, wide.astype("<i2").tobytes(), CHOICE, rate_hz=16_000)[1].words == "operator"


def test_words_without_a_pronunciation_are_refused(bundled: PocketsphinxRecognizer) -> None:
    assert bundled.unknown(["sales", "blorf", "SALES", "<sil>", "++NOISE++", ""]) == {
        *("blorf", "SALES", "<sil>", "++NOISE++", "")
    }
    with pytest.raises(SpeechError, match="does not know blorf"):
        bundled.open(8000, Grammar("en", frozenset({"blorf"})))


def test_a_rate_that_is_none_and_half_a_sample_are_refused(bundled: PocketsphinxRecognizer) -> None:
    with pytest.raises(SpeechError, match="no rate of audio"):
        bundled.open(0, CHOICE)
    session = bundled.open(8000, CHOICE)
    with pytest.raises(ValueError, match="half a sample"):
        session.feed(b"abc")
    session.close()
    session.close()


def test_another_language_or_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="English only"):
        load("de", None)
    with pytest.raises(SpeechError, match="its own model"):
        load("en", tmp_path)


def test_decoys_sound_like_no_word_of_the_grammar(bundled: PocketsphinxRecognizer) -> None:
    def phones(word: str) -> list[str]:
        return list(word)

    assert len(set(WORDS)) == len(WORDS) > COUNT
    assert bundled.unknown(WORDS) == frozenset()
    assert len(decoys([], phones)) == COUNT
    near = decoys(["horses", "snow"], phones)
    assert not {"horse", "house", "snow", "son"} & set(near)


def test_a_grammar_is_states_and_words() -> None:
    menu = Grammar("en", frozenset({"main menu", "help"}))
    assert list(transitions(menu, ["zoo"])) == [
        (0, 1, 0.5, "help"),
        (0, 3, 0.5, "main"),
        (3, 1, 1.0, "menu"),
        (0, 2, 1e-12, "zoo"),
        (2, 2, 1e-12, "zoo"),
        (2, 1, 1.0),
    ]
    assert (1, 0, 1.0) in list(transitions(Grammar("en", frozenset({"one"}), repeated=True), []))
