"""How much is dialled for the agents who are there: attempts beside the time in which agents could talk.

An agent is there for all campaigns at once, so that it is counted for all of them together and by time alone. By
campaign the agent's time is shared out: of what an agent worked on a day of the house each campaign has the share
that its calls have of all that the agent handled on that day. What falls to calls of no campaign is in none, and so
is the time of who handled nothing.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from calls.records.totals import Cube
from calls.reports.definitions import BY_NAME, Definition, terms
from calls.reports.question import Dimension, Key, Question

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


SHARED = Cube(
    table="pace_shared",
    source="",
    at="",
    wanted="1",
    keys={"quarter": "quarter", "campaign_id": "campaign_id"},
    measures=dict.fromkeys(("attempts", "shared_s"), ""),
    rolled_up=False,
)
"""By what it can be asked, with the time shared out to campaigns."""


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


def count_shared(connection: sqlite3.Connection, question: Question, sums: Sums) -> dict[Key, dict[str, float]]:
    """The same by campaign, with the time that is shared out to it."""
    found: dict[Key, dict[str, float]] = defaultdict(lambda: {"attempts": 0, "shared_s": 0.0})
    for key, dialled in sums(connection, question, [BY_NAME["attempts"]]).items():
        found[key]["attempts"] += dialled["attempts"]
    wanted = question.filters.get(Dimension.CAMPAIGN)
    handled = _handled(connection, question, sums)
    others = tuple(each for each in question.times if each is not Dimension.DAY)
    by = (Dimension.AGENT, Dimension.DAY, *others)
    figures = [BY_NAME[f"time_{state}"] for state in WORKING]
    for (agent, day, *rest), seconds in sums(connection, replace(question, by=by, filters={}), figures).items():
        worked = sum(seconds.get(state, 0.0) for state in WORKING)
        of_day = handled.get((agent, day), {})
        whole = sum(of_day.values())
        for campaign, part in of_day.items():
            if campaign and whole and wanted in (None, campaign):
                own: dict[Dimension, str] = dict(zip(others, rest, strict=True))
                own |= {Dimension.DAY: day, Dimension.CAMPAIGN: campaign}
                found[tuple(own[each] for each in question.by)]["shared_s"] += worked * part / whole
    return dict(found)


def _handled(
    connection: sqlite3.Connection, question: Question, sums: Sums
) -> Mapping[tuple[str, str], Mapping[str, float]]:
    """Seconds that agents handled calls, by agent and day, and by campaign ("": none)."""
    by = (Dimension.AGENT, Dimension.DAY, Dimension.CAMPAIGN)
    handling = BY_NAME["handling_time"]
    names = [name for _, name in terms(handling.numerator)]
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (agent, day, campaign), measures in sums(
        connection, replace(question, by=by, filters={}), [handling]
    ).items():
        found[agent, day][campaign] += sum(measures[name] for name in names)
    return found
