"""The schema's versions: new, older, newer, another program's, and a migration that fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from calls.errors import RecordError, SchemaTooNew
from calls.records.database import open_writer
from calls.records.migrations import APPLICATION_ID, MIGRATIONS, applied, migrate, missing

ALL = (
    "0001_first",
    "0002_flow_versions",
    "0003_overrides",
    "0004_outbox",
    "0005_voicemail",
    "0006_surveys",
    "0007_pin_tries",
    "0008_toll",
    "0009_callbacks",
    "0010_blocked",
    "0011_payments",
    "0012_callback_claims",
    "0013_lead_numbers",
    "0014_rules",
    "0015_control",
    "0017_dispositions",
    "0019_routes",
    "0020_best_hours",
    "0022_truth",
    "0024_accounts",
    "0025_totals",
    "0026_open_states",
    "0030_left_states",
    "0031_machine_hours",
    "0033_agent_queues",
    "0044_ordered_queues",
    "0045_announced_pauses",
    "0046_toll_trunk",
    "0047_notices",
    "0048_trunk_lines",
    "0050_retention",
    "0051_reviews",
    "0052_acknowledged_alerts",
    "0053_leads_by_time",
    "0056_reassignments",
    "0059_lead_totals",
    "0060_reached",
    "0061_work_shifts",
    "0062_waits",
    "0066_pacing_decisions",
    "0067_path_totals",
    "0068_connected",
    "0069_machines",
    "0069_arms",
    "0069_dialled_talks",
    "0072_hold",
    "0073_breaks",
    "0074_removed_leads",
    "0075_archived_campaigns",
    "0076_recorded_talks",
)


def release_with(*names: str) -> Migrations:
    """A release that knows only these of our migrations."""
    found = Migrations("callwright")
    empty = Database(memory=True)
    for each in MIGRATIONS.pending(empty):
        if each.name in names:
            found(name=each.name)(each.fn)
    empty.close()
    return found


def next_release() -> Migrations:
    """The migrations of a release after this one."""
    later = release_with(*ALL)

    @later(name="9998_note")
    def _note(database: Database) -> None:
        database.executescript("ALTER TABLE calls ADD COLUMN note TEXT; CREATE TABLE later (x TEXT) STRICT;")

    return later


@pytest.fixture
def empty(path: Path) -> Iterator[sqlite3.Connection]:
    made = open_writer(path)
    yield made
    made.close()


def test_a_new_database_has_the_whole_schema(empty: sqlite3.Connection) -> None:
    assert missing(empty) == ALL
    assert migrate(empty) == ALL
    assert applied(empty) == ALL
    assert missing(empty) == ()
    tables = {row[0] for row in empty.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"calls", "live_calls", "call_events", "attempts", "leads", "audit", "do_not_call"} <= tables
    assert empty.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID


def test_keys_without_rowid_are_the_first_columns(connection: sqlite3.Connection) -> None:
    """SQLite 3.40's quick_check takes a strict table for damaged whose key's columns stand in another order."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%'")
    for (name,) in rows.fetchall():
        places = [each[5] for each in connection.execute(f"PRAGMA table_info({name})")]
        keys = [place for place in places if place]
        assert places[: len(keys)] == list(range(1, len(keys) + 1)), name


def test_migrating_again_does_nothing(connection: sqlite3.Connection) -> None:
    before = connection.execute("PRAGMA schema_version").fetchone()[0]
    assert migrate(connection) == ()
    assert connection.execute("PRAGMA schema_version").fetchone()[0] == before


def test_an_older_database_is_upgraded_in_place(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO audit (at, who, what) VALUES ('a', 'b', 'kept')")
    assert migrate(connection, next_release()) == ("9998_note",)
    assert connection.execute("SELECT what FROM audit").fetchall() == [("kept",)]
    assert "note" in {row[1] for row in connection.execute("PRAGMA table_info(calls)")}


def test_calls_of_before_get_the_flow_version_of_their_trail(empty: sqlite3.Connection) -> None:
    migrate(empty, release_with("0001_first"))
    for name, flow in (("with", "main"), ("lost", "main"), ("dialled", None)):
        empty.execute(
            "INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, flow, started_at,"
            " ended_at, duration_s, billed_s, outcome)"
            " VALUES (?, 'inbound', '', '', '', '', '', ?, '', '', 0, 0, '')",
            (name, flow),
        )
    for seq, kind in enumerate(("ringing", "flow_started", "node_entered")):
        empty.execute(
            "INSERT INTO call_events VALUES ('with', ?, '', 0, ?, ?)", (seq, kind, '{"version": "0123456789ab"}')
        )
    assert migrate(empty) == ALL[1:]
    found = dict(empty.execute("SELECT call_id, flow_version FROM calls").fetchall())
    assert found == {"with": "0123456789ab", "lost": None, "dialled": None}


def test_a_newer_database_is_refused_and_not_touched(connection: sqlite3.Connection) -> None:
    migrate(connection, next_release())
    before = connection.execute("PRAGMA data_version").fetchone(), applied(connection)
    with pytest.raises(SchemaTooNew, match=r"newer release \(it has 9998_note\): use that release"):
        migrate(connection)
    assert not connection.in_transaction
    assert (connection.execute("PRAGMA data_version").fetchone(), applied(connection)) == before


def test_another_program_s_database_is_refused(empty: sqlite3.Connection) -> None:
    empty.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(RecordError, match="is not Callwright's"):
        migrate(empty)
    assert [row[0] for row in empty.execute("SELECT name FROM sqlite_master")] == ["notes"]


def test_a_migration_that_fails_leaves_nothing(connection: sqlite3.Connection) -> None:
    later = next_release()

    @later(name="9999_broken")
    def _broken(database: Database) -> None:
        database.executescript("CREATE TABLE half (x TEXT); INSERT INTO nowhere VALUES (1);")

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, later)
    assert not connection.in_transaction
    assert applied(connection) == ALL
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not {"half", "later"} & tables


def test_the_audit_is_append_only(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO audit (at, who, what) VALUES ('a', 'b', 'c')")
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)


def test_rules_and_rolls_of_before_hold_on(empty: sqlite3.Connection) -> None:
    """A refusal that was written again and again is one that counts; entries stand in the log; rolls have a list."""
    migrate(empty, release_with(*ALL[:12]))
    empty.executescript("""
        INSERT INTO lists VALUES ('l', 'autumn', 't0');
        INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, priority, imported_at)
            VALUES ('a', 'l', '+1', '+1', '[]', 3, 't0');
        INSERT INTO campaigns VALUES ('c', 'C', 'l', '{}', 'running', 't0', 't0');
        INSERT INTO campaign_leads (campaign_id, lead_id, state, priority, position) VALUES ('c', 'a', 'retry', 3, 7);
        INSERT INTO refusals (campaign_id, lead_id, rule, until_at, refused_at)
            VALUES ('c', 'a', 'calling_hours', 't5', 't1'), ('c', 'a', 'calling_hours', 't6', 't2'),
                ('c', 'a', 'attempts', NULL, 't3');
        INSERT INTO do_not_call VALUES ('+2', 'file', '', 't1', 'me'), ('+1', 'file', '', 't2', 'me');
        INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,
            trunk, state, intended_at) VALUES ('x', 'c', 'a', '+1', '+1', 1, 's', 'b', 't', 'live', 't4');
    """)
    assert migrate(empty) == ALL[12:]

    def rows(what: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in empty.execute(what).fetchall()]

    assert rows("SELECT rule, until_at, refused_at, last_at, times FROM refusals ORDER BY rule") == [
        ("attempts", None, "t3", "t3", 1),
        ("calling_hours", "t6", "t1", "t2", 2),
    ]
    assert rows("SELECT what, subject, at FROM rule_log ORDER BY seq") == [
        ("forbidden", "+2", "t1"),
        ("forbidden", "+1", "t2"),
    ]
    assert rows("SELECT list_id, rank, turn, excluded FROM campaign_leads") == [("l", -3, 7, 0)]
    assert rows("SELECT campaign_id, list_id, weight, enrolled_to FROM campaign_lists") == [("c", "l", 1, 0)]
    assert rows("SELECT state, version, rules_seq, caller_id FROM attempts") == [("live", None, None, None)]
    assert rows("PRAGMA foreign_key_check") == []
