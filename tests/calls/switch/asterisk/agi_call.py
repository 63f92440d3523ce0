"""One call whose Asterisk is played by the test: a channel, its AGI peer and a double of AMI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from calls.errors import PromptError, SwitchError
from calls.ids import BootId, CallId
from calls.switch.asterisk.channel import AsteriskChannel, Surroundings
from calls.switch.asterisk.channel_info import inbound_info
from calls.switch.asterisk.fastagi import FastAgiServer
from calls.switch.port import Gather, KeyPlan, Prompt, Result, SwitchCommand
from tests.calls.switch.asterisk import agi_peer
from tests.calls.switch.asterisk.agi_peer import TOKEN, Peer, Requests

CALL = CallId("call-1")
WELCOME, MENU = Prompt("welcome", "en"), Prompt("menu", "en")
MENU_S = 1.5
MENU_FILE = b"/prompts/en/menu"
WELCOME_FILE = b"/prompts/en/welcome"
CHOICES = KeyPlan(frozenset({"1", "2", "#", "*"}))


def gather(plan: KeyPlan = CHOICES, *, barge_in: bool = True, prompts: tuple[Prompt, ...] = (MENU,)) -> Gather:
    return Gather(prompts, plan, first_key_timeout_s=4.0, next_key_timeout_s=2.0, barge_in=barge_in)


class Prompts:
    """Two prompts, and no third."""

    def path(self, prompt: Prompt) -> Path:
        self._known(prompt)
        return Path(f"/prompts/{prompt.language}/{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        self._known(prompt)
        return MENU_S

    def _known(self, prompt: Prompt) -> None:
        if prompt not in (WELCOME, MENU):
            raise PromptError(f"no prompt {prompt.key}")


@dataclass
class Control:
    """What AMI was asked for; ``fault`` is its answer."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    fault: SwitchError | None = None
    faults: dict[str, SwitchError] = field(default_factory=dict)
    """To one question alone, by its name."""
    on_redirect: Callable[[], None] | None = None

    async def redirect(self, channel: str, context: str, exten: str, priority: int = 1) -> None:
        await self._ask("redirect", channel, context, exten, str(priority))
        if self.on_redirect is not None:
            self.on_redirect()

    async def record_talk(self, channel: str, recording: str) -> None:
        await self._ask("record_talk", channel, recording)

    async def kick(self, conference: str, channel: str) -> None:
        await self._ask("kick", conference, channel)

    async def hang_up(self, channel: str, cause: int = 16) -> None:
        await self._ask("hang_up", channel, str(cause))

    async def signal(self, channel: str) -> None:
        await self._ask("signal", channel)

    async def mute_recording(self, channel: str, *, muted: bool) -> None:
        await self._ask("mute_recording", channel, str(muted))

    async def stop_recording(self, channel: str) -> None:
        await self._ask("stop_recording", channel)

    async def _ask(self, *what: str) -> None:
        self.asked.append(what)
        await asyncio.sleep(0)
        if (fault := self.faults.get(what[0], self.fault)) is not None:
            raise fault

    async def was_asked(self, *what: str) -> None:
        await agi_peer.settled(lambda: what in self.asked)


@dataclass
class Call:
    """What a test of one call needs."""

    server: FastAgiServer
    peer: Peer
    channel: AsteriskChannel
    control: Control
    back: Requests
    connected: list[bool]

    def start(self, command: SwitchCommand) -> asyncio.Task[Result]:
        return asyncio.ensure_future(self._perform(command))

    async def _perform(self, command: SwitchCommand) -> Result:
        return await self.channel.perform(command)

    async def come_back(self, ended: str) -> Peer:
        """The dialplan's callwright-resume asks for us again; how the talk ended is its second argument."""
        peer = await agi_peer.request(self.server, f"resume?token={TOKEN}", CALL, ended)
        connection = await self.back.next()
        self._rebinding = asyncio.ensure_future(self.channel.rebind(connection))
        await asyncio.sleep(0)
        return peer


async def result(performed: Awaitable[Result]) -> Result:
    async with asyncio.timeout(agi_peer.WITHIN_S):
        return await performed


@asynccontextmanager
async def live_call(version: str = "asterisk-16", prompts: Prompts | None = None) -> AsyncIterator[Call]:
    async with agi_peer.serving() as (server, requests):
        back = Requests()
        server.add_route("resume", back.serve, capped=False)
        peer = await agi_peer.connect(server)
        peer.say(agi_peer.environment(version=version))
        connection = await requests.next()
        control, connected = Control(), list[bool]()
        destinations = {"sales": "PJSIP/sales@carrier"}
        channel = AsteriskChannel(
            inbound_info(connection.environment, CALL, "main", BootId("boot-1")),
            connection,
            Surroundings(control, prompts or Prompts(), destinations),
            connected.append,
        )
        yield Call(server, peer, channel, control, back, connected)
