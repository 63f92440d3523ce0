"""What became of the leads of a list: a row a lead and campaign, with what its last attempt and its agents said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from calls.errors import LeadError
from calls.records.times import as_text
from dialer import roll
from dialer.leads.results import _ROWS, COLUMNS, results
from tests.dialer.conftest import make_campaign
from tests.dialer.desk_store import ANNA, DeskStore

FIRST, SECOND, THIRD = "+12025550100", "+12025550101", "+12025550102"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DeskStore]:
    made = DeskStore(make_campaign(tmp_path, "[retries.busy]\nafter_s = 600\ntimes = 3\n"), FIRST, SECOND, THIRD)
    yield made
    made.db.close()


def found(store: DeskStore, campaign: str | None = None) -> list[dict[str, object]]:
    wanted = results(store.db, "autumn", campaign)
    return [dict(zip(wanted.columns, row, strict=True)) for page in wanted.pages(store.db) for row in page.rows]


def test_each_lead_says_what_its_last_attempt_came_to(store: DeskStore) -> None:
    started = store.now
    store.call("sale")
    store.now += timedelta(minutes=5)
    second = store.dial()
    store.talk(second)
    store.finish(second)
    first, later, never = found(store)
    assert tuple(first) == COLUMNS
    assert (first["number"], first["last number"], first["campaign"]) == (FIRST, FIRST, "autumn")
    assert (first["lead state"], first["tries"], first["last outcome"]) == ("done", 1, "answered")
    assert (first["disposition"], first["agent"], first["last dialled at"]) == ("sale", ANNA, as_text(started))
    assert (later["number"], later["disposition"], later["last dialled at"]) == (SECOND, None, as_text(store.now))
    assert (never["number"], never["lead state"], never["tries"]) == (THIRD, "new", 0)
    assert (never["last outcome"], never["last dialled at"], never["agent"]) == (None, None, None)
    assert never["time zones"] == "America/New_York"


def test_the_disposition_is_the_last_that_was_given_and_the_outcome_that_of_the_last_attempt(
    store: DeskStore,
) -> None:
    store.call("sale")
    store.db.execute("UPDATE campaign_leads SET state = 'retry', next_try_at = NULL")
    store.now += timedelta(days=2)
    for _ in range(3):
        attempt = store.dial()
        if attempt.number == FIRST:
            break
    store.db.execute(
        "UPDATE attempts SET state = 'done', outcome = 'busy', ended_at = ? WHERE attempt_id = ?",
        (as_text(store.now), attempt.attempt_id),
    )
    store.db.execute("UPDATE campaign_leads SET last_outcome = 'busy' WHERE lead_id = ?", (attempt.lead_id,))
    first = next(each for each in found(store) if each["number"] == FIRST)
    assert (first["disposition"], first["last outcome"], first["agent"]) == ("sale", "busy", None)


def test_a_lead_of_two_campaigns_has_a_row_in_each_and_one_that_no_campaign_has_is_there_too(
    store: DeskStore, tmp_path: Path
) -> None:
    roll.register(store.db, make_campaign(tmp_path, "", "spring", name='"Spring"'), store.now)
    store.db.execute("DELETE FROM campaign_leads WHERE lead_id = ?", (f"lead{THIRD}",))
    store.db.execute("DELETE FROM campaign_leads WHERE campaign_id = 'spring' AND lead_id = ?", (f"lead{SECOND}",))
    store.db.execute("UPDATE campaign_leads SET state = 'refused' WHERE campaign_id = 'spring'")
    store.db.execute(
        "INSERT INTO refusals VALUES ('spring', ?, 'do_not_call', NULL, ?, ?, 1)",
        (f"lead{FIRST}", as_text(store.now), as_text(store.now)),
    )
    rows = [(each["number"], each["campaign"], each["refused by"]) for each in found(store)]
    assert rows == [
        (FIRST, "autumn", None), (FIRST, "spring", "do_not_call"), (SECOND, "autumn", None), (THIRD, None, None),
    ]  # fmt: skip
    assert [each["campaign"] for each in found(store, "spring")] == ["spring", None, None]


def test_columns_of_the_files_stand_behind_ours_and_pages_go_on_where_the_last_ended(store: DeskStore) -> None:
    for number, fields in ((FIRST, '{"Town": "=London", "name": "own"}'), (THIRD, '{"Owes": "12"}')):
        store.db.execute("UPDATE leads SET fields = ? WHERE number = ?", (fields, number))
    store.db.execute("INSERT INTO lead_numbers VALUES (?, 2, 'mobile', '+12025550109', '[]')", (f"lead{SECOND}",))
    wanted = results(store.db, "autumn")
    assert wanted.columns[len(COLUMNS) :] == ("Owes", "Town", "name (file)")
    first = wanted.page(store.db, most=2)
    assert first.after is not None and [row[0] for row in first.rows] == [FIRST, SECOND]
    assert first.rows[0][-3:] == (None, "=London", "own") and first.rows[1][2] == "+12025550109"
    last = wanted.page(store.db, first.after, 2)
    assert [row[0] for row in last.rows] == [THIRD] and last.after is None
    with pytest.raises(LeadError, match="no list moon"):
        results(store.db, "moon")


def test_a_million_leads_are_read_without_a_look_at_more_than_each_one_s_own(store: DeskStore) -> None:
    plan = store.db.execute(f"EXPLAIN QUERY PLAN {_ROWS}", {"list": "l", "campaign": None, "after": 0, "most": 9})
    looks = [row[3] for row in plan if row[3].startswith(("SEARCH", "SCAN"))]
    assert [each for each in looks if "lead_id=?" not in each and "_id=?)" not in each] == [
        "SEARCH leads USING INDEX leads_by_list (list_id=? AND rowid>?)",
        "SCAN l",
    ]
    assert not any("by_campaign" in each for each in looks)
