"""The core by itself: events in, the list of actions out."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import AgentId, AttemptId, BootId, CampaignId, LeadId, QueueName
from calls.settings import Trunk
from calls.switch.port import Detected, Prompt
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.core import FAULTS, DialerCore
from dialer.events import CampaignState
from dialer.pacing import Abandoned, Observation
from dialer.run import (
    ANSWER_UNSEEN,
    CROSSED,
    DETECTING_LIMIT_S,
    END_UNSEEN,
    ENDING_LIMIT_S,
    MACHINE_LIMIT_S,
    MESSAGE_LIMIT_S,
    NEVER_CAME,
    OVERDUE,
    OVERDUE_S,
)
from dialer.trunks import JITTER_S
from tests.dialer.conftest import CARRIER, LOOPBACK, make_campaign

BOOT = BootId("boot-1")
SALES = QueueName("sales")
QUEUES = frozenset({SALES})
AGENT = AgentId("agent1")
CLOCK_S = 1.8


class Bench:
    """A core, its time, and short words for what is told."""

    def __init__(self, campaign: Campaign, agents: int = 2, *, start: bool = True, trunk: Trunk = LOOPBACK) -> None:
        self.campaign = campaign
        self.core = DialerCore((trunk, CARRIER), settle_s=3.0, now=0.0)
        self.now = 10.0
        self.count = 0
        if start:
            self.tell(ev.Recovered(BOOT))
            self.agents(agents)
            self.first = self.tell(ev.CampaignStarted(campaign))

    def tell(self, event: ev.Event, after: float = 0.0) -> list[ev.Action]:
        self.now += after
        return self.core.handle(event, self.now)

    def tick(self, after: float) -> list[ev.Action]:
        self.now += after
        return self.core.tick(self.now)

    def agents(self, ready: int, *, reserved: int = 0, inbound: int = 0) -> list[ev.Action]:
        """``reserved``: for the calls that were begun last."""
        free = [
            ev.FloorAgent(AgentId(f"free{each}"), QUEUES, AgentState.READY, 0.0, free=True) for each in range(ready)
        ]
        taken = [
            ev.FloorAgent(AgentId(f"taken{each}"), QUEUES, AgentState.RESERVED, 0.0, call_id=call)
            for each, call in enumerate(f"a{self.count - each}" for each in range(reserved))
        ]
        return self.tell(ev.AgentsChanged((*free, *taken), {SALES: inbound}))

    def attempt(self, campaign: Campaign | None = None) -> ev.BegunAttempt:
        self.count += 1
        number = f"+1202555{self.count:04d}"
        wanted = campaign or self.campaign
        attempt_id, lead_id = AttemptId(f"a{self.count}"), LeadId(f"l{self.count}")
        trunk, shown = wanted.file.ways[0], wanted.file.shown[0]
        return ev.BegunAttempt(attempt_id, wanted.campaign_id, lead_id, number, trunk, 1, caller_id=shown)

    def begin(self, count: int) -> list[ev.Action]:
        attempts = tuple(self.attempt() for _ in range(count))
        return self.tell(ev.AttemptsBegun(self.campaign.campaign_id, ev.Begun(attempts, next_in_s=0.0)))

    def dial(self) -> AttemptId:
        """One attempt, dialled, and no more leads after it."""
        begun = ev.Begun((self.attempt(),), next_in_s=3000.0)
        places = [each for each in self.tell(ev.AttemptsBegun(self.campaign.campaign_id, begun)) if is_place(each)]
        assert len(places) == 1
        return AttemptId(f"a{self.count}")

    def arrive(self, detected: Detected = Detected.NOT_ASKED) -> AttemptId:
        attempt = self.dial()
        self.tell(ev.LegRinging(attempt), 0.1)
        self.tell(ev.LegAnswered(attempt), 2.0)
        self.tell(ev.CallArrived(attempt, detected), 0.1)
        return attempt

    def answer(self) -> AttemptId:
        """Answered, and never handed to us."""
        attempt = self.dial()
        self.tell(ev.LegAnswered(attempt), 2.0)
        return attempt

    def reason(self) -> str:
        return self.core.view(self.now).campaigns[0].reason


def is_place(action: ev.Action) -> bool:
    return isinstance(action, ev.PlaceCall)


def finish_in(actions: list[ev.Action]) -> ev.Finish:
    found = [each for each in actions if isinstance(each, ev.Finish)]
    assert len(found) == 1
    return found[0]


def asked(actions: list[ev.Action]) -> list[int]:
    return [each.up_to for each in actions if isinstance(each, ev.BeginAttempts)]


@pytest.fixture
def bench(campaign: Campaign) -> Bench:
    return Bench(campaign)


# --- legs beside the attempts -----------------------------------------------------------------------------------


def test_lines_that_the_store_was_asked_for_are_nobody_else_s(campaign: Campaign) -> None:
    """Until it has answered: what it takes may fill the trunk."""
    it = Bench(campaign, agents=2, trunk=LOOPBACK.model_copy(update={"lines": 2}))
    assert asked(it.first) == [2]
    assert it.core.line_free_at("loop", it.now) is None
    it.tell(ev.AttemptsBegun(campaign.campaign_id, ev.Begun((it.attempt(),), next_in_s=3000.0)))
    assert it.core.line_free_at("loop", it.now) is not None


def test_an_attempt_waits_while_legs_beside_it_have_all_lines(campaign: Campaign) -> None:
    """They were up before a restart, or had the last line while the store began it."""
    it = Bench(campaign, agents=1, trunk=LOOPBACK.model_copy(update={"lines": 2}))
    it.core.take_line("loop", None)
    it.core.take_line("loop", None)
    begun = ev.Begun((it.attempt(),), next_in_s=3000.0)
    assert not any(is_place(each) for each in it.tell(ev.AttemptsBegun(campaign.campaign_id, begun)))
    it.core.give_line_back("loop")
    assert any(is_place(each) for each in it.tick(0.1))


def test_an_attempt_leaves_a_call_a_second_to_a_leg_that_waits(campaign: Campaign) -> None:
    it = Bench(campaign, agents=1, trunk=LOOPBACK.model_copy(update={"calls_per_second": 1}))
    begun = ev.Begun((it.attempt(),), next_in_s=3000.0)
    with it.core.waiting_for("loop"):
        assert not any(is_place(each) for each in it.tell(ev.AttemptsBegun(campaign.campaign_id, begun)))
    assert any(is_place(each) for each in it.tick(0.1))


def test_calls_a_second_that_one_campaign_was_given_are_no_other_one_s(campaign: Campaign, tmp_path: Path) -> None:
    """The store has not answered yet: what it takes goes out in this second."""
    it = Bench(campaign, agents=9, trunk=LOOPBACK.model_copy(update={"calls_per_second": 3}))
    assert asked(it.first) == [3]
    second = make_campaign(tmp_path, campaign_id="winter")
    assert sum(asked(it.tell(ev.CampaignStarted(second)))) == 0
    assert "3 calls per second on loop" in it.core.view(it.now).campaigns[1].reason


# --- when to dial -----------------------------------------------------------------------------------------------


def test_nothing_is_dialled_before_the_store_is_reconciled(campaign: Campaign) -> None:
    it = Bench(campaign, start=False)
    it.agents(2)
    assert asked(it.tell(ev.CampaignStarted(campaign))) == [0]  # a look only
    assert it.reason() == "the switch is not connected yet"
    it.tell(ev.AttemptsBegun(campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    assert asked(it.tell(ev.Recovered(BOOT))) == [2]


def test_one_line_for_each_free_agent(bench: Bench) -> None:
    assert asked(bench.first) == [2]
    begin = next(each for each in bench.first if isinstance(each, ev.BeginAttempts))
    assert begin.decision["reason"] == "free agents: 2, calls under way: 0"
    actions = bench.begin(2)
    dials = [each.dial for each in actions if isinstance(each, ev.PlaceCall)]
    assert [dial.number for dial in dials] == ["+12025550001", "+12025550002"]
    assert (dials[0].trunk, dials[0].caller_id, dials[0].ring_timeout_s) == ("loop", "+12025550100", 20.0)
    assert asked(actions) == []
    assert "all 2 free agents have a call under way" in bench.reason()


def test_the_store_is_asked_once_at_a_time(bench: Bench) -> None:
    assert asked(bench.agents(5)) == []
    assert asked(bench.begin(2)) == [3]


@pytest.mark.parametrize(("ready", "inbound", "words"), [(0, 0, "no free agent"), (3, 1, "inbound calls wait: 1")])
def test_no_dial_without_an_agent(campaign: Campaign, ready: int, inbound: int, words: str) -> None:
    it = Bench(campaign, 0)
    it.tell(ev.AttemptsBegun(campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    assert asked(it.agents(ready, inbound=inbound)) == []
    assert words in it.reason()


def test_a_queue_that_nobody_reports_has_nobody(bench: Bench) -> None:
    bench.begin(2)
    bench.tell(ev.AgentsChanged())
    assert bench.reason() == "no free agent"


def test_agents_who_leave_before_the_dial_goes_out_take_it_with_them(bench: Bench) -> None:
    bench.agents(1)
    actions = bench.begin(2)
    assert [is_place(each) for each in actions].count(True) == 1
    finish = finish_in(actions)
    assert (finish.outcome, finish.sent) == (Outcome.CANCELLED, False)


def test_calls_per_second_in_any_second(campaign: Campaign) -> None:
    it = Bench(campaign, 9)
    assert asked(it.first) == [5]
    assert sum(is_place(each) for each in it.begin(5)) == 5
    assert it.reason() == "5 calls per second on loop"
    due = it.core.next_timer()
    assert due == pytest.approx(it.now + 1 + JITTER_S)
    assert asked(it.tick(1 + JITTER_S)) == [4]


def test_a_full_trunk_and_a_full_campaign(tmp_path: Path, campaign: Campaign) -> None:
    it = Bench(campaign, 20)
    it.begin(5)
    it.tick(2.0)
    it.begin(5)
    it.tick(2.0)
    assert it.reason() == "trunk full: 10 lines of loop"
    small = Bench(make_campaign(tmp_path, max_lines="3"), 9)
    assert asked(small.first) == [3]
    small.begin(3)
    assert small.reason() == "the campaign's 3 lines are in use"


def test_two_campaigns_do_not_dial_for_the_same_agents(bench: Bench, tmp_path: Path) -> None:
    second = make_campaign(tmp_path, campaign_id="winter")
    bench.begin(2)
    actions = bench.tell(ev.CampaignStarted(second))
    assert asked(actions) == [0]
    assert asked(bench.agents(3)) == []  # the third is the second campaign's, which has nobody yet
    actions = bench.tell(ev.AttemptsBegun(second.campaign_id, ev.Begun(next_in_s=0.0)))
    begun = [(each.campaign.id, each.up_to) for each in actions if isinstance(each, ev.BeginAttempts)]
    assert begun == [("winter", 1)]


def test_leads_that_are_not_due_are_waited_for(bench: Bench) -> None:
    begun = ev.Begun(refused={"calling_hours": 3}, next_in_s=4.0)
    assert asked(bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, begun))) == []
    assert bench.reason() == "no lead is due within 4 s (refused: 3 by calling_hours)"
    assert asked(bench.tick(3.9)) == []
    assert asked(bench.tick(0.1)) == [2]


def test_new_leads_are_looked_at_at_once(bench: Bench) -> None:
    bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, ev.Begun(next_in_s=3000.0)))
    assert asked(bench.tell(ev.LeadsChanged(bench.campaign.campaign_id))) == [2]


def test_a_store_that_fails_is_left_alone_for_a_second(bench: Bench) -> None:
    assert asked(bench.tell(ev.BeginFailed(bench.campaign.campaign_id, "database is locked"))) == []
    assert bench.reason() == "the store does not take attempts: database is locked"
    assert asked(bench.tick(1.0)) == [2]


def test_a_fault_that_does_not_pass_pauses_the_campaign_and_says_why(bench: Bench) -> None:
    campaign_id = bench.campaign.campaign_id
    fault = ev.BeginFailed(campaign_id, "ValueError", fault=True)
    for _ in range(FAULTS - 1):
        assert bench.tell(fault) == []
        assert asked(bench.tick(1.0)) == [2]
    why = "attempts cannot be begun: ValueError"
    assert bench.tell(fault) == [ev.CampaignChanged(campaign_id, CampaignState.PAUSED, why, fault=True)]
    assert asked(bench.tick(60.0)) == []
    assert bench.reason() == f"the campaign is paused: {why}"
    assert asked(bench.tell(ev.CampaignResumed(campaign_id))) == [2]
    assert bench.tell(fault) == [], "a person has looked: the count begins anew"


def test_a_clock_that_jumps_pauses_what_runs_until_a_person_has_looked(bench: Bench) -> None:
    campaign_id = bench.campaign.campaign_id
    (changed,) = bench.tell(ev.ClockJumped(-3600.0))
    assert isinstance(changed, ev.CampaignChanged)
    assert (changed.state, changed.fault) == (CampaignState.PAUSED, True) and "set by -3600 s" in changed.reason
    assert asked(bench.tick(60.0)) == [] and bench.tell(ev.ClockJumped(3600.0)) == []
    (changed,) = bench.tell(ev.CampaignResumed(campaign_id))
    assert isinstance(changed, ev.CampaignChanged) and changed.state is CampaignState.RUNNING


def test_faults_that_pass_pause_nothing(bench: Bench) -> None:
    for _ in range(3 * FAULTS):
        assert bench.tell(ev.BeginFailed(bench.campaign.campaign_id, "ValueError", fault=True)) == []
        assert asked(bench.tick(1.0)) == [2]
        assert asked(bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, ev.Begun(next_in_s=0.0)))) == [2]


def test_the_last_lead_finishes_the_campaign(bench: Bench) -> None:
    attempt = bench.dial()
    actions = bench.tell(ev.LegEnded(attempt, 17), 1.0)
    assert asked(actions) == [2]
    actions = bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, ev.Begun(exhausted=True)))
    assert actions == [
        ev.CampaignChanged(bench.campaign.campaign_id, CampaignState.FINISHED, "no lead is left"),
    ]


def test_it_finishes_though_all_agents_have_left(bench: Bench) -> None:
    attempt = bench.dial()
    bench.agents(0)
    assert asked(bench.tell(ev.LegEnded(attempt, 17), 1.0)) == [0]
    actions = bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, ev.Begun(exhausted=True)))
    assert [type(each) for each in actions] == [ev.CampaignChanged]


# --- an answered call -------------------------------------------------------------------------------------------


def test_a_person_is_offered_connected_and_recorded(bench: Bench) -> None:
    attempt = bench.dial()
    assert bench.tell(ev.LegRinging(attempt), 0.2) == []
    assert bench.tell(ev.LegAnswered(attempt), 2.8) == [ev.MarkLive(attempt)]
    answered = bench.now
    arrived = bench.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 0.1)
    assert arrived == [ev.OfferToAgents(attempt, SALES, answered + CLOCK_S)]
    bench.agents(1, reserved=1)
    assert bench.tell(ev.Connected(attempt, AGENT), 0.4) == []
    assert ev.HangUp(attempt, 16) in bench.tell(ev.TalkEnded(attempt), 30.0)
    finish = finish_in(bench.tell(ev.LegEnded(attempt, 16), 0.1))
    assert (finish.outcome, finish.answered, finish.abandoned, finish.sent) == (Outcome.ANSWERED, True, False, True)
    assert finish.agent_id == AGENT
    assert finish.ring_s == pytest.approx(3.0)
    assert finish.connect_s == pytest.approx(0.5)
    assert finish.talk_s == pytest.approx(30.0)


def test_nobody_free_in_time_means_the_message_and_an_abandoned_call(bench: Bench) -> None:
    attempt = bench.arrive()
    assert bench.core.next_timer() == pytest.approx(bench.now - 0.1 + CLOCK_S)
    assert [each for each in bench.tick(CLOCK_S - 0.11) if isinstance(each, ev.PlaySafeHarbour)] == []
    assert bench.tick(0.02) == [ev.PlaySafeHarbour(attempt, bench.campaign.message)]
    assert bench.tell(ev.MessagePlayed(attempt), 3.0) == [ev.HangUp(attempt, 16)]
    finish = finish_in(bench.tell(ev.LegEnded(attempt, 16), 0.1))
    assert (finish.outcome, finish.abandoned) == (Outcome.ABANDONED, True)
    assert finish.connect_s == pytest.approx(CLOCK_S, abs=0.02)
    assert bench.core.view(bench.now).campaigns[0].abandoned == 1


def test_with_machine_detection_the_clock_starts_at_its_end(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, detect_machine="true"))
    attempt = it.dial()
    it.tell(ev.LegAnswered(attempt), 2.0)
    actions = it.tell(ev.CallArrived(attempt, Detected.HUMAN), 2.5)
    assert ev.OfferToAgents(attempt, SALES, it.now + CLOCK_S) in actions


def test_a_call_that_comes_to_us_too_late_hears_the_message_at_once(bench: Bench) -> None:
    attempt = bench.dial()
    bench.tell(ev.LegAnswered(attempt), 2.0)
    actions = bench.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 2.5)
    assert actions == [ev.PlaySafeHarbour(attempt, bench.campaign.message)]


def test_a_machine_is_hung_up(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, detect_machine="true"))
    attempt = it.dial()
    it.tell(ev.LegAnswered(attempt), 2.0)
    assert ev.HangUp(attempt, 16) in it.tell(ev.CallArrived(attempt, Detected.MACHINE), 2.5)
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 0.1))
    assert (finish.outcome, finish.abandoned, finish.connect_s) == (Outcome.MACHINE, False, None)
    assert it.core.view(it.now).campaigns[0].answered == 0


def test_the_message_may_offer_a_key_against_further_calls(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, opt_out_key='"9"'))
    attempt = it.arrive()
    assert ev.PlaySafeHarbour(attempt, it.campaign.message, "9") in it.tick(CLOCK_S)
    assert ev.HangUp(attempt, 16) not in it.tell(ev.DoNotCallAdded("+12025550001"), 3.0)
    assert ev.HangUp(attempt, 16) in it.tell(ev.MessagePlayed(attempt), 1.0)


def broadcast(folder: Path) -> Bench:
    pacing = '[pacing]\nmode = "broadcast"\n'
    return Bench(make_campaign(folder, pacing, queue=None, safe_harbour=None, flow='"press-one"'), agents=0)


def test_who_answers_a_broadcast_is_led_into_its_flow(tmp_path: Path) -> None:
    it = broadcast(tmp_path)
    attempt = it.dial()
    it.tell(ev.LegAnswered(attempt), 2.0)
    assert ev.RunFlow(attempt, "press-one") in it.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 0.1)
    assert it.core.view(it.now).campaigns[0].in_flow == 1
    assert ev.HangUp(attempt, 16) not in it.tick(3600.0)
    assert ev.HangUp(attempt, 16) in it.tell(ev.FlowOver(attempt))
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 0.1))
    assert (finish.outcome, finish.abandoned) == (Outcome.ANSWERED, False)
    assert finish.connect_s == pytest.approx(0.1)


def test_who_leaves_a_broadcast_is_not_abandoned(tmp_path: Path) -> None:
    it = broadcast(tmp_path)
    attempt = it.arrive()
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 30.0))
    assert (finish.outcome, finish.abandoned) == (Outcome.ANSWERED, False)


def test_a_flow_that_begins_too_late_has_abandoned_its_person(tmp_path: Path) -> None:
    it = broadcast(tmp_path)
    attempt = it.answer()
    assert ev.RunFlow(attempt, "press-one") in it.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 2.5)
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 30.0))
    assert (finish.outcome, finish.abandoned) == (Outcome.ABANDONED, True)


def test_the_engine_may_tell_machines_from_people(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, detect_machine="true", detector='"engine"'))
    begun = ev.Begun((it.attempt(),), next_in_s=3000.0)
    (placed,) = [each for each in it.tell(ev.AttemptsBegun(it.campaign.campaign_id, begun)) if is_place(each)]
    assert isinstance(placed, ev.PlaceCall) and not placed.dial.detect_machine
    attempt = AttemptId("a1")
    it.tell(ev.LegAnswered(attempt), 2.0)
    assert ev.TellApart(attempt) in it.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 0.1)
    actions = it.tell(ev.CallArrived(attempt, Detected.HUMAN), 1.4)
    assert ev.OfferToAgents(attempt, SALES, it.now + CLOCK_S) in actions
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 1.0))
    assert (finish.outcome, finish.detected, finish.abandoned) == (Outcome.ANSWERED, Detected.HUMAN, False)


MESSAGE = {"detect_machine": "true", "machine": '"message"', "machine_message": '"campaign.news"'}


def test_a_message_is_left_on_a_machine(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, **MESSAGE))
    attempt = it.dial()
    it.tell(ev.LegAnswered(attempt), 2.0)
    leave = ev.LeaveMessage(attempt, Prompt("campaign.news", "en"))
    assert it.tell(ev.CallArrived(attempt, Detected.MACHINE), 2.5) == [leave]
    assert ev.HangUp(attempt, 16) in it.tell(ev.MessagePlayed(attempt), 20.0)
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 0.1))
    assert (finish.outcome, finish.abandoned, finish.connect_s) == (Outcome.MACHINE, False, None)


def test_a_machine_is_not_spoken_to_for_ever(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, **MESSAGE))
    attempt = it.dial()
    it.tell(ev.CallArrived(attempt, Detected.MACHINE), 2.5)
    assert ev.HangUp(attempt, 16) not in it.tick(MACHINE_LIMIT_S - 0.1)
    assert ev.HangUp(attempt, 16) in it.tick(0.2)


@pytest.mark.parametrize("detected", [Detected.HUMAN, Detected.UNSURE])
def test_no_message_for_machines_is_left_to_a_person(tmp_path: Path, detected: Detected) -> None:
    it = Bench(make_campaign(tmp_path, **MESSAGE))
    attempt = it.dial()
    actions = it.tell(ev.CallArrived(attempt, detected), 2.5)
    assert [each for each in actions if isinstance(each, ev.OfferToAgents | ev.LeaveMessage)] == [
        ev.OfferToAgents(attempt, SALES, it.now + CLOCK_S)
    ]


def test_a_machine_that_counts_as_a_person_is_abandoned_as_one(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, detect_machine="true", machine='"person"'))
    attempt = it.arrive(Detected.MACHINE)
    assert it.tick(CLOCK_S) == [ev.PlaySafeHarbour(attempt, it.campaign.message)]
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 1.0))
    assert (finish.outcome, finish.abandoned, finish.detected) == (Outcome.ABANDONED, True, Detected.MACHINE)


@pytest.mark.parametrize(
    ("after", "outcome", "abandoned"), [(1.0, Outcome.ANSWERED, False), (1.95, Outcome.ABANDONED, True)]
)
def test_a_person_who_hangs_up_before_an_agent_came(
    bench: Bench, after: float, outcome: Outcome, abandoned: bool
) -> None:
    attempt = bench.arrive()
    bench.tick(after)
    finish = finish_in(bench.tell(ev.LegEnded(attempt, 16)))
    assert (finish.outcome, finish.abandoned) == (outcome, abandoned)


@pytest.mark.parametrize(("after", "abandoned"), [(1.85, False), (2.2, True)])
def test_an_agent_who_beats_the_message_counts_by_the_time(bench: Bench, after: float, abandoned: bool) -> None:
    attempt = bench.arrive()
    bench.tick(after - 0.1)
    bench.tell(ev.Connected(attempt, AGENT))
    assert bench.tell(ev.MessagePlayed(attempt), 1.0) == []
    finish = finish_in(bench.tell(ev.LegEnded(attempt, 16), 5.0))
    assert (finish.outcome, finish.abandoned) == (Outcome.ANSWERED, abandoned)


@pytest.mark.parametrize(
    ("cause", "timed_out", "never", "outcome"),
    [
        (17, False, False, Outcome.BUSY),
        (0, True, False, Outcome.NO_ANSWER),
        (34, False, False, Outcome.CONGESTION),
        (1, False, False, Outcome.UNALLOCATED),
        (None, False, True, Outcome.FAILED),
    ],
)
def test_an_unanswered_call_is_what_its_cause_says(
    bench: Bench, cause: int | None, timed_out: bool, never: bool, outcome: Outcome
) -> None:
    attempt = bench.dial()
    finish = finish_in(bench.tell(ev.LegEnded(attempt, cause, timed_out, never), 3.0))
    assert (finish.outcome, finish.cause, finish.answered) == (outcome, cause, False)
    assert finish.ring_s == pytest.approx(3.0)


# --- limits of time ---------------------------------------------------------------------------------------------


def test_an_attempt_that_nothing_is_heard_of_is_lost(bench: Bench) -> None:
    attempt = bench.dial()
    actions = bench.tick(20.0 + OVERDUE_S)
    assert actions[0] == ev.HangUp(attempt, 16)
    finish = finish_in(actions)
    assert finish.outcome is Outcome.LOST
    assert (finish.doubt, finish.abandoned) == (OVERDUE, True), "it may be up, and its person alone"
    assert [each for each in bench.tell(ev.LegEnded(attempt, 16), 1.0) if isinstance(each, ev.Finish)] == []


@pytest.mark.parametrize("boot", [BOOT, BootId("boot-2")])
def test_who_was_answered_and_never_led_to_us_is_in_doubt_where_the_switch_lost_them(
    tmp_path: Path, boot: BootId
) -> None:
    it = Bench(make_campaign(tmp_path, detect_machine="true"))
    it.answer()
    it.tell(ev.SwitchDown("lost"), 1.0)
    actions = [*it.tell(ev.SwitchUp(boot, frozenset()), 9.0), *it.tick(3.0)]
    finish = finish_in(actions)
    assert finish.outcome is (Outcome.LOST if boot == BOOT else Outcome.PBX_LOST)
    assert (finish.doubt, finish.abandoned, finish.counted) == (NEVER_CAME, True, True)


def test_what_comes_out_behind_the_end_is_counted_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = bench.arrive()
    finish = finish_in(bench.tell(ev.LegEnded(attempt, 16), 0.5))
    assert (finish.abandoned, finish.counted) == (False, True)
    seen_by_policy: list[Observation] = []
    [lane] = bench.core._state.runs[bench.campaign.campaign_id].lanes.values()
    monkeypatch.setattr(type(lane.policy), "observe", lambda _, each: seen_by_policy.append(each))
    bench.tell(ev.FoundAbandoned(finish))
    assert [type(each) for each in seen_by_policy] == [Abandoned]
    seen = bench.core.view(bench.now).campaigns[0]
    assert (seen.answered, seen.abandoned) == (1, 1)
    assert seen.outcomes == {"abandoned": 1}


def test_no_phase_but_a_talk_lasts_for_ever(bench: Bench) -> None:
    bench.arrive()
    bench.tick(CLOCK_S)
    assert any(isinstance(each, ev.HangUp) for each in bench.tick(MESSAGE_LIMIT_S))
    assert finish_in(bench.tick(ENDING_LIMIT_S)).outcome is Outcome.ABANDONED
    attempt = bench.answer()
    assert ev.HangUp(attempt, 16) in bench.tick(DETECTING_LIMIT_S)
    assert finish_in(bench.tick(ENDING_LIMIT_S)).outcome is Outcome.ABANDONED, "answered, and never met anybody"


def test_what_nobody_knows_changes_nothing(bench: Bench) -> None:
    bench.dial()
    stranger = AttemptId("stranger")
    for event in (
        ev.LegRinging(stranger),
        ev.LegAnswered(stranger),
        ev.Connected(stranger, AGENT),
        ev.TalkEnded(stranger),
        ev.MessagePlayed(stranger),
        ev.LegEnded(stranger, 16),
        ev.AttemptsBegun(CampaignId("other"), ev.Begun((bench.attempt(),))),
        ev.LeadsChanged(CampaignId("other")),
    ):
        assert bench.tell(event, 0.01) == []
    assert bench.tell(ev.CallArrived(stranger, Detected.HUMAN)) == [ev.HangUp(stranger, 16)]


# --- orders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [ev.CampaignPaused, ev.CampaignStopped, ev.CampaignDraining])
def test_what_is_not_sent_yet_is_never_sent_after_an_order(
    bench: Bench, order: type[ev.CampaignPaused] | type[ev.CampaignStopped] | type[ev.CampaignDraining]
) -> None:
    bench.tell(order(bench.campaign.campaign_id))
    actions = bench.begin(2)
    finishes = [each for each in actions if isinstance(each, ev.Finish)]
    assert [(each.outcome, each.sent) for each in finishes] == [(Outcome.CANCELLED, False)] * 2
    assert not any(is_place(each) for each in actions)


def test_after_a_stop_a_ringing_call_still_finds_its_agent(bench: Bench) -> None:
    attempt = bench.dial()
    bench.tell(ev.CampaignStopped(bench.campaign.campaign_id))
    assert "campaign is stopped" in bench.reason()
    bench.tell(ev.LegAnswered(attempt), 1.0)
    actions = bench.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 0.1)
    assert [type(each) for each in actions] == [ev.OfferToAgents]


def test_a_pause_ends_and_a_drain_empties(bench: Bench) -> None:
    campaign_id = bench.campaign.campaign_id
    attempt = bench.dial()
    bench.tell(ev.CampaignPaused(campaign_id))
    assert asked(bench.tell(ev.CampaignResumed(campaign_id))) == [1]
    bench.tell(ev.CampaignDraining(campaign_id))
    bench.tell(ev.AttemptsBegun(campaign_id, ev.Begun()))
    actions = bench.tell(ev.LegEnded(attempt, 17), 1.0)
    assert ev.CampaignChanged(campaign_id, CampaignState.STOPPED, "the last call has ended") in actions
    with pytest.raises(CampaignError, match="campaign autumn is stopped and cannot pause"):
        bench.tell(ev.CampaignPaused(campaign_id))


def test_a_campaign_that_was_not_started_takes_no_order(bench: Bench) -> None:
    with pytest.raises(CampaignError, match="campaign winter was not started"):
        bench.tell(ev.CampaignPaused(CampaignId("winter")))


def test_the_start_refuses_what_the_preset_forbids(campaign: Campaign) -> None:
    it = Bench(campaign)
    outside = campaign.model_copy(update={"file": campaign.file.model_copy(update={"trunk": "carrier"})})
    with pytest.raises(CampaignError, match="loopback_only"):
        it.tell(ev.CampaignStarted(outside))
    nowhere = campaign.model_copy(update={"file": campaign.file.model_copy(update={"trunk": "moon"})})
    with pytest.raises(CampaignError, match="no trunk moon"):
        it.tell(ev.CampaignStarted(nowhere))


def test_do_not_call_stops_what_rings_and_leaves_a_talk(bench: Bench) -> None:
    ringing = bench.dial()
    assert ev.HangUp(ringing, 16) in bench.tell(ev.DoNotCallAdded("+12025550001"), 1.0)
    assert finish_in(bench.tell(ev.LegEnded(ringing, 0), 0.1)).outcome is Outcome.CANCELLED
    talking = bench.arrive()
    bench.tell(ev.Connected(talking, AGENT), 0.2)
    assert bench.tell(ev.DoNotCallAdded("+12025550002"), 1.0) == []


@pytest.mark.parametrize("told", ["answered", "arrived"])
def test_who_answers_as_we_hang_up_is_hung_up_again_and_was_abandoned(bench: Bench, told: str) -> None:
    """The answer and our word cross on the way: the person would be left in silence, and met nobody."""
    ringing = bench.dial()
    assert ev.HangUp(ringing, 16) in bench.tell(ev.DoNotCallAdded("+12025550001"), 1.0)
    news = ev.LegAnswered(ringing) if told == "answered" else ev.CallArrived(ringing, Detected.NOT_ASKED)
    assert bench.tell(news, 0.1) == [ev.MarkLive(ringing), ev.HangUp(ringing, 16)]
    assert bench.tell(ev.CallArrived(ringing, Detected.NOT_ASKED), 0.1) == [ev.HangUp(ringing, 16)]
    finish = finish_in(bench.tell(ev.LegEnded(ringing, 16), 0.1))
    assert (finish.outcome, finish.answered, finish.abandoned) == (Outcome.ABANDONED, True, True)
    assert finish.doubt == CROSSED
    assert bench.core._state.runs[bench.campaign.campaign_id].window(bench.now) == (1, 1), "in the cap too"


@pytest.mark.parametrize(
    ("added", "stops"),
    [
        (ev.DoNotCallAdded("+1202555*"), True),
        (ev.DoNotCallAdded("+1203*"), False),
        (ev.DoNotCallAdded("+12025550001", CampaignId("autumn")), True),
        (ev.DoNotCallAdded("+12025550001", CampaignId("winter")), False),
    ],
)
def test_do_not_call_means_whom_it_says(bench: Bench, added: ev.DoNotCallAdded, stops: bool) -> None:
    ringing = bench.dial()
    assert (ev.HangUp(ringing, 16) in bench.tell(added, 1.0)) is stops


# --- the switch -------------------------------------------------------------------------------------------------


def test_a_lost_switch_stops_dialling_until_it_has_settled(bench: Bench) -> None:
    kept, gone = bench.dial(), ""
    bench.tell(ev.LegRinging(kept), 0.1)
    bench.agents(2)
    bench.tell(ev.LeadsChanged(bench.campaign.campaign_id))
    gone = bench.dial()
    bench.tell(ev.SwitchDown("reset"), 0.1)
    assert bench.reason() == "switch down: reset"
    bench.tell(ev.SwitchUp(BOOT, frozenset({kept})), 1.0)
    assert bench.reason() == "the switch is back and settles"
    assert bench.tick(2.9) == []
    finish = finish_in(bench.tick(0.1))
    assert (finish.attempt_id, finish.outcome) == (gone, Outcome.LOST)
    assert bench.core.view(bench.now).hold == ""


def test_what_speaks_while_the_switch_settles_is_not_lost(bench: Bench) -> None:
    attempt = bench.dial()
    bench.tell(ev.SwitchDown("reset"))
    bench.tell(ev.SwitchUp(BOOT, frozenset()), 1.0)
    bench.tell(ev.LegRinging(attempt), 0.5)
    assert not any(isinstance(each, ev.Finish) for each in bench.tick(3.0))


def test_another_run_of_the_switch_has_lost_all(bench: Bench) -> None:
    attempt = bench.arrive()
    bench.tell(ev.Connected(attempt, AGENT), 0.1)
    bench.tell(ev.SwitchDown("reset"), 5.0)
    finish = finish_in(bench.tell(ev.SwitchUp(BootId("boot-2"), frozenset()), 1.0))
    assert (finish.outcome, finish.agent_id) == (Outcome.PBX_LOST, AGENT)
    assert finish.talk_s == pytest.approx(6.0)
    after = bench.tell(ev.LegEnded(attempt, None), 0.1)
    assert not any(isinstance(each, ev.Finish) for each in after), "its end was told already"


def test_what_was_up_before_the_restart_is_taken_over(campaign: Campaign) -> None:
    it = Bench(campaign, start=False)
    talking, ringing = it.attempt(), it.attempt()
    up = (open_attempt(talking, campaign, AGENT), ev.OpenAttempt(ringing, campaign, answered=False))
    it.tell(ev.Recovered(BOOT, up))
    assert it.core.view(it.now).trunks[0].in_use == 2
    assert it.core.view(it.now).campaigns[0].state is CampaignState.STOPPED
    finish = finish_in(it.tell(ev.LegEnded(talking.attempt_id, 16), 9.0))
    assert (finish.outcome, finish.sent, finish.abandoned, finish.ring_s) == (Outcome.ANSWERED, True, False, None)
    assert (finish.agent_id, finish.doubt) == (AGENT, "")
    assert count_of(it) == (1, 0)
    actions = it.tell(ev.CallArrived(ringing.attempt_id, Detected.NOT_ASKED), 1.0)
    assert [type(each) for each in actions] == [ev.MarkLive, ev.OfferToAgents]


def test_the_caller_of_an_adopted_talk_who_comes_back_is_hung_up(campaign: Campaign) -> None:
    it = Bench(campaign, start=False)
    talking = it.attempt()
    it.tell(ev.Recovered(BOOT, (open_attempt(talking, campaign, AGENT),)))
    actions = it.tell(ev.CallArrived(talking.attempt_id, Detected.NOT_ASKED), 1.0)
    assert actions == [ev.HangUp(talking.attempt_id, 16)]


def open_attempt(begun: ev.BegunAttempt, campaign: Campaign, agent_id: AgentId | None = None) -> ev.OpenAttempt:
    """An answered attempt of the run before."""
    return ev.OpenAttempt(begun, campaign, answered=True, agent_id=agent_id)


def adopted(campaign: Campaign, *, answered: bool) -> tuple[Bench, AttemptId]:
    """A core that took over one attempt, without an agent."""
    it = Bench(campaign, start=False)
    begun = it.attempt()
    it.tell(ev.Recovered(BOOT, (ev.OpenAttempt(begun, campaign, answered),)))
    return it, begun.attempt_id


def count_of(it: Bench) -> tuple[int, int]:
    (view,) = it.core.view(it.now).campaigns
    return view.answered, view.abandoned


@pytest.mark.parametrize("answered", [True, False], ids=["noted before", "found after"])
def test_who_answered_while_no_engine_ran_and_left_was_abandoned(campaign: Campaign, answered: bool) -> None:
    it, attempt = adopted(campaign, answered=answered)
    told = it.tell(ev.LegAnswered(attempt, unseen=True), 0.1)
    assert told == ([] if answered else [ev.MarkLive(attempt)])
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 0.2))
    assert (finish.outcome, finish.abandoned, finish.answered) == (Outcome.ABANDONED, True, True)
    assert (finish.agent_id, finish.connect_s, finish.doubt) == (None, None, ANSWER_UNSEEN)
    assert count_of(it) == (1, 1)


@pytest.mark.parametrize("answered", [True, False], ids=["noted before", "found after"])
def test_who_waited_while_no_engine_ran_hears_the_message_at_once(campaign: Campaign, answered: bool) -> None:
    """Nobody knows for how long: the two seconds are taken to be over."""
    it, attempt = adopted(campaign, answered=answered)
    it.tell(ev.LegAnswered(attempt, unseen=True), 0.1)
    it.agents(1)
    actions = it.tell(ev.CallArrived(attempt, Detected.NOT_ASKED), 0.1)
    assert actions == [ev.PlaySafeHarbour(attempt, campaign.message)]
    assert it.tell(ev.MessagePlayed(attempt), 3.0) == [ev.HangUp(attempt, 16)]
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16)))
    assert (finish.outcome, finish.abandoned) == (Outcome.ABANDONED, True)
    assert count_of(it) == (1, 1)


def test_who_answered_in_the_dialplans_hands_is_left_to_its_fallback(campaign: Campaign) -> None:
    it, attempt = adopted(campaign, answered=True)
    assert it.tick(3600.0) == []
    assert finish_in(it.tell(ev.LegEnded(attempt, 16))).outcome is Outcome.ABANDONED


def test_a_machine_that_answered_while_no_engine_ran_is_a_machine(tmp_path: Path) -> None:
    it, attempt = adopted(make_campaign(tmp_path, detect_machine="true"), answered=False)
    it.tell(ev.LegAnswered(attempt, unseen=True), 0.1)
    it.tell(ev.CallArrived(attempt, Detected.MACHINE), 0.1)
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16)))
    assert (finish.outcome, finish.abandoned) == (Outcome.MACHINE, False)
    assert count_of(it) == (0, 0)


def test_an_answer_that_was_heard_after_the_restart_is_as_any_other(campaign: Campaign) -> None:
    it, attempt = adopted(campaign, answered=False)
    it.tell(ev.LegAnswered(attempt), 2.0)
    assert ev.OfferToAgents(attempt, SALES, it.now + CLOCK_S) in it.tell(ev.CallArrived(attempt, Detected.NOT_ASKED))
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), 1.0))
    assert (finish.outcome, finish.abandoned, finish.doubt) == (Outcome.ANSWERED, False, "")


def test_an_end_that_nobody_saw_is_lost_and_counts_as_abandoned(campaign: Campaign) -> None:
    it, attempt = adopted(campaign, answered=False)
    finish = finish_in(it.tell(ev.LegEnded(attempt, None, unseen=True), 0.1))
    assert (finish.outcome, finish.abandoned, finish.answered) == (Outcome.LOST, True, False)
    assert finish.doubt == END_UNSEEN
    assert count_of(it) == (1, 1)


def test_a_refusal_that_was_heard_after_the_restart_is_no_abandoned_call(campaign: Campaign) -> None:
    it, attempt = adopted(campaign, answered=False)
    finish = finish_in(it.tell(ev.LegEnded(attempt, 17), 0.1))
    assert (finish.outcome, finish.abandoned, finish.doubt) == (Outcome.BUSY, False, "")
    assert count_of(it) == (0, 0)


def test_an_adopted_call_that_is_lost_with_the_switch_keeps_its_doubt(campaign: Campaign) -> None:
    it, _ = adopted(campaign, answered=True)
    finish = finish_in(it.tell(ev.SwitchUp(BootId("boot-2"), frozenset()), 1.0))
    assert (finish.outcome, finish.abandoned, finish.doubt) == (Outcome.PBX_LOST, True, ANSWER_UNSEEN)


@pytest.mark.parametrize(("after", "outcome"), [(1.9, Outcome.ANSWERED), (2.1, Outcome.ABANDONED)])
def test_a_person_who_is_never_led_to_us_is_abandoned(bench: Bench, after: float, outcome: Outcome) -> None:
    """The engine hangs, or takes no more calls: the dialplan apologises."""
    attempt = bench.answer()
    finish = finish_in(bench.tell(ev.LegEnded(attempt, 16), after))
    assert (finish.outcome, finish.doubt) == (outcome, "")
    assert count_of(bench) == ((1, 1) if outcome is Outcome.ABANDONED else (0, 0))


@pytest.mark.parametrize(("after", "outcome"), [(8.9, Outcome.ANSWERED), (9.1, Outcome.ABANDONED)])
def test_after_machine_detection_it_is_so_too_on_the_careful_side(
    tmp_path: Path, after: float, outcome: Outcome
) -> None:
    it = Bench(make_campaign(tmp_path, detect_machine="true"))
    attempt = it.answer()
    finish = finish_in(it.tell(ev.LegEnded(attempt, 16), after))
    assert (finish.outcome, bool(finish.doubt)) == (outcome, outcome is Outcome.ABANDONED)


def test_congestion_rests_the_trunk_and_an_answer_opens_it(bench: Bench) -> None:
    attempt = bench.dial()
    assert asked(bench.tell(ev.LegEnded(attempt, 34), 0.1)) == [0]  # a look whether a lead is left
    bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    assert bench.reason().startswith("trunk loop is congested: rests 0.5 s")
    assert asked(bench.tick(0.5)) == [1]
    probe = bench.dial()
    assert "one probe at a time" in bench.reason()
    bench.tell(ev.LegRinging(probe), 0.2)
    bench.tell(ev.LeadsChanged(bench.campaign.campaign_id))
    assert bench.core.view(bench.now).trunks[0].health == ""
