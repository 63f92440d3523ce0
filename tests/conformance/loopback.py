"""The adapter of the loopback switch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from calls.switch.loopback.callers import KEY_GAP_S, CallerScript, Step, Wait
from calls.switch.loopback.callers import HangUp as Leave
from calls.switch.loopback.callers import Press as Keys
from calls.switch.loopback.callers import Speak as Say
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import EndedBy, Prompt, Switch
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.engine.premises import Premises, trunks
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.vocabulary import DESTINATIONS, Act, HangUp, Press, Speak, duration_s
from tests.console.held_time import HeldTimeLoop, LoopClock

LOOK_S = 50e-6
"""The longest that a look at the clock takes, with what is done before the next; most take next to nothing."""


class Durations:
    """The prompts of the scripts, of which the loopback switch needs the lengths only."""

    def path(self, prompt: Prompt) -> Path:
        return Path(f"{prompt.key}.{prompt.language}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return duration_s(prompt)


class CreepingClock(LoopClock):
    """The loop's clock, of which no two looks are the same moment: as on a real machine, and unlike virtual time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._draw = Random(1)
        self._crept_s = 0.0

    def monotonic_s(self) -> float:
        self._crept_s += LOOK_S * self._draw.random() ** 8
        return super().monotonic_s() + self._crept_s

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._crept_s)


def new_switch(trunks: Collection[str]) -> LoopbackSwitch:
    """A switch with the destinations of the scripts and these trunks."""
    ids = count(1)
    return LoopbackSwitch(
        "loopback",
        Durations(),
        trunks=trunks,
        destinations={name: f"PJSIP/555010{digit}@carrier" for name, digit in DESTINATIONS.items()},
        phones={},
        new_id=lambda: f"id-{next(ids)}",
        draw=Random(7),
    )


async def ring_in(switch: LoopbackSwitch, called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
    """See :data:`tests.conformance.engine.play.RingIn`."""
    call = switch.place_call(CallerScript(called, tuple(steps_of(acts)), caller=caller))
    return (await call.over()).by


async def play_call(
    script: EngineScript, folder: Path, wrapped: Callable[[LoopbackSwitch], Switch] = lambda switch: switch
) -> None:
    """Play one whole call on an engine and a switch of its own, in held time.

    Raises:
        AssertionError: names all that is not as it must be.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HeldTimeLoop)
    ids = count(1)
    switch = new_switch(trunks([script]))
    bench = Bench(
        Premises([script], folder),
        wrapped(switch),
        partial(ring_in, switch),
        slack_s=0.0,
        clock=CreepingClock(loop),
        new_id=lambda: f"id-{next(ids)}",
    )
    writer = bench.engine.writer
    loop.hold_while(lambda: writer.behind_s() > 0)
    async with open_bench(bench):
        await bench.play(script)


class LoopbackUnderTest:
    """See :class:`tests.conformance.play.SwitchUnderTest`."""

    def __init__(self) -> None:
        self.slack_s = 0.0
        self.trunk = "carrier"
        self.agent_endpoint = "PJSIP/agent1"
        self._switch: LoopbackSwitch | None = None

    def make_switch(self) -> LoopbackSwitch:
        self._switch = new_switch({self.trunk})
        return self._switch

    def number(self, digit: str) -> str:
        return f"+1555010000{digit}"

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        assert self._switch is not None, "make_switch comes first"
        return await ring_in(self._switch, "100", "+15550100000", acts)


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
            case Speak(for_s=for_s):
                steps.append(Say(for_s))
                now_s += for_s
            case HangUp():
                steps.append(Leave())
    return steps
