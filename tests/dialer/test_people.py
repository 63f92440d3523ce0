"""Who is behind a number: one person over lists, campaigns and numbers, and one call at a time (invariant I4)."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.leads.people import BothDialled, join, key_of
from tests.fresh_store import fill


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    fill(made)
    made.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'l', ''), ('m', 'm', '')")
    yield made
    made.close()


def add(database: sqlite3.Connection, numbers: Sequence[str], customer: str = "", list_id: str = "l") -> str:
    """A lead with these numbers; its person's key."""
    key = join(database, numbers, customer)
    lead_id = str(database.execute("SELECT count(*) FROM leads").fetchone()[0])
    database.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        " VALUES (?, ?, ?, ?, '[]', '') ON CONFLICT DO NOTHING",
        (lead_id, list_id, key, numbers[0]),
    )
    return key


def begin(database: sqlite3.Connection, attempt: str, number: str) -> bool:
    """As :func:`dialer.attempts.insert`: False where the person has an open attempt."""
    done = database.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, state, intended_at) VALUES (?, 'c', 'x', ?, ?, 1, '', '', '', 'intent', '')"
        " ON CONFLICT (person_key) WHERE state <> 'done' DO NOTHING",
        (attempt, key_of(database, number), number),
    )
    return done.rowcount == 1


def test_a_person_is_known_over_lists_and_numbers(database: sqlite3.Connection) -> None:
    assert add(database, ["+1", "+2"]) == "+1"
    assert add(database, ["+2"], list_id="m") == "+1"
    assert add(database, ["+3", "+2"], list_id="m") == "+1"
    assert key_of(database, "+3") == "+1"
    assert key_of(database, "+9") == "+9"


def test_one_number_needs_no_row(database: sqlite3.Connection) -> None:
    add(database, ["+1"])
    assert database.execute("SELECT count(*) FROM person_handles").fetchone()[0] == 0


def test_two_persons_who_turn_out_to_be_one_are_one(database: sqlite3.Connection) -> None:
    add(database, ["+1"])
    add(database, ["+2", "+3"])
    begin(database, "a", "+3")
    assert add(database, ["+1", "+3"], list_id="m") == "+1"
    for table in ("leads", "attempts"):
        assert [row[0] for row in database.execute(f"SELECT DISTINCT person_key FROM {table}")] == ["+1"]
    assert not begin(database, "b", "+1"), "the person is being dialled"


def test_a_customers_id_makes_one_person(database: sqlite3.Connection) -> None:
    assert add(database, ["+1"], "C7") == "+1"
    assert add(database, ["+2"], "C7") == "+1"
    assert add(database, ["+3"], "C8") == "+3"
    assert add(database, ["+4"], "+3") == "+4", "an id that looks like a number is none"


def test_persons_who_are_both_being_dialled_stay_two_until_one_call_ends(database: sqlite3.Connection) -> None:
    add(database, ["+1"])
    add(database, ["+2"])
    assert begin(database, "a", "+1") and begin(database, "b", "+2")
    before = list(database.iterdump())
    with pytest.raises(BothDialled):
        join(database, ["+1", "+2"], "")
    assert list(database.iterdump()) == before
    database.execute("UPDATE attempts SET state = 'done' WHERE attempt_id = 'a'")
    assert len({join(database, ["+1", "+2"], ""), key_of(database, "+1"), key_of(database, "+2")}) == 1
    assert not begin(database, "c", "+1")


NUMBERS = st.sampled_from([f"+{number}" for number in range(8)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lead"), st.lists(NUMBERS, min_size=1, max_size=3, unique=True), st.sampled_from("  xy")),
        st.tuples(st.just("dial"), NUMBERS, st.just("")),
        st.tuples(st.just("end"), NUMBERS, st.just("")),
    ),
    max_size=25,
)


def test_nobody_is_dialled_twice_at_a_time_whatever_leads_come(database: sqlite3.Connection) -> None:
    @settings(max_examples=200)
    @given(STEPS)
    def run(steps: list[tuple[str, object, str]]) -> None:
        database.execute("BEGIN")
        try:
            follow(database, steps)
        finally:
            database.execute("ROLLBACK")

    run()


def follow(database: sqlite3.Connection, steps: list[tuple[str, object, str]]) -> None:
    """Against a model that knows who belongs together by what was imported, and who is being dialled."""
    together: list[set[str]] = []
    open_: set[str] = set()
    ids = itertools.count()
    for what, given_, customer in steps:
        if what == "lead":
            handles = {*given_, *([f"id:{customer}"] if customer.strip() else [])}  # type: ignore[misc]
            met = [group for group in together if group & handles]
            joined = handles.union(*met)
            busy = [number for number in open_ if number in joined]
            try:
                add(database, given_, customer.strip(), "lm"[next(ids) % 2])  # type: ignore[arg-type]
            except BothDialled:
                assert len(busy) > 1
            else:
                assert len(busy) <= 1
                together = [group for group in together if group not in met] + [joined]
        elif what == "dial":
            number = str(given_)
            person = next((group for group in together if number in group), {number})
            assert begin(database, f"a{next(ids)}", number) is not any(each in person for each in open_)
            open_ |= set() if any(each in person for each in open_) else {number}
        else:
            database.execute("UPDATE attempts SET state = 'done' WHERE number = ?", (given_,))
            open_.discard(str(given_))
        keys = {number: key_of(database, number) for number in (f"+{each}" for each in range(8))}
        for group in together:
            assert len({keys[handle] for handle in group if handle in keys}) == 1
        for number, key in database.execute("SELECT number, person_key FROM leads"):
            assert keys[number] == key
        for number, key in database.execute("SELECT number, person_key FROM attempts"):
            assert keys[number] == key
