"""Three hundred calls at once on FreeSWITCH's outbound socket: how long a turn takes.

``python -m tests.bench.outbound``. The peer, a process of its own, opens the sessions as FreeSWITCH does, with its
recorded frames; our driver leads each through prompts, and the peer takes the time from the event that ends a
prompt, as it leaves, to the command for the next one, as it comes. In it are both threads of ours, the way between
them and back, and what the peer itself is late. As in the engine the interpreter never looks at all objects by
itself. The same peer then calls a plain server of asyncio, which looks for nothing but the end of a prompt: what a
turn takes at the least, on this machine now.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import re
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from calls.switch.freeswitch.config import FreeSwitchConfig
from calls.switch.freeswitch.esl_client import EslSettings
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import Answer, CallChannel, Done, Hangup, Play, Prompt
from console.engine import garbage
from tests.bench.quantiles import quantile
from tests.calls.switch.freeswitch.fake_event_socket import PASSWORD, FakeEventSocket
from tests.calls.switch.freeswitch.fake_frames import REPLY, event_frame, filled, quoted, recorded, wire

CALLS = 300
PROMPTS = 12
LASTS_S = (1.0, 3.0)
"""How long a prompt plays: at 300 calls 150 turns a second, more than callers ever make."""

COME_S = 10.0
"""In which all calls come."""

ENDED_S = 20.0
"""In which the last calls' ends are dealt with."""

TOKEN = "a-token-of-the-benchmark"
CHANNEL, APPLICATION = "0" * 36, "1" * 36
"""Places in the frames, as long as what stands there."""

OK = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
API_OK = b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n"
EVENT_ID = re.compile(rb"Event-UUID: (\S{36})\n")


@dataclass(frozen=True, slots=True)
class Figures:
    """One run."""

    calls: int
    turns_s: tuple[float, ...]
    whole: int
    """Calls that were led to their end."""
    most_at_once: int
    cpu_s: float
    """Of our process, for all of them."""
    plain_turns_s: tuple[float, ...]
    """Of the same calls, led by a plain server."""

    @property
    def p99_s(self) -> float:
        """Of the turns."""
        return quantile(self.turns_s, 0.99)


# --- the peer -----------------------------------------------------------------------------------------------------


def _event(name: str, application: str = "") -> bytes:
    ours = dict.fromkeys(("Unique-ID", "Channel-Call-UUID", "Caller-Unique-ID", "variable_uuid"), CHANNEL)
    more = {"Application-UUID": APPLICATION, "Application-Response": "FILE PLAYED"} if application else {}
    return event_frame(filled(recorded(name, application), ours, more))


class _Session(asyncio.Protocol):
    """One call."""

    begun = _event("CHANNEL_EXECUTE", "playback")
    ended = _event("CHANNEL_EXECUTE_COMPLETE", "playback")
    gone = _event("CHANNEL_HANGUP_COMPLETE")

    def __init__(self, lasts: random.Random, turns_s: list[float]) -> None:
        self._lasts = lasts
        self._turns_s = turns_s
        self._rest = b""
        self._told_at: float | None = None
        self._loop = asyncio.get_running_loop()
        self._id = str(uuid4()).encode()
        self.over: asyncio.Future[bool] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(False)

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        *commands, self._rest = (self._rest + data).split(b"\n\n")
        for command in commands:
            self._command(command + b"\n", now)

    def _command(self, command: bytes, now: float) -> None:
        match command.split(None, 1)[0]:
            case b"connect":
                ours = {"Unique-ID": self._id.decode(), "Channel-Call-UUID": self._id.decode()}
                lines = filled(REPLY, ours, {})
                at = next(index for index, (name, _) in enumerate(lines) if name == "Content-Type")
                self._transport.write(wire((*lines[:at], ("variable_cw_token", quoted(TOKEN)), *lines[at:])))
            case b"api":
                self._transport.write(API_OK)
            case b"sendmsg" if b"call-command: hangup" in command:
                self._transport.write(OK + self._frame(self.gone))
                if not self.over.done():
                    self.over.set_result(True)
            case b"sendmsg":
                if self._told_at is not None:
                    self._turns_s.append(now - self._told_at)
                    self._told_at = None
                self._execute(command)
            case _:
                self._transport.write(OK)

    def _execute(self, command: bytes) -> None:
        found = EVENT_ID.search(command)
        assert found is not None, command
        self._transport.write(OK + self._frame(self.begun, found[1]))
        plays = b"playback\n" in command
        self._loop.call_later(self._lasts.uniform(*LASTS_S) if plays else 0.0, self._end, found[1], plays)

    def _end(self, event_id: bytes, plays: bool) -> None:
        self._told_at = self._loop.time() if plays else None
        self._transport.write(self._frame(self.ended, event_id))

    def _frame(self, template: bytes, event_id: bytes = b"") -> bytes:
        return template.replace(CHANNEL.encode(), self._id).replace(APPLICATION.encode(), event_id)


def peer(port: int, calls: int, pipe: Connection) -> None:
    """The process of the peer: tells the turns, and how many calls were whole."""

    async def run() -> None:
        turns_s: list[float] = []
        loop, lasts = asyncio.get_running_loop(), random.Random(300)
        sessions = []
        for _ in range(calls):
            _, session = await loop.create_connection(lambda: _Session(lasts, turns_s), "127.0.0.1", port)
            sessions.append(session)
            await asyncio.sleep(COME_S / calls)
        whole = await asyncio.gather(*(session.over for session in sessions))
        pipe.send((turns_s, sum(whole)))

    asyncio.run(run())


# --- the servers ------------------------------------------------------------------------------------------------


class _Plain(asyncio.Protocol):
    """The least that can lead a call: it reads the lines that end a prompt, and says the next command."""

    def __init__(self, prompts: int) -> None:
        self._left = prompts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"connect\n\n")
        self._play()

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"Event-Name: CHANNEL_EXECUTE_COMPLETE\n")):
            self._play()

    def _play(self) -> None:
        if self._left == 0:
            self._transport.write(b"sendmsg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n")
            return
        self._left -= 1
        self._transport.write(
            b"sendmsg\ncall-command: execute\nexecute-app-name: playback\nEvent-UUID: "
            + str(uuid4()).encode()
            + b"\nexecute-app-arg: /var/lib/pbx/bench.wav\n\n"
        )


# --- the measurement --------------------------------------------------------------------------------------------


class _Prompts:
    def path(self, prompt: Prompt) -> Path:
        return Path(f"/var/lib/pbx/{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return LASTS_S[1]


async def run(calls: int = CALLS, prompts: int = PROMPTS) -> Figures:
    """Measure on this machine, now."""
    led = most = 0
    ended = asyncio.Event()

    async def lead(channel: CallChannel) -> None:
        nonlocal led, most
        most = max(most, switch.calls)
        await channel.perform(Answer())
        results = [await channel.perform(Play((Prompt("bench", "en"),))) for _ in range(prompts)]
        await channel.perform(Hangup())
        led += results == [Done()] * prompts
        if led == calls:
            ended.set()

    async with FakeEventSocket() as event_socket:
        esl = EslSettings("127.0.0.1", event_socket.port, SecretStr(PASSWORD))
        config = FreeSwitchConfig("bench", "127.0.0.1", 0, SecretStr(TOKEN), esl, settle_s=0.0, sweep_s=3_600.0)
        switch = FreeSwitch(config, _Prompts(), lambda: str(uuid4()))
        await switch.start(lambda _: None, lead)
        began = time.process_time()
        try:
            turns_s, whole = await _called(switch.port, calls)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), ENDED_S)
        finally:
            await switch.stop()
        cpu_s = time.process_time() - began
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(lambda: _Plain(prompts), "127.0.0.1", 0)
    try:
        plain_turns_s, _ = await _called(plain.sockets[0].getsockname()[1], calls)
    finally:
        plain.close()
    return Figures(calls, tuple(turns_s), min(whole, led), most, cpu_s, tuple(plain_turns_s))


async def _called(port: int, calls: int) -> tuple[list[float], int]:
    """The turns that the peer saw, and how many of its calls were whole."""
    context = multiprocessing.get_context("spawn")
    ours, far_end = context.Pipe()
    process = context.Process(target=peer, args=(port, calls, far_end), daemon=True)
    process.start()
    try:
        turns_s, whole = await asyncio.to_thread(ours.recv)
    finally:
        process.kill()
    return turns_s, whole


def report(figures: Figures) -> list[str]:
    """The lines."""
    turns = figures.turns_s
    return [
        f"FreeSWITCH, {figures.most_at_once} outbound sessions at once: {figures.whole} of {figures.calls} whole",
        f"  turn: p50 {quantile(turns, 0.5) * 1e3:.1f} ms, p99 {figures.p99_s * 1e3:.1f} ms (aim: 20 ms or less),"
        f" worst {max(turns) * 1e3:.1f} ms, of {len(turns):,}",
        f"  a plain server of asyncio: p50 {quantile(figures.plain_turns_s, 0.5) * 1e3:.1f} ms,"
        f" p99 {quantile(figures.plain_turns_s, 0.99) * 1e3:.1f} ms",
        f"  our CPU a turn: {figures.cpu_s / len(turns) * 1e3:.2f} ms",
    ]


if __name__ == "__main__":
    garbage.spare_callers()
    sys.stdout.write("\n".join(report(asyncio.run(run()))) + "\n")
