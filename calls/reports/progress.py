"""How far a campaign is: its penetration by attempts and by time, and the funnel from its leads to its sales.

A lead is counted once, by its first attempt in the time that came so far. What a stage of the funnel counts has been
through all stages above it, so that none is larger than the one before; only where leads that were dialled have left
the roll may there be more of those than stand on it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calls.errors import UserError
from calls.records.times import as_text
from calls.records.totals import ATTEMPTS
from calls.reports.asked import EARLIEST, LATEST
from calls.reports.question import Dimension
from calls.reports.sheets import Sheet
from calls.reports.slots import labels

STAGES = ("leads", "dialled", "person", "met", "right_party", "sold")
"""Of the funnel: on the roll now; dialled; a person answered; that person met an agent; who was the right one; and
bought. What its agent found to be a machine's was not answered by a person."""

MOST_ATTEMPTS = 30
"""Leads that were dialled more often count with those that were dialled so often."""

BY_HOUR = 3 * 24
"""Attempts that lie within so many hours are shown by the hour, others by the day."""

_PERSON, _MET, _RIGHT, _SOLD = 1, 2, 4, 8
_AGENT = "(c.agent_id IS NOT NULL AND NOT coalesce(c.disposition_machine, 0))"
_CAME = (
    f"{_PERSON} * ({ATTEMPTS.measures['by_person']} OR {_AGENT}) + {_MET} * {_AGENT}"
    f" + {_RIGHT} * {ATTEMPTS.measures['right_party']}"
    f" + {_SOLD} * ({ATTEMPTS.measures['right_party']} AND {ATTEMPTS.measures['sales']})"
)


@dataclass(frozen=True, slots=True)
class Point:
    """Leads up to one place of a curve: ``tried`` were dialled, at least so often where it is one by attempts;
    ``met``: an agent talked to their person up to there."""

    label: str
    tried: int
    met: int


@dataclass(frozen=True, slots=True)
class Progress:
    """``roll``: the campaign's leads now, with those that its filter leaves out; ``funnel``: the leads of each of
    :data:`STAGES`."""

    roll: int
    attempts: int
    by_attempt: tuple[Point, ...]
    by_time: tuple[Point, ...]
    funnel: tuple[int, ...]

    def share(self, leads: int) -> float | None:
        """Of the leads of the roll; None: there are none."""
        return leads / self.roll if self.roll else None

    def sheet(self, campaign_id: str) -> Sheet:
        """A row for each count of leads."""
        rows = [
            *((part, each.label, name, getattr(each, name)) for part, points in self._curves() for each in points
              for name in ("tried", "met")),
            *(("funnel", stage, "leads", leads) for stage, leads in zip(STAGES, self.funnel, strict=True)),
        ]  # fmt: skip
        return Sheet(
            f"Progress of {campaign_id}",
            (
                *(("part", "text"), ("at", "text"), ("what", "text")),
                *(("leads", "integer"), ("roll", "integer"), ("share", "real")),
            ),
            [(*row, self.roll, self.share(row[3])) for row in rows],
        )

    def _curves(self) -> Iterator[tuple[str, Sequence[Point]]]:
        yield "attempt", self.by_attempt
        yield "time", self.by_time


def days(first: date | None, last: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The time from the begin of one day of ``zone`` to the end of another, for :func:`progress`.

    Raises:
        UserError: a day is too far away to be reckoned with.
    """
    for each in (first, last):
        if each is not None and not EARLIEST <= each <= LATEST:
            raise UserError(f"{each}: expected a day from {EARLIEST} to {LATEST}")
    return (
        None if first is None else datetime.combine(first, time(), zone),
        None if last is None else datetime.combine(last + timedelta(days=1), time(), zone),
    )


def require_known(connection: sqlite3.Connection, campaign_id: str) -> None:
    """
    Raises:
        UserError: no such campaign was ever started.
    """
    if connection.execute("SELECT 1 FROM campaigns WHERE campaign_id = ?", (campaign_id,)).fetchone() is None:
        raise UserError(f"no campaign {campaign_id} was ever started")


def progress(
    connection: sqlite3.Connection,
    campaign_id: str,
    zone: ZoneInfo,
    begin: datetime | None = None,
    end: datetime | None = None,
    list_id: str = "",
) -> Progress:
    """Of the attempts of ``[begin, end)`` (None: from the first, to the last); ``list_id``: of leads of this list."""
    named = {"campaign": campaign_id, "list": list_id}
    of_list = " AND {}.list_id = :list" if list_id else ""
    (roll,) = connection.execute(
        f"SELECT count(*) FROM campaign_leads AS m WHERE m.campaign_id = :campaign{of_list.format('m')}", named
    ).fetchone()
    where = f"a.campaign_id = :campaign AND NOT a.unsent{of_list.format('a')}"
    for word, sign, at in (("begin", ">=", begin), ("end", "<", end)):
        if at is not None:
            where += f" AND a.intended_at {sign} :{word}"
            named[word] = as_text(at)
    rows = connection.execute(
        f"SELECT a.lead_id, {ATTEMPTS.keys['quarter']}, {_CAME} FROM attempts AS a"
        f" LEFT JOIN calls AS c ON c.call_id = a.attempt_id WHERE {where} ORDER BY a.intended_at, a.attempt_id",
        named,
    )
    return _counted(roll, rows, zone)


def _counted(roll: int, rows: Iterable[tuple[str, int, int]], zone: ZoneInfo) -> Progress:
    tries: Counter[str] = Counter()
    came: dict[str, int] = {}
    met_at: Counter[int] = Counter()
    tried_in: Counter[int] = Counter()
    met_in: Counter[int] = Counter()
    last = 0
    for lead, quarter, how_far in rows:
        tries[lead] += 1
        last = quarter
        before = came.get(lead)
        if before is None:
            tried_in[quarter] += 1
        if how_far & _MET and not (before or 0) & _MET:
            met_at[min(tries[lead], MOST_ATTEMPTS)] += 1
            met_in[quarter] += 1
        came[lead] = (before or 0) | how_far
    alike = Counter(came.values())
    nested = [sum(many for told, many in alike.items() if told & bit) for bit in (_PERSON, _MET, _RIGHT, _SOLD)]
    times = _by_time(tried_in, met_in, last, zone) if came else ()
    return Progress(roll, tries.total(), tuple(_by_attempt(tries, met_at)), tuple(times), (roll, len(came), *nested))


def _by_attempt(tries: Mapping[str, int], met_at: Mapping[int, int]) -> Iterator[Point]:
    often = Counter(min(many, MOST_ATTEMPTS) for many in tries.values())
    left, met = len(tries), 0
    for number in range(1, max(often, default=0) + 1):
        met += met_at.get(number, 0)
        yield Point(f"{number}" if number < MOST_ATTEMPTS else f"{number}+", left, met)
        left -= often[number]


def _by_time(tried_in: Mapping[int, int], met_in: Mapping[int, int], last: int, zone: ZoneInfo) -> Iterator[Point]:
    """By hours or days without a gap, up to the quarter ``last``: where nobody new was dialled the curve is flat."""
    first = min(tried_in)
    by = Dimension.HOUR if (last - first) / 4 <= BY_HOUR else Dimension.DAY
    label = labels((by,), zone)
    tried: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for number in range(first, last + 1):
        tried[label(number)[0]] += tried_in.get(number, 0)
        met[label(number)[0]] += met_in.get(number, 0)
    so_far, met_so_far = 0, 0
    for each in sorted(tried, key=lambda text: datetime.fromisoformat(text).timestamp()):
        so_far, met_so_far = so_far + tried[each], met_so_far + met[each]
        yield Point(each, so_far, met_so_far)
