"""``[[scheduled_reports]]``: which report goes when to whom, and about which days. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from calls.errors import UserError
from calls.hours import HoursProblem, time_zone
from calls.mail import Address
from calls.parts import Flag, Name, Part, Title
from calls.records.notices import WEBHOOK
from calls.reports import asked
from calls.reports.asked import Asked
from calls.reports.definitions import BY_NAME, Section
from calls.reports.settings import ReportSettings
from calls.reports.sheets import Format
from calls.toml_file import Fault

CALLS = "calls"
"""Not figures: the calls themselves."""

TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")

MOST_MISSED = 31
"""An engine that was away for longer sends the latest so many periods of each report: a month of days."""


def _section(name: str) -> str:
    known = [*(each.value for each in Section), CALLS]
    if name not in known:
        raise Fault(f"expected one of {', '.join(known)}, found {name[:60]!r}")
    return name


def _time(text: str) -> str:
    if not TIME.match(text):
        raise Fault(f'expected a time of day such as "07:00", found {text[:60]!r}')
    return text


DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Day = Annotated[DayName, Field(description="mon, tue ... sun")]
DAYS: tuple[DayName, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ScheduledReport(Part):
    """One of them.

    ``at`` and ``days`` are by the clock and the week of ``zone`` (none: the house's), and so are the days of the
    period. Nothing of persons is in it, but with ``persons`` and a role that may see them.
    """

    name: Name
    section: Annotated[str, AfterValidator(_section)]
    by: Annotated[tuple[Title, ...], Field(max_length=4, description='a list such as ["queue", "30"]')] = ("day",)
    only: Annotated[dict[Name, Title], Field(description='{queue = "sales"}')] = Field(default_factory=dict)
    figures: Annotated[tuple[Name, ...], Field(description="a list of figures' names")] = ()
    """Only these; none: all of the section."""
    period: Annotated[
        Literal["yesterday", "last_week", "last_month"], Field(description='"yesterday", "last_week" or "last_month"')
    ] = "yesterday"
    zone: Annotated[str | None, Field(description='an IANA time zone such as "Europe/Berlin"')] = None
    format: Annotated[
        Literal["csv", "xlsx", "json", "html"], Field(description='"csv", "xlsx", "json" or "html"')
    ] = "xlsx"
    language: Annotated[Literal["en", "de", "es", "fr"], Field(description='"en", "de", "es" or "fr"')] = "en"
    """Of the mail and of HTML; names of columns in the other files are of none."""
    at: Annotated[str, AfterValidator(_time)] = "07:00"
    days: Annotated[tuple[Day, ...], Field(min_length=1, description='a list of days such as ["mon", "fri"]')] = DAYS
    to: Annotated[tuple[Address, ...], Field(max_length=50, description="a list of mail addresses")] = ()
    webhook: Name | None = None
    persons: Flag = False
    """The calls show whom they were with; ``role`` says whose right to that the recipients have."""
    role: Annotated[
        Literal["supervisor", "manager", "quality", "administrator"] | None,
        Field(description='a role that may see reports, such as "supervisor"'),
    ] = None

    @property
    def how(self) -> Format:
        """The kind of file."""
        return Format(self.format)

    @property
    def recipients(self) -> tuple[str, ...]:
        """To whom, as the store has it."""
        return (*dict.fromkeys(self.to), *([] if self.webhook is None else [f"{WEBHOOK}{self.webhook}"]))

    def house(self, reports: ReportSettings) -> ReportSettings:
        """What it counts by: the house's, in its own zone."""
        return reports if self.zone is None else reports.model_copy(update={"zone": self.zone})

    def asked(self, period: Period, house: ReportSettings) -> Asked:
        """What it asks; of the calls, their days.

        Raises:
            UserError: it cannot be asked so.
        """
        words = {"from": f"{period.first}", "to": f"{period.last}"}
        if self.section == CALLS:
            return asked.read(words, (), house, datetime.now(UTC))
        return asked.read(words | {"section": self.section} | self.only, self.by, house, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both within."""

    first: date
    last: date

    @property
    def ref(self) -> str:
        """As the store has it."""
        return f"{self.first}_{self.last}"

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def period_of(ref: str) -> Period:
    """The period that the store has."""
    first, _, last = ref.partition("_")
    return Period(date.fromisoformat(first), date.fromisoformat(last))


def period_before(report: ScheduledReport, day: date) -> Period:
    """The period that a report of ``day`` is about."""
    match report.period:
        case "yesterday":
            return Period(day - timedelta(days=1), day - timedelta(days=1))
        case "last_week":
            monday = day - timedelta(days=day.weekday() + 7)
            return Period(monday, monday + timedelta(days=6))
        case "last_month":
            last = day.replace(day=1) - timedelta(days=1)
            return Period(last.replace(day=1), last)


def slots(
    report: ScheduledReport, house: ReportSettings, after: datetime, until: datetime
) -> list[tuple[datetime, Period]]:
    """When it came due in ``(after, until]``, the earliest first, with its period; the latest of them where they are
    too many. On a day on which the clocks leave out its time it comes as much later."""
    zone = house.place()
    clock = time.fromisoformat(report.at)
    day, first = until.astimezone(zone).date(), after.astimezone(zone).date()
    found: dict[Period, datetime] = {}
    while day >= first and len(found) <= MOST_MISSED:
        at = datetime.combine(day, clock, zone).astimezone(UTC)
        if after < at <= until and DAYS[day.weekday()] in report.days:
            found[period_before(report, day)] = at
        day -= timedelta(days=1)
    kept = list(found.items())[:MOST_MISSED]
    return [(at, period) for period, at in reversed(kept)]


def next_at(report: ScheduledReport, house: ReportSettings, now: datetime) -> datetime:
    """When it comes due next."""
    (at, _), *_ = slots(report, house, now, now + timedelta(days=8))
    return at


def latest(report: ScheduledReport, house: ReportSettings, now: datetime) -> Period:
    """The period of the latest day on which it was due."""
    *_, (_, period) = slots(report, house, now - timedelta(days=9), now)
    return period


def faults(
    report: ScheduledReport, reports: ReportSettings, webhooks: Collection[str], *, has_mail: bool
) -> Iterator[tuple[str, str]]:
    """What does not fit: the key, and what is wrong."""
    if report.zone is not None:
        try:
            time_zone(report.zone)
        except HoursProblem as problem:
            yield "zone", str(problem)
            return
    if not report.recipients:
        yield "name", "nobody gets it: expected addresses in to, or a webhook"
    if report.to and not has_mail:
        yield "to", "mails need a server: add [mail] with host and from"
    if report.webhook is not None and report.webhook not in webhooks:
        known = f"expected one of {', '.join(webhooks)}" if webhooks else "there are none: add [[webhooks]]"
        yield "webhook", f"no webhook is named {report.webhook}: {known}"
    if report.persons and (report.section != CALLS or report.role is None):
        yield "persons", 'only section = "calls" has persons, and role says by whose right they are shown: add it'
    if report.section == CALLS:
        yield from _calls_faults(report)
        return
    try:
        day = date(2026, 1, 5)
        report.asked(Period(day, day), reports)
    except UserError as problem:
        yield "section", str(problem)
    for name in report.figures:
        if name not in BY_NAME or BY_NAME[name].section.value != report.section:
            own = ", ".join(each.name for each in BY_NAME.values() if each.section.value == report.section)
            yield "figures", f"{name} is no figure of {report.section}: expected some of {own}"


def _calls_faults(report: ScheduledReport) -> Iterator[tuple[str, str]]:
    if report.webhook is not None:
        yield "webhook", "calls are about persons and go by mail only: a program reads them at GET /api/v1/calls"
    if report.only or report.figures:
        yield "only" if report.only else "figures", "calls are sent whole: take it out"
