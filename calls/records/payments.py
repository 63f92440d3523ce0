"""Payments in the store, without cards. Functions of a connection, run inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from calls.records.times import as_text, as_time

ASKED = "asked"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PaymentAsked:
    """A charge that is about to be asked of its gateway. ``amount`` is decimal text in units of ``currency``."""

    payment_id: str
    call_id: str
    gateway: str
    amount: str
    currency: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A charge and what came of it; ``state`` is ``asked`` until that is known."""

    asked: PaymentAsked
    state: str
    reason: str | None
    settled_at: datetime | None


def begin(connection: sqlite3.Connection, asked: PaymentAsked) -> bool:
    """Write down that it is asked. False where it was asked before: then it must not be asked again."""
    added = connection.execute(
        "INSERT INTO payments (payment_id, call_id, gateway, amount, currency, asked_at, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 'asked') ON CONFLICT (payment_id) DO NOTHING",
        (
            asked.payment_id,
            asked.call_id,
            asked.gateway,
            asked.amount,
            asked.currency,
            as_text(asked.asked_at),
        ),
    )
    return added.rowcount > 0


def settle(connection: sqlite3.Connection, payment_id: str, state: str, reason: str | None, now: datetime) -> None:
    """Write down what came of it."""
    connection.execute(
        "UPDATE payments SET state = ?, reason = ?, settled_at = ? WHERE payment_id = ?",
        (state, reason, as_text(now), payment_id),
    )


def settle_left(connection: sqlite3.Connection, now: datetime) -> list[str]:
    """After a start: what a run before this one asked and never heard of is unknown. The ids of those."""
    left = [row[0] for row in connection.execute("SELECT payment_id FROM payments WHERE state = ?", (ASKED,))]
    for payment_id in left:
        settle(connection, payment_id, UNKNOWN, "the engine stopped", now)
    return left


def payments(connection: sqlite3.Connection, state: str | None = None) -> Iterator[PaymentRow]:
    """The charges, the latest first, those in ``state`` alone where it is given."""
    rows = connection.execute(
        "SELECT payment_id, call_id, gateway, amount, currency, asked_at, state, reason, settled_at FROM payments"
        " WHERE ?1 IS NULL OR state = ?1 ORDER BY asked_at DESC",
        (state,),
    )
    for payment_id, call_id, gateway, amount, currency, asked_at, found, reason, settled_at in rows:
        asked = PaymentAsked(payment_id, call_id, gateway, amount, currency, as_time(asked_at))
        yield PaymentRow(asked, found, reason, None if settled_at is None else as_time(settled_at))
