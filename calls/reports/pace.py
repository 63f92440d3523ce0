"""How much is dialled for the agents who are there: attempts beside the time in which agents could talk.

An agent is there for all campaigns at once, so that it is counted for all of them together and by time alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from calls.records.totals import Cube
from calls.reports.definitions import BY_NAME, Definition
from calls.reports.question import Key, Question

Sums = Callable[[sqlite3.Connection, Question, Sequence[Definition]], Mapping[Key, Mapping[str, float]]]

WORKING = ("ready", "reserved", "talking", "wrap_up")

PACE = Cube(
    table="pace",
    source="",
    at="",
    wanted="1",
    keys={"quarter": "quarter"},
    measures=dict.fromkeys(("attempts", "agents_s"), ""),
    rolled_up=False,
)
"""By what it can be asked; the measures are no sums over rows."""


def count(connection: sqlite3.Connection, question: Question, sums: Sums) -> dict[Key, dict[str, float]]:
    """The measures by the times of the question; ``sums`` adds up those of one source."""
    dialled = sums(connection, question, [BY_NAME["attempts"]])
    worked = sums(connection, question, [BY_NAME[f"time_{state}"] for state in WORKING])
    return {
        key: {
            "attempts": dialled.get(key, {}).get("attempts", 0),
            "agents_s": sum(worked.get(key, {}).get(state, 0.0) for state in WORKING),
        }
        for key in dialled.keys() | worked.keys()
    }
