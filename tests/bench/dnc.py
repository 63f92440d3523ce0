"""Fifty million numbers that are not called: imported, and looked up, against a table of SQLite in the same run.

``python -m tests.bench.dnc`` prints both and their ratio. Half of the numbers that are asked about are on the list.
The table has a tenth of the list's rows, which is to its advantage.
"""

from __future__ import annotations

import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calls.errors import Location
from calls.people.number_file import NumberFile
from calls.people.number_import import build

NUMBERS = 50_000_000
TABLE_SHARE = 10
CHUNK = 1_000_000
ASKED = 200_000
ROUNDS = 5
SEED = 7
LEAST, MOST = 2_010_000_000, 9_899_999_999


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured. Times are seconds, the memory is the most that this process held while it imported."""

    numbers: int
    import_s: float
    verify_s: float
    import_bytes: int
    file_bytes: int
    look_s: float
    table_s: float

    @property
    def ratio(self) -> float:
        """How many times as long the table takes."""
        return self.table_s / self.look_s


def measure(numbers: int = NUMBERS, asked: int = ASKED) -> Result:
    """Import and look up."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        text = folder / "list.txt"
        listed = _write(text, numbers, asked)
        began = time.perf_counter()
        with text.open("rb") as stream:
            built = build(stream, Location(text), "US", None, folder / "national")
        import_s = time.perf_counter() - began
        import_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        text.unlink()
        found = NumberFile(built.path)
        began = time.perf_counter()
        found.verify()
        verify_s = time.perf_counter() - began
        chance = random.Random(SEED)
        wanted = [f"+1{each}" for each in (*listed, *(chance.randint(LEAST, MOST) for _ in listed))]
        chance.shuffle(wanted)
        table = _table(folder / "table.db", found, chance)
        look_s = _best(lambda: [number in found for number in wanted], len(wanted))
        statement = "SELECT 1 FROM do_not_call WHERE number = ?"
        table_s = _best(lambda: [table.execute(statement, (each,)).fetchone() for each in wanted], len(wanted))
        table.close()
        return Result(found.count, import_s, verify_s, import_bytes, built.path.stat().st_size, look_s, table_s)


def _write(path: Path, numbers: int, asked: int) -> list[int]:
    """The list as its publisher gives it, in no order; gives some of its numbers."""
    generator = np.random.default_rng(SEED)
    some: list[int] = []
    with path.open("wb") as file:
        for begin in range(0, numbers, CHUNK):
            count = min(CHUNK, numbers - begin)
            values = generator.integers(LEAST, MOST, count)
            file.write(b"\n".join(b"%d" % value for value in values.tolist()) + b"\n")
            some += values[: max(1, asked // 2 * count // numbers)].tolist()
    return some


def _table(path: Path, found: NumberFile, chance: random.Random) -> sqlite3.Connection:
    table = sqlite3.connect(path, isolation_level=None)
    table.execute("CREATE TABLE do_not_call (number TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")
    table.execute("BEGIN")
    rows = sorted({f"+1{chance.randint(LEAST, MOST)}" for _ in range(found.count // TABLE_SHARE)})
    table.executemany("INSERT INTO do_not_call VALUES (?)", ((row,) for row in rows))
    table.execute("COMMIT")
    return table


def _best(work: Callable[[], object], count: int) -> float:
    """CPU seconds for one, of the best of some rounds: the machine may be others' too."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) / count


def report(found: Result) -> list[str]:
    """What was measured, in lines."""
    return [
        f"imported {found.numbers:,} numbers in {found.import_s:.0f} s, at most {found.import_bytes / 1e6:.0f} MB;"
        f" the file has {found.file_bytes / 1e6:.0f} MB and is checked in {found.verify_s:.1f} s",
        f"a look-up takes {found.look_s * 1e6:.1f} us, in a table with a tenth of them {found.table_s * 1e6:.1f} us",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(measure())) + "\n")
