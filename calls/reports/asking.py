"""Figures by any of their dimensions: added up from the roll-ups, and at the edges of a time from the raw rows.

A time need not begin or end at a quarter of an hour: what lies outside of whole quarters is added up row by row, by
the same expressions as the roll-ups. So is all of it where a target is none of the seconds that they count by.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from calls.records import agent_time, lead_totals, raw_cubes, totals
from calls.records.figure import Figure
from calls.records.times import as_text
from calls.records.totals import QUARTER_S, Cube, whole_quarters
from calls.reports.definitions import SOLD, USUAL, Definition, Source, Targets

Key = tuple[str, ...]
"""The values of the dimensions by which is asked, in their order."""


class Dimension(StrEnum):
    """By what figures are asked for."""

    DAY = "day"
    HOUR = "60"
    HALF = "30"
    QUARTER = "15"
    HOUR_OF_DAY = "hour"
    WEEKDAY = "weekday"
    DIRECTION = "direction"
    QUEUE = "queue"
    CAMPAIGN = "campaign"
    LIST = "list"
    AGENT = "agent"
    FLOW = "flow"
    VERSION = "version"
    NODE = "node"
    SWITCH = "switch"
    SCORECARD = "scorecard"
    OUTCOME = "outcome"
    DISPOSITION = "disposition"


TIMES = frozenset(
    {
        *(Dimension.DAY, Dimension.HOUR, Dimension.HALF, Dimension.QUARTER),
        *(Dimension.HOUR_OF_DAY, Dimension.WEEKDAY),
    }
)
WEEKDAYS = ("1 Mon", "2 Tue", "3 Wed", "4 Thu", "5 Fri", "6 Sat", "7 Sun")

COLUMNS: Mapping[Dimension, str] = {
    Dimension.DIRECTION: "direction",
    Dimension.QUEUE: "queue",
    Dimension.CAMPAIGN: "campaign_id",
    Dimension.LIST: "list_id",
    Dimension.AGENT: "agent_id",
    Dimension.FLOW: "flow",
    Dimension.VERSION: "flow_version",
    Dimension.NODE: "node",
    Dimension.SWITCH: "switch",
    Dimension.SCORECARD: "scorecard",
    Dimension.OUTCOME: "outcome",
    Dimension.DISPOSITION: "disposition",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: figures of ``[begin, end)``, by dimensions, of what the filters leave.

    ``zone``: whose days, hours and weekdays they are. ``now``: up to when states that go on have lasted.
    """

    begin: datetime
    end: datetime
    figures: tuple[Definition, ...]
    zone: ZoneInfo
    by: tuple[Dimension, ...] = ()
    filters: Mapping[Dimension, str] = field(default_factory=dict)
    targets: Targets = USUAL
    now: datetime | None = None

    @property
    def times(self) -> tuple[Dimension, ...]:
        """Those of the dimensions that are times."""
        return tuple(each for each in self.by if each in TIMES)

    @property
    def wanted(self) -> frozenset[Dimension]:
        """Dimensions and filters but for the times: what a roll-up must have a column for."""
        return frozenset(self.by) - TIMES | frozenset(self.filters)


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one combination of the dimensions' values."""

    key: Key
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``left_out``: figures that cannot be asked so, an agent having no service level say."""

    question: Question
    figures: tuple[Definition, ...]
    rows: tuple[Row, ...]
    left_out: tuple[Definition, ...]


def ask(connection: sqlite3.Connection, question: Question) -> Answer:
    """The figures. Without a dimension there is one row, also where nothing happened."""
    shown = tuple(each for each in question.figures if _cube(each, question) is not None)
    groups: dict[str, list[Definition]] = defaultdict(list)
    for each in shown:
        groups[_table(each, question)].append(each)
    sums = {table: _sums(connection, question, wanted) for table, wanted in groups.items()}
    sold = {source: _sold(connection, question, source) for source in {each.source for each in shown if each.money}}
    keys = {key for found in (*sums.values(), *sold.values()) for key in found} or (
        {()} if not question.by else set()
    )
    figures = tuple(one for each in shown for one in _by_currency(each, sold))
    rows = []
    for key in sorted(keys):
        counted = (_figure(each, _parts(each, key, question, sums, sold), question.targets) for each in figures)
        rows.append(Row(key, tuple(counted)))
    left_out = tuple(each for each in question.figures if each not in shown)
    return Answer(question, figures, tuple(rows), left_out)


Money = Mapping[Key, Mapping[str, float]]
"""What was sold, by currency."""


def _by_currency(definition: Definition, sold: Mapping[Source, Money]) -> Iterator[Definition]:
    """The figure itself; one of money once for each currency in which anything was sold."""
    if definition.money:
        for currency in sorted({name for sums in sold[definition.source].values() for name in sums}):
            yield definition.of_currency(currency)
    else:
        yield definition


def _parts(
    definition: Definition,
    key: Key,
    question: Question,
    sums: Mapping[str, Mapping[Key, Mapping[str, float]]],
    sold: Mapping[Source, Money],
) -> Mapping[str, float]:
    """The sums that a figure is made of."""
    found = sums[_table(definition, question)].get(key, {})
    if not definition.money:
        return found
    return {**found, SOLD: sold[definition.source].get(key, {}).get(definition.currency, 0)}


def _sold(connection: sqlite3.Connection, question: Question, source: Source) -> Money:
    """The money of the whole time, from the calls that were sold in: they are few."""
    label = _labels(question.times, question.zone)
    found: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    cube = SALES[source]
    for row in _raw(connection, cube, [SOLD], question, question.begin, question.end, "currency"):
        *_, currency, value = row
        found[_key(question, label, row)][str(currency)] += int(str(value))
    parts = raw_cubes.TEN_THOUSANDTHS
    return {key: {name: value / parts for name, value in of.items()} for key, of in found.items()}


def _figure(definition: Definition, sums: Mapping[str, float], targets: Targets) -> Figure:
    numerator, denominator = definition.counted(sums)
    words = definition.said(targets)
    if denominator is None:
        return Figure(definition.name, float(numerator), definition.unit, numerator, None, words)
    value = numerator / denominator if denominator else None
    return Figure(definition.name, value, definition.unit, numerator, denominator, words)


# --- which roll-up ----------------------------------------------------------------------------------------------

STATES = ("ready", "reserved", "talking", "wrap_up", "paused", "logged_out")

TIME = Cube(
    table="agent_time_totals",
    source="",
    at="",
    wanted="1",
    keys={"quarter": "quarter", "agent_id": "agent_id"},
    measures={state: f"CASE state WHEN '{state}' THEN seconds ELSE 0.0 END" for state in STATES},
)
NODES = Cube(
    table="node_totals",
    source="",
    at="",
    wanted="1",
    keys={name: name for name in ("quarter", "flow", "flow_version", "node")},
    measures={
        name: name
        for name in (
            *("entries", "took_s", "noinput", "nomatch", "retries", "drops", "choices", "by_keys", "by_speech"),
            *("zero_outs", "confidence", "confidences"),
        )
    },
)
CUBES: Mapping[Source, tuple[Cube, ...]] = {
    Source.CALLS: (totals.CALLS, totals.AGENTS),
    Source.ATTEMPTS: (totals.ATTEMPTS,),
    Source.TIME: (TIME,),
    Source.NODES: (NODES,),
    Source.ENDINGS: (totals.ENDINGS,),
    Source.CALLBACKS: (raw_cubes.CALLBACKS,),
    Source.LEADS: (lead_totals.LEADS,),
    Source.ROLL: (lead_totals.ROLL,),
    Source.REVIEWS: (raw_cubes.REVIEWS,),
    Source.SURVEYS: (raw_cubes.SURVEYS,),
}
"""Where several have what is asked for, the first one is the smallest."""

STAND_INS = frozenset({"within", "short"})

SALES: Mapping[Source, Cube] = {
    Source.CALLS: raw_cubes.SALES,
    Source.ATTEMPTS: raw_cubes.ATTEMPTED_SALES,
}
"""What the money of a figure is added up from, by what the rest of it is."""


def is_counted_by(definition: Definition, dimensions: Iterable[Dimension]) -> bool:
    """Whether a figure can be asked by these: an agent has no service level."""
    return _cube_of(definition, {COLUMNS[each] for each in dimensions if each in COLUMNS}) is not None


def _cube(definition: Definition, question: Question) -> Cube | None:
    return _cube_of(definition, {COLUMNS[each] for each in question.wanted})


def _cube_of(definition: Definition, columns: set[str]) -> Cube | None:
    for cube in CUBES[definition.source]:
        has_measures = definition.measures - {SOLD} <= cube.measures.keys() | (
            STAND_INS if "offered" in cube.measures else frozenset()
        )
        if columns <= cube.keys.keys() and has_measures:
            return cube
    return None


def _table(definition: Definition, question: Question) -> str:
    cube = _cube(definition, question)
    return "" if cube is None else cube.table


# --- adding up --------------------------------------------------------------------------------------------------


def _sums(
    connection: sqlite3.Connection, question: Question, wanted: Sequence[Definition]
) -> dict[Key, dict[str, float]]:
    cube = _cube(wanted[0], question)
    assert cube is not None  # the caller left out what has none
    names = sorted({name for each in wanted for name in each.measures} - {SOLD})
    found: dict[Key, dict[str, float]] = defaultdict(lambda: dict.fromkeys(names, 0))
    label = _labels(question.times, question.zone)

    def add(rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            key = _key(question, label, row)
            sums = found[key]
            for name, value in zip(names, row[len(question.by) - len(question.times) + 1 :], strict=True):
                sums[name] += value or 0  # type: ignore[operator]  # measures are numbers

    first, last = whole_quarters(question.begin, question.end)
    has_raw = bool(cube.source)
    exact = {"within": _edge(question.targets.service_level_s), "short": _edge(question.targets.short_abandon_s)}
    is_whole = not cube.rolled_up or first > last
    if has_raw and (is_whole or any(name in names and exact[name] is None for name in exact)):
        add(_raw(connection, cube, names, question, question.begin, question.end))
        return found
    for quarters in _same_offset(question, first, last):
        add(_rolled_up(connection, cube, names, question, quarters, exact))
    if has_raw:
        for begin, end in ((question.begin, _time(first)), (_time(last), question.end)):
            if begin < end:
                add(_raw(connection, cube, names, question, begin, end))
    elif cube is TIME:
        loose = agent_time.loose(connection, question.begin, question.end, question.now or question.end)
        add(_loose(loose, names, question))
    elif question.begin < _time(first) or _time(last) < question.end:
        # A node counts to the quarter in which its call began: those that are only partly within count as a whole.
        edges = {int(question.begin.timestamp() // QUARTER_S), last} - set(range(first, last))
        for number in sorted(edges):
            if _time(number) < question.end:
                add(_rolled_up(connection, cube, names, question, (number, number + 1), exact))
    return found


def _key(question: Question, label: Callable[[int], Key], row: Sequence[object]) -> Key:
    """The first column is the quarter, then the dimensions that are no times."""
    times = iter(label(int(str(row[0])))) if question.times else iter(())
    others = iter(row[1:])
    return tuple(next(times) if each in TIMES else str(next(others)) for each in question.by)


def _rolled_up(
    connection: sqlite3.Connection,
    cube: Cube,
    names: Sequence[str],
    question: Question,
    quarters: tuple[int, int],
    exact: Mapping[str, int | None],
) -> Iterable[Sequence[object]]:
    columns = [COLUMNS[each] for each in question.by if each not in TIMES]
    spelled = {"within": f"answered_in_{exact['within']}", "short": f"abandoned_in_{exact['short']}"}
    is_plain = bool(cube.source)
    sums = [f"sum({spelled.get(name, name) if is_plain else cube.measures[name]})" for name in names]
    keys = [_slot(question, quarters[0]), *columns]
    where, values = _where({each: COLUMNS[each] for each in question.filters}, question)
    return connection.execute(
        f"SELECT {', '.join([*keys, *sums])} FROM {cube.table} WHERE quarter >= :first AND quarter < :last{where}"
        f"{_grouped(keys)}",
        values | {"first": quarters[0], "last": quarters[1]},
    )


def _raw(
    connection: sqlite3.Connection,
    cube: Cube,
    names: Sequence[str],
    question: Question,
    begin: datetime,
    end: datetime,
    *more: str,
) -> Iterable[Sequence[object]]:
    """``more``: further columns of the cube behind those by which is asked."""
    own = {
        "within": totals.answered_within(question.targets.service_level_s),
        "short": totals.abandoned_within(question.targets.short_abandon_s),
    }
    columns = [cube.keys[COLUMNS[each]] for each in question.by if each not in TIMES]
    sums = [f"sum({own.get(name) or cube.measures[name]})" for name in names]
    keys = [cube.keys["quarter"] if question.times else "0", *columns, *(cube.keys[each] for each in more)]
    where, values = _where({each: cube.keys[COLUMNS[each]] for each in question.filters}, question)
    return connection.execute(
        f"SELECT {', '.join([*keys, *sums])} FROM {cube.source}"
        f" WHERE {cube.wanted} AND {cube.at} >= :begin AND {cube.at} < :end{where}{_grouped(keys)}",
        values | {"begin": as_text(begin), "end": as_text(end)},
    )


def _grouped(keys: Sequence[str]) -> str:
    """Nothing of nothing is no row."""
    return f" GROUP BY {', '.join(str(place) for place in range(1, len(keys) + 1))} HAVING count(*) > 0"


def _where(columns: Mapping[Dimension, str], question: Question) -> tuple[str, dict[str, str | int]]:
    clauses = "".join(f" AND {column} = :of_{each.name.lower()}" for each, column in columns.items())
    return clauses, {f"of_{each.name.lower()}": question.filters[each] for each in columns}


def _loose(
    loose: Mapping[agent_time.Key, float], names: Sequence[str], question: Question
) -> Iterable[Sequence[object]]:
    by_agent = Dimension.AGENT in question.by
    for (number, agent, state, _), seconds in loose.items():
        if question.filters.get(Dimension.AGENT, agent) == agent:
            yield (number, *([agent] if by_agent else []), *(seconds if name == state else 0.0 for name in names))


def _edge(seconds: float) -> int | None:
    """The roll-ups' own number for it, if they have one."""
    return int(seconds) if seconds in totals.EDGES_S else None


# --- times ------------------------------------------------------------------------------------------------------


def _time(number: int) -> datetime:
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


def _slot(question: Question, first: int) -> str:
    """The quarter with which the shortest of the times begins that a row is of: an expression over ``quarter``, that
    holds as long as the house's clock is as far from UTC as at ``first``, before which it was another."""
    if not question.times:
        return "0"
    step, ahead = min(STEPS[each] for each in question.times), _ahead(question, first)
    return f"max((quarter + {ahead}) / {step} * {step} - {ahead}, {first})"


def _ahead(question: Question, number: int) -> int:
    """By how many quarters the house's clock is ahead of UTC."""
    offset = _time(number).astimezone(question.zone).utcoffset() or timedelta()
    return int(offset.total_seconds() // QUARTER_S)


def _same_offset(question: Question, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The quarters from ``first`` to before ``last``, cut where the clocks are changed."""
    while first < last:
        until = last
        if question.times:
            ahead = _ahead(question, first)
            day = next((each for each in range(first, last, 96) if _ahead(question, each) != ahead), last)
            until = next((each for each in range(max(first, day - 96), day) if _ahead(question, each) != ahead), day)
        yield first, min(until, last)
        first = until


def _labels(times: Sequence[Dimension], zone: ZoneInfo) -> Callable[[int], Key]:
    @cache
    def label(number: int) -> Key:
        at = _time(number).astimezone(zone)
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
