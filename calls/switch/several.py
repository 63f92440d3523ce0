"""Several switches as one: what is asked for goes to the one that has it, and what each tells says which it is.

Every driver keeps the contract of :mod:`calls.switch.port` by itself: each has its own connection, its own runs
(``SwitchUp`` with its boot), and is compared with what lives on it alone. Here it is known which switch has which leg
and call, so that:

- a leg is asked for on the switch that owns its trunk, or that the request names, and on no other;
- an event of a leg or a call that another switch has is dropped, and such a call is hung up (invariant I12);
- a switch that hangs keeps nobody waiting who asks something of another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from calls import log
from calls.errors import CommandRefused, SwitchError, SwitchRefused
from calls.ids import CallId, LegId
from calls.switch import events
from calls.switch.events import SwitchEvent
from calls.switch.port import CallChannel, CallHandler, DialAttempt, Hangup, Originate, RingOutside, Seat, Switch

Told = Callable[[str, SwitchEvent], None]
"""Hears what a switch tells, with the switch's name."""


class Switches:
    """The switches of one engine, each by its name. One alone is routed nowhere else."""

    def __init__(self, drivers: Iterable[Switch], trunks: Mapping[str, str]) -> None:
        """``trunks``: the switch that owns each; with one switch nothing has to be said."""
        self._drivers = {each.name: each for each in drivers}
        self._trunks = trunks
        self._legs: dict[LegId, str] = {}
        """Which switch has which leg, from before it is asked for to its end; channels of adopted calls too."""
        self._unsure: set[LegId] = set()
        """Those of them of which nobody knows whether they came to be."""
        self._calls: dict[CallId, str] = {}
        self._adopted: dict[CallId, LegId] = {}
        self._watched: set[CallId] = set()
        """Calls whose end is to be told, though their handlers will be over before."""
        self._live: dict[str, frozenset[str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the settings."""
        return tuple(self._drivers)

    @property
    def drivers(self) -> Mapping[str, Switch]:
        """Each by its name."""
        return self._drivers

    async def start(self, name: str, on_event: Told, on_call: CallHandler) -> None:
        """Connect one of them: see :meth:`calls.switch.port.Switch.start`."""
        await self._drivers[name].start(partial(self._tell, name, on_event), partial(self._handle, name, on_call))

    async def stop(self) -> None:
        """Disconnect from all. Live calls stay up."""
        await asyncio.gather(*(each.stop() for each in self._drivers.values()))

    def adopt(self, name: str, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        """Take over what a run of ours before this one had up on one of them: see the port."""
        for call_id, channel in calls.items():
            self._calls[call_id] = name
            self._adopted[call_id] = LegId(channel)
        self._legs |= dict.fromkeys((*legs, *(LegId(each) for each in calls.values())), name)
        self._drivers[name].adopt(legs, calls)

    def tell_end(self, channel: CallChannel) -> None:
        """``CallLost`` will tell of the end of a call whose handler, which runs now, is about to fail."""
        self._watched.add(channel.info.call_id)

    # --- what is asked for ------------------------------------------------------------------------------------

    async def originate(self, request: Originate) -> None:
        """See the port."""
        name = self._place(request)
        leg_id = LegId(request.attempt_id) if isinstance(request, DialAttempt) else request.leg_id
        if self._legs.get(leg_id, name) != name:
            raise SwitchRefused(f"{leg_id} is a leg of switch {self._legs[leg_id]}")
        known = leg_id in self._legs
        self._legs[leg_id] = name
        try:
            await self._drivers[name].originate(request)
        except (SwitchRefused, CommandRefused):
            if not known:
                self._legs.pop(leg_id, None)
            raise
        except (SwitchError, asyncio.CancelledError):
            self._unsure.add(leg_id)
            raise

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        """See the port."""
        name = self._where(leg_id)
        if name is None:
            raise SwitchRefused(f"no leg {leg_id} is up")
        if host is not None and self._where(host) != name:
            raise SwitchRefused(f"leg {host} is not on switch {name}, where {leg_id} is")
        await self._drivers[name].seat(leg_id, seat, host)

    async def beep(self, leg_id: LegId) -> None:
        """See the port."""
        name = self._where(leg_id)
        if name is None:
            raise SwitchRefused(f"no leg {leg_id} is up")
        await self._drivers[name].beep(leg_id)

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        """See the port."""
        if (name := self._where(leg_id)) is not None:
            await self._drivers[name].hang_up(leg_id, cause)

    def _place(self, request: Originate) -> str:
        """The switch that a leg is asked for on.

        Raises:
            CommandRefused: none is meant, or there is none such: our bug.
            SwitchRefused: the trunk is of another switch than the leg must be on.
        """
        if len(self._drivers) == 1:
            return self.names[0]
        if isinstance(request, DialAttempt):
            return self._known(self._trunks.get(request.trunk, ""), request.trunk)
        name = self._known(request.switch, request.leg_id)
        if isinstance(request, RingOutside) and request.number:
            owner = self._trunks.get(request.destination)
            if owner != name:
                raise SwitchRefused(f"trunk {request.destination} is of switch {owner}, the leg would be on {name}")
        return name

    def _known(self, name: str, of: str) -> str:
        if name not in self._drivers:
            raise CommandRefused(f"no switch {name!r} for {of}: there are {', '.join(self._drivers)}")
        return name

    def _where(self, leg_id: LegId) -> str | None:
        """The switch that has the leg; None: none that is known."""
        if len(self._drivers) == 1:
            return self.names[0]
        known = self._legs.get(leg_id)
        return known or next((name for name, live in self._live.items() if leg_id in live), None)

    # --- what is told -----------------------------------------------------------------------------------------

    def _tell(self, name: str, on_event: Told, event: SwitchEvent) -> None:
        match event:
            case events.SwitchUp(_, live):
                self._live[name] = live
                for leg_id in [each for each in self._unsure if self._legs.get(each) == name and each not in live]:
                    self._forget(leg_id)
            case (
                events.LegRinging(leg_id)
                | events.LegAnswered(leg_id)
                | events.LegHeld(leg_id)
                | events.LegEnded(leg_id)
            ):
                if self._is_foreign(self._legs.get(leg_id), name, leg_id):
                    return
                if isinstance(event, events.LegEnded):
                    self._forget(leg_id)
            case events.CallConnected(call_id) | events.CallLost(call_id):
                if self._is_foreign(self._calls.get(call_id), name, call_id):
                    return
                if isinstance(event, events.CallLost):
                    self._calls.pop(call_id, None)
                    self._forget(self._adopted.pop(call_id, LegId("")))
            case _:
                pass
        on_event(name, event)

    async def _handle(self, name: str, on_call: CallHandler, channel: CallChannel) -> None:
        call_id = channel.info.call_id
        owner = self._calls.get(call_id) or self._legs.get(LegId(call_id))
        if self._is_foreign(owner, name, call_id):
            await channel.perform(Hangup())
            return
        self._calls[call_id] = name
        try:
            await on_call(channel)
        finally:
            self._calls.pop(call_id, None)
            if call_id in self._watched:  # once the driver has done with the handler
                self._watched.discard(call_id)
                calls = {call_id: channel.info.channel}
                asyncio.get_running_loop().call_soon(self.adopt, name, frozenset[LegId](), calls)

    def _forget(self, leg_id: LegId) -> None:
        self._legs.pop(leg_id, None)
        self._unsure.discard(leg_id)

    def _is_foreign(self, owner: str | None, name: str, what: str) -> bool:
        if owner in (None, name):
            return False
        log.get().error("a switch tells of what another one has", switch=name, has=owner, id=what)
        return True
