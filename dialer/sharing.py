"""What each campaign has: its part of the agents, as its policy sees them, and of its trunk's free lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Set

from calls.ids import CampaignId
from dialer.allocation import Agents, Division, Party, Units
from dialer.lane import Lane
from dialer.pacing import Snapshot
from dialer.run import AttemptRun, Phase
from dialer.workforce import Since, Workforce

RINGING = (Phase.UNSENT, Phase.DIALLED, Phase.DETECTING)


class Sharing:
    """Divides what there is between the campaigns, and shows each of them its part."""

    def __init__(self) -> None:
        self.workforce = Workforce()
        self._agents = Agents()
        self._trunks: dict[str, Units] = {}
        self._division: Division | None = None
        """None: nobody shares with another, and whoever is free may be counted on."""
        self._reserved: Set[str] = frozenset()

    def divide(self, lanes: Iterable[Lane], usable: Callable[[Lane], int], now: float) -> None:
        """Divide the agents anew. ``usable``: how many more of them a campaign could dial for now, on that switch."""
        self._reserved = self.workforce.reserved_calls()
        members = [each for each in lanes if each.campaign.file.pacing.for_agents and not each.campaign.on_request]
        if len(members) < 2:
            self._division = None
            return
        ready = self.workforce.ready(tuple((each.key, each.switch, each.campaign) for each in members))
        parties = [
            Party(
                lane.key,
                lane.campaign.file.weight,
                usable(lane),
                sum(map(len, self._busy(lane))),
                self._promised(lane),
                lane.campaign.file.priority,
            )
            for lane in members
        ]
        self._division = self._agents.divide(ready, parties, now)

    def leave_to_one(self) -> None:
        """There is one campaign, on one switch: what there is is its own."""
        self._reserved = self.workforce.reserved_calls()
        self._division = None

    def _ready(self, lane: Lane) -> int:
        """How many agents the campaign may count on."""
        if self._division is not None:
            return self._division.ready(lane.key)
        campaign = lane.campaign
        if campaign.on_request or not campaign.file.pacing.for_agents:
            return 0
        groups = self.workforce.ready(((lane.key, lane.switch, campaign),))
        return sum(count for group, count in groups.items() if group)

    def cut(self, trunk: str, free: int, wants: Iterable[tuple[Lane, int]]) -> dict[CampaignId, int]:
        """How many of the ``free`` calls of a trunk each campaign may place now, of those that it wants."""
        units = self._trunks.setdefault(trunk, Units())
        parties = [
            Party(lane.key, lane.campaign.file.weight, wanted, priority=lane.campaign.file.priority)
            for lane, wanted in wants
        ]
        return units.divide(free, parties)

    def snapshot(self, lane: Lane, now: float, lines_free: int) -> Snapshot:
        """The campaign as its policy on that switch sees it: agents who are given to another campaign, or are reached
        by another switch, are not its own."""
        campaign = lane.campaign
        unsent, ringing, detecting, offered = _without_agent(lane)
        waiting = [each for each in offered if each.attempt_id not in self._reserved]
        if campaign.file.pacing.reserves(campaign.preset):
            # those that have an agent of their own need none of the free ones
            ringing = [each for each in (*unsent, *ringing) if each.attempt_id not in self._reserved]
            detecting = [each for each in detecting if each.attempt_id not in self._reserved]
        answers, abandons = lane.window(now)
        talking, wrapping = self._busy(lane)
        return Snapshot(
            at_s=now,
            ready=self._ready(lane),
            waiting=len(waiting),
            ringing_since_s=tuple([each.since for each in ringing]),
            talking_since_s=talking,
            wrapping_since_s=wrapping,
            lines_free=lines_free,
            ringing=tuple([(each.since, each.begun.stratum) for each in ringing]),
            next_up=tuple((each.since, each.begun.stratum) for each in unsent),
            waiting_since_s=tuple(each.since for each in waiting),
            detecting_since_s=tuple(each.since for each in detecting),
            reserved=sum(lane.has(each) for each in self._reserved) if self._reserved else 0,
            inbound_waiting=self.workforce.inbound_waiting(campaign.queue, lane.switch),
            inbound_rate_per_s=self.workforce.inbound_rate_per_s(campaign, lane.switch, now),
            leaving_at_s=self.workforce.leaving_at(campaign, lane.switch, now),
            local_hour=lane.run.local_hour,
            window_answers=answers,
            window_abandons=abandons,
        )

    def _busy(self, lane: Lane) -> Since:
        return self.workforce.busy_for(lane.campaign, lane.switch)

    def _promised(self, lane: Lane) -> int:
        """Free agents whom its calls under way need: those whom it counted on when it dialled, and one for each
        person who waits."""
        phases = Counter(each.phase for each in lane.attempts if each.attempt_id not in self._reserved)
        ringing = sum(phases[phase] for phase in RINGING)
        return phases[Phase.OFFERED] + min(lane.counted_on, ringing)


def _without_agent(lane: Lane) -> tuple[list[AttemptRun], list[AttemptRun], list[AttemptRun], list[AttemptRun]]:
    """The lane's attempts that are unsent, that ring, that are listened to, and that wait for an agent."""
    unsent: list[AttemptRun] = []
    ringing: list[AttemptRun] = []
    detecting: list[AttemptRun] = []
    offered: list[AttemptRun] = []
    talking, dialled, detected, waits, begun = _TALKING, _DIALLED, _DETECTING, _OFFERED, _UNSENT
    for attempt in lane.attempts:
        phase = attempt.phase
        if phase is talking:
            continue  # as most are
        if phase is dialled:
            ringing.append(attempt)
        elif phase is waits:
            offered.append(attempt)
        elif phase is detected:
            detecting.append(attempt)
        elif phase is begun:
            unsent.append(attempt)
    return unsent, ringing, detecting, offered


# By name of a module, not of a class: an attribute of an Enum is looked up at each use (some 50 ns each).
_TALKING, _DIALLED, _DETECTING = Phase.TALKING, Phase.DIALLED, Phase.DETECTING
_OFFERED, _UNSENT = Phase.OFFERED, Phase.UNSENT
