"""Days of calls for the tests of figures: random ones, written as the engine writes them, in the engine's order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, BootId, CallId, CampaignId, FlowId, LeadId, QueueName
from calls.records import store
from calls.records.store import CallEvent, CallRecord, Direction
from calls.records.times import as_text
from calls.switch.port import Detected

BEGIN = datetime(2025, 6, 2, tzinfo=UTC)

SECONDS = st.sampled_from([0.0, 1.9, 2.0, 2.1, 4.9, 5.0, 19.5, 20.0, 20.5, 300.0, 301.0])
MAYBE = st.none() | SECONDS
PEOPLE = st.sampled_from(["", "+12025550101", "+12025550102", "+12025550103"])


@dataclass(frozen=True)
class Day:
    """What happened: calls with their events, the attempts among them, what agents said, and agents' states."""

    calls: tuple[CallRecord, ...]
    events: tuple[tuple[CallEvent, ...], ...]
    unsent: frozenset[str]
    outcomes: dict[str, Outcome]
    lists: dict[str, str]
    said: dict[str, tuple[str, bool, bool, str | None]]
    """Disposition, machine, wrong number, and what was sold for."""
    late_wrap_ups: dict[str, float]
    states: tuple[tuple[str, AgentState, str, float], ...]
    """Agent, state, reason, seconds."""


def _event(kind: str, node: str, **more: object) -> CallEvent:
    return CallEvent(BEGIN, 0.0, kind, {"node": node, **more})


NODES = st.sampled_from(["main", "sub"])
EVENTS = st.one_of(
    st.builds(lambda node, kind: _event("node_entered", node, type=kind), NODES, st.sampled_from(["menu", "queue"])),
    st.builds(lambda node, took: _event("node_left", node, took_s=took, exit="next"), NODES, SECONDS),
    st.builds(lambda node, left: _event("noinput", node, left=left), NODES, st.integers(0, 1)),
    st.builds(lambda node: _event("nomatch", node), NODES),
    st.builds(lambda node: _event("choice", node, by="speech", confidence=0.5), NODES),
    st.builds(lambda node: _event("choice", node), NODES),
    st.builds(lambda node: _event("queue_entered", node), NODES),
    st.builds(lambda node: _event("transfer_started", node), NODES),
    st.builds(lambda by: CallEvent(BEGIN, 0.0, "transferred", {"to": by}), st.just("queue")),
    st.builds(lambda node, by: _event("hung_up", node, by=by), NODES, st.sampled_from(["caller", "us"])),
)
SAID = (
    ("sale", False, False, "9.50"),
    ("export", False, False, "120.0003"),
    ("none", False, False, None),
    ("machine", True, False, None),
    ("wrong", False, True, None),
)
CURRENCIES = {"sale": "EUR", "export": "USD"}
WORDS = st.sampled_from([None, "completed", "hung_up", "abandoned", "served"])


@st.composite
def days(draw: st.DrawFn) -> Day:
    """A day of up to a dozen calls, around its midnights too."""
    calls, trails = [], []
    unsent, outcomes, lists, said, late = set(), {}, {}, {}, {}
    for number in range(draw(st.integers(0, 12))):
        name = f"c{number}"
        direction = draw(st.sampled_from(Direction))
        is_dialled = direction is Direction.OUTBOUND
        at = BEGIN + timedelta(hours=draw(st.sampled_from([-1, 0, 10, 23, 24, 180])), seconds=draw(SECONDS))
        person = draw(PEOPLE)
        agent = draw(st.sampled_from([None, "ann", "bob"]))
        wrap_up_s = draw(MAYBE)
        is_late = draw(st.booleans())
        flow = draw(st.sampled_from([None, "main"]))
        calls.append(
            CallRecord(
                call_id=CallId(name),
                direction=direction,
                switch=draw(st.sampled_from(["one", "two"])),
                boot_id=BootId("b"),
                channel="",
                caller="" if is_dialled else person,
                called=person if is_dialled else "",
                started_at=at,
                ended_at=at,
                duration_s=0.0,
                billed_s=0.0,
                outcome=draw(st.sampled_from([Outcome.ANSWERED, Outcome.CANCELLED, Outcome.LOST])),
                flow=FlowId(flow) if flow else None,
                campaign_id=CampaignId(draw(st.sampled_from(["k", "m"]))) if is_dialled else None,
                lead_id=LeadId(draw(st.sampled_from(["p1", "p2", "p3"]))) if is_dialled else None,
                queue=draw(st.sampled_from([None, QueueName("sales"), QueueName("help")])),
                agent_id=AgentId(agent) if agent else None,
                wait_s=draw(MAYBE),
                talk_s=draw(SECONDS),
                hold_s=draw(MAYBE),
                wrap_up_s=None if is_late else wrap_up_s,
                cause=draw(st.sampled_from([None, 16, 17])),
                detected=draw(st.none() | st.sampled_from(Detected)) if is_dialled else None,
                abandoned=draw(st.booleans()),
                connect_s=draw(MAYBE) if is_dialled else None,
            )
        )
        word = draw(WORDS)
        trail = list(draw(st.lists(EVENTS, max_size=5))) if flow else []
        if flow and word:
            trail.append(CallEvent(BEGIN, 0.0, "outcome", {"outcome": word}))
        trails.append(tuple(trail))
        if is_dialled:
            outcomes[name] = draw(st.sampled_from(Outcome))
            lists[name] = draw(st.sampled_from(["l1", "l2"]))
            if draw(st.integers(0, 4)) == 0:
                unsent.add(name)
        if agent and draw(st.booleans()):
            said[name] = draw(st.sampled_from(SAID))
        if is_late and wrap_up_s is not None:
            late[name] = wrap_up_s
    state = st.tuples(
        st.sampled_from(["ann", "bob"]), st.sampled_from(AgentState), st.sampled_from(["", "lunch"]),
        st.sampled_from([0.0, 30.0, 900.0, 5000.5]),
    )  # fmt: skip
    return Day(
        calls=tuple(calls),
        events=tuple(trails),
        unsent=frozenset(unsent),
        outcomes=outcomes,
        lists=lists,
        said=said,
        late_wrap_ups=late,
        states=tuple(draw(st.lists(state, max_size=8))),
    )


def write(connection: sqlite3.Connection, day: Day, begun: Callable[[], None] = lambda: None) -> None:
    """Put it into the store: attempts before their calls, records, and then what agents say of them. ``begun``: done
    when all attempts are under way and no call has its record yet."""
    for name in ("l1", "l2"):
        connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES (?1, ?1, 'x')", (name,))
    for name in ("k", "m"):
        connection.execute(
            "INSERT INTO campaigns VALUES (?1, ?1, 'l1', '{}', 'running', 'x', 'x', NULL, NULL)", (name,)
        )
    for name in ("p1", "p2", "p3"):
        connection.execute(
            "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
            " VALUES (?1, 'l1', ?1, ?1, '[]', 'x')",
            (name,),
        )
        connection.execute(
            "INSERT INTO campaign_leads (campaign_id, lead_id, state, list_id) VALUES ('k', ?, 'done', 'l1')", (name,)
        )
    for record in day.calls:
        if record.direction is Direction.OUTBOUND:
            _begin(connection, record, day.lists[record.call_id])
    begun()
    for record, events in zip(day.calls, day.events, strict=True):
        store.finish_call(connection, record, events)
        if record.direction is Direction.OUTBOUND:
            connection.execute(
                "UPDATE attempts SET state = 'done', outcome = ?, unsent = ? WHERE attempt_id = ?",
                (day.outcomes[record.call_id].value, record.call_id in day.unsent, record.call_id),
            )
    for name, seconds in day.late_wrap_ups.items():
        store.note_wrap_up(connection, CallId(name), seconds)
    for name, (word, machine, wrong, value) in day.said.items():
        connection.execute(
            "UPDATE calls SET disposition = ?, disposition_machine = ?, wrong_number = ?, sale_value = ?,"
            " sale_currency = ? WHERE call_id = ?",
            (word, machine, wrong, value, CURRENCIES.get(word), name),
        )
    at: dict[str, tuple[datetime, float | None]] = {}
    for agent, state, reason, seconds in day.states:
        since, before_s = at.get(agent, (BEGIN + timedelta(hours=9, seconds=1.5), None))
        change = store.AgentStateChange(AgentId(agent), state, since, before_s, reason)
        store.add_agent_state(connection, change)
        at[agent] = (since + timedelta(seconds=seconds), seconds)


def _begin(connection: sqlite3.Connection, record: CallRecord, list_id: str) -> None:
    connection.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, state, intended_at, list_id) VALUES (?1, ?2, ?3, ?1, '', 1, 'm', 'b', 't', 'intent', ?4, ?5)",
        (record.call_id, record.campaign_id, record.lead_id, as_text(record.started_at), list_id),
    )


def with_late_wrap_ups(day: Day) -> list[CallRecord]:
    """The records as they stand at the end of the day."""
    return [
        replace(each, wrap_up_s=day.late_wrap_ups[each.call_id]) if each.call_id in day.late_wrap_ups else each
        for each in day.calls
    ]
