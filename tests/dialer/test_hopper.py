"""Which leads are next: lists by weight, filters, orders, closed lists, and a roll that is filled in steps."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import CampaignId, LeadId, ListId
from calls.records.migrations import migrate
from calls.records.times import as_text
from dialer import enrolment, hopper, roll
from dialer.campaign import Campaign
from dialer.filters import Facts, Filter, takes
from dialer.mix import interleave
from dialer.order import By, rank
from tests.calls.records.test_migrations import ALL, release_with
from tests.dialer.conftest import make_campaign
from tests.dialer.test_attempts import Store, minutes, numbers
from tests.dialer.world import START

SEVERAL = '[{ name = "autumn", weight = 3 }, { name = "b" }]'
ZONES = '["America/New_York"]'


def add_list(store: Store, list_id: str, *given_: str, **columns: object) -> None:
    store.db.execute(
        "INSERT INTO lists (list_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (list_id, "autumn" if list_id == "l" else list_id, as_text(START)),
    )
    row = {"imported_at": as_text(START), "priority": 0, "fields": "{}", "region": "", **columns}
    for number in given_:
        store.db.execute(
            "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at, priority, fields,"
            " region) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (f"lead{number}", list_id, number, number, ZONES, *row.values()),
        )


def many(count: int, first: int = 100) -> list[str]:
    return [f"+1202555{first + index:04d}" for index in range(count)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(make_campaign(tmp_path, "[retries.busy]\nafter_s = 60\ntimes = 3\n"))

    yield made
    made.db.close()


def start(
    store: Store, folder: Path, tables: str = "", campaign_id: str = "autumn", **changed: str | None
) -> Campaign:
    store.campaign = make_campaign(folder, tables, campaign_id, **changed)
    roll.register(store.db, store.campaign, START)
    return store.campaign


# --- several lists ----------------------------------------------------------------------------------------------


def test_lists_are_mixed_by_weight_over_many_looks(store: Store, tmp_path: Path) -> None:
    a, b = many(8), many(8, 200)
    add_list(store, "l", *a)
    add_list(store, "b", *b)
    start(store, tmp_path, list=None, lists=SEVERAL)
    begun = [number for _ in range(8) for number in numbers(store.begin(1))]
    assert ["a" if number in a else "b" for number in begun] == ["a", "b", "a", "a", "a", "b", "a", "a"]
    assert [number for number in begun if number in a] == a[:6]


def test_each_list_of_several_is_a_stratum_of_its_own(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(4))
    add_list(store, "b", *many(4, 200))
    start(store, tmp_path, list=None, lists=SEVERAL)
    strata = {each.stratum for each in store.begin(4).attempts}
    assert len(strata) == 2
    assert {stratum.partition(", ")[2] for stratum in strata} == {next(iter(strata)).partition(", ")[2]}


def test_a_list_that_has_run_dry_holds_nobody_up(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(1))
    add_list(store, "b", *many(6, 200))
    start(store, tmp_path, list=None, lists=SEVERAL)
    assert len(store.begin(6).attempts) == 6
    assert len(store.begin(4).attempts) == 1
    assert store.begin(4).exhausted is False


def test_a_closed_list_is_dialled_by_no_campaign(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(3))
    add_list(store, "b", *many(3, 200))
    start(store, tmp_path, list=None, lists=SEVERAL)
    store.db.execute("UPDATE lists SET closed_at = ? WHERE name = 'autumn'", (as_text(START),))
    assert numbers(store.begin(9)) == many(3, 200)
    assert store.begin(0).next_in_s is None
    store.db.execute("UPDATE lists SET closed_at = NULL")
    assert numbers(store.begin(9)) == many(3)


def test_one_list_is_dialled_by_several_campaigns_and_each_person_once_at_a_time(
    store: Store, tmp_path: Path
) -> None:
    add_list(store, "l", *many(2))
    start(store, tmp_path)
    assert numbers(store.begin(1)) == many(1)
    start(store, tmp_path, campaign_id="winter", name='"Winter"')
    begun = store.begin(2)
    assert (numbers(begun), begun.refused) == (many(2)[1:], {"open_attempt": 1})


def test_a_list_that_the_campaign_no_longer_names_is_left(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(2))
    add_list(store, "b", *many(2, 200))
    start(store, tmp_path, list=None, lists=SEVERAL)
    start(store, tmp_path, list='"b"')
    assert numbers(store.begin(9)) == many(2, 200)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"lists": SEVERAL}, "lists: expected list or lists, not both"),
        ({"list": None, "lists": '[{ name = "a" }, { name = "a" }]'}, "list a is named twice"),
        ({"list": None, "lists": '[{ name = "a", weight = 0 }]'}, "weight: expected a whole number, 1 to 1000"),
    ],
)
def test_faults_of_lists(tmp_path: Path, lines: dict[str, str | None], words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        make_campaign(tmp_path, "", "autumn", **lines)


LISTS = st.dictionaries(st.sampled_from([ListId(name) for name in "abcd"]), st.integers(1, 7), min_size=1)


@given(LISTS, st.data())
def test_the_mix_keeps_to_the_weights_and_takes_no_lead_twice(
    weights: Mapping[ListId, int], data: st.DataObject
) -> None:
    total = sum(weights.values())
    endless = dict.fromkeys(weights, 1000)
    credit: dict[ListId, int] = {}
    turns: list[ListId] = []
    for size in data.draw(st.lists(st.integers(0, 9), max_size=6)):
        got, credit = interleave(weights, endless, credit, size)
        assert len(got) == size
        turns += got
    for size in range(len(turns) + 1):
        counts = Counter(turns[:size])
        for name, weight in weights.items():
            assert abs(counts[name] - size * weight / total) <= len(weights)
    few = {name: data.draw(st.integers(0, 4)) for name in weights}
    got, _ = interleave(weights, few, {}, 100)
    assert Counter(got) == Counter({name: count for name, count in few.items() if count})


# --- filters ----------------------------------------------------------------------------------------------------

FACTS = Facts(
    2, "no_answer", "2026-11-05T10:00:00.000000+00:00", "autumn", "US-CA", 5, {"Town": "Leeds", "Owes": "90"}
)


@pytest.mark.parametrize(
    ("given_", "holds"),
    [
        ({}, True),
        ({"tries": "< 3"}, True),
        ({"tries": ">= 3"}, False),
        ({"tries": "2"}, True),
        ({"last_outcome": ["busy", "no_answer"]}, True),
        ({"last_outcome": ""}, False),
        ({"imported_at": ">= 2026-11-01"}, True),
        ({"imported_at": "< 2026-11-01"}, False),
        ({"list": "!= autumn"}, False),
        ({"region": "US"}, True),
        ({"region": "us-ca"}, True),
        ({"region": ["US-NY", "GB"]}, False),
        ({"priority": "> 4.5"}, True),
        ({"fields": {"Town": "leeds", "Owes": "< 100"}}, True),
        ({"fields": {"Owes": "> 100"}}, False),
        ({"fields": {"Owes": "> abc"}}, False),
        ({"fields": {"Nothing": "< 100"}}, False),
        ({"fields": {"Nothing": ""}}, True),
        ({"fields": {"Town": "!="}}, True),
        ({"fields": {"Nothing": "!="}}, False),
    ],
)
def test_conditions(given_: dict[str, object], holds: bool) -> None:
    assert takes(Filter.model_validate(given_), FACTS) is holds


@given(st.text(max_size=30), st.text(max_size=30), st.integers())
def test_any_condition_holds_or_does_not(condition: str, value: str, priority: int) -> None:
    wanted = Filter.model_validate({"fields": {"x": condition}, "priority": condition, "region": condition})
    assert takes(wanted, Facts(0, "", value, "", value, priority, {"x": value})) in (True, False)
    one_of = Filter.model_validate({"fields": {"x": [value.strip(), condition]}})
    assert takes(one_of, Facts(0, "", "", "", "", 0, {"x": value}))


def test_a_filter_leaves_leads_out_until_it_is_changed(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(2), fields='{"Town": "Leeds"}')
    add_list(store, "l", *many(2, 200), fields='{"Town": "York"}', region="GB")
    campaign = start(store, tmp_path, '[filter.fields]\nTown = "York"\n')
    assert roll.progress(store.db, campaign.campaign_id) == {"excluded": 2, "new": 2}
    assert numbers(store.begin(9)) == many(2, 200)
    campaign = start(store, tmp_path, '[filter]\nregion = ""\n')
    assert roll.progress(store.db, campaign.campaign_id) == {"dialling": 2, "new": 2}
    assert numbers(store.begin(9)) == many(2)


def test_a_filter_by_tries_and_outcome_is_asked_after_each_attempt(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(2))
    start(
        store,
        tmp_path,
        '[filter]\nlast_outcome = ["", "busy"]\ntries = "< 2"\n[retries.busy]\nafter_s = 1\ntimes = 9\n',
    )
    for minute, expected in ((0, many(2)), (1, many(1)), (2, [])):
        begun = store.begin(9, minutes(minute))
        assert numbers(begun) == expected
        for each, outcome in zip(begun.attempts, (Outcome.BUSY, Outcome.NO_ANSWER), strict=False):
            store.end(each, outcome, minutes(minute))
    assert store.begin(9, minutes(3)).exhausted


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ("[filter]\ntown = 'x'\n", r"autumn\.toml:11: filter\.town: unknown key"),
        ("[filter]\ntries = 3\n", r"autumn\.toml:11: filter\.tries: expected a text in quotes"),
        ('[order]\nby = "name"\n', r"autumn\.toml:11: order\.by: expected one of priority, newest"),
    ],
)
def test_faults_of_filters_and_orders(tmp_path: Path, tables: str, words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        make_campaign(tmp_path, tables)


# --- orders -----------------------------------------------------------------------------------------------------


def test_the_newest_go_first(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(3))
    start(store, tmp_path, '[order]\nby = "newest"\n')
    assert numbers(store.begin(1)) == many(3)[2:]
    add_list(store, "l", *many(1, 300))
    assert numbers(store.begin(9)) == [*many(1, 300), many(3)[1], many(3)[0]]


def test_those_with_the_fewest_tries_go_first(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(3))
    start(store, tmp_path, '[order]\nby = "fewest_tries"\n[retries.busy]\nafter_s = 1\ntimes = 9\n')
    for number in many(2):
        (begun,) = store.begin(1).attempts
        assert begun.number == number
        store.end(begun, Outcome.BUSY)
    assert numbers(store.begin(3, minutes(1))) == [many(3)[2], *many(2)]


def test_a_random_order_is_the_same_in_each_look_and_another_in_each_campaign(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(10))
    start(store, tmp_path, '[order]\nby = "random"\n')
    first = [due.lead.number for due in hopper.due(store.db, store.campaign.campaign_id, START, 10)]
    assert sorted(first) == many(10) and first != many(10)
    assert [number for _ in range(10) for number in numbers(store.begin(1))] == first
    start(store, tmp_path, '[order]\nby = "random"\n', campaign_id="winter", name='"Winter"')
    again = [due.lead.number for due in hopper.due(store.db, store.campaign.campaign_id, START, 10)]
    assert sorted(again) == many(10) and again != first


@given(
    *(st.tuples(st.integers(-1000, 1000), st.integers(0, 50), st.integers(1, 1 << 40)) for _ in range(2)),
)
def test_ranks(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    def ranks(by: By) -> tuple[int, int]:
        return (rank(by, CampaignId("c"), LeadId("a"), *one), rank(by, CampaignId("c"), LeadId("b"), *other))

    (priority, tries, position), (priority_, tries_, position_) = one, other
    a, b = ranks(By.PRIORITY)
    assert (a < b) == (priority > priority_)
    a, b = ranks(By.NEWEST)
    assert (a < b) == (position > position_)
    a, b = ranks(By.FEWEST_TRIES)
    assert (a < b) == ((tries, -priority) < (tries_, -priority_))
    assert all(0 <= each < 1 << 63 for each in ranks(By.RANDOM))


# --- the roll ---------------------------------------------------------------------------------------------------


def test_a_roll_is_filled_in_steps_and_goes_on_after_a_crash(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(3 * enrolment.STEP))
    campaign = make_campaign(tmp_path)
    roll.enter(store.db, campaign, START)
    assert enrolment.step(store.db, campaign)
    assert roll.progress(store.db, campaign.campaign_id) == {"new": enrolment.STEP}
    store.campaign = campaign  # the engine is killed here; the campaign's next look goes on
    for _ in range(4):
        store.begin(0)
    assert roll.progress(store.db, campaign.campaign_id) == {"new": 3 * enrolment.STEP}


def test_a_campaign_whose_roll_is_not_full_is_not_finished(store: Store, tmp_path: Path) -> None:
    add_list(store, "l", *many(enrolment.STEP), fields='{"x": "no"}')
    add_list(store, "l", "+12125550100", fields='{"x": "yes"}')
    store.campaign = make_campaign(tmp_path, '[filter.fields]\nx = "yes"\n')
    roll.enter(store.db, store.campaign, START)
    begun = store.begin(1)
    assert (begun.attempts, begun.exhausted, begun.next_in_s) == ((), False, 0.0)
    assert numbers(store.begin(1)) == ["+12125550100"]


def test_leads_that_come_due_together_are_all_dialled(store: Store, tmp_path: Path) -> None:
    """More than are put among the ready in one look; each once."""
    add_list(store, "l", *many(hopper.PROMOTED + 50))
    campaign = start(store, tmp_path)
    later = as_text(START + timedelta(hours=1))
    store.db.execute("UPDATE campaign_leads SET state = 'retry', next_try_at = ?", (later,))
    assert store.begin(1).next_in_s == 3600
    seen = []
    while due := hopper.due(store.db, campaign.campaign_id, minutes(61), 200):
        for each in due:
            hopper.set_lead(store.db, campaign.campaign_id, each.lead_id, "done", None)
        seen += [each.lead.number for each in due]
    assert sorted(seen) == many(hopper.PROMOTED + 50)


def plan(connection: sqlite3.Connection, statement: str) -> str:
    return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"))


def test_what_is_next_is_looked_up_in_indexes(store: Store) -> None:
    where = "campaign_id = 'c' AND list_id = 'l'"
    ready = plan(
        store.db, f"SELECT lead_id FROM campaign_leads WHERE {where} AND {hopper._READY} ORDER BY rank, turn"
    )
    assert "campaign_leads_ready" in ready and "TEMP B-TREE" not in ready
    waiting = plan(
        store.db,
        f"SELECT lead_id FROM campaign_leads WHERE {where} AND {hopper._WAITING} AND next_try_at <= 'x'"
        " ORDER BY next_try_at",
    )
    assert "campaign_leads_waiting" in waiting and "TEMP B-TREE" not in waiting
    assert not hopper.is_dialling(store.db, CampaignId("c")), "by its index, or it would raise"


def test_a_database_from_before_goes_on_where_it_was(tmp_path: Path) -> None:
    """Its campaigns, their leads and who waits for a time."""
    before = release_with(*ALL[: ALL.index("0013_lead_numbers")])
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, before)
    at = as_text(START)
    campaign = make_campaign(tmp_path)
    connection.executescript(
        f"INSERT INTO lists VALUES ('l', 'autumn', '{at}');"
        f"INSERT INTO campaigns VALUES ('autumn', 'Autumn', 'l', '', 'running', '{at}', '{at}');"
    )
    for place, number in enumerate(many(3), 1):
        connection.execute(
            "INSERT INTO leads VALUES (?, 'l', ?, ?, '', ?, '{}', ?, ?)",
            (f"lead{number}", number, number, ZONES, place, at),
        )
        state, due = ("new", None) if place > 1 else ("retry", as_text(minutes(5)))
        connection.execute(
            "INSERT INTO campaign_leads VALUES ('autumn', ?, ?, 0, ?, NULL, ?, ?)",
            (f"lead{number}", state, due, place, place),
        )
    assert migrate(connection)[0] == "0013_lead_numbers"
    assert [due.lead.number for due in hopper.due(connection, campaign.campaign_id, START, 9)] == many(3)[:0:-1]
    assert [each.lead.number for each in hopper.due(connection, campaign.campaign_id, minutes(5), 9)] == many(3)[::-1]
    roll.register(connection, campaign, START)
    assert roll.progress(connection, campaign.campaign_id) == {"new": 2, "retry": 1}
    connection.close()
