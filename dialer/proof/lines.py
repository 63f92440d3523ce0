"""The trunks: invariant I6, lines and calls a second of each, with the calls of every campaign on it, the numbers and
destinations that calls are handed on to, and the phones that are reached by it."""

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
SELECT attempt_id, attempts.campaign_id, attempts.trunk, coalesce(calls.started_at, intended_at) AS at,
       coalesce(calls.ended_at, attempts.ended_at), json_extract(decision, '$.trunk.lines'),
       json_extract(decision, '$.trunk.calls_per_second')
FROM attempts LEFT JOIN calls ON call_id = attempt_id
WHERE attempts.trunk IN (SELECT trunk FROM attempts WHERE campaign_id = ?1)
AND json_extract(decision, '$.sent') IS NOT 0
UNION ALL
SELECT line_id, '', trunk, coalesce(placed_at, planned_at), freed_at, lines,
       CASE WHEN placed_at IS NOT NULL THEN calls_per_second END
FROM trunk_lines WHERE trunk IN (SELECT trunk FROM attempts WHERE campaign_id = ?1)
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """One call on a trunk, and what the trunk could take then; None: an older release did not keep that, or a crash
    came before it was kept. ``campaign_id`` "": a leg that is no attempt."""

    call_id: str
    campaign_id: str
    trunk: str
    at: datetime
    ended_at: datetime
    lines: int | None
    rate: float | None


def judged(connection: sqlite3.Connection, campaign_id: str) -> Iterator[Finding]:
    """Calls of the campaign for which their trunk had no room, and legs that are no attempts and left it none."""
    rows = connection.execute(_CALLS, (campaign_id,))
    calls = [
        Placed(attempt, campaign, trunk, when(at), when(ended_at) if ended_at else LATEST, lines, rate)
        for attempt, campaign, trunk, at, ended_at, lines, rate in rows
    ]
    calls.sort(key=lambda each: (each.at, each.ended_at > each.at, each.call_id))  # who ended at once had it first
    row = connection.execute("SELECT upto_at FROM retention_marks WHERE kind = 'trunk_lines'").fetchone()
    if row and row[0] and any(each.campaign_id == campaign_id and each.at < when(row[0]) for each in calls):
        yield Unproved("", "I6", f"which legs beside its calls were on its trunks before {row[0]} is kept no longer")
    for trunk in dict.fromkeys(each.trunk for each in calls):
        yield from _judged([each for each in calls if each.trunk == trunk], campaign_id)


def _judged(calls: list[Placed], campaign_id: str) -> Iterator[Finding]:
    up: list[tuple[datetime, str]] = []
    recent: deque[Placed] = deque()
    for call in calls:
        while up and up[0][0] <= call.at + FREED_S:
            heappop(up)
        heappush(up, (call.ended_at, call.campaign_id))
        recent.append(call)
        own, beside = call.campaign_id == campaign_id, not call.campaign_id
        if call.lines is None or call.rate is None:
            if own:
                yield Unproved(call.call_id, "I6", "what its trunk could take is not kept")
            elif beside and any(each == campaign_id for _, each in up):
                yield Unproved("", "I6", f"when {call.call_id} went out over {call.trunk} is not kept, if it did")
            continue
        within = timedelta(seconds=max(1.0, 1.0 / call.rate)) - READ_S
        while call.at - recent[0].at > max(within, timedelta(seconds=1)):
            recent.popleft()
        most = max(1, int(call.rate))
        near = [each.campaign_id for each in recent if call.at - each.at < within]
        named = "" if own else f", {call.call_id} beside the campaigns' calls"
        if len(up) > call.lines and (own or (beside and any(each == campaign_id for _, each in up))):
            yield Breach(
                call.call_id if own else "",
                "I6",
                f"call {len(up)} at once on {call.trunk}, which has {call.lines} lines{named}",
            )
        if len(near) > most and (own or (beside and campaign_id in near)):
            yield Breach(
                call.call_id if own else "",
                "I6",
                f"call {len(near)} within a second on {call.trunk}, which takes {call.rate:g} a second{named}",
            )
