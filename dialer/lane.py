"""A campaign on one of its switches: paced by the agents who can be reached there.

A call and its agent are on the same switch, so what a campaign may dial on one of them is decided by the agents of
that one alone. A campaign whose trunks are all of one switch has one lane.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calls.ids import AttemptId, CampaignId
from dialer.pace import policy_of
from dialer.pacing import Policy, Power, Progressive

if TYPE_CHECKING:  # the campaign's run has its lanes
    from dialer.campaign import Campaign
    from dialer.run import AttemptRun, CampaignRun


FULL_S = 0.25
"""While no call may be added, a policy that remembers nothing is asked no more often: its answer is none, and only
the words and figures of why would change."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided last, and why."""

    at_s: float
    dials: int
    reason: str
    figures: dict[str, int | float | str] = field(default_factory=dict)


class Lane:
    """One campaign on one switch."""

    def __init__(self, run: CampaignRun, switch: str, ways: tuple[str, ...], now: float) -> None:
        """``ways``: the campaign's trunks on this switch, in the order named."""
        self.run = run
        self.switch = switch
        self.ways = ways
        self.policy = run.policies(run.campaign)
        self.decision = Decision(now, 0, "not started")
        self.noted = self.decision
        """The last decision that the campaign's reasons know."""
        self.full_until = now
        """No call may be added, and until then the last decision says so."""
        self.decide_at = now
        """Not before this does a policy decide again that decides once a second."""
        self.counted_on = 0
        """Free agents who were its own when it dialled last: its calls under way need them."""

    @property
    def campaign(self) -> Campaign:
        """The campaign as it is now."""
        return self.run.campaign

    @property
    def key(self) -> CampaignId:
        """By what agents and lines are divided: each lane is a party of its own."""
        campaign_id = self.campaign.campaign_id
        return campaign_id if len(self.run.lanes) == 1 else CampaignId(f"{campaign_id} on {self.switch}")

    @property
    def remembers(self) -> bool:
        """Whether the policy may decide otherwise by what it was asked before."""
        return not isinstance(self.policy, Progressive | Power)

    @property
    def attempts(self) -> Collection[AttemptRun]:
        """The campaign's attempts under way on this switch."""
        return self._mine(self.run.attempts.values())

    @property
    def unsent(self) -> list[AttemptRun]:
        """Those of them that the switch was not asked for yet."""
        return list(self._mine(self.run.unsent.values())) if self.run.unsent else []

    def _mine(self, attempts: Collection[AttemptRun]) -> Collection[AttemptRun]:
        if len(self.run.lanes) == 1:
            return attempts
        return [each for each in attempts if self.run.lane_of(each.switch) is self]

    def has(self, attempt_id: str) -> bool:
        """True where it is the id of one of them."""
        attempt = self.run.attempts.get(AttemptId(attempt_id))
        return attempt is not None and self.run.lane_of(attempt.switch) is self

    def window(self, now: float) -> tuple[int, int]:
        """Its part of the people who answered in the preset's window, and of those who were abandoned.

        The cap is the campaign's: each of several lanes may use its part of it only, the part of those who were
        abandoned rounded up.
        """
        answers, abandons = self.run.window(now)
        lanes = len(self.run.lanes)
        return answers // lanes, -(-abandons // lanes)

    def pace_anew(self) -> None:
        """The campaign's pace has changed: begin with a policy that has seen nothing."""
        self.policy = self.run.policies(self.campaign)

    def cut(self, dials: int, why: str) -> None:
        """Dial fewer than the last decision, and say why."""
        last = self.decision
        self.decision = Decision(last.at_s, dials, f"{last.reason}; {why}", last.figures)


PolicyOf = Callable[["Campaign"], Policy]


def live_policy(campaign: Campaign) -> Policy:
    """A new policy as the campaign's file asks for it."""
    file = campaign.file
    return policy_of(file.pacing, campaign.preset, file.ring_timeout_s)


def decided(lanes: list[Lane]) -> Decision:
    """What was decided last for all lanes of a campaign together; with more than one, by the names of switches."""
    if len(lanes) == 1:
        return lanes[0].decision
    last = [lane.decision for lane in lanes]
    reasons = {each.reason for each in last}
    words = "; ".join(f"{lane.switch}: {lane.decision.reason}" for lane in lanes)
    figures = {f"{lane.switch}.{key}": value for lane in lanes for key, value in lane.decision.figures.items()}
    return Decision(
        max(each.at_s for each in last),
        sum(each.dials for each in last),
        reasons.pop() if len(reasons) == 1 else words,
        figures,
    )
