"""Where agents' and supervisors' legs sit: parked in a place of their own, or beside another leg.

::

    uuid_transfer to eavesdrop or three_way --MEDIA_BUG_START on the other leg--> there
    uuid_transfer to park --CHANNEL_PARK--> there

A spy sits on the other leg itself, whichever talk that is in, and leaves it by itself when it ends: the next step of
the transfer is the spy's own place (seen on 1.11.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from calls.errors import CommandRefused, SwitchTimeout
from calls.ids import LegId
from calls.switch.port import Seat
from calls.wire.esl import Event
from calls.wire.esl_commands import Command, EventName
from calls.wire.esl_control import Park, Spy, SpyOn, Tone

WANTED = (EventName.BUG_START, EventName.PARK)
"""The events that :meth:`Seats.handle` reads."""

SPIES = {Seat.LISTEN: Spy.LISTEN, Seat.WHISPER: Spy.WHISPER, Seat.JOIN: Spy.JOIN}

SITS_S = 3.0
"""How long a move may take: 28 ms were seen."""


@dataclass(slots=True)
class _Move:
    """One leg on its way. ``host``: the leg beside which it is to sit; None: its own place."""

    host: LegId | None
    there: asyncio.Future[None]


class Seats:
    """All of one switch."""

    def __init__(self, ask: Callable[[Command], Awaitable[str]]) -> None:
        self._ask = ask
        self._moves: dict[LegId, _Move] = {}

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None) -> None:
        """See :meth:`calls.switch.port.Switch.seat`."""
        if (host is None) is not (seat is Seat.OWN):
            raise CommandRefused(f"{seat.value} beside {host}")
        move = _Move(host, asyncio.get_running_loop().create_future())
        self._moves[leg_id] = move
        try:
            await self._ask(Park(leg_id) if host is None else SpyOn(leg_id, host, SPIES[seat]))
            async with asyncio.timeout(SITS_S):
                await move.there
        except TimeoutError as error:
            raise SwitchTimeout(f"{leg_id} was sent to {seat.value} and was not seen there") from error
        finally:
            if self._moves.get(leg_id) is move:
                del self._moves[leg_id]

    async def beep(self, leg_id: LegId) -> None:
        """See :meth:`calls.switch.port.Switch.beep`."""
        await self._ask(Tone(leg_id))

    def handle(self, event: Event) -> None:
        """What ``event`` says of legs on their way."""
        channel = event.headers.get("Unique-ID")
        if event.name == EventName.PARK.value:
            move = self._moves.get(LegId(channel))
            moves = [move] if move is not None and move.host is None else []
        elif event.headers.get("Media-Bug-Function") == "eavesdrop":
            moves = [move for move in self._moves.values() if move.host == channel]
        else:
            return
        for move in moves:
            if not move.there.done():
                move.there.set_result(None)
