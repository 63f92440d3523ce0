"""Answers where recognition or the switch fails, or the caller is given up: keys are left, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from calls.errors import SwitchTimeout, SwitchUnavailable
from calls.switch.hearing import CallerAudio
from calls.switch.loopback.callers import CallerScript, HangUp, Press, Speak, Wait
from calls.switch.port import (
    Answer,
    CallChannel,
    EndedBy,
    Hangup,
    HungUp,
    Match,
    NoInput,
    StopGather,
    StopPrompts,
    SwitchCommand,
)
from calls.switch.port import Result as PortResult
from console.engine.hearing import STOP_S, Listener
from ivr.commands import Deaf, Heard, NotUnderstood, Result
from ivr.speech.hearing import LATE_S, PIECE_S
from tests.calls.switch.loopback.bench import DURATIONS_S, Bench
from tests.console.hearing_bench import (
    GATHER,
    LISTEN,
    LoopClock,
    Watched,
    asked,
)
from tests.ivr.speech.inline import InlineRecognition
from tests.virtual_time import run

# --- without recognition ----------------------------------------------------------------------------------------


def unserved() -> InlineRecognition:
    recognition = InlineRecognition()
    recognition.problem = "no worker is up"
    return recognition


def test_without_recognition_it_is_a_gather_and_no_more() -> None:
    came = asked(Wait(6.0), Speak(1.0, "agent"), Wait(1.0), Press("2"), recognition=unserved())
    assert came.result == Match("2")
    assert came.performed == ["Gather"]
    assert came.figures.keys_only == {"unavailable": 1}


class Unheard(Watched):
    """A call that the switch lets nobody hear, which it says after a while."""

    def __init__(self, watched: Watched) -> None:
        super().__init__(watched)

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        await asyncio.sleep(3.0)
        raise SwitchUnavailable("no audio")
        yield


def test_where_the_switch_lets_nobody_hear_keys_are_left_without_delay() -> None:
    came = asked(Wait(2.0), Press("2"), wrap=Unheard)
    assert (came.result, came.after_s) == (Match("2", barged_in=True), 2.0)
    late = asked(Wait(60.0), wrap=Unheard)
    assert (late.result, late.after_s) == (NoInput(), 10.0)
    assert late.figures.keys_only == {"unheard": 1}


def test_what_breaks_while_the_caller_is_silent_leaves_the_prompts_alone() -> None:
    came = asked(Wait(60.0), at_s=2.0, meanwhile=InlineRecognition.break_off)
    assert (came.result, came.after_s) == (NoInput(), 10.0)
    assert came.performed == ["Gather"]
    assert came.figures.keys_only == {"crashed": 1}
    keyed = asked(Wait(6.0), Press("1"), at_s=2.0, meanwhile=InlineRecognition.break_off)
    assert keyed.result == Match("1")


def test_what_breaks_while_the_caller_speaks_is_told_within_two_seconds() -> None:
    came = asked(Wait(6.0), Speak(2.0, "agent"), at_s=6.5, meanwhile=InlineRecognition.break_off)
    assert came.result == Deaf("crashed")
    assert came.figures.keys_only == {"crashed": 1}
    assert came.after_s == pytest.approx(6.5, abs=0.01)


def test_an_engine_that_raises_makes_deaf() -> None:
    came = asked(Wait(6.0), Speak(2.0, "!fail"))
    assert came.result == Deaf("crashed")
    assert came.after_s <= 8.0


def cut_off(recognition: InlineRecognition) -> None:
    recognition.deaf = True


def test_a_worker_that_falls_silent_makes_deaf_within_two_seconds() -> None:
    came = asked(Wait(6.0), Speak(4.0, "well well"), at_s=6.6, meanwhile=cut_off)
    assert came.result == Deaf("late")
    assert came.after_s <= 6.6 + 2.1
    silent = asked(Wait(60.0), at_s=3.0, meanwhile=cut_off)
    assert (silent.result, silent.after_s) == (NoInput(), 10.0)


def test_an_engine_that_falls_silent_at_the_end_of_an_answer_has_failed() -> None:
    recognition = InlineRecognition()
    came = asked(Wait(6.0), Speak(1.0, "good morning"), at_s=7.75, meanwhile=cut_off, recognition=recognition)
    assert came.result == Deaf("late")
    assert came.after_s == pytest.approx(7.75 + LATE_S, abs=PIECE_S)
    assert recognition.outcomes == [False]
    assert came.figures.keys_only == {"late": 1}


class Lossy(Watched):
    """A call whose audio is lost for good after a while."""

    def __init__(self, watched: Watched) -> None:
        super().__init__(watched)

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with super().hear() as audio:
            yield Losing(audio)


class Losing:
    live = True

    def __init__(self, audio: CallerAudio) -> None:
        self._audio = audio
        self.lost_s = 0.0

    async def read(self) -> bytes:
        if asyncio.get_running_loop().time() > 6.6:
            self.lost_s = 1.5
        return await self._audio.read()


def test_who_lost_the_audio_is_deaf() -> None:
    spoke = asked(Wait(6.0), Speak(2.0, "agent"), wrap=Lossy)
    assert (spoke.result, spoke.figures.keys_only) == (Deaf("lost"), {"lost": 1})
    silent = asked(Wait(60.0), wrap=Lossy)
    assert (silent.result, silent.figures.keys_only) == (NoInput(), {"lost": 1})


def test_a_failure_is_counted_once() -> None:
    came = asked(Wait(60.0), wrap=Lossy, at_s=8.0, meanwhile=InlineRecognition.break_off)
    assert came.figures.keys_only == {"lost": 1}


def test_the_audio_of_a_caller_who_hangs_up_is_not_lost() -> None:
    silent = asked(Wait(7.0), HangUp(), wrap=Lossy)
    assert silent.result == HungUp(EndedBy.CALLER, 16)
    assert silent.figures.keys_only == {}


# --- what switches do not do ------------------------------------------------------------------------------------


class Stubborn(Watched):
    """A call whose switch does not do at once what a caller's voice wants of it, or not at all."""

    async def perform(self, command: SwitchCommand) -> PortResult:
        if isinstance(command, StopPrompts | StopGather):
            await asyncio.sleep(4.0)
            raise SwitchTimeout("no answer within 4 s")
        return await super().perform(command)


class Refusing(Watched):
    """A call whose switch refuses it."""

    async def perform(self, command: SwitchCommand) -> PortResult:
        if isinstance(command, StopPrompts | StopGather):
            raise SwitchUnavailable("not connected")
        return await super().perform(command)


@pytest.mark.parametrize(("wrap", "held_up_s"), [(Stubborn, STOP_S), (Refusing, 0.0)])
def test_a_switch_that_does_not_stop_holds_no_answer_up(wrap: type[Watched], held_up_s: float) -> None:
    came = asked(Wait(6.0), Speak(1.0, "good morning"), wrap=wrap)
    assert came.result == NotUnderstood("good morning")
    assert came.after_s == pytest.approx(7.8 + held_up_s, abs=0.1)
    barged_in = asked(Wait(1.0), Speak(1.0, "agent"), wrap=wrap)
    assert barged_in.result == Heard("0", "agent", barged_in=True)
    assert barged_in.after_s <= 2.5 + held_up_s


def test_a_key_still_wins_where_the_switch_does_not_stop() -> None:
    came = asked(Wait(6.0), Speak(1.0, "good morning"), Wait(1.0), Press("1"), wrap=Stubborn)
    assert isinstance(came.result, Match) and came.result.keys == "1"


# --- nothing is left --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.0, 0.01, 2.0, 6.5, 7.2, 7.7])
def test_who_gives_it_up_leaves_nothing_behind(after_s: float) -> None:
    async def main() -> None:
        recognition = InlineRecognition()
        listener = Listener(recognition, LoopClock(), DURATIONS_S.__getitem__)
        bench = Bench()
        over = asyncio.Event()

        async def handle(channel: CallChannel) -> None:
            watched = Watched(channel)
            await watched.perform(Answer())
            others = asyncio.all_tasks()
            listening = asyncio.ensure_future(listener.listen(watched, LISTEN))
            await asyncio.sleep(after_s)
            listening.cancel()
            await asyncio.wait({listening})
            assert listening.cancelled()
            assert asyncio.all_tasks() <= others
            assert (watched.hearers, recognition.opened) == (0, recognition.closed)
            assert await watched.perform(replace(GATHER, prompts=(), first_key_timeout_s=0.5)) == NoInput()
            over.set()
            await watched.perform(Hangup())

        bench.handle = handle
        await bench.start()
        bench.switch.place_call(CallerScript("100", (Wait(6.0), Speak(1.0, "good morning"), Wait(60.0))))
        await over.wait()

    run(main())


def test_two_hundred_questions_leave_nothing_behind() -> None:
    async def main() -> None:
        recognition = InlineRecognition()
        listener = Listener(recognition, LoopClock(), DURATIONS_S.__getitem__)
        bench = Bench()
        results: list[Result] = []
        over = asyncio.Event()

        async def handle(channel: CallChannel) -> None:
            await channel.perform(Answer())
            others = asyncio.all_tasks()
            short = replace(LISTEN, gather=replace(GATHER, prompts=(), first_key_timeout_s=3.0))
            for _ in range(200):
                results.append(await listener.listen(channel, short))
            assert asyncio.all_tasks() <= others
            over.set()
            await channel.perform(Hangup())

        bench.handle = handle
        await bench.start()
        steps = (
            Wait(0.5),
            Speak(0.8, "opening hours"),
            Wait(2.0),
            Press("1"),
            Wait(4.0),
            Speak(0.8, "nonsense"),
            Wait(1.0),
        )
        bench.switch.place_call(CallerScript("100", steps * 200))
        await over.wait()
        assert recognition.opened == recognition.closed == 200
        assert {type(each) for each in results} >= {Heard, Match, NotUnderstood}

    run(main())
