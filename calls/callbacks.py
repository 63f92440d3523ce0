"""Calling people back who asked for it: the settings, and when a person who names a time is to be called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from calls.hours import WeeklyHours, parse, time_zone
from calls.parts import Name, Part, Region, Seconds

SEARCH_MINUTES = 24 * 60
"""A slot is over within a day of its beginning."""

BOOKABLE = timedelta(days=60)
"""Nobody is promised a call that is further away."""

Wanted = Annotated[str, Field(max_length=64)]
CallerId = Annotated[
    str, Field(pattern=r"^\+?[0-9]{3,15}$", description="a number of 3 to 15 digits, with or without +, in quotes")
]


class NoSuchTime(ValueError):
    """What a caller asked for is no time at which we could call. The text is for a person."""


class CallbackSettings(Part):
    """``[callbacks]``: how people are called back. Without it no flow may offer to."""

    trunk: Name | None = None
    trunks: Annotated[tuple[Name, ...], Field(max_length=100, description="a list of names of trunks")] = ()
    """Several trunks instead of one: see docs/trunks.md for which is taken."""
    caller_id: CallerId
    preset: Annotated[str, Field(description="the name of a preset of dialling rules, in quotes")]
    countries: Annotated[tuple[Region, ...], Field(description='a list of countries such as ["DE"]')] = ()
    """Where numbers may be that callers name; none: in ``engine.region`` only."""
    tries: Annotated[int, Field(ge=1, le=10, description="a whole number, 1 to 10")] = 3
    retry_after_s: Annotated[float, Field(ge=60, le=86400, description="seconds, 60 to 86400")] = 600.0
    ring_timeout_s: Annotated[float, Field(gt=0, le=60, description="seconds, more than 0 and at most 60")] = 25.0
    within_s: Seconds = 14400.0
    """How long a place is kept: the window in which the person is to be reached."""
    message: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$", description="a prompt's key, in quotes")] = (
        "system.callback_sorry"
    )
    """What a person hears who answered and for whom no agent was left."""
    zone: Annotated[str, Field(description='an IANA time zone such as "Europe/Berlin"')] = "UTC"
    slots: Annotated[
        dict[Name, dict[str, str]], Field(description='names, days and times: {morning = {mon-fri = "09:00-12:00"}}')
    ] = Field(default_factory=dict)
    """Parts of the day that callers may choose."""

    @model_validator(mode="after")
    def _understood(self) -> Self:
        """Refuse hours and zones that are none (``HoursProblem``, a ValueError)."""
        _ = self.hours, time_zone(self.zone)
        return self

    @cached_property
    def hours(self) -> dict[str, WeeklyHours]:
        """The slots, to ask when they are."""
        return {name: parse(week, self.zone) for name, week in self.slots.items()}


def window(wanted: str, settings: CallbackSettings, now: datetime) -> tuple[datetime, datetime]:
    """From when and until when a person is to be called who asked for ``wanted`` (UTC).

    ``""`` is as soon as an agent is there; the name of a slot its next one; ``2026-12-01T09:30`` that time by the
    settings' zone.

    Raises:
        NoSuchTime: it is none of these, or has passed, or is too far away.
    """
    within = timedelta(seconds=settings.within_s)
    if not wanted:
        return now, now + within
    if wanted in settings.hours:
        return _slot(settings.hours[wanted], now)
    try:
        at = datetime.fromisoformat(wanted)
        due = (at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(settings.zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        known = ", ".join(settings.slots) or "there are none"
        raise NoSuchTime(f"expected a time such as 2026-12-01T09:30, or a slot: {known}") from None
    if not now <= due <= now + BOOKABLE:
        raise NoSuchTime(f"expected a time from now on, within {BOOKABLE.days} days")
    return due, due + within


def _slot(hours: WeeklyHours, now: datetime) -> tuple[datetime, datetime]:
    begins = hours.next_open(now)
    if begins is None:
        raise NoSuchTime("the slot is never open")
    minute = begins.replace(second=0, microsecond=0)
    ends = (minute + timedelta(minutes=ahead) for ahead in range(1, SEARCH_MINUTES + 1))
    return begins, next((each for each in ends if not hours.is_open(each)), minute + timedelta(days=1))
