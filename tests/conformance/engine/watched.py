"""A switch, and what the engine above it asked of each call."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from calls.ids import CallId, LegId
from calls.switch.events import EventHandler, SwitchEvent
from calls.switch.hearing import CallerAudio
from calls.switch.port import CallChannel, CallHandler, CallInfo, Originate, Result, Seat, Switch, SwitchCommand
from tests.conformance.engine.vocabulary import said


class Watched:
    """See :class:`calls.switch.port.Switch`; everything goes on to ``switch``."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.asked: defaultdict[str, list[str]] = defaultdict(list)
        """The commands of each call, by the number that was called."""
        self.calls: dict[str, CallInfo] = {}
        """The calls, by the number that was called."""
        self.events: list[SwitchEvent] = []
        self._news = asyncio.Event()

    @property
    def name(self) -> str:
        return self._switch.name

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        def tell(event: SwitchEvent) -> None:
            on_event(event)
            self.events.append(event)
            self._news.set()

        async def call(channel: CallChannel) -> None:
            self.calls[channel.info.called] = channel.info
            self._news.set()
            await on_call(WatchedChannel(channel, self.asked[channel.info.called]))

        await self._switch.start(tell, call)

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

    async def until(self, seen: Callable[[], bool]) -> None:
        """Return when ``seen()``; asked after each event and each call."""
        while not seen():
            self._news.clear()
            await self._news.wait()


class WatchedChannel:
    """See :class:`calls.switch.port.CallChannel`."""

    def __init__(self, channel: CallChannel, asked: list[str]) -> None:
        self._channel = channel
        self._asked = asked

    @property
    def info(self) -> CallInfo:
        return self._channel.info

    async def perform(self, command: SwitchCommand) -> Result:
        self._asked.append(said(command))
        return await self._channel.perform(command)

    async def end_talk(self) -> None:
        await self._channel.end_talk()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with self._channel.hear() as audio:
            yield audio
