"""PINs in flows: three tries, each failure its way, and nothing kept."""

from __future__ import annotations

import pytest

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch, Play, Prompt
from ivr.check import Known, check
from ivr.commands import Command, LockedOut, NotVerified, Result, Verified, Verify, VerifyFailed
from ivr.session import Context, Finished, Session
from ivr.trail import Kind
from ivr.turn import Facts
from tests.ivr.conftest import Make, Write, at

FLOW = """\
language: en
start: prove
nodes:
  prove:
    authenticate: customers
    account: call.caller
    pin: [x.pin]
    length: "4-6"
    failed: failed
    locked: locked
    unavailable: unavailable
    next: right
  right: {hangup: [x.right]}
  failed: {hangup: [x.failed]}
  locked: {hangup: [x.locked]}
  unavailable: {hangup: [x.unavailable]}
"""
PIN = "739154"


def asked(*keys: str) -> Gather:
    plan = KeyPlan(frozenset(), frozenset({4, 5, 6}))
    return Gather(tuple(Prompt(key, "en") for key in keys), plan, 7.0, 4.0)


ASKED, AGAIN = asked("x.pin"), asked("system.wrong_pin", "x.pin")


def run(make: Make, *results: Result, flow: str = FLOW) -> tuple[Session, list[Command | Finished]]:
    session = Session(make(flow))
    steps = [session.start(Context(answered=True, facts=Facts(caller="+4930123")), at(0))]
    steps += [session.resume(result, at(second)) for second, result in enumerate(results, start=1)]
    return session, steps


def said(key: str) -> Play:
    return Play((Prompt(f"x.{key}", "en"),))


def test_a_right_pin(make: Make) -> None:
    session, steps = run(make, Match(PIN), Verified())
    assert steps == [ASKED, Verify("customers", "+4930123", PIN), said("right")]
    assert PIN not in repr(steps)
    session.hangup(at(9))
    assert PIN not in repr(session.record)
    assert [event.detail["result"] for event in session.trail if event.kind is Kind.AUTHENTICATED] == ["verified"]


def test_three_wrong_pins(make: Make) -> None:
    session, steps = run(make, *(Match(PIN), NotVerified()) * 3)
    assert [each for each in steps if not isinstance(each, Verify)] == [ASKED, AGAIN, AGAIN, said("failed")]
    assert PIN not in repr(session.record)


def test_what_is_too_short_is_judged_too_and_costs_a_try(make: Make) -> None:
    steps = run(make, NoMatch("12"), NotVerified())[1]
    assert steps == [ASKED, Verify("customers", "+4930123", "12"), AGAIN]


def test_silence(make: Make) -> None:
    assert run(make, NoInput(), NoInput())[1] == [ASKED, asked("system.noinput", "x.pin"), said("failed")]


@pytest.mark.parametrize(("verdict", "way"), [(LockedOut(), "locked"), (VerifyFailed("unavailable"), "unavailable")])
def test_failures_have_ways_of_their_own_or_that_of_failed(make: Make, verdict: Result, way: str) -> None:
    assert run(make, Match(PIN), verdict)[1][-1] == said(way)
    plain = FLOW.replace(f"    {way}: {way}\n", "").replace(f"  {way}: {{hangup: [x.{way}]}}\n", "")
    assert run(make, Match(PIN), verdict, flow=plain)[1][-1] == said("failed")


def test_an_authenticator_that_is_not_there(write: Write) -> None:
    faults = [str(each) for each in check(write(FLOW), Known(authenticators=frozenset({"customer"})))]
    assert 'there is no authenticator "customers" in the settings; did you mean "customer"?' in faults[0]
