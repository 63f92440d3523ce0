"""The core by itself: people's orders, and a switch that is lost or another."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import AgentId, AttemptId, BootId, CampaignId
from calls.switch.port import Detected
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.events import CampaignState
from dialer.run import (
    ANSWER_UNSEEN,
    CROSSED,
    END_UNSEEN,
)
from tests.dialer.conftest import make_campaign
from tests.dialer.core_bench import AGENT, BOOT, CLOCK_S, SALES, Bench, asked, finish_in, is_place


@pytest.fixture
def bench(campaign: Campaign) -> Bench:
    return Bench(campaign)


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
