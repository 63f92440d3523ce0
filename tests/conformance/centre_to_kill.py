"""A centre in a process of its own, with a call at each step, on a FreeSWITCH: real, or the one made from recordings.

The process is :mod:`tests.conformance.killed_centre`. Both FreeSWITCHes are reached in the same way, by the host, the
port and the password of an event socket, and both connect to the port at which the process serves calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from calls.causes import Outcome
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import Callees, CallerScript, SippHome
from console.demo.sipp import call as place_call
from tests.calls.switch.freeswitch.fake_caller import Caller
from tests.calls.switch.freeswitch.fake_event_socket import PASSWORD, FakeEventSocket
from tests.calls.switch.freeswitch.fake_far_end import FarEnd
from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch
from tests.conformance.engine import standing
from tests.conformance.engine.premises import Premises
from tests.conformance.freeswitch import People
from tests.conformance.freeswitch_real import ENGINE_PORT, TOKEN, VARIABLE, FarEnds, Real, Tones, far_ends, find
from tests.conformance.vocabulary import DURATIONS_S
from tests.integration.conftest import Trees

STAYS_S = 60.0
SAYS_WITHIN_S = 60.0

Stop = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """A FreeSWITCH and who is around it. ``ring_in``: one caller, by the number called and their own, who stays; it
    returns what ends them."""

    real: Real
    ports: FarEnds
    engine_port: int
    folder: Path
    ring_in: Callable[[str, str], Awaitable[Stop]]


@asynccontextmanager
async def real_place(trees: Trees, callees: Callees) -> AsyncIterator[Place]:
    """The FreeSWITCH that the environment names, with SIPp around it."""
    real = await find(os.environ)
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        sipp = SippHome(trees.sipp, Path(name) / "sipp")

        async def ring_in(called: str, caller: str) -> Stop:
            script = CallerScript(called, caller=caller, stays_s=STAYS_S)
            return (await place_call(sipp, f"at-{called}", script, sip_port=real.sip_port)).stop

        async with far_ends(sipp, callees) as ports:
            yield Place(real, ports, ENGINE_PORT, Path(name), ring_in)


@asynccontextmanager
async def fake_place(folder: Path) -> AsyncIterator[tuple[Place, FakeFreeSwitch]]:
    """One that is made from recordings, in this process and in the machine's time."""
    async with FakeEventSocket() as event_socket, AsyncExitStack() as stack:
        tones = Tones(folder / "prompts")
        durations = {str(tones.path(prompt)): lasts_s for prompt, lasts_s in DURATIONS_S.items()}
        freeswitch = FakeFreeSwitch(free_port(socket.SOCK_STREAM), TOKEN, durations)
        freeswitch.attach(event_socket)
        freeswitch.far_end = _Telephones()
        real = Real(LOOPBACK, event_socket.port, PASSWORD, "lo", 5_060)
        event_socket.api = lambda command: STATUS if command == "sofia xmlstatus" else freeswitch.api(command)
        stack.push_async_callback(freeswitch.stop)

        async def ring_in(called: str, caller: str) -> Stop:
            calling = asyncio.ensure_future(freeswitch.call(Caller(called=called, number=caller)))

            async def stop() -> None:
                calling.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await calling

            return stop

        yield Place(real, FarEnds(1, 2, 3), freeswitch.port, folder, ring_in), freeswitch


STATUS = "<profiles><profile><name>lo</name><data>sip:mod_sofia@127.0.0.1:5060</data></profile></profiles>"


class _Telephones:
    """Those of the conformance scripts, by the dial strings of a real FreeSWITCH."""

    def __init__(self) -> None:
        self._others = People()
        self._draw = Random(7)

    def __call__(self, endpoint: str) -> FarEnd:
        if "/agent@" in endpoint:
            return FarEnd(self._draw.uniform(0.1, 0.2), talks_s=3_600.0)
        return self._others(endpoint)


@dataclass
class Centre:
    """The process with an engine and its store, and its calls."""

    place: Place
    premises: Premises
    starter: Process
    run: int = field(init=False)
    """The process that is killed."""

    async def start(self, how: str) -> None:
        """A new run on the same store: ``first`` or ``again``."""
        assert self.starter.stdin is not None
        self.starter.stdin.write(f"{how}\n".encode())
        self.run = int((await self._line(b"run ")).split()[1])

    async def says(self, line: str) -> None:
        """Returns when it has said so; what it logs is passed over."""
        await self._line(line.encode())

    async def kill(self) -> None:
        """``kill -9``; returns when it is gone."""
        os.kill(self.run, signal.SIGKILL)
        await self._line(b"gone")

    async def channels(self, how_many: int) -> list[dict[str, str]]:
        """FreeSWITCH's channels, as soon as there are so many, or after a while."""
        return await channels(self.place.real, lambda rows: len(rows) == how_many)

    def check(self, outcome: Outcome, **of: Outcome) -> None:
        """One record for each call and each attempt, and nobody is dialled twice. ``outcome``: what each came to, but
        the scripts ``of`` these names."""
        how_many, found = standing.records(self.premises)
        expected = {self.premises.called(each): of.get(each.name, outcome) for each in standing.SCRIPTS}
        lead = self.premises.called(standing.RINGING)
        expected[f"attempt {lead}"] = expected[lead]
        assert found == expected, found
        assert set(how_many.values()) == {1}, how_many

    async def _line(self, begins: bytes) -> bytes:
        assert self.starter.stdout is not None
        async with asyncio.timeout(SAYS_WITHIN_S):
            while not (said := await self.starter.stdout.readline()).startswith(begins):
                assert said, "it has ended"
        return said


@asynccontextmanager
async def centre_at(place: Place) -> AsyncIterator[Centre]:
    """A centre whose calls stand at each step, beside a lead that rings."""
    premises = Premises(standing.SCRIPTS, place.folder)
    real, ports = place.real, place.ports
    words = [place.folder, ports.carrier, ports.phone, ports.taker, place.engine_port]
    starter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.conformance.killed_centre", *map(str, words)),
        stdin=PIPE,
        stdout=PIPE,
        env=os.environ | {VARIABLE: f"{real.host}:{real.port}:{real.password}"},
    )
    centre = Centre(place, premises, starter)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_end, centre)
        await centre.start("first")
        stack.push_async_callback(real.api, "hupall")
        await centre.says("ready")
        for script in standing.STANDING:
            stack.push_async_callback(await place.ring_in(premises.called(script), premises.caller(script)))
        await centre.says("stand")
        yield centre


async def _end(centre: Centre) -> None:
    with contextlib.suppress(ProcessLookupError, AttributeError):
        os.kill(centre.run, signal.SIGKILL)
    assert centre.starter.stdin is not None
    centre.starter.stdin.close()
    await centre.starter.communicate()


async def channels(real: Real, holds: Callable[[list[dict[str, str]]], bool]) -> list[dict[str, str]]:
    """FreeSWITCH's channels, as soon as they are so, or after a while."""
    rows: list[dict[str, str]] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(15.0):
            while True:  # the switch tells nobody: it is asked again
                rows = json.loads(await real.api("show channels as json")).get("rows", [])
                if holds(rows):
                    break
                await asyncio.sleep(0.1)
    return rows
