"""Measures added up by the dimensions of a question: from the roll-ups, and at the edges of a time from the rows."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from calls.causes import CAUSES
from calls.records import agent_time, totals
from calls.records.times import as_text
from calls.records.totals import Cube, whole_quarters
from calls.reports import adherence, dialled_leads, node_edges, pace, percentiles
from calls.reports.cubes import NODES, TIME, cube_of
from calls.reports.definitions import BY_NAME, SOLD, Definition
from calls.reports.filtering import where
from calls.reports.question import COLUMNS, TIMES, Dimension, Key, Question
from calls.reports.slots import labels, same_offset, slot, time_of


def sums(
    connection: sqlite3.Connection,
    question: Question,
    wanted: Sequence[Definition],
    known: Mapping[str, Mapping[Key, Mapping[str, float]]] | None = None,
) -> dict[Key, dict[str, float]]:
    """The measures of figures that are all of one cube, by the values of the dimensions. ``known``: those of other
    cubes of the same question, by the names of their tables, where they have been added up already."""
    cube = cube_of(wanted[0], question)
    assert cube is not None  # the caller left out what has none
    if cube is dialled_leads.LEADS:
        return dialled_leads.count(connection, question)
    if cube is adherence.SHIFTS:
        return adherence.count(connection, question)
    if cube is pace.PACE or cube is pace.SHARED:
        dialled = (known or {}).get(totals.ATTEMPTS.table, {})
        if "attempts" not in next(iter(dialled.values()), {}):
            dialled = sums(connection, question, [BY_NAME["attempts"]])
        if cube is pace.PACE:
            return pace.count(connection, question, dialled)
        return pace.count_shared(connection, question, dialled, sums)
    if cube.table in percentiles.SPREADS:
        return percentiles.count(connection, percentiles.SPREADS[cube.table], question)
    names = sorted({name for each in wanted for name in each.measures} - {SOLD})
    found: dict[Key, dict[str, float]] = defaultdict(lambda: dict.fromkeys(names, 0))
    label = labels(question.times, question.zone)

    behind_keys = len(question.by) - len(question.times) + 1

    def add(rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            key = key_of(question, label, row)
            sums = found[key]
            for name, value in zip(names, row[behind_keys:], strict=True):
                sums[name] += value or 0  # type: ignore[operator]  # measures are numbers

    first, last = whole_quarters(question.begin, question.end)
    has_raw = bool(cube.source)
    is_whole = not cube.rolled_up or first > last
    if has_raw and (is_whole or any(_stand_in(name, question) is None for name in names)):
        add(raw(connection, cube, names, question, question.begin, question.end))
        return found
    for quarters in same_offset(question, first, last):
        add(_rolled_up(connection, cube, names, question, quarters))
    if has_raw:
        for begin, end in ((question.begin, time_of(first)), (time_of(last), question.end)):
            if begin < end:
                add(raw(connection, cube, names, question, begin, end))
    elif cube is TIME:
        loose = agent_time.loose(connection, question.begin, question.end, question.now or question.end)
        add(_loose(loose, names, question))
    elif cube is NODES:
        edges = [(question.begin, time_of(first)), (time_of(last), question.end)]
        for begin, end in edges if first <= last else [(question.begin, question.end)]:
            if begin < end:
                add(node_edges.rows(connection, names, question, begin, end))
    return found


def key_of(question: Question, label: Callable[[int], Key], row: Sequence[object]) -> Key:
    """The dimensions' values of a row: its first column is the quarter, then come those that are no times."""
    times = iter(label(int(str(row[0])))) if question.times else iter(())
    others = iter(row[1:])
    return tuple(next(times) if each in TIMES else _named(each, next(others)) for each in question.by)


def _named(dimension: Dimension, value: object) -> str:
    """A value as it is shown: a cause has its name with it."""
    if dimension is not Dimension.CAUSE:
        return str(value)
    known = CAUSES.get(int(str(value)))
    return "" if not value else f"{value} {known.name}" if known else str(value)


def _rolled_up(
    connection: sqlite3.Connection,
    cube: Cube,
    names: Sequence[str],
    question: Question,
    quarters: tuple[int, int],
) -> Iterable[Sequence[object]]:
    columns = [COLUMNS[each] for each in question.by if each not in TIMES]
    is_plain = bool(cube.source)
    sums = [f"sum({_stand_in(name, question) if is_plain else cube.measures[name]})" for name in names]
    keys = [slot(question, quarters[0]), *columns]
    of, values = where({each: COLUMNS[each] for each in question.filters}, question)
    return connection.execute(
        f"SELECT {', '.join([*keys, *sums])} FROM {cube.table} WHERE quarter >= :first AND quarter < :last{of}"
        f"{_grouped(keys)}",
        values | {"first": quarters[0], "last": quarters[1]},
    )


def raw(
    connection: sqlite3.Connection,
    cube: Cube,
    names: Sequence[str],
    question: Question,
    begin: datetime,
    end: datetime,
    *more: str,
) -> Iterable[Sequence[object]]:
    """Rows of the quarter (0 where no time is asked for), the other dimensions, ``more`` columns of the cube, and the
    measures ``names``, added up from the raw rows of ``[begin, end)``."""
    own = {
        "within": totals.answered_within(question.targets.service_level_s),
        "short": totals.abandoned_within(question.targets.short_abandon_s),
        "dialled": "c.direction = 'outbound'",
        "goals": totals.reached_goals(question.targets.goals),
    }
    columns = [cube.keys[COLUMNS[each]] for each in question.by if each not in TIMES]
    sums = [f"sum({own.get(name) or cube.measures[name]})" for name in names]
    keys = [cube.keys["quarter"] if question.times else "0", *columns, *(cube.keys[each] for each in more)]
    of, values = where({each: cube.keys[COLUMNS[each]] for each in question.filters}, question)
    return connection.execute(
        f"SELECT {', '.join([*keys, *sums])} FROM {cube.source}"
        f" WHERE {cube.wanted} AND {cube.at} >= :begin AND {cube.at} < :end{of}{_grouped(keys)}",
        values | {"begin": as_text(begin), "end": as_text(end)},
    )


def _grouped(keys: Sequence[str]) -> str:
    """Nothing of nothing is no row."""
    return f" GROUP BY {', '.join(str(place) for place in range(1, len(keys) + 1))} HAVING count(*) > 0"


def _loose(
    loose: Mapping[agent_time.Key, float], names: Sequence[str], question: Question
) -> Iterable[Sequence[object]]:
    for (number, agent, state, reason), seconds in loose.items():
        own = {Dimension.AGENT: agent, Dimension.REASON: reason}
        if all(own[each] == value for each, value in question.filters.items()):
            keys = (own[each] for each in question.by if each not in TIMES)
            yield (number, *keys, *(seconds if name == state else 0.0 for name in names))


def _stand_in(name: str, question: Question) -> str | None:
    """A measure as the roll-ups have it; None: they do not count by these targets."""
    targets = question.targets
    match name:
        case "within":
            return f"answered_in_{targets.service_level_s:g}" if targets.service_level_s in totals.EDGES_S else None
        case "short":
            return f"abandoned_in_{targets.short_abandon_s:g}" if targets.short_abandon_s in totals.EDGES_S else None
        case "goals":
            return name if targets.goals == (totals.GOAL,) else None
        case "dialled":
            return "CASE direction WHEN 'outbound' THEN calls ELSE 0 END"
        case _:
            return name
