"""The IVR under load: 30 callers a second key their way through two menus of a real engine on a real Asterisk.

``python -m tests.bench.ivr``. Each caller keys a code of four digits, some into the prompt and some after it, and one
digit more in a second menu; what was keyed is held against the call's record, digit by digit. A turn of AGI (Asterisk
has spoken and waits for our next command) is measured twice: by a relay between the two, and by the engine itself.
CPU is that of the processes, a call. The figure that travels between machines is the engine's CPU against Asterisk's.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.demo.ports import free_port
from tests.bench.callers import LoadCaller, call_at_rate
from tests.bench.centre import listen_elsewhere, most_at_once, open_centre, timings
from tests.bench.machine import Meter, described, fetch, others_load
from tests.bench.quantiles import Buckets, quantile
from tests.bench.relay import relay
from tests.integration.harness import PROJECT, House
from tests.integration.premises import Plan

CALLS_PER_S = 30
LASTS_S = 60
ENDS_WITHIN_S = 90.0
"""From the first call to the last one's end, beyond the time of the load."""

CODES = tuple(f"{(number * 7919) % 10_000:04d}" for number in range(1, 101))
"""A hundred codes of four digits with every digit at every place."""

TEXTS = """\
bench.code: Please enter your code.
bench.last: Thank you. One digit more.
bench.bye: Goodbye.
"""

FLOW = """\
language: en
start: code
nodes:
  code:
    menu: [bench.code]
    keys: {{{codes}}}
    first_key: 6s
    failed: bye
  last:
    menu: [bench.last]
    keys: {{{digits}}}
    first_key: 6s
    failed: bye
  bye:
    hangup: [bench.bye]
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed. Times in seconds."""

    calls: int
    took_s: float
    digits_keyed: int
    digits_right: int
    most_at_once: int
    turns: int
    turn_p50_s: float
    turn_p99_s: float
    turn_most_s: float
    inside: Buckets
    """The engine's own count of its turns."""
    lag: Buckets
    engine_cpu_s: float
    asterisk_cpu_s: float
    load: float

    @property
    def ratio(self) -> float:
        """The engine's CPU to Asterisk's."""
        return self.engine_cpu_s / self.asterisk_cpu_s


def callers(count: int) -> list[LoadCaller]:
    """As many callers, each with keys of its own; always the same ones."""
    draw = random.Random(30)
    return [
        LoadCaller(f"+49301{number:06d}", draw.choice(CODES), draw.choice("0123456789")) for number in range(count)
    ]


def flow() -> str:
    """Two menus: every code and every digit is a choice of its own."""
    return FLOW.format(
        codes=", ".join(f'"{code}": last' for code in CODES),
        digits=", ".join(f'"{digit}": bye' for digit in "0123456789"),
    )


async def run(trees: Mapping[str, Path], per_s: int = CALLS_PER_S, lasts_s: int = LASTS_S) -> Figures:
    """One run."""
    people = callers(per_s * lasts_s)
    async with open_centre(trees, Plan(agents=0), flow(), TEXTS) as house:
        port = free_port(socket.SOCK_STREAM)
        listen_elsewhere(house, port)
        async with relay(house.agi_port, port) as turns:
            await house.start_engine()
            before = await timings(house)
            assert house.engine is not None
            engine, asterisk = house.engine.pid, house.pbx.pid
            meter, began = Meter.of(engine, asterisk), time.perf_counter()
            load = await call_at_rate(house, people, per_s)
            try:
                await load.wait(lasts_s + ENDS_WITHIN_S)
            finally:
                await load.stop()
            await _recorded(house, len(people))
            took_s = time.perf_counter() - began
            used = meter.used_s(engine), meter.used_s(asterisk)
            after = await timings(house)
        found = _keyed(house)
        if complaints := house.complaints():
            raise AssertionError(f"the engine complained {len(complaints)} times, first: {complaints[0]}")
        return Figures(
            calls=len(house.records("outcome = 'answered'")),
            took_s=took_s,
            digits_keyed=5 * len(people),
            digits_right=sum(right(each, found.get(each.number, ())) for each in people),
            most_at_once=most_at_once(house),
            turns=len(turns.took_s),
            turn_p50_s=quantile(turns.took_s, 0.5),
            turn_p99_s=quantile(turns.took_s, 0.99),
            turn_most_s=max(turns.took_s),
            inside=after[0].since(before[0]),
            lag=after[1].since(before[1]),
            engine_cpu_s=used[0],
            asterisk_cpu_s=used[1],
            load=others_load(),
        )


async def _recorded(house: House, calls: int) -> None:
    """Returns when every call has its record, or none was added for a while: what is missing is shown."""
    for _ in range(20):
        if len(house.records()) == calls:
            return
        await asyncio.sleep(0.5)


def _keyed(house: House) -> dict[str, tuple[str, ...]]:
    """What each caller has keyed by the call's record, in order."""
    rows = house.rows(
        "SELECT caller, detail FROM calls JOIN call_events USING (call_id)"
        " WHERE kind IN ('choice', 'nomatch') ORDER BY call_id, seq"
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        number = str(row["caller"])
        found[number] = (*found.get(number, ()), json.loads(str(row["detail"]))["keys"])
    return found


def right(caller: LoadCaller, keyed: Iterable[str]) -> int:
    """How many of a caller's five digits came through: all of a menu's, or none of them."""
    expected = (caller.code, caller.last)
    return sum(len(keys) for keys, found in zip(expected, keyed, strict=False) if keys == found)


def report(figures: Figures) -> list[str]:
    """The lines of the table."""
    calls, inside, lag = max(figures.calls, 1), figures.inside, figures.lag
    return [
        f"IVR on Asterisk: {figures.calls} calls in {figures.took_s:.0f} s, {figures.most_at_once} at once",
        f"  digits right           {figures.digits_right} of {figures.digits_keyed}",
        f"  AGI turn, by a relay   p50 {figures.turn_p50_s * 1e3:.1f} ms, p99 {figures.turn_p99_s * 1e3:.1f} ms,"
        f" most {figures.turn_most_s * 1e3:.0f} ms of {figures.turns} turns   (aim: p99 20 ms)",
        f"  AGI turn, by itself    p50 {inside.quantile(0.5) * 1e3:.1f} ms, p99 {inside.quantile(0.99) * 1e3:.1f} ms",
        f"  loop lag               p50 {lag.quantile(0.5) * 1e3:.1f} ms, p99 {lag.quantile(0.99) * 1e3:.1f} ms",
        f"  CPU a call             engine {figures.engine_cpu_s / calls * 1e3:.2f} ms,"
        f" Asterisk {figures.asterisk_cpu_s / calls * 1e3:.2f} ms: ratio {figures.ratio:.2f}",
        f"  load of the machine    {figures.load:.1f} in the last minute",
    ]


def main() -> None:
    """Run it and print the table."""
    trees = fetch(PROJECT)
    lines = [described(trees["asterisk"]), *report(asyncio.run(run(trees)))]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
