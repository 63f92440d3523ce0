"""The writer: acknowledged is on the disk, one failure is one caller's, nobody else writes, nothing is dropped."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from calls.errors import RecordError, StoreFull, WriterBusy, WriterOverloaded
from calls.records.ballast import Ballast
from calls.records.database import open_readonly, open_writer
from calls.records.migrations import migrate
from calls.records.writer import Writer, write_once
from tests.calls.records.written import Add, Held, together, written


async def test_results_come_back_in_their_order(writer: Writer) -> None:
    assert await asyncio.gather(*(writer.run(Add(number)) for number in range(600))) == list(range(600))
    assert written(writer.path) == list(range(600))


async def test_what_is_acknowledged_is_committed(writer: Writer) -> None:
    for number in range(5):
        await writer.run(Add(number))
        assert written(writer.path) == list(range(number + 1))


async def test_what_waits_shares_one_commit(writer: Writer) -> None:
    seen: list[int] = []

    def look(connection: sqlite3.Connection) -> None:
        Add(len(seen))(connection)
        other = open_readonly(writer.path)
        seen.append(other.execute("SELECT count(*) FROM audit").fetchone()[0])
        other.close()

    async with Held(writer):
        tasks = [asyncio.create_task(writer.run(look)) for _ in range(10)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert seen == [0] * 10  # nobody outside saw any of it before all of it was done
    assert len(written(writer.path)) == 10


async def test_the_thread_is_woken_once_for_all_that_is_put_in_one_turn_of_the_loop(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    notify = writer._change.notify

    def note() -> None:
        woken.append(len(writer._queue))
        notify()

    monkeypatch.setattr(writer._change, "notify", note)
    await asyncio.gather(*(writer.run(Add(number)) for number in range(10)))
    assert woken == [10]
    await writer.run(Add(10))
    assert woken == [10, 1]


def rewrite(connection: sqlite3.Connection) -> list[str]:
    """Change forty pages, more than SQLite keeps in memory by itself; its temporary files that are open then."""
    connection.execute("UPDATE pages SET text = upper(text)")
    links = (os.readlink(each.path) for each in os.scandir("/proc/self/fd") if os.path.islink(each.path))
    return [link for link in links if "etilqs" in link]


def fill(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE pages (text TEXT)")
    connection.executemany("INSERT INTO pages (text) VALUES (?)", [("x" * 3000,)] * 40)


async def test_what_may_have_to_be_taken_back_makes_no_files(writer: Writer) -> None:
    await writer.run(fill)
    async with Held(writer):
        two = [asyncio.create_task(writer.run(rewrite)) for _ in range(2)]  # each in a savepoint of its own
        await asyncio.sleep(0)
    assert await asyncio.gather(*two) == [[], []]


def test_it_would_without_the_writer_s_own_setting(path: Path) -> None:
    connection = open_writer(path)
    migrate(connection)
    fill(connection)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("SAVEPOINT job")
    assert len(rewrite(connection)) == 1
    connection.execute("COMMIT")
    connection.close()


async def test_alone_is_alone(writer: Writer) -> None:
    seen: list[int] = []

    def look(connection: sqlite3.Connection) -> None:
        other = open_readonly(writer.path)
        seen.append(other.execute("SELECT count(*) FROM audit").fetchone()[0])
        other.close()
        Add(0)(connection)

    async with Held(writer):
        tasks = [asyncio.create_task(writer.run_alone(look)) for _ in range(3)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert seen == [0, 1, 2]


# --- failures -------------------------------------------------------------------------------------------------


async def test_one_that_raises_takes_back_its_own_and_no_others(writer: Writer) -> None:
    works = [Add(number, KeyError("refused") if number % 3 == 1 else None) for number in range(9)]
    results = await together(writer, works)
    assert [type(each) for each in results] == [int, KeyError, int] * 3
    assert written(writer.path) == [0, 2, 3, 5, 6, 8]
    assert all(work.runs == 1 for work in works)


@pytest.mark.parametrize("problem", [StopIteration(), SystemExit(3), KeyboardInterrupt(), ValueError("x")])
async def test_whatever_it_raises_comes_to_its_caller_and_the_writer_goes_on(
    writer: Writer, problem: BaseException
) -> None:
    def work(connection: sqlite3.Connection) -> None:
        Add(1)(connection)
        raise problem

    expected = type(problem) if isinstance(problem, ValueError) else RuntimeError
    with pytest.raises(expected) as caught:
        await writer.run(work)
    assert problem in (caught.value, caught.value.__cause__)
    assert await writer.run(Add(2)) == 2
    assert written(writer.path) == [2]


async def test_what_the_machine_is_at_fault_for_is_an_error_of_the_store(writer: Writer) -> None:
    """Whoever reads and writes again and again waits for a better time, and must not end for ever."""

    def fails(connection: sqlite3.Connection) -> None:
        Add(1)(connection)
        problem = sqlite3.OperationalError("disk I/O error")
        problem.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise problem

    with pytest.raises(RecordError, match="disk I/O error"):
        await writer.run(fails)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):  # is ours
        await writer.run(lambda connection: connection.execute("SELECT * FROM missing"))
    assert await writer.run(Add(2)) == 2
    assert written(writer.path) == [2]


async def test_a_broken_constraint_is_its_caller_s(writer: Writer) -> None:
    def twice(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO switch_boots VALUES ('main', 'b', 'x')")

    await writer.run(twice)
    with pytest.raises(sqlite3.IntegrityError):
        await writer.run(twice)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        await writer.run(
            lambda connection: connection.execute(
                "INSERT INTO campaigns VALUES ('c', 'c', 'no list', '{}', 'stopped', 'x', 'x', NULL, NULL)"
            )
        )


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "END", "BEGIN", "BEGIN IMMEDIATE"])
async def test_nobody_else_ends_the_transaction(writer: Writer, statement: str) -> None:
    def meddle(connection: sqlite3.Connection) -> None:
        Add(99)(connection)
        connection.execute(statement)

    async with Held(writer):
        good = [asyncio.create_task(writer.run(Add(number))) for number in range(2)]
        bad = asyncio.create_task(writer.run(meddle))
        more = asyncio.create_task(writer.run(Add(2)))
        await asyncio.sleep(0)
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        await bad
    await asyncio.gather(*good, more)
    assert written(writer.path) == [0, 1, 2]


@pytest.mark.parametrize("way", ["commit", "rollback"])
async def test_nor_by_the_connection_s_own_methods(writer: Writer, way: str) -> None:
    def meddle(connection: sqlite3.Connection) -> None:
        Add(99)(connection)
        getattr(connection, way)()

    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        await writer.run(meddle)
    assert written(writer.path) == []


async def test_a_transaction_that_is_lost_on_the_way_costs_the_others_nothing(writer: Writer) -> None:
    def lose(connection: sqlite3.Connection) -> None:
        Add(99)(connection)
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS trap (x)")
        connection.execute(
            "CREATE TEMP TRIGGER IF NOT EXISTS spring BEFORE INSERT ON trap BEGIN SELECT RAISE(ROLLBACK, 'gone'); END"
        )
        connection.execute("INSERT INTO trap VALUES (1)")

    async with Held(writer):
        good = [asyncio.create_task(writer.run(Add(number))) for number in range(2)]
        bad = asyncio.create_task(writer.run(lose))
        more = asyncio.create_task(writer.run(Add(2)))
        await asyncio.sleep(0)
    with pytest.raises((sqlite3.IntegrityError, RecordError), match="gone"):
        await bad
    assert await asyncio.gather(*good, more) == [0, 1, 2]
    assert written(writer.path) == [0, 1, 2]


async def test_a_commit_that_fails_costs_only_the_one_at_fault(writer: Writer) -> None:
    def late(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute(
            "INSERT INTO campaigns VALUES ('c', 'c', 'no list', '{}', 'stopped', 'x', 'x', NULL, NULL)"
        )

    async with Held(writer):
        good = [asyncio.create_task(writer.run(Add(number))) for number in range(2)]
        bad = asyncio.create_task(writer.run(late))
        await asyncio.sleep(0)
    with pytest.raises(RecordError, match="FOREIGN KEY"):
        await bad
    assert await asyncio.gather(*good) == [0, 1]
    assert written(writer.path) == [0, 1]


async def test_a_full_disk_is_named_loses_nothing_and_passes(writer: Writer) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def big(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO audit (at, who, what, detail) VALUES ('x', 'x', '99', ?)", ("x" * 200_000,))

    await writer.run(Add(0))
    await writer.run(fill)
    async with Held(writer):
        small = asyncio.create_task(writer.run(Add(1)))
        large = asyncio.create_task(writer.run(big))
        await asyncio.sleep(0)
    assert await small == 1
    with pytest.raises(StoreFull, match="no room on the disk"):
        await large
    assert written(writer.path) == [0, 1]
    await writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    await writer.run(big)
    assert written(writer.path) == [0, 1, 99]


class Lifting(Ballast):
    """The disk's end is a page count here; giving the ballast back moves it, as it moves that of a disk."""

    def __init__(self, database: Path) -> None:
        super().__init__(database, size=1 << 16)
        self.connection: sqlite3.Connection | None = None

    def free(self) -> bool:
        there = super().free()
        if there and self.connection is not None:
            self.connection.execute("PRAGMA max_page_count = 1000000").fetchone()
        return there


async def test_the_last_records_have_the_room_that_was_kept_for_them(path: Path) -> None:
    ballast = Lifting(path)
    writer = Writer(path, ballast=ballast)
    writer.start()
    room = path.with_name(f"{path.name}.ballast")

    def fill(connection: sqlite3.Connection) -> None:
        ballast.connection = connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def big(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO audit (at, who, what, detail) VALUES ('x', 'x', '99', ?)", ("x" * 200_000,))
        return 99

    assert await writer.run(Add(0)) == 0
    assert room.stat().st_blocks * 512 >= 1 << 16, "it takes the room that it names"
    await writer.run(fill)
    assert await writer.run(big) == 99
    assert not room.exists() and written(path) == [0, 99]
    await writer.run(fill)
    with pytest.raises(StoreFull):
        await writer.run(big)
    ballast.connection = None
    writer.take_ballast()
    await writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert await writer.run(big) == 99
    await writer.close()
    writer = Writer(path, ballast=ballast)
    writer.start()
    assert room.exists(), "taken again by the next run"
    await writer.close()
    assert not room.exists(), "nobody needs it while nobody writes"


# --- other writers --------------------------------------------------------------------------------------------


async def test_a_second_writer_is_refused_and_told_who_writes(writer: Writer) -> None:
    with pytest.raises(WriterBusy, match=f"process {os.getpid()} is writing already"):
        Writer(writer.path).start()
    with pytest.raises(WriterBusy):
        write_once(writer.path, Add(1))
    assert await writer.run(Add(2)) == 2
    assert written(writer.path) == [2]


async def test_the_lock_is_free_again_after_the_end(path: Path) -> None:
    for number in range(3):
        writer = Writer(path)
        writer.start()
        await writer.run(Add(number))
        await writer.close()
    assert write_once(path, Add(3)) == 3
    assert written(path) == [0, 1, 2, 3]


async def test_a_foreign_lock_is_waited_for(writer: Writer) -> None:
    await writer.run(Add(0))
    foreign = sqlite3.connect(writer.path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(writer.run(Add(1)))
    done, _ = await asyncio.wait({task}, timeout=1.5)  # longer than one of the writer's tries
    assert not done
    assert writer.behind_s() > 1.0
    foreign.execute("COMMIT")
    foreign.close()
    assert await asyncio.wait_for(task, 20) == 1
    assert writer.behind_s() == 0.0 or await writer.run(Add(2)) == 2


async def test_a_reader_in_a_transaction_does_not_hold_up_the_writer(writer: Writer) -> None:
    reader = open_readonly(writer.path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM audit").fetchone()
    for number in range(50):
        await asyncio.wait_for(writer.run(Add(number)), 20)
    reader.close()
    assert written(writer.path) == list(range(50))


# --- limits -----------------------------------------------------------------------------------------------------


async def test_too_much_waits_or_is_left_out_aloud_and_a_record_never_is(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(path, capacity=4)
    writer.start()
    async with Held(writer):
        first = [asyncio.create_task(writer.run(Add(number))) for number in range(3)]
        await asyncio.sleep(0)
        records = [asyncio.create_task(writer.run(Add(number))) for number in range(3, 20)]
        await asyncio.sleep(0)
        for _ in range(2):
            with pytest.raises(WriterOverloaded):
                await writer.run(Add(99), may_shed=True)
    assert await asyncio.gather(*first, *records) == list(range(20))
    assert await writer.run(Add(20), may_shed=True) == 20
    await writer.close()
    assert written(path) == list(range(21))
    assert "left_out_so_far=2" in capsys.readouterr().out


async def test_what_is_put_has_its_place_at_once_also_while_there_is_no_room(path: Path) -> None:
    """A begin that waited for room while its end had some would be written behind it."""
    writer = Writer(path, capacity=2)
    writer.start()
    async with Held(writer):
        first = asyncio.create_task(writer.run(Add(0)))
        await asyncio.sleep(0)
        waits = asyncio.create_task(writer.run(Add(4)))
        await asyncio.sleep(0)
        put = [future for number in (1, 2, 3) if (future := writer.put(Add(number))) is not None]
        with pytest.raises(WriterOverloaded):
            await writer.run(Add(99), may_shed=True)
    assert await asyncio.gather(first, *put, waits) == [0, 1, 2, 3, 4]
    assert await writer.run(Add(5), may_shed=True) == 5
    await writer.close()
    assert written(path) == [0, 1, 2, 3, 4, 5]


async def test_a_caller_who_goes_away_costs_the_others_nothing(path: Path) -> None:
    writer = Writer(path, capacity=3)
    writer.start()
    async with Held(writer):
        gone = [asyncio.create_task(writer.run(Add(number))) for number in range(2)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
    for number in range(2, 8):
        assert await asyncio.wait_for(writer.run(Add(number)), 20) == number
    async with Held(writer):  # there is as much room as at the beginning
        more = [asyncio.create_task(writer.run(Add(number), may_shed=True)) for number in (8, 9)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*more) == [8, 9]
    await writer.close()
    assert written(path) == list(range(10))
