"""A loopback switch under test, and an engine that only remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from pathlib import Path
from random import Random

from calls.ids import LegId
from calls.switch.events import LegAnswered, SwitchEvent
from calls.switch.loopback.phones import AgentPhone
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import Answer, CallChannel, Prompt, RingAgent, SwitchCommand

TRUNK = "carrier"
WELCOME, MENU = Prompt("welcome", "en"), Prompt("menu", "en")
DURATIONS_S = {WELCOME: 2.0, MENU: 3.0}


class Prompts:
    def path(self, prompt: Prompt) -> Path:
        return Path(f"{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return DURATIONS_S[prompt]


class Bench:
    """Every call that comes is handled by ``handle``; events are kept with their times."""

    def __init__(self, phones: Mapping[str, AgentPhone] | None = None) -> None:
        numbers = count(1)
        self.switch = LoopbackSwitch(
            "loopback",
            Prompts(),
            trunks={TRUNK},
            destinations={"office": "PJSIP/1001@carrier"},
            phones=phones or {},
            new_id=lambda: f"id-{next(numbers)}",
            draw=Random(1),
        )
        self.told: list[SwitchEvent] = []
        self.results: list[object] = []
        self.handle: Callable[[CallChannel], Awaitable[None]] = self.idle
        self.channels: list[CallChannel] = []

    async def start(self) -> None:
        await self.switch.start(self.told.append, self._on_call)
        await asyncio.sleep(0)

    async def _on_call(self, channel: CallChannel) -> None:
        self.channels.append(channel)
        await self.handle(channel)

    async def idle(self, channel: CallChannel) -> None:
        """Answer and do nothing more."""
        await channel.perform(Answer())
        await asyncio.sleep(3600)

    def perform(self, *commands: SwitchCommand) -> None:
        """Calls that come are given ``commands``; their results are kept."""

        async def handle(channel: CallChannel) -> None:
            for command in commands:
                self.results.append(await channel.perform(command))

        self.handle = handle

    async def agent_up(self, leg_id: LegId, endpoint: str = "PJSIP/agent1") -> None:
        await self.switch.originate(RingAgent(leg_id, endpoint, "100", ring_timeout_s=20.0))
        await asyncio.sleep(1.0)
        assert LegAnswered(leg_id) in self.told
