"""What is too old is taken out, by kind, and what is needed stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calls.ids import FlowId
from calls.people import erased
from calls.records import flow_versions, outbox, trunk_lines
from calls.records.flow_versions import How
from calls.records.outbox import Message, State
from calls.records.times import as_text
from calls.records.trunk_lines import Kind
from calls.retention import RetentionSettings
from calls.settings import Trunk
from console.engine.retention import Retention
from console.forgetting import kinds, take_out
from tests.console.held_time import held
from tests.console.world import world_in
from tests.fresh_store import fill

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
MAIN = FlowId("main")


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    yield connection
    connection.close()


def text(db: sqlite3.Connection, name: str, days_ago: int, how: How = How.PUBLISH) -> None:
    at = NOW - timedelta(days=days_ago)
    flow_versions.keep(db, MAIN, f"version-{name}", name.encode(), how, at, "eve")


def kept(db: sqlite3.Connection) -> str:
    return "".join(each.source.decode() for each in reversed(flow_versions.history(db, MAIN)))


def test_texts_that_were_replaced_long_ago_are_forgotten_and_the_way_back_stays(db: sqlite3.Connection) -> None:
    for name, days_ago in (("a", 900), ("b", 800), ("c", 700), ("d", 600), ("e", 500)):
        text(db, name, days_ago)
    assert flow_versions.forget(db, NOW - timedelta(days=730)) == 1
    assert kept(db) == "bcde", "b was taken over from 700 days ago"
    assert flow_versions.forget(db, NOW - timedelta(days=1)) == 2
    assert kept(db) == "de" and flow_versions.before(db, MAIN).source == b"d"


def test_a_text_that_calls_went_through_since_then_stays(db: sqlite3.Connection) -> None:
    for name, days_ago in (("a", 900), ("b", 899), ("c", 898), ("d", 897)):
        text(db, name, days_ago)
    db.execute(
        "INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, flow, flow_version,"
        " started_at, ended_at, duration_s, billed_s, outcome)"
        " VALUES ('c', 'inbound', 's', 'b', '', '', '', 'main', 'version-a', ?, ?, 1, 1, 'answered')",
        (as_text(NOW - timedelta(days=10)), as_text(NOW - timedelta(days=10))),
    )
    assert flow_versions.forget(db, NOW - timedelta(days=730)) == 1
    assert kept(db) == "acd"


def test_messages_are_forgotten_by_what_became_of_them(db: sqlite3.Connection) -> None:
    for index, note in enumerate((outbox.note_sent, outbox.note_dead, None)):
        outbox.put(db, Message(f"k{index}", "crm", "c", "n", "{}"), NOW)
        if note is outbox.note_dead:
            outbox.note_dead(db, index + 1, "refused", NOW)
        elif note is not None:
            outbox.note_sent(db, index + 1, NOW)
    later = NOW + timedelta(days=1)
    assert outbox.forget(db, State.DEAD, NOW) == 0
    assert outbox.forget(db, State.DEAD, later) == 1
    assert [each.state for each in outbox.messages(db, None, 10)] == [State.WAITING, State.SENT]
    assert outbox.forget(db, State.SENT, later) == 1
    assert [each.state for each in outbox.messages(db, None, 10)] == [State.WAITING]


def test_lines_of_trunks_are_forgotten_when_they_were_given_back_long_ago(db: sqlite3.Connection) -> None:
    """What a proof of a campaign of the last days needs stays, and what is up, however long."""
    loop = Trunk(name="loop", dial="PJSIP/{number}@loop", lines=3, calls_per_second=2, loopback_only=True)
    for line, days_ago, freed in (("up", 99, None), ("old", 98, 97), ("long", 96, 8), ("new", 8, 8), ("again", 8, 8)):
        trunk_lines.plan(db, line, "call-1", Kind.HANDED_ON, loop, NOW - timedelta(days=days_ago))
        if freed is not None:
            trunk_lines.free(db, line, NOW - timedelta(days=freed))
    kept = RetentionSettings(trunk_lines=10)
    (kind,) = (each for each in kinds(kept) if each.name == "trunk_lines")
    assert kind.count(db, kind.before(NOW)) == 1
    assert take_out(db, kept, NOW)["trunk_lines"] == 1
    assert [row[0] for row in db.execute("SELECT line_id FROM trunk_lines ORDER BY rowid")] == [
        *("up", "long", "new", "again")
    ]
    later = NOW + timedelta(days=3)
    assert take_out(db, RetentionSettings(trunk_lines=0), later).get("trunk_lines") is None
    assert take_out(db, kept, later)["trunk_lines"] == 3 and kind.count(db, later) == 0
    assert [each.line_id for each in trunk_lines.still_open(db)] == ["up"]


@held
async def test_an_engine_forgets_by_its_settings(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        engine, long_ago = world.engine, world.engine.clock.now() - timedelta(days=100)

        def write(db: sqlite3.Connection) -> None:
            for index in (1, 2):
                outbox.put(db, Message(f"k{index}", "gone", "c", "n", "{}"), long_ago)
            outbox.note_sent(db, 1, long_ago)
            outbox.note_dead(db, 2, "refused", long_ago)

        await engine.writer.run(write)
        Retention(RetentionSettings(dead_messages=0), engine.writer, engine.clock).start(engine.tasks)
        await world.until(lambda: world.rows("SELECT state FROM outbox") == [("dead",)])
        Retention(RetentionSettings(), engine.writer, engine.clock).start(engine.tasks)
        await world.until(lambda: world.rows("SELECT state FROM outbox") == [])


@held
async def test_an_engine_takes_persons_out_of_old_calls_and_says_so_in_the_audit(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        engine, long_ago = world.engine, as_text(world.engine.clock.now() - timedelta(days=100))

        def write(db: sqlite3.Connection) -> None:
            db.executemany(
                "INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, started_at,"
                " ended_at, duration_s, billed_s, outcome)"
                " VALUES (?, 'inbound', 's', 'b', 'x', '+12025550142', '100', ?, ?, 1, 1, 'answered')",
                [(f"c{number}", long_ago, long_ago) for number in range(450)],
            )

        await engine.writer.run(write)
        Retention(RetentionSettings(calls=30), engine.writer, engine.clock).start(engine.tasks)
        told = "SELECT json_extract(detail, '$.removed') FROM audit WHERE what = 'retention.calls'"
        await world.until(lambda: world.rows(told) == [(450,)])
        (caller,) = world.rows("SELECT DISTINCT caller FROM calls")
        assert str(caller[0]).startswith("erased:") and erased.key_path(engine.writer.path).exists()
