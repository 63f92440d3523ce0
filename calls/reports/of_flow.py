"""The figures of one flow, as the reports count them: as a whole, by version, and of each node."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from calls.records.figure import Figure
from calls.records.flow_figures import FlowScope
from calls.reports.asking import ask
from calls.reports.definitions import Section, Targets, of_section
from calls.reports.question import Answer, Dimension, Question

CHOICES = frozenset({"by_keys", "by_speech", "confidence"})
"""Shown of nodes at which there were such choices."""


def flow_figures(connection: sqlite3.Connection, scope: FlowScope) -> list[Figure]:
    """The flow as a whole, by version where there are several, and by node; ``subject`` says which."""
    (whole,) = _asked(connection, scope, Section.FLOWS, ()).rows
    versions = _asked(connection, scope, Section.FLOWS, (Dimension.VERSION,)).rows
    came = [row for row in versions if row.figures[0].numerator]
    several = came if len(came) > 1 else []
    of_versions = (each.of(f"version {row.key[0] or 'unknown'}") for row in several for each in row.figures)
    return [*whole.figures, *of_versions, *_nodes(_asked(connection, scope, Section.NODES, (Dimension.NODE,)))]


def _asked(connection: sqlite3.Connection, scope: FlowScope, section: Section, by: tuple[Dimension, ...]) -> Answer:
    filters: dict[Dimension, str] = {Dimension.FLOW: scope.flow}
    if scope.version:
        filters[Dimension.VERSION] = scope.version
    targets = Targets(goals=scope.goals)
    figures = of_section(section)
    return ask(connection, Question(scope.begin, scope.end, figures, ZoneInfo("UTC"), by, filters, targets))


def _nodes(answer: Answer) -> Iterator[Figure]:
    for row in answer.rows:
        for each in row.figures:
            if each.denominator or each.name not in CHOICES:
                yield each.of(row.key[0])
