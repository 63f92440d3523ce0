"""The legs that the loopback switch was asked for: dialled people and agents' phones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from calls.ids import LegId
from calls.switch.events import LegAnswered, LegEnded, LegHeld, LegRinging, SwitchEvent
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.loopback.activities import Timer
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.diary import Diary, Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import Detected, DialAttempt, EndedBy, HungUp, RingAgent, RingOutside, Seat

INVITE_S = 0.02
"""From the INVITE to the first answer of the far end."""

NO_ANSWER = 19
"""Q.850 no answer from user: what a leg ends with that rang for too long."""

NORMAL = 16
"""Q.850 normal call clearing."""

STAYS = AgentPhone()
"""Who hangs up by no talk's length."""


class Leg(Protocol):
    """A leg, ringing or up."""

    @property
    def is_up(self) -> bool:
        """True once it was answered."""

    def start(self) -> None:
        """Ring it."""

    def hang_up(self, cause: int) -> None:
        """We end it."""

    def vanish(self) -> None:
        """The switch is no more, and the leg with it: nothing is told."""


class Ringing:
    """What dialled people and agents' phones have in common: they ring, and answer, refuse, or do neither."""

    def __init__(
        self, leg_id: LegId, diary: Diary, tell: Callable[[SwitchEvent], None], gone: Callable[[LegId], None]
    ) -> None:
        self.leg_id = leg_id
        self.is_up = False
        self._diary = diary
        self._tell = tell
        self._gone = gone
        self._timer = Timer()
        self._timeout = Timer()

    def ring(
        self,
        called: str,
        far: Callee | AgentPhone,
        ring_timeout_s: float,
        answered: Callable[[], None],
    ) -> None:
        """Call the far end; ``answered`` is called when it answers in time."""
        self.note(Seen.INVITE, called)
        self._timeout.set(ring_timeout_s, self._rang_too_long)
        self._timer.set(INVITE_S, lambda: self._first_reply(far, answered))

    def _first_reply(self, far: Callee | AgentPhone, answered: Callable[[], None]) -> None:
        if far.refuses_with is not None:
            self.note(Seen.REFUSE, str(far.refuses_with))
            self.end(LegEnded(self.leg_id, far.refuses_with))
            return
        self._tell(LegRinging(self.leg_id))
        if far.answer_after_s is not None:
            self._timer.set(far.answer_after_s, lambda: self._answer(answered))

    def _answer(self, answered: Callable[[], None]) -> None:
        self._timeout.clear()
        self.is_up = True
        self.note(Seen.ANSWER)
        self._tell(LegAnswered(self.leg_id))
        answered()

    def _rang_too_long(self) -> None:
        self.note(Seen.CANCEL)
        self.end(LegEnded(self.leg_id, NO_ANSWER, timed_out=True))

    def cancel(self, cause: int) -> None:
        """We give up ringing."""
        self.note(Seen.CANCEL)
        self.end(LegEnded(self.leg_id, cause))

    def tells(self, event: LegHeld) -> None:
        """What else the far end does."""
        self._tell(event)

    def silence(self) -> None:
        """Stop all timers."""
        self._timer.clear()
        self._timeout.clear()

    def end(self, how: LegEnded) -> None:
        """The leg is gone, and its id may be used again."""
        self.silence()
        self._gone(self.leg_id)
        self._tell(how)

    def note(self, seen: Seen, detail: str = "") -> None:
        """Write it into the diary."""
        self._diary.note(asyncio.get_running_loop().time(), self.leg_id, seen, detail)


class DialledLeg:
    """A person whom we dial. Once answered, and told apart from a machine where asked, it is a call."""

    def __init__(
        self, request: DialAttempt, callee: Callee, ringing: Ringing, make_call: Callable[[Detected], LoopbackCall]
    ) -> None:
        self._request = request
        self._callee = callee
        self._ringing = ringing
        self._make_call = make_call
        self._call: LoopbackCall | None = None
        self._detecting = Timer()
        self._greeting = Timer()
        self._talking = Timer()

    @property
    def is_up(self) -> bool:
        """See :class:`Leg`."""
        return self._ringing.is_up

    def start(self) -> None:
        """See :class:`Leg`."""
        self._ringing.ring(self._request.number, self._callee, self._request.ring_timeout_s, self._answered)

    def hang_up(self, cause: int) -> None:
        """See :class:`Leg`."""
        self._end(EndedBy.US, cause)

    def vanish(self) -> None:
        """See :class:`Leg`."""
        self._silence()
        if self._call is not None:
            self._call.end(EndedBy.SWITCH, None)

    def call_ended(self, how: HungUp) -> None:
        """The leg's call has ended, and the leg with it."""
        self._silence()
        self._ringing.end(LegEnded(self._ringing.leg_id, how.cause))

    def _answered(self) -> None:
        self._talking.set(self._callee.talk_s, lambda: self._end(EndedBy.CALLER, NORMAL))
        if self._request.detect_machine:
            found = Detected.MACHINE if self._callee.is_machine else Detected.HUMAN
            self._detecting.set(self._callee.detection_s, lambda: self._hand_over(found))
        else:
            self._hand_over(Detected.NOT_ASKED)

    def _hand_over(self, detected: Detected) -> None:
        self._call = call = self._make_call(detected)
        heard_s = 0.0 if detected is Detected.NOT_ASKED else self._callee.detection_s
        sound = self._callee.greets[round(heard_s * RATE_HZ) * SAMPLE_BYTES :]
        if sound:
            call.voice(sound)
            self._greeting.set(len(sound) / SAMPLE_BYTES / RATE_HZ, lambda: call.voice(b""))

    def _end(self, by: EndedBy, cause: int) -> None:
        self._silence()
        if self._call is not None:
            self._call.end(by, cause)
        elif self.is_up:
            self._ringing.note(Seen.HANG_UP, f"{by.value} {cause}")
            self._ringing.end(LegEnded(self._ringing.leg_id, cause))
        else:
            self._ringing.cancel(cause)

    def _silence(self) -> None:
        self._ringing.silence()
        self._detecting.clear()
        self._greeting.clear()
        self._talking.clear()


class AgentLeg:
    """An agent's phone; its leg stays up from customer to customer."""

    def __init__(self, request: RingAgent, phone: AgentPhone, ringing: Ringing) -> None:
        self._request = request
        self._phone = phone
        self._ringing = ringing
        self._customer: LoopbackCall | None = None
        self._host: AgentLeg | None = None
        self._guests: set[AgentLeg] = set()
        self._had_enough = Timer()

    @property
    def is_up(self) -> bool:
        """See :class:`Leg`."""
        return self._ringing.is_up

    def start(self) -> None:
        """See :class:`Leg`."""
        self._ringing.ring(self._request.endpoint, self._phone, self._request.ring_timeout_s, lambda: None)

    def hang_up(self, cause: int) -> None:
        """See :class:`Leg`."""
        if self.is_up:
            self._end(EndedBy.US, cause)
        else:
            self._ringing.cancel(cause)

    def vanish(self) -> None:
        """See :class:`Leg`."""
        self._ringing.silence()
        self._had_enough.clear()

    def far_hangs_up(self) -> None:
        """The agent hangs the phone up."""
        self._end(EndedBy.AGENT, NORMAL)

    def presses_hold(self, *, held: bool, has_music: bool = False) -> None:
        """The agent presses the hold key of the phone. ``has_music``: as on a switch that plays it by itself."""
        self._ringing.tells(LegHeld(self._ringing.leg_id, held, has_music))

    def sit(self, seat: Seat, host: AgentLeg | None) -> None:
        """Be there from now on."""
        if self._host is not None:
            self._host._guests.discard(self)
        self._host = host
        if host is not None:
            host._guests.add(self)
        beside = "" if host is None else f" {host._ringing.leg_id}"
        self._ringing.note(Seen.SEAT, f"{seat.value}{beside}")

    def beep(self) -> None:
        """Hear a tone."""
        self._ringing.note(Seen.BEEP)

    def talks_to_another(self, call: LoopbackCall) -> bool:
        """See :class:`calls.switch.loopback.call.AgentSide`. Who sits elsewhere cannot be met."""
        if self._host is not None:
            return True
        return self._customer is not None and self._customer is not call

    def join(self, call: LoopbackCall) -> None:
        """See :class:`calls.switch.loopback.call.AgentSide`."""
        self._customer = call
        if self._phone.talk_s is not None:
            self._had_enough.set(self._phone.talk_s, self.far_hangs_up)

    def leave(self, call: LoopbackCall) -> None:
        """See :class:`calls.switch.loopback.call.AgentSide`."""
        self._customer = None
        self._had_enough.clear()

    def _end(self, by: EndedBy, cause: int) -> None:
        self._had_enough.clear()
        self._ringing.note(Seen.HANG_UP, f"{by.value} {cause}")
        customer = self._customer
        if self._host is not None:
            self._host._guests.discard(self)
        for guest in list(self._guests):
            guest.sit(Seat.OWN, None)
        self._ringing.end(LegEnded(self._ringing.leg_id, cause))
        if customer is not None:
            customer.agent_left()


class OutsideLeg(AgentLeg):
    """Somebody outside whom an agent asks. Who is dialled hangs up as they do, whomever they talk to."""

    def __init__(self, request: RingOutside, called: str, callee: Callee, ringing: Ringing) -> None:
        super().__init__(RingAgent(request.leg_id, called, request.caller_id, request.ring_timeout_s), STAYS, ringing)
        self._called = called
        self._callee = callee
        self._timeout_s = request.ring_timeout_s
        self._limit_s = request.talk_limit_s
        self._limit = Timer()

    def start(self) -> None:
        """See :class:`Leg`."""
        self._ringing.ring(self._called, self._callee, self._timeout_s, self._answered)

    def vanish(self) -> None:
        """See :class:`Leg`."""
        self._limit.clear()
        super().vanish()

    def _answered(self) -> None:
        if self._limit_s < self._callee.talk_s:
            self._limit.set(self._limit_s, lambda: self._end(EndedBy.SWITCH, NORMAL))
        else:
            self._limit.set(self._callee.talk_s, self.far_hangs_up)

    def _end(self, by: EndedBy, cause: int) -> None:
        self._limit.clear()
        super()._end(by, cause)
