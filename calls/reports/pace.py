"""How much is dialled for the agents who are there: attempts beside the time in which agents could talk.

An agent is there for all campaigns at once, so that it is counted for all of them together and by time alone. By
campaign the agent's time is shared out: of what an agent worked on a day of the house each campaign has the share
that its calls have of all that the agent handled on that day. What falls to calls of no campaign is in none, and so
is the time of who handled nothing.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from calls.records import agent_time
from calls.records.totals import Cube
from calls.reports.definitions import BY_NAME, Definition, terms
from calls.reports.question import Dimension, Key, Question
from calls.reports.slots import labels

Dialled = Mapping[Key, Mapping[str, float]]
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


def count(connection: sqlite3.Connection, question: Question, dialled: Dialled) -> dict[Key, dict[str, float]]:
    """The measures by the times of the question; ``dialled``: its attempts."""
    label = labels(question.times, question.zone)
    found: dict[Key, dict[str, float]] = defaultdict(lambda: {"attempts": 0, "agents_s": 0.0})
    for key, measures in dialled.items():
        found[key]["attempts"] = measures["attempts"]
    for number, _, seconds in _worked(connection, question):
        found[label(number)]["agents_s"] += seconds
    return dict(found)


def count_shared(
    connection: sqlite3.Connection, question: Question, dialled: Dialled, sums: Sums
) -> dict[Key, dict[str, float]]:
    """The same by campaign, with the time that is shared out to it; ``sums`` adds up the measures of one source."""
    found: dict[Key, dict[str, float]] = defaultdict(lambda: {"attempts": 0, "shared_s": 0.0})
    for key, measures in dialled.items():
        found[key]["attempts"] = measures["attempts"]
    of_day = {whose: _shares(question, handled) for whose, handled in _handled(connection, question, sums).items()}
    day, label = labels((Dimension.DAY,), question.zone), labels(question.times, question.zone)
    shared: dict[Key, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for number, agent, seconds in _worked(connection, question):
        (on,) = day(number)
        if shares := of_day.get((agent, on)):
            own = shared[label(number)]
            for campaign, share in shares.items():
                own[campaign] += seconds * share
    place = question.by.index(Dimension.CAMPAIGN) if Dimension.CAMPAIGN in question.by else None
    for times, campaigns in shared.items():
        for campaign, seconds in campaigns.items():
            key = times if place is None else (*times[:place], campaign, *times[place:])
            found[key]["shared_s"] = seconds
    return dict(found)


def _worked(connection: sqlite3.Connection, question: Question) -> Iterator[tuple[int, str, float]]:
    """Seconds of the agents' work: quarter of an hour, agent, seconds; a quarter can come several times."""
    return agent_time.by_quarter(connection, question.begin, question.end, question.now or question.end, WORKING)


def _shares(question: Question, handled: Mapping[str, float]) -> Mapping[str, float]:
    """Of what an agent handled on a day the share of each campaign that is asked for; of all of them together, named
    "", where they are not told apart."""
    whole, wanted = sum(handled.values()), question.filters.get(Dimension.CAMPAIGN)
    if not whole:
        return {}
    found = {each: part / whole for each, part in handled.items() if each and wanted in (None, each)}
    return found if Dimension.CAMPAIGN in question.by or not found else {"": sum(found.values())}


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
