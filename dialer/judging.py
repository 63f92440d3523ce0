"""May a lead that is next be dialled? Asked of the store inside the transaction that would begin the attempt."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from calls.causes import Outcome
from calls.ids import CampaignId, LeadId
from calls.numbers import is_dialable
from calls.people import consents, do_not_call, erased, number_lists, reassigned
from calls.records import contacts
from calls.records.times import as_text, as_time
from dialer import compliance, hopper
from dialer.compliance import Allowed, History, PastAttempt, Refused, Rules
from dialer.hopper import Due
from dialer.leads import numbers
from dialer.order import Kind

LEAST_REST = timedelta(seconds=1)
"""A refused lead is not looked at again sooner."""


def verdict_on(
    connection: sqlite3.Connection, due: Due, rules: Rules, now: datetime, *, forbidden: bool | None = None
) -> Allowed | Refused:
    """Whether the person may be dialled now. ``forbidden``: what stands for our do-not-call list; None: that list.

    Where an imported list cannot be asked, nobody is dialled.
    """
    number = due.lead.number
    was = erased.token_if_any(connection, number)
    known_as = was if due.person_key == number else erased.token_if_any(connection, due.person_key)
    rows = connection.execute(
        "SELECT intended_at, number, campaign_id, outcome FROM attempts WHERE person_key IN (?, ?)"
        " AND json_extract(decision, '$.sent') IS NOT 0",
        (due.person_key, known_as),
    )
    past = tuple(
        PastAttempt(
            as_time(at), number if dialled == was else dialled, campaign_id, Outcome(outcome) if outcome else None
        )
        for at, dialled, campaign_id, outcome in rows
    )
    if not is_dialable(number):
        return compliance.check(due.lead, History(past), rules, now)
    if forbidden is None:
        forbidden = bool(do_not_call.found(connection, number, now, rules.campaign_id))
    looked = number_lists.look(connection, rules.lists, number, now, rules.list_age)
    unasked = tuple(name for name, _ in looked.unasked)
    agreed = consents.of_number(connection, number)
    answer = reassigned.last(connection, number) if rules.reassigned else None
    history = History(past, forbidden or bool(looked.on), unasked, agreed, answer)
    return compliance.check(due.lead, history, rules, now)


def choose(
    connection: sqlite3.Connection,
    due: Due,
    rules: Rules,
    kinds: Sequence[Kind],
    now: datetime,
    carried: Callable[[str], bool] = lambda _: True,
) -> tuple[Due, Allowed] | Refused:
    """The lead with the best of its numbers that may be dialled now, or why none may, until the earliest of them.

    ``carried``: whether a trunk carries a number; one that none carries is refused for good (rule ``route``).

    A number that turned out to lead to nobody is left out for good; the others take turns, ``kinds`` first.
    """
    tries, dead = _tried(connection, due.lead_id, rules.campaign_id)
    refused = []
    for number in numbers.in_turn(due.numbers, kinds, tries, dead):
        chosen = replace(due, lead=number.lead, kind=number.kind, others=())
        reachable = carried(number.lead.number)
        verdict = verdict_on(connection, chosen, rules, now) if reachable else Refused("route", None)
        if isinstance(verdict, Allowed):
            return chosen, verdict
        refused.append(verdict)
    return numbers.of_all(refused)


def another_number(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId) -> bool:
    """True where the lead has a number that is not known to lead to nobody."""
    _, dead = _tried(connection, lead_id, campaign_id)
    rows = connection.execute(
        "SELECT number FROM leads WHERE lead_id = ? UNION SELECT number FROM lead_numbers WHERE lead_id = ?",
        (lead_id, lead_id),
    )
    return any(number not in dead for (number,) in rows)


def _tried(
    connection: sqlite3.Connection, lead_id: LeadId, campaign_id: CampaignId
) -> tuple[Counter[str], frozenset[str]]:
    """How often the campaign dialled each number of the lead, and which of them lead to nobody."""
    rows = connection.execute(
        "SELECT number, campaign_id, outcome FROM attempts WHERE lead_id = ?"
        " AND json_extract(decision, '$.sent') IS NOT 0",
        (lead_id,),
    ).fetchall()
    tries = Counter(number for number, dialled_by, _ in rows if dialled_by == campaign_id)
    dead = {number for number, _, outcome in rows if outcome == Outcome.UNALLOCATED.value}
    return tries, frozenset(dead | contacts.wrong_numbers(connection, lead_id))


def refuse(
    connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, refused: Refused, now: datetime
) -> None:
    """Keep the refusal, and leave the lead until the rule may allow it; for good where that is never. One that was
    there already is counted."""
    until = None if refused.until is None else as_text(max(refused.until, now + LEAST_REST))
    connection.execute(
        "INSERT INTO refusals (campaign_id, lead_id, rule, until_at, refused_at, last_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (campaign_id, lead_id, rule) DO UPDATE SET until_at = excluded.until_at,"
        " last_at = excluded.last_at, times = times + 1",
        (campaign_id, lead_id, refused.rule, until, as_text(now), as_text(now)),
    )
    state = "refused" if until is None else "retry"
    hopper.set_lead(connection, campaign_id, lead_id, state, until)
