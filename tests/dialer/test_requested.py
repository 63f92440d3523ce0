"""Attempts that an agent asks for: the file's table, the store, and the core."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import AttemptId, CampaignId, LeadId
from calls.people import do_not_call
from calls.records.times import as_text
from dialer import events as ev
from dialer import requested
from dialer.campaign import load
from dialer.compliance import Refused
from dialer.dialling import ASKED_LIMIT_S
from dialer.events import BegunAttempt, CampaignState
from dialer.routes import Room
from tests.dialer.conftest import SETTINGS, campaign_text, make_campaign
from tests.dialer.core_bench import BOOT, Bench, finish_in, is_place
from tests.dialer.test_attempts import PLACE, Store
from tests.dialer.world import START

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"
PREVIEW = '[pacing]\nmode = "preview"\n'
MANUAL = '[pacing]\nmode = "manual"\n'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(make_campaign(tmp_path, PREVIEW + "[attempts]\nper_number = 1\n"))
    yield made
    made.db.close()


# --- the file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ("[preview]\nseconds = 20\n", 'preview: is for [pacing] mode = "preview"; the mode is "progressive"'),
        (f"{MANUAL}[preview]\n", 'preview: is for [pacing] mode = "preview"; the mode is "manual"'),
        (f"{PREVIEW}[preview]\nseconds = 0\n", "preview.seconds: expected seconds, 1 to 600"),
        (f"{PREVIEW}[preview]\nauto = 'hope'\n", 'preview.auto: expected "dial", "skip" or "wait"'),
        (f"{PREVIEW}[preview]\nskipped_rest_s = 5\n", "preview.skipped_rest_s: expected seconds, 60 to 2592000"),
        (f"{PREVIEW}[preview]\nsecond = 5\n", "preview.second"),
    ],
)
def test_a_preview_that_does_not_fit_is_named(tmp_path: Path, tables: str, words: str) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text(campaign_text(tables), encoding="utf-8")
    with pytest.raises(CampaignError) as problem:
        load(path, SETTINGS)
    assert words in str(problem.value)
    assert problem.value.where is not None and problem.value.where.line is not None


# --- the store ----------------------------------------------------------------------------------------------------


def number_of(found: requested.Shown | None) -> str | None:
    return None if found is None else found.number


def begin(store: Store, number: str, now: datetime = START, attempt: str = "r1") -> BegunAttempt | Refused:
    lead = LeadId(f"lead{number}")
    return requested.begin(store.db, store.campaign, lead, None, now, PLACE, AttemptId(attempt), "ann")


def test_each_lead_is_shown_once_and_the_refused_are_kept(store: Store) -> None:
    store.add(ONE, TWO, THREE)
    do_not_call.add(store.db, do_not_call.Entry(ONE, "file", "", START, "me"))
    assert number_of(requested.next_lead(store.db, store.campaign, START, (), PLACE)) == TWO
    assert store.lead(ONE)[0] == "refused"
    taken = [LeadId(f"lead{TWO}")]
    assert number_of(requested.next_lead(store.db, store.campaign, START, taken, PLACE)) == THREE
    taken.append(LeadId(f"lead{THREE}"))
    assert requested.next_lead(store.db, store.campaign, START, taken, PLACE) is None
    assert [store.lead(each)[0] for each in (TWO, THREE)] == ["new", "new"], "what is shown stands on the roll"


@given(st.lists(st.sampled_from(range(6)), unique=True, max_size=6))
def test_what_is_taken_is_never_shown(taken: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(make_campaign(Path(folder), PREVIEW))
        numbers = [f"+1202555010{each}" for each in range(6)]
        store.add(*numbers)
        hidden = [LeadId(f"lead{numbers[each]}") for each in taken]
        shown = number_of(requested.next_lead(store.db, store.campaign, START, hidden, PLACE))
        free = [number for each, number in enumerate(numbers) if each not in taken]
        assert shown == (free[0] if free else None)
        store.db.close()


def test_an_attempt_is_one_as_any_other(store: Store) -> None:
    store.add(ONE)
    begun = begin(store, ONE)
    assert isinstance(begun, BegunAttempt) and begun.number == ONE and begun.try_number == 1
    assert store.lead(ONE)[:2] == ("dialling", 1)
    again = begin(store, ONE, attempt="r2")
    assert isinstance(again, Refused) and again.rule == "open_attempt" and again.until is not None
    assert store.end(begun, Outcome.NO_ANSWER)
    assert store.lead(ONE)[0] == "done"
    spent = begin(store, ONE, attempt="r3")
    assert isinstance(spent, Refused) and (spent.rule, spent.until) == ("attempts", None)
    assert store.lead(ONE)[0] == "done", "a refusal by hand does not put it back on the roll"


def test_hours_refuse_until_they_open(tmp_path: Path) -> None:
    us = {"preset": '"us-telemarketing"', "trunk": '"carrier"'}
    store = Store(make_campaign(tmp_path, MANUAL, **us))
    store.add(ONE)
    night = START.replace(hour=7)  # 2 in the morning in New York
    refused = begin(store, ONE, night)
    assert refused == Refused("calling_hours", START.replace(hour=13))
    assert store.lead(ONE)[:3] == ("retry", 0, "2027-03-01T13:00:00.000000+00:00")
    store.db.close()


def test_lines_that_are_full_refuse_for_a_moment(tmp_path: Path) -> None:
    store = Store(make_campaign(tmp_path, PREVIEW, max_lines="1"))
    store.add(ONE, TWO)
    assert isinstance(begin(store, ONE), BegunAttempt)
    full = begin(store, TWO, attempt="r2")
    assert full == Refused("lines_full", START + requested.FULL_REST)
    no_line = replace(PLACE, trunk=PLACE.trunk.model_copy(update={"lines": 1}))
    lead = LeadId(f"lead{TWO}")
    found = requested.begin(store.db, store.campaign, lead, None, START, no_line, AttemptId("r3"), "ann")
    assert found == Refused("trunk_full", START + requested.FULL_REST)
    assert store.lead(TWO)[0] == "new"
    store.db.close()


def test_a_skipped_lead_rests_and_one_that_is_over_does_not_come_back(store: Store) -> None:
    store.add(ONE, TWO)
    later = START + timedelta(hours=1)
    requested.skip(store.db, store.campaign, LeadId(f"lead{ONE}"), later)
    assert number_of(requested.next_lead(store.db, store.campaign, START, (), PLACE)) == TWO
    store.db.execute("UPDATE campaign_leads SET state = 'done' WHERE lead_id = ?", (f"lead{TWO}",))
    requested.skip(store.db, store.campaign, LeadId(f"lead{TWO}"), START)
    assert requested.next_lead(store.db, store.campaign, START, (), PLACE) is None
    assert number_of(requested.next_lead(store.db, store.campaign, later, (), PLACE)) == ONE


def test_a_number_that_the_list_lacks_becomes_a_lead_once(store: Store) -> None:
    store.add(ONE)
    assert requested.lead_of(store.db, store.campaign, ONE, START) == f"lead{ONE}"
    made = requested.lead_of(store.db, store.campaign, TWO, START)
    assert requested.lead_of(store.db, store.campaign, TWO, START) == made
    begun = requested.begin(store.db, store.campaign, made, TWO, START, PLACE, AttemptId("r1"), "ann")
    assert isinstance(begun, BegunAttempt) and begun.number == TWO


def test_a_lead_that_was_moved_to_another_list_is_made_anew(store: Store) -> None:
    store.add(ONE)
    made = requested.lead_of(store.db, store.campaign, TWO, START)
    store.db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('other', 'other', '')")
    store.db.execute("UPDATE leads SET list_id = 'other' WHERE lead_id = ?", (made,))
    again = requested.lead_of(store.db, store.campaign, TWO, START)
    assert again != made and requested.lead_of(store.db, store.campaign, TWO, START) == again


def test_a_further_number_of_a_lead_is_that_lead(store: Store) -> None:
    store.add(ONE)
    store.db.execute(
        "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, 2, 'work', ?, '[]')",
        (f"lead{ONE}", THREE),
    )
    lead = requested.lead_of(store.db, store.campaign, THREE, START)
    assert lead == f"lead{ONE}"
    begun = requested.begin(store.db, store.campaign, lead, THREE, START, PLACE, AttemptId("r1"), "ann")
    assert isinstance(begun, BegunAttempt) and begun.number == THREE


def test_what_no_trunk_carries_is_not_shown(store: Store) -> None:
    german = PLACE.trunk.model_copy(update={"prefixes": ("+49",)})
    place = replace(PLACE, rooms=(Room(german, 5),))
    store.add(ONE, TWO)
    store.db.execute(
        "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, 2, 'work', ?, '[]')",
        (f"lead{TWO}", "+493023125000"),
    )
    assert number_of(requested.next_lead(store.db, store.campaign, START, (), place)) == "+493023125000"
    assert store.lead(ONE)[0] == "refused"
    refused = requested.begin(store.db, store.campaign, LeadId(f"lead{ONE}"), ONE, START, place, AttemptId("r1"), "a")
    assert refused == Refused("route", None)


def test_a_congested_trunk_has_the_lead_shown_again_at_once_for_the_other(store: Store) -> None:
    other = PLACE.trunk.model_copy(update={"name": "second"})
    place = replace(PLACE, rooms=(Room(PLACE.trunk, 5), Room(other, 5)))
    store.add(ONE)
    begun = requested.begin(store.db, store.campaign, LeadId(f"lead{ONE}"), ONE, START, place, AttemptId("r1"), "a")
    assert isinstance(begun, BegunAttempt)
    assert store.end(begun, Outcome.CONGESTION)
    assert (store.lead(ONE)[0], store.lead(ONE)[2]) == ("retry", as_text(START))


def test_a_number_that_the_lead_has_lost_meanwhile_is_refused(store: Store) -> None:
    store.add(ONE)
    found = requested.begin(store.db, store.campaign, LeadId(f"lead{ONE}"), TWO, START, PLACE, AttemptId("r1"), "a")
    assert found == Refused("not_on_the_roll", None)


def test_nobody_on_the_roll_is_told(store: Store) -> None:
    store.add(ONE)
    assert begin(store, TWO) == Refused("not_on_the_roll", None)
    assert requested.in_words(Refused("do_not_call", None)).endswith("the rule do_not_call refuses it for good")
    assert "until 2027-03-01T09:00" in requested.in_words(Refused("calling_hours", START))


# --- the core -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(make_campaign(tmp_path, PREVIEW), agents=0)


def test_it_goes_out_though_no_agent_is_free_and_nothing_else_does(bench: Bench) -> None:
    assert bench.first == [ev.CampaignChanged(bench.campaign.campaign_id, CampaignState.RUNNING, "started")]
    assert bench.agents(5) == [], "nothing is dialled by itself"
    bench.agents(0)
    (placed,) = bench.tell(ev.RequestBegun(bench.campaign, bench.attempt()))
    assert is_place(placed)
    assert bench.core.running() == (bench.campaign,)


@pytest.mark.parametrize("order", [ev.CampaignPaused, ev.CampaignStopped, ev.CampaignDraining])
def test_a_campaign_that_does_not_run_sends_none(
    bench: Bench, order: type[ev.CampaignPaused | ev.CampaignStopped | ev.CampaignDraining]
) -> None:
    bench.tell(order(bench.campaign.campaign_id))
    finish = finish_in(bench.tell(ev.RequestBegun(bench.campaign, bench.attempt())))
    assert (finish.outcome, finish.sent) == (Outcome.CANCELLED, False)
    assert bench.core.running() == ()


def test_a_busy_second_of_the_trunk_is_waited_for_and_no_longer(bench: Bench) -> None:
    [trunk] = bench.campaign.file.ways
    gate = bench.core._state.rooms.gates[trunk]
    for _ in range(gate.trunk.lines):
        gate.placed(bench.now)
    assert bench.tell(ev.RequestBegun(bench.campaign, bench.attempt())) == []
    placed = bench.tick(1.2)
    assert [is_place(each) for each in placed] == [True]
    gate.congested(bench.now, bench.now)
    gate.congested(bench.now + 5.0, bench.now + 5.0)
    assert bench.tell(ev.RequestBegun(bench.campaign, bench.attempt())) == []
    finish = finish_in(bench.tick(ASKED_LIMIT_S))
    assert (finish.outcome, finish.sent) == (Outcome.CANCELLED, False)


def test_one_begun_while_the_last_line_went_to_another_leg_waits_for_it(bench: Bench) -> None:
    """The row was written by what was free before."""
    [trunk] = bench.campaign.file.ways
    for _ in range(bench.core._state.rooms.gates[trunk].trunk.lines):
        bench.core.take_line(trunk, None)
    assert bench.tell(ev.RequestBegun(bench.campaign, bench.attempt())) == []
    bench.core.give_line_back(trunk)
    assert [is_place(each) for each in bench.tick(0.1)] == [True]


def test_the_agent_of_such_a_call_is_not_taken_from_another_campaign(tmp_path: Path) -> None:
    """The agent is reserved already: a free one is free for the others."""
    other = make_campaign(tmp_path, campaign_id="winter", name='"Winter"')
    bench = Bench(make_campaign(tmp_path, PREVIEW), agents=1)
    bench.tell(ev.RequestBegun(bench.campaign, bench.attempt()))
    started = bench.tell(ev.CampaignStarted(other))
    assert [each.up_to for each in started if isinstance(each, ev.BeginAttempts)] == [1]


def test_a_change_that_came_between_the_row_and_the_dial_stays(bench: Bench, tmp_path: Path) -> None:
    """The attempt was begun under the campaign as it was; the campaign goes on as it is."""
    begun_under = bench.campaign
    changed = make_campaign(tmp_path, PREVIEW, max_lines="3")
    bench.tell(ev.CampaignRenewed(changed))
    bench.tell(ev.RequestBegun(begun_under, bench.attempt()))
    assert bench.core.running() == (changed,)


@pytest.mark.parametrize("preset", ["demo", "zero-abandon"])
def test_who_asked_to_be_called_has_an_agent_already_and_needs_no_other(tmp_path: Path, preset: str) -> None:
    trunk = '"loop"' if preset == "demo" else '"carrier"'
    wanted = make_campaign(tmp_path, preset=f'"{preset}"', trunk=trunk).model_copy(update={"on_request": True})
    bench = Bench(wanted, start=False)
    bench.tell(ev.Recovered(BOOT))
    actions = bench.tell(ev.RequestBegun(wanted, bench.attempt()))
    assert [type(each) for each in actions] == [ev.PlaceCall]


@pytest.mark.parametrize("place", ["asked", "ringing"])
@pytest.mark.parametrize("of", [None, "autumn", "winter"])
def test_what_is_forbidden_to_a_campaign_ends_what_it_promised(tmp_path: Path, place: str, of: str | None) -> None:
    promised = make_campaign(tmp_path, campaign_id="promised-autumn").model_copy(update={"on_request": True})
    bench = Bench(promised, start=False)
    bench.tell(ev.Recovered(BOOT))
    if place == "asked":
        gate = bench.core._state.rooms.gates["loop"]
        for _ in range(gate.trunk.lines):
            gate.placed(bench.now)
    attempt = bench.attempt()
    bench.tell(ev.RequestBegun(promised, attempt))
    actions = bench.tell(ev.DoNotCallAdded(attempt.number, None if of is None else CampaignId(of)))
    wanted = [] if of == "winter" else [ev.Finish if place == "asked" else ev.HangUp]
    assert [type(each) for each in actions] == wanted


def test_in_a_drain_nobody_is_called_back_whose_row_came_too_late(tmp_path: Path) -> None:
    wanted = make_campaign(tmp_path).model_copy(update={"on_request": True})
    bench = Bench(wanted, start=False)
    bench.tell(ev.Recovered(BOOT))
    bench.tell(ev.RequestBegun(wanted, bench.attempt()))
    bench.tell(ev.CampaignDraining(wanted.campaign_id))
    finish = finish_in(bench.tell(ev.RequestBegun(wanted, bench.attempt())))
    assert (finish.outcome, finish.sent) == (Outcome.CANCELLED, False)


def test_what_was_begun_by_itself_does_not_go_out_once_agents_dial_by_hand(tmp_path: Path) -> None:
    bench = Bench(make_campaign(tmp_path))
    bench.tell(ev.CampaignRenewed(make_campaign(tmp_path, MANUAL)))
    begun = ev.Begun((bench.attempt(),), next_in_s=0.0)
    finish = finish_in(bench.tell(ev.AttemptsBegun(bench.campaign.campaign_id, begun)))
    assert (finish.outcome, finish.sent) == (Outcome.CANCELLED, False)
