"""Webhooks on the whole engine: written before the caller goes on, sent without the caller, across restarts."""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from calls.errors import OutsideError, OutsideUnreached
from calls.outside import Access, WebhookSettings
from calls.records import outbox
from calls.records.outbox import Message
from calls.switch.loopback.callers import HangUp, Wait
from console import operations
from console.engine.metrics import exposition
from console.engine.outside import Answered, Sent
from tests.console.fake_hosts import FakeHosts, Late
from tests.console.held_time import NOON, held
from tests.console.world import World, world_in

FLOW = """\
language: en
start: ask
variables: {price: "1.10"}
nodes:
  ask:
    webhook: tickets
    values: {kind: '"complaint"', customer: call.customer, price: number(price) * 2, ok: true, none: none}
    reference: ticket
    failed: no
    next: look
  look: {branch: {ticket == "100001": done}, otherwise: no}
  done: {hangup: [main.done], outcome: told}
  no: {hangup: [main.no], outcome: "no"}
"""

TICKETS = WebhookSettings(name="tickets", url="https://desk.example/hook")
OTHER = WebhookSettings(name="other", url="https://other.example/hook")


def row(world: World) -> tuple[object, ...]:
    (found,) = world.rows("SELECT webhook, flow, node, state, tries, last_error FROM outbox")
    return found


async def post(world: World, count: int, webhook: str = "tickets") -> None:
    """Messages without calls."""
    for each in range(count):
        message = Message(f"{webhook}:{each}", webhook, "a-call", "node", json.dumps({"n": each}))
        await world.engine.writer.run(partial(outbox.put, message=message, at=world.engine.clock.now()))
    world.engine.outbox.wake()


@held
async def test_a_message_is_written_told_of_and_sent(tmp_path: Path) -> None:
    hosts = FakeHosts(lambda at, sent: Answered(200))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        call = world.call(Wait(5.0), HangUp())
        await call.over()
        await world.settled()
        await world.until(lambda: len(hosts.asked) == 1)
        (sent,) = hosts.asked
        call_id = call.info.call_id
        assert json.loads(sent.body or b"") == {
            "id": f"{call_id}:ask:1",
            "webhook": "tickets",
            "call_id": call_id,
            "flow": "main",
            "node": "ask",
            "at": json.loads(sent.body or b"")["at"],
            "reference": "100001",
            "values": {"kind": "complaint", "customer": "+4930555010", "price": "2.20", "ok": True, "none": None},
        }
        assert (sent.method, sent.url, sent.headers["Idempotency-Key"]) == ("POST", TICKETS.url, f"{call_id}:ask:1")
        await world.until(lambda: row(world)[3] == "sent")
        assert row(world) == ("tickets", "main", "ask", "sent", 1, "")
        told = [event.detail for event in world.events(call_id) if event.kind == "webhook"]
        assert told == [{"node": "ask", "webhook": "tickets", "reference": "100001", "failed": None}]
        outcomes = [event.detail["outcome"] for event in world.events(call_id) if event.kind == "outcome"]
        assert outcomes == ["told"]
    assert hosts.closed


@held
async def test_a_server_that_is_down_is_asked_again_and_again_and_calls_go_on(tmp_path: Path) -> None:
    said: list[Answered | OutsideError | Late] = [
        OutsideUnreached("no connection"),
        Answered(500),
        Late(99.0, Answered(200)),
        Answered(302),
        Answered(429, b"", 20.0),
    ]
    hosts = FakeHosts(lambda at, sent: said.pop(0) if said else Answered(204))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        await world.call().over()
        await world.settled()
        assert world.record().outcome.value == "answered"
        await world.until(lambda: row(world)[3] == "sent", within_s=300.0)
        assert row(world)[4] == 6
        keys = {sent.headers["Idempotency-Key"] for sent in hosts.asked}
        assert (len(hosts.asked), len(keys)) == (6, 1)
        assert world.engine.outbox.deliveries == {("tickets", "failed"): 5, ("tickets", "taken"): 1}


@held
async def test_a_refusal_is_final_until_a_person_says_so(tmp_path: Path) -> None:
    said = [Answered(422)]
    hosts = FakeHosts(lambda at, sent: said.pop(0) if said else Answered(200))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS, OTHER)}) as world:
        await world.call().over()
        await world.until(lambda: row(world)[3] == "dead")
        await world.until(lambda: world.engine.outbox.backlog != () and world.engine.outbox.backlog[0].dead == 1)
        assert row(world)[4:] == (1, "refused with status 422")
        shown = {each.name: (each.waiting, each.dead) for each in world.engine.status().webhooks}
        assert shown == {"tickets": (0, 1), "other": (0, 0)}
        text = exposition(world.engine)[0].decode()
        assert 'callwright_messages{state="dead",webhook="tickets"} 1.0' in text
        assert 'callwright_deliveries_total{result="dead",webhook="tickets"} 1.0' in text
        await world.engine.writer.run(lambda db: operations.retry_messages(db, 1, "me", NOON))
        world.engine.outbox.wake()
        await world.until(lambda: row(world)[3] == "sent")


@held
async def test_a_message_outlives_a_kill_and_is_sent_under_the_same_key(tmp_path: Path) -> None:
    """The server has it, and the engine dies before that is written: it is sent again, and known by its key."""
    hosts = FakeHosts(lambda at, sent: Late(5.0, Answered(200)))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        await world.call().over()
        await world.until(lambda: len(hosts.asked) == 1)
        await world.settled()
        await world.kill()
        await world.start()
        await world.until(lambda: row(world)[3] == "sent")
        assert [sent.headers["Idempotency-Key"] for sent in hosts.asked] == [
            hosts.asked[0].headers["Idempotency-Key"]
        ] * 2


@held
async def test_few_are_under_way_at_once_and_a_slow_webhook_keeps_up_no_other(tmp_path: Path) -> None:
    def say(at: Access, sent: Sent) -> Answered | Late:
        return Answered(200) if sent.url == OTHER.url else Late(9.0, Answered(200))

    hosts = FakeHosts(say)
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS, OTHER)}) as world:
        await post(world, 20)
        await post(world, 20, "other")
        began_s = world.loop.time()
        others = "SELECT count(*) FROM outbox WHERE webhook = 'other' AND state = 'sent'"
        await world.until(lambda: world.rows(others) == [(20,)])
        assert world.loop.time() - began_s < 1.0
        await world.until(lambda: world.rows("SELECT count(*) FROM outbox WHERE state = 'sent'") == [(40,)])
        assert world.loop.time() - began_s >= 45.0  # five times four of nine seconds
        assert hosts.most_at_once <= 8


@held
async def test_a_fault_of_ours_floods_no_server(tmp_path: Path) -> None:
    def say(at: Access, sent: Sent) -> Answered:
        if len(hosts.asked) <= 3:
            raise AssertionError("our bug")
        return Answered(200)

    hosts = FakeHosts(say)
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        began_s = world.loop.time()
        await post(world, 1)
        await world.until(lambda: world.rows("SELECT state FROM outbox") == [("sent",)], within_s=60.0)
        assert world.loop.time() - began_s >= 15.0


@held
async def test_what_was_sent_long_ago_is_forgotten_and_the_rest_is_kept(tmp_path: Path) -> None:
    hosts = FakeHosts(lambda at, sent: Answered(500))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        await post(world, 3)
        long_ago = (
            "UPDATE outbox SET state = 'sent', ended_at = '2025-01-01T00:00:00.000000+00:00' WHERE message_id = 1"
        )
        await world.engine.writer.run(lambda db: db.execute(long_ago))
        await world.kill()
        await world.start()  # it looks when it starts, and every hour
        await world.until(lambda: len(world.rows("SELECT 1 FROM outbox")) == 2)


@pytest.mark.parametrize("webhooks", [(TICKETS,), ()])
@held
async def test_however_many_there_are_and_whatever_the_settings_have_lost_all_are_forgotten(
    tmp_path: Path, webhooks: tuple[WebhookSettings, ...]
) -> None:
    hosts = FakeHosts(lambda at, sent: Answered(500))
    async with world_in(tmp_path, hosts=hosts, outside={"webhooks": webhooks}) as world:
        many = [Message(f"old:{each}", "tickets", "a-call", "node", "{}") for each in range(1_500)]

        def sent_long_ago(db: sqlite3.Connection) -> None:
            for message in many:
                outbox.put(db, message, NOON)
            db.execute("UPDATE outbox SET state = 'sent', ended_at = '2025-01-01T00:00:00.000000+00:00'")

        await world.engine.writer.run(sent_long_ago)
        await world.kill()
        await world.start()
        await world.until(lambda: world.rows("SELECT count(*) FROM outbox") == [(0,)], within_s=60.0)


@held
async def test_a_message_of_a_webhook_that_the_settings_have_lost_is_kept_and_shown(tmp_path: Path) -> None:
    hosts = FakeHosts(lambda at, sent: Answered(200))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        await post(world, 1, "gone")
        await world.until(lambda: len(world.engine.status().webhooks) == 2)
        gone = world.engine.status().webhooks[1]
        assert (gone.name, gone.known, gone.waiting, gone.dead) == ("gone", False, 1, 0)
        assert hosts.asked == []


@pytest.mark.parametrize("status", [200, 500])
@held
async def test_the_same_commit_twice_is_one_message(tmp_path: Path, status: int) -> None:
    hosts = FakeHosts(lambda at, sent: Answered(status))
    async with world_in(tmp_path, hosts=hosts, outside={"webhooks": (TICKETS,)}) as world:
        await post(world, 1)
        await post(world, 1)
        assert world.rows("SELECT count(*) FROM outbox") == [(1,)]
        references = [
            await world.engine.writer.run(partial(outbox.issue_reference, call_id="call", key=key, at=NOON))
            for key in ("a", "b", "a")
        ]
        assert references == ["100001", "100002", "100001"]
