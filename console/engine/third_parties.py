"""People outside whom agents ask before they hand their caller on: by a destination of the settings, or a number.

Each has a leg of our own, which is rung, put beside the agent's, and then has the caller as an agent's leg would. A
number is dialled by the rules of ``[transfer]``, and takes of the day's minutes and money until its leg has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from calls import log
from calls.clock import Clock
from calls.errors import CommandRefused, NotSent, RecordError, SwitchError, SwitchRefused
from calls.ids import CallId, LegId
from calls.places import is_supervisors
from calls.switch.port import Legs, RingOutside
from calls.toll import Refused
from console.engine.congestion import is_congestion
from console.engine.lines_beside import Line, Wanted
from console.engine.tasks import Tasks
from console.engine.tolls import Lease, Tolls

T = TypeVar("T")

LEG = "third-"
"""How the ids of these legs begin, before the call's id and a number: those of an earlier run are known by it."""

NONE = LegId("")

RING_S = 25.0
"""How long somebody outside is rung, by all trunks together."""

LEAST_RING_S = 5.0
"""By no further trunk is anybody rung for less than this."""

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


class Sign(Enum):
    """The first that is heard of a leg."""

    THERE = "there"
    """The far end rings, or has answered."""
    CONGESTED = "congested"
    """The trunk did not take the call."""
    GONE = "gone"
    """It has ended otherwise."""


@dataclass(slots=True, eq=False)
class ThirdParty:
    """One of them. ``reached`` is there when it was answered (True) or will not be (False)."""

    leg_id: LegId
    """The leg, of several the last one; "" before the first."""
    call_id: CallId
    reached: asyncio.Future[bool]
    lease: Lease | None = None
    wanted: Wanted = field(default_factory=lambda: Wanted(NONE))
    line: Line | None = None
    sign: asyncio.Future[Sign] | None = None
    """Of the leg; None: there is none."""
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
        """Ring somebody on the call's ``switch``, and return when the far end rings, or has answered, or will not.

        Who must not or cannot be rung is one who is not reached, and says why. Cancelled, nobody is rung any more.
        """
        party = ThirdParty(NONE, call_id, asyncio.get_running_loop().create_future())
        request = RingOutside(NONE, outside.destination, "", caller_id, RING_S, LONGEST_S, switch)
        try:
            if not outside.number:
                if trunk := self.tolls.trunk_to(outside.destination, switch):
                    party.wanted = await self.tolls.lines.planned(call_id, trunk)
                    await self._by_trunks(party, {trunk: request})
                else:
                    await self._try(party, request)
            elif await self._leased(party, outside.number, switch) and party.lease is not None:
                allowed = party.lease.allowed
                dialled = replace(request, number=allowed.number, talk_limit_s=allowed.minutes * 60.0)
                ways = {each: replace(dialled, destination=each) for each in party.lease.trunks}
                await self._by_trunks(party, ways)
        except NotSent as problem:  # no end of it will be told
            log.get().error("somebody outside could not be rung", problem=str(problem))
            self._end(party, "unavailable")
        except SwitchError as problem:  # perhaps it rings: it is ended, and its end will be told
            log.get().error("somebody outside was rung, perhaps", problem=str(problem))
            self.let_go(party.leg_id)
            self._not_reached(party, "unavailable")
        except asyncio.CancelledError:
            if party.leg_id in self._parties:
                self._not_reached(party, "no_answer")
                self.let_go(party.leg_id)
            else:
                self._end(party, "no_answer")
            raise
        return party

    async def _leased(self, party: ThirdParty, number: str, switch: str) -> bool:
        """Whether the number may be dialled; it has its lease then."""
        taking = asyncio.ensure_future(self.tolls.take(party.call_id, number, switch))
        try:
            lease = await asyncio.shield(taking)
        except RecordError:
            self._not_reached(party, "unavailable")
            return False
        except asyncio.CancelledError:
            self.tasks.start(self._take_back(taking), f"toll of {party.call_id}")
            raise
        if isinstance(lease, Refused):
            self._not_reached(party, lease.rule.value)
            return False
        party.lease, party.wanted = lease, lease.wanted
        return True

    async def _take_back(self, taking: asyncio.Future[Lease | Refused]) -> None:
        """Nobody wants what is being taken."""
        try:
            lease = await taking
        except RecordError:
            return
        if isinstance(lease, Lease):
            await self.tolls.give_back(lease, 0.0)

    async def _by_trunks(self, party: ThirdParty, ways: dict[str, RingOutside]) -> None:
        """Ring by the first trunk that takes the call."""
        until = self.clock.monotonic_s() + RING_S
        while ways and (rest_s := until - self.clock.monotonic_s()) >= LEAST_RING_S:
            line = await self.tolls.lines.take(tuple(ways), party.wanted)
            if not isinstance(line, Line):
                break
            party.line = line
            if await self._try(party, replace(ways.pop(line.trunk), ring_timeout_s=rest_s)):
                return
        self._end(party, "unavailable")

    async def _try(self, party: ThirdParty, request: RingOutside) -> bool:
        """Ring once. False: the trunk did not take it."""
        self._count += 1
        party.leg_id = LegId(f"{LEG}{party.call_id}-{self._count}")
        sign = party.sign = asyncio.get_running_loop().create_future()
        self._parties[party.leg_id] = party
        try:
            await self.switch.originate(replace(request, leg_id=party.leg_id))
        except (SwitchRefused, CommandRefused) as problem:
            log.get().error("somebody outside could not be rung", problem=str(problem))
            self._leg_over(party)
            return False
        return await sign is not Sign.CONGESTED

    # --- what is heard of the legs ------------------------------------------------------------------------------

    def leg_rings(self, leg_id: LegId) -> bool:
        """The far end rings. False where the leg is none of these."""
        party = self._parties.get(leg_id)
        if party is not None:
            self._heard(party)
        return party is not None

    def leg_answered(self, leg_id: LegId) -> bool:
        """Somebody outside has answered. False where the leg is none of these."""
        party = self._parties.get(leg_id)
        if party is None:
            return False
        self._heard(party)
        party.answered_s = self.clock.monotonic_s()
        _set(party.reached, True)
        return True

    def leg_ended(self, leg_id: LegId, cause: int | None = None) -> bool:
        """The leg has gone. False where it is none of these."""
        party = self._parties.get(leg_id)
        if party is None:
            return False
        unheard = party.sign is not None and not party.sign.done()
        congested = unheard and party.line is not None and is_congestion(cause)
        if congested and party.line is not None:
            self.tolls.lines.congested(party.line)
        sign = party.sign
        self._leg_over(party)
        if sign is not None and unheard:
            sign.set_result(Sign.CONGESTED if congested else Sign.GONE)
        if not congested or party.reached.done():
            self._end(party, party.why_not)
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
        """A call of the run before has ended, or one whose transfer nobody knows the end of: who talked with the
        caller is let go, and counts no more."""
        self.tolls.lines.over(call_id)
        if call_id in self.tolls.left:
            self.tasks.start(self.tolls.call_over(call_id), f"toll of {call_id}")
        if (leg_id := self._left.pop(call_id, None)) is not None:
            self.let_go(leg_id)

    # --- inside --------------------------------------------------------------------------------------------------

    def _heard(self, party: ThirdParty) -> None:
        if party.sign is not None:
            _set(party.sign, Sign.THERE)
        if party.line is not None:
            self.tolls.lines.carried(party.line)

    def _leg_over(self, party: ThirdParty) -> None:
        """There is no leg any more, or never was one: its line is free."""
        del self._parties[party.leg_id]
        party.sign = None
        line, party.line = party.line, None
        if line is not None:
            self.tolls.lines.give_back(line)

    def _end(self, party: ThirdParty, why: str) -> None:
        """Nobody is rung or talks any more, and what it was allowed is given back."""
        if party.leg_id in self._parties:
            self._leg_over(party)
        self._not_reached(party, why)
        self.tolls.lines.drop(party.wanted)
        lease, party.lease = party.lease, None
        if lease is not None:
            talk_s = 0.0 if party.answered_s is None else self.clock.monotonic_s() - party.answered_s
            self.tasks.start(self.tolls.give_back(lease, talk_s), f"toll of {party.call_id}")

    @staticmethod
    def _not_reached(party: ThirdParty, why: str) -> None:
        if not party.reached.done():
            party.why_not = why
            party.reached.set_result(False)

    async def _drop(self, leg_id: LegId) -> None:
        try:
            await self.switch.hang_up(leg_id)
        except SwitchError as problem:
            log.get().error("a leg outside was not ended", leg=leg_id, problem=str(problem))


def _set(future: asyncio.Future[T], value: T) -> None:
    """The first word counts."""
    if not future.done():
        future.set_result(value)
