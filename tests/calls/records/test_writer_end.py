"""How the writer begins and ends: what waits is written, a start that fails says why, and a process may be killed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from calls.errors import RecordError, StoreDamaged
from calls.records.database import open_readonly, open_writer
from calls.records.lock import lock_path, writers_lock
from calls.records.migrations import migrate
from calls.records.writer import Writer, write_once
from tests.calls.records.written import Add, Held, written


async def test_closing_writes_what_waits(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    async with Held(writer):
        tasks = [asyncio.create_task(writer.run(Add(number))) for number in range(300)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0)
    await closing
    assert not path.with_name(path.name + "-wal").exists()  # all of it is in the database itself
    assert await asyncio.gather(*tasks) == list(range(300))
    assert written(path) == list(range(300))
    with pytest.raises(RecordError, match="not open"):
        await writer.run(Add(0))


async def test_closing_gives_up_on_a_foreign_lock_that_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.records.writer.CLOSE_WAIT_S", 0.1)
    writer = Writer(path)
    writer.start()
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    tasks = [asyncio.create_task(writer.run(Add(number))) for number in range(2)]
    await asyncio.sleep(0)
    await asyncio.wait_for(writer.close(), 20)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in results] == [RecordError, RecordError]
    foreign.execute("COMMIT")
    foreign.close()
    assert written(path) == []
    assert write_once(path, Add(7)) == 7


async def test_work_that_breaks_the_connection_is_named_and_nothing_hangs(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    with pytest.raises(RecordError, match="closed database"):
        await asyncio.wait_for(writer.run(lambda connection: connection.close()), 20)
    with pytest.raises(RecordError, match="closed database"):
        await asyncio.wait_for(writer.run(Add(1)), 20)
    await asyncio.wait_for(writer.close(), 20)
    assert write_once(path, Add(2)) == 2
    assert written(path) == [2]


async def test_before_the_start_nothing_is_taken(path: Path) -> None:
    writer = Writer(path)
    with pytest.raises(RecordError, match="not open"):
        await writer.run(Add(0))
    await writer.close()


def test_a_start_that_fails_says_why_and_leaves_no_lock(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreDamaged):
        Writer(path).start()
    path.unlink()
    assert write_once(path, Add(1)) == 1


# --- processes ------------------------------------------------------------------------------------------------

CHILD = """
import asyncio, sys
from pathlib import Path
from calls.records.writer import Writer

async def main():
    writer = Writer(Path(sys.argv[1]))
    writer.start()
    def add(number):
        def work(connection):
            connection.execute("INSERT INTO audit (at, who, what) VALUES ('x', 'x', ?)", (str(number),))
            connection.execute("INSERT INTO switch_boots VALUES ('main', ?, 'x')", (str(number),))
            return number
        return work
    async def series(first):
        for number in range(first, 10_000_000, 8):
            print(await writer.run(add(number)), flush=True)
    await asyncio.gather(*(series(first) for first in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 40, 200])
def test_kill_9_keeps_whatever_was_acknowledged(path: Path, after: int) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(after)]
        child.send_signal(signal.SIGKILL)
        said += [int(line) for line in child.stdout if line.endswith("\n")]
        child.wait(20)
    with writers_lock(lock_path(path)):  # the lock ended with the process
        connection = open_writer(path)
        assert migrate(connection) == ()
        connection.close()
    kept = written(path)
    assert set(said) <= set(kept)
    assert len(set(kept)) == len(kept)
    reader = open_readonly(path)
    boots = {int(row[0]) for row in reader.execute("SELECT boot_id FROM switch_boots")}
    reader.close()
    assert boots == set(kept)  # both rows of a work, or neither


def test_write_once_takes_all_back_where_it_raises(path: Path) -> None:
    with pytest.raises(KeyError):
        write_once(path, Add(1, KeyError("no")))
    assert write_once(path, Add(2)) == 2
    assert written(path) == [2]
