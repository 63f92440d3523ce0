"""Who changed what, read from the audit, which is only ever added to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from calls.records.times import as_text, as_time


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. ``detail`` is plain JSON."""

    audit_id: int
    at: datetime
    who: str
    what: str
    detail: Mapping[str, object]


def entries(
    connection: sqlite3.Connection, since: datetime, until: datetime, who: str, what: str, most: int
) -> list[AuditEntry]:
    """The last ``most`` changes in ``[since, until)``, the oldest first. ``who`` and ``what`` "": any; ``what`` also
    names all that begin so and go on with a dot (``campaign``: ``campaign.start`` and the others)."""
    rows = connection.execute(
        "SELECT audit_id, at, who, what, detail FROM audit WHERE at >= ?1 AND at < ?2 AND (?3 = '' OR who = ?3)"
        " AND (?4 = '' OR what = ?4 OR substr(what, 1, length(?4) + 1) = ?4 || '.')"
        " ORDER BY audit_id DESC LIMIT ?5",
        (as_text(since), as_text(until), who, what, most),
    ).fetchall()
    return [AuditEntry(row[0], as_time(row[1]), row[2], row[3], json.loads(row[4])) for row in reversed(rows)]
