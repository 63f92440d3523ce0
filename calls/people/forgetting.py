"""Takes persons out of records that are older than they are kept: some at a time, inside a writer's transaction.

Records stay: that there were calls and attempts, when, how long, and what came of them. In the place of a number
stands its keyed hash (:mod:`calls.people.erased`), so that limits on how often somebody is called go on counting what
was done before. The do-not-call list, consents and their log are not touched: they are kept for as long as they hold.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from calls.people import erased
from calls.records import retention_marks
from calls.records.retention_marks import Mark
from calls.records.times import as_text

SOME = 200
"""Calls, attempts or leads in one transaction: bounds how long others wait for the store."""

FIGURES = frozenset(
    {
        *("node", "type", "flow", "version", "language", "count", "left", "by", "sure", "confidence", "retries"),
        *(
            "barged_in",
            "exit",
            "took_s",
            "queue",
            "priority",
            "agent",
            "wait_s",
            "talk_s",
            "hold_s",
            "menu_s",
            "duration_s",
        ),
        *("outcome", "to", "way", "arm", "cause", "ended_by", "survey", "question", "asked", "answered", "steps"),
    }
)
"""What of an event stays, because figures are counted from it. What was said, keyed, looked up and ordered goes."""

DIALLED = frozenset({"transfer_started", "transfer_ended", "transfer_failed"})
"""Where somebody was put through to: ``to`` may be a number of a caller's choice."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction's work: how many rows it looked at (0: there is nothing more), and how many it changed."""

    looked: int
    removed: int


def words(connection: sqlite3.Connection, before: datetime, limit: int = SOME) -> Step:
    """Take what was said and keyed out of the calls that began before then: the trails keep what figures need, and
    answers to scripts go."""

    def take(calls: str) -> None:
        _empty_trails(connection, calls)
        connection.execute(f"DELETE FROM script_answers WHERE call_id IN {_MINE}", (calls,))

    return _along(connection, _CALLS, "words", before, limit, take)


def calls(connection: sqlite3.Connection, before: datetime, now: datetime, limit: int = SOME) -> Step:
    """Take the persons out of the calls that began before then, and of all that was written about these calls.

    Raises:
        RecordError: the installation's key is not there.
    """

    def take(ids: str) -> None:
        erased.keep(connection, (), now)
        _empty_trails(connection, ids)
        for sql in _OF_CALLS:
            connection.execute(f"{sql} AND call_id IN {_MINE}", (ids,))

    with _Keyed(connection):
        return _along(connection, _CALLS, "calls", before, limit, take)


def attempts(connection: sqlite3.Connection, before: datetime, now: datetime, limit: int = SOME) -> Step:
    """As :func:`calls`, of the attempts that were intended before then."""

    def take(ids: str) -> None:
        erased.keep(connection, (), now)
        connection.execute(
            "UPDATE attempts SET number = keyed(number), person_key = keyed(person_key)"
            f" WHERE state = 'done' AND attempt_id IN {_MINE}",
            (ids,),
        )

    with _Keyed(connection):
        return _along(connection, _ATTEMPTS, "attempts", before, limit, take)


def callbacks(connection: sqlite3.Connection, before: datetime, now: datetime, limit: int = SOME) -> Step:
    """As :func:`calls`, of the callbacks that were asked for before then, up to the first that still waits."""

    def take(ids: str) -> None:
        erased.keep(connection, (), now)
        connection.execute(
            "UPDATE callbacks SET number = keyed(number), note = ''"
            f" WHERE state IN ('reached', 'closed') AND callback_id IN {_MINE}",
            (ids,),
        )

    with _Keyed(connection):
        return _along(connection, _CALLBACKS, "callbacks", before, limit, take)


def leads(connection: sqlite3.Connection, before: datetime, now: datetime, limit: int = SOME * 10) -> Step:
    """Take the persons out of leads that were imported, and last dialled, before then. They are done in every
    campaign; whoever is imported anew is a lead like any other, whose attempts of before count. What imports refused
    before then goes with them.

    Raises:
        RecordError: the installation's key is not there.
    """
    row = retention_marks.mark(connection, "leads").row
    rows = connection.execute(
        f"SELECT rowid, {_IS_OVER} FROM leads WHERE rowid > :row ORDER BY rowid LIMIT :limit",
        {"row": row, "limit": limit, "before": as_text(before)},
    ).fetchall()
    over = [each[0] for each in rows if each[1]]
    if not row:
        connection.execute(
            "DELETE FROM import_refusals WHERE import_id IN (SELECT import_id FROM imports WHERE began_at < ?)",
            (as_text(before),),
        )
    if over:
        with _Keyed(connection):
            _empty_leads(connection, over, now)
    retention_marks.move(connection, "leads", Mark(row=rows[-1][0] if len(rows) == limit else 0))
    retention_marks.add(connection, "leads", len(over))
    return Step(len(rows) if len(rows) == limit else 0, len(over))


def audit(connection: sqlite3.Connection, before: datetime, limit: int = 1_000) -> Step:
    """Take out entries of the audit from before then. The trigger that keeps everybody else from it is away
    meanwhile, in this transaction only."""
    found = connection.execute(
        "SELECT audit_id FROM audit WHERE at < ? ORDER BY at LIMIT ?", (as_text(before), limit)
    ).fetchall()
    if not found:
        return Step(0, 0)
    (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_is_never_deleted'").fetchone()
    connection.execute("DROP TRIGGER audit_is_never_deleted")
    connection.execute(f"DELETE FROM audit WHERE audit_id IN {_MINE}", (json.dumps([row[0] for row in found]),))
    connection.execute(guard)
    retention_marks.add(connection, "audit", len(found))
    return Step(len(found), len(found))


def old_calls(connection: sqlite3.Connection, kind: str, before: datetime) -> int:
    """How many calls (of ``attempts`` and ``callbacks``: those) a look would go through."""
    table, at, _ = rows = {"attempts": _ATTEMPTS, "callbacks": _CALLBACKS}.get(kind, _CALLS)
    upto = retention_marks.mark(connection, kind)
    row = connection.execute(
        f"SELECT count(*) FROM {table} WHERE {_AFTER.format(at=at)} AND {at} < ?",
        (upto.at, upto.at, upto.row, _bound(connection, rows, before)),
    ).fetchone()
    return int(row[0])


def old_leads(connection: sqlite3.Connection, before: datetime) -> int:
    """How many leads a look would take the person out of."""
    row = connection.execute(f"SELECT count(*) FROM leads WHERE {_IS_OVER}", {"before": as_text(before)}).fetchone()
    return int(row[0])


def old_audit(connection: sqlite3.Connection, before: datetime) -> int:
    """How many entries of the audit are from before then."""
    return int(connection.execute("SELECT count(*) FROM audit WHERE at < ?", (as_text(before),)).fetchone()[0])


_MINE = "(SELECT value FROM json_each(?))"
_CALLS = ("calls", "started_at", "call_id")
_ATTEMPTS = ("attempts", "intended_at", "attempt_id")
_CALLBACKS = ("callbacks", "asked_at", "callback_id")
_AFTER = "{at} >= ? AND ({at} > ? OR rowid > ?)"

_OF_CALLS = (
    "UPDATE calls SET caller = iif(direction = 'inbound', keyed(caller), caller),"
    " called = iif(direction = 'outbound', keyed(called), called), channel = '', disposition_note = NULL WHERE 1",
    "UPDATE contacts SET number = keyed(number), note = '' WHERE 1",
    "UPDATE flags SET number = keyed(number), what = '' WHERE 1",
    "UPDATE voicemail SET caller = keyed(caller) WHERE 1",
    "UPDATE reviews SET note = '', reply = '' WHERE 1",
    "UPDATE toll_calls SET number = keyed(number) WHERE 1",
    "DELETE FROM script_answers WHERE 1",
)

_IS_OVER = (
    f"(imported_at < :before AND number NOT LIKE '{erased.MARK}%'"
    " AND NOT EXISTS (SELECT 1 FROM attempts AS a WHERE a.lead_id = leads.lead_id"
    " AND (a.intended_at >= :before OR a.state <> 'done'))"
    " AND NOT EXISTS (SELECT 1 FROM callbacks AS b WHERE b.number = leads.number"
    " AND b.state IN ('waiting', 'dialling')))"
)


def _along(
    connection: sqlite3.Connection,
    rows: tuple[str, str, str],
    kind: str,
    before: datetime,
    limit: int,
    take: Callable[[str], None],
) -> Step:
    """Go on where the last look ended; ``take`` is given the ids as a JSON array."""
    table, at, key = rows
    upto = retention_marks.mark(connection, kind)
    found = connection.execute(
        f"SELECT {key}, {at}, rowid FROM {table} WHERE {_AFTER.format(at=at)} AND {at} < ?"
        f" ORDER BY {at}, rowid LIMIT ?",
        (upto.at, upto.at, upto.row, _bound(connection, rows, before), limit),
    ).fetchall()
    if found:
        take(json.dumps([row[0] for row in found]))
        retention_marks.move(connection, kind, Mark(found[-1][1], found[-1][2]))
        retention_marks.add(connection, kind, len(found))
    return Step(len(found), len(found))


def _bound(connection: sqlite3.Connection, rows: tuple[str, str, str], before: datetime) -> str:
    """Calls under way, those of which an agent still writes, and callbacks that wait, are gone through when they are
    over, however long ago they began. They are few: with the ``+`` SQLite looks at them alone, and not at all
    attempts in the order of time for the first that is not done, while nobody else can write."""
    (open_since,) = connection.execute(
        "SELECT min(+asked_at) FROM callbacks WHERE state IN ('waiting', 'dialling')"
        if rows is _CALLBACKS
        else "SELECT min(at) FROM (SELECT min(started_at) AS at FROM live_calls"
        " UNION ALL SELECT min(+intended_at) FROM attempts WHERE state <> 'done'"
        " UNION ALL SELECT min(+c.started_at) FROM contacts CROSS JOIN calls AS c USING (call_id)"
        " WHERE closed_at IS NULL)"
    ).fetchone()
    return min(as_text(before), open_since) if open_since is not None else as_text(before)


def _empty_trails(connection: sqlite3.Connection, ids: str) -> None:
    connection.execute(f"DELETE FROM call_events WHERE kind = 'exchange' AND call_id IN {_MINE}", (ids,))
    rows = connection.execute(
        f"SELECT call_id, seq, kind, detail FROM call_events WHERE call_id IN {_MINE}", (ids,)
    ).fetchall()
    for call_id, seq, kind, text in rows:
        detail = json.loads(text)
        kept = FIGURES - {"to"} if kind in DIALLED else FIGURES
        left = {name: value for name, value in detail.items() if name in kept}
        if left != detail:
            connection.execute(
                "UPDATE call_events SET detail = ? WHERE call_id = ? AND seq = ?",
                (json.dumps(left, ensure_ascii=False), call_id, seq),
            )


def _empty_leads(connection: sqlite3.Connection, over: Iterable[int], now: datetime) -> None:
    rows = json.dumps(list(over))
    ids, keys = connection.execute(
        f"SELECT json_group_array(lead_id), json_group_array(DISTINCT person_key) FROM leads WHERE rowid IN {_MINE}",
        (rows,),
    ).fetchone()
    connection.execute(f"DELETE FROM lead_numbers WHERE lead_id IN {_MINE}", (ids,))
    connection.execute(
        "UPDATE campaign_leads SET state = 'done', next_try_at = NULL"
        f" WHERE campaign_id IN (SELECT campaign_id FROM campaigns) AND lead_id IN {_MINE} AND state <> 'done'",
        (ids,),
    )
    connection.execute(
        "UPDATE leads SET name = '', fields = '{}', time_zones = '[]', region = '',"
        f" number = '{erased.MARK}lead-' || rowid, person_key = keyed(person_key) WHERE lead_id IN {_MINE}",
        (ids,),
    )
    gone = _without_leads(connection, json.loads(keys))
    known = connection.execute(
        f"SELECT handle FROM person_handles WHERE person_key IN {_MINE} AND handle NOT LIKE 'id:%'"
        f" UNION SELECT value FROM json_each(?)",
        (gone, gone),
    ).fetchall()
    connection.execute(f"DELETE FROM person_handles WHERE person_key IN {_MINE} AND handle LIKE 'id:%'", (gone,))
    for sql in (
        "UPDATE OR REPLACE person_handles SET handle = keyed(handle), person_key = keyed(person_key)",
        "UPDATE attempts SET number = keyed(number), person_key = keyed(person_key)",
    ):
        connection.execute(f"{sql} WHERE person_key IN {_MINE}", (gone,))
    erased.keep(connection, [erased.token(connection, row[0]) for row in known], now)


def _without_leads(connection: sqlite3.Connection, keys: Iterable[str]) -> str:
    """Those of the persons who are no lead's any more, as a JSON array: by numbers of theirs, of which every lead has
    one."""
    gone = []
    for key in keys:
        left = connection.execute(
            "SELECT 1 FROM leads WHERE list_id IN (SELECT list_id FROM lists) AND person_key = :key"
            " AND number IN (SELECT handle FROM person_handles WHERE person_key = :key UNION SELECT :key)"
            " UNION ALL SELECT 1 FROM attempts WHERE person_key = :key AND state <> 'done' LIMIT 1",
            {"key": key},
        ).fetchone()
        if left is None and not key.startswith(erased.MARK):
            gone.append(key)
    return json.dumps(gone)


class _Keyed:
    """Within it, SQL has a function of this name: the keyed hash of a number; of a hash, and of nothing, itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, str] = {}

    def __enter__(self) -> None:
        self._connection.create_function("keyed", 1, self._of)

    def __exit__(self, *_problem: object) -> None:
        self._connection.create_function("keyed", 1, None)

    def _of(self, number: str) -> str:
        if not number or number.startswith(erased.MARK):
            return number
        if number not in self._known:
            self._known[number] = erased.token(self._connection, number)
        return self._known[number]
