"""Leads that were dialled in a time, each counted once: what rates of leads are made of.

A lead that was dialled in two days is one of both: such counts are of the time that is asked for, and cannot be added
up from shorter ones. They are counted from the attempts, each time.
"""

from __future__ import annotations

import sqlite3

from calls.records.times import as_text
from calls.records.totals import ATTEMPTS, Cube
from calls.reports.filtering import where
from calls.reports.question import COLUMNS, TIMES, Dimension, Key, Question
from calls.reports.slots import labels

MEASURES = (
    *("leads_dialled", "answered_leads", "contact_leads", "right_party_leads"),
    *("roll_dialled", "roll_attempts", "roll_now"),
)

LEADS = Cube(
    table="dialled_leads",
    source=ATTEMPTS.source,
    at=ATTEMPTS.at,
    wanted=ATTEMPTS.wanted,
    keys=ATTEMPTS.keys,
    measures=dict.fromkeys(MEASURES, ""),
    rolled_up=False,
)
"""By what they can be asked; the measures are no sums over rows."""


_TALKS = (
    "calls AS c CROSS JOIN attempts AS a ON a.attempt_id = c.call_id WHERE c.agent_id IS NOT NULL"
    " AND c.started_at >= strftime('%Y-%m-%dT%H:%M:%S', :begin, '-1 day')"
    " AND c.started_at < strftime('%Y-%m-%dT%H:%M:%S', :end, '+1 day')"
)
"""From the few attempts in which an agent talked: their calls begin within a day of what was intended."""


def count(connection: sqlite3.Connection, question: Question) -> dict[Key, dict[str, float]]:
    """The measures by the values of the dimensions."""
    label = labels(question.times, question.zone)
    connection.create_function("label", 1, lambda number: "\n".join(label(number)), deterministic=True)
    time = f"label({ATTEMPTS.keys['quarter']})" if question.times else "''"
    others = [each for each in question.by if each not in TIMES]
    columns = [ATTEMPTS.keys[COLUMNS[each]] for each in others]
    names = [f"k{number}" for number in range(len(columns))]
    keys = ["k", *names]
    named = [f"{each} AS {name}" for each, name in zip([time, *columns], keys, strict=True)]
    of, values = where({each: ATTEMPTS.keys[COLUMNS[each]] for each in question.filters}, question)
    span = values | {"begin": as_text(question.begin), "end": as_text(question.end)}
    within = f"{LEADS.wanted} AND {LEADS.at} >= :begin AND {LEADS.at} < :end{of}"
    grouped = ", ".join(keys)
    rows = connection.execute(
        f"SELECT {grouped}, count(*), sum(answered), sum(campaigns), sum(tries)"
        f" FROM (SELECT {', '.join(named)}, max({ATTEMPTS.measures['answered']}) AS answered,"
        f" count(DISTINCT a.campaign_id) AS campaigns, count(*) AS tries FROM attempts AS a WHERE {within}"
        f" GROUP BY {grouped}, a.lead_id) GROUP BY {grouped}",
        span,
    ).fetchall()
    contacts = {
        tuple(key): counts
        for *key, counts in (
            (*row[: len(keys)], row[len(keys) :])
            for row in connection.execute(
                f"SELECT {grouped}, count(*), sum(right_party) FROM (SELECT {', '.join(named)},"
                f" max({ATTEMPTS.measures['right_party']}) AS right_party FROM {_TALKS} AND {within}"
                f" GROUP BY {grouped}, a.lead_id) GROUP BY {grouped}",
                span,
            )
        )
    }
    rolls = _rolls(connection, question)
    found: dict[Key, dict[str, float]] = {}
    for told, *rest in rows:
        beside, (leads, answered, *roll) = tuple(map(str, rest[: len(names)])), rest[len(names) :]
        counts = (leads, answered, *contacts.get((told, *rest[: len(names)]), (0, 0)), *roll)
        times, others_of = iter(told.split("\n")), iter(beside)
        key = tuple(next(times) if each in TIMES else next(others_of) for each in question.by)
        found[key] = dict(zip(MEASURES, (*counts, rolls.get(beside, 0)), strict=True))
    if not question.by and not found:
        found[()] = dict.fromkeys(MEASURES, 0) | {"roll_now": rolls.get((), 0)}
    return found


def _rolls(connection: sqlite3.Connection, question: Question) -> dict[Key, float]:
    """How many leads are on the campaigns' rolls now, by the dimensions that are no times."""
    columns = {Dimension.CAMPAIGN: "m.campaign_id", Dimension.LIST: "coalesce(m.list_id, '')"}
    keys = [columns[each] for each in question.by if each not in TIMES]
    of, values = where({each: columns[each] for each in question.filters}, question)
    grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
    rows = connection.execute(
        f"SELECT {', '.join([*keys, 'count(*)'])} FROM campaign_leads AS m WHERE 1{of}{grouped}", values
    )
    return {tuple(map(str, key)): many for *key, many in rows}
