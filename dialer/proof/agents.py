"""The agents: invariant I10, one customer at a time, with the calls of every campaign and of every caller."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.proof.evidence import when
from dialer.proof.finding import Breach, Finding

CLOCK_S = timedelta(seconds=1)
"""The end of a talk may be written so long after the next has begun, and no longer."""

BEGINS = ("agent_connected", "talk_passed")
ENDS = ("talk_ended", "transferred", "adopted", "ended")
"""Events by which an agent comes to a call, and by which the talk is over, or nobody watched it any more."""

_CALLS = """
SELECT call_id, calls.campaign_id, agent_id, ended_at, talk_s FROM calls WHERE agent_id IS NOT NULL AND agent_id IN (
    SELECT agent_id FROM calls WHERE campaign_id = ?)
AND ended_at >= (SELECT min(started_at) FROM calls WHERE campaign_id = ?)
AND started_at <= (SELECT max(ended_at) FROM calls WHERE campaign_id = ?) ORDER BY ended_at
"""
_EVENTS = "SELECT kind, at, detail FROM call_events WHERE call_id = ? ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Talk:
    """An agent and a customer, from when to when."""

    call_id: str
    campaign_id: str | None
    agent_id: str
    begin: datetime
    end: datetime


def judged(connection: sqlite3.Connection, campaign_id: str) -> Iterator[Finding]:
    """Talks of the campaign in which the agent had another customer."""
    by_agent: dict[str, list[Talk]] = defaultdict(list)
    for row in connection.execute(_CALLS, (campaign_id,) * 3).fetchall():
        for talk in _talks(connection, row):
            by_agent[talk.agent_id].append(talk)
    for talks in by_agent.values():
        talks.sort(key=lambda talk: talk.begin)
        last: Talk | None = None
        for talk in talks:
            if last is not None and last.call_id != talk.call_id and talk.begin + CLOCK_S < last.end:
                mine = talk if talk.campaign_id == campaign_id else last
                if mine.campaign_id == campaign_id:
                    yield Breach(
                        mine.call_id, "I10", f"agent {talk.agent_id} talked in {last.call_id} and in {talk.call_id}"
                    )
            last = talk if last is None or talk.end > last.end else last


def _talks(connection: sqlite3.Connection, row: tuple[str, str | None, str, str, float]) -> Iterator[Talk]:
    """By what is told of the call; where nothing is told of its agents, the last seconds of it, by its record."""
    call_id, campaign_id, agent_id, ended_at, talk_s = row
    events = connection.execute(_EVENTS, (call_id,)).fetchall()
    if not any(kind in BEGINS for kind, _, _ in events):
        end = when(ended_at)
        if not events:
            yield Talk(call_id, campaign_id, agent_id, end - timedelta(seconds=talk_s), end)
        return
    talks: tuple[str, datetime] | None = None
    for kind, at, detail in events:
        if talks is not None and kind in (*BEGINS, *ENDS):
            yield Talk(call_id, campaign_id, *talks, when(at))
            talks = None
        if kind in BEGINS:
            talks = (str(json.loads(detail).get("agent")), when(at))
