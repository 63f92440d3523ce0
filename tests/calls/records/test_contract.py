"""The schema's words: every table and column has them, none stands for nothing, and the questions can be asked."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from calls.records.contract import Query, datasette, queries, tables, unknown
from calls.records.writer import write_once
from tests.calls.records.records_doc import TARGET, text

CALL = """
INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, flow, last_node, started_at,
    ended_at, duration_s, billed_s, outcome, ended_by)
VALUES ('c1', 'inbound', 'pbx', 'b1', 'x', '+493023125001', '100', 'main', 'menu',
    '2027-03-01T10:00:00.000000+00:00', '2027-03-01T10:01:00.000000+00:00', 60, 60, 'answered', 'caller')
"""
ROWS = (
    CALL,
    "INSERT INTO call_events VALUES ('c1', 0, '2027-03-01T10:00:00.000000+00:00', 0, 'node_entered', '{}')",
    "INSERT INTO lists (list_id, name, created_at) VALUES ('l1', 'autumn', '2027')",
    "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
    " VALUES ('d1', 'l1', '+49301', '+49301', '[]', '2027')",
    "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
    " VALUES ('k1', 'autumn', 'l1', '{}', 'running', '2027', '2027')",
    "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id, trunk,"
    " state, intended_at, outcome)"
    " VALUES ('a1', 'k1', 'd1', 'p', '+49301', 1, 'pbx', 'b', 't', 'done', '2027', 'busy')",
    "INSERT INTO refusals VALUES ('k1', 'd1', 'window', NULL, '2027', '2027', 3)",
)
VALUES: Mapping[str, str] = {
    "day": "2027-03-01",
    "since": "2027",
    "call_id": "c1",
    "number": "+493023125001",
    "campaign_id": "k1",
}


def test_the_document_is_what_the_schema_gives() -> None:
    """Run `python -m tests.calls.records.records_doc` where this fails."""
    assert TARGET.read_text(encoding="utf-8") == text()


def test_every_table_and_column_has_words() -> None:
    silent = [table.name for table in tables() if not table.about]
    silent += [f"{table.name}.{column.name}" for table in tables() for column in table.columns if not column.words]
    assert silent == [], "write them into calls/records/contract.toml"


def test_nothing_is_told_that_is_not_there() -> None:
    assert unknown() == ()


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)
def test_a_question_finds_what_it_asks_for(query: Query, tmp_path: Path) -> None:
    path = tmp_path / "records.db"

    def fill(connection: sqlite3.Connection) -> None:
        for row in ROWS:
            connection.execute(row)

    write_once(path, fill)
    wanted = {name: VALUES[name] for name in re.findall(r":([a-z_]+)", query.sql)}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        assert connection.execute(query.sql, wanted).fetchall() != []


def test_datasette_is_told_of_the_database_by_its_files_name() -> None:
    told = datasette(Path("somewhere/centre.db"))["databases"]
    assert list(told) == ["centre"]
    assert (
        told["centre"]["tables"]["calls"]["columns"]["wait_s"] == "time waited for an agent; NULL: none was asked for"
    )
    assert told["centre"]["queries"].keys() == {query.name for query in queries()}
