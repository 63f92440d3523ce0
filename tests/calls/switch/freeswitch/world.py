"""A FreeSwitch driver that listens, and a fake FreeSWITCH that calls it.

On a loop in held time (:mod:`tests.console.held_time`) the clock stands while anything is on its way between the two.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import gevent
import pytest
from pydantic import SecretStr

from calls.errors import PromptError
from calls.switch.events import SwitchEvent
from calls.switch.freeswitch.config import FreeSwitchConfig, TrunkDial
from calls.switch.freeswitch.esl_client import EslSettings
from calls.switch.freeswitch.server import Limits, Server
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import CallChannel, Prompt, Result
from tests.calls.switch.freeswitch.fake_event_socket import CORE, PASSWORD, FakeEventSocket
from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch
from tests.calls.switch.freeswitch.traffic import Traffic, held_for
from tests.console.held_time import HeldTimeLoop

TOKEN = "a-token-of-this-test"
SHORT = Prompt("short", "en")
LONG = Prompt("long", "en")
MISSING = Prompt("missing", "en")
"""A prompt of ours whose file the switch does not find."""

DURATIONS_S = {SHORT: 0.3, LONG: 5.0, MISSING: 0.3}
DEADLINE_S = 20.0

Handler = Callable[[CallChannel], Awaitable[None]]


class Files:
    """The prompts of these tests."""

    def path(self, prompt: Prompt) -> Path:
        if prompt not in DURATIONS_S:
            raise PromptError(f"no prompt {prompt.key}")
        return Path(f"/var/lib/pbx/prompts/{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return DURATIONS_S[prompt]


class World:
    """The driver, the calls that its handler saw, and what they came to."""

    def __init__(
        self, switch: FreeSwitch, handler: Handler, event_socket: FakeEventSocket, traffic: Traffic | None = None
    ) -> None:
        self.switch = switch
        self._traffic = traffic
        self.event_socket = event_socket
        self.handler = handler
        self.channels: list[CallChannel] = []
        self.handled = asyncio.Queue[CallChannel]()
        self.events: list[SwitchEvent] = []
        self.faults: list[BaseException] = []
        self.server: Server
        """Set when the switch has been started."""
        files = {str(Files().path(prompt)): lasts_s for prompt, lasts_s in DURATIONS_S.items() if prompt != MISSING}
        self._files = files

    @property
    def commands_of_talks(self) -> list[str]:
        """What was said over the event socket."""
        return self.event_socket.said

    def freeswitch(self, token: str = TOKEN, mode: str = "async") -> FakeFreeSwitch:
        made = FakeFreeSwitch(self.switch.port, token, self._files, mode=mode, traffic=self._traffic)
        made.attach(self.event_socket)
        return made

    async def on_call(self, channel: CallChannel) -> None:
        self.channels.append(channel)
        try:
            await self.handler(channel)
        except (AssertionError, pytest.fail.Exception) as fault:
            self.faults.append(fault)  # the driver only logs what a handler raises
            raise
        finally:
            self.handled.put_nowait(channel)

    async def settled(self) -> None:
        """Every connection has ended, on both threads, and every call's handler."""
        server = self.server
        await until(lambda: server.calls == server.waiting == server.connection_count == 0)
        await asyncio.sleep(0)  # what the hub told before its counts has come
        await until(lambda: self.switch.calls == 0)


def config_of(event_socket: FakeEventSocket, port: int = 0, limits: Limits | None = None) -> FreeSwitchConfig:
    """A FreeSWITCH whose event socket is a fake one."""
    esl = EslSettings("127.0.0.1", event_socket.port, SecretStr(PASSWORD))
    return FreeSwitchConfig(
        "fs",
        "127.0.0.1",
        port,
        SecretStr(TOKEN),
        esl,
        trunks={"carrier": TrunkDial("sofia/gateway/carrier/{number}")},
        destinations={"desk": "user/desk"},
        limits=limits or Limits(),
        settle_s=0.0,
    )


@asynccontextmanager
async def world(
    handler: Handler, limits: Limits | None = None, *, settles: bool = True, first_core: str = CORE
) -> AsyncIterator[World]:
    """A driver for as long as it is needed. At the end every call must have ended, unless not ``settles``.
    ``first_core``: which run of the switch it meets first."""
    with _traffic() as traffic:
        async with FakeEventSocket(traffic) as event_socket:
            event_socket.core = first_core
            config = config_of(event_socket, limits=limits or Limits())
            made = World(FreeSwitch(config, Files(), lambda: str(uuid4())), handler, event_socket, traffic)
            await made.switch.start(made.events.append, made.on_call)
            made.server = made.switch.server
            try:
                yield made
                if settles:
                    await made.settled()
            finally:
                await made.switch.stop()
    for fault in made.faults:
        raise fault


@contextmanager
def _traffic() -> Iterator[Traffic | None]:
    """What is on its way, where time is held; None where it is the machine's."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, HeldTimeLoop):
        yield None
        return
    with held_for(loop) as traffic:
        yield traffic


async def until(holds: Callable[[], bool]) -> None:
    """Wait until ``holds``, which another thread makes true. The deadline is the machine's, whatever time is held."""
    gives_up_at = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < gives_up_at, "it never came to that"
        await asyncio.sleep(0.005)
        if isinstance(asyncio.get_running_loop(), HeldTimeLoop):  # where no time passes by waiting
            await asyncio.to_thread(time.sleep, 0.001)


async def soon(result: Awaitable[Result]) -> Result:
    """The result, within the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        return await result


def descriptors() -> int:
    """How many files and sockets are open in this process."""
    return len(os.listdir("/proc/self/fd"))


def greenlets() -> int:
    """How many greenlets of gevent's live in this process."""
    gc.collect()
    return sum(isinstance(each, gevent.Greenlet) and not each.dead for each in gc.get_objects())
