"""Reads what SIPp, Asterisk and the database say of a run, and finds promises that were not kept.

It shares no code with the product: SIPp's messages are read as text, Asterisk's records as CSV, the database by SQL.
The invariants are those of the design's reliability notes.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

TRUNK = "PJSIP/carrier-"
TAKES_EFFECT_S = 1.0
"""A do-not-call entry stops what is not on the wire yet within this (I11)."""

TALK_SLACK_S = 1.5
"""By how much the record's billed seconds and the callee's own may differ: a machine that does much else."""

CONNECT_S = 2.0
"""16 CFR 310.4(b)(4)(iii)."""

MEET_SLACK_S = 0.3
"""Who leaves as the two seconds are over may be gone before the message begins."""

CHANCE = 3.0
"""By how many standard deviations of a Poisson count a short run may miss the cap, which holds over 30 days."""

OPEN_LIMIT_S = 120.0
"""I8."""

HEADER = re.compile(r"^-{40,} (?P<at>\S+ \S+)$")
REQUEST = re.compile(r"^(?P<method>[A-Z]+) sip:(?P<user>[^@>;\s]*)@?\S* SIP/2\.0$")
STATUS = re.compile(r"^SIP/2\.0 (?P<status>[0-9]{3})")
FIELD = re.compile(r"^(?P<name>Call-ID|CSeq|To):\s*(?P<value>.*)$")

BY_STATUS = {486: "busy", 503: "congestion", 404: "unallocated", 480: "no_answer", 487: "no_answer"}
"""What a record must say after a callee's refusal; 487 follows our own CANCEL when the ring time is over."""

CANCELLED = 487

BY_DIGIT = {5: 486, 7: 503, 8: 404, 9: 480, 6: 487}
"""How callees refuse, by the last digit of their number; the others answer."""

LOST = ("lost", "pbx_lost")

SENT = "decision NOT LIKE '%\"sent\":false%'"
"""The attempt was given to the switch, or may have been: the engine marks those that surely were not."""

PLACED = f"call_id NOT IN (SELECT attempt_id FROM attempts WHERE NOT {SENT})"
"""The record is not of an attempt that was given up before it was sent: its number may have been called later."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run was allowed."""

    lines: int
    calls_per_second: int
    per_number: int = 1
    detect_machine: bool = False
    cap: float = 0.0
    """The share of those who answered that may be abandoned."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a run has left its traces. ``faults``: when something was killed or frozen, by the clock of the wall."""

    messages: Path
    database: Path
    cdr: Path | None
    faults: tuple[float, ...] = ()
    crashes: tuple[float, ...] = ()
    """When the switch itself was killed: callees whose calls died with it do not hear of that."""


@dataclass(slots=True)
class SipCall:
    """One call as the callee saw it on the wire. Times are seconds since the epoch."""

    number: str
    begun: float
    sequence: str
    answered: float | None = None
    cancelled: float | None = None
    ended: float | None = None
    """By whoever ended it first: one that the caller cancelled and nobody answered, from then on."""
    status: int | None = None
    """The callee's final answer."""
    ended_by_callee: bool = False


@dataclass(frozen=True, slots=True)
class _Message:
    at: float
    sent: bool
    first: str
    call_id: str
    sequence: str
    to: str


def broken(evidence: Evidence, limits: Limits) -> list[str]:
    """Every promise that was not kept, in words; the run is over."""
    calls = sip_calls(evidence.messages)
    for call in calls:
        call.ended = min((at for at in (*evidence.crashes, call.ended) if at and at > call.begun), default=None)
    connection = sqlite3.connect(f"file:{evidence.database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return [
            *_do_not_call(calls, connection),
            *_attempts_per_number(calls, connection, limits.per_number),
            *_one_at_a_time(calls, connection),
            *_trunk(calls, limits),
            *_one_record_each(calls, connection),
            *_nothing_open(connection),
            *_met_in_time(calls, connection, evidence.faults, limits),
            *_durations(calls, connection, evidence.faults),
            *_one_customer_an_agent(connection),
            *_outcomes(calls, connection, evidence.faults, limits),
            *_switch_agrees(calls, connection, evidence.cdr),
        ]
    finally:
        connection.close()


# --- what was on the wire ---------------------------------------------------------------------------------------


def sip_calls(messages: Path) -> list[SipCall]:
    """The calls in a trace of SIPp's, in the order of their first INVITE; retransmissions make none."""
    calls: dict[str, SipCall] = {}
    for message in _messages(messages):
        call = calls.get(message.call_id)
        request = REQUEST.match(message.first)
        if call is None:
            if request and request["method"] == "INVITE" and not message.sent and "tag=" not in message.to:
                calls[message.call_id] = SipCall(request["user"], message.at, message.sequence)
        elif request:
            if request["method"] == "BYE" and call.ended is None:
                call.ended, call.ended_by_callee = message.at, message.sent
            elif request["method"] == "CANCEL" and call.cancelled is None:
                call.cancelled = message.at
        elif message.sent and message.sequence == call.sequence and call.status is None:
            status = STATUS.match(message.first)
            if status and int(status["status"]) >= 200:
                call.status = int(status["status"])
                if call.status < 300:
                    call.answered = message.at
                else:
                    call.ended = call.cancelled or message.at
    return list(calls.values())


def _messages(path: Path) -> Iterator[_Message]:
    """SIPp's trace: a line with the time, one with the direction, a free one, then the message."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    at, block = None, list[str]()
    for line in [*text.split("\n"), "-" * 47 + " 1970-01-01 00:00:00"]:
        header = HEADER.match(line)
        if header is None:
            block.append(line.rstrip("\r"))
            continue
        if at is not None and (found := _message(at, block)) is not None:
            yield found
        at, block = datetime.fromisoformat(header["at"]).timestamp(), []


def _message(at: float, block: list[str]) -> _Message | None:
    if len(block) < 3:
        return None
    fields: dict[str, str] = {}
    for line in block[3:]:
        if not line:
            break
        if found := FIELD.match(line):
            fields.setdefault(found["name"], found["value"])
    sent = " sent " in block[0]
    return _Message(at, sent, block[2], fields.get("Call-ID", ""), fields.get("CSeq", ""), fields.get("To", ""))


# --- the invariants ---------------------------------------------------------------------------------------------


def _seconds(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def _do_not_call(calls: list[SipCall], db: sqlite3.Connection) -> Iterator[str]:
    added = {row["number"]: _seconds(row["added_at"]) for row in db.execute("SELECT * FROM do_not_call")}
    for row in db.execute("SELECT number, intended_at FROM attempts"):
        if row["number"] in added and _seconds(row["intended_at"]) > added[row["number"]]:
            yield f"I1: an attempt of {row['number']} was begun after its do-not-call entry"
    for call in calls:
        if call.number in added and call.begun > added[call.number] + TAKES_EFFECT_S:
            yield f"I11: {call.number} was invited {call.begun - added[call.number]:.2f} s after its entry"


def _attempts_per_number(calls: list[SipCall], db: sqlite3.Connection, most: int) -> Iterator[str]:
    for number, count in Counter(call.number for call in calls).items():
        if count > most:
            yield f"I3: {number} was dialled {count} times, {most} allowed"
    query = (
        "SELECT number, count(*) AS count FROM attempts WHERE json_extract(decision, '$.sent') IS NOT 0 GROUP BY 1"
    )
    for row in db.execute(query):
        if row["count"] > most:
            yield f"I3: {row['number']} has {row['count']} attempts in the store, {most} allowed"


def _one_at_a_time(calls: list[SipCall], db: sqlite3.Connection) -> Iterator[str]:
    by_number: dict[str, list[SipCall]] = defaultdict(list)
    for call in calls:
        by_number[call.number].append(call)
    for number, each in by_number.items():
        for first, second in pairwise(each):
            if first.ended is None or second.begun < first.ended:
                yield f"I4: {number} had two calls at a time on the wire"
    query = "SELECT person_key FROM attempts WHERE state <> 'done' GROUP BY person_key HAVING count(*) > 1"
    yield from (f"I4: {row['person_key']} has two open attempts" for row in db.execute(query))


def _trunk(calls: list[SipCall], limits: Limits) -> Iterator[str]:
    steps = [(call.begun, 1) for call in calls]
    steps += [(call.ended, -1) for call in calls if call.ended is not None]
    steps.sort()
    up = most = 0
    over_s = 0.0
    for (at, step), (until, _) in pairwise([*steps, steps[-1]] if steps else []):
        up += step
        most = max(most, up)
        over_s += (until - at) * (up > limits.lines)
    if most > limits.lines:
        yield f"I6: {most} calls at once on {limits.lines} lines, for {over_s * 1000:.0f} ms in all"
    times = sorted(call.begun for call in calls)
    for index, first in enumerate(times):
        within = sum(at < first + 1.0 for at in times[index:])
        if within > limits.calls_per_second:
            yield f"I6: {within} INVITEs in the second from {first:.3f}, {limits.calls_per_second} allowed"


def _one_record_each(calls: list[SipCall], db: sqlite3.Connection) -> Iterator[str]:
    records = Counter(row["call_id"] for row in db.execute("SELECT call_id FROM calls"))
    known: Counter[str] = Counter()
    for row in db.execute(f"SELECT attempt_id, number, state, outcome, {SENT} AS sent FROM attempts"):
        known[row["number"]] += row["sent"]
        if records[row["attempt_id"]] != 1:
            yield f"I7: attempt {row['attempt_id']} ({row['state']}) has {records[row['attempt_id']]} records"
    query = (
        "SELECT a.attempt_id FROM attempts a JOIN calls c ON c.call_id = a.attempt_id WHERE a.outcome <> c.outcome"
    )
    yield from (f"I7: attempt {row['attempt_id']} and its record disagree" for row in db.execute(query))
    query = (
        "SELECT call_id FROM calls WHERE direction = 'outbound' AND call_id NOT IN (SELECT attempt_id FROM attempts)"
    )
    yield from (f"I7: the record {row['call_id']} belongs to no attempt" for row in db.execute(query))
    for number, count in Counter(call.number for call in calls).items():
        if count > known[number]:
            yield f"I7: {number} was dialled {count} times and has {known[number]} attempts that were sent"


def _nothing_open(db: sqlite3.Connection) -> Iterator[str]:
    for row in db.execute("SELECT attempt_id, state FROM attempts WHERE state <> 'done'"):
        yield f"I8: attempt {row['attempt_id']} is still {row['state']}"
    for row in db.execute("SELECT call_id FROM live_calls"):
        yield f"I7: call {row['call_id']} is still live and has no record"
    for row in db.execute("SELECT attempt_id, intended_at, ended_at FROM attempts WHERE state = 'done'"):
        took = _seconds(row["ended_at"]) - _seconds(row["intended_at"])
        if took > OPEN_LIMIT_S:
            yield f"I8: attempt {row['attempt_id']} was open for {took:.0f} s"


def _met_in_time(
    calls: list[SipCall], db: sqlite3.Connection, faults: tuple[float, ...], limits: Limits
) -> Iterator[str]:
    """I5, on the clock that starts at the answer: who stays meets an agent or the message within two seconds, the
    record says which, and no more are abandoned than may be."""
    query = (
        "SELECT c.*, (SELECT min(at) FROM call_events e WHERE e.call_id = c.call_id AND kind = 'agent_connected')"
        " AS met_at, (SELECT min(at) FROM call_events e WHERE e.call_id = c.call_id AND kind = 'safe_harbour')"
        f" AS told_at FROM calls c WHERE direction = 'outbound' AND {PLACED}"
    )
    by_number = {call.number: call for call in calls}
    answered = abandoned = 0
    for row in db.execute(query):
        call = by_number.get(row["called"])
        if limits.detect_machine or call is None or call.answered is None or row["outcome"] in LOST:
            continue
        if _within(row, faults):
            continue
        answered += 1
        abandoned += row["abandoned"]
        met_s = min((_seconds(at) for at in (row["met_at"], row["told_at"]) if at), default=None)
        if met_s is None:
            if _stayed_s(call) > CONNECT_S + MEET_SLACK_S:
                yield f"I5: {row['called']} stayed {_stayed_s(call):.2f} s, and met nobody"
        elif met_s - call.answered > CONNECT_S:
            yield f"I5: {row['called']} met an agent or the message after {met_s - call.answered:.2f} s"
        elif row["met_at"] and row["abandoned"]:
            yield f"I5: {row['called']} is abandoned, and met an agent in time"
        elif not row["met_at"] and not row["abandoned"]:
            yield f"I5: {row['called']} is not abandoned, and heard the message only"
    if answered and abandoned > limits.cap * answered + CHANCE * (limits.cap * answered) ** 0.5:
        yield f"I5: {abandoned} of {answered} who answered were abandoned, {limits.cap:.1%} allowed"


def _durations(calls: list[SipCall], db: sqlite3.Connection, faults: tuple[float, ...]) -> Iterator[str]:
    by_number = {call.number: call for call in calls}
    for row in db.execute(f"SELECT * FROM calls WHERE {PLACED}"):
        if not row["duration_s"] >= row["billed_s"] >= 0:
            yield f"I9: {row['call_id']}: duration {row['duration_s']} and billed {row['billed_s']}"
        if not all(str(row[key]).endswith("+00:00") for key in ("started_at", "ended_at")):
            yield f"I9: {row['call_id']}: not UTC"
        if row["outcome"] in LOST or _within(row, faults):
            continue
        call = by_number.get(row["called"]) if row["direction"] == "outbound" else None
        if call is None or call.answered is None or call.ended is None:
            continue
        if abs(row["billed_s"] - (call.ended - call.answered)) > TALK_SLACK_S:
            yield (
                f"I9: {row['called']} is billed {row['billed_s']:.2f} s and talked {call.ended - call.answered:.2f} s"
            )


def _within(row: sqlite3.Row, faults: tuple[float, ...]) -> bool:
    """Whether something was killed while the call went on."""
    return any(_seconds(row["started_at"]) - 1.0 <= at <= _seconds(row["ended_at"]) for at in faults)


def _one_customer_an_agent(db: sqlite3.Connection) -> Iterator[str]:
    """Talks, from the events of the calls: from the meeting to the talk's end or the call's."""
    query = (
        "SELECT json_extract(e.detail, '$.agent') AS agent, e.call_id, e.at AS began_at, c.ended_at,"
        " (SELECT min(o.at) FROM call_events o WHERE o.call_id = e.call_id AND o.seq > e.seq"
        "   AND o.kind IN ('talk_ended', 'agent_connected')) AS over_at"
        " FROM call_events e JOIN calls c USING (call_id) WHERE e.kind = 'agent_connected' ORDER BY 1, 3"
    )
    last: dict[str, tuple[float, str]] = {}
    for row in db.execute(query):
        began = _seconds(row["began_at"])
        until, call_id = last.get(row["agent"], (0.0, ""))
        if began < until:
            yield f"I10: {row['agent']} talked to {call_id} and {row['call_id']} at a time"
        last[row["agent"]] = (_seconds(row["over_at"] or row["ended_at"]), row["call_id"])


def _outcomes(
    calls: list[SipCall], db: sqlite3.Connection, faults: tuple[float, ...], limits: Limits
) -> Iterator[str]:
    by_number = {call.number: call for call in calls}
    forbidden = {row["number"] for row in db.execute("SELECT number FROM do_not_call")}
    query = f"SELECT c.*, {SENT} AS sent FROM calls c JOIN attempts ON attempt_id = call_id"
    for row in db.execute(query):
        call = by_number.get(row["called"])
        if not row["sent"]:
            if row["outcome"] != "cancelled":
                yield f"{row['called']} is {row['outcome']} and was never sent"
            continue
        if row["outcome"] in LOST:
            if not _within(row, faults):
                yield f"{row['called']} is {row['outcome']} and nothing was killed"
            continue
        allowed = _truth(call, limits.detect_machine)
        if limits.cap and allowed == {"answered"} and row["agent_id"] is None:
            allowed = {"abandoned"} if _stayed_s(call) > CONNECT_S else {"abandoned", "answered"}
        if row["called"] in forbidden:
            allowed |= {"cancelled"}
        if allowed == {"answered"} and row["agent_id"] is None and _within(row, faults):
            allowed = {"abandoned"} if _stayed_s(call) > CONNECT_S else {"abandoned", "answered"}
        if row["outcome"] not in allowed:
            yield f"{row['called']} is {row['outcome']}; the callee says {' or '.join(sorted(allowed))}"
    for call in calls:
        digit = int(call.number[-1])
        stopped = call.status == CANCELLED and call.number in forbidden
        if call.status is not None and call.status != BY_DIGIT.get(digit, 200) and not stopped:
            yield f"{call.number} was answered by {call.status}, which is not how the scenario has it"


def _stayed_s(call: SipCall | None) -> float:
    """How long the callee was on the line: who met nobody because the engine was dead is abandoned; who
    left at once may have left anyway."""
    if call is None or call.answered is None or call.ended is None:
        return 0.0
    return call.ended - call.answered


def _truth(call: SipCall | None, detect_machine: bool) -> set[str]:
    """What a record may say of a call that nobody killed."""
    if call is None:
        return {"nothing of a call"}
    if call.answered is not None:
        return {"machine"} if detect_machine and call.number.endswith("4") else {"answered"}
    return {BY_STATUS.get(call.status or 0, "no final answer")}


def _switch_agrees(calls: list[SipCall], db: sqlite3.Connection, cdr: Path | None) -> Iterator[str]:
    """Asterisk's own records know the same attempts: its channels on the trunk have our ids."""
    if cdr is None:
        return
    with cdr.open(newline="", encoding="utf-8", errors="replace") as file:
        theirs = {row[16] for row in csv.reader(file) if row[5].startswith(TRUNK)}
    ours = {row["attempt_id"]: row["number"] for row in db.execute("SELECT attempt_id, number FROM attempts")}
    yield from (f"Asterisk dialled {each}, which is no attempt of ours" for each in sorted(theirs - set(ours)))
    dialled = {call.number for call in calls}
    seen = {ours[each] for each in theirs & set(ours)}
    yield from (f"{number} was dialled and has no record of Asterisk's" for number in sorted(dialled - seen))
