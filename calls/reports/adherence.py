"""How far agents kept to their shifts: of the time that was planned, that in which they did what was planned.

A planned break is kept by a pause for its reason, one of any kind by a pause for any; all other time by work.
Whole quarters of an hour come from the roll-up of agents' time; where a shift begins or ends within one, and for a
state that goes on, the states themselves are looked at.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta

from calls.agents.shifts import ANY_BREAK, Span, without
from calls.records import work_shifts
from calls.records.agent_time import shares
from calls.records.times import as_text, as_time
from calls.records.totals import Cube, quarter_at, whole_quarters
from calls.reports.question import TIMES, Dimension, Key, Question
from calls.reports.slots import labels

WORKING = ("ready", "reserved", "talking", "wrap_up")
"""States of an agent who keeps to a shift, outside its planned breaks."""

WORK = ""
"""What is to be done in a shift outside its breaks; of a break it is its kind."""

SHIFTS = Cube(
    table="work_shifts",
    source="",
    at="",
    wanted="1",
    keys={"quarter": "quarter", "agent_id": "agent_id"},
    measures=dict.fromkeys(("scheduled_s", "in_schedule_s"), ""),
    rolled_up=False,
)
"""By what they can be asked; the measures are no sums over rows."""

_IN = ", ".join(f"'{state}'" for state in WORKING)
Seconds = defaultdict[tuple[int, str], float]
"""By quarter and agent."""


def count(connection: sqlite3.Connection, question: Question) -> dict[Key, dict[str, float]]:
    """The measures by the values of the dimensions. Shifts count up to now."""
    end = question.end if question.now is None else min(question.end, question.now)
    wanted = question.filters.get(Dimension.AGENT)
    planned: dict[str, dict[str, list[Span]]] = defaultdict(dict)
    scheduled: Seconds = defaultdict(float)
    for agent, plan in work_shifts.plans(connection).items():
        if wanted not in (None, agent) or question.begin >= end:
            continue
        spans, breaks = plan.spans(question.begin, end), plan.breaks(question.begin, end)
        planned[WORK][agent] = list(without(spans, [span for _, span in breaks]))
        for kind, span in breaks:
            planned[kind].setdefault(agent, []).append(span)
        for since, until in spans:
            for number, seconds in shares(since, (until - since).total_seconds()):
                scheduled[number, agent] += seconds
    worked: Seconds = defaultdict(float)
    for kind, of in planned.items():
        for place, seconds in _spent(connection, kind, of, end).items():
            worked[place] += seconds
    label = labels(question.times, question.zone)
    found: dict[Key, dict[str, float]] = {}
    for (number, agent), seconds in scheduled.items():
        times = iter(label(number))
        key = tuple(next(times) if each in TIMES else agent for each in question.by)
        sums = found.setdefault(key, {"scheduled_s": 0.0, "in_schedule_s": 0.0})
        sums["scheduled_s"] += seconds
        sums["in_schedule_s"] += worked.get((number, agent), 0.0)
    return found


def _spent(connection: sqlite3.Connection, kind: str, spans: dict[str, list[Span]], end: datetime) -> Seconds:
    """How much of the spans agents spent on what was planned in them."""
    kept, values = _kept(kind)
    found: Seconds = defaultdict(float)
    begins = [since for of in spans.values() for since, _ in of]
    if not begins:
        return found
    whole = {
        (number, agent): seconds
        for number, agent, seconds in connection.execute(
            "SELECT quarter, agent_id, sum(seconds) FROM agent_time_totals WHERE quarter >= ? AND quarter < ?"
            f" AND {kept} GROUP BY quarter, agent_id",
            (*whole_quarters(min(begins), end), *values),
        )
    }
    for agent, of in spans.items():
        running = connection.execute(
            f"SELECT since_at, left_at FROM agent_states WHERE agent_id = ? AND duration_s IS NULL AND {kept}",
            (agent, *values),
        ).fetchall()
        for begin, until in of:
            first, last = whole_quarters(begin, until)
            edges = [(begin, quarter_at(first)), (quarter_at(last), until)] if first <= last else [(begin, until)]
            for number in range(first, last):
                found[number, agent] += whole.get((number, agent), 0.0)
            ended = [span for edge in edges if edge[0] < edge[1] for span in _ended(connection, kind, agent, *edge)]
            going_on = [
                (max(as_time(since), begin), min(until, end if left is None else as_time(left)))
                for since, left in running
            ]
            for since, to in (*ended, *going_on):
                for number, seconds in shares(since, (to - since).total_seconds()):
                    found[number, agent] += seconds
    return found


def _kept(kind: str) -> tuple[str, tuple[str, ...]]:
    """The condition for states in which what was planned is done, and its values."""
    if kind == WORK:
        return f"state IN ({_IN})", ()
    return ("state = 'paused'", ()) if kind == ANY_BREAK else ("state = 'paused' AND reason = ?", (kind,))


def _ended(connection: sqlite3.Connection, kind: str, agent: str, begin: datetime, end: datetime) -> list[Span]:
    """The parts of states that have ended, within the time, in which the agent did what was planned."""
    kept, values = _kept(kind)
    named = kept.replace("?", ":kind")
    rows = connection.execute(
        f"SELECT {named}, since_at, duration_s FROM agent_states WHERE agent_id = :agent AND duration_s IS NOT NULL"
        " AND since_at < :until AND since_at >= coalesce((SELECT max(since_at) FROM agent_states"
        " WHERE agent_id = :agent AND since_at <= :since), '')",
        {"agent": agent, "since": as_text(begin), "until": as_text(end), "kind": "".join(values)},
    )
    return [
        (max(as_time(since), begin), min(as_time(since) + timedelta(seconds=lasted_s), end))
        for is_kept, since, lasted_s in rows
        if is_kept
    ]
