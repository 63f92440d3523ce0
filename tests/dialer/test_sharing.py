"""What each campaign has of the agents, and what its policy is shown and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from calls.agents.states import AgentState
from calls.ids import AgentId, AttemptId, QueueName
from calls.switch.port import Detected
from dialer import events as ev
from dialer import pacing
from dialer.campaign import Campaign
from dialer.dialling import Dialling
from dialer.events import FloorAgent
from dialer.pacing import Snapshot
from dialer.run import AttemptRun, CampaignRun, Phase
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.core_bench import Bench, asked

SALES, SUPPORT = QueueName("sales"), QueueName("support")
READY, TALKING, WRAP_UP, OUT = AgentState.READY, AgentState.TALKING, AgentState.WRAP_UP, AgentState.LOGGED_OUT


def agent(
    name: str,
    state: AgentState = READY,
    since: float = 0.0,
    call: str | None = None,
    queues: tuple[QueueName, ...] = (SALES,),
    skills: Mapping[str, int] | None = None,
    leaving: bool = False,
) -> FloorAgent:
    free = state is READY
    return FloorAgent(AgentId(name), frozenset(queues), state, since, free, call, skills or {}, leaving)


class Shared:
    """Campaigns that run, attempts under way, a floor."""

    def __init__(self, *campaigns: Campaign) -> None:
        self.state = Dialling((LOOPBACK,), 0.0, {})
        self.runs = [CampaignRun(each, 0.0) for each in campaigns]
        for run in self.runs:
            run.state = ev.CampaignState.RUNNING
            self.state.runs[run.campaign.campaign_id] = run
        self.state.rooms.holds[""] = ""
        self.told: list[pacing.Observation] = []
        self.lanes = [run.lanes[""] for run in self.runs]
        self.count = 0

    def attempt(self, phase: Phase, since: float, run: int = 0, stratum: str = "") -> AttemptId:
        self.count += 1
        campaign = self.runs[run].campaign
        begun = ev.BegunAttempt(AttemptId(f"a{self.count}"), campaign.campaign_id, "l", "+1", "loop", 1, stratum)  # type: ignore[arg-type]
        attempt = AttemptRun(begun, campaign, phase, since, since)
        self.state.attempts[begun.attempt_id] = self.runs[run].attempts[begun.attempt_id] = attempt
        return begun.attempt_id

    def floor(self, *agents: FloorAgent, inbound: Mapping[QueueName, int] | None = None, now: float = 100.0) -> None:
        told = self.state.agents_changed(ev.AgentsChanged(agents, inbound or {}), now)
        self.told += [seen for _, _, seen in told]
        self.now = now

    def seen(self, run: int = 0) -> Snapshot:
        self.state.sharing.divide(self.lanes, lambda each: 10, self.now)
        return self.state.sharing.snapshot(self.lanes[run], self.now, 10)


@pytest.fixture
def shared(campaign: Campaign) -> Shared:
    return Shared(campaign)


@pytest.fixture
def both(tmp_path: Path) -> Shared:
    return Shared(make_campaign(tmp_path), make_campaign(tmp_path, campaign_id="winter"))


# --- the snapshot -----------------------------------------------------------------------------------------------


def test_the_snapshot_is_complete(shared: Shared) -> None:
    shared.attempt(Phase.DIALLED, 90.0, stratum="autumn, 9 h, try 2")
    shared.attempt(Phase.DETECTING, 95.0)
    reserved, waiting = shared.attempt(Phase.OFFERED, 99.0), shared.attempt(Phase.OFFERED, 99.5)
    talk, over = shared.attempt(Phase.TALKING, 60.0), shared.attempt(Phase.TALKING, 50.0)
    shared.floor(
        agent("ann"),
        agent("ben", AgentState.RESERVED, 99.1, reserved),
        agent("cid", TALKING, 60.0, talk),
        agent("dan", TALKING, 50.0, over),
    )
    del shared.state.attempts[over], shared.runs[0].attempts[over]
    shared.floor(
        agent("ann"),
        agent("ben", AgentState.RESERVED, 99.1, reserved),
        agent("cid", TALKING, 60.0, talk),
        agent("dan", WRAP_UP, 97.0, over),
    )
    seen = shared.seen()
    assert (seen.ready, seen.reserved, seen.waiting) == (1, 1, 1)
    assert seen.waiting_since_s == (99.5,)
    assert seen.ringing == ((90.0, "autumn, 9 h, try 2"),)
    assert (seen.ringing_since_s, seen.detecting_since_s) == ((90.0,), (95.0,))
    assert (seen.talking_since_s, seen.wrapping_since_s) == ((60.0,), (97.0,))
    assert waiting != reserved


def test_who_leaves_after_the_talk_is_not_waited_for(shared: Shared) -> None:
    talk = shared.attempt(Phase.TALKING, 60.0)
    shared.floor(agent("ann", TALKING, 60.0, talk, leaving=True))
    assert shared.seen().talking_since_s == ()


def test_announced_breaks_are_told_to_the_campaign_whose_agents_they_are(both: Shared) -> None:
    """Ann talks for the first campaign, Ben is free, Cat has paused already; Dan has announced nothing."""
    call = both.attempt(Phase.TALKING, 5.0)
    both.floor(
        replace(agent("ann", TALKING, 5.0, call), leaving_at_s=150.0),
        replace(agent("ben"), leaving_at_s=160.0),
        replace(agent("cat", AgentState.PAUSED), leaving_at_s=170.0),
        agent("dan"),
    )
    assert (both.seen(0).leaving_at_s, both.seen(1).leaving_at_s) == ((150.0, 160.0), (160.0,))
    assert both.seen(0).local_hour is None
    both.runs[0].local_hour = 14
    assert (both.seen(0).local_hour, both.seen(1).local_hour) == (14, None)
    both.floor(agent("ann", TALKING, 5.0, call), agent("ben"), now=110.0)
    assert both.seen(0).leaving_at_s == (), "taken back"


def test_who_talks_to_an_inbound_caller_counts_for_the_campaign_that_had_them_last(both: Shared) -> None:
    talk = both.attempt(Phase.TALKING, 10.0, run=1)
    both.floor(agent("ann", TALKING, 10.0, talk))
    both.floor(agent("ann", TALKING, 50.0, "inbound-1"))
    assert both.seen(0).talking_since_s == ()
    assert both.seen(1).talking_since_s == (50.0,)
    assert both.seen(1).inbound_rate_per_s == pytest.approx(1 / 300)
    both.floor(agent("ann"), now=401.0)
    assert both.seen(1).inbound_rate_per_s == 0.0


# --- what policies are told -------------------------------------------------------------------------------------


def test_wrap_ups_and_leaving_are_told(shared: Shared) -> None:
    talk = shared.attempt(Phase.TALKING, 10.0)
    shared.floor(agent("ann", TALKING, 10.0, talk))
    shared.floor(agent("ann", WRAP_UP, 90.0, talk))
    assert shared.told == []
    shared.floor(agent("ann"), now=104.0)
    assert shared.told == [pacing.WrapEnded(at_s=104.0, wrap_s=14.0)]
    shared.floor(agent("ann", AgentState.PAUSED), now=110.0)
    assert shared.told[1:] == [pacing.AgentLeft(at_s=110.0)]


def test_an_agent_who_is_gone_from_the_floor_has_left(shared: Shared) -> None:
    talk = shared.attempt(Phase.TALKING, 10.0)
    shared.floor(agent("ann", TALKING, 10.0, talk))
    shared.floor(now=120.0)
    assert shared.told == [pacing.AgentLeft(at_s=120.0)]


class Listening:
    """A policy that keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[pacing.Observation] = []

    def observe(self, seen: pacing.Observation) -> None:
        self.seen.append(seen)

    def decide(self, snapshot: Snapshot) -> int:
        return snapshot.lines_free

    def explain(self) -> pacing.Explanation:
        return pacing.Explanation("all of them")


def test_a_call_that_is_gone_before_it_is_told_what_answered_is_an_answer_for_nobody(campaign: Campaign) -> None:
    it = Bench(campaign)
    policy = Listening()
    it.core._state.runs[campaign.campaign_id].lanes[""].policy = policy
    attempt = it.answer()
    it.tell(ev.LegEnded(attempt, 16), 0.2)
    assert [type(each) for each in policy.seen] == [pacing.Dialled, pacing.MachineAnswer]
    assert policy.seen[1].attempt_id == attempt


# --- sharing ----------------------------------------------------------------------------------------------------


def test_agents_whose_callers_wait_are_not_counted(tmp_path: Path) -> None:
    shared = Shared(make_campaign(tmp_path))
    shared.floor(agent("ann", queues=(SALES, SUPPORT)), agent("ben"), inbound={SUPPORT: 1})
    assert shared.seen().ready == 1
    assert shared.seen().inbound_waiting == 0
    shared.floor(agent("ann", queues=(SALES, SUPPORT)), agent("ben"))
    assert shared.seen().ready == 2


def test_only_agents_with_the_skills_count(tmp_path: Path) -> None:
    german = make_campaign(tmp_path, "[skills]\ngerman = 5\n", campaign_id="winter")
    shared = Shared(german)
    shared.floor(agent("ann", skills={"german": 4}), agent("ben", skills={"german": 5}), agent("cid"))
    assert shared.seen().ready == 1


def test_a_campaign_with_skills_gets_those_who_have_them(tmp_path: Path) -> None:
    german = make_campaign(tmp_path, "[skills]\ngerman = 5\n", campaign_id="winter")
    shared = Shared(make_campaign(tmp_path), german)
    shared.floor(agent("ann", skills={"german": 5}), agent("ben"), agent("cid"))
    assert (shared.seen(0).ready, shared.seen(1).ready) == (2, 1)


def test_agents_go_by_weight(tmp_path: Path) -> None:
    shared = Shared(make_campaign(tmp_path), make_campaign(tmp_path, weight="30", campaign_id="winter"))
    shared.floor(*(agent(f"a{each}") for each in range(8)))
    assert (shared.seen(0).ready, shared.seen(1).ready) == (2, 6)


def test_agents_and_calls_go_to_the_higher_priority_first(tmp_path: Path) -> None:
    higher = make_campaign(tmp_path, weight="1", priority="5", campaign_id="winter")
    shared = Shared(make_campaign(tmp_path, weight="100"), higher)
    shared.floor(*(agent(f"a{each}") for each in range(14)))
    assert (shared.seen(0).ready, shared.seen(1).ready) == (4, 10)  # ten is all that it can use
    wants = [(lane, 4) for lane in shared.lanes]
    assert shared.state.sharing.cut("loop", 5, wants) == {"autumn": 1, "winter": 4}


def test_the_agents_whom_calls_under_way_need_stay_with_their_campaign(both: Shared) -> None:
    both.lanes[0].counted_on = 3
    for _ in range(3):
        both.attempt(Phase.DIALLED, 90.0)
    both.floor(*(agent(f"a{each}") for each in range(4)))
    assert (both.seen(0).ready, both.seen(1).ready) == (3, 1)


def test_calls_per_second_go_round(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path), agents=0)
    second = make_campaign(tmp_path, campaign_id="winter")
    it.tell(ev.CampaignStarted(second))
    for campaign in (it.campaign, second):
        it.tell(ev.AttemptsBegun(campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    actions = it.agents(20)
    begun = {each.campaign.id: each.up_to for each in actions if isinstance(each, ev.BeginAttempts)}
    assert sum(begun.values()) == 5
    assert sorted(begun.values()) == [2, 3]
    assert "its share of loop leaves" in it.reason()


def test_an_offer_names_the_skills(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, "[skills]\ngerman = 5\n"), agents=0)
    it.tell(ev.AttemptsBegun(it.campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    assert asked(it.tell(ev.AgentsChanged((agent("ann", skills={"german": 9}),)))) == [1]
    attempt = it.attempt()
    it.tell(ev.AttemptsBegun(it.campaign.campaign_id, ev.Begun((attempt,), next_in_s=3000.0)))
    it.tell(ev.LegAnswered(attempt.attempt_id), 2.0)
    actions = it.tell(ev.CallArrived(attempt.attempt_id, Detected.NOT_ASKED))
    assert [each.skills for each in actions if isinstance(each, ev.OfferToAgents)] == [{"german": 5}]
