"""``[schedule]`` of a campaign's file: when it dials, by its own clock. The called party's hours hold beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field

from calls import hours
from calls.hours import HoursProblem, WeeklyHours
from calls.parts import Part
from calls.toml_file import Place

DAY = timedelta(days=1)

A_DAY = 'a date such as "2027-03-01", in quotes'
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Schedule(Part):
    """``[schedule]``: the campaign dials inside it, and waits outside it."""

    model_config = ConfigDict(serialize_by_alias=True)

    days: Annotated[dict[str, str], Field(description='days and times, {mon-fri = "09:00-17:00"}')] = Field(
        default_factory=dict
    )
    """None: at any time."""
    zone: Annotated[str, Field(description='an IANA time zone such as "Europe/Berlin"')] = "UTC"
    begins: Annotated[Day | None, Field(alias="from", description=A_DAY)] = None
    """The first day on which it dials."""
    until: Annotated[Day | None, Field(description=A_DAY)] = None
    """The last day on which it dials."""
    holidays: Annotated[str | None, Field(description='a country such as "DE"')] = None
    """Whose public holidays it rests on."""

    @property
    def is_set(self) -> bool:
        """True where there is anything to keep to."""
        return bool(self.days or self.begins or self.until or self.holidays)

    @property
    def weekly(self) -> WeeklyHours:
        """The hours of each day.

        Raises:
            HoursProblem: they cannot be read.
        """
        return hours.parse(self.days or {"mon-sun": "00:00-24:00"}, self.zone, country=self.holidays)


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a campaign may dial. ``opens_at`` (UTC): when it may again, None where it may now or never will."""

    is_open: bool
    opens_at: datetime | None = None
    reason: str = ""
    """Why it may not; "" where it may."""

    @property
    def is_over(self) -> bool:
        """It never opens again."""
        return not self.is_open and self.opens_at is None


OPEN = Opening(True)


def opening(schedule: Schedule, at: datetime) -> Opening:
    """Whether the campaign may dial at ``at`` (aware), by the wall clock of its zone at that instant."""
    if not schedule.is_set:
        return OPEN
    weekly = schedule.weekly
    begin, end = _instant(schedule.begins, weekly), _instant(schedule.until, weekly, DAY)
    earliest = at.astimezone(UTC) if begin is None else max(at.astimezone(UTC), begin)
    opens_at = weekly.next_open(earliest)
    if opens_at is None or (end is not None and opens_at >= end):
        return Opening(False, None, f"its schedule is over: it ended on {schedule.until}" if end else "never open")
    if opens_at <= at:
        return OPEN
    local = opens_at.astimezone(weekly.zone)
    return Opening(False, opens_at, f"outside its schedule: opens {local:%a %Y-%m-%d %H:%M} {schedule.zone}")


def _instant(day: str | None, weekly: WeeklyHours, later: timedelta = timedelta(0)) -> datetime | None:
    """The midnight at which ``day`` begins, ``later`` by whole days of the zone's calendar."""
    if day is None:
        return None
    return datetime.combine(date.fromisoformat(day) + later, time(0), weekly.zone).astimezone(UTC)


def faults(schedule: Schedule) -> Iterator[tuple[Place, str]]:
    """What cannot be kept to, each with its place."""
    for key, day in (("from", schedule.begins), ("until", schedule.until)):
        try:
            date.fromisoformat(day or "2000-01-01")
        except ValueError:
            yield ("schedule", key), f"there is no day {day}"
            return
    if schedule.begins and schedule.until and schedule.begins > schedule.until:
        yield ("schedule", "until"), f"expected a day that is not before {schedule.begins}"
    try:
        _ = schedule.weekly
    except HoursProblem as problem:
        yield _place(problem.key), problem.reason


def _place(key: str) -> Place:
    match key:
        case "zone":
            return ("schedule", "zone")
        case "country":
            return ("schedule", "holidays")
        case _:
            return ("schedule", "days", key)
