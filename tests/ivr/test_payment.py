"""Payments: what is asked, each way out, and that no digit of a card is kept."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.switch.port import (
    Done,
    EndedBy,
    Gather,
    HungUp,
    Match,
    MuteRecording,
    NoInput,
    NoMatch,
    Play,
    RecordingFailed,
)
from ivr.cards import Card, Digits
from ivr.commands import Charge, Charged, ChargeDeclined, ChargeFailed, ChargeUnknown, Command, Result
from ivr.nodes.card_rules import is_good, is_number
from ivr.session import Context, Finished, Session
from ivr.trail import Kind
from ivr.walk import walk
from tests.ivr.conftest import Make, at

FLOW = """\
language: en
start: pay
variables: {due: "12.50"}
nodes:
  pay:
    payment: number(due)
    gateway: cards
    card: [x.card]
    expiry: [x.expiry]
    code: [x.code]
    token: token
    last_four: last4
    failed: failed
    declined: declined
    unknown: unknown
    next: done
  failed: {hangup: [x.failed]}
  declined: {hangup: [x.declined]}
  unknown: {hangup: [x.unknown]}
  done: {hangup: [x.done]}
"""

CANARY = "4000007731773179"
"""A number that is nobody's; its check digit is right."""
EXPIRY, CODE = "1229", "739"
KEYED: list[Result] = [Done(), Match(CANARY), Match(EXPIRY), Match(CODE), Done()]
"""Muted, the three entries, and no longer muted."""


def played(session: Session, *results: Result) -> list[Command | Finished]:
    steps = [session.start(Context(answered=True), at(0))]
    for second, result in enumerate(results, start=1):
        steps.append(session.resume(result, at(second)))
    return steps


def kept(session: Session) -> str:
    """All that could be written down of a session."""
    record = [(event.kind.value, dict(event.detail)) for event in (*session.trail, *session.record)]
    return json.dumps(record, default=str) + repr(session.record)


def test_the_canary_is_a_card() -> None:
    assert is_number(CANARY)


def test_what_is_asked_and_in_what_order(make: Make) -> None:
    session = Session(make(FLOW))
    steps = played(session, *KEYED)
    assert steps[0] == MuteRecording(True)
    asked = [step.prompts[0].key for step in steps[1:4] if isinstance(step, Gather)]
    assert asked == ["x.card", "x.expiry", "x.code"]
    assert steps[4] == MuteRecording(False)
    charge = steps[5]
    assert isinstance(charge, Charge)
    assert (charge.gateway, charge.amount, charge.key) == ("cards", Decimal("12.50"), "pay:1")
    card = charge.card
    assert (card.number.reveal(), card.expiry.reveal(), card.code and card.code.reveal()) == (CANARY, EXPIRY, CODE)
    assert CANARY not in repr(charge) + repr(card) + str(card.number) + f"{card.number}"


@pytest.mark.parametrize(
    ("result", "way", "said"),
    [
        (Charged("tok_1"), "next", "paid"),
        (ChargeDeclined("expired_card"), "declined", "declined"),
        (ChargeFailed("not_reached"), "failed", "failed"),
        (ChargeUnknown("timeout"), "unknown", "unknown"),
    ],
)
def test_each_result_has_its_way_and_the_card_is_wiped(make: Make, result: Result, way: str, said: str) -> None:
    session = Session(make(FLOW))
    charge = played(session, *KEYED)[-1]
    assert isinstance(charge, Charge)
    session.resume(result, at(9))
    assert charge.card.number.reveal() == charge.card.expiry.reveal() == ""
    assert next(event.detail["exit"] for event in session.trail if event.kind is Kind.NODE_LEFT) == way
    told = next(event.detail for event in session.trail if event.kind is Kind.PAYMENT)
    assert (told["result"], told["amount"], told["gateway"]) == (said, "12.50", "cards")
    paid = way == "next"
    assert session.variables["token"] == ("tok_1" if paid else None)
    assert session.variables["last4"] == ("3179" if paid else None)


@pytest.mark.parametrize("end", [Charged("tok"), ChargeUnknown("timeout"), HungUp(EndedBy.CALLER), NoInput()])
@pytest.mark.parametrize("moment", range(7))
def test_nothing_is_kept_of_a_card_at_any_moment(make: Make, moment: int, end: Result) -> None:
    """The results that do not fit are a fault of ours, whose traceback is kept as well."""
    session = Session(make(FLOW))
    played(session, *KEYED[:moment], end, Done(), Done())
    session.hangup(at(99))
    text = kept(session)
    assert CANARY not in text and CODE not in text and EXPIRY not in text


def test_wrong_entries_are_not_kept_either(make: Make) -> None:
    session = Session(make(FLOW))
    wrong = CANARY[:-1] + "4"
    steps = played(session, Done(), NoMatch(wrong[:11]), Match(wrong), Match(CANARY), Match("1320"), NoMatch("7739"))
    assert isinstance(steps[-1], Gather)
    session.hangup(at(99))
    text = kept(session)
    assert not any(each in text for each in (wrong, wrong[:11], CANARY, "1320", "7739"))


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([Done(), NoInput(), NoInput(), Done()], "no_card"),
        ([Done(), *[Match("4111111111111112")] * 3, Done()], "no_card"),
        ([Done(), Match(CANARY), *[Match("0420")] * 3, Done()], "no_card"),
        ([Done(), Match(CANARY), Match(EXPIRY), *[NoMatch("1")] * 3, RecordingFailed("x")], "no_card"),
        ([RecordingFailed("unavailable")], "not_muted"),
    ],
)
def test_three_tries_and_no_card_is_asked_for_that_would_be_recorded(
    make: Make, results: list[Result], reason: str
) -> None:
    session = Session(make(FLOW))
    steps = played(session, *results)
    assert isinstance(steps[-1], Play)
    assert not any(isinstance(step, Charge) for step in steps)
    assert [step for step in steps if isinstance(step, MuteRecording)][-1:] == [MuteRecording(reason == "not_muted")]
    assert next(event.detail["reason"] for event in session.trail if event.kind is Kind.PAYMENT) == reason


@pytest.mark.parametrize("due", ["0", "-1", '"free"', "1/0", "none"])
def test_without_an_amount_nothing_is_asked(make: Make, due: str) -> None:
    session = Session(make(FLOW.replace("payment: number(due)", f"payment: '{due}'")))
    assert isinstance(played(session)[0], Play)
    assert next(event.detail["reason"] for event in session.trail if event.kind is Kind.PAYMENT) == "no_amount"


@pytest.mark.parametrize(
    ("expiry", "good"),
    [("0526", True), ("0426", False), ("0525", False), ("1226", True), ("0546", True), ("0646", False)]
    + [(each, False) for each in ("0027", "1327", "", "527", "05 7", "٠٥٢٧")],
)
def test_a_card_is_good_to_the_end_of_its_month(expiry: str, good: bool) -> None:
    assert is_good(expiry, date(2026, 5, 31)) is good


@given(st.text(alphabet="0123456789", max_size=25))
def test_a_number_has_its_length_and_its_check_digit(digits: str) -> None:
    if is_number(digits):
        assert 12 <= len(digits) <= 19
        assert not is_number(digits[:-1] + str((int(digits[-1]) + 1) % 10))


@pytest.mark.parametrize("digits", ["0" * 16, "", "41111111111", "4" * 20, "4000 0077 3177 3179"])
def test_what_no_card_has(digits: str) -> None:
    assert not is_number(digits)


def test_digits_are_not_shown_not_pickled_and_wiped() -> None:
    digits = Digits(CANARY)
    card = Card(digits, Digits(EXPIRY))
    assert CANARY not in f"{digits} {digits!r} {card}"
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(digits)
    card.wipe()
    assert (digits.reveal(), card.expiry.reveal()) == ("", "")


@pytest.mark.parametrize(
    ("word", "node"), [("", "done"), (",c+", "done"), (",c-", "declined"), (",cf", "failed"), (",cu", "unknown")]
)
def test_a_walk_pays(make: Make, word: str, node: str) -> None:
    finished, trail = walk(make(FLOW), f"{CANARY},#,{EXPIRY},{CODE}#{word}", lambda prompt: prompt.key, at(0))
    assert finished.last_node == node
    assert CANARY not in repr(trail)
