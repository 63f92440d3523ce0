"""What is kept for a time only: each kind, how much of it is too old, and the one look that takes some of it out."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from calls.people import erased, forgetting
from calls.people.forgetting import Step
from calls.recordings import RecordingFiles
from calls.records import flow_versions, outbox, retention_marks, trunk_lines
from calls.records.database import open_readonly
from calls.records.outbox import State
from calls.retention import RetentionSettings
from calls.settings import Settings
from dialer import decisions

Look = Callable[[sqlite3.Connection, datetime, datetime], Step]
"""Takes some of what is from before the first time out; the second is now."""

Count = Callable[[sqlite3.Connection, datetime], int]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. ``days`` 0: kept until somebody deletes it. ``keyed``: numbers give way to their hashes."""

    name: str
    days: int
    look: Look
    count: Count
    keyed: bool = False

    def before(self, now: datetime) -> datetime:
        """From when on everything is kept."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class TooOld:
    """How much of a kind would be taken out at this moment. ``before`` None: it is kept until somebody deletes it."""

    name: str
    days: int
    before: datetime | None
    rows: int


def kinds(kept: RetentionSettings) -> tuple[Kind, ...]:
    """All of them but recordings, which are files."""
    return (
        Kind("words", kept.words, lambda db, before, _: forgetting.words(db, before), _old("words")),
        Kind("calls", kept.calls, forgetting.calls, _old("calls"), keyed=True),
        Kind("attempts", kept.calls, forgetting.attempts, _old("attempts"), keyed=True),
        Kind("callbacks", kept.calls, forgetting.callbacks, _old("callbacks"), keyed=True),
        Kind("leads", kept.leads, forgetting.leads, forgetting.old_leads, keyed=True),
        Kind("audit", kept.audit, lambda db, before, _: forgetting.audit(db, before), forgetting.old_audit),
        _messages("sent_messages", kept.sent_messages, State.SENT),
        _messages("dead_messages", kept.dead_messages, State.DEAD),
        Kind(
            "pacing_decisions", kept.pacing_decisions, _deleted("pacing_decisions", decisions.forget), decisions.old
        ),
        Kind("flow_versions", kept.flow_versions, _deleted("flow_versions", flow_versions.forget), flow_versions.old),
        Kind("trunk_lines", kept.trunk_lines, _deleted("trunk_lines", trunk_lines.delete), trunk_lines.old),
    )


def _old(kind: str) -> Count:
    return lambda connection, before: forgetting.old_calls(connection, kind, before)


def _messages(name: str, days: int, state: State) -> Kind:
    return Kind(
        name,
        days,
        _deleted(name, lambda db, before: outbox.forget(db, state, before)),
        lambda db, before: outbox.old(db, state, before),
    )


def _deleted(name: str, forget: Callable[[sqlite3.Connection, datetime], int]) -> Look:
    """A look of what is deleted as a whole."""

    def look(connection: sqlite3.Connection, before: datetime, _: datetime) -> Step:
        removed = forget(connection, before)
        retention_marks.add(connection, name, removed)
        return Step(removed, removed)

    return look


def prepare(database: Path, kept: RetentionSettings) -> None:
    """Have the installation's key made, where a kind needs it. Reads the database only.

    Raises:
        RecordError: the key cannot be written, or is not there any more, or is another one's.
    """
    if any(each.keyed and each.days for each in kinds(kept)):
        connection = open_readonly(database)
        try:
            erased.make_key(connection, database, secrets.token_bytes(erased.KEY_BYTES))
        finally:
            connection.close()


def too_old(connection: sqlite3.Connection, settings: Settings, now: datetime) -> list[TooOld]:
    """What the next looks would take out, by kind, recordings first. Nothing is changed.

    Raises:
        RecordingError: the folder of recordings cannot be read.
    """
    days = settings.recordings.keep_days
    before = now - timedelta(days=days)
    files = RecordingFiles(settings.recordings.folder)
    count = sum(1 for _ in files.older_than(before.timestamp())) if days else 0
    found = [TooOld("recordings", days, before if days else None, count)]
    for kind in kinds(settings.retention):
        from_then = kind.before(now)
        rows = kind.count(connection, from_then) if kind.days else 0
        found.append(TooOld(kind.name, kind.days, from_then if kind.days else None, rows))
    return found


def take_out(connection: sqlite3.Connection, kept: RetentionSettings, now: datetime) -> dict[str, int]:
    """All that is too old, at once, with what the audit is told; how much of each kind. In one transaction: for a
    command, with no engine running."""
    removed = {}
    for kind in kinds(kept):
        if kind.days:
            look = partial(kind.look, connection, kind.before(now), now)
            total = 0
            while (step := look()).looked:
                total += step.removed
            removed[kind.name] = total + step.removed
            retention_marks.tell(connection, kind.name, kind.before(now), now)
    return removed
