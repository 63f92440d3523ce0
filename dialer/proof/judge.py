"""A campaign's whole run, judged."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from dialer.proof import abandoned, agents, calls, clocks, lines, orders, people, permission
from dialer.proof.evidence import load
from dialer.proof.finding import Verdict

NOT_IN_THE_RECORDS = (
    "that the switch and the carrier did what the records say: compare them with the carrier's own",
    "that this machine's clock was right",
    "where a person really was when the telephone rang",
    "what an agent or the message said",
)
"""What no proof from these records can show."""


def judge(connection: sqlite3.Connection, campaign_id: str, now: datetime) -> Verdict:
    """What the records show of the campaign's attempts: each breach, and what cannot be proved. Reads only."""
    evidence = load(connection, campaign_id)
    verdict = Verdict(campaign_id, len(evidence.own))
    if evidence.own:
        times = [each.at for each in evidence.own]
        verdict.first_at, verdict.last_at = min(times).isoformat(), max(times).isoformat()
    for findings in (
        people.judged(evidence),
        permission.judged(evidence),
        clocks.judged(evidence),
        calls.judged(evidence, now),
        abandoned.judged(evidence),
        lines.judged(connection, campaign_id),
        agents.judged(connection, campaign_id),
        orders.judged(connection, evidence),
    ):
        for finding in findings:
            verdict.take(finding)
    return verdict
