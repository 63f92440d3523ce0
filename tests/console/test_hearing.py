"""Answers by voice and by key on the loopback switch, in virtual time: one answer each, and in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from calls.switch.hearing import CallerAudio
from calls.switch.loopback.callers import HangUp, Press, Speak, Step, Wait
from calls.switch.port import (
    EndedBy,
    HungUp,
    Match,
    NoInput,
    NoMatch,
)
from ivr.commands import Heard, Listen, NotUnderstood
from ivr.speech.expected import Expected, SpokenKind
from tests.console.hearing_bench import (
    GATHER,
    LISTEN,
    Watched,
    asked,
)

# --- by voice ---------------------------------------------------------------------------------------------------


def test_a_phrase_is_heard_after_the_prompts() -> None:
    came = asked(Wait(6.0), Speak(1.0, "opening hours"))
    assert came.result == Heard("2", "opening hours")
    assert 6.5 <= came.after_s <= 7.5
    assert came.performed == ["Gather", "StopPrompts", "StopGather"]
    assert came.figures.answers == {"heard": 1}
    assert came.figures.audio_s == pytest.approx(came.after_s, abs=0.2)


def test_speech_stops_the_prompts_and_is_told_as_such() -> None:
    came = asked(Wait(1.0), Speak(1.0, "opening hours"))
    assert came.result == Heard("2", "opening hours", barged_in=True)
    assert came.after_s <= 2.5


def test_what_nothing_can_follow_is_taken_before_the_caller_is_silent() -> None:
    assert asked(Wait(6.0), Speak(3.0, "agent")).after_s <= 6.0 + 1.5 + 0.5
    went_on = asked(Wait(6.0), Speak(2.0, "sales"))
    assert went_on.result == Heard("1", "sales")
    assert went_on.after_s == pytest.approx(8.0 + 0.5, abs=0.1)
    assert sum(count for _, count in went_on.figures.decisions.buckets()) > 0


def test_who_goes_on_after_a_pause_is_heard_whole() -> None:
    came = asked(Wait(6.0), Speak(0.6, "sales"), Wait(0.35), Speak(0.6, "abroad"))
    assert came.result == Heard("4", "sales abroad")


def test_what_is_not_expected_is_not_understood() -> None:
    came = asked(Wait(6.0), Speak(1.0, "good morning"))
    assert came.result == NotUnderstood("good morning")
    assert came.after_s == pytest.approx(7.0 + 0.8, abs=0.1)


def test_a_voice_without_words_is_not_understood() -> None:
    assert asked(Wait(6.0), Speak(1.0)).result == NotUnderstood()


def test_a_caller_who_does_not_stop_is_stopped() -> None:
    steps: tuple[Step, ...] = (Speak(1.2, "well well"), Wait(0.2))
    came = asked(Wait(6.0), *steps * 10)
    assert isinstance(came.result, NotUnderstood)
    assert came.after_s == pytest.approx(12.0, abs=0.1)
    assert came.performed.count("Gather") >= 1


def test_a_caller_who_speaks_longer_than_the_gather_waits_is_heard() -> None:
    short = replace(LISTEN, gather=replace(GATHER, first_key_timeout_s=1.0))
    came = asked(Wait(5.5), Speak(1.6, "opening hours"), listen=short)
    assert came.result == Heard("2", "opening hours")
    assert came.performed == ["Gather", "StopPrompts", "Gather", "StopGather"]


def test_who_begins_to_speak_as_time_runs_out_is_heard() -> None:
    came = asked(Wait(9.9), Speak(1.0, "opening hours"))
    assert came.result == Heard("2", "opening hours")


def test_silence_is_no_input_soon_after_the_gather_says_so() -> None:
    came = asked(Wait(60.0))
    assert came.result == NoInput()
    assert came.after_s == pytest.approx(10.4, abs=0.01)
    assert came.figures.answers == {"nothing": 1}


def test_without_barge_in_nothing_counts_before_the_prompts_are_over() -> None:
    listen = replace(LISTEN, gather=replace(GATHER, barge_in=False))
    early = asked(Wait(1.0), Speak(1.0, "agent"), Press("1"), Wait(5.0), Speak(1.0, "opening hours"), listen=listen)
    assert early.result == Heard("2", "opening hours")
    assert early.performed[:2] == ["Play", "Gather"]
    gone = asked(Wait(1.0), HangUp(), listen=listen)
    assert gone.result == HungUp(EndedBy.CALLER, 16)


def test_a_day_is_the_callers_own() -> None:
    """It is half past eleven in the evening, UTC."""
    tomorrow = Listen(GATHER, Expected(SpokenKind.DATE, "en"))
    assert asked(Wait(6.0), Speak(1.0, "tomorrow"), listen=tomorrow).result == Heard("2026-01-06", "tomorrow")
    in_berlin = replace(tomorrow, zone=ZoneInfo("Europe/Berlin"))
    assert asked(Wait(6.0), Speak(1.0, "tomorrow"), listen=in_berlin).result == Heard("2026-01-07", "tomorrow")


# --- by key -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [(Wait(1.0),), (Wait(6.0),), (Wait(1.0), Speak(0.5, "well")), (Speak(3.0),)])
def test_a_key_decides_at_once_whatever_is_said(steps: tuple[Step, ...]) -> None:
    came = asked(*steps, Press("1"))
    assert isinstance(came.result, Match) and came.result.keys == "1"
    assert came.after_s == pytest.approx(
        sum(each.seconds for each in steps if isinstance(each, Wait | Speak)), abs=0.01
    )
    assert came.figures.answers == {"key": 1}


def test_a_key_that_was_first_is_waited_for_though_the_caller_spoke() -> None:
    came = asked(Wait(6.0), Speak(0.5, "agent"), Press("4"), Wait(1.5), Press("2"))
    assert came.result == Match("42")


def test_a_wrong_key_counts_too() -> None:
    assert asked(Wait(6.0), Press("9")).result == NoMatch("9")


@pytest.mark.parametrize(
    "before", [(Wait(0.5),), (Wait(6.0),), (Wait(6.0), Speak(0.6)), (Wait(6.0), Speak(1.0, "x"))]
)
def test_a_hang_up_ends_it_at_any_moment(before: tuple[Step, ...]) -> None:
    assert asked(*before, HangUp()).result == HungUp(EndedBy.CALLER, 16)


# --- what telephones do -----------------------------------------------------------------------------------------


class Sparing(Watched):
    """A telephone that sends nothing while its owner is silent."""

    def __init__(self, watched: Watched) -> None:
        super().__init__(watched)

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with super().hear() as audio:
            yield Spared(audio)


class Spared:
    live = True

    def __init__(self, audio: CallerAudio) -> None:
        self._audio = audio
        self.lost_s = 0.0

    async def read(self) -> bytes:
        while True:
            piece = await self._audio.read()
            if any(piece) or not piece:
                return piece


class Taping(Watched):
    """A switch that gives what was said, a second of silence later, all at once."""

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with super().hear() as audio:
            yield Taped(audio)


class Taped:
    live = False
    lost_s = 0.0

    def __init__(self, audio: CallerAudio) -> None:
        self._audio = audio
        self._pieces: list[bytes] = []
        self._quiet = 0
        self._has_spoken = False

    async def read(self) -> bytes:
        while not (self._pieces and self._has_spoken and self._quiet >= 2 * 8_000):
            piece = await self._audio.read()
            if not piece:
                return b""
            self._pieces.append(piece)
            self._has_spoken = self._has_spoken or any(piece)
            self._quiet = 0 if any(piece) else self._quiet + len(piece)
        return self._pieces.pop(0)


def test_who_is_heard_late_is_heard_whole() -> None:
    """More audio than may wait for a recogniser comes at once: who reads it waits instead."""
    came = asked(Wait(3.0), Speak(4.0, "agent"), wrap=Taping)
    assert came.result == Heard("0", "agent", sure=True, barged_in=False)
    assert 8.0 < came.after_s < 9.0
    assert came.figures.keys_only == {}


def test_a_telephone_that_sends_no_silence_is_heard_as_soon() -> None:
    came = asked(Wait(6.0), Speak(1.0, "good morning"), wrap=Sparing)
    assert came.result == NotUnderstood("good morning")
    assert came.after_s == pytest.approx(7.0 + 0.8, abs=0.3)
    again = asked(Wait(6.0), Speak(0.6, "sales"), Wait(0.35), Speak(0.6, "abroad"), wrap=Sparing)
    assert again.result == Heard("4", "sales abroad")
