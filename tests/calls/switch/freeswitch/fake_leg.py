"""A leg that we have the fake FreeSWITCH dial: from ``bgapi originate`` to its end.

Orders and moments are those of the recordings: CREATE at once, PROGRESS or the end 20 ms later, the job 20 ms behind
the answer, with the end or behind it where nobody answered; a ring timeout is short by up to half a second; the
second of two with one id fails and has no channel (esl-originate-*). ``uuid_kill`` and ``uuid_transfer`` answer
first, and the channel follows with its next 20 ms (esl-bridge).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.calls.switch.freeswitch.fake_call import Q850, TICK_S
from tests.calls.switch.freeswitch.fake_caller import Caller, Leave, Say
from tests.calls.switch.freeswitch.fake_far_end import EARLY_S, FarEnd, ended_by, settings_of
from tests.calls.wire.esl_recordings import value

if TYPE_CHECKING:
    from tests.calls.switch.freeswitch.fake_call import FakeCall
    from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch

BORN_S = 0.001
"""From the command to the channel."""

PARK = {"Application": "park", "Application-Response": "_none_"}
SPIES = ("eavesdrop:", "three_way:")


class FakeLeg:
    """One leg, with nobody or with a customer of ours."""

    def __init__(self, switch: FakeFreeSwitch, uuid: str) -> None:
        self.uuid = uuid
        self.ended = False
        self.is_up = False
        self.customer: FakeCall | None = None
        self.host: FakeLeg | None = None
        """Beside whose talk it sits."""
        self.guests: set[FakeLeg] = set()
        self._switch = switch
        self._stays = False
        """It waits for the next one when its talk is over."""
        self._parked = False
        self.leads = False
        """It is the first leg of a bridge of two legs."""
        self._with: FakeLeg | None = None
        """The other leg of a bridge of two legs."""
        self._cause = ""
        self._over = asyncio.Event()

    # --- from the originate to its end -------------------------------------------------------------------------

    async def dial(self, argument: str, job: Callable[[str], None]) -> None:
        """Everything that a ``bgapi originate`` does; ``job`` tells what its command printed."""
        asked, rest = settings_of(argument)
        endpoint, _, place = rest.partition(" ")
        far = self._switch.far_end(endpoint)
        if far.refuses.startswith("-ERR"):
            job(f"{far.refuses}\n")
            return
        self._switch.add(self.uuid, self)
        await asyncio.sleep(BORN_S)
        self._tell("CHANNEL_CREATE")
        await self._waits(TICK_S)
        if far.refuses:
            lines = ended_by(far.refuses)
            self._finish(value(lines, "Hangup-Cause"), recording=far.refuses)
            await asyncio.sleep(TICK_S)
            job(f"-ERR {self._cause}\n")
            return
        self._tell("CHANNEL_PROGRESS")
        rings_s = int(asked.get("originate_timeout", "60")) - EARLY_S
        answers_s = float("inf") if far.answers_after_s is None else far.answers_after_s
        if not await self._waits(min(answers_s, rings_s)) or answers_s > rings_s:
            self._finish(self._cause or "NO_ANSWER", side="send_cancel")
            job(f"-ERR {self._cause}\n")
            return
        await self._answered(far, place, asked, job)

    async def _answered(self, far: FarEnd, place: str, asked: Mapping[str, str], job: Callable[[str], None]) -> None:
        self.is_up = True
        self._tell("CHANNEL_ANSWER")
        limit_s = float(asked.get("cw_limit_s", "inf")) if place.startswith("cw-outside") else float("inf")
        leaves_at = asyncio.get_running_loop().time() + min(far.talks_s, limit_s)
        if place.startswith("cw-dialled"):
            await self._becomes_a_call(far, asked, job)
            return
        await self._waits(self._switch.job_late_s)
        job(f"+OK {self.uuid}\n")
        self._stays = place.startswith("cw-")
        if not self.ended:
            await self._waits(TICK_S if self._stays else 0.0)
            self.park()
        if await self._waits(leaves_at - asyncio.get_running_loop().time()):
            by_far_end = far.talks_s <= limit_s
            self.end("NORMAL_CLEARING" if by_far_end else "ALLOTTED_TIMEOUT", by_far_end=by_far_end)

    async def _becomes_a_call(self, far: FarEnd, asked: Mapping[str, str], job: Callable[[str], None]) -> None:
        """The dialplan's ``socket`` action: from here on it is a call of ours."""
        acts = [Say(begin_s, end_s - begin_s) for begin_s, end_s in far.speaks]
        caller = Caller((*acts, Leave(far.talks_s)), asked.get("origination_caller_id_number", ""), "", "cw-dialled")
        asyncio.get_running_loop().call_later(self._switch.job_late_s, job, f"+OK {self.uuid}\n")
        await self._switch.dialled(self.uuid, caller)

    async def _waits(self, seconds: float) -> bool:
        """Whether the time passed before its end."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return True
        return False

    # --- its place ---------------------------------------------------------------------------------------------

    def park(self) -> None:
        """It is in its own place."""
        if not self.ended:
            self._leave_host()
            self._parked = True
            self._tell("CHANNEL_PARK")

    def unpark(self, other: str) -> None:
        """It leaves its own place, for ``other``."""
        if self._parked:
            self._parked = False
            self._tell("CHANNEL_EXECUTE_COMPLETE", PARK | {"Other-Leg-Unique-ID": other}, "esl-bridge")

    def left(self) -> None:
        """Its customer has gone."""
        self.customer = None
        self.park()

    def join(self, other: FakeLeg) -> None:
        """A bridge of two legs."""
        for one, two in ((self, other), (other, self)):
            one._with = two
            one.unpark(two.uuid)
        self.leads = True
        told = {"Bridge-B-Unique-ID": other.uuid, "Other-Leg-Unique-ID": other.uuid}
        asyncio.get_running_loop().call_later(2 * TICK_S, lambda: self._tell("CHANNEL_BRIDGE", told))

    def api(self, command: str) -> str:
        """Run an api command about it: its output."""
        name, _, *rest = command.split()
        loop = asyncio.get_running_loop()
        match name:
            case "uuid_kill":
                cause = rest[0] if rest else "NORMAL_CLEARING"
                loop.call_later(TICK_S, lambda: self.end(cause, by_far_end=False))
            case "uuid_transfer":
                loop.call_later(TICK_S, self._move, " ".join(rest))
            case "uuid_bridge":
                other = self._switch.leg(rest[0])
                if other is None:
                    return "-ERR Invalid uuid\n"
                loop.call_later(TICK_S, self.join, other)
                return f"+OK {rest[0]}\n"
            case "uuid_displace":
                return "+OK Success\n"
            case "uuid_exists":
                return "true"
            case _:
                return f"-ERR {name} Command not found!\n"
        return "+OK\n"

    def _move(self, steps: str) -> None:
        """``uuid_transfer ... inline``: beside another leg, or into its own place."""
        if self.ended:
            return
        self._leave_host()
        for step in steps.removesuffix(" inline").split(","):
            if step.startswith(SPIES):
                host = self._switch.leg(step.partition(":")[2])
                if host is not None and not host.ended:
                    self.unpark(host.uuid)
                    self.host = host
                    host.guests.add(self)
                    host._tell("MEDIA_BUG_START", {"Media-Bug-Function": "eavesdrop"})
                    return
        self.park()

    def _leave_host(self) -> None:
        if self.host is not None:
            self.host.guests.discard(self)
            self.host = None

    # --- its end -----------------------------------------------------------------------------------------------

    def end(self, cause: str, *, by_far_end: bool) -> None:
        """It ends; ringing still, when its originate sees it."""
        if self.ended:
            return
        self._cause = self._cause or cause
        if self.is_up:
            self._finish(cause, side="recv_bye" if by_far_end else "send_bye")
        self._over.set()

    def _finish(self, cause: str, *, side: str = "recv_refuse", recording: str = "") -> None:
        self.ended, self._cause = True, cause
        self._part()
        if self._parked:
            self._parked = False
            self._tell("CHANNEL_EXECUTE_COMPLETE", PARK | {"Answer-State": "hangup", "Hangup-Cause": cause})
        values = {"Hangup-Cause": cause, "variable_sip_hangup_disposition": side, "Answer-State": "hangup"}
        if recording:
            self._tell("CHANNEL_HANGUP_COMPLETE", {"Answer-State": "hangup"}, recording)
        else:
            number = {"NO_ANSWER": 19}.get(cause) or Q850.get(cause, 487)
            self._tell("CHANNEL_HANGUP_COMPLETE", values | {"variable_hangup_cause_q850": str(number)})
        self._over.set()
        self._switch.gone(self.uuid)
        self._leave_host()
        for guest in list(self.guests):
            guest.park()
        if self.customer is not None:
            self.customer.leg_gone()

    def _part(self) -> None:
        """The other leg of a bridge ends first."""
        other, self._with = self._with, None
        if other is not None:
            other._with = None
            other.end("NORMAL_CLEARING", by_far_end=False)
            told = {"Bridge-B-Unique-ID": other.uuid, "Answer-State": "hangup", "Hangup-Cause": self._cause}
            self._tell("CHANNEL_UNBRIDGE", told)

    def _tell(self, event: str, values: Mapping[str, str] | None = None, recording: str = "") -> None:
        state = {"Answer-State": "answered" if self.is_up else "ringing"}
        self._switch.tell_of_leg(event, self.uuid, state | dict(values or {}), recording)
