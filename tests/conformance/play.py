"""Plays a conformance script on any switch through an adapter, and checks every result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from operator import eq
from typing import Protocol, assert_never
from uuid import uuid4

import pytest

from calls.errors import SwitchError, SwitchRefused
from calls.ids import AttemptId, LegId
from calls.switch.events import CallConnected, LegAnswered, LegEnded, LegRinging, SwitchEvent, SwitchUp
from calls.switch.port import (
    CallChannel,
    Connect,
    DialAttempt,
    EndedBy,
    HungUp,
    Match,
    NoMatch,
    NotConnected,
    Play,
    Recorded,
    Result,
    RingAgent,
    RingOutside,
    Seat,
    Switch,
    SwitchCommand,
    Transferred,
)
from tests.conformance.hearing import check_heard, listen
from tests.conformance.vocabulary import (
    AGENT,
    GUEST,
    MACHINE,
    SHORT,
    Act,
    CallScript,
    DialScript,
    Do,
    DropAgent,
    EndTalk,
    Meanwhile,
    Need,
    Perform,
    Script,
    Sit,
)

DEADLINE_S = 60.0
"""Every wait of a script ends by then, in seconds of the loop's clock."""

EARLY_S = 0.1
"""By how much what the switch itself times may come too early: clocks, and packets of 20 ms. What a caller times may
be as early as it may be late, for it counts from the caller's answer."""

TALK_SPREAD_S = 1.5
"""The far ends of transfers talk this much more or less than the script says."""

MESSAGE_SPREAD_S = 1.0
"""A message begins behind a prompt and a beep, and speech and silence are told apart within tenths of a second."""

RINGS_S = 1.0
"""They ring at least this long, which is no talk."""

CALLER_ID = "+15550100099"


class SwitchUnderTest(Protocol):
    """The adapter that a driver brings. Its settings have the prompts and destinations of the vocabulary."""

    slack_s: float
    """By how much a time may be missed: processes, networks and media have delays of their own."""
    trunk: str
    agent_endpoint: str
    """An agent's phone that answers within two seconds and stays."""

    def make_switch(self) -> Switch:
        """The driver, not started yet."""

    def number(self, digit: str) -> str:
        """A number in E.164 with this last digit, at which the callees of the vocabulary answer."""

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        """One caller rings in, acts, and is gone: CALLER where the caller hung up first, US where the switch did."""


def same(expected: Result, got: Result) -> bool:
    """True where ``got`` is what every switch must give; see :class:`tests.conformance.vocabulary.Do`."""
    match expected, got:
        case HungUp(by, _), HungUp(got_by, None):
            return by is got_by
        case Transferred(), Transferred():
            return True  # how long the talk may be, _do says
        case Recorded(name, _, by), Recorded(got_name, _, got_by):
            return (name, by) == (got_name, got_by)  # and how long the message
        case _:
            return expected == got


class Stage:
    """One playing of one script: the engine's place, with a switch below it."""

    def __init__(self, under_test: SwitchUnderTest) -> None:
        self.under_test = under_test
        self.switch = under_test.make_switch()
        self.agent = LegId(f"agent-{uuid4()}")
        self.guest = LegId(f"guest-{uuid4()}")
        self.events: list[SwitchEvent] = []
        self.results: list[str] = []
        """What was not as it must be."""
        self.handle: Callable[[CallChannel], Awaitable[None]] | None = None
        self.handled = asyncio.Event()
        self._news = asyncio.Event()

    def on_event(self, event: SwitchEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def on_call(self, channel: CallChannel) -> None:
        assert self.handle is not None, "a call that nobody placed"
        try:
            await self.handle(channel)
        except (AssertionError, SwitchError, TimeoutError) as fault:
            # Told by the test itself: a driver only logs what its handler raises.
            self.results.append(f"{type(fault).__name__}: {fault}")
        finally:
            self.handled.set()

    async def until(self, seen: Callable[[SwitchEvent], bool]) -> SwitchEvent:
        """The first event of this kind, come or to come."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                self._news.clear()
                for event in self.events:
                    if seen(event):
                        return event
                await self._news.wait()

    def of_leg(self, leg_id: LegId) -> list[SwitchEvent]:
        """The events of one leg."""
        kinds = LegRinging | LegAnswered | LegEnded
        return [event for event in self.events if isinstance(event, kinds) and event.leg_id == leg_id]


async def play(script: Script, under_test: SwitchUnderTest) -> None:
    """Play ``script`` and check everything.

    Raises:
        AssertionError: the driver does not keep the contract.
    """
    stage = Stage(under_test)
    await stage.switch.start(stage.on_event, stage.on_call)
    try:
        await stage.until(lambda event: isinstance(event, SwitchUp))
        match script:
            case CallScript():
                await _play_call(script, stage)
            case DialScript():
                await _play_dial(script, stage)
            case _:
                assert_never(script)
    finally:
        await stage.switch.stop()
    assert not stage.results, "; ".join(stage.results)


# --- calls that come in -----------------------------------------------------------------------------------------


async def _play_call(script: CallScript, stage: Stage) -> None:
    if script.needs is Need.AGENTS:
        for leg_id in _legs(script, stage):
            if leg_id != stage.guest or not script.guest_outside:
                endpoint = stage.under_test.agent_endpoint
                await _ring(RingAgent(leg_id, endpoint, CALLER_ID, ring_timeout_s=20.0), stage)
    stage.handle = lambda channel: _handle_heard(script, channel, stage)
    async with asyncio.timeout(DEADLINE_S):
        ended_by = await stage.under_test.call_in(script.caller)
        await stage.handled.wait()
    assert ended_by is script.ended_by, f"the caller saw a hang-up by {ended_by}"
    if script.needs is Need.AGENTS:
        await _let_agent_go(script, stage)
        told = [event for event in stage.events if isinstance(event, CallConnected)]
        assert len(told) == _talks(script), f"told of {len(told)} talks"


async def _ring(request: RingAgent | RingOutside, stage: Stage) -> None:
    """Return when the leg is up."""
    await stage.switch.originate(request)
    await stage.until(partial(eq, LegAnswered(request.leg_id)))


def _legs(script: CallScript, stage: Stage) -> tuple[LegId, ...]:
    """The legs that are up before the caller rings in; somebody outside is rung once the caller is there, for theirs
    is a telephone that hangs up some time after its answer."""
    seats = any(do.meanwhile is not None and isinstance(do.meanwhile.do, Sit) for do in script.handler)
    return (stage.agent, stage.guest) if seats else (stage.agent,)


def _is_end(leg_id: LegId, event: SwitchEvent) -> bool:
    return isinstance(event, LegEnded) and event.leg_id == leg_id


def _talks(script: CallScript) -> int:
    """How many talks the script's commands lead to."""
    done: list[tuple[SwitchCommand, Result]] = [(do.command, do.expect) for do in script.handler]
    meanwhile = [do.meanwhile.do for do in script.handler if do.meanwhile is not None]
    done += [(do.command, do.expect) for do in meanwhile if isinstance(do, Perform)]
    return sum(isinstance(command, Connect) and expect != NotConnected() for command, expect in done)


async def _let_agent_go(script: CallScript, stage: Stage) -> None:
    """The agents' legs have stayed up, unless the script dropped one, and each ends once."""
    dropped = any(do.meanwhile is not None and isinstance(do.meanwhile.do, DropAgent) for do in script.handler)
    for leg_id in _legs(script, stage):
        if not dropped:
            ended = [type(event) for event in stage.of_leg(leg_id)].count(LegEnded)
            assert ended == 0, "an agent's leg did not stay"
        await stage.switch.hang_up(leg_id)
        await stage.until(partial(_is_end, leg_id))
        await stage.switch.hang_up(leg_id)  # a leg that is gone is no error
        assert [type(event) for event in stage.of_leg(leg_id)].count(LegEnded) == 1


async def _handle_heard(script: CallScript, channel: CallChannel, stage: Stage) -> None:
    """As :func:`_handle`, with what the script says of the caller's voice."""
    if script.guest_outside:
        guest = RingOutside(stage.guest, MACHINE, "", CALLER_ID, ring_timeout_s=20.0, talk_limit_s=60.0)
        await _ring(guest, stage)
    if script.heard_s is None:
        await _handle(script.handler, channel, stage)
        return
    clock = asyncio.get_running_loop().time
    await _do(script.handler[0], channel, stage)
    async with channel.hear() as audio:
        began = clock()
        listening = asyncio.ensure_future(listen(audio))
        await _handle(script.handler[1:], channel, stage)
        lasted_s = clock() - began
    async with asyncio.timeout(DEADLINE_S):
        heard = await listening
    check_heard(heard, script.heard_s, lasted_s, stage.under_test.slack_s)
    assert audio.lost_s == 0.0, f"{audio.lost_s:.2f} s of what the caller said were lost"


async def _handle(steps: tuple[Do, ...], channel: CallChannel, stage: Stage) -> None:
    for step in steps:
        await _do(step, channel, stage)
    again = await channel.perform(Play((SHORT,)))
    assert isinstance(again, HungUp), f"after the end of the call: {again}"


async def _do(step: Do, channel: CallChannel, stage: Stage) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    meanwhile = asyncio.ensure_future(_meanwhile(step.meanwhile, channel, stage))
    try:
        async with asyncio.timeout(DEADLINE_S):
            got = await channel.perform(_with_agent(step.command, stage))
        took_s = round(clock() - began, 6)  # sums of virtual seconds are not exact
        await meanwhile
    finally:
        meanwhile.cancel()
    assert same(step.expect, got), f"{step.command}: {got} instead of {step.expect}"
    slack_s = stage.under_test.slack_s
    early_s = slack_s if isinstance(step.expect, Match | NoMatch | HungUp) else min(slack_s, EARLY_S)
    assert took_s >= step.earliest_s - early_s, f"{step.command}: after {took_s:.2f} s, too early"
    assert took_s <= step.latest_s + slack_s, f"{step.command}: after {took_s:.2f} s, too late"
    if isinstance(step.expect, Recorded) and isinstance(got, Recorded):
        assert abs(got.duration_s - step.expect.duration_s) <= MESSAGE_SPREAD_S, f"{got} instead of {step.expect}"
    if isinstance(step.expect, Transferred) and isinstance(got, Transferred):
        most_s = min(step.expect.talk_s + TALK_SPREAD_S + slack_s, took_s - RINGS_S + early_s)
        assert step.expect.talk_s - TALK_SPREAD_S - early_s <= got.talk_s <= most_s, f"{got} after {took_s:.2f} s"


async def _meanwhile(meanwhile: Meanwhile | None, channel: CallChannel, stage: Stage) -> None:
    if meanwhile is None:
        return
    await asyncio.sleep(meanwhile.after_s)
    match meanwhile.do:
        case Perform(command, expect):
            got = await channel.perform(_with_agent(command, stage))
            assert same(expect, got), f"{command}: {got} instead of {expect}"
        case EndTalk():
            await channel.end_talk()
        case DropAgent():
            await stage.switch.hang_up(stage.agent)
        case Sit(seats, end_talk):
            for seat in seats:
                await stage.switch.seat(stage.guest, seat, None if seat is Seat.OWN else stage.agent)
            if end_talk:
                await channel.end_talk()
        case _:
            assert_never(meanwhile.do)


def _with_agent(command: SwitchCommand, stage: Stage) -> SwitchCommand:
    """The command with the agent's true leg in it."""
    legs = {AGENT: stage.agent, GUEST: stage.guest}
    if isinstance(command, Connect) and command.agent_leg in legs:
        return replace(command, agent_leg=legs[command.agent_leg])
    return command


# --- calls that we dial -----------------------------------------------------------------------------------------


async def _play_dial(script: DialScript, stage: Stage) -> None:
    leg_id = LegId(str(uuid4()))
    request = DialAttempt(
        attempt_id=AttemptId(leg_id),
        number=stage.under_test.number(script.digit),
        trunk=stage.under_test.trunk,
        caller_id=CALLER_ID,
        ring_timeout_s=script.ring_timeout_s,
        detect_machine=script.detect_machine,
    )

    async def handle(channel: CallChannel) -> None:
        info = channel.info
        assert info.attempt_id == request.attempt_id
        assert str(info.call_id) == str(request.attempt_id)
        assert info.detected is script.detected, f"detected: {info.detected}"
        await _handle(script.handler, channel, stage)

    stage.handle = handle
    await stage.switch.originate(request)
    if script.again:
        await stage.until(lambda event: event == LegAnswered(leg_id))
        with pytest.raises(SwitchRefused):
            await stage.switch.originate(request)
    ended = await stage.until(lambda event: isinstance(event, LegEnded) and event.leg_id == leg_id)
    assert isinstance(ended, LegEnded)
    assert ended.cause in script.causes, f"cause {ended.cause}"
    assert ended.timed_out is script.timed_out, f"timed out: {ended.timed_out}"
    assert not ended.never_existed
    if script.answered:
        async with asyncio.timeout(DEADLINE_S):
            await stage.handled.wait()
    assert stage.handled.is_set() is script.answered, "a call, or none, against what was to be"
    _check_order(script, stage.of_leg(leg_id))


def _check_order(script: DialScript, events: list[SwitchEvent]) -> None:
    """Ringing, if told at all, then the answer, then the end: each once."""
    kinds = [type(event) for event in events]
    told = [LegAnswered, LegEnded] if script.answered else [LegEnded]
    assert kinds in (told, [LegRinging, *told]), f"events of the leg: {kinds}"
