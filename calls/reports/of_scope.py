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
    named = {Dimension.QUEUE: scope.queue, Dimension.CAMPAIGN: scope.campaign}
    question = Question(
        begin=scope.begin,
        end=scope.end,
        figures=tuple(BY_NAME[each] for each in names),
        zone=ZoneInfo("UTC"),
        filters={each: value for each, value in named.items() if value is not None},
        targets=targets,
        now=scope.now,
    )
    (row,) = ask(connection, question).rows
    return list(row.figures)
