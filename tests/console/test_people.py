"""People: what is held of one, in order; after an erasure nothing of it is found anywhere, and the rules hold."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import RecordError, UserError
from calls.ids import CallId
from calls.people import blocked, callbacks, consents, do_not_call, erased, scrub
from calls.people.blocked import Blocked
from calls.people.consents import Consent, ConsentKind
from calls.people.history import KINDS
from calls.records import rollups, store
from calls.records.database import open_readonly
from calls.records.store import Direction, LiveCall
from calls.records.writer import compact
from console import people
from console.engine.api_people import erase_live
from console.people import EraseOrder
from dialer.leads import people as handles
from tests.console.held import (
    CUSTOMER,
    LEAVES,
    NAME,
    NOBODYS,
    NUMBER,
    OTHER,
    PERSON,
    SECOND,
    TOTALS,
    TOWN,
    TRACES,
    TRAILS,
    WHILE_IT_LASTS,
    Held,
    dumped,
    everything,
)
from tests.console.held_time import held as in_held_time
from tests.console.test_engine_desk import dial, is_in, refused, say
from tests.console.world import agent, world_in
from tests.dialer.desk_store import BOOT


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(LEAVES)), max_size=14), st.booleans())
def test_after_an_erasure_nothing_is_found_and_the_rules_hold(left: list[str], by_second: bool) -> None:
    with TemporaryDirectory() as folder:
        person = Held(Path(folder))
        for each in left:
            LEAVES[each](person)
        others, dialled = person.others(), min(2, left.count("dialled"))
        assert person.traces() != []
        rollups.recount(person.db)
        totals = {table: dumped(person, table) for table in TOTALS}
        person.erase(SECOND if by_second else NUMBER)
        assert person.traces() == []
        assert {table: dumped(person, table) for table in TOTALS} == totals, "figures stay"
        assert person.others() == others
        assert person.db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert person.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        rollups.recount(person.db)
        counted = {table: dumped(person, table) for table in TOTALS if table not in TRAILS}
        assert counted == {table: totals[table] for table in counted}, (
            "the rows say the same as they did, but for emptied trails"
        )
        if {"forbidden", "forbidden by many"} & set(left):
            assert bool(do_not_call.found(person.db, NUMBER, person.store.now))
        if "blocked" in left:
            assert blocked.is_blocked(person.db, NUMBER, person.store.now)
        refused = person.verdicts()
        if {"forbidden", "forbidden by many"} & set(left):
            assert refused.get("do_not_call") and not refused["dialled"]
        elif dialled == 2:
            assert refused.get("attempts") and not refused["dialled"]
        else:
            assert refused["dialled"] == 1
        person.db.close()


def test_a_person_is_shown_with_all_that_happened_in_order(held: Held) -> None:
    everything(held)
    shown = people.show(held.db, held.settings, NUMBER)
    assert shown.numbers == (NUMBER, SECOND)
    assert [(lead.name, lead.fields["Town"]) for lead in shown.leads] == [(NAME, TOWN)]
    kinds = [entry.kind for entry in shown.history]
    assert {"call", "answer", "message", "consent", "callback", "rule", "blocked", "flag"} <= set(kinds)
    assert [entry.at for entry in shown.history] == sorted(entry.at for entry in shown.history)
    calls = [entry.detail for entry in shown.history if entry.kind == "call"]
    assert [each["direction"] for each in calls] == ["outbound", "inbound", "inbound", "inbound"]
    assert calls[0]["disposition"] == "again" and calls[0]["try"] == 1
    assert people.show(held.db, held.settings, held.lead) == shown, "a lead's id says the same"
    assert people.show(held.db, held.settings, "(202) 555-0142") == shown, "and so does the number as people write it"
    with pytest.raises(UserError, match="is no lead and no number"):
        people.show(held.db, held.settings, "nobody")


def test_what_is_exported_holds_everything_and_nothing_of_others(held: Held) -> None:
    everything(held)
    exported = people.export(held.db, held.settings, NUMBER)
    text = exported.model_dump_json()
    assert NAME in text and TOWN in text and OTHER not in text
    assert "my name is" in json.dumps(exported.records["call_events"])
    assert exported.records["survey_answers"][0]["value"] == 5
    assert exported.records["payments"][0]["amount"] == "12.50"


def test_every_table_that_can_hold_a_person_is_planted_exported_and_emptied(held: Held) -> None:
    """A new table has to say by a column whose its rows are, or stand among those that are nobody's."""
    everything(held)
    tables = {row[0] for row in held.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = {each for each in tables if not each.startswith(scrub.NOT_OURS)}
    exported = people.export(held.db, held.settings, NUMBER).records
    in_texts = {"audit", "import_refusals"}  # what others wrote of the person, with the words of more people
    assert tables - NOBODYS - WHILE_IT_LASTS - in_texts == set(exported)
    mine = {each.name for each in scrub.tables(held.db) if any(trace in dumped(held, each.name) for trace in TRACES)}
    assert mine - set(exported) == in_texts
    held.erase()
    for table in sorted(tables):
        assert not [trace for trace in TRACES if trace in dumped(held, table)], table


@pytest.mark.parametrize("busy", ["on the line", "being dialled", "in the wrap-up"])
def test_nobody_is_erased_with_a_call_at_hand(held: Held, busy: str) -> None:
    if busy == "on the line":
        now = held.store.now
        live = LiveCall(CallId("c"), Direction.INBOUND, "main", BOOT, "x", "2025550143", "100", now)
        store.begin_call(held.db, live)
    else:
        attempt = held.store.dial()
        if busy == "in the wrap-up":
            held.store.talk(attempt)
            held.store.finish(attempt)
    with pytest.raises(UserError, match="erase them later"):
        held.erase()
    assert held.db.execute("SELECT name FROM leads WHERE lead_id = ?", (held.lead,)).fetchone()[0] == NAME


def test_the_audit_says_that_somebody_was_erased_and_stays_append_only(held: Held) -> None:
    held.is_spoken_of()
    held.erase()
    who, detail = held.db.execute("SELECT who, detail FROM audit WHERE what = 'people.erase'").fetchone()
    assert who == "boss" and json.loads(detail)["person"].startswith(erased.MARK)
    assert "asked by" in json.loads(detail)["reason"]
    for table in ("audit", "rule_log"):
        triggers = held.db.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        ).fetchone()[0]
        assert triggers == 2
    with pytest.raises(Exception, match="append-only"):
        held.db.execute("UPDATE audit SET who = 'x'")


def test_a_person_may_be_erased_again(held: Held) -> None:
    everything(held)
    held.erase()
    held.verdicts()
    held.db.execute("UPDATE attempts SET state = 'done'")
    held.rings()
    held.is_blocked()
    held.erase()
    assert held.traces() == []


def test_without_the_key_nobody_is_dialled(held: Held) -> None:
    held.erase()
    path = erased.key_path(held.settings.engine.database)
    assert path.stat().st_mode & 0o777 == 0o600
    path.rename(path.with_suffix(".away"))
    erased._key.cache_clear()
    with pytest.raises(RecordError, match="restore it from a backup"):
        held.verdicts()


def test_no_other_key_takes_the_place_of_one_that_was_lost(held: Held) -> None:
    """With it nobody would be known as erased any more, and everybody could be dialled."""
    held.is_forbidden()
    held.erase()
    path = erased.key_path(held.settings.engine.database)
    kept = path.read_bytes()
    path.unlink()
    erased._key.cache_clear()
    with pytest.raises(RecordError, match="restore it from a backup"):
        held.erase(OTHER)
    assert not path.exists()
    path.write_text("ab" * erased.KEY_BYTES, encoding="ascii")
    for look in (lambda: do_not_call.found(held.db, NUMBER, held.store.now), lambda: held.erase(OTHER)):
        with pytest.raises(RecordError, match="is not the key with which people were erased"):
            look()
    path.write_bytes(kept)
    assert do_not_call.found(held.db, NUMBER, held.store.now)


def test_a_consent_that_was_withdrawn_stays_so_and_one_that_was_given_is_no_proof(held: Held) -> None:
    now = held.store.now
    given_ = [Consent(NUMBER, kind, now, "form", "signed") for kind in (ConsentKind.CALLS, ConsentKind.MOBILE)]
    consents.give(held.db, given_, now, "me")
    consents.withdraw(held.db, NUMBER, ConsentKind.CALLS, now, "me", "asked")
    held.erase()
    assert consents.give(held.db, given_, now, "me") == 0, "the same file again brings nothing back"
    kept = consents.of_number(held.db, NUMBER)
    assert [(each.kind, each.withdrawn_at) for each in kept] == [(ConsentKind.CALLS, now)]
    assert held.verdicts() == {"consent": 1, "dialled": 0}
    later = held.store.later(60)
    assert consents.give(held.db, [replace(given_[0], given_at=later)], later, "me") == 1
    assert any(each.holds(later) for each in consents.of_number(held.db, NUMBER))


def test_an_entry_for_good_outlasts_a_shorter_one_and_a_second_erasure(held: Held) -> None:
    held.is_forbidden()
    held.erase()
    now = held.store.now
    shorter = do_not_call.Entry(NUMBER, "console", "", now, "me", until=now + timedelta(days=1))
    assert not do_not_call.add(held.db, shorter)
    held.erase()
    assert do_not_call.found(held.db, NUMBER, now + timedelta(days=400))
    assert do_not_call.remove(held.db, NUMBER, at=now, who="me", reason="asked")
    assert not do_not_call.found(held.db, NUMBER, now)


def test_a_range_of_numbers_stays_a_range(held: Held) -> None:
    now = held.store.now
    do_not_call.add(held.db, do_not_call.Entry(f"{NUMBER}*", "console", "", now, "me"))
    held.erase()
    assert do_not_call.found(held.db, f"{NUMBER}9", now) and do_not_call.found(held.db, NUMBER, now)


def test_a_block_is_changed_and_taken_off_after_an_erasure(held: Held) -> None:
    held.is_blocked()
    held.erase()
    now = held.store.now
    assert not blocked.add(held.db, Blocked(NUMBER, "", now + timedelta(days=1), now, "me"))
    assert not blocked.is_blocked(held.db, NUMBER, now + timedelta(days=2))
    assert blocked.remove(held.db, NUMBER, "me", now) and not blocked.is_blocked(held.db, NUMBER, now)


def test_the_numbers_of_who_was_erased_stay_those_of_one_person(held: Held) -> None:
    """Imported one by one, none may be dialled beside the other, nor all together oftener than the person."""
    held.dialled()
    held.erase()
    keys = {handles.join(held.db, [number], "") for number in (NUMBER, SECOND)}
    (key,) = keys
    assert key.startswith(erased.MARK)
    past = held.db.execute("SELECT DISTINCT person_key FROM attempts").fetchall()
    assert past == [(key,)]
    assert handles.join(held.db, [SECOND, OTHER], "") == handles.key_of(held.db, NUMBER)


def test_who_stands_in_no_list_any_more_is_erased_with_all_numbers(held: Held) -> None:
    held.rings("+12025550143")
    for table in ("campaign_leads", "lead_numbers", "leads"):
        held.db.execute(f"DELETE FROM {table} WHERE lead_id = ?", (held.lead,))
    assert people.show(held.db, held.settings, NUMBER).numbers == (NUMBER, SECOND)
    held.erase()
    left = (SECOND[2:], CUSTOMER)
    assert [each for each in held.traces() if each.endswith(left)] == []


@pytest.mark.parametrize("name", ["America", "waiting", "outbound", "Ann Stays", "number", "autumn", 'Mül"ler'])
def test_a_name_that_is_a_word_of_ours_or_another_persons_changes_nothing_else(held: Held, name: str) -> None:
    everything(held)
    held.db.execute("UPDATE leads SET name = ? WHERE lead_id = ?", (name, held.lead))
    store.add_audit(held.db, held.store.now, "me", "note", {"number": 1, "text": f"ask {name} now, not x{name}"})
    held.erase()
    assert held.others() == [(f"lead{OTHER}", OTHER, "Ann Stays", OTHER)]
    zones = held.db.execute("SELECT time_zones FROM leads WHERE number = ?", (OTHER,)).fetchone()[0]
    assert json.loads(zones) == ["America/New_York"]
    noted = held.db.execute("SELECT detail FROM audit WHERE what = 'note' ORDER BY audit_id DESC").fetchone()[0]
    assert json.loads(noted) == {"number": 1, "text": f"ask  now, not x{name}"}
    assert held.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_lead_that_comes_meanwhile_is_not_left_behind(held: Held) -> None:
    with closing(open_readonly(held.settings.engine.database)) as reading:
        planned = people.plan(reading, held.settings, NUMBER)
    held.db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l2', 'spring', '')")
    held.db.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, name, time_zones, imported_at)"
        " VALUES ('new', 'l2', ?, ?, 'Zeb', '[]', '')",
        (handles.key_of(held.db, SECOND), SECOND),
    )
    order = EraseOrder(reason="asked")
    with pytest.raises(UserError, match="have changed at this moment"):
        people.erase(held.db, held.settings, planned, order, "boss", held.store.now)
    assert "2 leads" in held.erase()
    assert held.db.execute("SELECT count(*) FROM leads WHERE name = 'Zeb'").fetchone()[0] == 0


def test_who_was_erased_is_nobody_to_show(held: Held) -> None:
    held.erase()
    lead = held.db.execute("SELECT lead_id FROM leads WHERE name = ''").fetchone()[0]
    with pytest.raises(UserError, match="was erased"):
        people.show(held.db, held.settings, lead)


def test_callbacks_of_the_person_are_given_up(held: Held) -> None:
    held.is_promised_a_call()
    held.erase()
    assert callbacks.callbacks(held.db, open_only=True) == []


def test_a_database_is_written_anew(held: Held) -> None:
    """As an older release has left it, which did not overwrite what it deleted."""
    everything(held)
    held.db.execute("PRAGMA secure_delete = OFF")
    held.db.execute("DELETE FROM outbox")
    held.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held.db.close()
    told = b"callback_booked:"
    assert told in held.settings.engine.database.read_bytes()
    compact(held.settings.engine.database)
    assert told not in held.settings.engine.database.read_bytes()
    with closing(open_readonly(held.settings.engine.database)) as reading:
        assert people.show(reading, held.settings, NUMBER).numbers == (NUMBER, SECOND)


@in_held_time
async def test_a_running_engine_erases_and_empties_its_log(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, PERSON)
        await is_in(world, "talking")
        order = EraseOrder(reason="asked")
        assert "erase them later" in await refused(erase_live(world.engine, PERSON, order, "me"))
        await say(world, "callback", callback_at="2026-01-05T15:00Z", note="canary")
        await is_in(world, "ready")
        await world.settled()
        assert (await erase_live(world.engine, PERSON, order, "me")).said.startswith("erased: 1 leads, 1 calls")
        files = [world.settings.engine.database, world.settings.engine.database.with_name("callwright.db-wal")]

        def is_clean() -> bool:
            return not any(trace in path.read_bytes() for path in files for trace in (PERSON[2:].encode(), b"canary"))

        deadline = time.monotonic() + 20
        while not is_clean() and time.monotonic() < deadline:
            await asyncio.to_thread(time.sleep, 0.05)
        assert is_clean()
        assert world.rows("SELECT state, reason FROM callbacks") == [("closed", "erased")]
        await asyncio.sleep(4 * 3600)
        assert len(world.records()) == 1, "nobody is called back"


def test_the_page_of_people_names_every_kind_of_entry() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "people.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in page for kind in KINDS)
