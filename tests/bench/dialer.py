"""The dialer under load: a campaign that dials 20 numbers a second on a real Asterisk, through a real engine process.

``python -m tests.bench.dialer``. A progressive campaign has one line for each free agent, so the rate is had by many
agents and short calls: 40 agents on nailed-up legs, and callees of six kinds in turn (a person who talks for about a
second, one who hangs up at once, busy, no answer, a number that does not exist, 480). The trunk bounds the rate. Each
outcome is held against the callee's own messages by the checker of the integration tests, which shares no code with
the engine. CPU is that of the processes, an attempt. How long a begin takes to be on the disk is read from the store:
from the moment that its attempts bear to the moment that its first call is placed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.client import EngineClient
from tests.bench.centre import open_centre, timings
from tests.bench.machine import Meter, ThreadMeter, described, fetch, others_load
from tests.bench.quantiles import Buckets, quantile
from tests.integration.harness import PROJECT, House, number
from tests.integration.premises import CAMPAIGN, Plan

ATTEMPTS_PER_S = 20
LASTS_S = 60
AGENTS = 40
KINDS = (0, 3, 5, 6, 8, 9)
"""The last digits of the numbers, in turn: what each means is written in console/demo/sipp/callee.xml.j2."""

TRUTH = {0: "answered", 3: "answered", 5: "busy", 6: "no_answer", 8: "unallocated", 9: "no_answer"}
CALLS_PER_SECOND = 23
"""Of the trunk. The gate keeps this many in each 1.15 s (dialer.trunks.JITTER_S): 20 a second."""

ENDS_WITHIN_S = 60.0
LOOK_S = 1.0
NAME = "bench"
PLAN = Plan(agents=AGENTS, lines=AGENTS, calls_per_second=CALLS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed. Times in seconds."""

    attempts: int
    right: int
    broken: tuple[str, ...]
    """Promises that the independent checker found broken."""
    outcomes: Mapping[str, int]
    talks: int
    """People who met an agent."""
    per_s: float
    begin_p50_s: float
    begin_p99_s: float
    turns: Buckets
    lag: Buckets
    engine_cpu_s: float
    loop_cpu_s: float
    """Of it, what the thread of the event loop used."""
    writer_cpu_s: float
    asterisk_cpu_s: float
    load: float

    @property
    def ratio(self) -> float:
        """The engine's CPU to Asterisk's."""
        return self.engine_cpu_s / self.asterisk_cpu_s


async def run(trees: Mapping[str, Path], lasts_s: int = LASTS_S) -> Figures:
    """One run."""
    numbers = [number(index, KINDS[index % len(KINDS)]) for index in range(ATTEMPTS_PER_S * lasts_s)]
    async with open_centre(trees, PLAN) as house:
        await house.start_engine()
        await house.log_in()
        with EngineClient(house.folder / "engine.sock") as client:
            _write_campaign(house)
            leads = "\n".join(["Phone", *numbers]).encode()
            await asyncio.to_thread(client.send, "/v1/leads", leads, {"list": NAME, "file": "bench.csv"})
            before = await timings(house)
            assert house.engine is not None
            engine, asterisk = house.engine.pid, house.pbx.pid
            meter, threads = Meter.of(engine, asterisk), ThreadMeter.of(engine)
            await asyncio.to_thread(client.order, f"/v1/campaigns/{NAME}/start")
            await _over(house, len(numbers), lasts_s + ENDS_WITHIN_S)
            used, by_thread = (meter.used_s(engine), meter.used_s(asterisk)), threads.used_s()
            after = await timings(house)
        if complaints := house.complaints():
            raise AssertionError(f"the engine complained {len(complaints)} times, first: {complaints[0]}")
        records = house.records()
        begun = house.rows("SELECT intended_at FROM attempts ORDER BY intended_at")
        waits = _begins_s(house)
        return Figures(
            attempts=len(records),
            right=sum(row["outcome"] == TRUTH[int(str(row["called"])[-1])] for row in records),
            broken=tuple(house.broken()),
            outcomes=Counter(str(row["outcome"]) for row in records),
            talks=sum(row["agent_id"] is not None for row in records),
            per_s=(len(begun) - 1) / (_at(begun[-1], "intended_at") - _at(begun[0], "intended_at")),
            begin_p50_s=quantile(waits, 0.5),
            begin_p99_s=quantile(waits, 0.99),
            turns=after[0].since(before[0]),
            lag=after[1].since(before[1]),
            engine_cpu_s=used[0],
            loop_cpu_s=by_thread[0],
            writer_cpu_s=by_thread[1],
            asterisk_cpu_s=used[1],
            load=others_load(),
        )


def _write_campaign(house: House) -> None:
    text = CAMPAIGN.format(
        id=NAME, lines=PLAN.lines, ring_timeout_s=PLAN.ring_timeout_s, detect_machine="false", pacing=PLAN.pacing
    )
    (house.folder / "campaigns" / f"{NAME}.toml").write_text(text, encoding="utf-8")


async def _over(house: House, attempts: int, deadline_s: float) -> None:
    """Returns when every attempt has ended. The store is asked, so that the engine has nothing to do with it.

    Raises:
        TimeoutError: the attempts are not made in time.
    """
    until = time.monotonic() + deadline_s
    while True:
        # What was begun and given back before the switch heard of it is begun anew.
        [found] = house.rows("SELECT count(*) AS done FROM attempts WHERE state = 'done' AND outcome <> 'cancelled'")
        if found["done"] == attempts:
            return
        if time.monotonic() > until:
            raise TimeoutError(f"{found['done']} of {attempts} attempts after {deadline_s:g} s")
        await asyncio.sleep(LOOK_S)


def _begins_s(house: House) -> list[float]:
    """How long each begin took, from the time that its attempts bear to its first call's."""
    rows = house.rows(
        "SELECT intended_at, min(started_at) AS placed_at FROM attempts JOIN calls ON call_id = attempt_id"
        " GROUP BY intended_at"
    )
    return [_at(row, "placed_at") - _at(row, "intended_at") for row in rows]


def _at(row: Mapping[str, object], column: str) -> float:
    return datetime.fromisoformat(str(row[column])).timestamp()


def report(figures: Figures) -> list[str]:
    """The lines of the table."""
    attempts, turns, lag = max(figures.attempts, 1), figures.turns, figures.lag
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(figures.outcomes.items()))
    engine_ms, asterisk_ms = figures.engine_cpu_s / attempts * 1e3, figures.asterisk_cpu_s / attempts * 1e3
    return [
        f"Dialer on Asterisk: {figures.attempts} attempts, {figures.per_s:.1f} a second ({outcomes})",
        f"  outcomes right         {figures.right} of {figures.attempts}; {figures.talks} talks",
        f"  promises broken        {len(figures.broken)}   (by the independent checker)",
        *(f"    {each}" for each in figures.broken[:5]),
        f"  CPU an attempt         engine {engine_ms:.2f} ms, Asterisk {asterisk_ms:.2f} ms:"
        f" ratio {figures.ratio:.2f}   (aim: engine about 3 ms)",
        f"    of it the engine's    event loop {figures.loop_cpu_s / attempts * 1e3:.2f} ms,"
        f" writer {figures.writer_cpu_s / attempts * 1e3:.2f} ms",
        f"  begin to be committed  p50 {figures.begin_p50_s * 1e3:.1f} ms, p99 {figures.begin_p99_s * 1e3:.1f} ms",
        f"  AGI turn, by itself    p50 {turns.quantile(0.5) * 1e3:.1f} ms, p99 {turns.quantile(0.99) * 1e3:.1f} ms",
        f"  loop lag               p50 {lag.quantile(0.5) * 1e3:.1f} ms, p99 {lag.quantile(0.99) * 1e3:.1f} ms",
        f"  load of the machine    {figures.load:.1f} in the last minute",
    ]


def main() -> None:
    """Run it and print the table."""
    trees = fetch(PROJECT)
    lines = [described(trees["asterisk"]), *report(asyncio.run(run(trees)))]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
