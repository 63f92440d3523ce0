"""People outside whom agents ask before they hand their caller on: by a destination of the settings, or a number.

Each has a leg of our own, which is rung, put beside the agent's, and then has the caller as an agent's leg would. A
number is dialled by the rules of ``[transfer]``, and takes of the day's minutes and money until its leg has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from calls import log
from calls.clock import Clock
from calls.errors import CommandRefused, NotSent, RecordError, SwitchError, SwitchRefused
from calls.ids import CallId, LegId
from calls.places import is_supervisors
from calls.switch.port import Legs, RingOutside
from calls.toll import Refused
from console.engine.tasks import Tasks
from console.engine.tolls import Lease, Tolls

LEG = "third-"
"""How the ids of these legs begin, before the call's id and a number: those of an earlier run are known by it."""

RING_S = 25.0
"""How long somebody outside is rung."""

LONGEST_S = 14_400.0
"""How long the leg of a destination may last: as long as a call that is handed on without a question."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom an agent asks: a destination or a supervisor's phone by its place, or a number."""

    destination: str = ""
    number: str = ""

    @property
    def kind(self) -> str:
        """The word for it in records."""
        if self.number:
            return "number"
        return "supervisor" if is_supervisors(self.destination) else "destination"


@dataclass(slots=True, eq=False)
class ThirdParty:
    """One of them. ``reached`` is there when it was answered (True) or will not be (False)."""

    leg_id: LegId
    call_id: CallId
    reached: asyncio.Future[bool]
    lease: Lease | None = None
    answered_s: float | None = None
    """When it was, on the engine's clock."""
    why_not: str = "no_answer"


@dataclass(slots=True)
class ThirdParties:
    """Of one engine."""

    switch: Legs
    tolls: Tolls
    tasks: Tasks
    clock: Clock
    _parties: dict[LegId, ThirdParty] = field(default_factory=dict)
    _left: dict[CallId, LegId] = field(default_factory=dict)
    """Legs of a run before this one that have their caller."""
    _count: int = 0

    async def ring(self, call_id: CallId, outside: Outside, caller_id: str, switch: str) -> ThirdParty:
        """Ring somebody on the call's ``switch``; who must not or cannot be rung is one who is not reached, and says
        why."""
        self._count += 1
        leg_id = LegId(f"{LEG}{call_id}-{self._count}")
        party = ThirdParty(leg_id, call_id, asyncio.get_running_loop().create_future())
        places: tuple[str, ...] = (outside.destination,)
        number, limit_s = "", LONGEST_S
        if outside.number:
            try:
                lease = await self.tolls.take(call_id, outside.number, switch)
            except RecordError:
                return self._not_reached(party, "unavailable")
            if isinstance(lease, Refused):
                return self._not_reached(party, lease.rule.value)
            party.lease = lease
            places, number, limit_s = lease.trunks, lease.allowed.number, lease.allowed.minutes * 60.0
        self._parties[leg_id] = party
        try:
            for place in places:
                request = RingOutside(leg_id, place, number, caller_id, RING_S, limit_s, switch)
                try:
                    await self.switch.originate(request)
                    break
                except (SwitchRefused, CommandRefused) as problem:
                    log.get().error("somebody outside could not be rung", problem=str(problem))
            else:
                party.why_not = "unavailable"
                self.leg_ended(leg_id)
        except NotSent as problem:  # no end of it will be told
            log.get().error("somebody outside could not be rung", problem=str(problem))
            party.why_not = "unavailable"
            self.leg_ended(leg_id)
        except SwitchError as problem:  # perhaps it rings: it is ended, and its end will be told
            log.get().error("somebody outside was rung, perhaps", problem=str(problem))
            self.let_go(leg_id)
            return self._not_reached(party, "unavailable")
        except asyncio.CancelledError:
            self.let_go(leg_id)
            raise
        return party

    def leg_answered(self, leg_id: LegId) -> bool:
        """Somebody outside has answered. False where the leg is none of these."""
        party = self._parties.get(leg_id)
        if party is None:
            return False
        party.answered_s = self.clock.monotonic_s()
        _set(party.reached, True)
        return True

    def leg_ended(self, leg_id: LegId) -> bool:
        """The leg has gone. False where it is none of these."""
        party = self._parties.pop(leg_id, None)
        if party is None:
            return False
        _set(party.reached, False)
        if party.lease is not None:
            talk_s = 0.0 if party.answered_s is None else self.clock.monotonic_s() - party.answered_s
            self.tasks.start(self.tolls.give_back(party.lease, talk_s), f"toll of {leg_id}")
        return True

    def let_go(self, leg_id: LegId) -> None:
        """End the leg, ringing or up; one that has gone is no error."""
        self.tasks.start(self._drop(leg_id), f"drop {leg_id}")

    # --- after a restart ----------------------------------------------------------------------------------------

    def recover(self, live: Iterable[str], with_caller: Iterable[CallId]) -> None:
        """What a run of ours before this one left among ``live``: who is with a caller stays, all others are ended.

        ``with_caller``: the calls that are up and whose agents have handed them on.
        """
        kept = frozenset(with_caller)
        for leg_id in live:
            if not leg_id.startswith(LEG) or leg_id in self._parties:
                continue
            call_id = CallId(leg_id.removeprefix(LEG).rpartition("-")[0])
            if call_id in kept:
                self._left[call_id] = LegId(leg_id)
            else:
                self.let_go(LegId(leg_id))

    def call_ended(self, call_id: CallId) -> None:
        """A call of the run before has ended: who talked with the caller is let go, and counts no more."""
        if call_id in self.tolls.left:
            self.tasks.start(self.tolls.call_over(call_id), f"toll of {call_id}")
        if (leg_id := self._left.pop(call_id, None)) is not None:
            self.let_go(leg_id)

    # --- inside --------------------------------------------------------------------------------------------------

    def _not_reached(self, party: ThirdParty, why: str) -> ThirdParty:
        party.why_not = why
        _set(party.reached, False)
        return party

    async def _drop(self, leg_id: LegId) -> None:
        try:
            await self.switch.hang_up(leg_id)
        except SwitchError as problem:
            log.get().error("a leg outside was not ended", leg=leg_id, problem=str(problem))


def _set(reached: asyncio.Future[bool], value: bool) -> None:
    """The first word counts."""
    if not reached.done():
        reached.set_result(value)
