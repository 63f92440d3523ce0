"""May a lead that is next be dialled? Asked of the store inside the transaction that would begin the attempt."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from calls.causes import Outcome
from calls.ids import CampaignId, LeadId
from calls.records.times import as_text, as_time
from dialer import compliance, hopper
from dialer.compliance import Allowed, History, PastAttempt, Refused, Rules
from dialer.hopper import Due

LEAST_REST = timedelta(seconds=1)
"""A refused lead is not looked at again sooner."""


def verdict_on(
    connection: sqlite3.Connection, due: Due, rules: Rules, now: datetime, *, forbidden: bool | None = None
) -> Allowed | Refused:
    """Whether the person may be dialled now. ``forbidden``: what stands for the do-not-call list; None: it itself."""
    rows = connection.execute(
        "SELECT intended_at, number, campaign_id, outcome FROM attempts WHERE person_key = ?"
        " AND json_extract(decision, '$.sent') IS NOT 0",
        (due.person_key,),
    )
    past = tuple(
        PastAttempt(as_time(at), number, campaign_id, Outcome(outcome) if outcome else None)
        for at, number, campaign_id, outcome in rows
    )
    if forbidden is None:
        listed = connection.execute("SELECT 1 FROM do_not_call WHERE number = ?", (due.lead.number,)).fetchone()
        forbidden = listed is not None
    return compliance.check(due.lead, History(past, forbidden), rules, now)


def refuse(
    connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, refused: Refused, now: datetime
) -> None:
    """Keep the refusal, and leave the lead until the rule may allow it; for good where that is never."""
    until = None if refused.until is None else as_text(max(refused.until, now + LEAST_REST))
    connection.execute(
        "INSERT INTO refusals (campaign_id, lead_id, rule, until_at, refused_at) VALUES (?, ?, ?, ?, ?)",
        (campaign_id, lead_id, refused.rule, until, as_text(now)),
    )
    state = "refused" if until is None else "retry"
    hopper.set_lead(connection, campaign_id, lead_id, state, until)
