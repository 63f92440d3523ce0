"""From AMI events, in any order, doubled or missing, to one outcome of each leg that we originated. Pure.

What Asterisk tells, and what may be concluded from it (transcripts of 16 and 22):

====================  ==========================================================================================
Newchannel            the leg has a channel
Newstate 5, 6         the far end rings, has answered; so say DialState RINGING and DialEnd ANSWER
ConfbridgeJoin        an agent's leg is in its room, and only now told as answered: a customer who followed at once
                      found no agent there (seen on a busy machine, 5 ms after the answer)
Hold, Unhold          the phone's own key: a re-INVITE that sends only, and one that sends and hears again
OriginateResponse     found by its ActionID, for a refused duplicate carries the live leg's Uniqueid. Success:
                      answered. Failure: the reason is 3 where our timeout ran out while it rang, 5 busy, 8
                      congestion, and 0 for 486, 503, 404, 480 alike: the truth is in Hangup's Cause
Hangup                the end, once answered; before that it comes before or after OriginateResponse. Cause 0 is
                      "not said" (no answer on 16, far end on 22)
OriginateResponse     Failure, and neither Newchannel nor Hangup: there never was a channel
====================  ==========================================================================================

Legs are known by ids of ours that nobody can guess; an event with any other id is noise (invariant I12), and so is
one that a caller's value has made (:func:`genuine`). What was missed is found by :meth:`LegBook.reconcile`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from calls.ids import LegId
from calls.switch.asterisk.channels import RINGING, UP, Channel
from calls.switch.events import LegAnswered, LegEnded, LegHeld, LegRinging
from calls.wire.ami import Event

LegEvent = LegRinging | LegAnswered | LegHeld | LegEnded

WANTED = frozenset(
    (
        *("Newchannel", "Newstate", "DialState", "DialEnd", "ConfbridgeJoin", "Hold", "Unhold", "OriginateResponse"),
        "Hangup",
    )
)
"""The events that :meth:`LegBook.handle` reads."""

GRACE_S = 2.0
"""How long the rest of a leg's story may lag behind the event that announces its end. Seen: under 50 ms."""

TIMEOUT_SLACK_S = 0.5
"""By how much a ring timeout may seem short: our clock starts before the switch's does, and is read after it."""

REASON_RINGING = "3"
"""OriginateResponse's Reason where the timeout ran out: AST_CONTROL_RINGING of include/asterisk/frame.h."""

CAUSE_BY_REASON = {"5": 17, "8": 34}
"""AST_CONTROL_BUSY and AST_CONTROL_CONGESTION, for the end of a leg whose Hangup does not say (Local channels)."""

CAUSE_BY_DIAL_STATUS = {"BUSY": 17, "CONGESTION": 34}
"""DialEnd's DialStatus, for a leg whose Hangup never came."""

NO_ANSWER_CAUSES = (None, 18, 19, 102)
"""Causes with which a leg ends that rang until its timeout."""


CAUSE = re.compile(r"[0-9]{1,3}\Z")


def genuine(event: Event) -> bool:
    """True where the switch itself can have written this: an event says its class at once, and everything once.

    A caller's value can make frames that are not even like that. It can also imitate one wholly: therefore no
    decision is taken by an id that can be guessed.
    """
    return event.get("Privilege") == "call,all" and not event.tampered


def cause_of(event: Event) -> int | None:
    """Hangup's cause, of Q.850; None where the switch said none (0), or something that is no cause."""
    said = event.get("Cause")
    return int(said) if CAUSE.match(said) and 1 <= int(said) <= 127 else None


@dataclass(slots=True)
class _Leg:
    """What is known of one leg. Times are of the monotonic clock, in seconds."""

    leg_id: LegId
    action_id: str
    asked_at: float
    ring_timeout_s: float
    roomed: bool = False
    """An agent's: told as answered when it is in its room."""
    up: bool = False
    adopted: bool = False
    existed: bool = False
    ringing: bool = False
    answered: bool = False
    cancelled: bool = False
    failed: bool = False
    reason: str = ""
    dial_status: str = ""
    hung: bool = False
    cause: int | None = None
    end_at: float | None = None
    """When to stop waiting for the rest of the story."""


class LegBook:
    """The legs that we asked for and that have not ended. Every method that gives events gives them once."""

    def __init__(self) -> None:
        self._legs: dict[str, _Leg] = {}
        self._by_action: dict[str, _Leg] = {}
        self._ending: dict[str, _Leg] = {}
        """Those whose end is waited for: few at any time, and asked for at every event."""

    def __contains__(self, leg_id: str) -> bool:
        return leg_id in self._legs

    def __len__(self) -> int:
        return len(self._legs)

    def existed(self, leg_id: LegId) -> bool:
        """Whether the leg, which has not ended, was seen to have a channel."""
        return leg_id in self._legs and self._legs[leg_id].existed

    # --- what we did ------------------------------------------------------------------------------------------

    def expect(
        self, leg_id: LegId, action_id: str, now: float, ring_timeout_s: float, *, roomed: bool = False
    ) -> None:
        """An originate is about to be sent. The leg must not be in the book. ``roomed``: it goes to a room."""
        assert leg_id not in self._legs, leg_id
        leg = _Leg(leg_id, action_id, now, ring_timeout_s, roomed)
        self._legs[leg_id] = self._by_action[action_id] = leg

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
        name = event.name
        if name == "OriginateResponse":
            leg = self._by_action.get(event.action_id)
        else:
            leg = self._legs.get(event.get("DestUniqueid" if name.startswith("Dial") else "Uniqueid"))
        if leg is None or not genuine(event):
            return []
        told = self._tell(leg, name, event, now)
        if leg.hung and (leg.answered or leg.failed or leg.adopted):
            told.append(self._end(leg, now))
        return told

    def _tell(self, leg: _Leg, name: str, event: Event, now: float) -> list[LegEvent]:
        if name == "OriginateResponse":
            return self._originated(leg, event, now)
        leg.existed = True
        if leg.end_at is not None and not leg.failed and not leg.hung:
            leg.end_at = None  # it lives, whatever a list of channels has said
            del self._ending[leg.leg_id]
        match name:
            case "Newstate":
                return self._state(leg, event.get("ChannelState"))
            case "DialState" if event.get("DialStatus") == "RINGING":
                return self._state(leg, RINGING)
            case "DialEnd" if event.get("DialStatus") == "ANSWER":
                return self._state(leg, UP)
            case "ConfbridgeJoin":
                return self._answered(leg)
            case "Hold" | "Unhold" if leg.answered:
                return [LegHeld(leg.leg_id, name == "Hold")]
            case "DialEnd":
                leg.dial_status = event.get("DialStatus")
            case "Hangup":
                return self._hung_up(leg, event, now)
            case _:
                pass
        return []

    def _originated(self, leg: _Leg, event: Event, now: float) -> list[LegEvent]:
        if event.get("Response") == "Success":
            return self._state(leg, UP)
        leg.failed, leg.reason = True, event.get("Reason")
        self._wait(leg, now)
        return []

    def _state(self, leg: _Leg, state: str, *, unseen: bool = False) -> list[LegEvent]:
        """``unseen``: it may have been in ``state`` for long."""
        leg.existed = True
        if state == RINGING and not leg.ringing and not leg.up:
            leg.ringing = True
            return [LegRinging(leg.leg_id)]
        if state == UP:
            leg.up = True
            return [] if leg.roomed and not unseen else self._answered(leg, unseen=unseen)
        return []

    def _answered(self, leg: _Leg, *, unseen: bool = False) -> list[LegEvent]:
        if leg.answered:
            return []
        leg.answered = True
        return [LegAnswered(leg.leg_id, unseen and leg.adopted)]

    def _hung_up(self, leg: _Leg, event: Event, now: float) -> list[LegEvent]:
        leg.hung = True
        leg.cause = cause_of(event)
        self._wait(leg, now)
        return self._state(leg, UP, unseen=True) if event.get("ChannelState") == UP else []

    # --- what time tells --------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """When :meth:`tick` is next needed, on the clock of ``now``."""
        return min((leg.end_at for leg in self._ending.values() if leg.end_at is not None), default=None)

    def tick(self, now: float) -> list[LegEvent]:
        """The ends of legs whose story was announced to end and did not go on."""
        due = [leg for leg in self._ending.values() if leg.end_at is not None and leg.end_at <= now]
        return [self._end(leg, now) for leg in due]

    # --- what the list of channels tells ----------------------------------------------------------------------

    def reconcile(self, channels: Iterable[Channel], now: float, settle_s: float) -> list[LegEvent]:
        """Compare with the switch's own list, asked for at ``now`` or later, and all of it.

        A leg that is not there and was asked for more than ``settle_s`` ago is given :data:`GRACE_S` for a Hangup
        that is under way; then :meth:`tick` ends it.
        """
        told: list[LegEvent] = []
        states = {each.unique_id: each.state for each in channels}
        for leg in list(self._legs.values()):
            if leg.leg_id not in states:
                if now - leg.asked_at >= settle_s:
                    self._wait(leg, now)
            else:
                told += self._state(leg, states[leg.leg_id], unseen=True)
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
            self._ending[leg.leg_id] = leg

    def _remove(self, leg: _Leg) -> None:
        del self._legs[leg.leg_id]
        self._ending.pop(leg.leg_id, None)
        self._by_action.pop(leg.action_id, None)

    def _end(self, leg: _Leg, now: float) -> LegEnded:
        self._remove(leg)
        cause = leg.cause
        if cause is None and not leg.answered:
            cause = CAUSE_BY_REASON.get(leg.reason) or CAUSE_BY_DIAL_STATUS.get(leg.dial_status)
        return LegEnded(
            leg.leg_id,
            cause,
            timed_out=self._timed_out(leg, cause, now),
            never_existed=leg.failed and not leg.existed,
            unseen=leg.adopted and not leg.hung,
        )

    @staticmethod
    def _timed_out(leg: _Leg, cause: int | None, now: float) -> bool:
        if leg.answered or leg.cancelled or leg.adopted or not leg.existed or cause not in NO_ANSWER_CAUSES:
            return False
        waited_s = now - leg.asked_at
        return leg.reason == REASON_RINGING or (leg.failed and waited_s >= leg.ring_timeout_s - TIMEOUT_SLACK_S)
