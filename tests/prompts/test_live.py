"""Texts that only a call knows: spoken by the deadline or not at all, and nothing ever reaches the call."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from calls.breaker import Breaker
from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.audio import LEVEL_DBOV, decode_ulaw, measure
from prompts.espeak import EspeakPlace
from prompts.formats import Format
from prompts.library import PromptLibrary
from prompts.live import MAX_TEXT, Attempt, LiveSpeech, Outcome, spoken_text
from prompts.live_cache import Limits
from prompts.synthesis import NothingSpoken, Utterance
from prompts.warm import WarmEspeak
from tests.prompts.conftest import FakeSynthesizer
from tests.prompts.test_warm import processes

PATIENT_S = 20.0
"""A deadline that a busy machine keeps."""


class Told:
    """The outcomes in their order."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    def __call__(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    @property
    def outcomes(self) -> list[Outcome]:
        return [attempt.outcome for attempt in self.attempts]


@pytest.fixture
def told() -> Told:
    return Told()


# --- the real espeak-ng -----------------------------------------------------------------------------------------


async def test_a_name_is_spoken_and_known_from_then_on(settings: Prompts, place: EspeakPlace, told: Told) -> None:
    library = PromptLibrary(settings)
    with WarmEspeak(place) as speaker:
        async with LiveSpeech(library, speaker, deadline_s=PATIENT_S, observe=told) as live:
            first = await live.render("Ada Lovelace", "en")
            again = await live.render(" Ada\nLovelace ", "en")
            german = await live.render("Ada Lovelace", "de")
    assert first is not None
    assert first == again != german
    path = library.path(first)
    assert path.parent == library.cache / "live"
    level = measure(decode_ulaw(path.read_bytes()))
    assert level.active_dbov == pytest.approx(LEVEL_DBOV, abs=0.5)
    assert library.duration_s(first) == pytest.approx(level.duration_s)
    assert 0.5 < level.duration_s < 2.0
    assert told.outcomes == [Outcome.RENDERED, Outcome.KNOWN, Outcome.RENDERED]
    assert path not in library.unused()


async def test_an_engine_that_hangs_is_late_and_the_next_one_speaks(
    settings: Prompts, place: EspeakPlace, told: Told
) -> None:
    with WarmEspeak(place, deadline_s=3.0) as speaker:
        async with LiveSpeech(PromptLibrary(settings), speaker, deadline_s=PATIENT_S, observe=told) as patient:
            assert await patient.render("One", "en") is not None
        (process,) = processes(os.getpid())
        os.kill(process, signal.SIGSTOP)
        async with LiveSpeech(PromptLibrary(settings), speaker, deadline_s=0.2, observe=told) as live:
            assert await live.render("Two", "en") is None
        async with LiveSpeech(PromptLibrary(settings), speaker, deadline_s=PATIENT_S, observe=told) as patient:
            assert await patient.render("Three", "en") is not None
        assert process not in processes(os.getpid())
    assert told.outcomes == [Outcome.RENDERED, Outcome.LATE, Outcome.RENDERED]


async def test_an_engine_that_dies_is_told_and_the_next_one_speaks(
    settings: Prompts, place: EspeakPlace, told: Told
) -> None:
    with WarmEspeak(place, deadline_s=PATIENT_S) as speaker:
        async with LiveSpeech(PromptLibrary(settings), speaker, deadline_s=PATIENT_S, observe=told) as live:
            assert await live.render("One", "en") is not None
            (process,) = processes(os.getpid())
            os.kill(process, signal.SIGKILL)
            assert await live.render("Two", "en") is None
            assert await live.render("Two", "en") is not None
    assert told.outcomes == [Outcome.RENDERED, Outcome.FAILED, Outcome.RENDERED]
    assert told.attempts[1].problem == "the process that speaks has died"


async def test_without_an_engine_calls_go_on(settings: Prompts, tmp_path: Path, told: Told) -> None:
    for name in ("libespeak-ng.so.1", "libespeak.so.1"):
        (tmp_path / name).write_bytes(b"not a library")
    with WarmEspeak(EspeakPlace({"LD_LIBRARY_PATH": str(tmp_path)})) as speaker:
        async with LiveSpeech(PromptLibrary(settings), speaker, deadline_s=PATIENT_S, observe=told) as live:
            assert [await live.render(f"Name {number}", "en") for number in range(4)] == [None] * 4
    assert told.outcomes == [Outcome.FAILED] * 3 + [Outcome.HELD_OFF]


# --- any engine -------------------------------------------------------------------------------------------------


def refusing(fake: FakeSynthesizer, refuse: Callable[[Utterance], bool]) -> FakeSynthesizer:
    fake.refuse = refuse
    return fake


async def test_after_three_failures_nothing_is_tried_for_a_while(
    settings: Prompts, fake: FakeSynthesizer, told: Told
) -> None:
    refusing(fake, lambda utterance: True)
    breaker = Breaker(hold_s=0.3)
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=PATIENT_S, breaker=breaker, observe=told) as live:
        for number in range(5):
            await live.render(f"Name {number}", "en")
        assert told.outcomes == [Outcome.FAILED] * 3 + [Outcome.HELD_OFF] * 2
        assert {attempt.problem for attempt in told.attempts} == {"the fake will not say this", ""}
        fake.refuse = lambda utterance: False
        await asyncio.sleep(0.35)
        assert await live.render("Name 9", "en") is not None


async def test_a_text_without_a_word_is_no_failure(settings: Prompts, fake: FakeSynthesizer, told: Told) -> None:
    def silent(utterance: Utterance) -> bool:
        if utterance.text.startswith("\u4e2d"):
            raise NothingSpoken("silence")
        return False

    refusing(fake, silent)
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=PATIENT_S, observe=told) as live:
        for text in ("\u4e2d", "\u4e2d\u6587", "\u4e2d1", "\u4e2d2", "", "\0\u200b"):
            assert await live.render(text, "en") is None
        assert await live.render("Ada", "xx") is None
        assert await live.render("Ada", "../en") is None
        assert await live.render("Ada", "en") is not None
    assert told.outcomes == [Outcome.NOTHING] * 8 + [Outcome.RENDERED]


async def test_calls_that_ask_for_the_same_text_wait_for_one(
    settings: Prompts, fake: FakeSynthesizer, told: Told
) -> None:
    gate = threading.Event()
    refusing(fake, lambda utterance: not gate.wait(PATIENT_S))
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=PATIENT_S, observe=told) as live:
        waiting = [asyncio.create_task(live.render("Ada", "en")) for _ in range(5)]
        await asyncio.sleep(0)
        gate.set()
        prompts = await asyncio.gather(*waiting)
    assert prompts[0] is not None
    assert len(set(prompts)) == 1
    assert [utterance.text for utterance in fake.spoken].count("Ada") == 1


async def test_what_was_late_is_there_the_next_time(settings: Prompts, fake: FakeSynthesizer, told: Told) -> None:
    gate = threading.Event()
    refusing(fake, lambda utterance: utterance.text == "Ada" and not gate.wait(PATIENT_S))
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=0.3, observe=told) as live:
        assert await live.render("Ada", "en") is None
        assert await live.render("Grace", "en") is None  # behind it, and not tried any more
        gate.set()
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=PATIENT_S, observe=told) as live:
        assert await live.render("Ada", "en") is not None
    assert told.outcomes == [Outcome.LATE, Outcome.LATE, Outcome.KNOWN]
    assert "Grace" not in [utterance.text for utterance in fake.spoken]


async def test_many_texts_at_once_are_late_and_no_failures(
    settings: Prompts, fake: FakeSynthesizer, told: Told
) -> None:
    """Only the one that the engine was at counts: a busy minute must not hold everybody off."""
    gate = threading.Event()
    refusing(fake, lambda utterance: utterance.text == "Name zero" and not gate.wait(PATIENT_S))
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=0.3, observe=told) as live:
        assert await asyncio.gather(*(live.render(f"Name {number}", "en") for number in range(6))) == [None] * 6
        gate.set()
        await asyncio.sleep(0.2)
        await live.render("Ada", "en")
    assert told.outcomes[:6] == [Outcome.LATE] * 6
    assert told.outcomes[6] is not Outcome.HELD_OFF


async def test_a_cache_that_cannot_be_written_fails_the_text_only(
    settings: Prompts, fake: FakeSynthesizer, told: Told, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    library = PromptLibrary(settings.model_copy(update={"cache": tmp_path / "file" / "cache"}))
    async with LiveSpeech(library, fake, deadline_s=PATIENT_S, observe=told) as live:
        assert await live.render("Ada", "en") is None
    assert [(attempt.outcome, attempt.problem) for attempt in told.attempts] == [
        (Outcome.FAILED, "the file cannot be written: Not a directory")
    ]


async def test_a_full_cache_of_new_files_takes_no_more(settings: Prompts, fake: FakeSynthesizer, told: Told) -> None:
    library = PromptLibrary(settings)
    async with LiveSpeech(library, fake, deadline_s=PATIENT_S, limits=Limits(files=2), observe=told) as live:
        kept = [await live.render(text, "en") for text in ("One", "Two", "Three")]
    assert told.outcomes == [Outcome.RENDERED, Outcome.RENDERED, Outcome.FULL]
    assert kept[2] is None
    assert all(library.path(prompt).is_file() for prompt in kept if prompt is not None)


async def test_a_fault_of_our_own_never_reaches_a_call(settings: Prompts, fake: FakeSynthesizer, told: Told) -> None:
    def broken(utterance: Utterance) -> bool:
        raise KeyError(utterance.text)

    refusing(fake, broken)
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=PATIENT_S, observe=told) as live:
        assert await live.render("Ada", "en") is None
    assert told.attempts[0].problem == "KeyError in the thread that speaks"


async def test_once_closed_nothing_is_tried(settings: Prompts, fake: FakeSynthesizer, told: Told) -> None:
    async with LiveSpeech(PromptLibrary(settings), fake, deadline_s=PATIENT_S, observe=told) as live:
        pass
    assert await live.render("Ada", "en") is None
    assert told.outcomes == [Outcome.HELD_OFF]


async def test_a_wav_file_has_its_length_too(settings: Prompts, fake: FakeSynthesizer) -> None:
    library = PromptLibrary(settings, Format.WAV)
    async with LiveSpeech(library, fake, deadline_s=PATIENT_S) as live:
        prompt = await live.render("Ada Lovelace", "en")
    assert prompt is not None
    assert library.path(prompt).suffix == ".wav"
    assert library.duration_s(prompt) == pytest.approx(1.2, abs=0.1)


# --- texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("  Ada \t\r\n Lovelace\u2028", "Ada Lovelace"),
        ("A\0d\x1ba\u200b\u202e", "A d a"),
        ("\ud800Ada", "Ada"),
        ("abc " * 400, ("abc " * 125).strip()),
        ("a" * 10_000, "a" * MAX_TEXT),
        ("", ""),
    ],
)
def test_a_text_is_cleaned_and_cut_at_a_word(text: str, spoken: str) -> None:
    assert spoken_text(text) == spoken
    assert len(spoken_text(text)) <= MAX_TEXT


def test_a_live_prompt_that_is_not_there_is_refused(settings: Prompts) -> None:
    library = PromptLibrary(settings)
    with pytest.raises(PromptError, match="has lost its file"):
        library.path(Prompt(f"live.{'0' * 64}", "en"))
    with pytest.raises(PromptError, match="not rendered"):
        library.path(Prompt("live.0", "en"))
    with pytest.raises(PromptError, match="not the name of a prompt"):
        library.path(Prompt(f"live.{'0' * 64}/../x", "en"))
