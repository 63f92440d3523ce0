"""The roll-ups of leads: whatever is done to leads, rolls and attempts, they are what the rows add up to."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.records import lead_totals
from calls.records.times import as_text
from tests.calls.records.raw_days import BEGIN
from tests.calls.records.scratch import taken_back

LISTS, CAMPAIGNS = ("old", "new"), ("c", "d")

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["import", "import", "enrol", "enrol", "dial", "dial", "unsent", "sent", "move", "later"])
        | st.sampled_from(["unroll", "remove", "rename", "other_lead", "other_campaign"]),
        st.integers(0, 2),
        st.sampled_from(["x", "y"]),
    ),
    min_size=1,
    max_size=30,
)
"""What is done, to which lead or attempt, and with which list or campaign."""

BEFORE = (
    *(("import", 0, "x"), ("import", 0, "x"), ("import", 2, "y")),
    *(("enrol", which, "x") for which in range(3)),
    *(("dial", which, "x") for which in range(3)),
    *(("dial", 2, "y"), ("enrol", 2, "y"), ("enrol", 0, "y"), ("dial", 0, "y")),
)
"""Two leads that count together, and another; all on a roll and dialled, two by another campaign as well."""


def do(db: sqlite3.Connection, number: int, what: str, which: int, of: str) -> None:
    """One deed; nothing where there is no such lead or attempt."""
    list_id, campaign = dict(zip("xy", LISTS, strict=True))[of], dict(zip("xy", CAMPAIGNS, strict=True))[of]
    leads = [row[0] for row in db.execute("SELECT lead_id FROM leads ORDER BY rowid")]
    tried = [row[0] for row in db.execute("SELECT attempt_id FROM attempts ORDER BY rowid")]
    lead = leads[which % len(leads)] if leads else ""
    attempt = tried[which % len(tried)] if tried else ""
    match what:
        case "import":
            db.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
                " VALUES (?1, ?2, ?1, ?1, '[]', ?3)",
                (f"l{number}", list_id, as_text(BEGIN + timedelta(minutes=10 * which))),
            )
        case "enrol" if lead:
            db.execute(
                "INSERT INTO campaign_leads (campaign_id, lead_id, state) VALUES (?, ?, 'new')"
                " ON CONFLICT DO NOTHING",
                (campaign, lead),
            )
        case "dial" if lead:
            db.execute(
                "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch,"
                " boot_id, trunk, state, intended_at) VALUES (?1, ?2, ?3, ?1, '', 1, '', '', '', 'done', ?4)",
                (f"a{number}", campaign, lead, as_text(BEGIN)),
            )
        case "unsent" | "sent":
            db.execute("UPDATE attempts SET unsent = ? WHERE attempt_id = ?", (what == "unsent", attempt))
        case "move":
            db.execute("UPDATE leads SET list_id = ? WHERE lead_id = ?", (list_id, lead))
        case "later":
            db.execute("UPDATE leads SET imported_at = ? WHERE lead_id = ?", (as_text(BEGIN + timedelta(1)), lead))
        case "unroll":
            db.execute("DELETE FROM campaign_leads WHERE campaign_id = ? AND lead_id = ?", (campaign, lead))
        case "remove" if not db.execute("SELECT 1 FROM attempts WHERE lead_id = ?", (lead,)).fetchone():
            db.execute("DELETE FROM campaign_leads WHERE lead_id = ?", (lead,))
            db.execute("DELETE FROM leads WHERE lead_id = ?", (lead,))
        case "rename":
            db.execute("UPDATE leads SET number = 'hash-' || rowid, person_key = 'h' WHERE lead_id = ?", (lead,))
        case "other_lead" if lead:
            db.execute("UPDATE attempts SET lead_id = ? WHERE attempt_id = ?", (lead, attempt))
        case "other_campaign":
            db.execute("UPDATE attempts SET campaign_id = ? WHERE attempt_id = ?", (campaign, attempt))


def kept(db: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in db.execute(f"SELECT * FROM {cube.table}")] for cube in lead_totals.CUBES]


@given(DEEDS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_kept_of_leads_is_what_the_rows_add_up_to(
    connection: sqlite3.Connection, deeds: list[tuple[str, int, str]]
) -> None:
    with taken_back(connection):
        for name in LISTS:
            connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES (?1, ?1, '')", (name,))
        for name in CAMPAIGNS:
            connection.execute(
                "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
                " VALUES (?1, ?1, 'old', '{}', 'running', '', '')",
                (name,),
            )
        for number, deed in enumerate([*BEFORE, *deeds]):
            do(connection, number, *deed)
        found = kept(connection)
        lead_totals.recount(connection)
        assert found == kept(connection)
