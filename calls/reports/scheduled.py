"""A scheduled report as it goes out: the file, and the words that go with it."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from calls.errors import UserError
from calls.mail import Attachment
from calls.records.figure import Figure
from calls.reports import asked, calls_sheet
from calls.reports.definitions import Definition, Section
from calls.reports.files import write_answer
from calls.reports.page import said
from calls.reports.personal import without_persons
from calls.reports.question import Answer
from calls.reports.schedules import CALLS, Period, ScheduledReport
from calls.reports.settings import ReportSettings
from calls.reports.sheets import MEDIA, write
from calls.reports.tongue import ENGLISH, Tongue

MOST_BYTES = 10_000_000
"""What servers of mail take: many refuse more, and base64 adds a third."""


@dataclass(frozen=True, slots=True)
class Made:
    """``text``: what a mail says, the figures of the whole period. ``file``: the report."""

    title: str
    text: str
    rows: int
    file: Attachment = field(repr=False)

    def body(self, key: str, webhook: str, report: ScheduledReport, period: Period, at: datetime) -> str:
        """As a webhook is sent it. CSV and HTML stand in it as texts, a workbook in base64."""
        shown: object
        match report.format:
            case "json":
                shown = {"rows": json.loads(self.file.content)}
            case "xlsx":
                shown = {"base64": base64.b64encode(self.file.content).decode("ascii")}
            case _:
                shown = {"text": self.file.content.decode("utf-8")}
        values = {
            "report": report.name,
            "section": report.section,
            "from": f"{period.first}",
            "to": f"{period.last}",
            "name": self.file.name,
            "media": self.file.media,
            **shown,
        }
        told = {"id": key, "webhook": webhook, "event": "report", "at": at.isoformat(timespec="milliseconds")}
        return json.dumps(told | {"values": values})


def make(
    connection: sqlite3.Connection,
    report: ScheduledReport,
    period: Period,
    reports: ReportSettings,
    now: datetime,
    *,
    shows_persons: bool,
    tongue: Tongue = ENGLISH,
) -> Made:
    """The report of a period, from the records, in the language of its readers.

    Raises:
        UserError: it would be too large.
    """
    house = report.house(reports)
    wanted = report.asked(period, house)
    say = tongue.say
    title = f"{tongue.section(report.section)}, {tongue.days(period.first, period.last)}"
    name = f"{report.name}-{period.ref}.{report.how.value}"
    lines = [f"{report.name}: {title}.", say(f"Days and hours are those of {house.zone}.")]
    if report.section == CALLS:
        sheet = calls_sheet.calls(connection, wanted.begin, wanted.end)
        sheet = sheet if shows_persons else without_persons(sheet)
        content, rows = write(replace(sheet, title=title), report.how), len(sheet.rows)
        lines.append(say(f"The file has {rows:,} calls."))
    else:
        answer = _narrowed(asked.answer(connection, wanted, house, now), report.figures)
        content = write_answer(answer, Section(report.section), title, report.how, house, tongue)
        rows = len(answer.rows)
        whole = _narrowed(asked.answer(connection, replace(wanted, by=()), house, now), report.figures)
        shown = zip(whole.figures, whole.rows[0].figures, strict=True)
        lines += ["", *(_line(tongue.figure(each), figure, say) for each, figure in shown)]
    if len(content) > MOST_BYTES:
        raise UserError(f"the file has {len(content) // 1_000_000} MB: ask for less, or for other columns in by")
    text = "\n".join([*lines, "", say("The report is attached.")]) + "\n"
    return Made(title, text, rows, Attachment(name, MEDIA[report.how], content))


def _narrowed(answer: Answer, names: tuple[str, ...]) -> Answer:
    """The answer with the figures of ``names`` only; all of them where there are no names."""
    if not names:
        return answer
    places = [place for place, each in enumerate(answer.figures) if each.base in names]
    return replace(
        answer,
        figures=tuple(answer.figures[place] for place in places),
        rows=tuple(replace(row, figures=tuple(row.figures[place] for place in places)) for row in answer.rows),
        left_out=tuple(each for each in answer.left_out if each.name in names),
    )


def _line(definition: Definition, figure: Figure, say: Callable[[str], str]) -> str:
    value, unit = figure.value, figure.unit
    shown = "none" if value is None else f"{value:.1%}" if unit == "ratio" and value <= 1 else said(round(value, 1))
    return f"{definition.title}: {say(f'{shown} s' if unit == 's' and value is not None else shown)}"
