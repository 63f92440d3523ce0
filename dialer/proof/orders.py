"""What people ordered while it ran: invariant I11, pause, stop and do-not-call take effect within a second."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

from dialer.proof.evidence import LATEST, Attempt, Change, Evidence, when
from dialer.proof.finding import Breach, Finding

WITHIN = timedelta(seconds=1)
"""So soon an order holds."""

HUNG_UP = timedelta(seconds=2)
"""So soon a phone is quiet that rang: we hang up within a second, and the far end has to answer that."""

HOLDS = ("campaign.pause", "campaign.drain", "campaign.stop", "campaign.fault")
GOES_ON = ("campaign.resume", "campaign.start")

_ORDERS = """
SELECT what, at FROM audit WHERE json_extract(detail, '$.campaign') = ? AND what LIKE 'campaign.%' ORDER BY audit_id
"""


def judged(connection: sqlite3.Connection, evidence: Evidence) -> Iterator[Finding]:
    """Calls that were placed while the campaign was to dial nobody, or rang on after their person was forbidden."""
    held = list(_held(connection, evidence.campaign_id))
    forbidden = [each for each in evidence.changes if each.what == "forbidden"]
    for attempt in evidence.own:
        call = attempt.call
        if not attempt.sent or call is None or call.in_doubt:
            continue
        for what, begin, end in held:
            if begin + WITHIN < call.started_at < end:
                yield Breach(attempt.attempt_id, "I11", f"dialled {call.started_at - begin} after {what}")
        for change in forbidden:
            if _meant(change, attempt, evidence.campaign_id):
                yield from _rang_on(attempt, change)


def _held(connection: sqlite3.Connection, campaign_id: str) -> Iterator[tuple[str, datetime, datetime]]:
    since: tuple[str, datetime] | None = None
    for what, at in connection.execute(_ORDERS, (campaign_id,)):
        if what in HOLDS and since is None:
            since = (what, when(at))
        elif what in GOES_ON and since is not None:
            yield (*since, when(at))
            since = None
    if since is not None:
        yield (*since, LATEST)


def _meant(change: Change, attempt: Attempt, campaign_id: str) -> bool:
    """The entry came while the attempt was under way; one of a time before that says nothing of when it came."""
    if attempt.seq is None or change.seq <= attempt.seq or not attempt.at <= change.at < attempt.until:
        return False
    if change.campaign_id not in (None, campaign_id):
        return False
    subject = change.subject
    return attempt.number.startswith(subject[:-1]) if subject.endswith("*") else attempt.known_as == subject


def _rang_on(attempt: Attempt, change: Change) -> Iterator[Finding]:
    call = attempt.call
    assert call is not None, "only who was dialled rings"
    if call.started_at > change.at + WITHIN:
        yield Breach(
            attempt.attempt_id, "I11", f"dialled {call.started_at - change.at} after its number was forbidden"
        )
        return
    quiet_at = call.answered_at or call.ended_at
    if call.answered_at is None and call.ring_s is not None:
        quiet_at = min(quiet_at, call.started_at + timedelta(seconds=call.ring_s))
    if quiet_at > change.at + HUNG_UP:
        rang = quiet_at - change.at
        yield Breach(attempt.attempt_id, "I11", f"rang on for {rang} after its number was forbidden")
