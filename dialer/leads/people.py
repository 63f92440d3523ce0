"""Who is behind a number, over lists and campaigns: functions of a connection, inside a writer's transaction.

People are known by handles: their numbers, and a customer's id where a file gives one. All handles of a person lead
to one key, a number of theirs. Where a lead brings two known persons together they are one from then on, with all
their attempts: limits and the lock of one open attempt (invariant I4) hold for both.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from calls.people import erased

MARK = "id:"
"""Before a customer's id, so that none is taken for a number."""


class BothDialled(Exception):
    """Two persons who turn out to be one have a call each at this moment: they cannot become one before one ends."""


def key_of(connection: sqlite3.Connection, handle: str) -> str:
    """The key of whoever has this handle. Of somebody who was erased it is the one under which the attempts of before
    are kept, so that the person stays one with all other numbers."""
    was = erased.token_if_erased(connection, handle)
    row = connection.execute(
        "SELECT person_key FROM person_handles WHERE handle IN (?, ?) ORDER BY handle = ? DESC LIMIT 1",
        (handle, was, handle),
    ).fetchone()
    return str(row[0]) if row is not None else was or handle


def handles(numbers: Sequence[str], customer: str) -> list[str]:
    """What a person is known by, the numbers first. ``customer``: the customer's id, or empty."""
    return [*numbers, f"{MARK}{customer}"] if customer else list(numbers)


def heard_of(connection: sqlite3.Connection, handles: Iterable[str]) -> set[str]:
    """Those of the handles that stand anywhere in the store, for a person or as the key of one."""
    some = json.dumps(list(handles))
    rows = connection.execute(
        "SELECT handle FROM person_handles WHERE handle IN (SELECT value FROM json_each(?1))"
        " UNION ALL SELECT person_key FROM person_handles WHERE person_key IN (SELECT value FROM json_each(?1))"
        " UNION ALL SELECT person_key FROM attempts WHERE person_key IN (SELECT value FROM json_each(?1))"
        " UNION ALL SELECT number FROM leads WHERE list_id IN (SELECT list_id FROM lists)"
        " AND number IN (SELECT value FROM json_each(?1))",
        (some,),
    )
    return {row[0] for row in rows}


def heard_of_once(connection: sqlite3.Connection, handles: Iterable[str]) -> set[str]:
    """Those of the handles whose hash stands in the store: of people who were erased, or are not kept any more."""
    if not erased.anybody(connection):
        return set()
    hashes = {hashed: each for each in handles if (hashed := erased.token_if_any(connection, each)) is not None}
    known = heard_of(connection, hashes)
    rows = connection.execute(
        "SELECT token FROM erasures WHERE token IN (SELECT value FROM json_each(?))", (json.dumps(list(hashes)),)
    )
    return {hashes[each] for each in (*known, *(row[0] for row in rows))}


def join(connection: sqlite3.Connection, numbers: Sequence[str], customer: str) -> str:
    """The key of the person who has all these numbers, and the customer's id where it is not empty.

    Raises:
        BothDialled: they belong to persons who are both being dialled. Nothing has changed.
    """
    mine = handles(numbers, customer)
    if len(mine) == 1:
        return _keep(connection, mine, key_of(connection, mine[0]))
    keys = [key_of(connection, handle) for handle in mine]
    unique = list(dict.fromkeys(key for key in keys if not key.startswith(MARK)))
    known = [key for key in unique if _is_known(connection, key)]
    kept, *others = known or unique[:1]
    if others and _open(connection, known) > 1:
        raise BothDialled
    for other in others:
        _merge(connection, other, kept)
    return _keep(connection, mine, kept)


def _keep(connection: sqlite3.Connection, handles: Sequence[str], key: str) -> str:
    """Lead the handles to the key; gives it."""
    connection.executemany(
        "INSERT INTO person_handles (handle, person_key) VALUES (?, ?)"
        " ON CONFLICT (handle) DO UPDATE SET person_key = excluded.person_key",
        [(handle, key) for handle in handles if handle != key],
    )
    return key


def _is_known(connection: sqlite3.Connection, key: str) -> bool:
    """True where anything in the store leads to the key: else there is nothing to merge."""
    found = connection.execute(
        "SELECT 1 FROM person_handles WHERE person_key = ?"
        " UNION ALL SELECT 1 FROM attempts WHERE person_key = ?"
        " UNION ALL SELECT 1 FROM leads WHERE list_id IN (SELECT list_id FROM lists) AND number = ? LIMIT 1",
        (key, key, key),
    ).fetchone()
    return found is not None


def _open(connection: sqlite3.Connection, keys: Sequence[str]) -> int:
    """How many of these persons are being dialled."""
    marks = ", ".join("?" * len(keys))
    row = connection.execute(
        f"SELECT count(*) FROM attempts WHERE state <> 'done' AND person_key IN ({marks})", tuple(keys)
    ).fetchone()
    return int(row[0])


def _merge(connection: sqlite3.Connection, key: str, into: str) -> None:
    """One person instead of two. All leads of a person have a number of theirs, by which they are found."""
    connection.execute(
        "UPDATE leads SET person_key = ? WHERE person_key = ? AND list_id IN (SELECT list_id FROM lists)"
        " AND number IN (SELECT handle FROM person_handles WHERE person_key = ? UNION SELECT ?)",
        (into, key, key, key),
    )
    connection.execute("UPDATE attempts SET person_key = ? WHERE person_key = ?", (into, key))
    connection.execute("UPDATE person_handles SET person_key = ? WHERE person_key = ?", (into, key))
    _keep(connection, [key], into)
