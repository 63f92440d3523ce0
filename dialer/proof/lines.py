"""The trunks: invariant I6, lines and calls a second of each, with the calls of every campaign on it."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush

from dialer.proof.evidence import LATEST, when
from dialer.proof.finding import Breach, Finding, Unproved

READ_S = timedelta(milliseconds=50)
"""Moments are read as a call is placed; so much nearer to each other they may stand in the records."""

FREED_S = timedelta(seconds=1)
"""The end of a call is written a little after its line is free."""

_CALLS = """
SELECT attempt_id, attempts.campaign_id, attempts.trunk, coalesce(calls.started_at, intended_at),
       coalesce(calls.ended_at, attempts.ended_at), json_extract(decision, '$.trunk.lines'),
       json_extract(decision, '$.trunk.calls_per_second')
FROM attempts LEFT JOIN calls ON call_id = attempt_id
WHERE attempts.trunk IN (SELECT trunk FROM attempts WHERE campaign_id = ?)
AND json_extract(decision, '$.sent') IS NOT 0 ORDER BY attempts.trunk, 4, attempts.rowid
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """One call on a trunk, and what the trunk could take then; None: an older release did not keep that."""

    attempt_id: str
    campaign_id: str
    trunk: str
    at: datetime
    ended_at: datetime
    lines: int | None
    rate: float | None


def judged(connection: sqlite3.Connection, campaign_id: str) -> Iterator[Finding]:
    """Calls of the campaign for which their trunk had no room."""
    rows = connection.execute(_CALLS, (campaign_id,))
    calls = [
        Placed(attempt, campaign, trunk, when(at), when(ended_at) if ended_at else LATEST, lines, rate)
        for attempt, campaign, trunk, at, ended_at, lines, rate in rows
    ]
    for trunk in dict.fromkeys(each.trunk for each in calls):
        yield from _judged([each for each in calls if each.trunk == trunk], campaign_id)


def _judged(calls: list[Placed], campaign_id: str) -> Iterator[Finding]:
    up: list[datetime] = []
    recent: deque[datetime] = deque()
    for call in calls:
        while up and up[0] <= call.at + FREED_S:
            heappop(up)
        heappush(up, call.ended_at)
        recent.append(call.at)
        if call.lines is None or call.rate is None:
            if call.campaign_id == campaign_id:
                yield Unproved(call.attempt_id, "I6", "what its trunk could take is not kept")
            continue
        within = timedelta(seconds=max(1.0, 1.0 / call.rate)) - READ_S
        while call.at - recent[0] > max(within, timedelta(seconds=1)):
            recent.popleft()
        most = max(1, int(call.rate))
        near = sum(call.at - each < within for each in recent)
        if call.campaign_id != campaign_id:
            continue
        if len(up) > call.lines:
            yield Breach(
                call.attempt_id, "I6", f"call {len(up)} at once on {call.trunk}, which has {call.lines} lines"
            )
        if near > most:
            yield Breach(
                call.attempt_id,
                "I6",
                f"call {near} within a second on {call.trunk}, which takes {call.rate:g} a second",
            )
