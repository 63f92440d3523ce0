"""The records of calls, searched: page by page, the newest first, with persons' numbers for who may see them."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from calls.errors import UserError
from calls.log import masked
from calls.numbers import NumberProblem, to_e164
from calls.people import persons
from calls.records.times import as_text
from console.moments import Moment

Word = Annotated[str, Field(max_length=64)]

MARK = "~"
"""Between the parts of the mark behind which the next page begins."""


class CallSearch(BaseModel):
    """Which calls: all that is given has to fit; ``[begin, end)`` is when they began. ``after``: the ``next`` of the
    page before; ``number``: the person's, in international form or as people of ``engine.region`` write it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    begin: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    direction: Literal["inbound", "outbound"] | None = None
    queue: Word | None = None
    agent: Word | None = None
    campaign: Word | None = None
    flow: Word | None = None
    outcome: Word | None = None
    disposition: Word | None = None
    abandoned: bool | None = None
    recorded: bool | None = None
    number: Annotated[str | None, Field(max_length=40)] = None
    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class CallRow(BaseModel):
    """A call that has ended. ``number`` is the person's, masked for who has not the right ``people``; durations are
    seconds, None where there was none of the kind."""

    model_config = ConfigDict(frozen=True)
    call_id: str
    direction: str
    number: str
    queue: str | None
    agent: str | None
    campaign: str | None
    flow: str | None
    started_at: str
    answered_at: str | None
    ended_at: str
    ring_s: float | None
    menu_s: float
    wait_s: float | None
    talk_s: float
    hold_s: float | None
    wrap_up_s: float | None
    duration_s: float
    outcome: str
    cause: int | None
    ended_by: str | None
    abandoned: bool
    disposition: str | None
    recorded: bool


class CallPage(BaseModel):
    """One page. ``next``: for ``after``; None: there are no more. A page of what is rare may have fewer calls than it
    could, or none, and a ``next``: no more than :data:`LOOKED_THROUGH` calls are looked through for one."""

    model_config = ConfigDict(frozen=True)
    calls: tuple[CallRow, ...]
    next: str | None


class EventShown(BaseModel):
    """Something that happened in a call, ``since_s`` seconds after it began."""

    model_config = ConfigDict(frozen=True)
    at: str
    since_s: float
    kind: str
    detail: dict[str, object]


class CallDetail(BaseModel):
    """A call and what happened in it. ``events`` is empty for who has not the right ``people``: they say what callers
    keyed and said."""

    model_config = ConfigDict(frozen=True)
    call: CallRow
    lead: str | None
    note: str | None
    last_node: str | None
    flow_version: str | None
    events: tuple[EventShown, ...]


_SHOWN = (
    "call_id, direction, iif(direction = 'outbound', called, caller) AS number, queue, agent_id AS agent,"
    " campaign_id AS campaign, flow, started_at, answered_at, ended_at, ring_s, menu_s, wait_s, talk_s, hold_s,"
    " wrap_up_s, duration_s, outcome, cause, ended_by, abandoned, disposition, recording IS NOT NULL AS recorded"
)

_EQUAL = {
    "direction": "direction",
    "queue": "queue",
    "agent": "agent_id",
    "campaign": "campaign_id",
    "flow": "flow",
    "outcome": "outcome",
    "disposition": "+disposition",
    "abandoned": "abandoned",
}


def search(connection: sqlite3.Connection, wanted: CallSearch, region: str | None, *, numbers: bool) -> CallPage:
    """One page of calls, the newest first. ``numbers``: who asks may see persons' numbers.

    Raises:
        UserError: a number is asked for that is none, or that who asks may not see, or ``after`` is of no page.
    """
    if wanted.number is not None and not numbers:
        raise UserError("to look for a number takes the right people")
    where, values = _where(wanted, region)
    back_to = _look_back_to(connection, wanted)
    if back_to is not None:
        where.append("started_at >= ?")
        values.append(back_to)
    rows = connection.execute(
        f"SELECT {_SHOWN} FROM calls WHERE {' AND '.join(where)} ORDER BY started_at DESC, call_id DESC LIMIT ?",
        (*values, wanted.limit + 1),
    ).fetchall()
    shown = tuple(_call(row, numbers) for row in rows[: wanted.limit])
    if len(rows) > wanted.limit:
        return CallPage(calls=shown, next=f"{shown[-1].started_at}{MARK}{shown[-1].call_id}")
    return CallPage(calls=shown, next=None if back_to is None else f"{back_to}{MARK}")


LOOKED_THROUGH = 500_000
"""What fits none of the indexes is looked for call by call: half a second of these, ten of as many millions."""

_INDEXED = ("agent", "campaign", "flow")
"""By whom there is an index in the order of time, the smallest part first."""


def _look_back_to(connection: sqlite3.Connection, wanted: CallSearch) -> str | None:
    """The begin of the last call that is looked through for a page; None: all there are."""
    given = {each for each in (*_EQUAL, "recorded") if getattr(wanted, each) is not None}
    index = next((each for each in _INDEXED if each in given), None)
    if wanted.number is not None or given <= {index}:
        return None
    times = CallSearch(begin=wanted.begin, end=wanted.end, after=wanted.after)
    of = {} if index is None else {index: getattr(wanted, index)}
    where, values = _where(times.model_copy(update=of), None)
    row = connection.execute(
        f"SELECT started_at FROM calls WHERE {' AND '.join(where)} ORDER BY started_at DESC LIMIT 1 OFFSET ?",
        (*values, LOOKED_THROUGH),
    ).fetchone()
    return None if row is None else str(row[0])


def detail(connection: sqlite3.Connection, call_id: str, *, numbers: bool) -> CallDetail:
    """One call that has ended.

    Raises:
        UserError: there is none of this id.
    """
    more = "lead_id, disposition_note, last_node, flow_version"
    row = connection.execute(f"SELECT {_SHOWN}, {more} FROM calls WHERE call_id = ?", (call_id,)).fetchone()
    if row is None:
        raise UserError(f"no call {call_id!a} has ended")
    trail = "SELECT at, since_s, kind, detail FROM call_events WHERE call_id = ? ORDER BY seq"
    events = connection.execute(trail, (call_id,)).fetchall() if numbers else []
    return CallDetail(
        call=_call(row, numbers),
        lead=row["lead_id"] if numbers else None,
        note=row["disposition_note"] if numbers else None,
        last_node=row["last_node"],
        flow_version=row["flow_version"],
        events=tuple(
            EventShown(at=each[0], since_s=each[1], kind=each[2], detail=json.loads(each[3]))
            for each in events
            if each[2] != "exchange"
        ),
    )


def _call(row: sqlite3.Row, numbers: bool) -> CallRow:
    names = CallRow.model_fields
    values = {name: row[name] for name in names}
    if not numbers:
        values["number"] = masked(str(values["number"]))
    return CallRow.model_validate(values)


def _where(wanted: CallSearch, region: str | None) -> tuple[list[str], list[object]]:
    where, values = ["1"], list[object]()
    for begin_or_end, sign in ((wanted.begin, ">="), (wanted.end, "<")):
        if begin_or_end is not None:
            where.append(f"started_at {sign} ?")
            values.append(as_text(begin_or_end))
    for name, column in _EQUAL.items():
        if (value := getattr(wanted, name)) is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if wanted.recorded is not None:
        where.append(f"recording IS {'NOT ' if wanted.recorded else ''}NULL")
    if wanted.number is not None:
        spelled = _spellings(wanted.number, region)
        marks = ", ".join("?" * len(spelled))
        where.append(
            f"(direction = 'outbound' AND called IN ({marks}) OR direction = 'inbound' AND caller IN ({marks}))"
        )
        values += [*spelled, *spelled]
    if wanted.after is not None:
        at, mark, call_id = wanted.after.partition(MARK)
        if not mark or not _is_time(at):
            raise UserError("after: expected the next of the page before")
        where.append("(started_at, call_id) < (?, ?)")
        values += [at, call_id]
    return where, values


def _spellings(number: str, region: str | None) -> tuple[str, ...]:
    try:
        return persons.spellings(to_e164(number, region), region)
    except NumberProblem as problem:
        raise UserError(f"{number!a} is no number: {problem.reason}") from problem


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
