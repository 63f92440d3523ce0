"""Look-ups on the whole engine: the caller hears something all the while, and may leave at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import OutsideError, OutsideRefused
from calls.outside import LookupSettings
from calls.switch.loopback.callers import HangUp, Wait
from console.engine.metrics import exposition
from console.engine.outside import Answered
from tests.console.fake_hosts import FakeHosts, Late
from tests.console.held_time import held
from tests.console.world import World, world_in

FLOW = """\
language: en
start: ask
nodes:
  ask: {lookup: orders, arguments: {order: call.called}, into: {price: price}, meanwhile: [main.wait],
        failed: no, missing: none, timeout: late, refused: refused, next: look}
  look: {branch: {price == 9.50: found}, otherwise: no}
  found: {hangup: [main.found], outcome: found}
  none: {hangup: [main.none], outcome: none}
  late: {hangup: [main.late], outcome: late}
  refused: {hangup: [main.refused], outcome: refused}
  no: {hangup: [main.no], outcome: "no"}
"""

ORDERS = LookupSettings(name="orders", url="https://shop.example/orders/{order}", deadline_s=6.0, retries=0)
FOUND = Answered(200, b'{"price": 9.50}')


def heard(world: World) -> list[str]:
    return [entry.detail.split()[0] for entry in world.switch.diary.entries if entry.seen.value == "prompt"]


def outcome(world: World, call_id: str) -> object:
    return next(event.detail["outcome"] for event in world.events(call_id) if event.kind == "outcome")


@pytest.mark.parametrize(
    ("said", "came_to", "plays"),
    [
        (FOUND, "found", ["main.found"]),
        (Late(0.2, FOUND), "found", ["main.found"]),
        (Late(3.0, FOUND), "found", ["main.wait", "main.found"]),
        (Late(99.0, FOUND), "late", ["main.wait", "main.late"]),
        (Answered(404), "none", ["main.none"]),
        (Answered(500), "no", ["main.no"]),
        (OutsideRefused("private"), "refused", ["main.refused"]),
    ],
)
@held
async def test_each_outcome_and_what_is_heard_meanwhile(
    tmp_path: Path, said: Answered | OutsideError | Late, came_to: str, plays: list[str]
) -> None:
    hosts = FakeHosts(lambda at, sent: said)
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"lookups": (ORDERS,)}) as world:
        call = world.call()
        await call.over()
        await world.settled()
        assert outcome(world, call.info.call_id) == came_to
        assert heard(world) == plays
        assert hosts.asked[0].url == "https://shop.example/orders/100"
        assert 'callwright_lookups_total{lookup="orders"' in exposition(world.engine)[0].decode()


@pytest.mark.parametrize("after_s", [0.1, 0.5, 2.0])
@held
async def test_a_caller_who_leaves_meanwhile_ends_the_look_up(tmp_path: Path, after_s: float) -> None:
    hosts = FakeHosts(lambda at, sent: Late(5.5, FOUND))
    async with world_in(tmp_path, flow=FLOW, hosts=hosts, outside={"lookups": (ORDERS,)}) as world:
        call = world.call(Wait(after_s), HangUp())
        await call.over()
        await world.settled()
        assert outcome(world, call.info.call_id) == "hung_up"
        assert hosts.at_once == 0
        assert world.loop.time() < 5.0
