"""What the database keeps of a campaign's attempts, as it stands there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dialer.proof.aliases import Aliases

LATEST = datetime.max.replace(tzinfo=UTC)
"""When what is not over ends."""


@dataclass(frozen=True, slots=True)
class Call:
    """The final record of an attempt's call."""

    outcome: str
    caller: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    duration_s: float
    billed_s: float
    ring_s: float | None
    connect_s: float | None
    abandoned: bool
    agent_id: str | None
    cause: int | None
    found_machine: bool
    """The agent said that a machine had answered."""
    recording: str | None
    told: bool
    """The person heard that it is recorded."""
    without_notice: tuple[str, ...]
    """Recordings of it that do not hold what tells the person of them, and were kept."""
    in_doubt: bool
    """Nobody knows what the person met: the engine or the switch was away."""
    times: tuple[str, ...]
    """Its times as they are written."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, in the order of the commits: ``row``. ``seq``: the last change of rules that it saw; None: an
    older release has begun it. ``call`` None: it has no record."""

    row: int
    attempt_id: str
    campaign_id: str
    person: str
    number: str
    known_as: str
    """The number, or its hash where its person was erased at some time: by it the attempts belong together."""
    state: str
    at: datetime
    ended_at: datetime | None
    outcome: str | None
    decision: dict[str, Any]
    zones: tuple[str, ...] | None
    version: str | None
    seq: int | None
    call: Call | None
    is_live: bool
    """It stands among the calls that are under way."""
    region: str
    """Where the lead's list had the person; "": it did not say, or the lead is gone."""

    @property
    def sent(self) -> bool:
        """False where the switch was never asked."""
        return self.decision.get("sent") is not False

    @property
    def is_erased(self) -> bool:
        """In the number's place stands its hash: the person was erased."""
        return not self.number.startswith("+")

    @property
    def until(self) -> datetime:
        """When it was over; far ahead where it is not."""
        return self.ended_at or LATEST


@dataclass(frozen=True, slots=True)
class Change:
    """A change of who may be called, in the order of the commits: ``seq``."""

    seq: int
    what: str
    subject: str
    campaign_id: str | None
    kind: str | None
    at: datetime
    until: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is kept of a campaign. ``attempts``: those of its people by any campaign, in the order of the commits;
    ``own``: those of the campaign itself."""

    campaign_id: str
    attempts: tuple[Attempt, ...]
    changes: tuple[Change, ...]
    versions: dict[str, dict[str, Any]]
    requests: dict[int, datetime]
    """When people asked to be called back, by the request."""
    lacks_key: bool = False
    """People were erased, and the key by which they are known again is not there."""
    strays: tuple[str, ...] = ()
    """Dialled calls of the campaign that belong to no attempt."""
    own: tuple[Attempt, ...] = field(init=False)

    def __post_init__(self) -> None:
        mine = tuple(each for each in self.attempts if each.campaign_id == self.campaign_id)
        object.__setattr__(self, "own", mine)

    def rules(self, attempt: Attempt) -> dict[str, Any] | None:
        """The rules under which the attempt was begun, as JSON; None: they are not kept."""
        return None if attempt.version is None else self.versions.get(attempt.version)


_WITHOUT_NOTICE = """
SELECT json_group_array(json_extract(began.detail, '$.recording')) FROM call_events AS began
WHERE began.call_id = attempt_id AND began.kind = 'recording_started' AND NOT EXISTS (
    SELECT 1 FROM call_events AS later WHERE later.call_id = attempt_id AND later.seq > began.seq
    AND later.kind IN ('recording_announced', 'recording_dropped')
    AND json_extract(later.detail, '$.recording') = json_extract(began.detail, '$.recording'))
"""
_ATTEMPTS = f"""
SELECT attempts.rowid, attempt_id, attempts.campaign_id, person_key, attempts.number, state, intended_at,
       attempts.ended_at, attempts.outcome, decision, zones, version, rules_seq,
       calls.outcome, calls.caller, calls.started_at, calls.answered_at, calls.ended_at, duration_s, billed_s, ring_s,
       connect_s, abandoned, calls.agent_id, calls.cause, coalesce(calls.disposition_machine, 0),
       EXISTS (SELECT 1 FROM call_events WHERE call_id = attempt_id AND kind IN ('doubt', 'adopted')),
       EXISTS (SELECT 1 FROM live_calls WHERE call_id = attempt_id), calls.recording,
       EXISTS (SELECT 1 FROM call_events WHERE call_id = attempt_id AND kind = 'recording_announced'),
       coalesce(json_extract(decision, '$.region'),
                (SELECT region FROM leads WHERE leads.lead_id = attempts.lead_id)),
       ({_WITHOUT_NOTICE})
FROM attempts LEFT JOIN calls ON calls.call_id = attempt_id
WHERE person_key IN (SELECT value FROM json_each(?))
ORDER BY attempts.rowid
"""


def load(connection: sqlite3.Connection, campaign_id: str) -> Evidence:
    """Everything about the campaign's attempts. Reads only."""
    aliases = Aliases(connection)
    people = json.dumps(aliases.all_of(connection, campaign_id))
    attempts = tuple(_attempt(tuple(row), aliases) for row in connection.execute(_ATTEMPTS, (people,)))
    versions = {
        str(row[0]): json.loads(row[1])
        for row in connection.execute(
            "SELECT version, rules FROM campaign_versions WHERE campaign_id = ?", (campaign_id,)
        )
    }
    requests = {
        int(row[0]): when(row[1]) for row in connection.execute("SELECT callback_id, asked_at FROM callbacks")
    }
    strays = connection.execute(
        "SELECT call_id FROM calls WHERE campaign_id = ? AND direction = 'outbound'"
        " AND call_id NOT IN (SELECT attempt_id FROM attempts) ORDER BY call_id",
        (campaign_id,),
    )
    return Evidence(
        campaign_id,
        attempts,
        tuple(_changes(connection, aliases)),
        versions,
        requests,
        aliases.lacks_key,
        tuple(str(row[0]) for row in strays),
    )


def _changes(connection: sqlite3.Connection, aliases: Aliases) -> Iterator[Change]:
    for seq, what, subject, campaign_id, kind, at, until_at, detail in connection.execute(
        "SELECT seq, what, subject, campaign_id, kind, at, until_at, detail FROM rule_log ORDER BY seq"
    ):
        subject = subject if what == "listed" else aliases.of(subject)
        yield Change(seq, what, subject, campaign_id, kind, when(at), when(until_at) if until_at else None, detail)


def _attempt(row: tuple[Any, ...], aliases: Aliases) -> Attempt:
    call = None if row[13] is None else _call(row[13:27], row[28], row[31], told=bool(row[29]))
    return Attempt(
        row=row[0],
        attempt_id=row[1],
        campaign_id=row[2],
        person=aliases.of(row[3]),
        number=row[4],
        known_as=aliases.of(row[4]),
        state=row[5],
        at=when(row[6]),
        ended_at=when(row[7]) if row[7] else None,
        outcome=row[8],
        decision=json.loads(row[9]),
        zones=tuple(json.loads(row[10])) if row[10] is not None else None,
        version=row[11],
        seq=row[12],
        call=call,
        is_live=bool(row[27]),
        region=row[30] or "",
    )


def _call(row: tuple[Any, ...], recording: str | None, without_notice: str, *, told: bool) -> Call:
    return Call(
        outcome=row[0],
        caller=row[1],
        started_at=when(row[2]),
        answered_at=when(row[3]) if row[3] else None,
        ended_at=when(row[4]),
        duration_s=row[5],
        billed_s=row[6],
        ring_s=row[7],
        connect_s=row[8],
        abandoned=bool(row[9]),
        agent_id=row[10],
        cause=row[11],
        found_machine=bool(row[12]),
        recording=recording,
        told=told,
        without_notice=tuple(json.loads(without_notice)),
        in_doubt=bool(row[13]),
        times=tuple(str(each) for each in (row[2], row[3], row[4]) if each),
    )


def when(text: str) -> datetime:
    """The instant of a text; one without a zone is taken for UTC, and found by its text."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
