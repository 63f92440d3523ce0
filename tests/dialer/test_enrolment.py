"""How leads come onto the rolls of campaigns, after others were removed."""

from __future__ import annotations

from pathlib import Path

from calls.records.times import as_text
from dialer import enrolment
from dialer.leads import lists
from tests.dialer.conftest import make_campaign
from tests.dialer.desk_store import NUMBER, DeskStore


def test_leads_in_the_rows_of_removed_ones_come_onto_the_roll(tmp_path: Path) -> None:
    """One was dialled and stays; SQLite gives the rows of the others to whoever comes next."""
    store = DeskStore(make_campaign(tmp_path), NUMBER, "+12025550101", "+12025550102")
    store.finish(store.dial())
    assert lists.remove(store.db, "autumn", "", store.now).taken == 2
    lists.close(store.db, "autumn", None)
    store.db.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        " VALUES ('next', 'l', '+12025550103', '+12025550103', '[]', ?)",
        (as_text(store.now),),
    )
    while enrolment.step(store.db, store.campaign):
        pass
    roll = store.db.execute("SELECT lead_id FROM campaign_leads ORDER BY position").fetchall()
    assert [row[0] for row in roll] == [f"lead{NUMBER}", "next"]
