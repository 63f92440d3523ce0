"""Measures added up by the dimensions of a question: from the roll-ups, and at the edges of a time from the rows."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from calls.records import agent_time, totals
from calls.records.times import as_text
from calls.records.totals import QUARTER_S, Cube, whole_quarters
from calls.reports.cubes import TIME, cube_of
from calls.reports.definitions import SOLD, Definition
from calls.reports.question import COLUMNS, TIMES, Dimension, Key, Question
from calls.reports.slots import labels, same_offset, slot, time_of


def sums(
    connection: sqlite3.Connection, question: Question, wanted: Sequence[Definition]
) -> dict[Key, dict[str, float]]:
    """The measures of figures that are all of one cube, by the values of the dimensions."""
    cube = cube_of(wanted[0], question)
    assert cube is not None  # the caller left out what has none
    names = sorted({name for each in wanted for name in each.measures} - {SOLD})
    found: dict[Key, dict[str, float]] = defaultdict(lambda: dict.fromkeys(names, 0))
    label = labels(question.times, question.zone)

    def add(rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            key = key_of(question, label, row)
            sums = found[key]
            for name, value in zip(names, row[len(question.by) - len(question.times) + 1 :], strict=True):
                sums[name] += value or 0  # type: ignore[operator]  # measures are numbers

    first, last = whole_quarters(question.begin, question.end)
    has_raw = bool(cube.source)
    exact = {"within": _edge(question.targets.service_level_s), "short": _edge(question.targets.short_abandon_s)}
    is_whole = not cube.rolled_up or first > last
    if has_raw and (is_whole or any(name in names and exact[name] is None for name in exact)):
        add(raw(connection, cube, names, question, question.begin, question.end))
        return found
    for quarters in same_offset(question, first, last):
        add(_rolled_up(connection, cube, names, question, quarters, exact))
    if has_raw:
        for begin, end in ((question.begin, time_of(first)), (time_of(last), question.end)):
            if begin < end:
                add(raw(connection, cube, names, question, begin, end))
    elif cube is TIME:
        loose = agent_time.loose(connection, question.begin, question.end, question.now or question.end)
        add(_loose(loose, names, question))
    elif question.begin < time_of(first) or time_of(last) < question.end:
        # A node counts to the quarter in which its call began: those that are only partly within count as a whole.
        edges = {int(question.begin.timestamp() // QUARTER_S), last} - set(range(first, last))
        for number in sorted(edges):
            if time_of(number) < question.end:
                add(_rolled_up(connection, cube, names, question, (number, number + 1), exact))
    return found


def key_of(question: Question, label: Callable[[int], Key], row: Sequence[object]) -> Key:
    """The dimensions' values of a row: its first column is the quarter, then come those that are no times."""
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
    keys = [slot(question, quarters[0]), *columns]
    where, values = _where({each: COLUMNS[each] for each in question.filters}, question)
    return connection.execute(
        f"SELECT {', '.join([*keys, *sums])} FROM {cube.table} WHERE quarter >= :first AND quarter < :last{where}"
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
