"""Counts what happens in a run through the core, of all campaigns together and of each."""

from __future__ import annotations

from calls.agents.actions import StateChanged
from calls.agents.states import AgentState
from calls.ids import AgentId, AttemptId, CampaignId
from dialer.simulation.fates import End, Fate
from dialer.simulation.scenario import HOUR_S, Scenario
from dialer.simulation.tally import Tally

IDLE = (AgentState.READY, AgentState.RESERVED)
AT_WORK = (*IDLE, AgentState.TALKING, AgentState.WRAP_UP)


class Counting:
    """The tallies of a run. Nothing is counted in the warm-up but what is under way."""

    def __init__(self, scenario: Scenario, campaigns: list[CampaignId]) -> None:
        self._warm_up_s = scenario.warm_up_s
        self._now = self._seen_to = 0.0
        self.total = Tally()
        several = len(campaigns) > 1
        self._parts = {each: Tally() for each in campaigns} if several else {}
        self._names = {each: part.name for each, part in zip(campaigns, scenario.campaigns, strict=True)}
        self._of = {each: (self.total, self._parts[each]) if several else (self.total,) for each in campaigns}
        self._at_work = 0
        self._ringing = 0
        self._talking: dict[CampaignId | None, int] = {}
        self._wrapping: dict[CampaignId | None, int] = {}
        self._states: dict[AgentId, tuple[AgentState, CampaignId | None]] = {}
        self._idle_since: dict[AgentId, float] = {}
        self._waits_since: dict[AttemptId, float] = {}

    # --- time -------------------------------------------------------------------------------------------------

    def passes(self, now: float) -> None:
        """The clock comes to ``now``."""
        passed = now - max(self._seen_to, self._warm_up_s)
        if passed > 0:
            total, talking, wrapping = self.total, sum(self._talking.values()), sum(self._wrapping.values())
            total.talking_s += passed * talking
            total.wrapping_s += passed * wrapping
            total.logged_in_s += passed * self._at_work
            total.ringing_s += passed * self._ringing
            hour = total.hour(int(self._seen_to // HOUR_S))
            hour.busy_s += passed * (talking + wrapping)
            hour.logged_in_s += passed * self._at_work
            for campaign_id, part in self._parts.items():
                part.talking_s += passed * self._talking.get(campaign_id, 0)
                part.wrapping_s += passed * self._wrapping.get(campaign_id, 0)
                part.logged_in_s += passed * self._at_work
        self._seen_to = self._now = now

    def agent(self, change: StateChanged, campaign_id: CampaignId | None) -> None:
        """An agent is in another state; ``campaign_id``: whose call it is about, None of an inbound one or none."""
        name, state = change.agent_id, change.state
        was, whose = self._states.get(name, (AgentState.LOGGED_OUT, None))
        self._states[name] = (state, campaign_id)
        self._at_work += (state in AT_WORK) - (was in AT_WORK)
        self._move(was, whose, -1)
        self._move(state, campaign_id, 1)
        if state is AgentState.READY and was is not AgentState.RESERVED:
            self._idle_since[name] = self._now
        elif state is AgentState.TALKING and self._counts:
            self.total.wait_ended(self._now - self._idle_since[name])

    def _move(self, state: AgentState, campaign_id: CampaignId | None, by: int) -> None:
        if state is AgentState.TALKING:
            self._talking[campaign_id] = self._talking.get(campaign_id, 0) + by
        elif state is AgentState.WRAP_UP:
            self._wrapping[campaign_id] = self._wrapping.get(campaign_id, 0) + by

    @property
    def _counts(self) -> bool:
        return self._now >= self._warm_up_s

    def finish(self, left: dict[CampaignId, dict[str, int]]) -> Tally:
        """The tally of the whole run; ``left``: what rings, is listened to and waits in each campaign."""
        for campaign_id, tallies in self._of.items():
            here = {
                **left[campaign_id],
                "talking": self._talking.get(campaign_id, 0),
                "wrapping": self._wrapping.get(campaign_id, 0),
            }
            for tally in tallies:
                for key, count in here.items():
                    tally.left[key] = tally.left.get(key, 0) + count
        self.total.parts = {self._names[each]: part for each, part in self._parts.items()}
        return self.total

    # --- calls ------------------------------------------------------------------------------------------------

    def dialled(self, campaign_id: CampaignId) -> None:
        """A number was dialled."""
        self._ringing += 1
        if self._counts:
            for tally in self._of[campaign_id]:
                tally.dials += 1

    def answered(self, campaign_id: CampaignId) -> None:
        """Somebody or something answered."""
        self._ringing -= 1

    def failed(self, campaign_id: CampaignId) -> None:
        """The dial came to nothing."""
        self._ringing -= 1
        if self._counts:
            for tally in self._of[campaign_id]:
                tally.failures += 1

    def told_apart(self, campaign_id: CampaignId, fate: Fate) -> None:
        """It is known who answered."""
        if not self._counts:
            return
        for tally in self._of[campaign_id]:
            tally.answers += fate.person
            tally.machines += not fate.person
            tally.machines_missed += fate.person and fate.end is End.MACHINE
            tally.persons_missed += not fate.person and fate.end is End.PERSON
        self.total.hour(int(self._now // HOUR_S)).answers += fate.person

    def waits(self, attempt_id: AttemptId) -> None:
        """A person wants an agent."""
        self._waits_since[attempt_id] = self._now

    def connected(self, campaign_id: CampaignId, attempt_id: AttemptId) -> None:
        """Person and agent hear each other."""
        waited_s = self._now - self._waits_since.pop(attempt_id)
        if self._counts:
            for tally in self._of[campaign_id]:
                tally.connected += 1
                tally.waited_s += waited_s
                tally.waited += waited_s > 0

    def talk_ended(self, campaign_id: CampaignId) -> None:
        """They have hung up."""
        if self._counts:
            for tally in self._of[campaign_id]:
                tally.talks_ended += 1

    def abandoned(self, campaign_id: CampaignId) -> None:
        """No agent came in time."""
        if self._counts:
            for tally in self._of[campaign_id]:
                tally.abandoned += 1
            self.total.hour(int(self._now // HOUR_S)).abandoned += 1

    def gone(self, campaign_id: CampaignId) -> None:
        """The person hung up before that."""
        if self._counts:
            for tally in self._of[campaign_id]:
                tally.gone += 1

    def inbound_came(self) -> None:
        """A caller."""
        self.total.inbound += self._counts

    def inbound_talks(self) -> None:
        """An agent takes the caller."""
        self.total.inbound_talks += self._counts

    def inbound_gone(self) -> None:
        """The caller gave up."""
        self.total.inbound_gone += self._counts
