"""What is written of calls and agents: values, and the functions that put them into the tables.

The functions run inside a transaction of the writer (:class:`calls.records.writer.Writer`). A call stands in
``live_calls`` from its first sight until its final record; the record and that row change places in one
transaction, once: a second final record of the same call changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from types import NoneType
from typing import Any

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, BootId, CallId, CampaignId, FlowId, LeadId, LegId, QueueName
from calls.records import again, agent_time, agent_waits, path_totals, trail_totals
from calls.records.published import Event, publish
from calls.records.times import as_text, as_time
from calls.switch.port import Detected, EndedBy
from calls.text import printable


class Direction(StrEnum):
    """Who began the call: a caller, or we."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is under way. The columns of ``live_calls``."""

    call_id: CallId
    direction: Direction
    switch: str
    boot_id: BootId
    channel: str
    caller: str
    called: str
    started_at: datetime
    flow: FlowId | None = None
    campaign_id: CampaignId | None = None
    lead_id: LeadId | None = None
    agent_id: AgentId | None = None
    flow_version: str | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The final record of a call. The columns of ``calls``; see docs/records.md for what each counts.

    Durations are seconds of a monotonic clock, as :class:`calls.records.durations.CallDurations` gives them; where an
    engine was started anew in the call, what came before that is by the wall clock, and an ``adopted`` event says so.
    ``wait_s`` is None where no agent was asked for, ``hold_s`` where the caller was never on hold. ``agent_id`` is
    the agent who talked, None where none did. ``flow_version`` says which text of the flow the caller went through.

    Raises:
        ValueError: a duration is negative or not finite, or ``billed_s`` is more than ``duration_s``.
    """

    call_id: CallId
    direction: Direction
    switch: str
    boot_id: BootId
    channel: str
    caller: str
    called: str
    started_at: datetime
    ended_at: datetime
    duration_s: float
    billed_s: float
    outcome: Outcome
    flow: FlowId | None = None
    campaign_id: CampaignId | None = None
    lead_id: LeadId | None = None
    queue: QueueName | None = None
    agent_id: AgentId | None = None
    answered_at: datetime | None = None
    ring_s: float | None = None
    menu_s: float = 0.0
    wait_s: float | None = None
    talk_s: float = 0.0
    wrap_up_s: float | None = None
    cause: int | None = None
    ended_by: EndedBy | None = None
    detected: Detected | None = None
    abandoned: bool = False
    connect_s: float | None = None
    last_node: str | None = None
    recording: str | None = None
    flow_version: str | None = None
    hold_s: float | None = None

    def __post_init__(self) -> None:
        parts = ("ring_s", "menu_s", "wait_s", "talk_s", "hold_s", "wrap_up_s", "connect_s")
        for name in ("duration_s", "billed_s", *parts):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds < float("inf"):
                raise ValueError(f"{name} is {seconds}: expected seconds, 0 or more")
        if self.billed_s > self.duration_s:
            raise ValueError(f"billed_s {self.billed_s} is more than duration_s {self.duration_s}")


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something that happened in a call, ``since_s`` monotonic seconds after it began. ``detail`` is plain JSON.

    ``seq``: its place among the call's events, from 1, where whoever tells it may tell it again; None: behind them.
    """

    at: datetime
    since_s: float
    kind: str
    detail: Mapping[str, object] = field(default_factory=dict)
    seq: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AgentStateChange:
    """An agent is in another state. ``previous_s``: how long the state before lasted, None where there was none."""

    agent_id: AgentId
    state: AgentState
    at: datetime
    previous_s: float | None
    reason: str = ""
    call_id: CallId | None = None


TOLD = (
    "direction",
    "caller",
    "called",
    "flow",
    "campaign_id",
    "lead_id",
    "queue",
    "agent_id",
    "started_at",
    "answered_at",
    "ended_at",
    "ring_s",
    "wait_s",
    "talk_s",
    "hold_s",
    "duration_s",
    "outcome",
    "abandoned",
    "recording",
)
"""Columns of a final record that webhooks are told at its end."""

Value = str | int | float | None


_PLAIN = frozenset({NoneType, int, float})

_JSON = json.JSONEncoder(allow_nan=False)
"""``json.dumps`` makes one anew each time that it is given a choice."""


def _value(value: object) -> Value:
    """What a column holds for a value of a dataclass. A caller's odd bytes never keep a record from being written."""
    kind = type(value)
    if kind in _PLAIN:  # as most are
        return value  # type: ignore[return-value]  # mypy does not follow the look into the set
    if kind is str:
        return printable(value)  # type: ignore[arg-type]
    match value:
        case datetime():
            return as_text(value)
        case bool():
            return int(value)
        case Detected() | EndedBy():
            return str(value.value)
        case str():
            return printable(value)
        case None | int() | float():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} is no column's type")


def _insert(table: str, columns: Iterable[str]) -> str:
    """Table and columns are names of this module, never data."""
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"


_LIVE_COLUMNS = tuple(each.name for each in fields(LiveCall))
_CALL_COLUMNS = tuple(each.name for each in fields(CallRecord))
_BEGIN = _insert("live_calls", _LIVE_COLUMNS) + " ON CONFLICT (call_id) DO NOTHING"
_TOLD_COLUMNS = ("flow_outcome", "contained", "transferred")
_FINISH = _insert("calls", (*_CALL_COLUMNS, *_TOLD_COLUMNS))
_EVENT = _insert("call_events", ("call_id", "seq", "at", "since_s", "kind", "detail")) + " ON CONFLICT DO NOTHING"


def begin_call(connection: sqlite3.Connection, call: LiveCall) -> bool:
    """Note a call at its first sight. False where it is known already, under way or ended: nothing changes then."""
    if connection.execute("SELECT 1 FROM calls WHERE call_id = ?", (call.call_id,)).fetchone():
        return False
    return connection.execute(_BEGIN, [_value(getattr(call, name)) for name in _LIVE_COLUMNS]).rowcount == 1


def note_agent(connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId) -> bool:
    """A live call has come to an agent, so that a crash does not lose who talked. False: no such call is live."""
    noted = connection.execute("UPDATE live_calls SET agent_id = ? WHERE call_id = ?", (agent_id, call_id))
    return noted.rowcount == 1


def finish_call(connection: sqlite3.Connection, record: CallRecord, events: Iterable[CallEvent] = ()) -> bool:
    """Write the final record with its events, and take the call out of the live ones.

    True where this was its first final record. A second one, whatever it says, changes nothing.
    """
    is_new = connection.execute("SELECT 1 FROM calls WHERE call_id = ?", (record.call_id,)).fetchone() is None
    connection.execute("DELETE FROM live_calls WHERE call_id = ?", (record.call_id,))
    if is_new:
        kept = _trail(connection, record.call_id, tuple(events))
        trail = trail_totals.told_by((kind, detail) for kind, detail, _ in kept)
        said = (trail.flow_outcome, trail.contained, int(trail.transferred))
        values = {name: _value(getattr(record, name)) for name in _CALL_COLUMNS}
        connection.execute(_FINISH, (*values.values(), *said))
        agent_waits.note_call(connection, record.call_id)
        if record.flow is not None:
            began_at = as_text(record.started_at)
            counts = record.outcome is not Outcome.CANCELLED
            if counts:
                trail_totals.add(connection, trail.nodes, record.flow, record.flow_version, began_at)
            path_totals.add(connection, kept, trail, record.flow, record.flow_version, began_at, counts=counts)
        is_inbound = record.direction is Direction.INBOUND
        person = str(values["caller" if is_inbound else "called"])
        again.note(connection, record.call_id, record.direction.value, person, str(values["started_at"]))
        _find_wrap_up(connection, record)
        told = {name: values[name] for name in TOLD}
        publish(connection, Event.CALL_ENDED, record.call_id, record.call_id, told, record.ended_at)
    return is_new


def _trail(connection: sqlite3.Connection, call_id: CallId, events: tuple[CallEvent, ...]) -> list[path_totals.Event]:
    """What is counted of the whole trail of a call; ``events``: its last ones, which are added."""
    if add_events(connection, call_id, events):
        return path_totals.read(connection, call_id)
    return [(each.kind, each.detail, each.since_s) for each in events if each.kind in path_totals.WALKED]


def _find_wrap_up(connection: sqlite3.Connection, record: CallRecord) -> None:
    """A caller who stays in the flow after the talk ends later than the agent's wrap-up: it is in the states then."""
    if record.agent_id is None or record.wrap_up_s is not None:
        return
    found = connection.execute(
        "SELECT sum(duration_s) FROM agent_states"
        " WHERE agent_id = ? AND since_at >= ? AND call_id = ? AND state = 'wrap_up'",
        (record.agent_id, as_text(record.started_at), record.call_id),
    ).fetchone()
    if found[0] is not None:
        note_wrap_up(connection, record.call_id, found[0])


def add_events(connection: sqlite3.Connection, call_id: CallId, events: Iterable[CallEvent]) -> int:
    """Add events to a call: those that have a place there, where it is free, and the others behind all. How many
    places were taken before."""
    last = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM call_events WHERE call_id = ?", (call_id,)
    ).fetchone()
    connection.executemany(
        _EVENT,
        [
            (
                call_id,
                behind if each.seq is None else each.seq,
                as_text(each.at),
                each.since_s,
                each.kind,
                _JSON.encode(dict(each.detail)),
            )
            for behind, each in enumerate(events, start=last[0] + 1)
        ],
    )
    return int(last[0])


def note_wrap_up(connection: sqlite3.Connection, call_id: CallId, wrap_up_s: float) -> bool:
    """Put the agent's wrap-up to a call's record, once it is over. True where the call is known and had none yet."""
    changed = connection.execute(
        "UPDATE calls SET wrap_up_s = ? WHERE call_id = ? AND wrap_up_s IS NULL", (wrap_up_s, call_id)
    )
    return changed.rowcount == 1


def lost_record(live: LiveCall, at: datetime, outcome: Outcome) -> CallRecord:
    """The final record of a call that nobody watched to its end (``LOST`` or ``PBX_LOST``), found lost at ``at``.

    How long it lasted is not known, and nothing is made up: its durations are 0.
    """
    return CallRecord(
        **{name: getattr(live, name) for name in _LIVE_COLUMNS},
        ended_at=max(at, live.started_at),
        duration_s=0.0,
        billed_s=0.0,
        outcome=outcome,
        ended_by=EndedBy.SWITCH if outcome is Outcome.PBX_LOST else None,
    )


def live_calls(connection: sqlite3.Connection) -> list[LiveCall]:
    """The calls that have no final record, the oldest first."""
    rows = connection.execute(f"SELECT {', '.join(_LIVE_COLUMNS)} FROM live_calls ORDER BY started_at, call_id")
    return [_live(dict(zip(_LIVE_COLUMNS, row, strict=True))) for row in rows]


def _live(row: dict[str, Any]) -> LiveCall:
    return LiveCall(**row | {"direction": Direction(row["direction"]), "started_at": as_time(row["started_at"])})


def calls_between(connection: sqlite3.Connection, begin: datetime, end: datetime) -> Iterator[CallRecord]:
    """The final records of the calls that began in ``[begin, end)``, in the order of their begin."""
    rows = connection.execute(
        f"SELECT {', '.join(_CALL_COLUMNS)} FROM calls WHERE started_at >= ? AND started_at < ?"
        " ORDER BY started_at, call_id",
        (as_text(begin), as_text(end)),
    )
    return (_record(dict(zip(_CALL_COLUMNS, row, strict=True))) for row in rows)


def call_record(connection: sqlite3.Connection, call_id: CallId) -> CallRecord | None:
    """The final record of a call; None where it has none."""
    row = connection.execute(f"SELECT {', '.join(_CALL_COLUMNS)} FROM calls WHERE call_id = ?", (call_id,)).fetchone()
    return None if row is None else _record(dict(zip(_CALL_COLUMNS, row, strict=True)))


def _record(row: dict[str, Any]) -> CallRecord:
    return CallRecord(
        **row
        | {
            "direction": Direction(row["direction"]),
            "started_at": as_time(row["started_at"]),
            "answered_at": as_time(row["answered_at"]) if row["answered_at"] else None,
            "ended_at": as_time(row["ended_at"]),
            "outcome": Outcome(row["outcome"]),
            "ended_by": EndedBy(row["ended_by"]) if row["ended_by"] else None,
            "detected": Detected(row["detected"]) if row["detected"] else None,
            "abandoned": bool(row["abandoned"]),
        }
    )


def call_events(connection: sqlite3.Connection, call_id: CallId) -> list[CallEvent]:
    """What happened in a call, in order."""
    rows = connection.execute(
        "SELECT at, since_s, kind, detail FROM call_events WHERE call_id = ? ORDER BY seq", (call_id,)
    )
    return [CallEvent(as_time(at), since_s, kind, json.loads(detail)) for at, since_s, kind, detail in rows]


# --- agents -----------------------------------------------------------------------------------------------------


def add_agent_state(connection: sqlite3.Connection, change: AgentStateChange) -> None:
    """Write that an agent changed state, and how long the state before it lasted.

    Two changes of one agent at the same moment keep their order: the later is put a microsecond behind. A live call
    whose talk begins with the change has that agent from the same transaction on: a crash parts the two never.
    """
    last = connection.execute(
        "SELECT max(since_at) FROM agent_states WHERE agent_id = ?", (change.agent_id,)
    ).fetchone()[0]
    at = change.at if last is None else max(change.at, as_time(last) + timedelta(microseconds=1))
    lasted_s = change.previous_s or 0.0
    over = connection.execute(
        "UPDATE agent_states SET duration_s = ? WHERE agent_id = ? AND duration_s IS NULL"
        " RETURNING state, reason, since_at",
        (lasted_s, change.agent_id),
    ).fetchall()
    for state, reason, since_at in over:
        agent_time.add(connection, change.agent_id, state, reason, as_time(since_at), lasted_s)
    is_talk = change.state is AgentState.TALKING
    waited_s = agent_waits.waited_s(connection, change.agent_id) if is_talk else None
    of_attempt = agent_waits.dialled_by(connection, change.call_id) if is_talk else (None, None)
    connection.execute(
        "INSERT INTO agent_states (agent_id, since_at, state, reason, call_id, waited_s, dialled_campaign,"
        " dialled_list) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (change.agent_id, as_text(at), change.state, change.reason, change.call_id, waited_s, *of_attempt),
    )
    if is_talk and change.call_id is not None and not note_agent(connection, change.call_id, change.agent_id):
        agent_waits.note_call(connection, change.call_id)


def add_agent_leg(
    connection: sqlite3.Connection, leg_id: LegId, agent_id: AgentId, switch: str, boot_id: BootId, at: datetime
) -> None:
    """Note a leg before it is asked for, so that a restart of ours finds whose it is."""
    connection.execute(
        "INSERT INTO agent_legs (leg_id, agent_id, switch, boot_id, since_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (leg_id, agent_id, switch, boot_id, as_text(at)),
    )


def remove_agent_leg(connection: sqlite3.Connection, leg_id: LegId) -> None:
    """The leg is gone."""
    connection.execute("DELETE FROM agent_legs WHERE leg_id = ?", (leg_id,))


def agent_legs(connection: sqlite3.Connection, switch: str, boot_id: BootId) -> dict[AgentId, LegId]:
    """The latest leg of each agent on this run of the switch."""
    rows = connection.execute(
        "SELECT agent_id, leg_id FROM agent_legs WHERE switch = ? AND boot_id = ? ORDER BY since_at, leg_id",
        (switch, boot_id),
    )
    return {AgentId(agent_id): LegId(leg_id) for agent_id, leg_id in rows}


def ringing_legs(connection: sqlite3.Connection) -> set[LegId]:
    """Legs that were asked for after their agent's last change of state: as far as we had heard, they ring. Only an
    answer makes a state, be it the one that the log-in led to."""
    rows = connection.execute(
        "SELECT leg_id FROM agent_legs WHERE NOT EXISTS (SELECT 1 FROM agent_states"
        " WHERE agent_states.agent_id = agent_legs.agent_id AND agent_states.since_at > agent_legs.since_at)"
    )
    return {LegId(row[0]) for row in rows}


def keep_agent_legs(connection: sqlite3.Connection, switch: str, legs: Iterable[LegId]) -> None:
    """Forget all legs of a switch but these."""
    kept = set(legs)
    known = [row[0] for row in connection.execute("SELECT leg_id FROM agent_legs WHERE switch = ?", (switch,))]
    connection.executemany("DELETE FROM agent_legs WHERE leg_id = ?", [(leg,) for leg in known if leg not in kept])


@dataclass(frozen=True, slots=True)
class LastState:
    """The state that a run before this one left an agent in. ``call_id``: the call it was about."""

    agent_id: AgentId
    state: AgentState
    reason: str
    call_id: CallId | None


def last_states(connection: sqlite3.Connection) -> list[LastState]:
    """The open states of all agents, to be asked before :func:`calls.records.left_states.end_agent_states`."""
    rows = connection.execute(
        "SELECT agent_id, state, reason, call_id FROM agent_states WHERE duration_s IS NULL ORDER BY agent_id"
    )
    return [
        LastState(AgentId(agent_id), AgentState(state), reason, CallId(call_id) if call_id else None)
        for agent_id, state, reason, call_id in rows
    ]


# --- switches and the audit ------------------------------------------------------------------------------------


def note_boot(connection: sqlite3.Connection, switch: str, boot_id: BootId, at: datetime) -> bool:
    """Note a run of a switch. True where it was not known."""
    changed = connection.execute(
        "INSERT INTO switch_boots (switch, boot_id, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (switch, boot_id, as_text(at)),
    )
    return changed.rowcount == 1


def add_audit(
    connection: sqlite3.Connection, at: datetime, who: str, what: str, detail: Mapping[str, object] | None = None
) -> None:
    """Write who changed what; nothing of the audit is ever changed or removed."""
    connection.execute(
        "INSERT INTO audit (at, who, what, detail) VALUES (?, ?, ?, ?)",
        (as_text(at), who, what, json.dumps(dict(detail or {}), allow_nan=False)),
    )
