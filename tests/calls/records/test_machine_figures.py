"""What is known of answering machines, by hand."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

from calls.causes import Outcome
from calls.ids import CallId
from calls.records import store
from calls.records.machine_figures import machines
from calls.records.store import CallEvent, CallRecord, Direction
from calls.switch.port import Detected
from tests.calls.records.test_figures import BEGIN, DAY, call, named


def dialled(name: str, detected: Detected | None, agent: str | None, outcome: Outcome) -> CallRecord:
    record = call(name, direction=Direction.OUTBOUND, agent=agent, outcome=outcome)
    return replace(record, detected=detected, called=f"+1202555{name:0>4}")


def add(connection: sqlite3.Connection, record: CallRecord, *, marked: bool = False, played: str = "") -> None:
    left = [CallEvent(record.started_at, 1.0, "message_left", {"played": played})] if played else []
    store.finish_call(connection, record, left)
    connection.execute("UPDATE calls SET disposition_machine = ? WHERE call_id = ?", (int(marked), record.call_id))


def test_machines_by_hand(connection: sqlite3.Connection) -> None:
    answered, machine = Outcome.ANSWERED, Outcome.MACHINE
    add(connection, dialled("1", Detected.HUMAN, "ann", answered))
    add(connection, dialled("2", Detected.UNSURE, "ann", answered), marked=True)
    add(connection, dialled("3", None, "ann", answered))
    add(connection, dialled("4", Detected.MACHINE, "ann", answered))  # machine = "person": a person after all
    add(connection, dialled("5", Detected.MACHINE, "bob", answered), marked=True)
    add(connection, dialled("6", Detected.MACHINE, None, machine), played="whole")
    add(connection, dialled("7", Detected.MACHINE, None, machine), played="cut")
    add(connection, dialled("8", Detected.MACHINE, None, machine))
    add(connection, replace(dialled("9", None, None, Outcome.ABANDONED), abandoned=True))
    back = replace(call("back"), caller="+12025550007", started_at=BEGIN + timedelta(hours=15))
    too_late = replace(call("late"), caller="+12025550008", started_at=BEGIN + timedelta(hours=40))
    for record in (back, too_late):
        store.finish_call(connection, replace(record, ended_at=record.started_at))
    assert named(machines(connection, DAY)) == {
        "machines_detected": (5, None),
        "machines_by_agents": (2, None),
        "machines_missed": (1, 2),
        "people_taken_for_machines": (1, 2),
        "messages_cut": (1, 2),
        "machines_called_back": (1, 3),
        "abandonment_uk": (0.6, 3.6),
    }


def test_nothing_is_said_of_machines_where_nobody_was_dialled(connection: sqlite3.Connection) -> None:
    store.finish_call(connection, replace(call("in"), call_id=CallId("in")))
    assert machines(connection, DAY) == []
