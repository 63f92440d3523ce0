"""The rules under which an attempt was begun are kept, whatever becomes of the campaign's file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from calls.people import do_not_call
from calls.people.do_not_call import Entry
from console import operations
from dialer import versions
from dialer.campaign import Campaign
from tests.dialer.conftest import make_campaign
from tests.dialer.test_attempts import RULES, A, B, Store
from tests.dialer.world import START


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(make_campaign(tmp_path, RULES))
    yield made
    made.db.close()


def changed(folder: Path) -> Campaign:
    return make_campaign(folder, "[attempts]\nper_day = 2\n" + RULES)


def test_an_attempt_names_its_rules_its_zones_and_the_last_change_it_saw(store: Store, tmp_path: Path) -> None:
    store.add(A, B)
    store.begin(1)
    store.campaign = changed(tmp_path)
    do_not_call.add(store.db, Entry("+12025550199", "test", "", START, "me"))
    store.begin(1)
    rows = store.db.execute("SELECT version, zones, rules_seq FROM attempts ORDER BY rowid").fetchall()
    assert [row[1:] for row in rows] == [('["America/New_York"]', 0), ('["America/New_York"]', 1)]
    kept = dict(store.db.execute("SELECT version, rules FROM campaign_versions").fetchall())
    per_day = [json.loads(kept[row[0]])["campaign"]["file"]["attempts"]["per_day"] for row in rows]
    assert per_day == [3, 2]
    assert json.loads(kept[rows[0][0]])["preset"]["abandonment_cap"] == 1.0


def test_what_was_kept_is_never_changed(store: Store) -> None:
    store.add(A)
    store.begin(1)
    do_not_call.add(store.db, Entry(B, "test", "", START, "me"))
    for statement in (
        "UPDATE campaign_versions SET rules = '{}'",
        "DELETE FROM campaign_versions",
        "UPDATE rule_log SET subject = ''",
        "DELETE FROM rule_log",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.db.execute(statement)


async def test_a_start_with_other_settings_says_what_changed(store: Store, tmp_path: Path) -> None:
    store.add(A)
    store.db.execute("UPDATE campaigns SET version = NULL")  # as an older release left it
    await operations.register(store, store.campaign, "ann", START)
    await operations.register(store, store.campaign, "ann", START)
    await operations.register(store, changed(tmp_path), "bob", START)
    rows = store.db.execute("SELECT who, what, detail FROM audit WHERE what <> 'campaign.start'").fetchall()
    assert [(who, what) for who, what, _ in rows] == [("ann", "campaign.new"), ("bob", "campaign.change")]
    assert json.loads(rows[0][2])["settings"]["campaign.file.attempts.per_day"] == 3
    assert json.loads(rows[1][2]) == {"campaign": "autumn", "changed": {"campaign.file.attempts.per_day": [3, 2]}}


def test_a_preset_of_another_release_is_a_change_too(store: Store) -> None:
    rules = json.loads(versions.rules_of(store.campaign))
    rules["preset"]["abandonment_cap"] = 0.5
    versions.audit_change(store.db, json.dumps(rules), store.campaign, "ann", START)
    (detail,) = store.db.execute("SELECT detail FROM audit").fetchone()
    assert json.loads(detail)["changed"] == {"preset.abandonment_cap": [0.5, 1.0]}


def test_a_refusal_that_repeats_is_counted(store: Store) -> None:
    store.add(A)
    store.begin(1)
    for minute in range(3):
        store.db.execute("UPDATE campaign_leads SET state = 'retry', next_try_at = '2000'")
        store.begin(1, START + timedelta(minutes=minute))
    rows = store.db.execute("SELECT rule, times, refused_at < last_at, until_at > last_at FROM refusals").fetchall()
    assert rows == [("open_attempt", 3, 1, 1)]
