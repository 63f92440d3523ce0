"""Phones of agents and supervisors that are reached over a trunk: each has a line of it while it rings or is up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from calls.errors import SwitchError, SwitchRefused
from calls.ids import LegId
from calls.records.trunk_lines import Kind
from calls.settings import Settings
from calls.switch.port import Legs, Originate, RingAgent, Seat
from console.engine.congestion import is_congestion
from console.engine.lines_beside import Left, Line, LinesBeside, may_be_up


def phones_of(settings: Settings) -> Mapping[tuple[str, str], str]:
    """The trunks over which phones are reached, by dial string and switch."""
    phones = [(each.endpoint, each.switch or "", each.trunk) for each in settings.agents]
    phones += [(each.endpoint, each.switch or "", each.trunk) for each in settings.supervisors]
    return {(endpoint, switch): trunk for endpoint, switch, trunk in phones if trunk}


class PhoneLines:
    """In the place of the switches for whoever rings phones, and the first to hear of legs."""

    def __init__(self, switch: Legs, lines: LinesBeside, phones: Mapping[tuple[str, str], str]) -> None:
        """``phones``: see :func:`phones_of`."""
        self._switch = switch
        self._lines = lines
        self._phones = phones
        self._asking: dict[LegId, asyncio.Future[Line | Left | None]] = {}
        """Legs that wait for a line."""
        self._up: dict[LegId, Line] = {}
        self._heard: set[LegId] = set()
        """Those of them whose far end was heard."""

    # --- for who rings phones -----------------------------------------------------------------------------------

    async def originate(self, request: Originate) -> None:
        """See the port. A phone whose trunk has no line, or no call a second to spare in time, is not rung.

        Raises:
            SwitchRefused: besides, that there is none.
        """
        trunk = self._phones.get((request.endpoint, request.switch)) if isinstance(request, RingAgent) else None
        if trunk is None or not isinstance(request, RingAgent):
            await self._switch.originate(request)
            return
        leg_id = request.leg_id
        asking = self._asking[leg_id] = asyncio.ensure_future(self._line(leg_id, trunk))
        try:
            await asyncio.wait({asking})
        finally:
            del self._asking[leg_id]
            asking.cancel()
        line = None if asking.cancelled() else asking.result()
        if not isinstance(line, Line):
            why = "is not wanted any more" if asking.cancelled() else f"has no line: trunk {trunk} is full or busy"
            raise SwitchRefused(f"the phone {request.endpoint} {why}")
        self._up[leg_id] = line
        try:
            await self._switch.originate(request)
        except SwitchError as problem:
            if not may_be_up(problem):
                self._free(leg_id)
            raise

    async def _line(self, leg_id: LegId, trunk: str) -> Line | Left | None:
        wanted = await self._lines.planned(leg_id, trunk, Kind.PHONE)
        try:
            return await self._lines.take((trunk,), wanted)
        finally:
            self._lines.drop(wanted)

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        """See the port."""
        await self._switch.seat(leg_id, seat, host)

    async def beep(self, leg_id: LegId) -> None:
        """See the port."""
        await self._switch.beep(leg_id)

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        """See the port. One that waits for its line is not rung."""
        if (asking := self._asking.get(leg_id)) is not None:
            asking.cancel()
            return
        await self._switch.hang_up(leg_id, cause)

    # --- what is heard ------------------------------------------------------------------------------------------

    def leg_rings(self, leg_id: LegId) -> bool:
        """The trunk works. Always False: the leg is another's."""
        if leg_id in self._up and leg_id not in self._heard:
            self._heard.add(leg_id)
            self._lines.carried(self._up[leg_id])
        return False

    def leg_answered(self, leg_id: LegId) -> bool:
        """The trunk works. Always False: the leg is another's."""
        return self.leg_rings(leg_id)

    def leg_ended(self, leg_id: LegId, cause: int | None = None) -> bool:
        """The line is free. Always False: the leg is another's."""
        if leg_id in self._up:
            if leg_id not in self._heard and is_congestion(cause):
                self._lines.congested(self._up[leg_id])
            self._free(leg_id)
        self._lines.over(leg_id)
        return False

    def settle(self, switch: str, live: Iterable[str]) -> frozenset[LegId]:
        """What a run of ours before this one had on the switch: those that are up, whose ends are to be told."""
        up = frozenset(live)
        left = self._lines.phones_left(switch)
        for leg_id in left - up:
            self._lines.over(leg_id)
        return frozenset(LegId(each) for each in left & up)

    def _free(self, leg_id: LegId) -> None:
        self._heard.discard(leg_id)
        if (line := self._up.pop(leg_id, None)) is not None:
            self._lines.give_back(line)
