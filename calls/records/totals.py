"""Roll-up tables: what reports add up, counted by quarter of an hour as the records are written.

A cube is one such table: its key, its measures, and for both the expression over the raw row. The triggers of
``totals.sql`` keep the cubes in the transaction that writes the record; :func:`recount` fills them anew from the raw
rows, and a report over a time that begins or ends within a quarter of an hour adds up the same expressions itself.
Every time zone of today is whole quarters from UTC, so that days and hours of any of them are whole quarters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

QUARTER_S = 900
"""The length of the shortest interval."""

EDGES_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
"""Waits are counted up to these seconds. A service level or a short abandon that is measured by another number is
added up from the raw rows."""

CONNECT_S = 2.0
"""16 CFR 310.4(b)(4)(iii): connected within two seconds of the completed greeting."""

AGAIN_DAYS = 7
"""A further contact of the same person within so many days says that the first one did not settle it."""

GOAL = "completed"
"""The outcome of a flow by which a caller's goal was reached: that of ``hangup`` nodes that name none."""


@dataclass(frozen=True, slots=True)
class Cube:
    """One roll-up table. ``keys`` and ``measures``: column and expression over a row ``c`` of ``calls`` (of attempts
    also ``a``, its row of ``attempts``). ``source``: those rows; ``at``: the column by which they count to a time;
    ``wanted``: which of them count."""

    table: str
    source: str
    at: str
    wanted: str
    keys: Mapping[str, str]
    measures: Mapping[str, str]
    rolled_up: bool = True
    """False: there is no such table, and the rows themselves are added up."""


def quarter(column: str) -> str:
    """The number of the quarter of an hour of a time in ``column``, from 1970 in UTC."""
    return f"coalesce(CAST(strftime('%s', {column}) AS INTEGER) / {QUARTER_S}, 0)"


def whole_quarters(begin: datetime, end: datetime) -> tuple[int, int]:
    """The first quarter that lies wholly in ``[begin, end)``, and the one behind the last; the second is less than
    the first where a time within one quarter has none."""
    return int(-(-begin.timestamp() // QUARTER_S)), int(end.timestamp() // QUARTER_S)


def quarter_at(number: int) -> datetime:
    """When a quarter of an hour begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number * QUARTER_S)


_OFFERED = "(c.direction = 'inbound' AND c.wait_s IS NOT NULL)"
_ANSWERED = f"({_OFFERED} AND c.agent_id IS NOT NULL)"
_ABANDONED = f"({_OFFERED} AND c.agent_id IS NULL AND c.abandoned)"
_HANDLED = "(c.agent_id IS NOT NULL)"
_DIALLED = "(c.direction = 'outbound')"
_MARKED = "coalesce(c.disposition_machine, 0)"
_ENTERED = "(c.contained IS NOT NULL AND c.outcome <> 'cancelled')"
_KNOWN = "(CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.called END <> '')"


def _if(condition: str) -> str:
    return f"coalesce({condition}, 0)"


def _sum_if(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN coalesce({value}, 0.0) ELSE 0.0 END"


_TALKS: Mapping[str, str] = {
    "handled": _if(_HANDLED),
    "handled_talk_s": _sum_if(_HANDLED, "c.talk_s"),
    "handled_wrap_up_s": _sum_if(_HANDLED, "c.wrap_up_s"),
    "held": _if(f"{_HANDLED} AND c.hold_s IS NOT NULL"),
    "handled_hold_s": _sum_if(_HANDLED, "c.hold_s"),
    "transferred": _if(f"{_HANDLED} AND c.transferred"),
    "persons": _if(f"{_HANDLED} AND {_KNOWN}"),
    "persons_again": _if(f"{_HANDLED} AND {_KNOWN} AND c.again_s <= {AGAIN_DAYS * 86400}"),
    "dispositions": _if(f"{_HANDLED} AND c.disposition IS NOT NULL"),
    "dispositions_missing": _if(f"{_HANDLED} AND c.disposition = 'none'"),
    "sales": _if(f"{_HANDLED} AND c.sale_value IS NOT NULL"),
    "machines_by_agents": _if(f"{_HANDLED} AND {_DIALLED} AND {_MARKED}"),
}

CALLS = Cube(
    table="call_totals",
    source="calls AS c",
    at="c.started_at",
    wanted="1",
    keys={
        "quarter": quarter("c.started_at"),
        "direction": "c.direction",
        "switch": "c.switch",
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
        "flow": "coalesce(c.flow, '')",
    },
    measures={
        "calls": "1",
        "lost": _if("c.outcome IN ('lost', 'pbx_lost')"),
        "offered": _if(_OFFERED),
        "answered": _if(_ANSWERED),
        "abandoned": _if(_ABANDONED),
        "waited_s": _sum_if(_ANSWERED, "c.wait_s"),
        "talk_s": _sum_if(_ANSWERED, "c.talk_s"),
        "hold_s": _sum_if(_ANSWERED, "c.hold_s"),
        "wrap_up_s": _sum_if(_ANSWERED, "c.wrap_up_s"),
        **{f"answered_in_{edge}": _if(f"{_ANSWERED} AND c.wait_s <= {edge}") for edge in EDGES_S},
        **{f"abandoned_in_{edge}": _if(f"{_ABANDONED} AND c.wait_s < {edge}") for edge in EDGES_S},
        **_TALKS,
        "entered": _if(_ENTERED),
        "contained": _if(f"{_ENTERED} AND c.contained"),
        "goals": _if(
            f"{_ENTERED} AND c.contained AND c.flow_outcome = '{GOAL}'"
            f" AND NOT ({_KNOWN} AND coalesce(c.again_s, 86400) < 86400)"
        ),
        "dropped": _if(f"{_ENTERED} AND c.flow_outcome IN ('hung_up', 'abandoned')"),
        "detection_asked": _if(f"{_DIALLED} AND c.detected IS NOT NULL"),
        "machines_detected": _if(f"{_DIALLED} AND c.detected = 'machine'"),
        "dialled_handled": _if(f"{_DIALLED} AND {_HANDLED}"),
        "dialled_abandoned": _if(f"{_DIALLED} AND c.abandoned"),
        "taken_for_people": _if(f"{_DIALLED} AND {_HANDLED} AND c.detected IN ('human', 'unsure')"),
        "machines_missed": _if(f"{_DIALLED} AND {_HANDLED} AND {_MARKED} AND c.detected IN ('human', 'unsure')"),
        "taken_for_machines": _if(f"{_DIALLED} AND {_HANDLED} AND c.detected = 'machine'"),
        "people_taken": _if(f"{_DIALLED} AND {_HANDLED} AND NOT {_MARKED} AND c.detected = 'machine'"),
    },
)

AGENTS = Cube(
    table="agent_totals",
    source="calls AS c",
    at="c.started_at",
    wanted=_HANDLED,
    keys={
        "quarter": quarter("c.started_at"),
        "agent_id": "c.agent_id",
        "direction": "c.direction",
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
    },
    measures={
        "answered": _if(_ANSWERED),
        "waited_s": _sum_if(_ANSWERED, "c.wait_s"),
        "talk_s": _sum_if(_ANSWERED, "c.talk_s"),
        "hold_s": _sum_if(_ANSWERED, "c.hold_s"),
        "wrap_up_s": _sum_if(_ANSWERED, "c.wrap_up_s"),
        **_TALKS,
    },
)

ENDINGS = Cube(
    table="ending_totals",
    source="calls AS c",
    at="c.started_at",
    wanted="1",
    keys={
        "quarter": quarter("c.started_at"),
        "direction": "c.direction",
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
        "flow": "coalesce(c.flow, '')",
        "outcome": "c.outcome",
        "cause": "coalesce(c.cause, 0)",
        "disposition": "coalesce(c.disposition, '')",
    },
    measures={"calls": "1"},
)

_BY_PERSON = f"((coalesce(a.outcome IN ('answered', 'abandoned'), 0) OR coalesce(c.abandoned, 0)) AND NOT {_MARKED})"
_LATE = (
    "(coalesce(c.abandoned, 0) OR coalesce(a.outcome = 'abandoned', 0)"
    f" OR (c.agent_id IS NOT NULL AND coalesce(c.connect_s > {CONNECT_S}, 0)))"
)

ATTEMPTS = Cube(
    table="attempt_totals",
    source="attempts AS a LEFT JOIN calls AS c ON c.call_id = a.attempt_id",
    at="a.intended_at",
    wanted="NOT a.unsent",
    keys={
        "quarter": quarter("a.intended_at"),
        "campaign_id": "a.campaign_id",
        "list_id": "coalesce(a.list_id, '')",
    },
    measures={
        "attempts": "1",
        "answered": _if("a.outcome IN ('answered', 'abandoned', 'machine')"),
        "machines": _if("a.outcome = 'machine'"),
        "by_person": _if(_BY_PERSON),
        "late": _if(f"{_BY_PERSON} AND {_LATE}"),
        "contacts": _if(_HANDLED),
        "right_party": _if(f"{_HANDLED} AND NOT {_MARKED} AND NOT coalesce(c.wrong_number, 0)"),
        "sales": _if(f"{_HANDLED} AND c.sale_value IS NOT NULL"),
        "talk_s": _sum_if(_HANDLED, "c.talk_s"),
        "hold_s": _sum_if(_HANDLED, "c.hold_s"),
        "wrap_up_s": _sum_if(_HANDLED, "c.wrap_up_s"),
    },
)

CUBES = (CALLS, AGENTS, ENDINGS, ATTEMPTS)
"""Those that triggers keep. What flows and agents' states add is written by :mod:`calls.records.trail_totals` and
:mod:`calls.records.agent_time`."""


def answered_within(seconds: float) -> str:
    """As the measures ``answered_in_N``, for any number of seconds: over a row ``c`` of ``calls``."""
    return _if(f"{_ANSWERED} AND c.wait_s <= {float(seconds)!r}")


def abandoned_within(seconds: float) -> str:
    """As the measures ``abandoned_in_N``, for any number of seconds: over a row ``c`` of ``calls``."""
    return _if(f"{_ABANDONED} AND c.wait_s < {float(seconds)!r}")


def reached_goals(goals: Iterable[str]) -> str:
    """As the measure ``goals``, for any outcomes of flows: over a row ``c`` of ``calls``."""
    words = ", ".join("'" + goal.replace("'", "''") + "'" for goal in goals)
    return CALLS.measures["goals"].replace(f"= '{GOAL}'", f"IN ({words})")


def recount(connection: sqlite3.Connection) -> None:
    """Fill the cubes anew from the raw rows, inside a transaction of the caller."""
    fill(connection, CUBES)


def fill(connection: sqlite3.Connection, cubes: Iterable[Cube]) -> None:
    """Empty the tables of these cubes, and add up the raw rows into them. Of an old database that is being upgraded a
    table may lack measures that a later step gives it, empty as the rows' own columns for them are."""
    for cube in cubes:
        has = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({cube.table})")}
        measures = {name: of for name, of in cube.measures.items() if name in has}
        columns = [*cube.keys, *measures]
        keys = ", ".join(cube.keys.values())
        sums = ", ".join(f"sum({each})" for each in measures.values())
        places = ", ".join(str(place) for place in range(1, len(cube.keys) + 1))
        connection.execute(f"DELETE FROM {cube.table}")
        connection.execute(
            f"INSERT INTO {cube.table} ({', '.join(columns)}) SELECT {keys}, {sums} FROM {cube.source}"
            f" WHERE {cube.wanted} GROUP BY {places}"
        )
