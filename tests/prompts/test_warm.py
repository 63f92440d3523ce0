"""espeak-ng kept warm: many texts by one process, and another process where that one hangs, dies or lies."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from calls.errors import PromptError
from prompts import warm
from prompts.espeak import EspeakPlace, EspeakSynthesizer
from prompts.spoken import Kind, vocabulary
from prompts.synthesis import NothingSpoken, Utterance
from prompts.warm import WarmEspeak
from tests.prompts.conftest import ROOT

SHORT = Utterance("Welcome to the company.", "en")


@pytest.fixture
def speaker(place: EspeakPlace) -> Iterator[WarmEspeak]:
    with WarmEspeak(place) as made:
        yield made


def processes(parent: int) -> set[int]:
    """The children of this process that serve texts."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text().rsplit(")", 1)[1].split()
            words = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(stat[1]) == parent and stat[0] != "Z" and b"--serve" in words:
            found.add(int(path.name))
    return found


def test_every_text_is_spoken_whole_by_one_process(speaker: WarmEspeak, espeak: EspeakSynthesizer) -> None:
    """A text begun while the one before it was not quite done came out empty, once in some thousand."""
    texts = [text for text in vocabulary("en", [Kind.ORDINAL]).values() if text]
    lengths = [speaker.speak(Utterance(text, "en")).duration_s for text in texts]
    assert len(processes(os.getpid())) == 1
    assert min(lengths) > 0.3
    for text, length_s in list(zip(texts, lengths, strict=True))[::25]:
        assert length_s == pytest.approx(espeak.speak(Utterance(text, "en")).duration_s, abs=0.1)


def test_voices_and_rates_change_from_text_to_text(speaker: WarmEspeak) -> None:
    lengths = [
        speaker.speak(Utterance(SHORT.text, voice, rate)).duration_s
        for voice, rate in (("en", 165), ("de", 165), ("en", 100), ("en", 165))
    ]
    assert lengths[2] > 1.3 * lengths[0]
    assert lengths[3] == pytest.approx(lengths[0], abs=0.1)


def test_a_text_of_no_word_leaves_the_process_as_it_was(speaker: WarmEspeak) -> None:
    speaker.speak(SHORT)
    before = processes(os.getpid())
    with pytest.raises(NothingSpoken):
        speaker.speak(Utterance("...", "en"))
    assert speaker.speak(SHORT).duration_s > 1
    assert processes(os.getpid()) == before


def test_a_bad_voice_is_told(speaker: WarmEspeak) -> None:
    with pytest.raises(PromptError, match="has no voice 'xx'"):
        speaker.speak(Utterance("Hello.", "xx"))
    assert speaker.speak(SHORT).duration_s > 1


def test_threads_have_a_process_each_and_all_end(place: EspeakPlace) -> None:
    with WarmEspeak(place) as speaker, ThreadPoolExecutor(3) as pool:
        lengths = [audio.duration_s for audio in pool.map(speaker.speak, [SHORT] * 12)]
        assert 1 <= len(processes(os.getpid())) <= 3
    assert max(lengths) - min(lengths) < 0.1
    assert processes(os.getpid()) == set()


def test_a_process_is_replaced_after_its_texts(speaker: WarmEspeak, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "TEXTS", 2)
    speaker.speak(SHORT)
    first = processes(os.getpid())
    speaker.speak(SHORT)
    assert processes(os.getpid()) == set()
    speaker.speak(SHORT)
    assert processes(os.getpid()).isdisjoint(first)


def test_nothing_is_left_behind_and_nothing_is_printed(
    place: EspeakPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with WarmEspeak(place) as speaker:
        speaker.speak(SHORT)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


Broken = Callable[[str], WarmEspeak]


@pytest.fixture
def broken(place: EspeakPlace, tmp_path: Path) -> Iterator[Broken]:
    """Makes a speaker whose every process runs ``body`` for its second text, after the real one spoke the first."""
    made: list[WarmEspeak] = []

    def make(body: str) -> WarmEspeak:
        program = f"""
            import os, signal, subprocess, sys, time
            once = {str(tmp_path / "once")!r}
            real = subprocess.Popen([sys.executable, "-I", {str(ROOT / "prompts" / "worker.py")!r}, "--serve"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for count, line in enumerate(sys.stdin.buffer):
                if count == 1 and not os.path.exists(once):
                    open(once, "w").close()
                    {body}
                real.stdin.write(line); real.stdin.flush()
                sys.stdout.buffer.write(real.stdout.readline()); sys.stdout.buffer.flush()
            """
        path = tmp_path / "worker.py"
        path.write_text(textwrap.dedent(program))
        made.append(WarmEspeak(place, deadline_s=3.0, worker=path))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "has died"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", r"did not finish within 3 s and was ended"),
        ("print('no json', flush=True)", "gave no answer"),
        ("sys.exit(1)", "has died"),
    ],
)
def test_a_process_that_fails_is_ended_and_the_next_text_is_spoken(broken: Broken, body: str, said: str) -> None:
    speaker = broken(body)
    assert speaker.speak(SHORT).duration_s > 1
    began = time.monotonic()
    with pytest.raises(PromptError, match=said):
        speaker.speak(SHORT)
    assert time.monotonic() - began < 20
    assert processes(os.getpid()) == set()
    assert speaker.speak(SHORT).duration_s > 1


def test_a_process_that_died_between_two_texts_is_found(speaker: WarmEspeak) -> None:
    speaker.speak(SHORT)
    (process,) = processes(os.getpid())
    os.kill(process, 9)
    with pytest.raises(PromptError, match="has died"):
        speaker.speak(SHORT)
    assert speaker.speak(SHORT).duration_s > 1


def test_an_engine_that_cannot_be_loaded_says_how_to_get_it(tmp_path: Path) -> None:
    for name in ("libespeak-ng.so.1", "libespeak.so.1"):
        (tmp_path / name).write_bytes(b"not a library")
    with (
        WarmEspeak(EspeakPlace({"LD_LIBRARY_PATH": str(tmp_path)})) as without,
        pytest.raises(PromptError, match=r"cannot be loaded.*fetch-asterisk"),
    ):
        without.speak(SHORT)
