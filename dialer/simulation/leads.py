"""Whom the core begins to dial: the leads of one campaign, in memory and by the rules that the store asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from calls.causes import Outcome
from calls.ids import AttemptId, LeadId
from dialer import compliance, routes
from dialer.campaign import Campaign
from dialer.compliance import Allowed, History, PastAttempt
from dialer.events import Begun, BegunAttempt, Finish
from dialer.routes import Room, Route
from dialer.simulation.roll import Lead, Roll
from dialer.simulation.scenario import Scenario

START = datetime(2027, 3, 1, 14, tzinfo=UTC)
"""The wall clock at the start of a run: a Monday on which every zone of :data:`ZONES` is open for nine hours."""

ZONES = ("America/New_York",)
FIRST_NUMBER = 12_000_000_000


@dataclass(slots=True)
class _Person:
    """What is remembered of somebody who may be dialled again."""

    past: list[PastAttempt] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)


class PlainLeads:
    """The leads of one campaign. ``ids``: attempts' ids, which the campaigns of a run share."""

    def __init__(self, scenario: Scenario, campaign: Campaign, ids: Iterator[int]) -> None:
        self._campaign = campaign
        self._roll = Roll(scenario)
        self._rules = compliance.rules_of(campaign)
        self._ids = ids
        self._open: dict[AttemptId, Lead] = {}
        self._people: dict[int, _Person] = {}
        self._remembers = scenario.tries > 1

    def begin(self, up_to: int, rooms: tuple[Room, ...], now: float) -> Begun:
        """As :func:`dialer.attempts.begin_attempts`."""
        left = {room.trunk.name: room.free for room in rooms}
        wanted = min(up_to, sum(left.values()))
        begun: list[BegunAttempt] = []
        refused: Counter[str] = Counter()
        wall = START + timedelta(seconds=now)
        while len(begun) < wanted and (lead := self._roll.next(now)) is not None:
            number = f"+{FIRST_NUMBER + lead.number}"
            verdict = compliance.check(compliance.Lead(number, ZONES), self._history(lead), self._rules, wall)
            if not isinstance(verdict, Allowed):
                refused[verdict.rule] += 1
                if verdict.until is not None:
                    self._roll.put(lead, max(now + 1.0, (verdict.until - START).total_seconds()))
                continue
            route = routes.choose(number, tuple(Room(room.trunk, left[room.trunk.name]) for room in rooms))
            if not isinstance(route, Route):
                break
            left[route.trunk.name] -= 1
            begun.append(self._begun(lead, number, route, now))
        next_in_s = self._roll.next_in_s(now)
        exhausted = next_in_s is None and not begun and not self._open
        return Begun(tuple(begun), dict(refused), next_in_s, exhausted)

    def _history(self, lead: Lead) -> History:
        person = self._people.get(lead.number)
        return History() if person is None else History(tuple(person.past))

    def _begun(self, lead: Lead, number: str, route: Route, now: float) -> BegunAttempt:
        attempt_id = AttemptId(f"a{next(self._ids)}")
        self._open[attempt_id] = lead
        return BegunAttempt(
            attempt_id=attempt_id,
            campaign_id=self._campaign.campaign_id,
            lead_id=LeadId(str(lead.number)),
            number=number,
            trunk=route.trunk.name,
            try_number=lead.tries,
            stratum=self._roll.stratum(lead, now),
        )

    def has(self, attempt_id: AttemptId) -> bool:
        """True where the attempt is under way here."""
        return attempt_id in self._open

    def lead_of(self, attempt_id: AttemptId) -> Lead:
        """Whose attempt it is."""
        return self._open[attempt_id]

    def finish(self, finish: Finish, now: float) -> None:
        """As :func:`dialer.attempts.finish_attempt`: the lead is dialled again where the campaign says so."""
        lead = self._open.pop(finish.attempt_id)
        if not finish.sent:
            self._roll.put(lead, now)
            return
        if not self._remembers:
            return
        person = self._people.setdefault(lead.number, _Person())
        at = START + timedelta(seconds=now)
        person.past.append(PastAttempt(at, finish.number, self._campaign.campaign_id, finish.outcome))
        person.outcomes[finish.outcome] += 1
        retry = self._campaign.retry(finish.outcome)
        if retry is not None and person.outcomes[finish.outcome] <= retry.times:
            self._roll.put(Lead(lead.of, lead.tries + 1, lead.number), now + retry.after_s)
        else:
            del self._people[lead.number]
