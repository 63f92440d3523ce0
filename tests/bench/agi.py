"""FastAGI sessions per CPU-second: our server against panoramisk's own, same peer, same commands, same run.

``python -m tests.bench.agi``. Each server runs in a process of its own, which reports its own CPU time; the peer is
this process. The two take turns; the figure that travels between machines is the ratio of their medians. A session is
a connection with the environment of a real call and eight commands: a call of one menu.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from multiprocessing.connection import Connection

from panoramisk.fast_agi import Application, Request
from pydantic import SecretStr

from calls.switch.asterisk.fastagi import FastAgiServer
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.wire import agi
from calls.wire.agi import Variable

HOST = "127.0.0.1"
TOKEN = "token-of-the-benchmark"
SESSIONS = 1_500
AT_ONCE = 50
ROUNDS = 5

ENVIRONMENT = """\
agi_network: yes
agi_network_script: {script}
agi_request: agi://127.0.0.1:4573/{script}
agi_channel: PJSIP/caller-00000000
agi_language: en
agi_type: PJSIP
agi_uniqueid: pbx-1795299894.0
agi_version: 16.28.0~dfsg-0+deb11u10
agi_callerid: 4930111
agi_calleridname: Alice Caller
agi_callingpres: 0
agi_callingani2: 0
agi_callington: 0
agi_callingtns: 0
agi_dnid: 2100
agi_rdnis: unknown
agi_context: from-sip
agi_extension: 2100
agi_priority: 1
agi_enhanced: 0.0
agi_accountcode:
agi_threadid: 140495153682112

"""
"""As recorded from Asterisk 16.28 (tests/transcripts)."""

COMMANDS: tuple[agi.Command, ...] = (
    agi.Answer(),
    agi.SetVariable(Variable.CALL, "0b5b1d8e-6f3f-4f5c-9a55-0f1e2d3c4b5a"),
    agi.GetVariable(Variable.CALL),
    agi.StreamFile("/var/lib/callwright/prompts/en/main.welcome", "", 2.0),
    agi.GetKey("/var/lib/callwright/prompts/en/main.menu", 4_000, 3.0),
    agi.WaitForDigit(3_000),
    agi.SetVariable(Variable.DONE, "1"),
    agi.Hangup(),
)
REPLIES = (
    b"200 result=0\n",
    b"200 result=1\n",
    b"200 result=1 (0b5b1d8e-6f3f-4f5c-9a55-0f1e2d3c4b5a)\n",
    b"200 result=0 endpos=13562\n",
    b"200 result=1\n",
    b"200 result=50\n",
    b"200 result=1\n",
    b"200 result=1\n",
)
LINES = [agi.encode(command).decode().removesuffix("\n") for command in COMMANDS]


class Peer(asyncio.Protocol):
    """Asterisk's side: the environment, then a reply for each line, up to the end."""

    def __init__(self, environment: bytes) -> None:
        self._environment = environment
        self._replies = iter(REPLIES)
        self.answered = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._environment)

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\n")):
            self.answered += 1
            self._transport.write(next(self._replies))

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(None)


# --- the servers ------------------------------------------------------------------------------------------------


async def ours() -> int:
    """Starts our server; gives its port."""

    async def menu(connection: AgiConnection) -> None:
        for command in COMMANDS:
            await connection.send(command)

    server = FastAgiServer(SecretStr(TOKEN), (IPv4Network("127.0.0.0/8"),))
    server.add_route("menu", menu)
    await server.start(HOST, 0)
    return server.port


async def theirs() -> int:
    """Starts panoramisk's; gives its port."""

    async def menu(request: Request) -> None:
        for line in LINES:
            await request.send_command(line)

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("menu", menu)
    server = await asyncio.start_server(application.handler, HOST, 0)
    port: int = server.sockets[0].getsockname()[1]
    return port


SERVERS: dict[str, tuple[Callable[[], Awaitable[int]], str]] = {
    "callwright": (ours, f"menu?token={TOKEN}"),
    "panoramisk": (theirs, "menu"),
}


def serve(name: str, pipe: Connection) -> None:
    """The process of one server: tells its port, then its CPU seconds whenever asked, until told to end."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        def asked() -> None:
            try:
                goes_on = pipe.recv()
            except EOFError:  # whoever measures is gone
                goes_on = False
            if goes_on:
                pipe.send(time.process_time())
            else:
                over.set()
                loop.remove_reader(pipe.fileno())

        loop.add_reader(pipe.fileno(), asked)
        pipe.send(await SERVERS[name][0]())
        await over.wait()

    asyncio.run(run())


# --- the measurement --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """Sessions per CPU-second of the server, by server."""

    per_cpu_s: dict[str, float]

    @property
    def ratio(self) -> float:
        """Ours to panoramisk's."""
        return self.per_cpu_s["callwright"] / self.per_cpu_s["panoramisk"]


async def sessions(port: int, script: str, count: int) -> None:
    """``count`` whole sessions, some at once."""
    environment = ENVIRONMENT.format(script=script).encode()
    loop = asyncio.get_running_loop()
    left = iter(range(count))

    async def one_after_another() -> None:
        for _ in left:
            _, peer = await loop.create_connection(lambda: Peer(environment), HOST, port, family=socket.AF_INET)
            await peer.ended
            if peer.answered != len(COMMANDS):
                raise RuntimeError(f"a session of {peer.answered} commands instead of {len(COMMANDS)}")

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


def measure(count: int = SESSIONS, rounds: int = ROUNDS) -> Figures:
    """Measure on this machine, now: the median of the rounds."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    ports: dict[str, int] = {}
    processes = []
    for name in SERVERS:
        pipes[name], far_end = context.Pipe()
        process = context.Process(target=serve, args=(name, far_end), daemon=True)
        process.start()
        processes.append(process)
        ports[name] = pipes[name].recv()
    took: dict[str, list[float]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        for name, (_, script) in SERVERS.items():
            before = cpu_s(pipes[name])
            asyncio.run(sessions(ports[name], script, count))
            took[name].append(cpu_s(pipes[name]) - before)
    for pipe, process in zip(pipes.values(), processes, strict=True):
        pipe.send(False)
        process.join()
    return Figures({name: count / statistics.median(times) for name, times in took.items()})


def cpu_s(pipe: Connection) -> float:
    """The CPU seconds that a server's process has used."""
    pipe.send(True)
    used: float = pipe.recv()
    return used


def report(figures: Figures) -> list[str]:
    """The lines of the table."""
    return [
        f"FastAGI sessions of {len(COMMANDS)} commands per CPU-second of the server, medians of {ROUNDS} rounds",
        *(f"  {name:12} {per_s:8.0f}" for name, per_s in figures.per_cpu_s.items()),
        f"  ratio        {figures.ratio:8.2f}   (aim: 1.00 or more)",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(measure())) + "\n")
