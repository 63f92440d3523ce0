"""What agents did in the course of a day: their states one after the other, and when they were to work.

A state is cut off at the ends of the day. One that goes on lasts up to now; one that an engine which has ended left
open, up to the last moment at which that engine is known to have lived. All times are UTC, so that their differences
are right on the nights when clocks are changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from calls.agents.shifts import Span
from calls.records import work_shifts
from calls.records.agent_time import AGENTS
from calls.records.times import as_text, as_time
from calls.reports.sheets import Sheet

OUT = "logged_out"
STATES = ("talking", "wrap_up", "reserved", "ready", "paused", OUT)
"""In the order in which a legend shows them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One state of an agent within the day. ``call_id``: the call that it was about; None: none."""

    state: str
    reason: str
    begin: datetime
    end: datetime
    call_id: str | None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, slots=True)
class AgentDay:
    """The day of one agent. ``planned``: when the agent was to work, with the paid ``breaks``, each with its kind."""

    agent_id: str
    stretches: tuple[Stretch, ...] = ()
    planned: tuple[Span, ...] = ()
    breaks: tuple[tuple[str, Span], ...] = ()

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long the agent was in each state."""
        found = dict.fromkeys(STATES, 0.0)
        for each in self.stretches:
            found[each.state] += each.seconds
        return found

    @property
    def talks(self) -> int:
        """How many talks began in the day or went on into it; one that an engine's restart cut into states is one."""
        before = (None, *self.stretches)
        return sum(
            each.state == "talking" and not (last and last.state == "talking" and last.call_id == each.call_id)
            for last, each in zip(before, self.stretches, strict=False)
        )

    @property
    def was_there(self) -> bool:
        """Whether the agent was logged in, or should have been."""
        return bool(self.planned) or any(each.state != OUT for each in self.stretches)


@dataclass(frozen=True, slots=True)
class AgentsDay:
    """A day of the house by the clock of ``zone``, ``[begin, end)``, and who was there or should have been."""

    day: date
    zone: ZoneInfo
    begin: datetime
    end: datetime
    agents: tuple[AgentDay, ...] = field(default=())

    def hours(self) -> tuple[datetime, datetime]:
        """From which full hour to which one somebody was logged in or planned; the whole day where nobody was."""
        spans = [(each.begin, each.end) for agent in self.agents for each in agent.stretches if each.state != OUT]
        spans += [span for agent in self.agents for span in agent.planned]
        if not spans:
            return self.begin, self.end
        first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
        begin, over = first - self._past_hour(first), self._past_hour(last)
        end = last - over + timedelta(hours=bool(over))
        return max(begin, self.begin), min(max(end, begin + timedelta(hours=1)), self.end)

    def _past_hour(self, at: datetime) -> timedelta:
        local = at.astimezone(self.zone)
        return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)

    def sheet(self) -> Sheet:
        """A row for each state: UTC, seconds, and the call."""
        return Sheet(
            f"Agents' day {self.day}",
            (
                *(("agent", "text"), ("state", "text"), ("reason", "text"), ("since_at", "text")),
                *(("until_at", "text"), ("seconds", "real"), ("call_id", "text")),
            ),
            [
                (
                    *(agent.agent_id, each.state, each.reason, as_text(each.begin), as_text(each.end)),
                    *(round(each.seconds, 3), each.call_id),
                )
                for agent in self.agents
                for each in agent.stretches
            ],
        )


def agents_day(
    connection: sqlite3.Connection,
    day: date,
    zone: ZoneInfo,
    now: datetime,
    agents: Collection[str] | None = None,
    after: str = "",
    most: int | None = None,
) -> AgentsDay:
    """The day of these agents (None: of all), by their ids, without those who were neither there nor planned: of
    those behind the id ``after`` the first ``most``, and no more are looked through."""
    begin = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    plans = work_shifts.plans(connection)
    seen = {agent_id for (agent_id,) in connection.execute(AGENTS)}

    def of(agent_id: str) -> AgentDay:
        stretches = _stretches(connection, agent_id, begin, end, now) if agent_id in seen else []
        plan = plans.get(agent_id)
        planned = () if plan is None else (tuple(plan.spans(begin, end)), tuple(plan.breaks(begin, end)))
        return AgentDay(agent_id, tuple(stretches), *planned)

    wanted = (each for each in sorted(seen | plans.keys()) if each > after and (agents is None or each in agents))
    there = (each for each in map(of, wanted) if each.was_there)
    return AgentsDay(day, zone, begin, end, tuple(islice(there, most)))


def _stretches(
    connection: sqlite3.Connection, agent_id: str, begin: datetime, end: datetime, now: datetime
) -> list[Stretch]:
    rows = connection.execute(
        "SELECT state, reason, since_at, duration_s, left_at, call_id FROM agent_states WHERE agent_id = :agent"
        " AND since_at < :end AND since_at >= coalesce((SELECT max(since_at) FROM agent_states"
        " WHERE agent_id = :agent AND since_at <= :begin), '') ORDER BY since_at",
        {"agent": agent_id, "begin": as_text(begin), "end": as_text(end)},
    )
    found = []
    for state, reason, since_at, lasted_s, left_at, call_id in rows:
        since = as_time(since_at)
        until = now if left_at is None else as_time(left_at)
        if lasted_s is not None:
            until = since + timedelta(seconds=lasted_s)
        since, until = max(since, begin), min(until, end)
        if since < until:
            found.append(Stretch(state, reason, since, until, call_id))
    return found
