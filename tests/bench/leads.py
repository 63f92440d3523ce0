"""A million leads: imported with every row looked at, put on a roll, and the next ones found, in one run.

The baseline is the ``csv`` module and SQLite's ``executemany`` in one transaction, which looks at nothing. Half of
the leads have a second number; a tenth of the rows are refused. The campaign has two lists, a filter and an order by
chance, and a tenth of its leads have been tried and are due again.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from calls.ids import AttemptId, BootId
from calls.records.writer import Writer
from calls.settings import Trunk
from console import imports
from console.imports import Import
from dialer import attempts, enrolment, roll
from dialer.attempts import Place
from dialer.campaign import Campaign, CampaignFile
from dialer.filters import Filter
from dialer.mix import ListShare
from dialer.order import By, Kind, Order
from tests.bench.quantiles import quantile

T = TypeVar("T")

LEADS = 1_000_000
LOOKS = 200
TAKEN = 20
"""Attempts that each look begins."""

AT = datetime(2027, 3, 1, 17, tzinfo=UTC)
"""Noon in New York, where the numbers are."""

TRUNK = Trunk(name="loop", dial="PJSIP/{number}@loop", lines=100_000, calls_per_second=1000, loopback_only=True)


@dataclass(slots=True)
class Timed:
    """A writer that keeps how long each transaction took in its thread, and how much of that was CPU."""

    writer: Writer
    took_s: list[float] = field(default_factory=list)
    used_s: list[float] = field(default_factory=list)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """As the writer."""

        def timed(connection: sqlite3.Connection) -> T:
            began, used = time.perf_counter(), time.thread_time()
            try:
                return work(connection)
            finally:
                self.took_s.append(time.perf_counter() - began)
                self.used_s.append(time.thread_time() - used)

        return await self.writer.run(timed)


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured. Times of the writer are those in its thread."""

    rows: int
    imported: int
    import_s: float
    cpu_s: float
    """Of the import, in the process that writes."""
    reader_cpu_s: float
    """Of the import, in the process that reads."""
    plain_s: float
    """CPU that the baseline takes."""
    batch_p50_s: float
    batch_p99_s: float
    batch_cpu_s: float
    """CPU of a batch, in the writer's thread: the median."""
    grown_bytes: int
    roll_s: float
    step_p99_s: float
    look_p50_s: float
    look_p99_s: float
    begun: int

    @property
    def rows_per_s(self) -> float:
        """Rows imported a second."""
        return self.rows / self.import_s

    @property
    def to_plain(self) -> float:
        """How many times the CPU of the baseline, of both processes."""
        return (self.cpu_s + self.reader_cpu_s) / self.plain_s

    @property
    def busier_s(self) -> float:
        """CPU of the process that has more to do: what bounds the import where each has a core."""
        return max(self.cpu_s, self.reader_cpu_s)


def rows(count: int, first: int) -> Iterator[list[str]]:
    """Rows of a list, the same in each run."""
    draw = random.Random(first)
    codes = ("212", "646", "718", "917", "202", "404", "617")
    for index in range(first, first + count):
        number = f"{codes[index % 7]}{2000000 + index:07d}"
        written = f"({number[:3]}) {number[3:6]}-{number[6:]}" if index % 10 else "12"
        second = f"+44 7400 {index % 1_000_000:06d}" if index % 2 else ""
        yield [written, second, f"Lead {index}", draw.choice(("north", "south")), str(draw.randrange(1000))]


def write(path: Path, count: int, first: int) -> None:
    """A file of leads."""
    with path.open("w", encoding="utf-8", newline="") as target:
        lines = csv.writer(target)
        lines.writerow(("Phone", "Mobile", "Name", "Shop", "Owes"))
        lines.writerows(rows(count, first))


def plain(path: Path, database: Path) -> float:
    """CPU seconds that the baseline takes."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE leads (lead_id TEXT PRIMARY KEY, phone TEXT, mobile TEXT, name TEXT, shop TEXT, owes TEXT);"
    )
    began = time.process_time()
    with path.open(encoding="utf-8", newline="") as source:
        lines = csv.reader(source)
        next(lines)
        connection.execute("BEGIN")
        numbered = ((str(index), *line) for index, line in enumerate(lines))
        connection.executemany("INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?)", numbered)
        connection.execute("COMMIT")
    used_s = time.process_time() - began
    connection.close()
    return used_s


def campaign() -> Campaign:
    """With everything that costs: two lists, a filter, an order by chance and kinds of numbers."""
    return Campaign(
        id="many",
        file=CampaignFile(
            name="Many",
            lists=(ListShare(name="a", weight=3), ListShare(name="b")),
            queue="sales",
            trunk="loop",
            caller_id="+12025550100",
            preset="canada",
            max_lines=100_000,
            safe_harbour="system.safe_harbour",
            filter=Filter(tries="< 5", fields={"Shop": "north"}),
            order=Order(by=By.RANDOM, types=(Kind.MOBILE, Kind.OTHER)),
        ),
    )


async def _import(timed: Timed, path: Path, to: str) -> int:
    given = Import(list=to, file=path.name, region="US")
    with path.open("rb") as stream:
        report = await imports.import_leads(timed, stream, given, "bench", AT)
    return report.counts.imported


async def run(folder: Path, leads: int, looks: int) -> Result:
    """Everything once."""
    sizes = {"a": leads * 3 // 4, "b": leads - leads * 3 // 4}
    write(folder / "a.csv", sizes["a"], 0)
    write(folder / "b.csv", sizes["b"], sizes["a"])
    plain_s = sum(plain(folder / f"{name}.csv", folder / f"plain-{name}.db") for name in sizes)
    writer = Writer(folder / "calls.db")
    writer.start()
    timed = Timed(writer)
    before = _rss()
    began, cpu, reader = time.perf_counter(), time.process_time(), _children_s()
    imported = sum([await _import(timed, folder / f"{name}.csv", name) for name in sizes])
    import_s, cpu_s, batches = time.perf_counter() - began, time.process_time() - cpu, timed.took_s
    batch_cpu_s, reader_cpu_s = quantile(timed.used_s, 0.5), _children_s() - reader
    grown, timed.took_s = _rss() - before, []
    began = time.perf_counter()
    wanted = campaign()
    await timed.run(lambda db: roll.enter(db, wanted, AT))
    while await timed.run(lambda db: enrolment.step(db, wanted)):
        pass
    roll_s, steps = time.perf_counter() - began, timed.took_s
    await writer.run(_make_due)
    timed.took_s = []
    ids = itertools.count()
    place = Place("main", BootId("b"), TRUNK)
    begun = 0
    for _ in range(looks):
        found = await attempts.begin(
            timed, wanted, TAKEN, AT, place, lambda: AttemptId(f"a{next(ids)}"), {"reason": "bench"}
        )
        begun += len(found.attempts)
    await writer.close()
    return Result(
        rows=leads,
        imported=imported,
        import_s=import_s,
        cpu_s=cpu_s,
        reader_cpu_s=reader_cpu_s,
        plain_s=plain_s,
        batch_p50_s=quantile(batches, 0.5),
        batch_p99_s=quantile(batches, 0.99),
        batch_cpu_s=batch_cpu_s,
        grown_bytes=grown,
        roll_s=roll_s,
        step_p99_s=quantile(steps, 0.99),
        look_p50_s=quantile(timed.took_s, 0.5),
        look_p99_s=quantile(timed.took_s, 0.99),
        begun=begun,
    )


def _make_due(connection: sqlite3.Connection) -> None:
    """A tenth was tried and is due again."""
    connection.execute(
        "UPDATE campaign_leads SET state = 'retry', tries = 1, last_outcome = 'busy', next_try_at = ?"
        " WHERE position % 10 = 3",
        (AT.isoformat(timespec="microseconds"),),
    )


def _children_s() -> float:
    """CPU of the processes that this one had begun and that are over, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _rss() -> int:
    """The most memory that this process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(leads: int = LEADS, looks: int = LOOKS) -> Result:
    """The figures, in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder), leads, looks))


def report(found: Result) -> list[str]:
    """The result in lines."""
    return [
        f"{found.rows:,} rows, {found.imported:,} imported in {found.import_s:.1f} s: {found.rows_per_s:,.0f} a"
        f" second; CPU {found.cpu_s:.1f} s in the process that writes and {found.reader_cpu_s:.1f} s in the one that"
        f" reads, {found.to_plain:.1f} times the {found.plain_s:.1f} s of csv and executemany",
        f"the writer's time a batch: p50 {found.batch_p50_s * 1e3:.1f} ms, p99 {found.batch_p99_s * 1e3:.1f} ms, of"
        f" CPU {found.batch_cpu_s * 1e3:.1f} ms;"
        f" memory grew by {found.grown_bytes / 1e6:.0f} MB",
        f"on the roll in {found.roll_s:.1f} s, a step p99 {found.step_p99_s * 1e3:.1f} ms",
        f"a look that begins {TAKEN} attempts: p50 {found.look_p50_s * 1e3:.1f} ms, p99"
        f" {found.look_p99_s * 1e3:.1f} ms ({found.begun} begun)",
    ]


if __name__ == "__main__":
    print("\n".join(report(measure())))  # noqa: T201
