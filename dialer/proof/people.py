"""How often and how soon a person was called again: invariants I3 and I4, and the pauses after an outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from dialer.proof.evidence import Attempt, Evidence
from dialer.proof.finding import Breach, Finding, Unproved
from dialer.proof.law import Law, Most

CLOCK_S = timedelta(seconds=1)
"""Two moments of one engine that were read before their commits may lie so far out of order."""


def judged(evidence: Evidence) -> Iterator[Finding]:
    """What is wrong between the attempts of each person."""
    if evidence.lacks_key:
        yield Unproved("", "I3", "people were erased, and the key by which they are known again is not there")
    before: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in evidence.attempts:
        past = before[attempt.person]
        if attempt.campaign_id == evidence.campaign_id:
            yield from _one_at_a_time(attempt, past)
            rules = evidence.rules(attempt)
            if rules is not None and attempt.sent:
                counted = [each for each in past if each.sent]
                yield from _limits(attempt, counted, Law(rules))
                yield from _pauses(attempt, counted, Law(rules))
        past.append(attempt)


def _one_at_a_time(attempt: Attempt, past: list[Attempt]) -> Iterator[Finding]:
    for each in past:
        if each.until > attempt.at + CLOCK_S:
            over = each.until.isoformat() if each.ended_at else "never"
            yield Breach(
                attempt.attempt_id,
                "I4",
                f"begun {attempt.at.isoformat()}, while attempt {each.attempt_id} of the same person was over {over}",
            )


def _limits(attempt: Attempt, past: list[Attempt], law: Law) -> Iterator[Finding]:
    for most in law.limits():
        counted = [each for each in past if _counts(each, attempt, most)]
        if len(counted) >= most.attempts:
            of = "the person" if most.of_person else "the number"
            within = "in this campaign" if most.period is None else f"in {most.period}"
            yield Breach(
                attempt.attempt_id,
                "I3",
                f"attempt {len(counted) + 1} of {of} {within}, {most.attempts} allowed; before it"
                f" {', '.join(each.attempt_id for each in counted)}",
            )


def _counts(each: Attempt, attempt: Attempt, most: Most) -> bool:
    if not most.of_person and each.known_as != attempt.known_as:
        return False
    if most.period is None:
        return each.campaign_id == attempt.campaign_id
    return each.at > attempt.at - most.period


def _pauses(attempt: Attempt, past: list[Attempt], law: Law) -> Iterator[Finding]:
    for pause in law.pauses():
        for each in past:
            if each.outcome == pause.outcome and attempt.at < each.at + pause.period:
                yield Breach(
                    attempt.attempt_id,
                    "cool_down",
                    f"begun {attempt.at - each.at} after attempt {each.attempt_id} came to {each.outcome};"
                    f" {pause.period} must pass",
                )
