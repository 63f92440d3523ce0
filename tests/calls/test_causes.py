"""Outcomes from causes, held against what the recorded switches said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import CAUSES, Outcome, name_of, outcome_of


# Asterisk 16 and 22 for the same SIP answer, from tests/transcripts/README.md.
@pytest.mark.parametrize(
    ("answer", "causes", "outcome"),
    [
        ("486", (17, 17), Outcome.BUSY),
        ("503", (34, 34), Outcome.CONGESTION),
        ("503 with Reason 42", (42, 34), Outcome.CONGESTION),
        ("404", (1, 1), Outcome.UNALLOCATED),
        ("480", (19, 19), Outcome.NO_ANSWER),
        ("603", (21, 21), Outcome.REJECTED),
        ("600", (17, 17), Outcome.BUSY),
        ("183 then 486", (17, 17), Outcome.BUSY),
        ("484", (28, 28), Outcome.UNALLOCATED),
        ("403", (21, 21), Outcome.REJECTED),
        ("410", (22, 22), Outcome.UNALLOCATED),
        ("500", (38, 38), Outcome.CONGESTION),
        ("no user responding", (18, 18), Outcome.NO_ANSWER),
        ("subscriber absent", (20, 20), Outcome.UNREACHABLE),
    ],
)
def test_an_answer_has_one_outcome_on_both_versions(answer: str, causes: tuple[int, int], outcome: Outcome) -> None:
    for cause in causes:
        assert outcome_of(cause, answered=False, timed_out=False, never_existed=False) is outcome, answer


@pytest.mark.parametrize("cause", [0, 19, None])
def test_our_timeout_is_no_answer_on_both_versions(cause: int | None) -> None:
    assert outcome_of(cause, answered=False, timed_out=True, never_existed=False) is Outcome.NO_ANSWER


@pytest.mark.parametrize("cause", [0, 16, None, 17])
def test_answered_is_answered_whatever_the_cause(cause: int | None) -> None:
    assert outcome_of(cause, answered=True, timed_out=False, never_existed=False) is Outcome.ANSWERED


@pytest.mark.parametrize("cause", [0, None, 3, 34])
def test_no_channel_is_failed(cause: int | None) -> None:
    assert outcome_of(cause, answered=False, timed_out=False, never_existed=True) is Outcome.FAILED


@pytest.mark.parametrize("cause", [None, 0, -1, 15, 128, 999])
def test_nothing_said_is_failed(cause: int | None) -> None:
    assert outcome_of(cause, answered=False, timed_out=False, never_existed=False) is Outcome.FAILED


@given(st.none() | st.integers(-5, 300), st.booleans(), st.booleans(), st.booleans())
def test_every_end_has_an_outcome_and_only_answered_calls_are(
    cause: int | None, answered: bool, timed_out: bool, never_existed: bool
) -> None:
    outcome = outcome_of(cause, answered=answered, timed_out=timed_out, never_existed=never_existed)
    assert (outcome is Outcome.ANSWERED) is answered


def test_the_table_keeps_its_numbers_and_names() -> None:
    assert all(number == cause.number and cause.name for number, cause in CAUSES.items())
    assert Outcome.ANSWERED not in {cause.outcome for cause in CAUSES.values()}
    assert {1, 16, 17, 18, 19, 20, 21, 22, 28, 34, 38, 42, 127} <= set(CAUSES)


def test_names_for_people() -> None:
    assert name_of(17) == "17 user busy"
    assert name_of(None) == name_of(0) == ""
    assert name_of(200) == "200 (not in Q.850)"
