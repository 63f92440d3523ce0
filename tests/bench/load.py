"""A thousand calls at once in one engine: how late its turns are, what a call weighs, and what is left of it after.

``python -m tests.bench.load``. The engine is whole (FastAGI, flows, sessions, the writer and its database) and runs
in a process of its own; this process is the switch: it speaks AGI as Asterisk does, for so many calls that two cores
could not carry their media as well, and answers AMI with what was recorded. Callers choose again and again until they
are told to leave. A turn is what a switch waits for, from its last word to the engine's next command.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import random
import socket
import sys
import tempfile
import time
import tracemalloc
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from calls import log
from calls.clock import SystemClock
from calls.secrets import Secrets
from calls.settings import Engine as EngineSettings
from calls.settings import InboundRoute, Settings
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.port import Prompt
from calls.switch_settings import Asterisk
from console.engine import garbage
from console.engine.engine import Engine
from ivr.check import Known, load
from ivr.session import Session
from ivr.turn import Turn
from prompts.phrases import Split, split
from tests.bench.agi import ENVIRONMENT, HOST
from tests.bench.quantiles import quantile
from tests.calls.switch.asterisk.fake_ami import FakeAmi

CALLS = 1_000
FEW = 50
PER_S = 100
"""How many calls come in a second."""
LASTS_S = 15.0
"""How long all of them are up."""
PLAYS_S = 0.3
CHOOSES_S = (1.0, 3.0)
WITHIN_S = 60.0
TOKEN = "token-of-the-benchmark"
SECRET = "ami-secret-of-the-benchmark"
NEVER_S = 86_400.0

PLAIN = """\
language: en
start: ask
nodes:
  ask: {menu: [x.ask], keys: {"1": told, "9": bye}, failed: bye}
  told: {say: [x.told], next: ask}
  bye: {hangup: [x.bye]}
"""
RICH = """\
language: en
variables: {n: 0, said: ""}
start: ask
nodes:
  ask: {menu: [x.ask], keys: {"1": count, "9": bye}, failed: bye}
  count: {set: {n: n + 1, said: "text(n) + '-' + call.caller"}, next: judge}
  judge: {branch: {n > 500: bye, "length(said) < 3 or call.weekday == 'x'": bye}, otherwise: told}
  told: {say: [x.said], next: ask}
  bye: {hangup: [x.bye]}
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What the engine's process holds. ``traced_bytes``: by tracemalloc, where it is on."""

    cpu_s: float
    rss_bytes: int
    traced_bytes: int
    sessions: int
    turns: int


@dataclass(frozen=True, slots=True)
class Load:
    """One run. ``turns_s``: of the time when all calls were up."""

    calls: int
    lost: int
    """Those that ended before they were told to."""
    choices: int
    turns_s: tuple[float, ...]
    before: Held
    up: Held
    after: Held
    cpu_s: float
    """Of the engine, while all calls were up."""

    @property
    def rss_a_call(self) -> float:
        """Bytes of the process."""
        return (self.up.rss_bytes - self.before.rss_bytes) / self.calls

    @property
    def traced_a_call(self) -> float:
        """Bytes that Python allocated."""
        return (self.up.traced_bytes - self.before.traced_bytes) / self.calls

    @property
    def cpu_a_choice_s(self) -> float:
        """The engine's CPU for all that follows on one choice."""
        return self.cpu_s / max(self.choices, 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """All runs of one benchmark."""

    few: Load
    plain: Load
    rich: Load
    traced: Load


# --- the switch ---------------------------------------------------------------------------------------------------


class Crowd:
    """What the calls of one run have in common."""

    def __init__(self) -> None:
        self.leaving = False
        self.counting_since_s: float | None = None
        """Turns that began earlier are not counted: they may have met the engine telling what it holds."""
        self.turns_s: list[float] = []
        self.choices = 0
        self.ended = 0
        self.draw = random.Random(1)
        self.up: set[Peer] = set()
        self.changed = asyncio.Event()

    async def until(self, came: int, *, ended: bool = False) -> None:
        """Returns when so many calls have come, and none more is to; or have ``ended``, each of them."""
        async with asyncio.timeout(WITHIN_S):
            while self.ended + (0 if ended else len(self.up)) != came:
                self.changed.clear()
                await self.changed.wait()


class Peer(asyncio.Protocol):
    """Asterisk's side of one call."""

    def __init__(self, number: int, crowd: Crowd) -> None:
        unique = f"agi_uniqueid: bench-{number}.{uuid4().hex[:8]}"
        text = ENVIRONMENT.format(script=f"inbound?token={TOKEN}").replace("agi_uniqueid: pbx-1795299894.0", unique)
        self._environment = text.replace("agi_callerid: 4930111", f"agi_callerid: 4930{number:06d}").encode()
        self._crowd = crowd
        self._call = ""
        self._buffer = b""
        self._said_s: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._environment)
        self._crowd.up.add(self)
        self._crowd.changed.set()

    def data_received(self, data: bytes) -> None:
        since_s = self._crowd.counting_since_s
        if self._said_s is not None and since_s is not None and self._said_s >= since_s:
            self._crowd.turns_s.append(time.perf_counter() - self._said_s)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._do(line.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.ended += 1
        self._crowd.up.discard(self)
        self._crowd.changed.set()

    def _do(self, line: str) -> None:
        match line.split():
            case ["SET", "VARIABLE", "CW_CALL", call]:
                self._call = call
                self._say("200 result=1")
            case ["GET", "VARIABLE", "CW_CALL"]:
                self._say(f"200 result=1 ({self._call})")
            case ["GET", "VARIABLE", "CW_BOOT"]:
                self._say("200 result=1 (first)")
            case ["GET", "VARIABLE", _]:
                self._say("200 result=0")
            case ["STREAM", "FILE", *_]:
                self._later(PLAYS_S, "200 result=0 endpos=2400")
            case ["GET", "DATA", *_]:
                self._later(self._crowd.draw.uniform(*CHOOSES_S), None)
            case ["EXEC", "Hangup", _]:
                self._say("200 result=-1")
            case ["SET", "VARIABLE", *_] | ["HANGUP"]:
                self._say("200 result=1")
            case _:
                self._say("200 result=0")

    def _later(self, after_s: float, reply: str | None) -> None:
        asyncio.get_running_loop().call_later(after_s, self._answer, reply)

    def _answer(self, reply: str | None) -> None:
        if reply is None:
            self._crowd.choices += self._crowd.counting_since_s is not None
            reply = f"200 result={9 if self._crowd.leaving else 1}"
        self._say(reply)

    def _say(self, reply: str) -> None:
        self._said_s = time.perf_counter()
        self._transport.write(f"{reply}\n".encode())


# --- the engine ---------------------------------------------------------------------------------------------------


class Files:
    """Prompts of one length, without files."""

    def path(self, prompt: Prompt) -> Path:
        return Path(f"/var/lib/callwright/prompts/{prompt.language}/{prompt.key}.sln")

    def duration_s(self, prompt: Prompt) -> float:
        return PLAYS_S


def serve(text: str, traced: bool, folder: Path, ami: tuple[int, str], pipe: Connection) -> None:
    """The engine's process: tells its port, then what it holds whenever asked, until told to end."""
    log.configure(sys.stderr, "error")
    if traced:
        tracemalloc.start()
    asyncio.run(_serve(text, folder, ami, pipe))


async def _serve(text: str, folder: Path, ami: tuple[int, str], pipe: Connection) -> None:
    (folder / "main.yaml").write_text(text, encoding="utf-8")
    said = split("x.said", "You are number {n:number}.", "en")
    assert isinstance(said, Split)
    settings = Settings(
        engine=EngineSettings(database=folder / "callwright.db", socket=folder / "engine.sock", settle_s=0.5),
        asterisk=Asterisk(ami_port=ami[0], max_calls=2 * CALLS),
        secrets=Secrets(ami_secret=SecretStr(ami[1]), agi_token=SecretStr(TOKEN)),
        inbound=(InboundRoute(called="*", flow="main"),),
        flows=folder,
    )
    flow = load(folder / "main.yaml", Known(phrases={"en": {"x.said": said.phrase}}))
    config = replace(AsteriskConfig.from_settings(settings), agi_port=0, sweep_s=NEVER_S)
    switch = AsteriskSwitch(config, Files())
    engine = Engine(settings, switch, {flow.id: flow}, SystemClock(), lambda: str(uuid4()), random.random)
    await engine.start()
    async with asyncio.timeout(WITHIN_S):
        while engine.watch.not_ready():  # noqa: ASYNC110 - what is ready has no event
            await asyncio.sleep(0.05)
    garbage.spare_callers()  # as the engine's process does, and the next line too
    engine.tasks.start(garbage.collect_in_quiet(lambda: len(engine.books.open_calls)), "garbage")
    pipe.send(switch.agi_port)
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def asked() -> None:
        try:
            goes_on = pipe.recv()
        except EOFError:  # whoever measures is gone
            goes_on = False
        if goes_on:
            pipe.send(held())
        else:
            loop.remove_reader(pipe.fileno())
            over.set()

    loop.add_reader(pipe.fileno(), asked)
    await over.wait()
    await engine.stop()


def held() -> Held:
    """What this process holds now, garbage left out."""
    cpu_s = time.process_time()
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    alive = [type(each) for each in gc.get_objects() if isinstance(each, Session | Turn)]
    traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
    return Held(cpu_s, pages * os.sysconf("SC_PAGESIZE"), traced, alive.count(Session), alive.count(Turn))


# --- the measurement ----------------------------------------------------------------------------------------------


async def run(text: str, calls: int, lasts_s: float = LASTS_S, *, traced: bool = False) -> Load:
    """One run with an engine of its own."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="cw-") as folder:
        async with FakeAmi(secret=SECRET) as ami:
            pipe, far_end = context.Pipe()
            arguments = (text, traced, Path(folder), (ami.port, ami.secret), far_end)
            process = context.Process(target=serve, args=arguments, daemon=True)
            process.start()
            far_end.close()
            try:
                return await _measure(pipe, calls, lasts_s)
            finally:
                with contextlib.suppress(BrokenPipeError):  # it has ended by itself
                    pipe.send(False)
                await asyncio.to_thread(process.join, WITHIN_S)


async def _measure(pipe: Connection, calls: int, lasts_s: float) -> Load:
    port = await _told(pipe)
    assert isinstance(port, int)
    before, crowd = await _held(pipe), Crowd()
    await _come(port, calls, crowd)
    began = await _held(pipe)
    crowd.counting_since_s = time.perf_counter()
    await asyncio.sleep(lasts_s)  # the length of the measurement
    crowd.counting_since_s = None
    up, lost = await _held(pipe), crowd.ended
    crowd.leaving = True
    await crowd.until(calls, ended=True)
    after = await _held(pipe)
    for _ in range(50):  # the last records are written, and the last tasks end
        if not after.sessions:
            break
        await asyncio.sleep(0.1)
        after = await _held(pipe)
    return Load(calls, lost, crowd.choices, tuple(crowd.turns_s), before, up, after, up.cpu_s - began.cpu_s)


async def _come(port: int, calls: int, crowd: Crowd) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(calls):
        await loop.create_connection(partial(Peer, number, crowd), HOST, port, family=socket.AF_INET)
        await asyncio.sleep(max(0.0, began + (number + 1) / PER_S - loop.time()))  # the rate of the load
    await crowd.until(calls)


async def _held(pipe: Connection) -> Held:
    pipe.send(True)
    told = await _told(pipe)
    assert isinstance(told, Held)
    return told


async def _told(pipe: Connection) -> object:
    if not await asyncio.to_thread(pipe.poll, WITHIN_S):
        raise TimeoutError("the engine's process says nothing")
    said: object = pipe.recv()
    return said


async def measure(calls: int = CALLS, few: int = FEW, lasts_s: float = LASTS_S) -> Figures:
    """All runs, one after another."""
    return Figures(
        few=await run(PLAIN, few, lasts_s),
        plain=await run(PLAIN, calls, lasts_s),
        rich=await run(RICH, calls, lasts_s),
        traced=await run(RICH, max(calls // 5, few), lasts_s, traced=True),
    )


def report(figures: Figures) -> list[str]:
    """The lines of the table."""
    lines = ["calls at once  turn p50, p99, most       CPU a choice  memory a call  left after the calls"]
    for what, load_ in (("few", figures.few), ("plain", figures.plain), ("rich", figures.rich)):
        times = [quantile(load_.turns_s, share) * 1e3 for share in (0.5, 0.99, 1.0)]
        left = (load_.after.rss_bytes - load_.before.rss_bytes) / 1e6
        lines.append(
            f"{load_.calls:>6,} {what:<7} {times[0]:5.1f}, {times[1]:6.1f}, {times[2]:6.1f} ms"
            f"  {load_.cpu_a_choice_s * 1e3:8.2f} ms {load_.rss_a_call / 1e3:10.1f} kB"
            f"   {left:.1f} MB, {load_.after.sessions} sessions; {load_.lost} calls lost"
        )
    traced = figures.traced
    lines.append(
        f"Python's own allocations: {traced.traced_a_call / 1e3:.1f} kB a call of {traced.calls:,}, of which"
        f" {(traced.after.traced_bytes - traced.before.traced_bytes) / 1e3:.0f} kB in all were left"
    )
    return lines


def main() -> None:
    """Run it and print the table."""
    sys.stdout.write("\n".join(report(asyncio.run(measure()))) + "\n")


if __name__ == "__main__":
    main()
