"""Answers by voice and by key on the loopback switch, in virtual time: one answer each, in time, and nothing left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calls.errors import SwitchTimeout, SwitchUnavailable
from calls.switch.hearing import CallerAudio
from calls.switch.loopback.callers import CallerScript, HangUp, Press, Speak, Step, Wait
from calls.switch.port import (
    Answer,
    CallChannel,
    CallInfo,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    StopGather,
    StopPrompts,
    SwitchCommand,
)
from calls.switch.port import Result as PortResult
from console.engine.hearing import STOP_S, Listener, SpeechFigures
from ivr.commands import Deaf, Heard, Listen, NotUnderstood, Result
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.hearing import LATE_S, PIECE_S
from tests.calls.switch.loopback.bench import DURATIONS_S, MENU, WELCOME, Bench
from tests.ivr.speech.inline import InlineRecognition
from tests.virtual_time import run

MENU_EXPECTED = Expected(
    SpokenKind.CHOICE, "en", {"sales": "1", "sales abroad": "4", "opening hours": "2", "agent": "0"}, longest_s=6.0
)
GATHER = Gather((WELCOME, MENU), KeyPlan(frozenset({"1", "2", "42", "0"})), 5.0, 2.0)
"""Its prompts last five seconds."""

LISTEN = Listen(GATHER, MENU_EXPECTED)


class LoopClock:
    """The loop's own time, from a Monday on."""

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 23, 30, tzinfo=UTC) + timedelta(seconds=self.monotonic_s())


@dataclass
class Came:
    """What came of one question."""

    result: Result
    after_s: float
    figures: SpeechFigures
    performed: list[str] = field(default_factory=list)


class Watched:
    """A channel that notes what is performed on it, and how many hear it."""

    def __init__(self, channel: CallChannel) -> None:
        self._channel = channel
        self.performed: list[str] = []
        self.hearers = 0
        self.heard_until_s = 0.0

    @property
    def info(self) -> CallInfo:
        return self._channel.info

    async def perform(self, command: SwitchCommand) -> PortResult:
        self.performed.append(type(command).__name__)
        return await self._channel.perform(command)

    async def end_talk(self) -> None:
        await self._channel.end_talk()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with self._channel.hear() as audio:
            self.hearers += 1
            try:
                yield audio
            finally:
                self.hearers -= 1
                self.heard_until_s = asyncio.get_running_loop().time()


Wrap = Callable[[Watched], Watched]
Meanwhile = Callable[[InlineRecognition], None]


def asked(
    *steps: Step,
    listen: Listen = LISTEN,
    wrap: Wrap = lambda channel: channel,
    recognition: InlineRecognition | None = None,
    at_s: float = 0.0,
    meanwhile: Meanwhile = lambda recognition: None,
) -> Came:
    """What came of ``listen`` with a caller who does ``steps``; ``meanwhile`` happens ``at_s``."""
    found: list[Came] = []

    async def main() -> None:
        inline = recognition or InlineRecognition()
        listener = Listener(inline, LoopClock(), DURATIONS_S.__getitem__)
        bench = Bench()
        over = asyncio.Event()

        async def handle(channel: CallChannel) -> None:
            try:
                await listened_to(channel)
            finally:
                over.set()

        async def listened_to(channel: CallChannel) -> None:
            watched = wrap(Watched(channel))
            await watched.perform(Answer())
            loop = asyncio.get_running_loop()
            others = asyncio.all_tasks()
            began_s = loop.time()
            loop.call_later(at_s, meanwhile, inline)
            result = await listener.listen(watched, listen)
            found.append(Came(result, loop.time() - began_s, listener.figures, watched.performed[1:]))
            assert asyncio.all_tasks() <= others
            assert watched.hearers == 0
            assert inline.opened == inline.closed
            await watched.perform(Hangup())

        bench.handle = handle
        await bench.start()
        bench.switch.place_call(CallerScript("100", (*steps, Wait(60.0))))
        await over.wait()

    run(main())
    (came,) = found
    return came


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
