"""Holds the figures against their targets, and raises and clears alerts: each once, over restarts."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

from calls import log
from calls.clock import Clock
from calls.errors import RecordError, UserError
from calls.records import alerts, notices
from calls.records.alerts import Alert, ClearedBy
from calls.records.database import open_readonly
from calls.records.notices import Kind, Notice
from calls.records.writer import Writer
from calls.reports.definitions import BY_NAME
from calls.reports.settings import ReportSettings
from calls.reports.targets import Standing, Target, Verdict, measure, recipients, said
from console.engine.notices import Notices, Told
from console.engine.tasks import Tasks

EVERY_S = 30.0
"""How often figures are held against their targets: an alert comes within so long."""

RAISED, CLEARED = "raised", "cleared"


def judge(connection: sqlite3.Connection, standings: Sequence[Standing], now: datetime) -> list[str]:
    """Raise and clear what is to be, with the words to who is to hear of it; what was done, for the log."""
    known, done = alerts.open_alerts(connection), []
    for each in standings:
        target, figure, alert = each.target, each.figure, known.pop(each.target.name, None)
        if alert is not None and not _is_of(alert, target):
            alerts.clear(connection, alert.alert_id, ClearedBy.SETTINGS, now)
            done.append(f"{target.name} cleared")
            alert = None
        if alert is None:
            if each.verdict is Verdict.ALARM and figure.value is not None:
                bounds, parts = (target.aim, target.alarm), (float(figure.numerator), _float(figure.denominator))
                number = alerts.raise_alert(
                    connection, target.name, target.figure, target.subject, bounds, figure.value, parts, now
                )
                if number is not None:
                    _put(connection, target, f"{number}_{RAISED}", now)
                    done.append(f"{target.name} raised")
        elif each.is_back or each.is_quiet:
            by = ClearedBy.FIGURE if each.is_back else ClearedBy.QUIET
            alerts.clear(connection, alert.alert_id, by, now)
            _put(connection, target, f"{alert.alert_id}_{CLEARED}", now)
            done.append(f"{target.name} cleared")
        elif each.verdict is Verdict.ALARM and figure.value is not None and target.is_past(figure.value, alert.worst):
            alerts.note_worst(connection, alert.alert_id, figure.value)
    for left in known.values():  # the settings have its target no more
        alerts.clear(connection, left.alert_id, ClearedBy.SETTINGS, now)
        done.append(f"{left.target} cleared")
    return done


def _is_of(alert: Alert, target: Target) -> bool:
    return (alert.figure, dict(alert.subject)) == (target.figure, target.subject)


def _float(number: float | None) -> float | None:
    return None if number is None else float(number)


def _put(connection: sqlite3.Connection, target: Target, ref: str, now: datetime) -> None:
    notices.put(connection, Kind.ALERT, target.name, ref, recipients(target), now, now)


class Alerting:
    """Of one engine."""

    def __init__(
        self,
        targets: Sequence[Target],
        house: ReportSettings,
        sends: Notices,
        writer: Writer,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._house = house
        self._sends = sends
        self._writer = writer
        self._clock = clock
        self.standings: tuple[Standing, ...] = ()
        """As they were when they were last looked at."""
        sends.say(Kind.ALERT, words)

    def start(self, tasks: Tasks) -> None:
        """Look from now on."""
        tasks.start(self._look(), "targets")

    async def _look(self) -> None:
        while True:
            try:
                now = self._clock.now()
                self.standings = await asyncio.to_thread(self._measured, now)
                done = await self._writer.run(lambda db, now=now: judge(db, self.standings, now))  # type: ignore[misc]
                for each in done:
                    log.get().warning("alert", what=each)
                if done:
                    self._sends.wake()
            except (RecordError, sqlite3.Error) as problem:  # the next look will tell
                log.get().error("targets were not looked at", problem=str(problem))
            if not self._targets:
                return  # what was open of targets that are gone is cleared now
            await asyncio.sleep(EVERY_S)

    def _measured(self, now: datetime) -> tuple[Standing, ...]:
        with closing(open_readonly(self._writer.path)) as connection:
            return tuple(measure(connection, each, self._house, now) for each in self._targets)


def words(connection: sqlite3.Connection, notice: Notice) -> Told:
    """What is said of an alert.

    Raises:
        UserError: it is in the store no more.
    """
    number, _, what = notice.ref.partition("_")
    alert = alerts.one(connection, int(number))
    if alert is None:
        raise UserError("the alert is not in the store any more")
    definition = BY_NAME.get(alert.figure)
    title, unit = (alert.figure, "") if definition is None else (definition.title, definition.unit)
    whose = ", ".join(f"{key} {value}" for key, value in alert.subject.items()) or "all calls"
    is_over = what == CLEARED
    state = "is back" if is_over else f"is {said(alert.value, unit)}"
    lines = [
        f"{title} of {whose} {state}.",
        f"Aim {said(alert.aim, unit)}, alarm at {said(alert.alarm, unit)}.",
        f"Raised {alert.raised_at:%Y-%m-%d %H:%M} UTC at {said(alert.value, unit)}{_parts(alert)}.",
    ]
    if is_over and alert.cleared_at is not None:
        lines.append(f"Cleared {alert.cleared_at:%Y-%m-%d %H:%M} UTC; at its worst {said(alert.worst, unit)}.")
    at = alert.cleared_at if is_over and alert.cleared_at is not None else alert.raised_at
    values = {
        "alert": alert.alert_id,
        "target": alert.target,
        "figure": alert.figure,
        **alert.subject,
        "aim": alert.aim,
        "alarm": alert.alarm,
        "value": alert.value,
        "numerator": alert.numerator,
        "denominator": alert.denominator,
        "raised_at": alert.raised_at.isoformat(timespec="milliseconds"),
    }
    if is_over:
        values |= {"worst": alert.worst, "cleared_by": alert.cleared_by}
    body = {
        "id": notice.key,
        "webhook": notice.webhook,
        "event": f"alert_{what}",
        "at": at.isoformat(timespec="milliseconds"),
        "values": values,
    }
    subject = f"{'Over' if is_over else 'Alert'}: {alert.target}, {title} of {whose}"
    return Told(subject, "\n".join(lines) + "\n", body=json.dumps(body))


def _parts(alert: Alert) -> str:
    return "" if alert.denominator is None else f" ({alert.numerator:g} / {alert.denominator:g})"
