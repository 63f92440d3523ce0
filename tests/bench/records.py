"""Records written a second: many to a commit, as the engine writes, against one commit each, in the same run.

``python -m tests.bench.records`` prints both and their ratio. The ratio is the figure: how long a commit takes is the
disk's affair. Each record is a whole call: its live row, its final record, and six events.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calls.causes import Outcome
from calls.ids import BootId, CallId, FlowId
from calls.records import store
from calls.records.store import CallEvent, CallRecord, Direction, LiveCall
from calls.records.writer import Writer

TOGETHER = 20_000
ALONE = 2_000
CALLERS = 200
"""How many calls end at once: each waits for its own record, as a call's task in the engine does."""

ROUNDS = 3
AT = datetime(2025, 6, 2, 12, tzinfo=UTC)
EVENTS = tuple(CallEvent(AT, float(number), "node_entered", {"node": "main"}) for number in range(6))


@dataclass(frozen=True, slots=True)
class Result:
    """Records a second, of the best of some rounds."""

    together_per_s: float
    alone_per_s: float

    @property
    def ratio(self) -> float:
        """How many times as many records are written when they share commits."""
        return self.together_per_s / self.alone_per_s


def a_call(number: int) -> Callable[[sqlite3.Connection], bool]:
    """The work of one call's end."""
    live = LiveCall(
        CallId(f"c-{number}"), Direction.INBOUND, "main", BootId("b"), "ch", "+12025550123", "100", AT, FlowId("main")
    )
    record = CallRecord(
        call_id=live.call_id,
        direction=live.direction,
        switch=live.switch,
        boot_id=live.boot_id,
        channel=live.channel,
        caller=live.caller,
        called=live.called,
        started_at=AT,
        ended_at=AT,
        duration_s=30.0,
        billed_s=29.0,
        outcome=Outcome.ANSWERED,
        flow=live.flow,
    )

    def work(connection: sqlite3.Connection) -> bool:
        return store.begin_call(connection, live) and store.finish_call(connection, record, EVENTS)

    return work


async def per_second(folder: Path, records: int, callers: int) -> float:
    """Records a second through a writer on a new database, from ``callers`` who each wait for their own."""
    writer = Writer(folder / "calls.db")
    writer.start()
    numbers = iter(range(records))
    run = writer.run if callers > 1 else writer.run_alone

    async def caller() -> None:
        for number in numbers:
            if not await run(a_call(number)):
                raise RuntimeError(f"record {number} was not new")

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    took_s = time.perf_counter() - began
    await writer.close()
    return records / took_s


def measure(folder: Path, together: int = TOGETHER, alone: int = ALONE, rounds: int = ROUNDS) -> Result:
    """Both ways in turn, ``rounds`` times; the best of each."""
    best = {"together": 0.0, "alone": 0.0}
    for number in range(rounds):
        for name, records, callers in (("together", together, CALLERS), ("alone", alone, 1)):
            here = folder / f"{name}-{number}"
            best[name] = max(best[name], asyncio.run(per_second(here, records, callers)))
    return Result(best["together"], best["alone"])


def report(result: Result) -> str:
    """The result in a few lines."""
    return (
        f"records, many to a commit:  {result.together_per_s:10,.0f} /s\n"
        f"records, one commit each:   {result.alone_per_s:10,.0f} /s\n"
        f"ratio:                      {result.ratio:10.1f}\n"
        f"SQLite {sqlite3.sqlite_version}, synchronous=FULL, WAL\n"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(report(measure(Path(folder))))
