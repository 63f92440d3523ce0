"""From FreeSWITCH's events, in any order, doubled or missing, to one outcome of each leg that we originated. Pure.

What FreeSWITCH tells, and what may be concluded from it (transcripts of 1.11.1):

==========================  ====================================================================================
CHANNEL_CREATE              the leg has a channel
CHANNEL_PROGRESS(_MEDIA)    the far end rings
CHANNEL_ANSWER              it has answered
CHANNEL_PARK                an agent's leg is in its place, and only now told as answered: until then the
                            originate's own thread still moves it, and would take it out of a talk again
CHANNEL_HOLD, _UNHOLD       the phone's own key; the second too when the leg leaves a talk, and then no more of the
                            key is told. Whom it talks with hears ``hold_music`` meanwhile
CHANNEL_HANGUP_COMPLETE     the end, with the cause. 503 is told as 41 and 480 as 18: the SIP status says better,
                            so that a leg ends with the same cause as on Asterisk
BACKGROUND_JOB              found by its Job-UUID. ``-ERR``: it failed; with no channel there never was one. The
                            second of two originates with one id fails like this, and says nothing of the first
==========================  ====================================================================================

Legs are known by ids of ours that nobody can guess; an event with any other id is noise (invariant I12). What was
missed is found by :meth:`LegBook.reconcile`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calls.ids import LegId
from calls.switch.events import LegAnswered, LegEnded, LegHeld, LegRinging
from calls.switch.freeswitch import causes
from calls.switch.freeswitch.channels import ANSWERED, RINGING, Channel
from calls.wire.esl import Event
from calls.wire.esl_commands import EventName

LegEvent = LegRinging | LegAnswered | LegHeld | LegEnded

WANTED = (
    EventName.CREATE,
    EventName.PROGRESS,
    EventName.PROGRESS_MEDIA,
    EventName.ANSWER,
    EventName.PARK,
    EventName.HOLD,
    EventName.UNHOLD,
    EventName.HANGUP_COMPLETE,
    EventName.JOB,
)
"""The events that :meth:`LegBook.handle` reads."""

GRACE_S = 2.0
"""How long a leg's own end may lag behind the job that failed, or the list that does not have it. Seen: 20 ms."""

TIMEOUT_SLACK_S = 0.5
"""By how much a ring timeout may seem short: our clock starts before the switch's does, and is read after it."""

NO_ANSWER = (None, 18, 19, 102)
"""Causes with which a leg ends that rang until its timeout."""


@dataclass(slots=True)
class _Leg:
    """What is known of one leg. Times are of the monotonic clock, in seconds."""

    leg_id: LegId
    job_id: str
    asked_at: float
    ring_timeout_s: float
    parks: bool = False
    """An agent's: told as answered when it is in its place."""
    adopted: bool = False
    existed: bool = False
    ringing: bool = False
    answered: bool = False
    cancelled: bool = False
    failed: str = ""
    """What the job said, where it failed."""
    end_at: float | None = None
    """When to stop waiting for its own end."""


class LegBook:
    """The legs that we asked for and that have not ended. Every method that gives events gives them once."""

    def __init__(self) -> None:
        self._legs: dict[str, _Leg] = {}
        self._by_job: dict[str, _Leg] = {}

    def __contains__(self, leg_id: str) -> bool:
        return leg_id in self._legs

    def __len__(self) -> int:
        return len(self._legs)

    def existed(self, leg_id: LegId) -> bool:
        """Whether the leg, which has not ended, was seen to have a channel."""
        return leg_id in self._legs and self._legs[leg_id].existed

    def rings(self, leg_id: LegId) -> bool:
        """Whether the leg has neither ended nor answered."""
        return leg_id in self._legs and not self._legs[leg_id].answered

    # --- what we did ------------------------------------------------------------------------------------------

    def expect(self, leg_id: LegId, job_id: str, now: float, ring_timeout_s: float, *, parks: bool = False) -> None:
        """An originate is about to be sent. The leg must not be in the book. ``parks``: it is an agent's."""
        assert leg_id not in self._legs, leg_id
        self._legs[leg_id] = self._by_job[job_id] = _Leg(leg_id, job_id, now, ring_timeout_s, parks)

    def forget(self, leg_id: LegId) -> None:
        """The switch refused the originate, or it was never sent: nothing will be told of this leg."""
        if leg_id in self._legs:
            self._remove(self._legs[leg_id])

    def adopt(self, leg_ids: Iterable[LegId]) -> None:
        """Legs of a run of ours before this one: their end will be told, and their answer, whenever it was."""
        for leg_id in leg_ids:
            if leg_id not in self._legs:
                self._legs[leg_id] = _Leg(leg_id, "", float("-inf"), 0.0, adopted=True, existed=True)

    def cancelled(self, leg_id: LegId) -> None:
        """We have asked the switch to end this leg: its end is no timeout."""
        if leg_id in self._legs:
            self._legs[leg_id].cancelled = True

    # --- what the switch told ---------------------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> list[LegEvent]:
        """What ``event`` says of our legs."""
        if event.name == EventName.JOB.value:
            return self._job(event, now)
        leg = self._legs.get(event.headers.get("Unique-ID"))
        if leg is None:
            return []
        leg.existed = True
        if not leg.failed:
            leg.end_at = None  # it lives, whatever a list of channels has said
        match event.name:
            case EventName.PROGRESS.value | EventName.PROGRESS_MEDIA.value:
                return self._rings(leg)
            case EventName.ANSWER.value if not leg.parks:
                return self._answers(leg)
            case EventName.PARK.value if leg.parks:
                return self._answers(leg)
            case EventName.HOLD.value | EventName.UNHOLD.value if leg.answered:
                return [LegHeld(leg.leg_id, event.name == EventName.HOLD.value, has_music=True)]
            case EventName.HANGUP_COMPLETE.value:
                return [self._end(leg, causes.cause_of(event.headers), now, seen=True)]
            case _:
                return []

    def _job(self, event: Event, now: float) -> list[LegEvent]:
        leg = self._by_job.pop(event.headers.get("Job-UUID"), None)
        if leg is None or not event.body.startswith("-ERR"):
            return []
        leg.failed = event.body.removeprefix("-ERR").strip() or "?"
        if not leg.existed:
            return [self._end(leg, causes.number_of(leg.failed), now, seen=True)]
        self._wait(leg, now)
        return []

    def _rings(self, leg: _Leg) -> list[LegEvent]:
        if leg.ringing or leg.answered:
            return []
        leg.ringing = True
        return [LegRinging(leg.leg_id)]

    def _answers(self, leg: _Leg, *, unseen: bool = False) -> list[LegEvent]:
        if leg.answered:
            return []
        leg.answered = True
        return [LegAnswered(leg.leg_id, unseen and leg.adopted)]

    # --- what time tells --------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """When :meth:`tick` is next needed, on the clock of ``now``."""
        return min((leg.end_at for leg in self._legs.values() if leg.end_at is not None), default=None)

    def tick(self, now: float) -> list[LegEvent]:
        """The ends of legs whose own end was awaited and did not come."""
        due = [leg for leg in self._legs.values() if leg.end_at is not None and leg.end_at <= now]
        return [self._end(leg, causes.number_of(leg.failed), now, seen=False) for leg in due]

    # --- what the list of channels tells ----------------------------------------------------------------------

    def reconcile(self, channels: Iterable[Channel], now: float, settle_s: float) -> list[LegEvent]:
        """Compare with the switch's own list, asked for at ``now`` or later, and all of it.

        A leg that is not there and was asked for more than ``settle_s`` ago is given :data:`GRACE_S` for an end that
        is under way; then :meth:`tick` ends it.
        """
        told: list[LegEvent] = []
        states = {each.channel_id: each.state for each in channels}
        for leg in list(self._legs.values()):
            state = states.get(leg.leg_id)
            if state is None:
                if now - leg.asked_at >= settle_s:
                    self._wait(leg, now)
                continue
            leg.existed = True
            if state in RINGING:
                told += self._rings(leg)
            elif state in ANSWERED:
                told += self._answers(leg, unseen=True)
        return told

    def restarted(self) -> list[LegEvent]:
        """The switch was started anew: every leg is gone, and nobody will say why."""
        legs = list(self._legs.values())
        for leg in legs:
            self._remove(leg)
        return [LegEnded(leg.leg_id, None, unseen=leg.adopted) for leg in legs]

    # --- inside -----------------------------------------------------------------------------------------------

    def _wait(self, leg: _Leg, now: float) -> None:
        if leg.end_at is None:
            leg.end_at = now + GRACE_S

    def _remove(self, leg: _Leg) -> None:
        del self._legs[leg.leg_id]
        self._by_job.pop(leg.job_id, None)

    def _end(self, leg: _Leg, cause: int | None, now: float, *, seen: bool) -> LegEnded:
        self._remove(leg)
        rang_out = now - leg.asked_at >= leg.ring_timeout_s - TIMEOUT_SLACK_S and cause in NO_ANSWER
        return LegEnded(
            leg.leg_id,
            cause,
            timed_out=rang_out and leg.existed and not (leg.answered or leg.cancelled or leg.adopted),
            never_existed=bool(leg.failed) and not leg.existed,
            unseen=leg.adopted and not seen,
        )
