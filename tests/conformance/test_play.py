"""The player of the scripts sees a driver that breaks the contract, whichever way it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from calls.errors import SwitchUnavailable
from calls.ids import CallId, LegId
from calls.switch.events import EventHandler
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    CallChannel,
    CallHandler,
    CallInfo,
    Done,
    HungUp,
    Originate,
    Result,
    Seat,
    Switch,
    SwitchCommand,
)
from tests.conformance.loopback import LoopbackUnderTest
from tests.conformance.menus import MENUS
from tests.conformance.play import play
from tests.virtual_time import run

Break = Callable[[Result], Result]
"""What a faulty driver gives in the place of a true result."""


class FaultyChannel:
    """A channel whose results pass through a fault."""

    def __init__(self, channel: CallChannel, fault: Break) -> None:
        self._channel = channel
        self._fault = fault

    @property
    def info(self) -> CallInfo:
        return self._channel.info

    async def perform(self, command: SwitchCommand) -> Result:
        return self._fault(await self._channel.perform(command))

    async def end_talk(self) -> None:
        await self._channel.end_talk()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with self._channel.hear() as audio:
            yield audio


class FaultySwitch:
    """A switch that gives faulty channels. See :class:`calls.switch.port.Switch`."""

    def __init__(self, switch: Switch, fault: Break) -> None:
        self._switch = switch
        self._fault = fault

    @property
    def name(self) -> str:
        return self._switch.name

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        await self._switch.start(on_event, lambda channel: on_call(FaultyChannel(channel, self._fault)))

    async def stop(self) -> None:
        await self._switch.stop()

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        self._switch.adopt(legs, calls)

    async def originate(self, request: Originate) -> None:
        await self._switch.originate(request)

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        await self._switch.seat(leg_id, seat, host)

    async def beep(self, leg_id: LegId) -> None:
        await self._switch.beep(leg_id)

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        await self._switch.hang_up(leg_id, cause)


class FaultyUnderTest(LoopbackUnderTest):
    def __init__(self, fault: Break) -> None:
        super().__init__()
        self._fault = fault

    def make_switch(self) -> Switch:  # type: ignore[override]  # a loopback switch, behind the fault
        return FaultySwitch(super().make_switch(), self._fault)


def raises_at_the_end(result: Result) -> Result:
    if isinstance(result, HungUp):
        raise SwitchUnavailable("the call has no connection")
    return result


def never_says_that_it_ended(result: Result) -> Result:
    return Done() if isinstance(result, HungUp) else result


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (raises_at_the_end, "SwitchUnavailable: the call has no connection"),
        (never_says_that_it_ended, r"Hangup\(cause=16\): Done\(\) instead of HungUp"),
    ],
)
def test_a_broken_contract_is_told(fault: Break, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        run(play(MENUS[0], FaultyUnderTest(fault)))


def test_without_a_fault_the_script_is_kept() -> None:
    run(play(MENUS[0], FaultyUnderTest(lambda result: result)))
