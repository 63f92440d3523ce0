"""The records of the calls: invariants I5 for each call, I7, I8 and I9, the time that it rang, the number shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from dialer.proof.evidence import Attempt, Call, Evidence
from dialer.proof.finding import Breach, Finding, Unproved
from dialer.proof.law import Law

MEET_S = 2.0
"""Within so much of the preset's clock an agent or the message must be there."""

RECORDED_WITHIN = timedelta(seconds=60)
OPEN_FOR = timedelta(seconds=120)
STOPPED = ("forbidden", "withdrawn", "listed")
"""Changes for which a call that rings is stopped."""


def judged(evidence: Evidence, now: datetime) -> Iterator[Finding]:
    """What is wrong with the records of a campaign's calls."""
    for stray in evidence.strays:
        yield Breach("", "I7", f"the dialled call {stray} belongs to no attempt")
    for attempt in evidence.own:
        yield from _recorded(attempt, now)
        call = attempt.call
        if call is None:
            continue
        yield from _sound(attempt, call)
        rules = evidence.rules(attempt)
        if rules is None:
            yield Unproved(attempt.attempt_id, "all", "the rules under which it was begun are not kept")
        elif attempt.sent:
            yield from _rang(attempt, call, Law(rules), evidence)
            yield from _shown(attempt, call, Law(rules))
            yield from _attested(attempt, Law(rules))
            yield from _met(attempt, call, Law(rules))


def _recorded(attempt: Attempt, now: datetime) -> Iterator[Finding]:
    call = attempt.call
    if attempt.state != "done":
        if call is not None:
            yield Breach(attempt.attempt_id, "I7", f"it is {attempt.state} and has a final record")
        elif now - attempt.at > OPEN_FOR:
            if attempt.is_live:
                yield Unproved(
                    attempt.attempt_id, "I8", "it is under way; the switch knows whether its channel is there"
                )
            else:
                yield Breach(attempt.attempt_id, "I8", f"it is {attempt.state} since {attempt.at.isoformat()}")
    elif call is None:
        yield Breach(attempt.attempt_id, "I7", "it is over and has no final record")
    elif call.outcome != attempt.outcome:
        yield Breach(attempt.attempt_id, "I7", f"it came to {attempt.outcome}, its record says {call.outcome}")
    elif attempt.ended_at is None or abs(attempt.ended_at - call.ended_at) > RECORDED_WITHIN:
        ended = attempt.ended_at.isoformat() if attempt.ended_at else "never"
        yield Breach(attempt.attempt_id, "I7", f"over {ended}, its record says {call.ended_at.isoformat()}")


def _sound(attempt: Attempt, call: Call) -> Iterator[Finding]:
    if not call.duration_s >= call.billed_s >= 0:
        yield Breach(attempt.attempt_id, "I9", f"{call.billed_s} s of {call.duration_s} s are billed")
    if call.ended_at < call.started_at or (call.answered_at and call.answered_at < call.started_at):
        yield Breach(attempt.attempt_id, "I9", f"its times run backwards: {', '.join(call.times)}")
    if odd := [text for text in call.times if not text.endswith("+00:00")]:
        yield Breach(attempt.attempt_id, "I9", f"a time that is not in UTC: {', '.join(odd)}")


def _rang(attempt: Attempt, call: Call, law: Law, evidence: Evidence) -> Iterator[Finding]:
    """Only what we ended ourselves can have rung too short: the far end may stop when it likes."""
    least_s = law.preset["min_ring_s"]
    if law.file["ring_timeout_s"] < least_s:
        yield Breach(
            attempt.attempt_id, "ring", f"the campaign rings {law.file['ring_timeout_s']} s, {least_s} s demanded"
        )
    ours = call.outcome == "cancelled" or (call.outcome == "no_answer" and not call.cause)
    if call.answered_at is not None or not ours or _was_stopped(attempt, evidence):
        return
    if call.ring_s is None:
        yield Unproved(attempt.attempt_id, "ring", "how long it rang is not kept")
    elif call.ring_s < least_s:
        yield Breach(attempt.attempt_id, "ring", f"it rang {call.ring_s:.1f} s, {least_s} s demanded")


def _was_stopped(attempt: Attempt, evidence: Evidence) -> bool:
    """A person who must not be called any more is not rung any longer."""
    return attempt.outcome == "cancelled" and any(
        change.what in STOPPED and change.seq > (attempt.seq or 0) and change.at <= attempt.until
        for change in evidence.changes
    )


def _shown(attempt: Attempt, call: Call, law: Law) -> Iterator[Finding]:
    if call.caller in law.shown_numbers():
        return
    if not call.caller and call.outcome in ("lost", "pbx_lost"):
        yield Unproved(
            attempt.attempt_id, "caller_id", "the call never came under control: what it showed is not kept"
        )
    else:
        yield Breach(attempt.attempt_id, "caller_id", f"it showed {call.caller or 'no number'}")


def _met(attempt: Attempt, call: Call, law: Law) -> Iterator[Finding]:
    """Who answered met an agent or the message in time, or the record says that they did not."""
    if call.outcome == "machine" or law.on_request:
        return
    if call.in_doubt:
        if call.outcome not in ("busy", "congestion", "no_answer"):
            yield Unproved(
                attempt.attempt_id, "I5", "the engine or the switch was away: it counts as abandoned, if lost"
            )
        return
    if call.connect_s is not None and call.connect_s > MEET_S:
        met = "an agent" if call.agent_id else "the message"
        yield Breach(attempt.attempt_id, "I5", f"{met} was there {call.connect_s:.2f} s after the answer")
    elif call.abandoned and call.connect_s is None:
        yield Breach(attempt.attempt_id, "I5", "a person met neither an agent nor the message")
    if call.connect_s is not None and call.connect_s > MEET_S and not call.abandoned:
        yield Breach(attempt.attempt_id, "I5", f"met after {call.connect_s:.2f} s, and not counted as abandoned")
    if call.outcome == "abandoned" and not call.abandoned:
        yield Breach(attempt.attempt_id, "I5", "it came to abandoned, and is not counted as such")


def _attested(attempt: Attempt, law: Law) -> Iterator[Finding]:
    """By what the settings said of the trunk when it was dialled: the carrier's own signature is in no record."""
    least, given = law.attestation(), str(attempt.decision.get("trunk", {}).get("attestation") or "")
    if least and (not given or given > least):
        yield Breach(
            attempt.attempt_id, "attestation", f"signed {given or 'not at all'}, {least} at least was wanted"
        )
