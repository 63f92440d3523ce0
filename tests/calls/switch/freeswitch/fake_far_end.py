"""A transfer's target on the fake FreeSWITCH, which the application ``bridge`` dials. Orders: outbound-bridge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

STEP_S = 0.005


@dataclass(frozen=True, slots=True)
class FarEnd:
    """A transfer's target. ``answers_after_s`` None: it rings until it is cancelled."""

    answers_after_s: float | None = 0.1
    talks_s: float = 30.0
    takes: bool = True
    """It presses the key that takes the call, where one is asked for."""


@dataclass
class FarLeg:
    """One leg that a call dials. ``tell``: an event; ``caller_left``: the call has ended meanwhile."""

    tell: Callable[[str, Mapping[str, str]], None]
    caller_left: Callable[[], bool]
    leg_id: str = ""
    killed: asyncio.Event = field(default_factory=asyncio.Event)

    async def dial(self, argument: str, answers: Mapping[str, FarEnd]) -> dict[str, str]:
        """From the application's argument to its end: the variables that it leaves behind."""
        settings, _, endpoint = argument.removeprefix("{").partition("}")
        asked = dict(each.split("=", 1) for each in settings.split(","))
        self.leg_id = asked["origination_uuid"]
        far = answers.get(endpoint)
        if far is None:
            return self._ends("USER_BUSY", 17)
        if not await self._waits(far.answers_after_s):
            return self._ends("NO_ANSWER", 19)
        self.tell("CHANNEL_ANSWER", {"Unique-ID": self.leg_id})
        if "group_confirm_key" in asked and not await self._waits(0.1 if far.takes else None):
            return self._ends("NORMAL_CLEARING", 16)
        self.tell("CHANNEL_BRIDGE", {"Bridge-B-Unique-ID": self.leg_id, "Other-Leg-Unique-ID": self.leg_id})
        await self._waits(far.talks_s)
        return self._ends("NORMAL_CLEARING", 16)

    async def _waits(self, seconds: float | None) -> bool:
        """Whether the time passed before the leg was killed or the caller left."""
        try:
            async with asyncio.timeout(seconds):
                while not (self.killed.is_set() or self.caller_left()):  # noqa: ASYNC110 - either of two
                    await asyncio.sleep(STEP_S)
        except TimeoutError:
            return True
        return False

    def _ends(self, cause: str, number: int) -> dict[str, str]:
        ended = {"Unique-ID": self.leg_id, "Hangup-Cause": cause, "variable_hangup_cause_q850": str(number)}
        self.tell("CHANNEL_HANGUP_COMPLETE", ended | {"variable_sip_hangup_disposition": "send_bye"})
        return {"variable_originate_disposition": cause}
