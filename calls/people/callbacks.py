"""People who asked to be called back. Functions of a connection, run inside a transaction of the writer."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from calls.agents.events import Claim
from calls.causes import Outcome
from calls.ids import AgentId, AttemptId, CallId, CampaignId, LeadId, QueueName
from calls.log import masked
from calls.records.published import Event, Values, publish
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


class CallbackState(StrEnum):
    """What became of a request so far."""

    WAITING = "waiting"
    DIALLING = "dialling"
    REACHED = "reached"
    CLOSED = "closed"
    """Given up or taken back; ``reason`` says why."""


NOT_SENT_REST = timedelta(seconds=10)
"""A person whose call did not go out, as no trunk had room, is called again after this: an agent's telephone that
rings for each of them is not rung every two seconds while the trunks rest."""


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
    agent_id: AgentId | None = None
    """Whose it is; None: everybody's of the queue."""
    hand_over_after_s: float = 0.0
    """How long after its time it waits for that agent alone."""
    remind_at: datetime | None = None
    """When webhooks are told that it is due soon."""
    origin: CampaignId | None = None
    """The campaign under whose rules and from whose number the person is called."""
    booked_by: str = ""
    """The agent who promised it; empty: a flow did."""
    note: str = ""

    @property
    def is_wish(self) -> bool:
        """True where the person asked for it in a call; False: an agent booked it for a number."""
        return not self.booked_by or self.call_id != by_number(AgentId(self.booked_by))


def by_number(agent_id: AgentId) -> CallId:
    """What stands for the call of a callback that an agent books for a number."""
    return CallId(f"by-{agent_id}")


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
    handed_over_at: datetime | None = None

    @property
    def waits_for(self) -> AgentId | None:
        """The one agent who is to make the call; None: anybody of the queue."""
        return self.booking.agent_id if self.handed_over_at is None else None

    @property
    def hand_over_at(self) -> datetime:
        """When it is everybody's, where its agent is not there."""
        return self.due_at + timedelta(seconds=self.booking.hand_over_after_s)


_COLUMNS = (
    "callback_id, call_id, key, number, queue, asked_at, waiting_since, appointment, window_begin, window_end,"
    " max_tries, retry_after_s, due_at, tries, state, reason, attempt_id, ended_at, priority, skills, level,"
    " widen_after_s, agent_id, hand_over_after_s, remind_at, origin, booked_by, note, handed_over_at"
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
        agent_id=AgentId(row[22]) if row[22] is not None else None,
        hand_over_after_s=float(row[23]),
        remind_at=as_time(row[24]) if row[24] is not None else None,
        origin=CampaignId(row[25]) if row[25] is not None else None,
        booked_by=row[26],
        note=row[27],
    )
    attempt_id = AttemptId(row[16]) if row[16] else None
    ended_at = as_time(row[17]) if row[17] else None
    state = CallbackState(row[14])
    handed_over_at = as_time(row[28]) if row[28] is not None else None
    return Callback(
        int(row[0]), booking, as_time(row[12]), int(row[13]), state, row[15], attempt_id, ended_at, handed_over_at
    )


def book(connection: sqlite3.Connection, booking: Booking) -> int:
    """Keep a request; its number. A person who has an open one in the queue keeps that, with its place."""
    open_one = connection.execute(
        "SELECT callback_id FROM callbacks WHERE call_id = ? AND key = ? OR number = ? AND queue = ?"
        " AND state IN ('waiting', 'dialling')",
        (booking.call_id, booking.key, booking.number, booking.queue),
    ).fetchone()
    if open_one is not None:
        return int(open_one[0])
    return _insert(connection, booking)


def promise(connection: sqlite3.Connection, booking: Booking) -> int:
    """Keep what an agent promised; its number. What the same person was promised in the queue before, and was not
    dialled for yet, gives way: the last word counts."""
    connection.execute(
        "UPDATE callbacks SET state = 'closed', reason = 'booked anew', ended_at = ?, remind_at = NULL"
        " WHERE number = ? AND queue = ? AND state = 'waiting'",
        (as_text(booking.asked_at), booking.number, booking.queue),
    )
    return _insert(connection, booking)


def take_back(connection: sqlite3.Connection, callback_id: int) -> None:
    """Forget what was promised and not tried yet: the agent has thought better of it."""
    connection.execute("DELETE FROM callbacks WHERE callback_id = ? AND state = 'waiting'", (callback_id,))


def move(
    connection: sqlite3.Connection,
    callback_id: int,
    window: tuple[datetime, datetime],
    agent_id: AgentId | None,
    remind_at: datetime | None,
) -> bool:
    """Give a request that waits another time, and another agent (None: whoever is there). False: it does not wait."""
    begin, end = map(as_text, window)
    changed = connection.execute(
        "UPDATE callbacks SET window_begin = ?, window_end = ?, due_at = ?, waiting_since = ?, appointment = 1,"
        " agent_id = ?, handed_over_at = NULL, remind_at = ?, reason = 'moved'"
        " WHERE callback_id = ? AND state = 'waiting'",
        (begin, end, begin, begin, agent_id, None if remind_at is None else as_text(remind_at), callback_id),
    )
    return changed.rowcount == 1


def hand_over(connection: sqlite3.Connection, callback_id: int, now: datetime) -> None:
    """Its agent is not there: anybody of the queue may make the call."""
    connection.execute(
        "UPDATE callbacks SET handed_over_at = ? WHERE callback_id = ? AND handed_over_at IS NULL",
        (as_text(now), callback_id),
    )


def remind(connection: sqlite3.Connection, each: Callback, now: datetime) -> None:
    """Tell the webhooks that it is due soon, once."""
    connection.execute("UPDATE callbacks SET remind_at = NULL WHERE callback_id = ?", (each.callback_id,))
    key = f"{each.callback_id}:{as_text(each.due_at)}"
    publish(
        connection, Event.CALLBACK_REMINDER, key, each.booking.call_id, _told(each.callback_id, each.booking), now
    )


def promised_in(connection: sqlite3.Connection, call_id: CallId, key: str) -> Callback | None:
    """What is promised under a key of a call and waits still."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM callbacks WHERE call_id = ? AND key = ? AND state = 'waiting'", (call_id, key)
    ).fetchone()
    return None if row is None else _callback(row)


def of_agent(connection: sqlite3.Connection, agent_id: AgentId) -> list[Callback]:
    """What an agent has promised or is to keep, and is open, by the time."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM callbacks WHERE state IN ('waiting', 'dialling') AND (agent_id = ? OR booked_by = ?)"
        " ORDER BY due_at, callback_id",
        (agent_id, agent_id),
    )
    return [_callback(row) for row in rows]


def of_number(connection: sqlite3.Connection, number: str) -> list[Callback]:
    """All of a person, the oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM callbacks WHERE number = ? ORDER BY callback_id", (number,))
    return [_callback(row) for row in rows]


def _told(callback_id: int, booking: Booking) -> Values:
    return {
        "callback": callback_id,
        "number": booking.number,
        "queue": booking.queue,
        "at": as_text(booking.window_begin),
        "until": as_text(booking.window_end),
        "agent": booking.agent_id,
        "campaign_id": booking.origin,
        "booked_by": booking.booked_by,
        "note": booking.note,
    }


def _insert(connection: sqlite3.Connection, booking: Booking) -> int:
    written = connection.execute(
        "INSERT INTO callbacks (call_id, key, number, queue, asked_at, waiting_since, appointment, window_begin,"
        " window_end, due_at, max_tries, retry_after_s, priority, skills, level, widen_after_s, agent_id,"
        " hand_over_after_s, remind_at, origin, booked_by, note, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
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
            booking.agent_id,
            booking.hand_over_after_s,
            None if booking.remind_at is None else as_text(booking.remind_at),
            booking.origin,
            printable(booking.booked_by),
            printable(booking.note),
        ),
    )
    callback_id = int(written.lastrowid or 0)
    told = _told(callback_id, booking)
    publish(connection, Event.CALLBACK_BOOKED, str(callback_id), booking.call_id, told, booking.asked_at)
    return callback_id


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
        state, reason, due_at, tries = CallbackState.WAITING, "not sent", now + NOT_SENT_REST, found.tries - 1
    else:
        due_at, reason, tries = now + timedelta(seconds=found.booking.retry_after_s), outcome.value, found.tries
        over = tries >= found.booking.max_tries or due_at > found.booking.window_end
        state = CallbackState.CLOSED if over else CallbackState.WAITING
    ended_at = None if state is CallbackState.WAITING else as_text(now)
    connection.execute(
        "UPDATE callbacks SET state = ?, reason = ?, due_at = ?, tries = ?, ended_at = ? WHERE callback_id = ?",
        (state.value, reason, as_text(due_at), tries, ended_at, found.callback_id),
    )
