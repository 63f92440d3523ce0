"""Records that are older than they are kept: nobody is found in them, and what is counted of them stays."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calls.people import do_not_call, forgetting
from calls.records import rollups, store
from calls.records.audit import entries
from calls.records.database import open_readonly
from calls.records.retention_marks import tell
from calls.records.store import CallEvent
from calls.records.times import as_text
from calls.retention import RetentionSettings
from calls.settings import RecordingSettings
from console import forgetting as kinds
from tests.console.held import LEAVES, NAME, NUMBER, SECOND, TOTALS, TRACES, Held, dumped

AFTER = timedelta(days=40)
KEPT = RetentionSettings(words=10, calls=30, leads=30)
RULES = {"blocked_numbers", "consents", "do_not_call", "do_not_call_beside", "campaign_do_not_call", "reassignments"}
"""What is kept for as long as it holds."""

ELSEWHERE = {"audit", "outbox", "pin_tries", "rule_log"}
"""Each with a period of its own, or until it is over."""


@pytest.fixture
def held(tmp_path: Path) -> Held:
    person = Held(tmp_path)
    for leave in LEAVES.values():
        leave(person)
    person.dialled()
    return person


def take_out(held: Held, kept: RetentionSettings, now: datetime) -> dict[str, int]:
    kinds.prepare(held.settings.engine.database, kept)
    return kinds.take_out(held.db, kept, now)


def found(held: Held) -> set[str]:
    """The tables in which something of the person stands."""
    tables = {row[0] for row in held.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {table for table in tables if any(trace in stands(held, table) for trace in TRACES)}


def stands(held: Held, table: str) -> str:
    """All that stands in a table but for the lead's id, which is ours."""
    return dumped(held, table).replace(held.lead, "")


def dial_again(held: Held) -> dict[str, int]:
    """Import the number in another list, and try to dial it: the rules that refuse."""
    held.db.execute("UPDATE callbacks SET state = 'closed'")
    held.db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('old', 'old', '2026')")
    held.db.execute("UPDATE leads SET list_id = 'old' WHERE lead_id = ?", (held.lead,))
    held.db.execute("DELETE FROM campaign_leads WHERE lead_id = ?", (held.lead,))
    return held.verdicts()


def test_nobody_is_found_in_calls_attempts_and_leads_that_are_too_old_and_figures_stay(held: Held) -> None:
    held.db.execute("UPDATE callbacks SET state = 'closed'")
    rollups.recount(held.db)
    before = {table: dumped(held, table) for table in TOTALS}
    talks = held.db.execute("SELECT count(*), sum(duration_s), count(agent_id) FROM calls").fetchone()
    assert {"calls", "attempts", "leads", "call_events", "contacts"} < found(held)
    removed = take_out(held, KEPT, held.store.now + AFTER)
    assert removed["attempts"] == 2 and removed["leads"] == 2 and removed["calls"] >= 5
    assert found(held) <= RULES | ELSEWHERE
    assert {table: dumped(held, table) for table in TOTALS} == before
    rollups.recount(held.db)
    assert {table: dumped(held, table) for table in TOTALS} == before, "the rows say the same as they did"
    assert held.db.execute("SELECT count(*), sum(duration_s), count(agent_id) FROM calls").fetchone() == talks
    assert held.db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not any(take_out(held, KEPT, held.store.now + AFTER).values()), "nothing is gone through twice"


def test_who_came_again_stays_known_of_a_call_that_is_older_than_the_next(tmp_path: Path) -> None:
    """In between, the first of two calls has a hash for its number, and the second has the number still."""
    held = Held(tmp_path)
    held.rings()
    begun = held.store.now
    held.store.now += timedelta(days=3)
    held.rings()

    def came_again() -> list[tuple[object, ...]]:
        held.db.execute("BEGIN")
        rollups.recount(held.db)
        held.db.execute("COMMIT")
        return [tuple(row) for row in held.db.execute("SELECT again_s FROM calls ORDER BY started_at")]

    before = came_again()
    assert before == [(pytest.approx(3 * 86400, abs=60),), (None,)]
    take_out(held, KEPT, begun + timedelta(days=31))
    numbers = [row[0] for row in held.db.execute("SELECT caller FROM calls ORDER BY started_at")]
    assert [each.startswith("erased:") for each in numbers] == [True, False]
    assert came_again() == before


@pytest.mark.parametrize("kept", [RetentionSettings(calls=30), RetentionSettings(leads=30), KEPT])
def test_limits_count_what_was_done_before(tmp_path: Path, kept: RetentionSettings) -> None:
    held = Held(tmp_path)
    held.dialled()
    held.dialled()
    take_out(held, kept, held.store.now + AFTER)
    refused = dial_again(held)
    assert refused.get("attempts") and not refused["dialled"]


def test_do_not_call_holds_for_whom_no_record_names_any_more(held: Held) -> None:
    take_out(held, KEPT, held.store.now + AFTER)
    assert do_not_call.found(held.db, NUMBER, held.store.now)
    refused = dial_again(held)
    assert refused.get("do_not_call") and not refused["dialled"]


def test_a_number_that_was_never_dialled_is_not_taken_for_one_that_was(held: Held) -> None:
    take_out(held, KEPT, held.store.now + AFTER)
    held.db.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        """ VALUES ('new', 'l', '+12025550199', '+12025550199', '["America/New_York"]', ?)""",
        (as_text(held.store.now),),
    )
    assert dial_again(held)["dialled"] == 1


def test_words_go_before_the_calls_do(tmp_path: Path) -> None:
    held = Held(tmp_path)
    call_id = held.rings()
    events = [
        CallEvent(held.store.now, 2.0, "node_entered", {"node": "menu", "type": "menu"}),
        CallEvent(held.store.now, 3.0, "choice", {"node": "menu", "keys": "4711", "words": NAME, "to": "sales"}),
        CallEvent(held.store.now, 4.0, "exchange", {"node": "menu", "context": {"name": NAME}}),
    ]
    store.add_events(held.db, call_id, events)
    take_out(held, KEPT, held.store.now + timedelta(days=20))
    trail = held.db.execute("SELECT kind, detail FROM call_events WHERE call_id = ? ORDER BY seq", (call_id,))
    assert [(kind, json.loads(detail)) for kind, detail in trail] == [
        ("collected", {}),
        ("recording", {}),
        ("node_entered", {"node": "menu", "type": "menu"}),
        ("choice", {"node": "menu", "to": "sales"}),
    ]
    assert "2025550142" in dumped(held, "calls")


def test_a_lead_that_was_dialled_since_stays_and_so_does_one_that_is_waited_for(held: Held) -> None:
    now = held.store.now + AFTER
    assert held.db.execute("SELECT count(*) FROM callbacks WHERE state = 'waiting'").fetchone()[0]
    take_out(held, RetentionSettings(leads=30), now)
    left = held.db.execute("SELECT number FROM leads WHERE number IN (?, ?)", (NUMBER, SECOND)).fetchall()
    assert left == [(NUMBER,)], "somebody promised a call"
    held.db.execute("UPDATE callbacks SET state = 'closed'")
    held.db.execute("UPDATE attempts SET intended_at = ?", (as_text(now),))
    take_out(held, RetentionSettings(leads=30), now)
    assert NAME in dumped(held, "leads")
    take_out(held, RetentionSettings(leads=30), now + AFTER)
    assert NAME not in dumped(held, "leads")


def test_a_call_that_is_written_up_late_is_gone_through_when_it_is_over(tmp_path: Path) -> None:
    held = Held(tmp_path)
    attempt = held.store.dial()
    call_id = held.store.talk(attempt)
    held.store.finish(attempt)
    held.rings()
    assert take_out(held, KEPT, held.store.now + AFTER)["calls"] == 0, "an agent still writes of the first"
    held.store.close(call_id)
    assert take_out(held, KEPT, held.store.now + AFTER)["calls"] == 2
    assert NUMBER[2:] not in stands(held, "contacts")


def test_the_audit_says_once_a_day_how_many_were_taken_out(tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.rings()
    now = held.store.now + AFTER
    take_out(held, KEPT, now)
    held.rings()
    take_out(held, KEPT, now + timedelta(hours=1) + AFTER)
    told = entries(held.db, held.store.now, now + AFTER * 2, "", "retention.calls", 10)
    assert [(each.who, each.detail["removed"]) for each in told] == [("retention", 1), ("retention", 1)]
    held.rings()
    kinds.take_out(held.db, KEPT, now + timedelta(hours=2) + AFTER * 2)
    assert not tell(held.db, "calls", now, now + timedelta(hours=3) + AFTER * 2), "it was told an hour ago"


def test_old_entries_of_the_audit_go_and_the_rest_stays_append_only(held: Held) -> None:
    now = held.store.now + AFTER
    store.add_audit(held.db, now, "me", "note")
    step = forgetting.audit(held.db, now)
    assert step.removed and [row[0] for row in held.db.execute("SELECT what FROM audit")] == ["note"]
    with pytest.raises(Exception, match="append-only"):
        held.db.execute("DELETE FROM audit")


def test_what_would_go_is_shown_and_nothing_is_changed(held: Held) -> None:
    now = held.store.now + AFTER
    recordings = RecordingSettings(folder=held.settings.recordings.folder, keep_days=1)
    settings = held.settings.model_copy(update={"retention": KEPT, "recordings": recordings})
    with closing(open_readonly(settings.engine.database)) as connection:
        shown = {each.name: each for each in kinds.too_old(connection, settings, now)}
    assert shown["audit"].before is None and shown["words"].before == now - timedelta(days=10)
    removed = take_out(held, KEPT, now)
    assert {name: shown[name].rows for name in removed} == removed
    assert shown["recordings"].days == 1
