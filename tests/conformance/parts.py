"""What many scripts of commands have in common."""

from __future__ import annotations

from calls.switch.port import (
    Answer,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    KeyPlan,
    Play,
    Prompt,
)
from tests.conformance.vocabulary import (
    SHORT,
    Do,
)

BY_CALLER = HungUp(EndedBy.CALLER, 16)
BY_US = HungUp(EndedBy.US, 16)
ANSWERED = Do(Answer(), Done())
PLAYED = Do(Play((SHORT,)), Done(), earliest_s=1.0, latest_s=2.0)
BYE = Do(Hangup(16), BY_US)
ONE_OR_TWO = KeyPlan(frozenset({"1", "2"}))
EXTENSIONS = KeyPlan(frozenset({"1", "2"}), frozenset({3}))


def gather(plan: KeyPlan, prompt: Prompt = SHORT, *, barge_in: bool = True) -> Gather:
    """Three seconds for the first key, two for each further one."""
    return Gather((prompt,), plan, first_key_timeout_s=3.0, next_key_timeout_s=2.0, barge_in=barge_in)
