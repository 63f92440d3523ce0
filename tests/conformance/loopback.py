"""The adapter of the loopback switch."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from random import Random

from calls.switch.loopback.callers import KEY_GAP_S, CallerScript, Step, Wait
from calls.switch.loopback.callers import HangUp as Leave
from calls.switch.loopback.callers import Press as Keys
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import EndedBy, Prompt
from tests.conformance.vocabulary import DESTINATIONS, DURATIONS_S, Act, HangUp, Press


class Durations:
    """The prompts of the scripts, of which the loopback switch needs the lengths only."""

    def path(self, prompt: Prompt) -> Path:
        return Path(f"{prompt.key}.{prompt.language}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return DURATIONS_S[prompt]


class LoopbackUnderTest:
    """See :class:`tests.conformance.play.SwitchUnderTest`."""

    def __init__(self) -> None:
        self.slack_s = 0.0
        self.trunk = "carrier"
        self.agent_endpoint = "PJSIP/agent1"
        self._switch: LoopbackSwitch | None = None

    def make_switch(self) -> LoopbackSwitch:
        ids = count(1)
        self._switch = LoopbackSwitch(
            "loopback",
            Durations(),
            trunks={self.trunk},
            destinations={name: f"PJSIP/555010{digit}@carrier" for name, digit in DESTINATIONS.items()},
            phones={},
            new_id=lambda: f"id-{next(ids)}",
            draw=Random(7),
        )
        return self._switch

    def number(self, digit: str) -> str:
        return f"+1555010000{digit}"

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        assert self._switch is not None, "make_switch comes first"
        call = self._switch.place_call(CallerScript("100", tuple(steps_of(acts))))
        return (await call.over()).by


def steps_of(acts: tuple[Act, ...]) -> list[Step]:
    """Acts at times after the answer, as steps with waits between them."""
    steps: list[Step] = []
    now_s = 0.0
    for act in acts:
        steps.append(Wait(act.at_s - now_s))
        now_s = act.at_s
        match act:
            case Press(keys=keys):
                steps.append(Keys(keys))
                now_s += KEY_GAP_S * (len(keys) - 1)
            case HangUp():
                steps.append(Leave())
    return steps
