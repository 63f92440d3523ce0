"""The core by itself: when it dials, and how many."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.causes import Outcome
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.core import FAULTS
from dialer.events import CampaignState
from dialer.trunks import JITTER_S
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.core_bench import BOOT, Bench, asked, finish_in, is_place


@pytest.fixture
def bench(campaign: Campaign) -> Bench:
    return Bench(campaign)


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


def test_the_store_hears_of_legs_that_are_no_attempts(campaign: Campaign) -> None:
    """It knows its own attempts alone, and lets no more begin than the trunk has lines beside those legs."""
    it = Bench(campaign, start=False)
    it.agents(2)
    it.tell(ev.CampaignStarted(campaign))
    it.core.take_line("loop", None)
    it.tell(ev.AttemptsBegun(campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    (begin,) = (each for each in it.tell(ev.Recovered(BOOT)) if isinstance(each, ev.BeginAttempts))
    assert [room.beside for room in begin.rooms] == [1]
    assert [room.beside for room in it.core.open_ways(campaign, it.now)] == [1]


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
    assert bench.reason() == "no free agent (agents: none of its queue can meet a dialled person in time)"


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


def test_while_nothing_may_be_added_it_is_decided_rarely_and_at_once_when_it_may(campaign: Campaign) -> None:
    """Events of calls under way change nothing of that; a line that is free again does, within no time."""
    it = Bench(campaign, agents=3, trunk=LOOPBACK.model_copy(update={"lines": 1}))
    attempt = it.dial()
    it.tell(ev.LegRinging(attempt), 0.2)
    full = it.core.view(it.now).campaigns[0]
    assert full.reason == "trunk full: 1 lines of loop"
    counted = it.core.take_reasons()[campaign.campaign_id][-1].decisions
    for _ in range(20):
        assert asked(it.tell(ev.LegRinging(attempt), 0.01)) == []
    assert sum(each.decisions for each in it.core.take_reasons().get(campaign.campaign_id, ())) <= 1 <= counted
    assert asked(it.tell(ev.LegEnded(attempt, 17), 0.01)) == [1]


def test_what_fills_a_trunk_is_said_anew_though_nothing_happens(campaign: Campaign) -> None:
    """The line is free again, and the call that had it was one of the second's."""
    it = Bench(campaign, agents=3, trunk=LOOPBACK.model_copy(update={"lines": 1, "calls_per_second": 1}))
    attempt = it.dial()
    assert it.reason() == "trunk full: 1 lines of loop"
    it.tell(ev.LegEnded(attempt, 17), 0.01)
    it.tell(ev.AttemptsBegun(campaign.campaign_id, ev.Begun(next_in_s=0.0)), 0.01)
    due = it.core.next_timer()
    assert due is not None and due < it.now + 1
    it.tick(due - it.now)
    assert it.reason() == "1 calls per second on loop"
