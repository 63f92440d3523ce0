"""Two hours of a campaign's dials, as they would stand in the records, for the simulator to go by."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from calls.causes import Outcome
from calls.records import store
from calls.records.store import Direction
from calls.records.times import as_text
from tests.calls.records.test_figures import call
from tests.console.served import Served

DIALS, TALKS = 60, 12
EVERY_S, TALK_S = 120.0, 90.0


def two_hours(running: Served, campaign: str) -> None:
    """A dial every two minutes up to now, each fifth answered by a person and talked to by anna, of a campaign that
    was started once."""
    began = running.engine.clock.now() - timedelta(seconds=EVERY_S * DIALS)

    async def write() -> None:
        await running.engine.writer.run(lambda db: _dialled(db, campaign, began))

    running.wait(write)


def _dialled(connection: sqlite3.Connection, campaign: str, began: datetime) -> None:
    lead, person = connection.execute("SELECT lead_id, person_key FROM leads LIMIT 1").fetchone()
    for number in range(DIALS):
        at, is_met = began + timedelta(seconds=EVERY_S * number), number % 5 == 0
        connection.execute(
            "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
            " trunk, state, intended_at, ended_at, outcome, decision)"
            " VALUES (?, ?, ?, ?, '', 1, 'm', 'b', 'loop', 'done', ?, ?, ?, '{}')",
            (f"a{number}", campaign, lead, person, as_text(at), as_text(at), "answered" if is_met else "no_answer"),
        )
        if is_met:
            met = call(
                f"a{number}", direction=Direction.OUTBOUND, agent="anna", campaign=campaign, talk_s=TALK_S,
                wrap_up_s=10.0, connect_s=0.2, outcome=Outcome.ANSWERED,
            )  # fmt: skip
            ended = at + timedelta(seconds=TALK_S)
            store.finish_call(connection, replace(met, ring_s=8.0, started_at=at, answered_at=at, ended_at=ended), [])
