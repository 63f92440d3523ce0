"""Payments on the whole engine: what the gateway says, and that a card's digits are nowhere but in that request."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from calls import log
from calls.errors import OutsideError, OutsideRefused, OutsideUnanswered, OutsideUnreached, RecordError
from calls.outside import PaymentGateway
from calls.records import payments as records
from calls.switch.loopback.callers import HangUp, Hear, Press, Step, Wait
from console.engine.metrics import exposition
from console.engine.outside import Answered
from tests.console.fake_hosts import FakeHosts, Late
from tests.console.held_time import held
from tests.console.world import World, world_in
from tests.ivr.test_payment import CANARY, CODE, EXPIRY, FLOW

PAYING = FLOW.replace('"12.50"', '"31.25"')
CARDS = PaymentGateway(name="cards", url="https://pay.example/charges", currency="EUR", deadline_s=8.0)
PAID = Answered(200, b'{"status": "paid", "token": "tok_8"}')


def keys(*then: Step) -> tuple[Step, ...]:
    """A caller who keys the card."""
    card = (Hear("x.card"), Press(f"{CANARY}#"), Hear("x.expiry"), Press(EXPIRY), Hear("x.code"), Press(f"{CODE}#"))
    return (*card, *then)


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Everything is logged to ``path``."""
    with path.open("w", encoding="utf-8") as file:
        log.configure(file, "debug")
        try:
            yield
        finally:
            log.configure(io.StringIO(), "error")


def files(folder: Path) -> dict[str, bytes]:
    """All that was written."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def settled(world: World, call_id: str) -> dict[str, object]:
    (found,) = [dict(event.detail) for event in world.events(call_id) if event.kind == "payment_settled"]
    return found


@pytest.mark.parametrize(
    ("said", "result", "reason"),
    [
        (PAID, "paid", None),
        (Late(5.0, PAID), "paid", None),
        (Answered(200, b'{"status": "declined", "reason": "expired_card"}'), "declined", "expired_card"),
        (Answered(402, f'{{"reason": "card {CANARY}"}}'.encode()), "declined", "declined"),
        (Answered(200, f'{{"status": "paid", "token": "{CANARY}"}}'.encode()), "paid", None),
        (Answered(200, f'{{"status": "{CANARY}"}}'.encode()), "unknown", "not_understood"),
        (Answered(200, b"<html>"), "unknown", "not_understood"),
        (Answered(401, b""), "failed", "status_401"),
        (Answered(302, b""), "failed", "status_302"),
        (Answered(409, b""), "unknown", "status_409"),
        (Answered(500, CANARY.encode()), "unknown", "status_500"),
        (Late(99.0, PAID), "unknown", "timeout"),
        (OutsideUnanswered("cut off"), "unknown", "no_answer"),
        (OutsideUnreached("no connection"), "failed", "not_reached"),
        (OutsideRefused("private"), "failed", "not_reached"),
    ],
)
@held
async def test_each_answer_of_the_gateway_and_no_digit_anywhere(
    tmp_path: Path, said: Answered | OutsideError | Late, result: str, reason: str | None
) -> None:
    hosts = FakeHosts(lambda at, sent: said)
    shown = []
    with logged(tmp_path / "engine.log"):
        async with world_in(tmp_path, flow=PAYING, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
            call = world.call(*keys())
            while not call.is_over:
                await world.until(lambda: True, every_s=0.5)
                shown.append(world.engine.status().model_dump_json())
                await world.until(lambda: call.is_over or world.loop.time() > len(shown) * 0.7)
            await world.settled()
            call_id = call.info.call_id
            told = settled(world, call_id)
            assert (told["result"], told["reason"], told["amount"]) == (result, reason, "31.25")
            assert told["id"] == f"{call_id}:pay:1"
            ways = [event.detail for event in world.events(call_id) if event.kind == "payment"]
            assert [way["result"] for way in ways] == [result]
            shown += [exposition(world.engine)[0].decode(), repr(world.events(call_id)), repr(world.record())]
            looked = files(tmp_path)
            assert any(name.endswith("-wal") for name in looked)
    looked |= {f"{name} at the end": found for name, found in files(tmp_path).items()}
    assert len(hosts.asked) == 1, "a charge is asked once"
    (sent,) = hosts.asked
    body = json.loads(sent.body or b"")
    assert body == {
        "id": f"{call_id}:pay:1",
        "call_id": call_id,
        "amount": "31.25",
        "currency": "EUR",
        "card": {"number": CANARY, "expiry": "12/29", "code": CODE},
    }
    assert sent.headers["Idempotency-Key"] == body["id"]
    assert CANARY not in repr(sent)
    for name, found in looked.items():
        assert CANARY.encode() not in found, name
        assert f'"{CODE}"'.encode() not in found and f'"{EXPIRY}"'.encode() not in found, name
    assert not any(CANARY in text for text in shown)


@held
async def test_the_last_four_digits_are_known_though_the_card_is_wiped(tmp_path: Path) -> None:
    flow = PAYING.replace("next: done", "next: look").replace(
        "  done:", f"  look: {{branch: {{last4 == '{CANARY[-4:]}': done}}, otherwise: failed}}\n  done:"
    )
    hosts = FakeHosts(lambda at, sent: PAID)
    async with world_in(tmp_path, flow=flow, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
        await world.call(*keys(Wait(5.0), HangUp())).over()
        await world.settled()
        assert world.record().last_node == "done"


@held
async def test_a_charge_goes_on_to_its_end_though_the_caller_hangs_up(tmp_path: Path) -> None:
    hosts = FakeHosts(lambda at, sent: Late(6.0, PAID))
    async with world_in(tmp_path, flow=PAYING, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
        call = world.call(*keys(Wait(1.5), HangUp()))
        await call.over()
        await world.settled()
        assert len(hosts.asked) == 1
        assert settled(world, call.info.call_id)["result"] == "paid"
        outcomes = [event.detail["outcome"] for event in world.events(call.info.call_id) if event.kind == "outcome"]
        assert outcomes == ["hung_up"]


@pytest.mark.parametrize("seconds", [0.6, 3.0, 6.0, 8.5])
@held
async def test_a_caller_who_leaves_while_keying_is_charged_nothing(tmp_path: Path, seconds: float) -> None:
    hosts = FakeHosts(lambda at, sent: PAID)
    async with world_in(tmp_path, flow=PAYING, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
        await world.call(Wait(seconds), HangUp()).over()
        await world.settled()
        assert hosts.asked == []


def kept(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT gateway, amount, currency, state, reason FROM payments")


@held
async def test_a_charge_is_written_before_it_is_asked_and_settled_after(tmp_path: Path) -> None:
    seen: list[list[tuple[object, ...]]] = []

    def answer(at: object, sent: object) -> Answered:
        seen.append(kept(world))
        return PAID

    hosts = FakeHosts(answer)
    async with world_in(tmp_path, flow=PAYING, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
        await world.call(*keys(Wait(5.0), HangUp())).over()
        await world.settled()
        assert seen == [[("cards", "31.25", "EUR", "asked", None)]]
        assert kept(world) == [("cards", "31.25", "EUR", "paid", None)]


@held
async def test_a_killed_engine_leaves_word_of_a_charge_that_was_asked(tmp_path: Path) -> None:
    hosts = FakeHosts(lambda at, sent: Late(6.0, PAID))
    async with world_in(tmp_path, flow=PAYING, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
        world.call(*keys(Wait(60.0)))
        await world.until(lambda: bool(hosts.asked))
        await world.kill()
        await world.start()
        assert kept(world) == [("cards", "31.25", "EUR", "unknown", "the engine stopped")]


@held
async def test_what_cannot_be_written_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> bool:
        raise RecordError("the disk is full")

    monkeypatch.setattr(records, "begin", refused)
    hosts = FakeHosts(lambda at, sent: PAID)
    async with world_in(tmp_path, flow=PAYING, hosts=hosts, outside={"payment_gateways": (CARDS,)}) as world:
        call = world.call(*keys(Wait(5.0), HangUp()))
        await call.over()
        await world.settled()
        assert hosts.asked == []
        assert settled(world, call.info.call_id)["reason"] == "not_written"
