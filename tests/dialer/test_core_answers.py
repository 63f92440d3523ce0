"""The core by itself: calls that are answered, and how long each may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.ids import AttemptId, BootId, CampaignId
from calls.switch.port import Detected, Prompt
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.pacing import Abandoned, Observation
from dialer.run import (
    DETECTING_LIMIT_S,
    ENDING_LIMIT_S,
    MACHINE_LIMIT_S,
    MESSAGE_LIMIT_S,
    NEVER_CAME,
    OVERDUE,
    OVERDUE_S,
)
from tests.dialer.conftest import make_campaign
from tests.dialer.core_bench import AGENT, BOOT, CLOCK_S, SALES, Bench, finish_in, is_place


@pytest.fixture
def bench(campaign: Campaign) -> Bench:
    return Bench(campaign)


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
