"""The do-not-call list: E.164 only, every change audited, no whole number in the audit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.ids import CampaignId
from calls.numbers import NumberProblem, to_e164
from calls.people import do_not_call
from calls.people.do_not_call import Entry
from calls.records.database import open_writer
from calls.records.times import as_text
from tests.fresh_store import fill, lay

AT = datetime(2025, 6, 2, 12, tzinfo=UTC)
NUMBER = "+12025550123"
ENTRY = Entry(NUMBER, "caller", "asked in a call", AT, "ann")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    lay(tmp_path / "calls.db")
    made = open_writer(tmp_path / "calls.db")
    yield made
    made.close()


def audit(connection: sqlite3.Connection) -> list[tuple[str, str, dict[str, str]]]:
    rows = connection.execute("SELECT who, what, detail FROM audit ORDER BY audit_id")
    return [(who, what, json.loads(detail)) for who, what, detail in rows]


def test_added_found_removed(connection: sqlite3.Connection) -> None:
    assert not do_not_call.found(connection, NUMBER, AT)
    assert do_not_call.add(connection, ENTRY)
    assert do_not_call.found(connection, NUMBER, AT)
    assert do_not_call.entries(connection) == [ENTRY]
    assert do_not_call.remove(connection, NUMBER, at=AT, who="bob", reason="by mistake")
    assert not do_not_call.found(connection, NUMBER, AT)
    assert audit(connection) == [
        ("ann", "do_not_call.add", {"number": "***123", "source": "caller", "reason": "asked in a call"}),
        ("bob", "do_not_call.remove", {"number": "***123", "reason": "by mistake"}),
    ]


def test_the_first_entry_stays_and_a_second_is_no_change(connection: sqlite3.Connection) -> None:
    do_not_call.add(connection, ENTRY)
    assert not do_not_call.add(connection, Entry(NUMBER, "file", "", AT, "bob"))
    assert not do_not_call.remove(connection, "+12025550199", at=AT, who="bob", reason="")
    assert do_not_call.entries(connection) == [ENTRY]
    assert len(audit(connection)) == 1


def test_every_spelling_is_one_entry(connection: sqlite3.Connection) -> None:
    for spelling in ("(202) 555-0123", "+1 202 555 0123", "1.202.555.0123"):
        do_not_call.add(connection, Entry(to_e164(spelling, "US"), "file", "", AT, "ann"))
    assert [entry.number for entry in do_not_call.entries(connection)] == [NUMBER]


@pytest.mark.parametrize(
    "spelling", ["2025550123", "12025550123", "+1 202 555 0123", "", "+1202555012x", "+12025550123\n"]
)
def test_another_spelling_is_refused_not_answered_with_no(connection: sqlite3.Connection, spelling: str) -> None:
    with pytest.raises(NumberProblem, match=r"E\.164"):
        do_not_call.found(connection, spelling, AT)
    with pytest.raises(NumberProblem, match=r"E\.164"):
        do_not_call.add(connection, Entry(spelling, "file", "", AT, "ann"))
    with pytest.raises(NumberProblem, match=r"E\.164"):
        do_not_call.remove(connection, spelling, at=AT, who="ann", reason="")


def test_a_change_taken_back_leaves_no_audit(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    do_not_call.add(connection, ENTRY)
    connection.execute("ROLLBACK")
    assert audit(connection) == []
    assert not do_not_call.found(connection, NUMBER, AT)


def test_odd_text_is_made_fit(connection: sqlite3.Connection) -> None:
    do_not_call.add(connection, Entry(NUMBER, "a\x00\r\nb", "\udcff", AT, "e\u202eve"))
    (entry,) = do_not_call.entries(connection)
    assert (entry.source, entry.reason, entry.added_by) == ("ab", "\ufffd", "eve")


# --- beginnings, ends, campaigns --------------------------------------------------------------------------------

MINE, OTHER = CampaignId("mine"), CampaignId("other")
LATER = AT + timedelta(days=30)


def entry(number: str, **more: object) -> Entry:
    return Entry(number, "test", "", AT, "ann", **more)  # type: ignore[arg-type]


def test_a_beginning_forbids_all_numbers_that_begin_so(connection: sqlite3.Connection) -> None:
    do_not_call.add(connection, entry("+1900*"))
    assert [each.number for each in do_not_call.found(connection, "+19005550123", AT)] == ["+1900*"]
    assert not do_not_call.found(connection, "+19015550123", AT)
    assert not do_not_call.found(connection, "+18005550123", AT)
    assert do_not_call.remove(connection, "+1900*", at=AT, who="ann", reason="")
    assert not do_not_call.found(connection, "+19005550123", AT)


@pytest.mark.parametrize("text", ["*", "+*", "1900*", "+19*00", "+1900**", "+123456789012345*"])
def test_what_is_no_beginning_is_refused(connection: sqlite3.Connection, text: str) -> None:
    with pytest.raises(NumberProblem):
        do_not_call.add(connection, entry(text))


@given(
    st.lists(st.text("0123456789", min_size=1, max_size=6), max_size=8), st.text("0123456789", min_size=9, max_size=9)
)
def test_found_is_what_begins_so(beginnings: list[str], digits: str) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    number = f"+12{digits}"
    for each in beginnings:
        do_not_call.add(connection, entry(f"+12{each}*"))
    found = {each.number for each in do_not_call.found(connection, number, AT)}
    assert found == {f"+12{each}*" for each in beginnings if digits.startswith(each)}
    connection.close()


def test_an_entry_ends_at_its_time(connection: sqlite3.Connection) -> None:
    do_not_call.add(connection, entry(NUMBER, until=LATER))
    assert do_not_call.found(connection, NUMBER, LATER - timedelta(seconds=1))
    assert not do_not_call.found(connection, NUMBER, LATER)


def test_an_entry_is_renewed_by_one_that_holds_longer(connection: sqlite3.Connection) -> None:
    assert do_not_call.add(connection, entry(NUMBER, until=LATER))
    assert not do_not_call.add(connection, entry(NUMBER, until=LATER))
    assert do_not_call.add(connection, entry(NUMBER, until=LATER + timedelta(days=1)))
    assert do_not_call.add(connection, entry(NUMBER, proof="a letter"))
    assert not do_not_call.add(connection, entry(NUMBER, until=LATER))
    assert do_not_call.entries(connection) == [entry(NUMBER, proof="a letter")]
    log = connection.execute("SELECT what, subject, until_at FROM rule_log").fetchall()
    ends = [as_text(LATER), as_text(LATER + timedelta(days=1)), None]
    assert log == [("forbidden", NUMBER, end) for end in ends]


def test_a_campaigns_own_entry_holds_for_it_alone(connection: sqlite3.Connection) -> None:
    do_not_call.add(connection, entry(NUMBER, campaign_id=MINE))
    assert do_not_call.found(connection, NUMBER, AT, MINE)
    assert not do_not_call.found(connection, NUMBER, AT, OTHER) and not do_not_call.found(connection, NUMBER, AT)
    assert not do_not_call.remove(connection, NUMBER, at=AT, who="ann", reason="", campaign_id=OTHER)
    assert do_not_call.remove(connection, NUMBER, at=AT, who="ann", reason="", campaign_id=MINE)
    assert do_not_call.entries(connection) == []
    log = connection.execute("SELECT what, subject, campaign_id FROM rule_log").fetchall()
    assert log == [("forbidden", NUMBER, MINE), ("allowed", NUMBER, MINE)]
