"""What one call's record will say, collected while the call runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from calls.causes import Outcome
from calls.clock import Clock
from calls.ids import AgentId, QueueName
from calls.records.durations import CallDurations, Phase
from calls.records.store import CallEvent, CallRecord, LiveCall
from calls.switch.port import Detected, EndedBy

AT_ONCE = frozenset({"hold_began", "hold_ended", "recording_announced"})
"""Events by which a start of ours after a crash decides what becomes of a call: they are written as they happen."""


class CallRecorder:
    """Events and durations of one call. Durations are of the monotonic clock, so a clock that jumps changes none.

    Only of a call that was taken over from a run before this one a part is by the wall clock: the one before.
    """

    def __init__(self, live: LiveCall, clock: Clock, phase: Phase, *, adopted: bool = False, kept: int = 0) -> None:
        """``adopted``: it began when ``live`` says, and not now; ``kept``: so many of its events are written down."""
        self.live = live
        self.queue: QueueName | None = None
        self.agent_id: AgentId | None = None
        self.detected = Detected.NOT_ASKED
        self.abandoned = False
        self.connect_s: float | None = None
        self.last_node: str | None = None
        self.recording: str | None = None
        self.talks = 0
        """How many talks with agents have begun."""
        self.masked = False
        """Nothing of what is said now may be recorded, or heard by anybody else: a card number."""
        self.may_record = True
        """Whoever was dialled agreed to be recorded, or need not."""
        self.untold = False
        """Whoever was dialled must hear of a recording before it begins."""
        self.told_on_recording = False
        """What they hear of it must be on the recording itself."""
        self.holds_notice = ""
        """The recording that runs and holds what told them of it; "": none does."""
        self.at_once: Callable[[], None] = lambda: None
        """Told of each event of :data:`AT_ONCE`."""
        self.phase = phase
        self._held: tuple[AgentId, float] | None = None
        self._clock = clock
        self._seen_s, self._seen_at = clock.monotonic_s(), clock.now()
        self._began_s = self._at_s(live.started_at if adopted else None)
        self._took = CallDurations(self._began_s, phase)
        self._answered_at: datetime | None = None
        self._events: list[CallEvent] = []
        self._before = kept
        self._kept = 0

    @property
    def answered(self) -> bool:
        """True once :meth:`note_answer` was called."""
        return self._answered_at is not None

    def note(self, kind: str, detail: Mapping[str, object] | None = None) -> None:
        """Add an event of ``kind`` at this moment."""
        self.keep(self._clock.now(), self._clock.monotonic_s(), kind, detail or {})

    def note_adopted(self, detail: Mapping[str, object]) -> None:
        """The call is taken over now: what came before is by the wall clock, which the event says."""
        before_s = round(self._clock.monotonic_s() - self._began_s, 3)
        self.note("adopted", {**detail, "before_s": before_s, "before_by": "wall clock"})

    def keep(self, at: datetime, mono_s: float, kind: str, detail: Mapping[str, object]) -> None:
        """Add an event of the moment ``mono_s`` on the monotonic clock: none before the event that was added last.

        The order of the events is the order in which they are added; seconds that come from a difference of
        differences may be short by a rounding, and never put an event before its cause. ``detail`` is kept as it is,
        not copied: nobody changes it afterwards.
        """
        earliest_s = self._events[-1].since_s if self._events else 0.0
        seq = self._before + len(self._events) + 1
        self._events.append(CallEvent(at, max(earliest_s, mono_s - self._began_s), kind, detail, seq))
        if kind in AT_ONCE:
            self.at_once()

    def unkept(self) -> tuple[CallEvent, ...]:
        """The events that are not known to be in the store."""
        return tuple(self._events[self._kept :])

    def note_kept(self, events: Sequence[CallEvent]) -> None:
        """These, of :meth:`unkept`, are there."""
        self._kept = max([self._kept, *(each.seq - self._before for each in events if each.seq is not None)])

    def hold(self, agent_id: AgentId) -> None:
        """The agent's caller is on hold from now on, until the call enters another phase or ends."""
        self.enter(Phase.HOLD)
        self._held = agent_id, self._clock.monotonic_s()
        self.note("hold_began", {"agent": agent_id})

    def hold_over(self) -> None:
        """The caller is on hold no longer; where nobody was, nothing is noted."""
        if self._held is not None:
            agent_id, since_s = self._held
            self._held = None
            self.note("hold_ended", {"agent": agent_id, "hold_s": round(self._clock.monotonic_s() - since_s, 3)})

    def enter(self, phase: Phase, since: datetime | None = None) -> None:
        """The call is in ``phase`` from now on, or since a time before it was taken over."""
        self.hold_over()
        self.phase = phase
        self._took.enter(phase, self._at_s(since))

    def count_talk(self, talk_s: float) -> None:
        """The last ``talk_s`` seconds were talk: a transfer says only afterwards how long it was."""
        now_s = self._clock.monotonic_s()
        self._took.enter(Phase.TALK, now_s - talk_s)
        self._took.enter(self.phase, now_s)

    def note_recording(self, name: str) -> None:
        """The call is recorded as ``name``; of several recordings the record names the first, its events all."""
        self.recording = self.recording or name

    def note_answer(self, since: datetime | None = None) -> None:
        """The call is answered from now on, or since a time before it was taken over; the first answer counts."""
        if self._answered_at is None:
            self._answered_at = since or self._clock.now()
            self._took.answered(self._at_s(since))

    def _at_s(self, since: datetime | None) -> float:
        """When ``since`` was on the monotonic clock, by the wall clock: never after the first sight, also where that
        clock was set back. None: now."""
        if since is None:
            return self._clock.monotonic_s()
        return self._seen_s - max(0.0, (self._seen_at - since).total_seconds())

    def age_s(self) -> float:
        """Seconds since the call's first sight."""
        return self._clock.monotonic_s() - self._began_s

    def finish(
        self, outcome: Outcome, cause: int | None, ended_by: EndedBy | None
    ) -> tuple[CallRecord, tuple[CallEvent, ...]]:
        """The final record, and the events that are not kept yet. The call has ended now."""
        self.at_once = lambda: None  # all that is left comes with the record
        took = self._took.ended(self._clock.monotonic_s())
        self.hold_over()
        self.note("ended", {"outcome": outcome.value, "cause": cause, "by": ended_by.value if ended_by else None})
        live = self.live
        record = CallRecord(
            call_id=live.call_id,
            direction=live.direction,
            switch=live.switch,
            boot_id=live.boot_id,
            channel=live.channel,
            caller=live.caller,
            called=live.called,
            flow=live.flow,
            flow_version=live.flow_version,
            campaign_id=live.campaign_id,
            lead_id=live.lead_id,
            queue=self.queue,
            agent_id=self.agent_id,
            started_at=live.started_at,
            answered_at=self._answered_at,
            ended_at=max(live.started_at, self._clock.now()),
            ring_s=took.ring_s,
            menu_s=took.menu_s,
            wait_s=took.wait_s,
            talk_s=took.talk_s,
            hold_s=took.hold_s,
            duration_s=took.duration_s,
            billed_s=took.billed_s,
            outcome=outcome,
            cause=cause,
            ended_by=ended_by,
            detected=None if self.detected is Detected.NOT_ASKED else self.detected,
            abandoned=self.abandoned,
            connect_s=self.connect_s,
            last_node=self.last_node,
            recording=self.recording,
        )
        return record, self.unkept()
