"""What the engine reads while callers wait, at its start and while it forgets, takes no longer with more records.

SQLite says how it would look for the rows; it knows as little of how many there are as in a house, where nobody has
it count them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from calls.causes import Outcome
from calls.ids import BootId, CampaignId, LeadId
from calls.people import erased, forgetting
from calls.records.database import open_writer
from calls.records.store import Direction
from calls.switch.events import SwitchUp
from console.engine import restart
from tests.calls.records.raw_days import Day, write
from tests.calls.records.test_figures import call
from tests.fresh_store import lay

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DIALLED = replace(
    call("c", agent="ann"),
    direction=Direction.OUTBOUND,
    campaign_id=CampaignId("k"),
    lead_id=LeadId("p1"),
)
LARGE = {"calls", "attempts", "call_events", "agent_states", "leads", "campaign_leads", "contacts", "callbacks"}

SMALL = {
    *("attempts_one_open_per_person", "callbacks_open", "contacts_open"),
    *("agent_states_open", "agent_states_unrecorded"),
}
"""Indexes that hold what is open, which is little."""

WORK: dict[str, Callable[[sqlite3.Connection], object]] = {
    "start": lambda db: restart._look(db, "main", [], SwitchUp(BootId("b"), frozenset()), NOW, None, frozenset()),
    "words": lambda db: forgetting.words(db, NOW),
    "calls": lambda db: forgetting.calls(db, NOW, NOW),
    "attempts": lambda db: forgetting.attempts(db, NOW, NOW),
    "callbacks": lambda db: forgetting.callbacks(db, NOW, NOW),
}


def test_nothing_looks_through_all_of_a_large_table(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    lay(path)
    with closing(open_writer(path)) as connection:
        erased.make_key(connection, path, b"k" * 32)
        connection.execute("BEGIN IMMEDIATE")
        write(connection, Day((DIALLED,), ((),), frozenset(), {"c": Outcome.ANSWERED}, {"c": "l1"}, {}, {}, ()))
        for name, work in WORK.items():
            said: list[str] = []
            connection.set_trace_callback(said.append)
            work(connection)
            connection.set_trace_callback(None)
            asked = [each for each in said if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE)", each)]
            assert len(asked) > 2, name
            assert {each: found for each in asked if (found := _through(connection, each))} == {}, name
        connection.execute("ROLLBACK")


def _through(connection: sqlite3.Connection, statement: str) -> list[str]:
    """The steps that go through all of a large table, but those that end with the first or last row of an index: a
    step names in brackets what it looks for."""
    called = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement)}
    found = []
    for (step,) in (row[3:] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")):
        way = re.match(r"(SCAN|SEARCH) (\w+)(?: USING (COVERING |PRIMARY )?(?:INDEX (\w+)|KEY))?", step)
        if way is None or called.get(way[2], way[2]) not in LARGE or "(" in step:
            continue
        ends_at_once = way[1] == "SEARCH" and way[3]
        if not ends_at_once and way[4] not in SMALL:
            found.append(step)
    return found
