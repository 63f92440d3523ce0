"""What becomes of a message to a server of others: taken, sent again, or given up. No socket, no clock."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.errors import OutsideError
from calls.records.outbox import Kept
from console.engine.outside import Answered

FIRST_AGAIN_S = 2.0
LONGEST_AGAIN_S = 3_600.0
"""The wait before a message is sent again doubles from the one to the other: a server that is down for a night is not
asked thousands of times, and one that was restarted has its message within seconds."""

LATER = frozenset({408, 425, 429})
"""The statuses from 400 to 499 that say "not now" rather than "not this". Source: RFC 9110, RFC 8470, RFC 6585."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it."""


@dataclass(frozen=True, slots=True)
class Again:
    """It is to be sent again at ``at``."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It is not sent any more, until a person says so."""

    why: str


Verdict = Taken | Again | GivenUp


def judge(said: Answered | OutsideError, kept: Kept, now: datetime, give_up_after_s: float, draw: float) -> Verdict:
    """What becomes of ``kept`` after ``said``. ``draw`` in [0, 1) spreads the messages that failed together."""
    asked_s: float | None = None
    match said:
        case Answered(status) if 200 <= status <= 299:
            return Taken()
        case Answered(status) if 400 <= status <= 499 and status not in LATER:
            return GivenUp(f"refused with status {status}")
        case Answered():
            why, asked_s = f"status {said.status}", said.retry_after_s
        case OutsideError():
            why = str(said)
    wait_s = max(again_after_s(kept.tries, draw), min(asked_s or 0.0, LONGEST_AGAIN_S))
    again_at = now + timedelta(seconds=wait_s)
    if again_at > kept.since_at + timedelta(seconds=give_up_after_s):
        return GivenUp(f"not taken since {kept.since_at:%Y-%m-%d %H:%M} UTC; last: {why}")
    return Again(again_at, why)


def again_after_s(tries: int, draw: float) -> float:
    """How long to wait after ``tries`` earlier failures and one more: between the half and the whole of the step."""
    step_s = min(LONGEST_AGAIN_S, FIRST_AGAIN_S * 2.0 ** min(tries, 20))
    return step_s * (0.5 + draw / 2)


def headers(kept: Kept, key: str | None, now: datetime) -> Mapping[str, str]:
    """The headers that go with a message. ``key``: what it is signed with, None: it is not.

    The signature is HMAC-SHA256 over ``<t>.<body>`` in hexadecimal, ``t`` being seconds since 1970: a message that
    was overheard cannot be sent again much later. Source: RFC 2104.
    """
    written = {
        "Content-Type": "application/json",
        "Idempotency-Key": kept.message.idempotency_key,
        "Callwright-Webhook": kept.message.webhook,
    }
    if key is not None:
        seconds = int(now.timestamp())
        signed = hmac.new(key.encode(), f"{seconds}.{kept.message.body}".encode(), hashlib.sha256).hexdigest()
        written["Callwright-Signature"] = f"t={seconds},v1={signed}"
    return written
