"""What each campaign has: its part of the agents, as its policy sees them, and of its trunk's free lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Set

from calls.agents.states import AgentState
from calls.ids import CampaignId
from dialer.allocation import Agents, Division, Party, Units
from dialer.pacing import Snapshot
from dialer.run import AttemptRun, CampaignRun, Phase
from dialer.workforce import Workforce

RINGING = (Phase.UNSENT, Phase.DIALLED, Phase.DETECTING)


class Sharing:
    """Divides what there is between the campaigns, and shows each of them its part."""

    def __init__(self) -> None:
        self.workforce = Workforce()
        self._agents = Agents()
        self._trunks: dict[str, Units] = {}
        self._division = Division({}, {})
        self._reserved: Set[str] = frozenset()

    def divide(self, runs: Iterable[CampaignRun], usable: Callable[[CampaignRun], int], now: float) -> None:
        """Divide the agents anew. ``usable``: how many more of them a campaign could dial for now."""
        self._reserved = self.workforce.reserved_calls()
        members = [run for run in runs if run.campaign.file.pacing.for_agents and not run.campaign.on_request]
        ready = self.workforce.ready(tuple(run.campaign for run in members))
        if len(members) < 2:  # nobody to share with
            self._division = Division({}, ready)
            return
        parties = [
            Party(
                run.campaign.campaign_id,
                run.campaign.file.weight,
                usable(run),
                len(self._busy(run, AgentState.TALKING)) + len(self._busy(run, AgentState.WRAP_UP)),
                self._promised(run),
                run.campaign.file.priority,
            )
            for run in members
        ]
        self._division = self._agents.divide(ready, parties, now)

    def cut(self, trunk: str, free: int, wants: Iterable[tuple[CampaignRun, int]]) -> dict[CampaignId, int]:
        """How many of the ``free`` calls of a trunk each campaign may place now, of those that it wants."""
        units = self._trunks.setdefault(trunk, Units())
        parties = [
            Party(run.campaign.campaign_id, run.campaign.file.weight, wanted, priority=run.campaign.file.priority)
            for run, wanted in wants
        ]
        return units.divide(free, parties)

    def snapshot(self, run: CampaignRun, now: float, lines_free: int) -> Snapshot:
        """The campaign as its policy sees it: agents who are given to another campaign are not its own."""
        since: dict[Phase, list[AttemptRun]] = {phase: [] for phase in Phase}
        for attempt in run.attempts.values():
            since[attempt.phase].append(attempt)
        waiting = [each for each in since[Phase.OFFERED] if each.attempt_id not in self._reserved]
        ringing, detecting = since[Phase.DIALLED], since[Phase.DETECTING]
        if run.campaign.file.pacing.reserves(run.campaign.preset):
            # those that have an agent of their own need none of the free ones
            ringing = [each for each in (*since[Phase.UNSENT], *ringing) if each.attempt_id not in self._reserved]
            detecting = [each for each in detecting if each.attempt_id not in self._reserved]
        answers, abandons = run.window(now)
        return Snapshot(
            at_s=now,
            ready=self._division.ready(run.campaign.campaign_id),
            waiting=len(waiting),
            ringing_since_s=tuple(each.since for each in ringing),
            talking_since_s=self._busy(run, AgentState.TALKING),
            wrapping_since_s=self._busy(run, AgentState.WRAP_UP),
            lines_free=lines_free,
            ringing=tuple((each.since, each.begun.stratum) for each in ringing),
            waiting_since_s=tuple(each.since for each in waiting),
            detecting_since_s=tuple(each.since for each in detecting),
            reserved=sum(each.attempt_id in self._reserved for each in run.attempts.values()),
            inbound_waiting=self.workforce.inbound.get(run.campaign.queue, 0),
            inbound_rate_per_s=self.workforce.inbound_rate_per_s(run.campaign, now),
            window_answers=answers,
            window_abandons=abandons,
        )

    def _busy(self, run: CampaignRun, state: AgentState) -> tuple[float, ...]:
        return self.workforce.busy_for(run.campaign, state)

    def _promised(self, run: CampaignRun) -> int:
        """Free agents whom its calls under way need: those whom it counted on when it dialled, and one for each
        person who waits."""
        phases = Counter(each.phase for each in run.attempts.values() if each.attempt_id not in self._reserved)
        ringing = sum(phases[phase] for phase in RINGING)
        return phases[Phase.OFFERED] + min(run.counted_on, ringing)
