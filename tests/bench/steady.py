"""Fifty attempts a second for ten minutes, by a real engine process: every record is looked at, and its memory.

``python -m tests.bench.steady [SECONDS]``. The switch is the loopback switch inside the engine, so that two cores
are enough and what is measured is the engine alone: leads, rules, attempts, flows, records. It broadcasts, since
that goes by the clock and not by agents: 3,000 calls in a minute, whose callees are of six kinds in turn and whose
flow greets them and hangs up. At the end every lead must have one attempt with the outcome of its kind and one
record, no second may have more calls than the trunk takes, the proof of the product must find nothing, the log must
hold no complaint, and memory and CPU must be at the end what they were at the beginning.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calls.causes import Outcome
from calls.records.database import open_readonly
from console.client import EngineClient
from dialer.proof.judge import judge
from tests.bench.machine import cpu_s, others_load
from tests.bench.quantiles import quantile
from tests.console.processes import answers, said, started
from tests.console.served import install

ATTEMPTS_PER_S = 50
LASTS_S = 600
CALLS_PER_SECOND = 150
"""Of the trunk: a broadcast places a second's calls at once, and the trunk counts them for a little longer."""

KINDS = (0, 3, 5, 6, 8, 9)
"""The last digits of the numbers, in turn: see calls.switch.loopback.callees."""

TRUTH = {
    0: Outcome.ANSWERED,
    3: Outcome.ANSWERED,
    5: Outcome.BUSY,
    6: Outcome.NO_ANSWER,
    8: Outcome.UNALLOCATED,
    9: Outcome.NO_ANSWER,
}
ENDS_WITHIN_S = 120.0
LOOK_S = 5.0
NAME = "autumn"

CAMPAIGN = """\
name = "Autumn"
list = "autumn"
flow = "main"
trunk = "loop"
caller_id = "+12025550100"
preset = "demo"
max_lines = 1000
ring_timeout_s = 6

[pacing]
mode = "broadcast"
calls_per_minute = {per_minute}
"""

FLOW = "language: en\nstart: bye\nnodes:\n  bye: {hangup: [system.goodbye]}\n"

COMPLAINTS = ("warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Sample:
    """The engine's process at one moment: attempts that are over, CPU seconds, bytes of memory."""

    done: int
    cpu_s: float
    rss: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed."""

    attempts: int
    right: int
    per_s: float
    most_in_a_second: int
    broken: tuple[str, ...]
    """What was not as it must be."""
    samples: tuple[Sample, ...]
    load: float

    @property
    def cpu_an_attempt_s(self) -> float:
        """CPU of the engine, all of it."""
        return self.samples[-1].cpu_s / max(self.attempts, 1)

    @property
    def cpu_drift(self) -> float:
        """CPU an attempt in the last third, to that in the first."""
        first, last = _thirds(self.samples)
        return _cpu_between(last) / _cpu_between(first)

    @property
    def memory_drift(self) -> float:
        """Memory in the last third, to that in the first: medians."""
        first, last = ([each.rss for each in third] for third in _thirds(self.samples))
        return quantile(last, 0.5) / quantile(first, 0.5)


def _thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """The first third and the last of the samples, at least two of each."""
    size = max(2, len(samples) // 3)
    return samples[:size], samples[-size:]


def _cpu_between(samples: Sequence[Sample]) -> float:
    return (samples[-1].cpu_s - samples[0].cpu_s) / max(1, samples[-1].done - samples[0].done)


def numbers(count: int) -> Iterator[str]:
    """Numbers of the callees, of each kind in turn."""
    return (f"+1212{200_000 + index // len(KINDS)}{KINDS[index % len(KINDS)]}" for index in range(count))


async def run(folder: Path, lasts_s: int) -> Figures:
    """One run of so many seconds."""
    count = ATTEMPTS_PER_S * lasts_s
    path = install(folder)
    settings = path.read_text(encoding="utf-8").replace("lines = 5", "lines = 1000")
    path.write_text(
        settings.replace("calls_per_second = 10", f"calls_per_second = {CALLS_PER_SECOND}"), encoding="utf-8"
    )
    (folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    text = CAMPAIGN.format(per_minute=60 * ATTEMPTS_PER_S)
    (folder / "campaigns" / f"{NAME}.toml").write_text(text, encoding="utf-8")
    port = next(line.split(" = ")[1] for line in settings.splitlines() if line.startswith("http_port"))
    async with started(path, "engine") as process:
        await answers(f"http://127.0.0.1:{port}/readyz", process, folder / "log")
        with EngineClient(folder / "e.sock") as client:
            leads = "\n".join(["Phone", *numbers(count)]).encode()
            await asyncio.to_thread(client.send, "/v1/leads", leads, {"list": NAME, "file": "steady.csv"})
            await asyncio.to_thread(client.order, f"/v1/campaigns/{NAME}/start")
        samples = await _samples(folder / "callwright.db", process.pid, count, lasts_s + ENDS_WITHIN_S)
        process.terminate()
        await process.wait()
    complaints = [line for line in said(folder / "log").splitlines() if _complains(line)]
    with closing(open_readonly(folder / "callwright.db")) as connection:
        return _figures(connection, count, complaints, samples)


async def _samples(database: Path, pid: int, count: int, deadline_s: float) -> tuple[Sample, ...]:
    """The process now and again until every attempt is over, or the deadline has come."""
    found: list[Sample] = []
    async with asyncio.timeout(deadline_s):
        while not found or found[-1].done < count:
            await asyncio.sleep(LOOK_S)
            with closing(open_readonly(database)) as connection:
                done = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
            found.append(Sample(done, cpu_s(pid), _rss(pid)))
    return tuple(found)


def _rss(pid: int) -> int:
    """Memory that the process holds, in bytes. Source: proc_pid_status(5)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


def _complains(line: str) -> bool:
    try:
        return json.loads(line).get("level") in COMPLAINTS
    except ValueError:
        return True


def _figures(
    connection: sqlite3.Connection, count: int, complaints: list[str], samples: tuple[Sample, ...]
) -> Figures:
    rows = connection.execute(
        "SELECT attempts.number, intended_at, started_at, attempts.outcome, calls.outcome AS recorded, duration_s,"
        " billed_s FROM attempts JOIN calls ON call_id = attempt_id AND state = 'done' ORDER BY started_at"
    ).fetchall()
    wrong = [row for row in rows if not row["outcome"] == row["recorded"] == TRUTH[int(row["number"][-1])]]
    seconds = Counter(row["started_at"][:19] for row in rows)
    begun = [datetime.fromisoformat(row["intended_at"]).timestamp() for row in rows]
    broken = [f"complaint: {each}" for each in complaints]
    broken += [f"{row['number']}: attempt {row['outcome']}, record {row['recorded']}" for row in wrong]
    if max(seconds.values()) > CALLS_PER_SECOND:
        broken.append(f"{max(seconds.values())} calls in one second")
    broken += [
        f"dialled twice: {each}" for each, times in Counter(row["number"] for row in rows).items() if times > 1
    ]
    broken += [f"no such durations: {row['number']}" for row in rows if not row["duration_s"] >= row["billed_s"] >= 0]
    if len(rows) != count:
        broken.append(f"{len(rows)} attempts with a record of {count} leads")
    for table in ("live_calls", "attempts WHERE state <> 'done'"):
        if left := connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
            broken.append(f"{left} left: {table}")
    broken += [str(finding) for finding in judge(connection, NAME, datetime.now(UTC)).breaches]
    return Figures(
        attempts=len(rows),
        right=len(rows) - len(wrong),
        per_s=(len(begun) - 1) / (max(begun) - min(begun)),
        most_in_a_second=max(seconds.values()),
        broken=tuple(broken),
        samples=samples,
        load=others_load(),
    )


def measure(lasts_s: int = LASTS_S) -> Figures:
    """The figures, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="cw-") as folder:
        return asyncio.run(run(Path(folder), lasts_s))


def report(found: Figures) -> list[str]:
    """The result in lines."""
    memory = [each.rss / 1e6 for each in found.samples]
    return [
        f"{found.attempts:,} attempts, {found.per_s:.1f} a second, at most {found.most_in_a_second} in one;"
        f" {found.right:,} with the right outcome and record",
        f"broken: {len(found.broken)}" + "".join(f"\n  {each}" for each in found.broken[:5]),
        f"the engine's CPU an attempt {found.cpu_an_attempt_s * 1e3:.1f} ms, last third to first"
        f" {found.cpu_drift:.2f}; memory {memory[0]:.0f} to {memory[-1]:.0f} MB, last third to first"
        f" {found.memory_drift:.2f}; load of the machine {found.load:.1f}",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(measure(int(sys.argv[1]) if len(sys.argv) > 1 else LASTS_S))) + "\n")
