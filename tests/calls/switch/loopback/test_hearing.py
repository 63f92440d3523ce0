"""What is heard of a caller of the loopback switch, and how a caller's voice stops prompts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from calls.errors import CommandRefused
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES, CallerAudio
from calls.switch.loopback.callers import CallerScript, HangUp, Press, Speak, Wait
from calls.switch.loopback.voice import said, words_in
from calls.switch.port import (
    Answer,
    CallChannel,
    Done,
    Gather,
    Hangup,
    Interrupted,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    Result,
    StopGather,
    StopPrompts,
)
from tests.calls.switch.loopback.bench import MENU, WELCOME, Bench
from tests.virtual_time import run

BYTES_PER_S = RATE_HZ * SAMPLE_BYTES
ONE = Gather((WELCOME, MENU), KeyPlan(frozenset({"1", "42"})), 5.0, 2.0)
"""Its prompts last five seconds."""

Handle = Callable[[CallChannel], Awaitable[None]]


async def heard_of(audio: CallerAudio) -> bytes:
    """Everything until the end."""
    found = bytearray()
    while piece := await audio.read():
        assert len(piece) == 0.02 * BYTES_PER_S
        found += piece
    return bytes(found)


def call(handle: Handle, *steps: Wait | Press | Speak | HangUp) -> None:
    """One call from its beginning to its end."""

    async def main() -> None:
        bench = Bench()
        faults: list[BaseException] = []

        async def guarded(channel: CallChannel) -> None:
            try:
                await handle(channel)
            except BaseException as fault:
                faults.append(fault)
                raise

        bench.handle = guarded
        await bench.start()
        await bench.switch.place_call(CallerScript("100", steps)).over()
        await asyncio.sleep(0)
        for fault in faults:
            raise fault

    run(main())


def now_s() -> float:
    return asyncio.get_running_loop().time()


def test_a_caller_is_heard_in_real_time_and_the_prompt_is_not() -> None:
    async def handle(channel: CallChannel) -> None:
        await channel.perform(Answer())
        began = now_s()
        async with channel.hear() as audio:
            assert await channel.perform(Play((MENU,))) == Done()
            heard = asyncio.ensure_future(heard_of(audio))
            await asyncio.sleep(2.0)
        found = await heard
        # Two seconds wait for a late reader; what was said in the first of the three seconds of the prompt is lost.
        assert audio.lost_s == pytest.approx(1.0, abs=0.05)
        assert len(found) / BYTES_PER_S == pytest.approx(now_s() - began - audio.lost_s, abs=0.05)
        assert found[: BYTES_PER_S // 2] == bytes(BYTES_PER_S // 2)
        assert words_in(found) == "pay my bill"
        assert said("pay my bill", 1.5) in found
        assert found.rstrip(b"\0").endswith(said("pay my bill", 1.5).rstrip(b"\0"))

    call(handle, Wait(1.503), Speak(1.5, "pay my bill"), Wait(60.0))


def test_words_said_before_anybody_listened_are_not_heard() -> None:
    async def handle(channel: CallChannel) -> None:
        await channel.perform(Answer())
        await asyncio.sleep(1.0)
        async with channel.hear() as audio:
            reading = asyncio.ensure_future(heard_of(audio))
            await asyncio.sleep(3.0)
        assert words_in(await reading) == "two three"

    call(handle, Speak(1.5, "one two"), Speak(1.0, "three"), Wait(60.0))


def test_hearing_ends_with_its_context_and_with_the_call_and_can_begin_again() -> None:
    async def handle(channel: CallChannel) -> None:
        await channel.perform(Answer())
        async with channel.hear() as first:
            await asyncio.sleep(0.1)
            with pytest.raises(CommandRefused):
                async with channel.hear():
                    pass
        assert len(await heard_of(first)) == 0.1 * BYTES_PER_S
        async with channel.hear() as second:
            before = now_s()
            await heard_of(second)
            assert now_s() - before == pytest.approx(0.9, abs=0.05)
        async with channel.hear() as after:
            assert await after.read() == b""

    call(handle, Wait(1.0), HangUp())


# --- stops ------------------------------------------------------------------------------------------------------


def gathered(
    gather: Gather, *stops: tuple[float, StopPrompts | StopGather], caller: tuple[Wait | Press, ...] = ()
) -> tuple[Result, float]:
    """What a gather came to, and after how many seconds. ``stops``: seconds after the one before, and what stops."""
    found: list[tuple[Result, float]] = []

    async def handle(channel: CallChannel) -> None:
        await channel.perform(Answer())
        began = now_s()
        pending = asyncio.ensure_future(channel.perform(gather))
        for after_s, stop in stops:
            await asyncio.sleep(after_s)
            assert await channel.perform(stop) == Done()
        found.append((await pending, now_s() - began))
        assert await channel.perform(StopGather()) == Done()
        assert await channel.perform(StopPrompts()) == Done()
        assert await channel.perform(Play((WELCOME,))) == Done()
        await channel.perform(Hangup())

    call(handle, *caller, Wait(60.0))
    return found[0]


def test_voice_stops_the_prompts_and_time_begins_anew() -> None:
    assert gathered(ONE, (1.0, StopPrompts())) == (NoInput(), 6.0)
    assert gathered(ONE, (7.0, StopPrompts())) == (NoInput(), 12.0)
    result = gathered(ONE, (1.0, StopPrompts()), caller=(Wait(2.0), Press("1")))
    assert result == (Match("1", barged_in=False), 2.0)


def test_prompts_without_barge_in_are_not_stopped() -> None:
    whole = Gather(ONE.prompts, ONE.plan, 5.0, 2.0, barge_in=False)
    assert gathered(whole, (1.0, StopPrompts())) == (NoInput(), 10.0)
    assert gathered(whole, (6.0, StopPrompts())) == (NoInput(), 11.0)
    assert gathered(whole, (1.0, StopGather())) == (Interrupted(), 1.0)


def test_a_gather_is_ended_in_its_prompts_and_after_them() -> None:
    assert gathered(ONE, (1.0, StopGather())) == (Interrupted(), 1.0)
    assert gathered(ONE, (1.0, StopPrompts()), (4.0, StopGather())) == (Interrupted(), 5.0)
    assert gathered(ONE, (9.0, StopGather())) == (Interrupted(), 9.0)


def test_a_key_that_was_first_wins() -> None:
    four = (Wait(1.0), Press("4"))
    assert gathered(ONE, (2.0, StopGather()), caller=four) == (NoMatch("4", barged_in=True), 3.0)
    assert gathered(ONE, (2.0, StopPrompts()), caller=four) == (NoMatch("4", barged_in=True), 3.0)


def test_the_drivers_own_key_is_no_callers() -> None:
    assert gathered(ONE, caller=(Wait(1.0), Press("D"))) == (NoInput(), 10.0)
