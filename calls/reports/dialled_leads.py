"""Leads that were dialled in a time, each counted once: what rates of leads are made of.

A lead that was dialled in two days is one of both: such counts are of the time that is asked for, and cannot be added
up from shorter ones. They are counted from the attempts, each time; how far an attempt came stands in it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from math import ceil

from calls.records.reached import ANSWERED, CONTACT, RIGHT_PARTY
from calls.records.times import as_text
from calls.records.totals import ATTEMPTS, QUARTER_S, Cube, quarter_at
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
    for times, spans in _spans(question).items():
        for key, dialled in _by_key(question, times, _dialled(connection, question, spans)).items():
            beside = tuple(value for each, value in zip(question.by, key, strict=True) if each not in TIMES)
            found[key] = dict(zip(MEASURES, (*_counted(dialled), rolls.get(beside, 0)), strict=True))
    if not question.by and not found:
        found[()] = dict.fromkeys(MEASURES, 0) | {"roll_now": rolls.get((), 0)}
    return found


Span = tuple[datetime, datetime]
Place = tuple[str, str, int]
"""Campaign, list ("" where it is not asked for), and how far an attempt came, in the bits of
:mod:`calls.records.reached`."""

Dialled = dict[Place, list[str]]
"""The leads of each attempt: whoever was dialled twice stands there twice."""


def _spans(question: Question) -> dict[Key, list[Span]]:
    """The stretches of the time by what the times of the question call them: Mondays are several."""
    if not question.times:
        return {(): [(question.begin, question.end)]}
    label = labels(question.times, question.zone)
    found: dict[Key, list[Span]] = defaultdict(list)
    first, last = int(question.begin.timestamp() // QUARTER_S), ceil(question.end.timestamp() / QUARTER_S)
    for times, alike in groupby(range(first, last), label):
        begin, *_ = numbers = list(alike)
        end = numbers[-1] + 1
        found[times].append((max(question.begin, quarter_at(begin)), min(question.end, quarter_at(end))))
    return found


def _dialled(connection: sqlite3.Connection, question: Question, spans: Iterable[Span]) -> Dialled:
    """All that is read is in one index by time. The leads find their places in tables of Python's, in half of the
    time that SQLite needs to sort them."""
    list_id = ATTEMPTS.keys["list_id"] if Dimension.LIST in question.by else "''"
    of, values = where({each: ATTEMPTS.keys[COLUMNS[each]] for each in question.filters}, question)
    found: Dialled = defaultdict(list)
    cursor = connection.cursor()
    cursor.row_factory = None
    for begin, end in spans:
        for campaign, of_list, reached, lead in cursor.execute(
            f"SELECT a.campaign_id, {list_id}, a.reached, a.lead_id FROM attempts AS a"
            f" WHERE {LEADS.wanted} AND {LEADS.at} >= :begin AND {LEADS.at} < :end{of}",
            values | {"begin": as_text(begin), "end": as_text(end)},
        ):
            found[campaign, of_list, reached].append(lead)
    return found


def _by_key(question: Question, times: Key, dialled: Dialled) -> dict[Key, Dialled]:
    """What was dialled in the time that is called ``times``, by the values of all dimensions."""
    found: dict[Key, Dialled] = defaultdict(dict)
    keys: dict[tuple[str, str], Key] = {}
    own: dict[Dimension, str] = dict(zip(question.times, times, strict=True))
    for place, leads in dialled.items():
        key = keys.get(place[:2])
        if key is None:
            own[Dimension.CAMPAIGN], own[Dimension.LIST], _ = place
            key = keys[place[:2]] = tuple([own[each] for each in question.by])
        found[key][place] = leads
    return found


def _counted(dialled: Dialled) -> tuple[int, int, int, int, int, int]:
    """Leads that were dialled, that answered, talked, and were the right ones; leads of each campaign, added up; and
    attempts."""
    attempts = sum(map(len, dialled.values()))
    if attempts <= FEW and _different(dialled.values()) == attempts:
        reached = [sum([len(leads) for place, leads in dialled.items() if place[-1] & bit]) for bit in BITS]
        return attempts, *reached, attempts, attempts  # type: ignore[return-value]  # three bits
    campaigns: dict[str, set[str]] = defaultdict(set)
    for (campaign, _, _), leads in dialled.items():
        campaigns[campaign].update(leads)
    of_campaigns = sum(map(len, campaigns.values()))
    whole = of_campaigns if len(campaigns) == 1 else _different(campaigns.values())
    so_far = [tuple(place for place in dialled if place[-1] & bit) for bit in BITS]
    alike = {places: _different(dialled[place] for place in places) for places in set(so_far)}
    answered, contact, right_party = (alike[places] for places in so_far)
    return whole, answered, contact, right_party, of_campaigns, attempts


BITS = (ANSWERED, CONTACT, RIGHT_PARTY)

FEW = 1_000
"""Of so few attempts, those of a quarter of an hour say, mostly each is of a lead of its own."""


def _different(leads: Iterable[Iterable[str]]) -> int:
    found: set[str] = set()
    return len(found.union(*leads))


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
