"""What the core remembers of a campaign that runs and of each attempt under way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import assert_never, cast

from calls.causes import Outcome
from calls.ids import AgentId, AttemptId, BootId
from calls.switch.port import Detected, DialAttempt
from dialer import windows
from dialer.campaign import Campaign
from dialer.events import Begun, BegunAttempt, CampaignState, Finish
from dialer.lane import Decision, Lane, PolicyOf, decided, live_policy
from dialer.limits import Limits
from dialer.pacing import Broadcast, Predictive
from dialer.presets import CONNECT_WITHIN_S, OFFER_WITHIN_S, ClockStart
from dialer.reasons import Reasons

BUCKET_S = 3600.0

UNKNOWN = "its schedule has not been looked at yet"


class Phase(Enum):
    """Where an attempt is."""

    UNSENT = auto()
    """Stands in the store, the switch was not asked yet."""
    DIALLED = auto()
    """The switch was asked; unanswered as far as we know."""
    DETECTING = auto()
    """Answered; not ours yet, machine detection may run."""
    OFFERED = auto()
    """A person, waiting for an agent."""
    TALKING = auto()
    MESSAGE = auto()
    MACHINE = auto()
    """A machine, on which a message is left."""
    FLOW = auto()
    """A person, in the flow of a broadcast."""
    ENDING = auto()
    """We asked for its end."""


MESSAGE_LIMIT_S = 60.0
"""No safe-harbour message is longer; then we hang up whether its end was told or not."""

MACHINE_LIMIT_S = 150.0
"""No greeting is heard out, and no message left, for longer: half a minute of greeting and two of message."""

ENDING_LIMIT_S = 30.0
"""A leg that we asked to end and that has not told its end by then is taken for ended."""

OVERDUE_S = 45.0
"""After the ring timeout: an attempt that nothing was heard of is lost. With a ring time of 60 s at most it stays
under the 120 s of invariant I8."""

DETECTING_LIMIT_S = 30.0
"""Answered and never handed to us: machine detection takes some seconds, never this long."""

DETECTION_S = 7.0
"""Machine detection is over by then (AMD takes 5 s at most), and the dialplan has asked for us: who was answered for
longer and two seconds more, and never came to us, was in nobody's hands."""

ANSWER_UNSEEN = "answered while no engine ran: nobody knows since when, and no agent is known to have come"
END_UNSEEN = "ended while no engine ran: nobody knows whether a person had answered"
OVERDUE = "nothing was heard of it for longer than it may ring: nobody knows whether a person had answered"
CROSSED = "answered as we hung up, since its person is not to be called any more: no agent could come"
NEVER_CAME = "answered, and never led to us: nobody knows whether machine detection would have told a person"

LONGEST_REST_S = 10.0
"""The store is asked at least this often: a clock that was set, or leads that nobody told of, are found."""

SETTLING_REST_S = 0.5
"""Asked again after this when nothing is under way here and the store says that something is: a record that is still
being written, or an attempt of a person whom another campaign dials."""

REQUESTED_WAIT_S = 60.0
"""How long a person waits who asked for the call, and whose agent was lost as they answered."""

NEVER = float("inf")

UNANSWERED = (Phase.UNSENT, Phase.DIALLED)


@dataclass(slots=True)
class AttemptRun:
    """One attempt under way. Times are of the core's clock; None: has not happened, or before a restart."""

    begun: BegunAttempt
    campaign: Campaign
    phase: Phase
    since: float
    """When ``phase`` began."""
    heard_at: float
    """When the switch last spoke of it."""
    boot: BootId | None = None
    switch: str = ""
    """The one that has it, or will have; "": there is only one."""
    adopted: bool = False
    asked: bool = False
    """A person asked for it, an agent or who is called; its agent is there already."""
    sent_at: float | None = None
    rang: bool = False
    answered_at: float | None = None
    clock_at: float | None = None
    """When the preset's two seconds began."""
    deadline_s: float | None = None
    connected_at: float | None = None
    message_at: float | None = None
    flow_at: float | None = None
    talk_since: float | None = None
    talk_s: float = 0.0
    detected: Detected = Detected.NOT_ASKED
    person: bool = False
    agent_id: AgentId | None = None
    reserving: bool = False
    """An agent is asked for before it is dialled."""
    reserved: bool = False
    """The agent is there."""
    ends_as: Outcome | None = None
    """Known before the end: machine, cancelled."""
    doubt: str = ""
    """Why nobody knows when the preset's two seconds began. They are taken to be over, without an agent: the careful
    side. "" where it is known."""
    limit_at: float = field(init=False)
    """When something must be done about it though nothing is heard of it."""
    limits: Limits[AttemptRun] | None = None
    """Where that is looked up."""

    def __post_init__(self) -> None:
        self.limit_at = self._limit()

    @property
    def attempt_id(self) -> AttemptId:
        """The attempt's id, which is its leg's and its call's too."""
        return self.begun.attempt_id

    def enter(self, phase: Phase, now: float) -> None:
        """Be in ``phase`` from ``now`` on."""
        if self.phase is Phase.TALKING and self.talk_since is not None:
            self.talk_s += now - self.talk_since
            self.talk_since = None
        if phase is Phase.TALKING:
            self.talk_since = now
        self.phase = phase
        self.since = now
        self.limit_at = self._limit()
        self.note_limit()

    def note_limit(self) -> None:
        """Let its limit be found, where it has one."""
        if self.limits is not None and self.limit_at < NEVER:
            self.limits.keep(self)

    def _limit(self) -> float:
        match self.phase:
            case Phase.OFFERED:
                return NEVER if self.deadline_s is None else self.deadline_s
            case Phase.MESSAGE:
                return self.since + MESSAGE_LIMIT_S
            case Phase.MACHINE:
                return self.since + MACHINE_LIMIT_S
            case Phase.DETECTING:  # in doubt: the dialplan's fallback may have led them to somebody
                return NEVER if self.doubt else self.since + DETECTING_LIMIT_S
            case Phase.DIALLED:
                return self.since + self.campaign.file.ring_timeout_s + OVERDUE_S
            case Phase.ENDING:
                return self.since + ENDING_LIMIT_S
            case Phase.UNSENT | Phase.TALKING | Phase.FLOW:
                return NEVER
            case _:
                assert_never(self.phase)

    def dial(self) -> DialAttempt:
        """The order to the switch."""
        file = self.campaign.file
        return DialAttempt(
            attempt_id=self.begun.attempt_id,
            number=self.begun.number,
            trunk=self.begun.trunk,
            caller_id=self.begun.caller_id,
            ring_timeout_s=file.ring_timeout_s,
            detect_machine=file.detect_machine and file.detector == "switch",
        )

    def answer(self, now: float, doubt: str = "") -> None:
        """Answered: start the preset's clock where it starts so. ``doubt``: see the field."""
        self.answered_at = now
        self.doubt = doubt
        detecting = self.campaign.file.detect_machine
        if not doubt and self.campaign.preset.clock(detecting) is ClockStart.ANSWER:
            self.clock_at = now

    def arrive(self, now: float) -> None:
        """A person is on the line: start the preset's clock where it does not run yet."""
        self.person = True
        if self.clock_at is None and not self.doubt:
            self.clock_at = now

    def deadline(self, now: float) -> float:
        """Until when an agent must be there; else the message: at once where nobody knows how long they waited. Who
        asked for the call has an agent already, and may wait for the next where that one is lost."""
        if self.campaign.on_request:
            return now + REQUESTED_WAIT_S
        return now if self.clock_at is None else self.clock_at + OFFER_WITHIN_S

    def connect_s(self) -> float | None:
        """From the clock to the agent, the message or the flow, whichever came first."""
        if self.clock_at is None:
            return None
        met = [at for at in (self.connected_at, self.message_at, self.flow_at) if at is not None]
        return min(met) - self.clock_at if met else None

    def abandoned(self, now: float) -> bool:
        """True where a person answered and met no agent within the two seconds, as far as it is known ``now``; what
        is not known counts as that. Of a broadcast, which promises no agent: where its flow began later than that."""
        if self.doubt:
            return self.ends_as is not Outcome.MACHINE
        if self.clock_at is None:
            return False
        met_at = self.connected_at if self.connected_at is not None else self.flow_at
        if met_at is not None:
            return met_at - self.clock_at > CONNECT_WITHIN_S
        return self.message_at is not None or now - self.clock_at > CONNECT_WITHIN_S

    def look_back(self, now: float, unseen: str = "") -> None:
        """At its end: find the doubt that there is about it. ``unseen``: why nobody saw the end; "": it was seen."""
        if self.answered_at is None:
            self.doubt = unseen
            return
        came = self.person or self.agent_id is not None or self.detected is not Detected.NOT_ASKED
        late = now - self.answered_at > DETECTION_S + CONNECT_WITHIN_S
        if late and not came and self.clock_at is None and not self.doubt:
            self.doubt = NEVER_CAME

    def finish(self, outcome: Outcome, cause: int | None, now: float) -> Finish:
        """The final word on the attempt."""
        self.enter(Phase.ENDING, now)
        self.limit_at = NEVER
        until = self.answered_at if self.answered_at is not None else now
        abandoned = self.abandoned(now)
        return Finish(
            attempt_id=self.begun.attempt_id,
            campaign=self.campaign,
            lead_id=self.begun.lead_id,
            number=self.begun.number,
            outcome=outcome,
            cause=cause,
            sent=self.sent_at is not None or self.adopted,
            answered=self.answered_at is not None,
            abandoned=abandoned,
            detected=self.detected,
            agent_id=self.agent_id,
            ring_s=until - self.sent_at if self.sent_at is not None else None,
            connect_s=self.connect_s(),
            talk_s=self.talk_s,
            doubt=self.doubt,
            counted=self.person or abandoned,
        )


Ways = Mapping[str, tuple[str, ...]]
"""A campaign's trunks by the switches that own them, in the order named."""


class CampaignRun:
    """One campaign as the core runs it."""

    def __init__(
        self, campaign: Campaign, now: float, ways: Ways | None = None, policies: PolicyOf = live_policy
    ) -> None:
        """``ways``: None: all its trunks are of the only switch. ``policies``: makes what paces it."""
        self.campaign = campaign
        self.policies = policies
        ways = {"": campaign.file.ways} if ways is None else ways
        self.lanes = {switch: Lane(self, switch, trunks, now) for switch, trunks in ways.items()}
        self._share_rate()
        self.state = CampaignState.STOPPED
        self.faults = 0
        """How many times in a row attempts could not be begun by a fault that nobody had foreseen."""
        self.stands_for = ""
        """Why it was paused by such faults; "": it was not."""
        self.asked: int | None = None
        """How many attempts the store was asked for and has not answered yet."""
        self.offered: dict[str, int] = {}
        """How many of them each trunk may get."""
        self.ask_at = now
        """Not before this is the store asked again."""
        self.waits_for = ""
        """What ``ask_at`` waits for, in words."""
        self.closed = UNKNOWN if campaign.file.schedule.is_set else ""
        """Why its schedule does not let it dial; "": it does."""
        self.local_hour: int | None = None
        """The hour of the day where the campaign is; None: nobody has said."""
        self.look = True
        """The store is to be asked whether a lead is left, agents or not."""
        self.exhausted = False
        """The store said that no lead is left."""
        self.attempts: dict[AttemptId, AttemptRun] = {}
        """Those that are not over."""
        self.unsent: dict[AttemptId, AttemptRun] = {}
        """Those of them that the switch was not asked for yet."""
        self.outcomes: Counter[Outcome] = Counter()
        self.refused: Counter[str] = Counter()
        self.reasons = Reasons()
        """Why it dialled what it dialled since somebody took them."""
        self._window: deque[tuple[float, int, int]] = deque()
        self._resets: deque[float] = deque()
        """When the count of the preset's window begins anew."""

    def lane_of(self, switch: str) -> Lane:
        """The lane on a switch; the first for one on which the campaign has no trunk any more."""
        return self.lanes.get(switch) or next(iter(self.lanes.values()))

    @property
    def decision(self) -> Decision:
        """What was decided last, and why."""
        return decided(list(self.lanes.values()))

    def note_decisions(self) -> None:
        """Count what was decided since the last time."""
        for lane in self.lanes.values():
            last = lane.decision
            if last is not lane.noted:
                lane.noted = last
                reason = last.reason if len(self.lanes) == 1 else f"{lane.switch}: {last.reason}"
                self.reasons.note(last.at_s, last.dials, reason, last.figures)

    def renew(self, campaign: Campaign, now: float, ways: Ways | None = None) -> None:
        """Take the campaign as it is now; another pace begins with what this one has learnt, where that fits, and so
        does a switch on which it had no trunk yet."""
        learnt, before, self.campaign = self.learnt(), self.campaign, campaign
        ways = {"": campaign.file.ways} if ways is None else ways
        others = ways.keys() != self.lanes.keys()
        self.lanes = {switch: self.lanes.get(switch) or Lane(self, switch, (), now) for switch in ways}
        for switch, lane in self.lanes.items():
            lane.ways = ways[switch]
        if others or _paced(before) != _paced(campaign):
            for lane in self.lanes.values():
                lane.pace_anew()
            self._share_rate()
            if learnt is not None:
                self.remember(learnt)
        if before.file.schedule != campaign.file.schedule:
            self.closed = UNKNOWN if campaign.file.schedule.is_set else ""

    def _share_rate(self) -> None:
        """A broadcast's rate is the campaign's: all its switches count against the same one."""
        first, *others = self.lanes.values()
        if isinstance(first.policy, Broadcast):
            for lane in others:
                lane.policy = first.policy

    def learnt(self) -> dict[str, object] | None:
        """What its pacing has learnt, as JSON values; None: it learns nothing."""
        states = {
            switch: lane.policy.state() for switch, lane in self.lanes.items() if isinstance(lane.policy, Predictive)
        }
        if not states:
            return None
        ring_timeout_s = self.campaign.file.ring_timeout_s
        if len(states) == 1:
            return {"ring_timeout_s": ring_timeout_s, "predictive": next(iter(states.values()))}
        return {"ring_timeout_s": ring_timeout_s, "by_switch": states}

    def remember(self, learnt: Mapping[str, object]) -> None:
        """Take over what :meth:`learnt` gave, where the pacing is of that kind and numbers ring as long; what a
        release wrote that we cannot read is learnt anew."""
        if learnt.get("ring_timeout_s") != self.campaign.file.ring_timeout_s:
            return
        by_switch = learnt.get("by_switch")
        parts = 1 if isinstance(by_switch, dict) else len(self.lanes)  # who was abandoned is remembered once only
        for switch, lane in self.lanes.items():
            own = by_switch.get(switch) if isinstance(by_switch, dict) else learnt.get("predictive")
            if not (isinstance(own, dict) and isinstance(lane.policy, Predictive)):
                continue
            try:
                lane.policy.restore(cast(Mapping[str, object], own), parts)
            except ValueError:
                lane.pace_anew()

    def ask_again(self, now: float) -> None:
        """The leads may have changed: ask the store at the next chance."""
        self.ask_at = now
        self.waits_for = ""
        self.look = True
        self.exhausted = False

    def wait(self, until: float, reason: str) -> None:
        """Leave the store alone until then."""
        self.ask_at = until
        self.waits_for = reason

    def answered(self, begun: Begun, now: float) -> None:
        """The store has answered: remember what it said of the leads, and leave it alone while that holds."""
        asked, self.asked, self.offered = self.asked or 0, None, {}
        self.faults = 0
        self.refused.update(begun.refused)
        self.exhausted = begun.exhausted
        if begun.next_in_s == 0.0 or (asked and len(begun.attempts) >= asked):
            self.look = False
            return
        settling = begun.next_in_s is None and not (begun.exhausted or begun.closed) and not self.attempts
        longest_s = SETTLING_REST_S if settling else LONGEST_REST_S
        rest_s = longest_s if begun.next_in_s is None else min(longest_s, begun.next_in_s)
        self.wait(now + rest_s, _nothing_due(begun))

    def seed(self, answered: int, abandoned: int, resets_s: Sequence[float], now: float) -> None:
        """Start from what the store knows of the preset's window; ``resets_s``: from now on, when it begins anew."""
        self._resets = deque(now + each for each in resets_s)
        self.recount(answered, abandoned, now)

    def recount(self, answered: int, abandoned: int, now: float) -> None:
        """Take what the store has counted in the window in the place of what was counted here."""
        self._window.clear()
        self._window.append((now, answered, abandoned))

    def count_answer(self, abandoned: bool, now: float) -> None:
        """A person answered, and the call is over."""
        self._count(1, int(abandoned), now)

    def find_abandoned(self, before: Finish, now: float) -> None:
        """Of an attempt that is over it has come out that its person was abandoned."""
        self.outcomes[before.outcome] -= 1
        self.outcomes[Outcome.ABANDONED] += 1
        self._count(int(not before.counted), 1, now)

    def _count(self, answered: int, abandoned: int, now: float) -> None:
        self._begin_anew(now)
        if not self._window or now - self._window[-1][0] >= BUCKET_S:
            self._window.append((now, 0, 0))
        since, answers, abandons = self._window[-1]
        self._window[-1] = (since, answers + answered, abandons + abandoned)

    def window(self, now: float) -> tuple[int, int]:
        """People who answered in the preset's window, and those of them who were abandoned."""
        self._begin_anew(now)
        oldest = now - windows.longest(self.campaign.preset.cap_window).total_seconds() - BUCKET_S
        while self._window and self._window[0][0] < oldest:
            self._window.popleft()
        return sum(each[1] for each in self._window), sum(each[2] for each in self._window)

    def _begin_anew(self, now: float) -> None:
        while self._resets and self._resets[0] <= now:
            self._resets.popleft()
            self._window.clear()


def _paced(campaign: Campaign) -> tuple[object, ...]:
    """What its policy is made from."""
    return campaign.file.pacing, campaign.preset, campaign.file.ring_timeout_s


def _nothing_due(begun: Begun) -> str:
    refused = ", ".join(f"{count} by {rule}" for rule, count in sorted(begun.refused.items()))
    held = f" (refused: {refused})" if refused else ""
    if begun.waits_for:
        held += f" (leads wait for {begun.waits_for})"
    if begun.held:
        held += " (leads wait for a better hour)"
    if begun.exhausted:
        return f"no lead is left{held}"
    if begun.closed:
        return f"every lead that is left is in a closed list{held}"
    if begun.next_in_s is None:
        return f"every lead that is left is being dialled{held}"
    return f"no lead is due within {begun.next_in_s:.0f} s{held}"
