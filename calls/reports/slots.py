"""The times by which is asked, in quarters of an hour from 1970 in UTC: which are alike, and what they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from calls.records.totals import QUARTER_S
from calls.reports.question import WEEKDAYS, Dimension, Key, Question


def time_of(number: int) -> datetime:
    """When a quarter begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number * QUARTER_S)


STEPS: Mapping[Dimension, int] = {
    Dimension.DAY: 96,
    Dimension.WEEKDAY: 96,
    Dimension.HOUR: 4,
    Dimension.HOUR_OF_DAY: 4,
    Dimension.HALF: 2,
    Dimension.QUARTER: 1,
}
"""How many quarters each is long, on a day without a change of the clocks."""


def slot(question: Question, first: int) -> str:
    """The quarter with which the shortest of the times begins that a row is of: an expression over ``quarter``, that
    holds as long as the house's clock is as far from UTC as at ``first``, before which it was another."""
    if not question.times:
        return "0"
    step, ahead = min(STEPS[each] for each in question.times), _ahead(question, first)
    return f"max((quarter + {ahead}) / {step} * {step} - {ahead}, {first})"


def _ahead(question: Question, number: int) -> int:
    """By how many quarters the house's clock is ahead of UTC."""
    offset = time_of(number).astimezone(question.zone).utcoffset() or timedelta()
    return int(offset.total_seconds() // QUARTER_S)


def same_offset(question: Question, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The quarters from ``first`` to before ``last``, cut where the clocks are changed."""
    while first < last:
        until = last
        if question.times:
            ahead = _ahead(question, first)
            day = next((each for each in range(first, last, 96) if _ahead(question, each) != ahead), last)
            until = next((each for each in range(max(first, day - 96), day) if _ahead(question, each) != ahead), day)
        yield first, min(until, last)
        first = until


def labels(times: Sequence[Dimension], zone: ZoneInfo) -> Callable[[int], Key]:
    """What the times of a quarter are called, by the clock of the zone."""

    @cache
    def label(number: int) -> Key:
        at = time_of(number).astimezone(zone)
        return tuple(_label(each, at) for each in times)

    return label


def _label(dimension: Dimension, at: datetime) -> str:
    match dimension:
        case Dimension.DAY:
            return f"{at:%Y-%m-%d}"
        case Dimension.WEEKDAY:
            return WEEKDAYS[at.weekday()]
        case Dimension.HOUR_OF_DAY:
            return f"{at:%H}"
        case _:
            length = int(dimension.value)
            begin = at.replace(minute=at.minute // length * length)
            return begin.isoformat(timespec="minutes")
