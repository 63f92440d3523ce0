"""People who asked to be called back. Functions of a connection, run inside a transaction of the writer."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from calls.agents.events import Claim
from calls.causes import Outcome
from calls.ids import AttemptId, CallId, CampaignId, LeadId, QueueName
from calls.log import masked
from calls.records.store import add_audit
from calls.records.times import as_text, as_time


class CallbackState(StrEnum):
    """What became of a request so far."""

    WAITING = "waiting"
    DIALLING = "dialling"
    REACHED = "reached"
    CLOSED = "closed"
    """Given up or taken back; ``reason`` says why."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What a caller asked for. Times are aware; the window is when the person is to be reached."""

    call_id: CallId
    key: str
    number: str
    queue: QueueName
    asked_at: datetime
    waiting_since: datetime
    appointment: bool
    window_begin: datetime
    window_end: datetime
    max_tries: int
    retry_after_s: float
    claim: Claim = field(default_factory=Claim)


@dataclass(frozen=True, slots=True)
class Callback:
    """One request as it stands."""

    callback_id: int
    booking: Booking
    due_at: datetime
    tries: int
    state: CallbackState
    reason: str
    attempt_id: AttemptId | None
    ended_at: datetime | None


_COLUMNS = (
    "callback_id, call_id, key, number, queue, asked_at, waiting_since, appointment, window_begin, window_end,"
    " max_tries, retry_after_s, due_at, tries, state, reason, attempt_id, ended_at, priority, skills, level,"
    " widen_after_s"
)


def _callback(row: tuple[str, ...]) -> Callback:
    booking = Booking(
        call_id=CallId(row[1]),
        key=row[2],
        number=row[3],
        queue=QueueName(row[4]),
        asked_at=as_time(row[5]),
        waiting_since=as_time(row[6]),
        appointment=bool(row[7]),
        window_begin=as_time(row[8]),
        window_end=as_time(row[9]),
        max_tries=int(row[10]),
        retry_after_s=float(row[11]),
        claim=Claim(
            priority=int(row[18]),
            skills=frozenset(json.loads(row[19])),
            level=int(row[20]),
            widen_after_s=None if row[21] is None else float(row[21]),
        ),
    )
    attempt_id = AttemptId(row[16]) if row[16] else None
    ended_at = as_time(row[17]) if row[17] else None
    state = CallbackState(row[14])
    return Callback(int(row[0]), booking, as_time(row[12]), int(row[13]), state, row[15], attempt_id, ended_at)


def book(connection: sqlite3.Connection, booking: Booking) -> int:
    """Keep a request; its number. A person who has an open one in the queue keeps that, with its place."""
    open_one = connection.execute(
        "SELECT callback_id FROM callbacks WHERE call_id = ? AND key = ? OR number = ? AND queue = ?"
        " AND state IN ('waiting', 'dialling')",
        (booking.call_id, booking.key, booking.number, booking.queue),
    ).fetchone()
    if open_one is not None:
        return int(open_one[0])
    written = connection.execute(
        "INSERT INTO callbacks (call_id, key, number, queue, asked_at, waiting_since, appointment, window_begin,"
        " window_end, due_at, max_tries, retry_after_s, priority, skills, level, widen_after_s, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
        (
            booking.call_id,
            booking.key,
            booking.number,
            booking.queue,
            as_text(booking.asked_at),
            as_text(booking.waiting_since),
            booking.appointment,
            as_text(booking.window_begin),
            as_text(booking.window_end),
            as_text(booking.window_begin),
            booking.max_tries,
            booking.retry_after_s,
            booking.claim.priority,
            json.dumps(sorted(booking.claim.skills)),
            booking.claim.level,
            booking.claim.widen_after_s,
        ),
    )
    return int(written.lastrowid or 0)


def callbacks(connection: sqlite3.Connection, *, open_only: bool, limit: int = -1) -> list[Callback]:
    """The requests: the open ones by their due time, or all, the newest first."""
    what = "WHERE state IN ('waiting', 'dialling') ORDER BY due_at" if open_only else "ORDER BY asked_at DESC"
    rows = connection.execute(f"SELECT {_COLUMNS} FROM callbacks {what}, callback_id LIMIT ?", (limit,))
    return [_callback(row) for row in rows]


def callback(connection: sqlite3.Connection, callback_id: int) -> Callback | None:
    """One request."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM callbacks WHERE callback_id = ?", (callback_id,)).fetchone()
    return None if row is None else _callback(row)


def dialling(
    connection: sqlite3.Connection, callback_id: int, attempt_id: AttemptId, campaign_id: CampaignId, lead_id: LeadId
) -> None:
    """An attempt is begun, in the same transaction."""
    connection.execute(
        "UPDATE callbacks SET state = 'dialling', reason = '', tries = tries + 1, attempt_id = ?, campaign_id = ?,"
        " lead_id = ? WHERE callback_id = ?",
        (attempt_id, campaign_id, lead_id, callback_id),
    )


def postpone(connection: sqlite3.Connection, callback_id: int, due_at: datetime, reason: str) -> None:
    """It is not tried before ``due_at``."""
    connection.execute(
        "UPDATE callbacks SET due_at = ?, reason = ? WHERE callback_id = ? AND state = 'waiting'",
        (as_text(due_at), reason, callback_id),
    )


def close(connection: sqlite3.Connection, callback_id: int, reason: str, now: datetime) -> bool:
    """Give it up. False where it is not waiting: a person who is being dialled is dialled to the end."""
    changed = connection.execute(
        "UPDATE callbacks SET state = 'closed', reason = ?, ended_at = ? WHERE callback_id = ? AND state = 'waiting'",
        (reason, as_text(now), callback_id),
    )
    return changed.rowcount == 1


def cancel(connection: sqlite3.Connection, callback_id: int, who: str, now: datetime) -> bool:
    """Take it back by hand, with an entry in the audit. False where it is not waiting."""
    found = callback(connection, callback_id)
    if found is None or not close(connection, callback_id, "cancelled", now):
        return False
    add_audit(connection, now, who, "callbacks.cancel", {"id": callback_id, "number": masked(found.booking.number)})
    return True


def after_attempt(
    connection: sqlite3.Connection,
    attempt_id: AttemptId,
    outcome: Outcome,
    now: datetime,
    *,
    talked: bool,
    sent: bool = True,
) -> None:
    """What becomes of the request that an attempt was for, in the transaction that ends it. One that was for none
    changes nothing. ``talked``: with an agent; ``sent`` False: the switch was never asked, and the try is none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM callbacks WHERE attempt_id = ? AND state = 'dialling'", (attempt_id,)
    ).fetchone()
    if row is None:
        return
    found = _callback(row)
    if talked:
        state, reason, due_at, tries = CallbackState.REACHED, "", found.due_at, found.tries
    elif not sent:
        state, reason, due_at, tries = CallbackState.WAITING, "not sent", now, found.tries - 1
    else:
        due_at, reason, tries = now + timedelta(seconds=found.booking.retry_after_s), outcome.value, found.tries
        over = tries >= found.booking.max_tries or due_at > found.booking.window_end
        state = CallbackState.CLOSED if over else CallbackState.WAITING
    ended_at = None if state is CallbackState.WAITING else as_text(now)
    connection.execute(
        "UPDATE callbacks SET state = ?, reason = ?, due_at = ?, tries = ?, ended_at = ? WHERE callback_id = ?",
        (state.value, reason, as_text(due_at), tries, ended_at, found.callback_id),
    )
