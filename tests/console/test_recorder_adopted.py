"""A call's durations, also where it was taken over from a run before and the wall clock says what came before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.ids import BootId, CallId
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.switch.port import EndedBy
from console.engine.recorder import CallRecorder
from tests.console.world import adds_up

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Clocks:
    """Both clocks; the wall clock may be set."""

    def __init__(self) -> None:
        self.at_s = 1000.0
        self.wall = NOON

    def monotonic_s(self) -> float:
        return self.at_s

    def now(self) -> datetime:
        return self.wall

    def pass_s(self, seconds: float) -> None:
        self.at_s += seconds
        self.wall += timedelta(seconds=seconds)


def live(started_at: datetime) -> LiveCall:
    return LiveCall(CallId("c"), Direction.OUTBOUND, "main", BootId("b"), "ch", "", "", started_at)


def test_an_adopted_call_counts_what_came_before_by_the_wall_clock() -> None:
    clocks = Clocks()
    recorder = CallRecorder(live(NOON - timedelta(seconds=60)), clocks, Phase.RING, adopted=True)
    recorder.note_answer(NOON - timedelta(seconds=40))
    recorder.enter(Phase.TALK, NOON - timedelta(seconds=38))
    recorder.note_adopted({"agent": "anna"})
    clocks.pass_s(10.0)
    record, events = recorder.finish(Outcome.ANSWERED, 16, EndedBy.CALLER)
    assert (record.ring_s, record.talk_s, record.billed_s, record.duration_s) == (22.0, 48.0, 50.0, 70.0)
    assert record.answered_at == NOON - timedelta(seconds=40)
    assert (events[0].since_s, events[0].detail) == (
        60.0,
        {"agent": "anna", "before_s": 60.0, "before_by": "wall clock"},
    )


TIMES = st.integers(-100_000, 100_000).map(lambda seconds: NOON + timedelta(seconds=seconds))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.none() | TIMES),
        st.tuples(st.sampled_from(Phase), st.none() | TIMES),
        st.tuples(st.just("pass"), st.floats(0.0, 100.0)),
        st.tuples(st.just("set"), TIMES),
    ),
    max_size=12,
)
Step = tuple[object, datetime | float | None]


@given(TIMES, STEPS)
def test_whatever_the_wall_clock_did_the_duration_holds_what_is_billed(
    started: datetime, steps: list[object]
) -> None:
    """Invariant I9."""
    clocks = Clocks()
    recorder = CallRecorder(live(started), clocks, Phase.RING, adopted=True)
    for step in steps:
        match step:
            case ("answer", (datetime() | None) as since):
                recorder.note_answer(since)
            case (Phase() as phase, (datetime() | None) as since):
                recorder.enter(phase, since)
            case ("pass", float() as seconds):
                clocks.pass_s(seconds)
            case ("set", datetime() as at):
                clocks.wall = at
    record, _ = recorder.finish(Outcome.ANSWERED, 16, None)
    assert 0.0 <= record.billed_s <= record.duration_s + 1e-9
    assert adds_up(record)


@pytest.mark.parametrize("ahead_s", [1.0, 86400.0])
def test_a_wall_clock_that_was_set_back_takes_nothing_away(ahead_s: float) -> None:
    clocks = Clocks()
    recorder = CallRecorder(live(NOON + timedelta(seconds=ahead_s)), clocks, Phase.MENU, adopted=True)
    recorder.note_answer(NOON + timedelta(seconds=ahead_s))
    clocks.pass_s(5.0)
    record, _ = recorder.finish(Outcome.ANSWERED, 16, None)
    assert (record.duration_s, record.billed_s) == (5.0, 5.0)
    assert record.ended_at >= record.started_at
