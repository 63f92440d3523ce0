"""Where agents' and supervisors' legs sit: in a room of their own, beside a talk as who listens, or in its room.

::

    AMI Redirect --the leg's dialplan moves--> ChanSpyStart (listen, whisper), ConfbridgeJoin (join, own): it is there

Each place is a context of the dialplan whose extension is the id of the leg beside which one sits, or of one's own.
A leg whose host has gone is led back to its own room by the dialplan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from calls.errors import CommandRefused, SwitchTimeout
from calls.ids import LegId
from calls.switch.asterisk.ami_client import AmiClient
from calls.switch.asterisk.desk import ROOM
from calls.switch.asterisk.legs import genuine
from calls.switch.port import Seat
from calls.wire.ami import Event
from calls.wire.ami_actions import Originate, Redirect

WANTED = frozenset(("ChanSpyStart", "ConfbridgeJoin"))
"""The events that :meth:`Seats.handle` reads."""

CONTEXTS = {Seat.OWN: "agent", Seat.LISTEN: "listen", Seat.WHISPER: "coach", Seat.JOIN: "join"}
"""The contexts of the dialplan behind their prefix."""

SITS_S = 3.0
"""How long a move may take: some milliseconds, and 0.1 s with ChanSpy, were seen."""

TONE_S = 2.0
"""How long the leg that brings a tone may take to be there."""


@dataclass(slots=True)
class _Move:
    """One leg on its way. ``room``: that it is to enter; None: it is to hear ``host``."""

    host: LegId
    room: str | None
    there: asyncio.Future[None]


class Seats:
    """All of one switch."""

    def __init__(self, client: AmiClient, prefix: str, nonce: Callable[[], str]) -> None:
        """``prefix``: of the dialplan's contexts; ``nonce``: of the ids of legs that bring tones."""
        self._client = client
        self._prefix = prefix
        self._nonce = nonce
        self._moves: dict[LegId, _Move] = {}

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None) -> None:
        """See :meth:`calls.switch.port.Switch.seat`."""
        if (host is None) is not (seat is Seat.OWN):
            raise CommandRefused(f"{seat.value} beside {host}")
        at = leg_id if host is None else host
        room = f"{ROOM}{at}" if seat in (Seat.OWN, Seat.JOIN) else None
        move = _Move(at, room, asyncio.get_running_loop().create_future())
        self._moves[leg_id] = move
        try:
            await self._client.ask(Redirect(leg_id, f"{self._prefix}-{CONTEXTS[seat]}", at))
            async with asyncio.timeout(SITS_S):
                await move.there
        except TimeoutError as error:
            raise SwitchTimeout(f"{leg_id} was sent to {seat.value} and was not seen there") from error
        finally:
            if self._moves.get(leg_id) is move:
                del self._moves[leg_id]

    async def beep(self, leg_id: LegId) -> None:
        """See :meth:`calls.switch.port.Switch.beep`. A leg of two halves: one whispers to ``leg_id`` what the other
        plays, and both end with the tone."""
        whispers = f"Local/{leg_id}@{self._prefix}-coach/n"
        await self._client.ask(
            Originate(f"{self._prefix}-tone-{self._nonce()}", whispers, f"{self._prefix}-tone", "s", TONE_S)
        )

    def handle(self, event: Event) -> None:
        """What ``event`` says of legs on their way."""
        if not self._moves:
            return
        listens = event.name == "ChanSpyStart"
        move = self._moves.get(LegId(event.get("SpyerUniqueid" if listens else "Uniqueid")))
        if move is None or move.there.done() or not genuine(event):
            return
        if event.get("SpyeeUniqueid") == move.host if listens else event.get("Conference") == move.room:
            move.there.set_result(None)
