"""Orders by code: each answer has its way, and nothing is left of what was not confirmed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from calls.switch.port import EndedBy, Gather, HungUp, Match, NoInput, NoMatch
from ivr.check import Known, check
from ivr.commands import Command, Commit, CommitFailed, Committed, LookedUp, Lookup, LookupFailed, Result
from ivr.effects import Webhook
from ivr.nodes.prices import price_of
from ivr.session import Context, Finished, Session
from ivr.trail import Kind
from ivr.walk import walk
from tests.ivr.conftest import Make, Write, at

FLOW = """\
language: en
start: shop
nodes:
  shop:
    order: [x.code]
    items: {"1001": {price: "19.50", name: Lamp, prompt: x.lamp}, "1002": {price: 4}}
    unknown: [x.unknown]
    quantity: [x.many]
    most: 20
    confirm: [x.right]
    more: [x.more]
    lines: 2
    total: [x.total]
    send: orders
    values: {customer: call.customer}
    failed: failed
    cancelled: cancelled
    next: done
  failed: {hangup: [x.failed]}
  cancelled: {hangup: [x.cancelled]}
  done: {hangup: [x.done]}
"""
SOURCE = FLOW.replace(
    'items: {"1001": {price: "19.50", name: Lamp, prompt: x.lamp}, "1002": {price: 4}}',
    "source: items\n    argument: item\n    price: result.price\n    meanwhile: [x.moment]",
)
ONE_LAMP = [Match("1001"), Match("2"), Match("1")]
"""Two lamps, which is right."""
YES, NO = Match("1"), Match("2")


def asked(command: Command | Finished) -> str:
    """A command in a word: what is played last."""
    match command:
        case Gather(prompts):
            return " ".join(prompt.key for prompt in prompts)
        case Finished():
            return "end"
        case _:
            return type(command).__name__


def played(session: Session, *results: Result) -> list[Command | Finished]:
    """The commands, one after each result."""
    steps = [session.start(Context(answered=True), at(0))]
    for second, result in enumerate(results, start=1):
        steps.append(session.resume(result, at(second)))
    return steps


def way(session: Session) -> object:
    return next(event.detail["exit"] for event in session.trail if event.kind is Kind.NODE_LEFT)


def why(session: Session) -> object:
    return [event.detail["failed"] for event in session.trail if event.kind is Kind.ORDERED]


def test_an_order_from_code_to_reference(make: Make) -> None:
    session = Session(make(FLOW))
    steps = played(session, *ONE_LAMP, YES, Match("1002"), Match("1"), YES, YES, Committed("104233"))
    assert [asked(step) for step in steps] == [
        *("x.code", "x.many", "x.lamp x.right", "x.more", "x.code", "x.many", "x.right", "x.total", "Commit", "Play"),
    ]
    commit = steps[-2]
    assert isinstance(commit, Commit) and isinstance(commit.effect, Webhook)
    assert (commit.key, commit.effect.name) == ("shop:1", "orders")
    lamp = {"code": "1001", "name": "Lamp", "price": Decimal("19.50"), "quantity": 2, "amount": Decimal("39.00")}
    other = {"code": "1002", "name": "", "price": Decimal(4), "quantity": 1, "amount": Decimal(4)}
    assert commit.effect.values == {"customer": "", "items": [lamp, other], "total": Decimal("43.00")}
    assert session.variables["order_reference"] == "104233"
    assert (session.variables["order_total"], session.variables["order_lines"]) == (Decimal("43.00"), 2)
    assert way(session) == "next"


@pytest.mark.parametrize(
    ("results", "left", "reason"),
    [
        ([NoInput(), NoInput()], "failed", "no_code"),
        ([NoMatch("12"), Match("9999"), NoMatch("#")], "failed", "no_code"),
        ([Match("1001"), NoInput(), NoInput()], "failed", "no_quantity"),
        ([Match("1001"), Match("0"), Match("21"), Match("99")], "failed", "no_quantity"),
        ([Match("1001"), Match("1"), NoInput(), NoInput()], "failed", "no_answer"),
        ([*ONE_LAMP, NO, NO], "cancelled", "cancelled"),
        ([*ONE_LAMP, NO, NoInput(), NoInput()], "failed", "no_answer"),
        ([*ONE_LAMP, NO, YES, CommitFailed("unavailable")], "failed", "unavailable"),
    ],
)
def test_every_failure_has_its_way(make: Make, results: list[Result], left: str, reason: str) -> None:
    session = Session(make(FLOW))
    played(session, *results)
    assert (way(session), why(session)) == (left, [reason])


def test_an_item_that_is_wrong_is_keyed_again(make: Make) -> None:
    session = Session(make(FLOW))
    steps = played(session, Match("1001"), Match("5"), NO, Match("1002"), Match("3"), YES, NO)
    assert asked(steps[3]) == "x.code"
    assert session.variables["order_total"] == 12


def test_an_unknown_code_is_said(make: Make) -> None:
    steps = played(Session(make(FLOW)), Match("9999"))
    assert asked(steps[1]) == "x.unknown x.code"


@pytest.mark.parametrize("moment", range(9))
def test_a_caller_who_leaves_before_the_whole_is_confirmed_leaves_nothing(make: Make, moment: int) -> None:
    session = Session(make(FLOW))
    results = [*ONE_LAMP, YES, Match("1002"), Match("1"), YES, YES][:moment]
    steps = played(session, *results)
    finished = session.resume(HungUp(EndedBy.CALLER), at(99))
    assert isinstance(finished, Finished)
    assert finished.commits == ()
    assert [step for step in steps[:-1] if isinstance(step, Commit)] == []


def test_items_may_be_looked_up(make: Make) -> None:
    session = Session(make(SOURCE))
    steps = played(session, Match("4711"), LookedUp({"price": "7.25", "name": "Chair"}), Match("2"), YES, NO, YES)
    look = steps[1]
    assert isinstance(look, Lookup)
    assert (look.source, look.arguments, look.into) == (
        "items",
        {"item": "4711"},
        {"price": "result.price", "name": "name"},
    )
    commit = steps[-1]
    assert isinstance(commit, Commit) and isinstance(commit.effect, Webhook)
    assert commit.effect.values["total"] == Decimal("14.50")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (LookupFailed("failed"), "lookup"),
        (LookupFailed("timeout"), "lookup"),
        *((LookedUp({"price": price}), "no_price") for price in (None, "", "free", -1, True, "1e3", "1,50")),
    ],
)
def test_an_item_without_a_price_is_not_sold(make: Make, result: Result, reason: str) -> None:
    session = Session(make(SOURCE))
    played(session, Match("4711"), result)
    assert (way(session), why(session)) == ("failed", [reason])


def test_a_code_that_the_source_does_not_know_is_another_try(make: Make) -> None:
    steps = played(Session(make(SOURCE)), Match("4711"), LookupFailed("missing"))
    assert asked(steps[2]) == "x.unknown x.code"


def test_the_order_is_held_against_the_settings(write: Write) -> None:
    known = Known(webhooks=frozenset({"orders"}), lookups={"items": frozenset({"code"})})
    told = [(fault.rule.value, str(fault.where.key)) for fault in check(write(SOURCE), known)]
    assert told[0] == ("unknown-argument", "nodes.shop.argument")
    neither = SOURCE.replace("    source: items\n", "")
    assert "expected items, or a source" in str(check(write(neither), known)[0])
    assert [f.rule.value for f in check(write(FLOW), Known(webhooks=frozenset()))] == ["unknown-webhook"]


def test_a_walk_orders(make: Make) -> None:
    finished, _ = walk(make(FLOW), "1001,2,1,2,1", lambda prompt: prompt.key, at(0))
    assert finished.last_node == "done"


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        *(("19.50", Decimal("19.50")), (4, 4), (Decimal("0.01"), Decimal("0.01")), ("007", 7), (0, 0)),
        *((each, None) for each in (None, True, "", "1.", ".5", "-1", -1, "1e3", "9" * 10, 10**9, "1 ")),
    ],
)
def test_what_an_amount_is(value: object, amount: object) -> None:
    assert price_of(value) == amount
