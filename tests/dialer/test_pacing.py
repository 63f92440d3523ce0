"""Pacing: the interface of every policy, and the progressive one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing import LiveAnswer, Snapshot, make_policy


def snapshot(
    ready: int,
    *,
    ringing: int = 0,
    waiting: int = 0,
    lines: int = 40,
    inbound_waiting: int = 0,
    window_answers: int = 0,
    window_abandons: int = 0,
) -> Snapshot:
    return Snapshot(
        at_s=100.0,
        ready=ready,
        waiting=waiting,
        ringing_since_s=(99.0,) * ringing,
        talking_since_s=(),
        wrapping_since_s=(),
        lines_free=lines,
        inbound_waiting=inbound_waiting,
        window_answers=window_answers,
        window_abandons=window_abandons,
    )


def decide(seen: Snapshot, cap: float = 0.03) -> tuple[int, str]:
    policy = make_policy("progressive", abandonment_cap=cap, connect_within_s=2.0, no_answer_s=25.0)
    return policy.decide(seen), policy.explain().reason


@pytest.mark.parametrize(
    ("seen", "dials", "reason"),
    [
        (snapshot(0), 0, "no free agent"),
        (snapshot(3), 3, "free agents: 3"),
        (snapshot(3, ringing=2), 1, "calls under way: 2"),
        (snapshot(3, ringing=2, waiting=1), 0, "have a call under way"),
        (snapshot(2, ringing=5), 0, "have a call under way"),
        (snapshot(5, lines=2), 2, "leave 2"),
        (snapshot(5, lines=0), 0, "leave 0"),
        (snapshot(3, inbound_waiting=1), 0, "inbound calls wait: 1"),
        (snapshot(3, window_answers=10, window_abandons=1), 1, "free agents: 3"),
        (snapshot(3, ringing=1, window_answers=10, window_abandons=1), 0, "above the cap (1 of 10)"),
        (snapshot(3, ringing=1, window_answers=100, window_abandons=3), 2, "free agents: 3"),
    ],
)
def test_progressive(seen: Snapshot, dials: int, reason: str) -> None:
    got, why = decide(seen)
    assert got == dials
    assert reason in why


def test_a_call_in_machine_detection_keeps_its_agent() -> None:
    seen = Snapshot(100.0, 2, 0, (), (), (), 40, detecting_since_s=(98.0,))
    assert decide(seen)[0] == 1


COUNTS = st.integers(min_value=0, max_value=50)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_never_more_than_lines_nor_than_free_agents(
    ready: int, ringing: int, waiting: int, lines: int, inbound: int, abandons: int
) -> None:
    seen = snapshot(
        ready, ringing=ringing, waiting=waiting, lines=lines, inbound_waiting=inbound,
        window_answers=50, window_abandons=abandons,
    )  # fmt: skip
    dials, reason = decide(seen)
    assert 0 <= dials <= lines
    assert dials + (ringing + waiting if dials else 0) <= ready
    assert reason


def test_it_can_be_told_what_happened_and_explains_itself() -> None:
    policy = make_policy("progressive", abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0)
    policy.observe(LiveAnswer(at_s=12.0, dialled_at_s=3.0))
    policy.decide(snapshot(2, ringing=1))
    assert policy.explain().figures["dials"] == 1


@pytest.mark.parametrize(
    ("name", "cap", "within", "message"),
    [
        ("predictiv", 0.03, 2.0, "progressive"),
        ("progressive", 1.5, 2.0, "0 to 1"),
        ("progressive", 0.03, 0.0, "above 0"),
    ],
)
def test_bad_arguments_are_refused(name: str, cap: float, within: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_policy(name, abandonment_cap=cap, connect_within_s=within, no_answer_s=25.0)
