"""A ``Gather`` on AGI that the caller's voice stops: in every place of it, and whenever the signal comes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import SwitchRefused, SwitchUnavailable
from calls.switch.asterisk.channel_gather import Gathering
from calls.switch.keys import SIGNAL
from calls.switch.port import (
    Done,
    Gather,
    Interrupted,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    StopGather,
    StopPrompts,
)
from calls.wire import agi
from calls.wire.agi_replies import Reply
from tests.calls.switch.asterisk.agi_call import MENU, WELCOME, Call, live_call, result
from tests.virtual_time import run

CHOICES = KeyPlan(frozenset({"1", "42"}))
ONE = Gather((WELCOME, MENU), CHOICES, 4.0, 2.0)
WHOLE = Gather((MENU,), CHOICES, 4.0, 2.0, barge_in=False)
WELCOME_S, MENU_S = 2.0, 3.0


class Channel:
    """An Asterisk's channel in virtual time: keys, the signal among them, end what AGI runs, or come when nothing
    does."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    def press(self, key: str) -> None:
        self._keys.put_nowait(key)

    async def say(self, command: agi.Command) -> Reply:
        self.said.append(" ".join(command.words()))
        match command:
            case agi.StreamFile(_, escape, lasts_s, from_sample):
                began = now_s()
                key = await self._key(escape, lasts_s - from_sample / 8_000)
                return Reply(
                    200, str(ord(key)) if key else "0", endpos=from_sample + round((now_s() - began) * 8_000)
                )
            case agi.GetKey(_, timeout_ms, lasts_s):
                key = await self._key(agi.ALL_KEYS, lasts_s + timeout_ms / 1_000)
                return Reply(200, "" if key in ("#", None) else key or "", word="" if key else "timeout")
            case agi.WaitForDigit(timeout_ms):
                key = await self._key(agi.ALL_KEYS, timeout_ms / 1_000)
                return Reply(200, str(ord(key)) if key else "0")
            case _:
                raise AssertionError(command)

    async def _key(self, escape: str, within_s: float) -> str | None:
        try:
            async with asyncio.timeout(within_s):
                while (key := await self._keys.get()) not in escape:
                    pass
                return key
        except TimeoutError:
            return None


def now_s() -> float:
    return asyncio.get_running_loop().time()


Act = tuple[float, StopPrompts | StopGather | str]
"""When, in seconds from the beginning, and what: a stop, or a key that comes to the channel."""


def gathered(gather: Gather, *acts: Act) -> tuple[object, float, list[str]]:
    """What a gather came to, after how many seconds, and what was said to AGI."""

    async def main() -> tuple[object, float, list[str]]:
        channel = Channel()
        files = [("/welcome", WELCOME_S), ("/menu", MENU_S)][-len(gather.prompts) :] if gather.prompts else []
        gathering = Gathering(gather, files, channel.say)
        for at_s, act in acts:
            asyncio.get_running_loop().call_later(at_s, do, gathering, channel, act)
        return await gathering.run(), round(now_s(), 3), channel.said

    def do(gathering: Gathering, channel: Channel, act: StopPrompts | StopGather | str) -> None:
        if isinstance(act, str):
            channel.press(act)
        elif gathering.hush() if isinstance(act, StopPrompts) else gathering.stop():
            channel.press(SIGNAL)

    return run(main())


@pytest.mark.parametrize("at_s", [0.5, 2.5, 7.0])
def test_voice_stops_whichever_prompt_plays_and_time_begins_anew(at_s: float) -> None:
    assert gathered(ONE, (at_s, StopPrompts()))[:2] == (NoInput(), at_s + 4.0)
    assert gathered(ONE, (at_s, StopPrompts()), (at_s + 3.0, "1"))[:2] == (Match("1"), at_s + 3.0)


@pytest.mark.parametrize("at_s", [0.5, 2.5, 7.0])
def test_a_gather_ends_wherever_it_is(at_s: float) -> None:
    assert gathered(ONE, (at_s, StopGather()))[:2] == (Interrupted(), at_s)
    assert gathered(ONE, (0.3, StopPrompts()), (at_s, StopGather()))[1] == min(at_s, 4.3)
    assert gathered(Gather((), CHOICES, 9.0, 2.0), (at_s, StopGather()))[:2] == (Interrupted(), at_s)


def test_without_barge_in_only_the_end_ends_the_prompt() -> None:
    assert gathered(WHOLE, (1.0, StopPrompts()))[:2] == (NoInput(), 7.0)
    assert gathered(WHOLE, (1.0, StopGather()))[:2] == (Interrupted(), 1.0)
    assert gathered(WHOLE, (5.0, StopPrompts()))[:2] == (NoInput(), 9.0)
    assert gathered(WHOLE, (1.0, "1"), (1.5, "D"), (4.0, "1"))[:2] == (Match("1"), 4.0)


def test_a_key_that_was_first_wins() -> None:
    assert gathered(ONE, (1.0, "4"), (2.0, StopGather()))[:2] == (NoMatch("4", barged_in=True), 3.0)
    assert gathered(ONE, (1.0, "4"), (2.0, StopPrompts()), (2.5, "2"))[:2] == (Match("42", barged_in=True), 2.5)
    assert gathered(ONE, (1.0, "1"), (1.0, StopGather()))[:2] == (Match("1", barged_in=True), 1.0)


@pytest.mark.parametrize("at_s", [0.0, 0.5, 1.9, 2.0, 2.5, 4.9, 5.0, 7.0, 8.9])
@pytest.mark.parametrize("gather", [ONE, WHOLE])
def test_a_signal_that_nobody_meant_changes_nothing(gather: Gather, at_s: float) -> None:
    """A late one, or a caller's own key: every prompt plays whole and the time is what it was."""
    whole_s = gathered(gather)[1]
    assert gathered(gather, (at_s, "D"))[:2] == (NoInput(), whole_s)
    assert gathered(gather, (at_s, "D"), (at_s + 0.01, "D"), (8.95, "A"))[1] in (whole_s, 8.95)


def test_what_a_stray_signal_ended_goes_on_where_it_was() -> None:
    said = gathered(ONE, (0.5, "D"), (3.0, "D"), (8.0, "D"))[2]
    assert said == [
        f"STREAM FILE /welcome {agi.ALL_KEYS}",
        f"STREAM FILE /welcome {agi.ALL_KEYS} 4000",
        "GET DATA /menu 4000 1",
        f"STREAM FILE /menu {agi.ALL_KEYS} 8000",
        "WAIT FOR DIGIT 4000",
        "WAIT FOR DIGIT 1000",
    ]


@settings(max_examples=300)
@given(
    st.sampled_from([ONE, WHOLE, Gather((MENU,), CHOICES, 4.0, 2.0), Gather((), CHOICES, 4.0, 2.0)]),
    st.lists(st.tuples(st.floats(0, 12), st.sampled_from([StopPrompts(), StopGather(), "1", "4", "2", "9", "D"]))),
)
def test_whatever_comes_when_it_ends_as_it_should(gather: Gather, acts: list[Act]) -> None:
    came_to, after_s, _ = gathered(gather, *acts)
    keys = {act for _, act in acts if isinstance(act, str)}
    stops = [at_s for at_s, act in acts if act == StopGather()]
    if isinstance(came_to, Interrupted):
        assert any(abs(at_s - after_s) < 0.01 for at_s in stops)
    elif isinstance(came_to, Match | NoMatch):
        assert keys.issuperset(came_to.keys) and SIGNAL not in came_to.keys
    else:
        assert came_to == NoInput()
        assert all(at_s > after_s - 0.01 for at_s in stops)


# --- the channel ------------------------------------------------------------------------------------------------

MENU_LINE = b"GET DATA /prompts/en/menu 4000 1"
ONE_MENU = Gather((MENU,), CHOICES, 4.0, 2.0)


async def stop(call: Call, command: StopPrompts | StopGather) -> None:
    assert await result(call.start(command)) == Done()


async def test_ami_presses_the_key_and_agi_says_so() -> None:
    async with live_call() as call:
        done = call.start(ONE_MENU)
        await call.peer.expect(MENU_LINE)
        await stop(call, StopPrompts())
        assert call.control.asked == [("signal", call.channel.name)]
        call.peer.say(b"200 result=D\n")
        assert (await call.peer.heard()).startswith(b"WAIT FOR DIGIT ")
        await stop(call, StopGather())
        assert len(call.control.asked) == 2
        call.peer.say(b"200 result=68\n")
        assert await result(done) == Interrupted()


async def test_a_stop_where_nothing_gathers_presses_no_key() -> None:
    async with live_call() as call:
        await stop(call, StopGather())
        playing = call.start(Play((MENU,)))
        await call.peer.expect(b'STREAM FILE /prompts/en/menu ""')
        await stop(call, StopGather())
        await stop(call, StopPrompts())
        call.peer.say(b"200 result=0 endpos=1\n")
        assert await result(playing) == Done()
        assert call.control.asked == []


async def test_a_call_that_ends_has_no_channel_for_the_key() -> None:
    async with live_call() as call:
        done = call.start(ONE_MENU)
        await call.peer.expect(MENU_LINE)
        call.control.fault = SwitchRefused("PlayDTMF: Channel not found")
        await stop(call, StopGather())
        call.peer.say(b"200 result= (timeout)\n")
        assert await result(done) == Interrupted()


async def test_no_way_to_press_a_key_is_told_and_the_gather_goes_on() -> None:
    async with live_call() as call:
        done = call.start(ONE_MENU)
        await call.peer.expect(MENU_LINE)
        call.control.fault = SwitchUnavailable("not connected")
        with pytest.raises(SwitchUnavailable):
            await result(call.start(StopPrompts()))
        call.peer.say(b"200 result=1\n")
        assert await result(done) == Match("1", barged_in=True)
