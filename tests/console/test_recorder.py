"""What one call's record collects."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from calls.causes import Outcome
from calls.ids import BootId, CallId
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.switch.port import EndedBy
from console.engine.conversation import Trail, instant
from console.engine.recorder import CallRecorder
from ivr.check import Known, load
from ivr.session import NOTHING_KNOWN, Session

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s

    def now(self) -> datetime:
        return NOON


def test_events_keep_the_order_in_which_they_are_added() -> None:
    """A moment that comes out a little short, as a difference does, puts no effect before its cause."""
    clock = Clock()
    live = LiveCall(CallId("c"), Direction.INBOUND, "main", BootId("b"), "ch", "", "100", NOON)
    recorder = CallRecorder(live, clock, Phase.MENU)
    clock.now_s = 103.0
    recorder.note("talk_ended", {"agent": "anna"})
    recorder.keep(NOON, 103.0 - 0.0001, "queue_served", {"queue": "sales"})
    recorder.keep(NOON, 104.0, "node_left", {})
    clock.now_s = 104.0
    _, events = recorder.finish(Outcome.ANSWERED, 16, EndedBy.US)
    assert [event.kind for event in events] == ["talk_ended", "queue_served", "node_left", "ended"]
    assert [event.since_s for event in events] == [3.0, 3.0, 4.0, 4.0]


def test_events_of_a_flow_have_their_own_moments_however_late_it_began(tmp_path: Path) -> None:
    """Else what others note meanwhile would stand before them, and push them away from their moments."""
    file = tmp_path / "main.yaml"
    file.write_text("language: en\nstart: bye\nnodes:\n  bye: {hangup: [x.bye]}\n", encoding="utf-8")
    clock = Clock()
    live = LiveCall(CallId("c"), Direction.INBOUND, "main", BootId("b"), "ch", "", "100", NOON)
    recorder = CallRecorder(live, clock, Phase.MENU)
    session = Session(load(file, Known()))
    trail = Trail(recorder, session)
    clock.now_s = 102.0
    session.start(NOTHING_KNOWN, instant(clock))
    trail.keep()
    clock.now_s = 103.0
    recorder.note("leg_answered")
    session.hangup(instant(clock), EndedBy.CALLER, 16)
    trail.keep()
    clock.now_s = 104.0
    _, events = recorder.finish(Outcome.ANSWERED, 16, EndedBy.CALLER)
    moments = {event.kind: event.since_s for event in events}
    kinds = ("flow_started", "leg_answered", "hung_up", "ended")
    assert [moments[kind] for kind in kinds] == [2.0, 3.0, 3.0, 4.0]
