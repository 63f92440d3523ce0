"""Leads that were dialled in a time, each counted once: what rates of leads are made of.

A lead that was dialled in two days is one of both: such counts are of the time that is asked for, and cannot be added
up from shorter ones. They are counted from the attempts, each time; how far an attempt came stands in it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from itertools import chain

from calls.records.reached import ANSWERED, CONTACT, RIGHT_PARTY
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


def count(connection: sqlite3.Connection, question: Question) -> dict[Key, dict[str, float]]:
    """The measures by the values of the dimensions."""
    rolls = _rolls(connection, question)
    found: dict[Key, dict[str, float]] = {}
    for key, campaigns in _dialled(connection, question).items():
        beside = tuple(value for each, value in zip(question.by, key, strict=True) if each not in TIMES)
        alike = Counter(chain.from_iterable([each.values() for each in campaigns.values()]))
        tries = sum([many * (told >> TRIES) for told, many in alike.items()])
        leads = alike if len(campaigns) == 1 else Counter(_together(campaigns).values())
        counts = (*_reached(leads), alike.total(), tries, rolls.get(beside, 0))
        found[key] = dict(zip(MEASURES, counts, strict=True))
    if not question.by and not found:
        found[()] = dict.fromkeys(MEASURES, 0) | {"roll_now": rolls.get((), 0)}
    return found


TRIES = 3
"""What is told of a lead: the bits of :mod:`calls.records.reached` of all its attempts, and how many they were in the
bits above."""

Dialled = dict[str, int]
"""By lead."""


def _dialled(connection: sqlite3.Connection, question: Question) -> dict[Key, dict[str, Dialled]]:
    """The leads by the values of the dimensions and by campaign. All that is read is in one index; the leads find
    their places in tables of Python's, in half of the time that SQLite needs to sort them."""
    label = labels(question.times, question.zone)
    columns = [
        ATTEMPTS.keys["quarter"] if question.times else "0",
        ATTEMPTS.keys["list_id"] if Dimension.LIST in question.by else "''",
        *("a.campaign_id", "a.lead_id", "a.reached"),
    ]
    of, values = where({each: ATTEMPTS.keys[COLUMNS[each]] for each in question.filters}, question)
    cursor = connection.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        f"SELECT {', '.join(columns)} FROM attempts AS a"
        f" WHERE {LEADS.wanted} AND {LEADS.at} >= :begin AND {LEADS.at} < :end{of}",
        values | {"begin": as_text(question.begin), "end": as_text(question.end)},
    )
    found: dict[Key, dict[str, Dialled]] = {}
    places: dict[tuple[int, str, str], Dialled] = {}
    for quarter, list_id, campaign, lead, reached in rows:
        leads = places.get((quarter, list_id, campaign))
        if leads is None:
            own = {Dimension.LIST: list_id, Dimension.CAMPAIGN: campaign}
            own |= dict(zip(question.times, label(quarter), strict=True))
            leads = found.setdefault(tuple(own[each] for each in question.by), {}).setdefault(campaign, {})
            places[quarter, list_id, campaign] = leads
        leads[lead] = leads.get(lead, 0) + (1 << TRIES) | reached
    return found


def _together(campaigns: Mapping[str, Dialled]) -> Dialled:
    """The leads of several campaigns, each once, by whichever they were dialled."""
    first, *others = campaigns.values()
    leads = dict(first)
    for each in others:
        for lead, told in each.items():
            leads[lead] = leads.get(lead, 0) | told
    return leads


def _reached(leads: Counter[int]) -> tuple[int, int, int, int]:
    """Of leads, counted by what is told of them: how many, those that answered, talked, and were the right ones."""
    answered = contact = right_party = 0
    for told, many in leads.items():
        if told & ANSWERED:
            answered += many
        if told & CONTACT:
            contact += many
        if told & RIGHT_PARTY:
            right_party += many
    return leads.total(), answered, contact, right_party


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
