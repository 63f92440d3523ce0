"""Figures of the reports for one scope and all of it: what the command line, the wallboard and the desk show."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from calls.records.figure import Figure, Scope
from calls.reports.asking import ask
from calls.reports.definitions import BY_NAME, USUAL, Targets
from calls.reports.question import Dimension, Question


def figures_of(
    connection: sqlite3.Connection, scope: Scope, names: Iterable[str], targets: Targets = USUAL
) -> list[Figure]:
    """The figures of these names, in their order, of one campaign or queue where the scope names one."""
    (row,) = ask(connection, _question(scope, names, (), targets)).rows
    return list(row.figures)


def by_agent(connection: sqlite3.Connection, scope: Scope, names: Iterable[str]) -> dict[str, list[Figure]]:
    """As :func:`figures_of`, of each agent for whom there is any."""
    found = ask(connection, _question(scope, names, (Dimension.AGENT,), USUAL))
    return {row.key[0]: list(row.figures) for row in found.rows}


def _question(scope: Scope, names: Iterable[str], by: tuple[Dimension, ...], targets: Targets) -> Question:
    named = {Dimension.QUEUE: scope.queue, Dimension.CAMPAIGN: scope.campaign}
    return Question(
        begin=scope.begin,
        end=scope.end,
        figures=tuple(BY_NAME[each] for each in names),
        zone=ZoneInfo("UTC"),
        by=by,
        filters={each: value for each, value in named.items() if value is not None},
        targets=targets,
        now=scope.now,
    )
