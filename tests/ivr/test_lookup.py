"""Look-ups: paths into answers, the ways out, the check of arguments, and walks."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import UserError
from calls.switch.port import Done, Hangup, Play, Prompt
from ivr.check import Known, check
from ivr.commands import LookedUp, Lookup, LookupFailed, Result
from ivr.faults import Severity
from ivr.script import Comes, act
from ivr.session import Context, Session
from ivr.trail import Kind
from ivr.value_path import PathProblem, parse
from ivr.values import BadValue
from ivr.walk import walk
from tests.ivr.conftest import Make, Write, at

FLOW = """\
language: en
start: ask
variables: {keyed: "4711"}
nodes:
  ask:
    lookup: orders
    arguments: {order: keyed}
    into: {price: "result.items[0].price", name: result.name}
    meanwhile: [main.one_moment]
    failed: failed
    missing: missing
    timeout: late
    next: look
  look: {branch: {price > 10 and name == "Lamp": found}, otherwise: other}
  found: {hangup: [x.found]}
  other: {hangup: [x.other]}
  failed: {hangup: [x.failed]}
  missing: {hangup: [x.missing]}
  late: {hangup: [x.late]}
"""

ANSWER = {"result": {"items": [{"price": Decimal("9.50")}, 7], "name": "a\nb", "ok": True, "none": None}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("result.items[0].price", Decimal("9.50")),
        ("result.items[1]", 7),
        ("result.name", "ab"),
        ("result.ok", True),
        ("result.none", None),
        *((path, None) for path in ("other", "result.items[2]", "result.items[0].price.x", "result[0]", "[0]")),
    ],
)
def test_a_path_leads_to_a_value_or_nowhere(path: str, value: object) -> None:
    found = parse(path).value_in(ANSWER)
    assert (found, type(found)) == (value, type(value))


def test_a_path_may_begin_with_a_place() -> None:
    assert parse("[1].a-b").value_in([0, {"a-b": 3}]) == 3


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a b", "$.a", "a[0]b", "a[*]"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathProblem):
        parse(path)


@pytest.mark.parametrize("wrong", ["[]", "{}", "[1]", "1e999999", "1e-999999", f'"{"x" * 3000}"', "1e16", "-1e16"])
def test_what_no_variable_can_hold_is_refused(wrong: str) -> None:
    with pytest.raises(BadValue):
        parse("a").value_in(json.loads(f'{{"a": {wrong}}}', parse_float=Decimal))


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        assert parse(text).source == text
    except PathProblem:
        pass


def end_of(session: Session, result: Result) -> str:
    """What is played last after ``result``."""
    asked = session.start(Context(answered=True), at(0))
    assert asked == Lookup(
        "orders",
        {"order": "4711"},
        {"price": "result.items[0].price", "name": "result.name"},
        (Prompt("main.one_moment", "en"),),
    )
    played = session.resume(result, at(1))
    assert isinstance(played, Play)
    assert session.resume(Done(), at(2)) == Hangup()
    return played.prompts[0].key


@pytest.mark.parametrize(
    ("result", "key", "said"),
    [
        (LookedUp({"price": Decimal("10.01"), "name": "Lamp"}), "x.found", "found"),
        (LookedUp({"price": None, "name": "Lamp"}), "x.other", "found"),
        (LookedUp({}), "x.other", "found"),
        (LookupFailed("missing"), "x.missing", "missing"),
        (LookupFailed("timeout"), "x.late", "timeout"),
        (LookupFailed("refused"), "x.failed", "refused"),
        (LookupFailed("failed"), "x.failed", "failed"),
    ],
)
def test_every_outcome_has_its_way(make: Make, result: Result, key: str, said: str) -> None:
    session = Session(make(FLOW))
    assert end_of(session, result) == key
    assert [event.detail["result"] for event in session.trail if event.kind is Kind.LOOKED_UP] == [said]


def test_what_was_known_before_is_not_kept_where_nothing_was_found(make: Make) -> None:
    text = FLOW.replace("variables: {", "variables: {price: 99, name: Lamp, ")
    session = Session(make(text.replace("missing: missing", "missing: look")))
    assert end_of(session, LookupFailed("missing")) == "x.other"


KNOWN = Known(lookups={"orders": frozenset({"order"}), "any": None})


def told(write: Write, text: str) -> list[tuple[str, str]]:
    return [(fault.rule.value, fault.problem) for fault in check(write(text), KNOWN)]


def test_a_right_look_up_has_no_fault(write: Write) -> None:
    assert told(write, FLOW) == []
    assert told(write, FLOW.replace("lookup: orders", "lookup: any").replace("order: keyed", "x: 1, y: 2")) == []


def test_arguments_are_held_against_the_source(write: Write) -> None:
    faults = dict(told(write, FLOW.replace("order: keyed", "oder: keyed")))
    assert faults == {"unknown-argument": 'the look-up "orders" needs order as well'}
    both = told(write, FLOW.replace("order: keyed", "oder: keyed"))
    assert both[0] == ("unknown-argument", 'the look-up "orders" has no place for "oder"; did you mean "order"?')
    (unknown,) = told(write, FLOW.replace("lookup: orders", "lookup: order"))
    assert unknown == ("unknown-lookup", 'there is no lookup "order" in the settings; did you mean "orders"?')


def test_a_failure_that_goes_the_way_of_success_is_a_warning(write: Write) -> None:
    faults = check(write(FLOW.replace("missing: missing", "missing: look")), KNOWN)
    found = [(fault.rule.value, fault.severity, str(fault.where.key)) for fault in faults]
    assert ("failure-as-success", Severity.WARNING, "nodes.ask.missing") in found


def test_a_path_that_is_none_is_told_with_its_place(write: Write) -> None:
    faults = check(write(FLOW.replace("result.name", "result..name")), KNOWN)
    (fault,) = [each for each in faults if each.where.line == 8]
    assert (fault.rule.value, fault.where.key) == ("bad-value", "nodes.ask.into.name")


def test_a_round_of_failing_look_ups_is_endless(write: Write) -> None:
    assert ("endless-loop") in dict(told(write, FLOW.replace("failed: failed", "failed: ask")))


@pytest.mark.parametrize(
    ("keys", "node"),
    [
        *(("", "other"), ("l+", "other"), ("l+price=11.5;name=Lamp", "found"), ("l-", "missing"), ("lt", "late")),
        *(("lf", "failed"), ("lr", "failed"), ("w5", "other")),
    ],
)
def test_a_walk_says_what_a_look_up_comes_to(make: Make, keys: str, node: str) -> None:
    finished, _ = walk(make(FLOW), keys, lambda prompt: prompt.key, at(0))
    assert finished.last_node == node


def test_the_values_of_a_word_are_numbers_where_they_are_written_so() -> None:
    assert act("l+a=1;b=-2.50;c=x=y;d=;e=1e5") == Comes(
        LookedUp({"a": 1, "b": Decimal("-2.50"), "c": "x=y", "d": "", "e": "1e5"})
    )
    for wrong in ("l+a", "l+A=1", "l+;", "l+=1"):
        with pytest.raises(UserError, match="expected variables and values"):
            act(wrong)


def test_a_word_for_a_look_up_fits_nowhere_else(make: Make) -> None:
    text = "language: en\nstart: a\nnodes:\n  a: {menu: [x.a], keys: {'1': b}, failed: b}\n  b: {hangup: []}\n"
    with pytest.raises(UserError, match="a menu listens"):
        walk(make(text), "l+", lambda prompt: prompt.key, at(0))
