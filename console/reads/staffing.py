"""The agents that a queue needs by interval, from the calls that it had: volumes and handling times are measured."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calls.errors import UserError
from calls.records.times import as_text
from calls.reports import asked
from calls.reports.question import WEEKDAYS, Answer, Dimension
from calls.reports.settings import ReportSettings
from calls.reports.sheets import Kind, Sheet
from dialer.simulation.staff_need import Goal, Need, Volume, needs

LENGTHS = {Dimension.HOUR: 3600.0, Dimension.HALF: 1800.0, Dimension.QUARTER: 900.0}

COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("interval", "text"),
    ("calls", "real"),
    ("aht_s", "real"),
    ("erlangs", "real"),
    ("agents_service", "integer"),
    ("agents_patience", "integer"),
    ("rostered", "integer"),
    ("service_level", "real"),
    ("occupancy", "real"),
    ("abandonment", "real"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of ``queue`` ("": of all), by intervals of ``by`` minutes ("60", "30" or "15"), of all days alike or of each
    weekday. ``share``, ``within_s``, ``abandoned``: None: those of ``[reports]``. ``patience_s`` None: measured."""

    queue: str = ""
    first: str = ""
    last: str = ""
    by: str = "30"
    weekdays: bool = False
    share: float | None = None
    within_s: float | None = None
    abandoned: float | None = None
    patience_s: float | None = None
    absent: float = 0.0


@dataclass(frozen=True, slots=True)
class Staffing:
    """``days``: over how many the volumes are means; by weekday, of all together."""

    goal: Goal
    days: int
    calls: float
    needs: tuple[Need, ...]

    def said(self) -> str:
        """What it is for, and from what."""
        goal = self.goal
        patience = "unknown: nobody gave up" if goal.patience_s is None else f"{goal.patience_s:.0f} s"
        absent = f", {goal.absent:.0%} absent" if goal.absent else ""
        return (
            f"{goal.share:.0%} within {goal.within_s:g} s; at most {goal.abandoned:.1%} give up, mean patience"
            f" {patience}{absent}. From {self.calls:g} calls of {self.days} days."
        )

    def sheet(self) -> Sheet:
        """As a table."""
        rows = [
            [
                each.label,
                round(each.calls, 3),
                round(each.handling_s, 1),
                round(each.load, 3),
                each.for_service,
                each.for_patience,
                each.rostered,
                round(each.level, 4),
                round(each.occupancy, 4),
                None if each.abandoned is None else round(each.abandoned, 4),
            ]
            for each in self.needs
        ]
        return Sheet("Staffing", COLUMNS, rows)


def staffing(connection: sqlite3.Connection, wanted: Wanted, house: ReportSettings, now: datetime) -> Staffing:
    """The need, from the calls that came in on the days from ``first`` to ``last``; by default the last four weeks
    before today.

    Raises:
        UserError: says which value is wrong and what was expected.
    """
    dimension = _interval(wanted.by)
    today = now.astimezone(house.place()).date()
    last = wanted.last or f"{today - timedelta(days=1)}"
    first = wanted.first or f"{_day(last) - timedelta(days=27)}"
    words = {"section": "inbound", "from": first, "to": last, "queue": wanted.queue}
    of = asked.read(words, (dimension.value,), house, now)
    answer = asked.answer(connection, of, house, now)
    goal = _goal(connection, wanted, house, of.begin, of.end)
    days = Counter(
        WEEKDAYS[(of.begin.date() + timedelta(days=each)).weekday()] if wanted.weekdays else ""
        for each in range((of.end.date() - of.begin.date()).days)
    )
    volumes = _volumes(answer, dimension, days, by_weekday=wanted.weekdays)
    found = tuple(needs(volumes, goal))
    return Staffing(goal, days.total(), _total(answer), found)


def _interval(by: str) -> Dimension:
    known = {each.value: each for each in LENGTHS}
    if by not in known:
        raise UserError(f"by {by!r}: expected one of {', '.join(known)} minutes")
    return known[by]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"to {text!r}: expected a day such as 2026-05-31") from None


def _goal(
    connection: sqlite3.Connection, wanted: Wanted, house: ReportSettings, begin: datetime, end: datetime
) -> Goal:
    share = house.service_level if wanted.share is None else wanted.share
    abandoned = house.abandonment if wanted.abandoned is None else wanted.abandoned
    within_s = house.service_level_s if wanted.within_s is None else wanted.within_s
    patience_s = wanted.patience_s
    if patience_s is None:
        patience_s = measured_patience_s(connection, wanted.queue, begin, end)
    for name, value, least, most in (
        ("service level", share, 0.01, 0.999),
        ("abandonment", abandoned, 0.001, 0.99),
        ("within", within_s, 0.0, 86_400.0),
        ("patience", patience_s or 1.0, 1.0, 86_400.0),
        ("absent", wanted.absent, 0.0, 0.9),
    ):
        if not least <= value <= most:
            raise UserError(f"{name}: {value:g}, expected {least:g} to {most:g}")
    return Goal(share, within_s, abandoned, patience_s, wanted.absent)


def measured_patience_s(connection: sqlite3.Connection, queue: str, begin: datetime, end: datetime) -> float | None:
    """The callers' mean patience, as if it were exponential: all their waiting / how often one gave up. None where
    nobody did. Who was answered would have waited longer, and that is counted so.

    Source: the maximum-likelihood estimate with censoring; Brown et al. 2005, "Statistical Analysis of a Telephone
    Call Center", section 6.2.
    """
    waited_s, gave_up = connection.execute(
        "SELECT total(wait_s), count(*) FILTER (WHERE agent_id IS NULL AND abandoned) FROM calls"
        " WHERE direction = 'inbound' AND wait_s IS NOT NULL AND started_at >= :begin AND started_at < :end"
        " AND (:queue = '' OR queue = :queue)",
        {"begin": as_text(begin), "end": as_text(end), "queue": queue},
    ).fetchone()
    return max(1.0, waited_s / gave_up) if gave_up else None


def _volumes(answer: Answer, dimension: Dimension, days: Mapping[str, int], *, by_weekday: bool) -> list[Volume]:
    places = {each.name: place for place, each in enumerate(answer.figures)}
    calls: dict[tuple[str, str], float] = defaultdict(float)
    handled: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in answer.rows:
        at = datetime.fromisoformat(row.key[0])
        key = (WEEKDAYS[at.weekday()] if by_weekday else "", f"{at:%H:%M}")
        calls[key] += float(row.figures[places["offered"]].numerator)
        aht = row.figures[places["aht"]]
        handled[key][0] += float(aht.numerator)
        handled[key][1] += float(aht.denominator or 0)
    length_s = LENGTHS[dimension]
    volumes = []
    for key in sorted(each for each in calls if calls[each]):
        seconds, count = handled[key]
        label = " ".join(each for each in key if each)
        handling_s = seconds / count if count else None
        volumes.append(Volume(label, calls[key] / days[key[0]], handling_s, length_s))
    return volumes


def _total(answer: Answer) -> float:
    place = next(place for place, each in enumerate(answer.figures) if each.name == "offered")
    return sum(float(row.figures[place].numerator) for row in answer.rows)
