"""What becomes of a message after each answer."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from calls.errors import OutsideError, OutsideRefused, OutsideTooLate
from calls.records.outbox import Kept, Message, State
from console.engine.delivery import LONGEST_AGAIN_S, Again, GivenUp, Taken, again_after_s, headers, judge
from console.engine.outside import Answered

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY_S = 86_400.0


def kept(tries: int = 0, since: datetime = NOON) -> Kept:
    message = Message("call:ticket:3", "tickets", "call", "ticket", '{"a": 1}')
    return Kept(1, message, State.WAITING, since, since, since, tries, "")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_the_end(status: int) -> None:
    assert judge(Answered(status), kept(), NOON, DAY_S, 0.5) == Taken()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 499])
def test_a_refusal_is_not_repeated(status: int) -> None:
    assert judge(Answered(status), kept(), NOON, DAY_S, 0.5) == GivenUp(f"refused with status {status}")


@pytest.mark.parametrize(
    "said",
    [
        *map(Answered, (100, 301, 302, 408, 425, 429, 500, 502, 503, 504, 599)),
        OutsideTooLate("x"),
        OutsideRefused("y"),
    ],
)
def test_all_else_is_sent_again(said: Answered | OutsideError) -> None:
    verdict = judge(said, kept(), NOON, DAY_S, 0.5)
    assert isinstance(verdict, Again)
    assert verdict.at == NOON + timedelta(seconds=1.5)


def test_the_wait_doubles_up_to_an_hour_and_is_spread() -> None:
    assert [again_after_s(tries, 0.0) for tries in (0, 1, 2, 11, 12, 900)] == [1, 2, 4, 1800, 1800, 1800]
    assert again_after_s(900, 0.999_999) < LONGEST_AGAIN_S


@pytest.mark.parametrize(("asked_s", "waits_s"), [(0.0, 1.0), (30.0, 30.0), (1e6, LONGEST_AGAIN_S)])
def test_a_server_that_asks_for_longer_is_left_alone(asked_s: float, waits_s: float) -> None:
    verdict = judge(Answered(503, b"", asked_s), kept(), NOON, DAY_S, 0.0)
    assert verdict == Again(NOON + timedelta(seconds=waits_s), "status 503")


def test_one_that_is_too_old_is_given_up_with_what_was_last_said() -> None:
    verdict = judge(Answered(500), kept(30, NOON - timedelta(days=1)), NOON, DAY_S, 0.5)
    assert verdict == GivenUp("not taken since 2026-05-03 12:00 UTC; last: status 500")


def test_the_signature_is_over_the_moment_and_the_body() -> None:
    written = headers(kept(), "a key", NOON)
    moment, _, signed = written["Callwright-Signature"].partition(",v1=")
    text = f"{moment.removeprefix('t=')}.{kept().message.body}"
    assert signed == hmac.new(b"a key", text.encode(), hashlib.sha256).hexdigest()
    assert moment == f"t={int(NOON.timestamp())}"
    assert written["Idempotency-Key"] == "call:ticket:3"
    assert "Callwright-Signature" not in headers(kept(), None, NOON)
