"""Every section of the reports by every way in which it can be grouped, and what is told of how long each takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from calls.errors import UserError
from calls.reports.asked import MOST_ROWS
from calls.reports.asking import ask
from calls.reports.cubes import is_counted_by
from calls.reports.definitions import Section, of_section
from calls.reports.question import TIMES, Dimension, Question

AIM_S = 2.0

SURVEYS = """
INSERT INTO survey_answers (call_id, effect_key, position, flow, node, survey, question, kind, value, answered_at)
SELECT call_id, 'after', asked.column1, flow, 'ask', 'service', asked.column2, asked.column3,
    iif(calls.rowid % 7 = 0, NULL, calls.rowid % asked.column4 + 1), ended_at
FROM calls, (VALUES (1, 'friendly', 'csat', 5), (2, 'again', 'nps', 9)) AS asked
WHERE direction = 'inbound' AND agent_id IS NOT NULL AND started_at >= :since AND calls.rowid % 10 = 0
"""
"""Each tenth of those whom an agent talked with is asked two questions."""

REVIEWS = """
INSERT INTO reviews (call_id, agent_id, scorecard, form, answers, score, passed, failed, calibration, reviewer,
    reviewed_at, began_at)
SELECT call_id, agent_id, 'talk', '{}', '{}', (rowid % 11) / 10.0, rowid % 11 > 6, iif(rowid % 13, '[]', '["told"]'),
    0, 'quinn', ended_at, started_at
FROM calls WHERE agent_id IS NOT NULL AND started_at >= :since AND rowid % 100 = 0
"""
"""Each hundredth talk is reviewed: a hundred agents have one a day."""


def ask_and_review(connection: sqlite3.Connection, since: str) -> None:
    """Answers to surveys and reviews of the calls since then, where there are none yet."""
    if connection.execute("SELECT 1 FROM survey_answers LIMIT 1").fetchone() is None:
        connection.execute(SURVEYS, {"since": since})
        connection.execute(REVIEWS, {"since": since})


def ways(like: Question) -> Iterator[tuple[str, Question]]:
    """Each section of the time of ``like``: together, by each dimension that any of its figures is counted by, and by
    these with the day and with 15 minutes; with the figures that a report has of it."""
    for section in Section:
        known = of_section(section)
        others = [
            each for each in Dimension if each not in TIMES and any(is_counted_by(one, (each,)) for one in known)
        ]
        for time in ((), (Dimension.DAY,), (Dimension.QUARTER,)):
            for by in (time, *((each, *time) for each in others)):
                name = f"{section.value} by {' and '.join(by) or 'nothing'}"
                yield name, replace(like, figures=of_section(section, by_campaign=Dimension.CAMPAIGN in by), by=by)


def took(connection: sqlite3.Connection, like: Question, timed: Callable[[Callable[[], object]], float]) -> Ways:
    """Seconds of each way, by ``timed``; those of which a report refuses the rows too."""
    found: dict[str, float] = {}
    refused: set[str] = set()
    for name, question in ways(like):

        def work(name: str = name, question: Question = question) -> None:
            try:
                ask(connection, question, MOST_ROWS)
            except UserError:
                refused.add(name)

        found[name] = timed(work)
    return found, frozenset(refused)


Ways = tuple[Mapping[str, float], frozenset[str]]
"""Seconds by name, and the names of those that have too many rows."""


def told(of: Ways) -> list[str]:
    """How many there are, the slowest of each section, and all that miss the aim."""
    times, refused = of
    late = {name: seconds for name, seconds in times.items() if seconds > AIM_S and name not in refused}
    lines = [
        f"  {len(times)} ways to group, {len(refused)} of them with too many rows; over {AIM_S:g} s: {len(late)}"
    ]
    for section in Section:
        own = [name for name in times if name.startswith(f"{section.value} by ") and name not in refused]
        slowest = max(own, key=lambda name: times[name])
        lines.append(f"    {slowest:40} {times[slowest] * 1e3:8.0f} ms, the slowest of {len(own)}")
    return [*lines, *(f"    late: {name:34} {seconds * 1e3:8.0f} ms" for name, seconds in late.items())]
