"""What each of several switches had and lost, by hand."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from calls.causes import Outcome
from calls.records import store
from calls.records.store import Direction
from calls.records.switch_figures import switches
from tests.calls.records.test_figures import DAY, call


def test_calls_by_switch(connection: sqlite3.Connection) -> None:
    out, lost, pbx_lost = Direction.OUTBOUND, Outcome.LOST, Outcome.PBX_LOST
    for switch, record in (
        ("east", call("1")),
        ("east", call("2", direction=out)),
        ("west", call("3", direction=out, outcome=pbx_lost)),
        ("west", call("4", outcome=lost)),
        ("west", call("5")),
    ):
        store.finish_call(connection, replace(record, switch=switch))
    found = {(each.name, each.subject): (each.numerator, each.denominator) for each in switches(connection, DAY)}
    assert found == {
        ("switch_calls", "east"): (2, None),
        ("switch_dialled", "east"): (1, None),
        ("switch_lost", "east"): (0, 2),
        ("switch_calls", "west"): (3, None),
        ("switch_dialled", "west"): (1, None),
        ("switch_lost", "west"): (2, 3),
    }


def test_of_one_switch_alone_nothing_is_said(connection: sqlite3.Connection) -> None:
    store.finish_call(connection, call("1"))
    assert switches(connection, DAY) == []
