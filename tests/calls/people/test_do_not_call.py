"""The do-not-call list: E.164 only, every change audited, no whole number in the audit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calls.numbers import NumberProblem, to_e164
from calls.people import do_not_call
from calls.people.do_not_call import Entry
from calls.records.database import open_writer
from calls.records.migrations import migrate

AT = datetime(2025, 6, 2, 12, tzinfo=UTC)
NUMBER = "+12025550123"
ENTRY = Entry(NUMBER, "caller", "asked in a call", AT, "ann")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = open_writer(tmp_path / "calls.db")
    migrate(made)
    yield made
    made.close()


def audit(connection: sqlite3.Connection) -> list[tuple[str, str, dict[str, str]]]:
    rows = connection.execute("SELECT who, what, detail FROM audit ORDER BY audit_id")
    return [(who, what, json.loads(detail)) for who, what, detail in rows]


def test_added_found_removed(connection: sqlite3.Connection) -> None:
    assert not do_not_call.contains(connection, NUMBER)
    assert do_not_call.add(connection, ENTRY)
    assert do_not_call.contains(connection, NUMBER)
    assert do_not_call.entries(connection) == [ENTRY]
    assert do_not_call.remove(connection, NUMBER, at=AT, who="bob", reason="by mistake")
    assert not do_not_call.contains(connection, NUMBER)
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
        do_not_call.contains(connection, spelling)
    with pytest.raises(NumberProblem, match=r"E\.164"):
        do_not_call.add(connection, Entry(spelling, "file", "", AT, "ann"))
    with pytest.raises(NumberProblem, match=r"E\.164"):
        do_not_call.remove(connection, spelling, at=AT, who="ann", reason="")


def test_a_change_taken_back_leaves_no_audit(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    do_not_call.add(connection, ENTRY)
    connection.execute("ROLLBACK")
    assert audit(connection) == []
    assert not do_not_call.contains(connection, NUMBER)


def test_odd_text_is_made_fit(connection: sqlite3.Connection) -> None:
    do_not_call.add(connection, Entry(NUMBER, "a\x00\r\nb", "\udcff", AT, "e\u202eve"))
    (entry,) = do_not_call.entries(connection)
    assert (entry.source, entry.reason, entry.added_by) == ("ab", "\ufffd", "eve")
