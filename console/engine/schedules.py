"""Has scheduled reports sent when they come due, each period once: also those that came due while no engine ran."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from calls import log
from calls.clock import Clock
from calls.errors import RecordError, UserError
from calls.records import notices
from calls.records.notices import Kind, Notice
from calls.records.writer import Writer
from calls.reports import scheduled
from calls.reports.schedules import ScheduledReport, next_at, period_of, slots
from calls.reports.settings import ReportSettings
from console.accounts.roles import RIGHTS, Right, Role
from console.engine.notices import Notices, Told
from console.engine.tasks import Tasks
from console.web import words
from console.web.words.tongue import PageTongue

LOOK_AGAIN_S = 30.0
"""How often it is looked though nothing is due: a clock may have been set."""

SOON_S = 1.0


def shows_persons(report: ScheduledReport) -> bool:
    """Whether its readers may see persons' numbers."""
    return report.persons and report.role is not None and Right.PEOPLE in RIGHTS[Role(report.role)]


def plan(
    connection: sqlite3.Connection, reports: Sequence[ScheduledReport], house: ReportSettings, now: datetime
) -> int:
    """Put what has come due since it was last looked. A report that is new begins now. How many notices are new."""
    known, put = notices.planned_until(connection), 0
    for each in reports:
        after = known.get(each.name)
        for at, period in [] if after is None else slots(each, each.house(house), after, now):
            put += notices.put(connection, Kind.REPORT, each.name, period.ref, each.recipients, at, now)
    notices.note_planned(connection, [each.name for each in reports], now)
    return put


class Schedules:
    """Of one engine."""

    def __init__(
        self,
        reports: Sequence[ScheduledReport],
        house: ReportSettings,
        sends: Notices,
        writer: Writer,
        clock: Clock,
    ) -> None:
        self._reports = {each.name: each for each in reports}
        self._house = house
        self._sends = sends
        self._writer = writer
        self._clock = clock
        sends.say(Kind.REPORT, self.said)

    def start(self, tasks: Tasks) -> None:
        """Look from now on."""
        tasks.start(self._look(), "scheduled reports")

    def next_at(self, name: str) -> datetime:
        """When the report comes due next."""
        report = self._reports[name]
        return next_at(report, report.house(self._house), self._clock.now())

    def said(self, connection: sqlite3.Connection, notice: Notice) -> Told:
        """What goes out.

        Raises:
            UserError: it cannot be made.
        """
        report = self._reports.get(notice.name)
        if report is None:
            raise UserError("the settings have no scheduled report of this name any more")
        period, now = period_of(notice.ref), self._clock.now()
        shows = shows_persons(report)
        tongue = PageTongue(words.read()[report.language])
        made = scheduled.make(connection, report, period, self._house, now, shows_persons=shows, tongue=tongue)
        if (webhook := notice.webhook) is not None:
            return Told(made.title, made.text, body=made.body(notice.key, webhook, report, period, notice.created_at))
        return Told(f"{report.name}: {made.title}", made.text, (made.file,))

    async def _look(self) -> None:
        reports = list(self._reports.values())
        while True:
            now, wait_s = self._clock.now(), LOOK_AGAIN_S
            try:
                if await self._writer.run(lambda db, now=now: plan(db, reports, self._house, now)):  # type: ignore[misc]
                    self._sends.wake()
            except RecordError as problem:  # it comes due still
                log.get().error("scheduled reports were not looked at", problem=str(problem))
            if reports:
                soonest = min(self.next_at(name) for name in self._reports)
                wait_s = min(LOOK_AGAIN_S, max(SOON_S, (soonest - now) / timedelta(seconds=1)))
            await asyncio.sleep(wait_s)
