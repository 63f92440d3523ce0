"""How the database is opened: rules read back, readers that cannot write, damage refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from calls.errors import RecordError, StoreDamaged, StoreFull
from calls.records.database import judge, open_readonly, open_writer, typed
from calls.records.migrations import migrate


def filled(path: Path, rows: int = 2000) -> None:
    connection = open_writer(path)
    migrate(connection)
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO audit (at, who, what) VALUES ('2025', ?, 'x')",
        [(f"who {number:060d}",) for number in range(rows)],
    )
    connection.execute("COMMIT")
    connection.close()


@pytest.mark.parametrize(
    ("version", "race"),
    [((3, 37, 0), True), ((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 52, 0), False)],
)
def test_the_library_s_version_is_judged(version: tuple[int, int, int], race: bool) -> None:
    assert judge(version).wal_reset_race is race


def test_a_library_that_is_too_old_is_refused() -> None:
    with pytest.raises(RecordError, match=r"SQLite 3\.36\.0 is too old: 3\.37\.0 or newer"):
        judge((3, 36, 0))


def test_the_writer_s_rules_are_in_force(connection: sqlite3.Connection) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
    assert {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
    assert not connection.in_transaction


def test_others_cannot_read_the_file(connection: sqlite3.Connection, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO == 0


def test_a_reader_cannot_write(connection: sqlite3.Connection, path: Path) -> None:
    reader = open_readonly(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM live_calls")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("PRAGMA user_version = 5")
    reader.close()


def test_a_reader_neither_blocks_the_writer_nor_sees_half(connection: sqlite3.Connection, path: Path) -> None:
    reader = open_readonly(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM audit").fetchone()[0] == 0
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO audit (at, who, what) VALUES ('a', 'b', 'c')")
    assert reader.execute("SELECT count(*) FROM audit").fetchone()[0] == 0
    connection.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM audit").fetchone()[0] == 0
    reader.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM audit").fetchone()[0] == 1
    reader.close()


def test_a_reader_reads_where_no_writer_has_been_for_long(path: Path) -> None:
    filled(path, 10)
    reader = open_readonly(path)
    assert reader.execute("SELECT count(*) AS n FROM audit").fetchone()["n"] == 10
    reader.close()


def test_a_reader_that_takes_too_long_is_interrupted(path: Path) -> None:
    filled(path)
    ticks: Iterator[int] = count()
    reader = open_readonly(path, cap_s=30.0, clock=lambda: float(next(ticks)))
    endless = "SELECT count(*) FROM audit a, audit b, audit c"
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        reader.execute(endless).fetchone()
    assert reader.execute("SELECT count(*) FROM audit").fetchone()[0] == 2000  # the next one has its own time
    reader.close()


def test_each_cursor_of_a_reader_has_its_own_time(path: Path) -> None:
    filled(path)
    now = [0.0]
    reader = open_readonly(path, cap_s=30.0, clock=lambda: now[0])
    for _ in range(5):
        cursor = reader.cursor()
        now[0] += 20.0
        assert (
            cursor.execute("SELECT count(*) FROM audit a, audit b WHERE a.audit_id < 100").fetchone()[0] == 99 * 2000
        )
    reader.close()


def test_a_reader_makes_no_database(path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        open_readonly(path)
    assert not path.exists()


def test_a_path_with_signs_of_urls_is_a_path(tmp_path: Path) -> None:
    odd = tmp_path / "a?mode=rwc#b %41.db"
    filled(odd, 3)
    reader = open_readonly(odd)
    assert reader.execute("SELECT count(*) FROM audit").fetchone()[0] == 3
    reader.close()


@pytest.mark.parametrize("page", [1, 7, 20])
def test_an_overwritten_page_is_refused_with_the_way_back(path: Path, page: int) -> None:
    filled(path)
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)
    with pytest.raises(StoreDamaged, match="is damaged") as caught:
        open_writer(path)
    assert "Put the newest backup" in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"not a database at all, but a text of some length" * 40, b"x"])
def test_another_file_is_not_taken_for_a_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="is damaged"):
        open_writer(path)
    assert path.read_bytes() == content


def test_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be opened"):
        open_writer(tmp_path)


def test_sqlite_s_errors_become_ours(connection: sqlite3.Connection, path: Path) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO audit (at, who, what) VALUES ('a', 'b', ?)", ("x" * 100_000,))
    assert isinstance(typed(caught.value, path), StoreFull)
    with pytest.raises(sqlite3.OperationalError) as other:
        connection.execute("SELECT nothing")
    assert type(typed(other.value, path)) is RecordError


def test_a_reader_says_that_the_database_is_of_an_older_release(path: Path) -> None:
    writer = open_writer(path)
    writer.execute("CREATE TABLE leads (number TEXT)")
    writer.close()
    reader = open_readonly(path)
    for statement in ("SELECT * FROM campaign_lists", "SELECT region FROM leads"):
        with pytest.raises(
            RecordError, match=r"of an older release .*: start the engine, or run callwright db migrate"
        ):
            reader.execute(statement)
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        reader.execute("SELEC")
    reader.close()
