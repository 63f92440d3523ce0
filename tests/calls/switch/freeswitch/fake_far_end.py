"""Whom the fake FreeSWITCH dials: what they do, and how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.calls.switch.freeswitch.fake_caller import Spans
from tests.calls.wire.esl_recordings import Lines, events, value

if TYPE_CHECKING:
    from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch

STEP_S = 0.02
EARLY_S = 0.37
"""By how much a ring timeout is short, which FreeSWITCH counts in whole seconds. Seen: esl-originate-no-answer."""


@dataclass(frozen=True, slots=True)
class FarEnd:
    """A telephone that is dialled. ``answers_after_s`` None: it rings until it is cancelled."""

    answers_after_s: float | None = 0.1
    talks_s: float = 30.0
    """From the answer until it hangs up."""
    refuses: str = ""
    """The recording of a far end that says no at once."""
    speaks: Spans = ()
    """When it is heard, in seconds from the answer."""
    key_after_s: float | None = 0.1
    """When it presses the key that takes the call, where one is asked for."""


BUSY = FarEnd(refuses="esl-originate-busy")


def ended_by(recording: str) -> Lines:
    """The end of the leg of a recording, with its causes."""
    return next(lines for lines in events(recording) if value(lines, "Event-Name") == "CHANNEL_HANGUP_COMPLETE")


def settings_of(argument: str) -> tuple[dict[str, str], str]:
    """The variables of a dial string, and what is behind them."""
    if not argument.startswith("{"):
        return {}, argument
    settings, _, rest = argument.removeprefix("{").partition("}")
    return dict(each.split("=", 1) for each in settings.split(",")), rest


@dataclass
class FarLeg:
    """One leg that the application ``bridge`` dials for a call. Orders: outbound-bridge. ``tell``: an event of a
    channel of this id; ``caller_left``: the call has ended meanwhile."""

    switch: FakeFreeSwitch
    tell: Callable[[str, Mapping[str, str], str], None]
    caller_left: Callable[[], bool]
    leg_id: str = ""
    is_up: bool = False
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    """It was killed, or the caller has left."""

    async def dial(self, argument: str) -> dict[str, str]:
        """From the application's argument to its end: the variables that it leaves behind."""
        asked, endpoint = settings_of(argument)
        self.leg_id = asked.get("origination_uuid", "00000000-0000-4000-8000-00000000fa12")
        far = self.switch.far_end(endpoint)
        self.switch.add(self.leg_id, self)
        self.tell("CHANNEL_CREATE", {}, self.leg_id)
        await self._waits(STEP_S)
        if far.refuses:
            lines = ended_by(far.refuses)
            return self._ends(value(lines, "Hangup-Cause"), value(lines, "variable_hangup_cause_q850"))
        self.tell("CHANNEL_PROGRESS", {}, self.leg_id)
        rings_s = int(asked.get("originate_timeout", "60")) - EARLY_S
        answers = far.answers_after_s is not None and far.answers_after_s <= rings_s
        if not await self._waits(far.answers_after_s if answers else rings_s) or not answers:
            return self._ends("ORIGINATOR_CANCEL" if self.caller_left() else "NO_ANSWER", "19")
        self.is_up = True
        self.tell("CHANNEL_ANSWER", {}, self.leg_id)
        answered_at = asyncio.get_running_loop().time()
        if not await self._confirms(asked, far):
            return self._ends("NORMAL_CLEARING", "16")
        await self._waits(2 * STEP_S)
        self.tell("CHANNEL_BRIDGE", {"Bridge-B-Unique-ID": self.leg_id, "Other-Leg-Unique-ID": self.leg_id}, "")
        await self._waits(answered_at + far.talks_s - asyncio.get_running_loop().time())
        if not self.caller_left():
            self.tell("CHANNEL_UNBRIDGE", {"Bridge-B-Unique-ID": self.leg_id}, "")
        return self._ends("NORMAL_CLEARING", "16") | {"variable_originate_disposition": "SUCCESS"}

    def api(self, command: str) -> str:
        """Run an api command about it: its output."""
        if command.startswith("uuid_kill "):
            asyncio.get_running_loop().call_later(STEP_S, self.stopped.set)
            return "+OK\n"
        return "-ERR Command not found!\n"

    async def _confirms(self, asked: Mapping[str, str], far: FarEnd) -> bool:
        """What the one who answers hears first; whether the call is taken."""
        key, file = asked.get("group_confirm_key", ""), asked.get("group_confirm_file", "")
        heard = file.removeprefix("playback ").removeprefix("file_string://").split("!")
        whisper_s = sum(self.switch.durations[each] for each in heard) if file else 0.0
        if key in ("", "exec"):
            return await self._waits(whisper_s)
        reads_s = whisper_s + int(asked["group_confirm_read_timeout"]) / 1_000
        presses = far.key_after_s is not None and far.key_after_s <= reads_s
        return await self._waits(far.key_after_s if presses else reads_s) and presses

    async def _waits(self, seconds: float | None) -> bool:
        """Whether the time passed before the leg was killed or the caller left."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            return True
        return False

    def _ends(self, cause: str, number: str) -> dict[str, str]:
        self.switch.gone(self.leg_id)
        ended = {"Hangup-Cause": cause, "variable_hangup_cause_q850": number, "Answer-State": "hangup"}
        self.tell("CHANNEL_HANGUP_COMPLETE", ended | {"variable_sip_hangup_disposition": "send_bye"}, self.leg_id)
        return {"variable_originate_disposition": cause}
