"""Whether a person came again: the time from each contact to the same person's next call to us.

Functions of a connection, run inside a transaction of the writer. A person is a number; a withheld one is nobody's.
"""

from __future__ import annotations

import sqlite3

from calls.people import erased

_SINCE = "round((julianday(:at) - julianday(started_at)) * 86400.0, 3)"

_BEFORE = f"""
UPDATE calls SET again_s = {_SINCE}
WHERE {{whose}} = :person AND direction = :direction AND started_at < :at
  AND started_at >= coalesce((
      SELECT max(earlier.started_at) FROM calls AS earlier
      WHERE earlier.caller = :person AND earlier.direction = 'inbound' AND earlier.started_at < :at
  ), '')
  AND (again_s IS NULL OR again_s > {_SINCE})
"""

_NEXT = """(
    SELECT round((julianday(min(later.started_at)) - julianday(calls.started_at)) * 86400.0, 3) FROM calls AS later
    WHERE later.direction = 'inbound' AND later.started_at > calls.started_at
      AND later.caller = CASE calls.direction WHEN 'inbound' THEN calls.caller ELSE calls.called END
)"""
_PERSON = "CASE direction WHEN 'inbound' THEN caller ELSE called END"


def note(connection: sqlite3.Connection, call_id: str, direction: str, person: str, started_at: str) -> None:
    """A call's record was written: it is the next one after those before it, and others may be after it already,
    which began later and ended earlier."""
    if not person:
        return
    if direction == "inbound":
        named = {"person": person, "at": started_at}
        connection.execute(_BEFORE.format(whose="caller"), named | {"direction": "inbound"})
        connection.execute(_BEFORE.format(whose="called"), named | {"direction": "outbound"})
    (later,) = connection.execute(
        "SELECT min(started_at) FROM calls WHERE caller = ? AND direction = 'inbound' AND started_at > ?",
        (person, started_at),
    ).fetchone()
    if later is not None:
        connection.execute(f"UPDATE calls SET again_s = {_NEXT} WHERE call_id = ?", (call_id,))


def recount(connection: sqlite3.Connection) -> None:
    """Look for the next call after each anew. Of calls that their person was taken out of, what was known stays: the
    next one may have its number still, and hashes of two spellings of a number are the same."""
    whole = f"{_PERSON} <> '' AND {_PERSON} NOT LIKE '{erased.MARK}%'"
    connection.execute(f"UPDATE calls SET again_s = {_NEXT} WHERE {whole}")
