"""Calls and agents in the store: one final record each, nothing lost on the way in and out."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, BootId, CallId, CampaignId, FlowId, LeadId, QueueName
from calls.records import left_states, store
from calls.records.durations import CallDurations, Phase
from calls.records.store import AgentStateChange, CallEvent, CallRecord, Direction, LiveCall
from calls.records.times import as_text, as_time
from calls.switch.port import Detected, EndedBy
from tests.calls.records.scratch import taken_back

AT = datetime(2025, 6, 2, 12, 0, 0, 123456, UTC)
LIVE = LiveCall(
    call_id=CallId("c-1"),
    direction=Direction.INBOUND,
    switch="main",
    boot_id=BootId("b-1"),
    channel="PJSIP/x-1",
    caller="+12025550123",
    called="100",
    started_at=AT,
    flow=FlowId("main"),
)
RECORD = CallRecord(
    call_id=CallId("c-1"),
    direction=Direction.INBOUND,
    switch="main",
    boot_id=BootId("b-1"),
    channel="PJSIP/x-1",
    caller="+12025550123",
    called="100",
    started_at=AT,
    ended_at=AT + timedelta(seconds=30),
    duration_s=30.0,
    billed_s=28.5,
    outcome=Outcome.ANSWERED,
    flow=FlowId("main"),
    campaign_id=CampaignId("k"),
    lead_id=LeadId("l"),
    queue=QueueName("sales"),
    agent_id=AgentId("ann"),
    answered_at=AT + timedelta(seconds=1, microseconds=5),
    ring_s=1.5,
    menu_s=5.0,
    wait_s=3.25,
    talk_s=20.0,
    hold_s=2.5,
    wrap_up_s=4.0,
    cause=16,
    ended_by=EndedBy.CALLER,
    detected=Detected.HUMAN,
    abandoned=True,
    connect_s=1.25,
    last_node="queue",
    recording="c-1.wav",
)
EVENTS = (
    CallEvent(AT, 0.0, "flow_started", {"flow": "main", "n": 1, "ok": True, "none": None, "s": 0.5}),
    CallEvent(AT + timedelta(seconds=1), 1.0, "ended"),
)


def test_a_record_comes_back_as_it_went_in(connection: sqlite3.Connection) -> None:
    assert store.finish_call(connection, RECORD, EVENTS)
    assert store.call_record(connection, RECORD.call_id) == RECORD
    assert store.call_events(connection, RECORD.call_id) == list(EVENTS)
    assert list(store.calls_between(connection, AT, AT + timedelta(microseconds=1))) == [RECORD]
    assert list(store.calls_between(connection, AT + timedelta(microseconds=1), AT + timedelta(days=1))) == []
    assert store.call_record(connection, CallId("unknown")) is None


def test_a_record_of_the_least_comes_back_too(connection: sqlite3.Connection) -> None:
    least = CallRecord(**{name: getattr(RECORD, name) for name in CallRecord.__slots__[:12]})
    assert least.agent_id is None
    store.finish_call(connection, least)
    assert store.call_record(connection, least.call_id) == least


def test_a_live_call_is_noted_once_and_ends_with_its_record(connection: sqlite3.Connection) -> None:
    assert store.begin_call(connection, LIVE)
    assert not store.begin_call(connection, replace(LIVE, caller="other"))
    assert store.live_calls(connection) == [LIVE]
    store.note_agent(connection, LIVE.call_id, AgentId("ann"))
    assert store.live_calls(connection) == [replace(LIVE, agent_id=AgentId("ann"))]
    assert store.finish_call(connection, RECORD, EVENTS)
    assert store.live_calls(connection) == []
    assert not store.begin_call(connection, LIVE)  # told of it again after its end
    assert store.live_calls(connection) == []


def test_a_second_final_record_changes_nothing(connection: sqlite3.Connection) -> None:
    store.finish_call(connection, RECORD, EVENTS)
    assert not store.finish_call(connection, replace(RECORD, outcome=Outcome.LOST, talk_s=0.0), EVENTS)
    assert store.call_record(connection, RECORD.call_id) == RECORD
    assert len(store.call_events(connection, RECORD.call_id)) == 2


def test_events_follow_those_that_are_there(connection: sqlite3.Connection) -> None:
    store.add_events(connection, RECORD.call_id, EVENTS[:1])
    store.finish_call(connection, RECORD, EVENTS[1:])
    assert store.call_events(connection, RECORD.call_id) == list(EVENTS)


def test_a_lost_call_is_recorded_with_nothing_made_up() -> None:
    live = replace(LIVE, agent_id=AgentId("ann"))
    lost = store.lost_record(live, AT - timedelta(hours=1), Outcome.PBX_LOST)
    assert (lost.outcome, lost.ended_by, lost.agent_id) == (Outcome.PBX_LOST, EndedBy.SWITCH, "ann")
    assert (lost.duration_s, lost.billed_s, lost.ended_at) == (0.0, 0.0, AT)
    assert store.lost_record(live, AT, Outcome.LOST).ended_by is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"billed_s": 31.0},
        {"billed_s": -1.0},
        {"duration_s": float("nan")},
        {"duration_s": float("inf")},
        {"wait_s": -0.1},
        {"talk_s": float("nan")},
    ],
)
def test_impossible_durations_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="_s"):
        replace(RECORD, **wrong)


@pytest.mark.parametrize(
    "text", ["Eve\r\n\x00\x1b[2J", "\udcff\udc80", "\u2028\u202e", "Zoë \U0001f600", "'; DROP TABLE"]
)
def test_odd_text_never_keeps_a_record_out(connection: sqlite3.Connection, text: str) -> None:
    events = [CallEvent(AT, 0.0, "keys", {"name": text})]
    assert store.begin_call(connection, replace(LIVE, caller=text))
    assert store.finish_call(connection, replace(RECORD, caller=text, channel=text, last_node=text), events)
    found = store.call_record(connection, RECORD.call_id)
    assert found is not None
    assert found.caller.isprintable()
    assert store.call_events(connection, RECORD.call_id)[0].detail == {"name": text}


STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "finish", "agent", "lost", *Phase]), st.floats(0, 100)), max_size=12
)


@given(STEPS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_told_of_a_call_it_has_one_record_that_never_changes(
    connection: sqlite3.Connection, steps: list[tuple[str | Phase, float]]
) -> None:
    """I7 and I9: for any sequence of events the first final record stays, and duration >= billed >= 0."""
    with taken_back(connection):
        _tell(connection, steps)


def _tell(connection: sqlite3.Connection, steps: list[tuple[str | Phase, float]]) -> None:
    took = CallDurations(0.0)
    first: CallRecord | None = None
    for step, now in steps:
        match step:
            case Phase():
                took.enter(step, now)
                took.answered(now)
            case "begin":
                store.begin_call(connection, LIVE)
            case "agent":
                store.note_agent(connection, LIVE.call_id, AgentId("ann"))
            case "finish" | "lost":
                spent = took.ended(now)
                record = replace(RECORD, duration_s=spent.duration_s, billed_s=spent.billed_s, wait_s=spent.wait_s)
                if step == "lost":
                    record = store.lost_record(LIVE, AT, Outcome.LOST)
                assert store.finish_call(connection, record, EVENTS) is (first is None)
                first = first or record
                assert store.live_calls(connection) == []
        if first is not None:
            assert store.call_record(connection, LIVE.call_id) == first
            assert len(store.call_events(connection, LIVE.call_id)) == len(EVENTS)
            assert first.duration_s >= first.billed_s >= 0
    count = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
    assert count == (0 if first is None else 1)


# --- agents ---------------------------------------------------------------------------------------------------


def states(connection: sqlite3.Connection) -> list[tuple[str, str, float | None]]:
    rows = connection.execute("SELECT state, since_at, duration_s FROM agent_states ORDER BY agent_id, since_at")
    return [(state, since_at[11:], duration_s) for state, since_at, duration_s in rows]


def change(
    state: AgentState, previous_s: float | None, after_s: float = 0.0, call: str | None = None
) -> AgentStateChange:
    at = AT + timedelta(seconds=after_s)
    return AgentStateChange(AgentId("ann"), state, at, previous_s, call_id=CallId(call) if call else None)


def test_each_state_ends_with_the_next(connection: sqlite3.Connection) -> None:
    store.add_agent_state(connection, change(AgentState.READY, None))
    store.add_agent_state(connection, change(AgentState.RESERVED, 7.5, 7.6))
    assert states(connection) == [
        ("ready", "12:00:00.123456+00:00", 7.5),
        ("reserved", "12:00:07.723456+00:00", None),
    ]


def test_states_of_one_moment_keep_their_order(connection: sqlite3.Connection) -> None:
    for state in (AgentState.READY, AgentState.RESERVED, AgentState.TALKING):
        store.add_agent_state(connection, change(state, 0.0))
    store.add_agent_state(connection, change(AgentState.WRAP_UP, 3.0, -60))  # the civil clock was put back
    assert [state for state, _, _ in states(connection)] == ["ready", "reserved", "talking", "wrap_up"]
    assert [duration_s for _, _, duration_s in states(connection)] == [0.0, 0.0, 3.0, None]


def test_after_a_crash_open_states_end_where_the_run_was_last_seen(connection: sqlite3.Connection) -> None:
    store.add_agent_state(connection, change(AgentState.READY, None))
    assert left_states.end_agent_states(connection, AT + timedelta(seconds=90)) == 1
    assert left_states.end_agent_states(connection, AT + timedelta(seconds=99)) == 0
    assert states(connection)[0][2] == 90.0
    store.add_agent_state(connection, change(AgentState.LOGGED_OUT, 5.0, 100))
    assert states(connection)[0][2] == 90.0
    assert left_states.end_agent_states(connection, AT) == 1
    assert states(connection)[1][2] == 0.0


def test_a_state_that_waits_for_its_switch_ends_where_its_own_run_was_last_seen(
    connection: sqlite3.Connection,
) -> None:
    """Whatever other runs there were meanwhile, and however late its switch is back."""
    store.add_agent_state(connection, change(AgentState.READY, None))
    left_states.leave_agent_states(connection, AT + timedelta(seconds=90))
    assert left_states.end_agent_states(connection, AT + timedelta(seconds=90), (AgentId("ann"),)) == 0
    left_states.leave_agent_states(connection, AT + timedelta(hours=8))
    assert left_states.end_agent_states(connection, AT + timedelta(hours=9)) == 1
    assert states(connection)[0][2] == 90.0


def test_wrap_up_comes_to_the_record_whichever_is_first(connection: sqlite3.Connection) -> None:
    record = replace(RECORD, wrap_up_s=None)
    store.finish_call(connection, record)
    assert store.note_wrap_up(connection, record.call_id, 8.0)
    assert not store.note_wrap_up(connection, record.call_id, 9.0)
    assert not store.note_wrap_up(connection, CallId("unknown"), 9.0)
    store.add_agent_state(connection, change(AgentState.WRAP_UP, None, 1, "c-2"))
    store.add_agent_state(connection, change(AgentState.READY, 6.5, 7.5))
    store.finish_call(connection, replace(record, call_id=CallId("c-2")))
    found = [store.call_record(connection, CallId(name)) for name in ("c-1", "c-2")]
    assert [each.wrap_up_s for each in found if each] == [8.0, 6.5]


# --- switches, audit, times -----------------------------------------------------------------------------------


def test_a_boot_is_new_once(connection: sqlite3.Connection) -> None:
    assert store.note_boot(connection, "main", BootId("b-1"), AT)
    assert not store.note_boot(connection, "main", BootId("b-1"), AT + timedelta(days=1))
    assert store.note_boot(connection, "main", BootId("b-2"), AT)


def test_the_audit_says_who_changed_what(connection: sqlite3.Connection) -> None:
    store.add_audit(connection, AT, "ann", "campaign.start", {"campaign": "k"})
    rows = connection.execute("SELECT at, who, what, detail FROM audit").fetchall()
    assert rows == [(as_text(AT), "ann", "campaign.start", '{"campaign": "k"}')]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_times_come_back_and_sort_as_text(at: datetime) -> None:
    text = as_text(at)
    assert as_time(text) == at.astimezone(UTC)
    assert len(text) == 32 and text.endswith("+00:00")
    later = at.astimezone(UTC) + timedelta(microseconds=1)
    assert text < as_text(later.astimezone(timezone(timedelta(hours=-11))))


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        as_text(AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        as_time("2025-06-02T12:00:00")
