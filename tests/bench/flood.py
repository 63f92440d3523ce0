"""A flood of events: how long the engine's loop is held up, and what memory it takes.

``python -m tests.bench.flood [SECONDS]``. A process of its own speaks AMI as Asterisk does and writes 50,000 events
a second, in bursts of ten milliseconds: most of kinds that nobody wants (UserEvent, VarSet), one in ten of a kind
that is read, of channels that are not ours. This process keeps a connection by the client of the product, with the
names that the whole switch reads, and looks every five milliseconds how late it is; meanwhile the connection must
stay up, which its pings decide. What cannot be taken in time is held back by TCP, and the rate says so.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from calls.ids import BootId
from calls.switch.asterisk import desk, hearings, legs, seats
from calls.switch.asterisk.ami_client import AmiClient, AmiSettings, Client
from calls.switch.asterisk.switch import WANTED
from calls.wire.ami import Event
from calls.wire.ami_actions import Ping
from tests.bench.quantiles import quantile
from tests.calls.switch.asterisk.fake_ami import FakeAmi
from tests.integration.harness import PROJECT

EVENTS_PER_S = 50_000
LASTS_S = 20.0
BURST_S = 0.01
LOOK_S = 0.005
LAST = "the-last-one"
"""The channel of the event behind the flood."""

MOST_AHEAD = 4 << 20
"""Bytes that wait to be sent; then the flood waits."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one flood showed."""

    events: int
    lasted_s: float
    lag_p99_s: float
    lag_most_s: float
    rss_before: int
    rss_after: int
    ping_most_s: float
    losses: int
    """How often the connection was lost."""

    @property
    def per_s(self) -> float:
        """Events taken a second."""
        return self.events / self.lasted_s

    @property
    def grown(self) -> int:
        """Bytes of memory that the flood took, at its end."""
        return self.rss_after - self.rss_before


def burst(count: int) -> bytes:
    """So many events, as Asterisk writes them."""
    return b"".join(_event(number) for number in range(count))


def _event(number: int) -> bytes:
    channel = f"PJSIP/stranger-{number:08x}"
    common = (
        f"Privilege: call,all\r\nChannel: {channel}\r\nUniqueid: 1795300000.{number}\r\nLinkedid: 1795300000.1\r\n"
    )
    if number % 10 == 0:
        return f"Event: Newstate\r\n{common}ChannelState: 6\r\nChannelStateDesc: Up\r\n\r\n".encode()
    if number % 2:
        return f"Event: UserEvent\r\n{common}UserEvent: Flood\r\nNumber: {number}\r\n\r\n".encode()
    return f"Event: VarSet\r\n{common}Variable: X\r\nValue: {number}\r\n\r\n".encode()


# --- the switch ---------------------------------------------------------------------------------------------------


async def pour(per_s: int, lasts_s: float) -> None:
    """Be the switch: say the port, wait for a connection that is up, pour, and stay until the input ends."""
    async with FakeAmi() as pbx:
        sys.stdout.write(f"{pbx.port}\n")
        sys.stdout.flush()
        await pbx.asked("Ping", 1, 60.0)
        part = burst(max(1, round(per_s * BURST_S)))
        rounds = round(lasts_s / BURST_S)
        began = time.perf_counter()
        for number in range(rounds):
            pbx.push(part)
            await asyncio.sleep(max(0.0, began + (number + 1) * BURST_S - time.perf_counter()))
            while pbx.ahead() > MOST_AHEAD:  # noqa: ASYNC110 - the other side reads no faster
                await asyncio.sleep(BURST_S)
        pbx.push(f"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: {LAST}\r\nCause: 16\r\n\r\n".encode())
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


# --- the engine's side --------------------------------------------------------------------------------------------


async def run(per_s: int = EVENTS_PER_S, lasts_s: float = LASTS_S) -> Figures:
    """One flood."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.flood", "pour", str(per_s), str(lasts_s)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT,
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        return await _measured(
            int(await process.stdout.readline()), round(per_s * BURST_S) * round(lasts_s / BURST_S)
        )
    finally:
        process.stdin.close()
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _measured(port: int, events: int) -> Figures:
    over, losses = asyncio.Event(), 0
    book = legs.LegBook()

    def read(event: Event) -> None:
        book.handle(event, 0.0)
        if event.get("Uniqueid") == LAST:
            over.set()

    async def up(_boot: BootId) -> None:
        pass

    def down(_reason: str) -> None:
        nonlocal losses
        losses += 1

    wanted = WANTED | legs.WANTED | desk.WANTED | hearings.WANTED | seats.WANTED
    settings = AmiSettings("127.0.0.1", port, "callwright", SecretStr("a secret"))
    client = AmiClient(settings, Client(wanted, read, up, down, lambda: "nonce", lambda: 0.5))
    await client.start()
    lags: list[float] = []
    pings: list[float] = []
    with _looking(lags):
        await asyncio.sleep(1.0)
        before = rss()
        lags.clear()
        began = time.perf_counter()
        await client.ask(Ping())
        while not over.is_set():
            asked = time.perf_counter()
            await client.ask(Ping())
            pings.append(time.perf_counter() - asked)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await over.wait()
        lasted_s = time.perf_counter() - began
    await client.stop()
    return Figures(events, lasted_s, quantile(lags, 0.99), max(lags), before, rss(), max(pings), losses)


@contextmanager
def _looking(lags: list[float]) -> Iterator[None]:
    """Note every few milliseconds how late the loop is."""

    async def look() -> None:
        while True:
            due = time.perf_counter() + LOOK_S
            await asyncio.sleep(LOOK_S)
            lags.append(max(0.0, time.perf_counter() - due))

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()


def rss() -> int:
    """Memory that this process holds, in bytes. Source: proc_pid_status(5)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


def measure(lasts_s: float = LASTS_S) -> Figures:
    """The figures."""
    return asyncio.run(run(lasts_s=lasts_s))


def report(found: Figures) -> list[str]:
    """The result in lines."""
    return [
        f"{found.events:,} events in {found.lasted_s:.1f} s, {found.per_s:,.0f} a second; connection lost"
        f" {found.losses} times",
        f"the loop late: p99 {found.lag_p99_s * 1e3:.1f} ms, at most {found.lag_most_s * 1e3:.0f} ms; a ping answered"
        f" within {found.ping_most_s * 1e3:.0f} ms",
        f"memory {found.rss_before / 1e6:.0f} MB before and {found.rss_after / 1e6:.0f} MB after",
    ]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pour", per_s, lasts_s]:
            asyncio.run(pour(int(per_s), float(lasts_s)))
        case [lasts_s]:
            sys.stdout.write("\n".join(report(measure(float(lasts_s)))) + "\n")
        case _:
            sys.stdout.write("\n".join(report(measure())) + "\n")
