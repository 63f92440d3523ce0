"""Figures of the reports for one scope and all of it: what the command line, the wallboard and the desk show."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from calls.records.figure import Figure, Scope
from calls.reports.asking import ask
from calls.reports.definitions import BY_NAME, USUAL, Definition, Section, Targets, of_section
from calls.reports.question import Answer, Dimension, Question

WHOLE = (
    *(Section.INBOUND, Section.CALLBACKS, Section.FLOWS, Section.OUTBOUND, Section.MACHINES, Section.SALES),
    Section.AGENTS,
)
"""The sections of which all is shown together."""

QUIET = frozenset({Section.CALLBACKS, Section.MACHINES, Section.SALES})
"""Of those nothing is said where nothing happened."""

SINGLE: tuple[tuple[Section, tuple[Dimension, ...], str], ...] = (
    (Section.NODES, (Dimension.FLOW, Dimension.NODE), "/"),
    (Section.SURVEYS, (Dimension.QUESTION,), ""),
    (Section.ENDINGS, (Dimension.DISPOSITION,), ""),
    (Section.AGENTS, (Dimension.AGENT,), ""),
    (Section.SWITCHES, (Dimension.SWITCH,), ""),
)
"""The sections of which all is shown one by one: by what, and what stands between the names of the subject."""

PAUSES = BY_NAME["time_paused"]


def figures_of(
    connection: sqlite3.Connection, scope: Scope, names: Iterable[str], targets: Targets = USUAL
) -> list[Figure]:
    """The figures of these names, in their order, of one campaign or queue where the scope names one; those that are
    not counted by it are left out."""
    (row,) = _asked(connection, scope, tuple(BY_NAME[each] for each in names), targets).rows
    return list(row.figures)


def whole_figures(connection: sqlite3.Connection, scope: Scope, targets: Targets = USUAL) -> list[Figure]:
    """The figures of all calls of the scope together."""
    return [each for section in WHOLE for each in _whole(connection, scope, section, targets)]


def all_figures(connection: sqlite3.Connection, scope: Scope, targets: Targets = USUAL) -> list[Figure]:
    """The figures of all together, and then those of each node, question, disposition, agent and switch, which is
    their ``subject``; of pauses also those of each reason, and of switches only where there are several."""
    found = whole_figures(connection, scope, targets)
    for section, by, between in SINGLE:
        answer = _asked(connection, scope, of_section(section), targets, by)
        if section is not Section.SWITCHES or len(answer.rows) > 1:
            found += _single(answer, between)
    pauses = _asked(connection, scope, (PAUSES,), targets, (Dimension.AGENT, Dimension.REASON))
    return [*found, *(each for each in _single(pauses, ": ") if each.numerator)]


def agents_figures(
    connection: sqlite3.Connection, scope: Scope, names: Iterable[str], targets: Targets = USUAL
) -> list[Figure]:
    """The figures of these names of each agent, who is their ``subject``."""
    wanted = tuple(BY_NAME[each] for each in names)
    return list(_single(_asked(connection, scope, wanted, targets, (Dimension.AGENT,)), ""))


def _asked(
    connection: sqlite3.Connection,
    scope: Scope,
    figures: tuple[Definition, ...],
    targets: Targets,
    by: tuple[Dimension, ...] = (),
) -> Answer:
    named = {Dimension.QUEUE: scope.queue, Dimension.CAMPAIGN: scope.campaign}
    filters = {each: value for each, value in named.items() if value is not None}
    return ask(
        connection, Question(scope.begin, scope.end, figures, ZoneInfo("UTC"), by, filters, targets, scope.now)
    )


def _whole(connection: sqlite3.Connection, scope: Scope, section: Section, targets: Targets) -> Iterable[Figure]:
    figures = of_section(section, by_campaign=scope.campaign is not None)
    (row,) = _asked(connection, scope, figures, targets).rows
    happened = any(each.numerator or each.denominator for each in row.figures)
    own = (each for each in row.figures if section is not Section.AGENTS or BY_NAME[each.name].section is section)
    return own if happened or section not in QUIET else ()


def _single(answer: Answer, between: str) -> Iterator[Figure]:
    for row in answer.rows:
        if all(row.key):
            for each in row.figures:
                yield each.of(between.join(row.key))
