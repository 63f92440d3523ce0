"""Backups beside a running writer, and the check that tells a whole database from a damaged one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from calls.errors import RecordError, StoreDamaged
from calls.records.backup import Check, backup, check
from calls.records.database import open_readonly, open_writer
from calls.records.writer import Writer, write_once
from tests.calls.records.test_migrations import ALL


def add_audit(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO audit (at, who, what) VALUES ('2025', 'test', 'x')")


def add_many(connection: sqlite3.Connection) -> None:
    for _ in range(2000):
        add_audit(connection)


def rows(path: Path) -> int:
    reader = open_readonly(path)
    try:
        return int(reader.execute("SELECT count(*) FROM audit").fetchone()[0])
    finally:
        reader.close()


def overwrite(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)


def test_a_whole_database(path: Path) -> None:
    write_once(path, add_audit)
    assert check(path) == Check(faults=(), migrations=ALL, missing=(), calls=0, live_calls=0)
    assert check(path).is_whole


def test_a_database_without_a_schema_is_not_damaged(path: Path) -> None:
    open_writer(path).close()
    assert check(path) == Check((), (), ALL, 0, 0)


async def test_a_backup_is_one_moment_of_a_database_in_use(writer: Writer, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    for _ in range(20):
        await writer.run(add_audit)
    stop = asyncio.Event()

    async def go_on() -> int:
        count = 20
        while not stop.is_set():
            await writer.run(add_audit)
            count += 1
        return count

    busy = asyncio.create_task(go_on())
    found = await asyncio.get_running_loop().run_in_executor(None, backup, writer.path, target)
    stop.set()
    written = await busy
    assert found.is_whole
    assert 20 <= rows(target) <= written
    assert rows(writer.path) == written


def test_a_backup_takes_the_place_of_the_database(path: Path, tmp_path: Path) -> None:
    write_once(path, add_audit)
    target = tmp_path / "backup.db"
    backup(path, target)
    assert stat.S_IMODE(target.stat().st_mode) & stat.S_IRWXO == 0
    write_once(path, add_audit)
    for each in path.parent.glob("calls.db*"):
        each.unlink()
    os.replace(target, path)
    write_once(path, add_audit)
    assert rows(path) == 2
    assert check(path).is_whole


def test_a_backup_replaces_nothing(path: Path, tmp_path: Path) -> None:
    write_once(path, add_audit)
    target = tmp_path / "backup.db"
    target.write_text("mine")
    with pytest.raises(RecordError, match="is there already"):
        backup(path, target)
    assert target.read_text() == "mine"


def test_nor_a_file_that_came_meanwhile(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_once(path, add_audit)
    target = tmp_path / "backup.db"

    def check_and_meet(copy: Path) -> Check:
        target.write_text("another's")
        return check(copy)

    monkeypatch.setattr("calls.records.backup.check", check_and_meet)
    with pytest.raises(RecordError, match="File exists"):
        backup(path, target)
    assert target.read_text() == "another's"


def test_a_backup_that_cannot_be_made_leaves_nothing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with pytest.raises(RecordError, match="cannot be read"):
        backup(path, target)
    write_once(path, add_audit)
    with pytest.raises(RecordError, match="No such file"):
        backup(path, tmp_path / "none" / "backup.db")
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == []


def test_a_damaged_database_makes_no_backup(path: Path, tmp_path: Path) -> None:
    write_once(path, add_many)
    overwrite(path, path.stat().st_size // 4096 - 3)  # rows of the audit: the last that was written
    with pytest.raises(StoreDamaged, match="Put the newest backup"):
        backup(path, tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


@pytest.mark.parametrize("page", [2, 9, 20])
def test_a_damaged_page_is_found(path: Path, page: int) -> None:
    write_once(path, add_many)
    overwrite(path, page)
    try:
        assert not check(path).is_whole
    except StoreDamaged as problem:
        assert "Put the newest backup" in str(problem)


def test_what_is_no_database_is_said(path: Path) -> None:
    path.write_bytes(b"a text" * 1000)
    with pytest.raises(RecordError, match="not a database"):
        check(path)


def test_a_reference_to_nothing_is_found(path: Path) -> None:
    write_once(path, add_audit)
    loose = sqlite3.connect(path, isolation_level=None)
    loose.execute("INSERT INTO campaigns VALUES ('c', 'c', 'no list', '{}', 'stopped', 'x', 'x', NULL, NULL)")
    loose.close()
    assert check(path).faults == ("campaigns, row 1: what it refers to in lists is not there",)


def test_a_newer_schema_and_another_program_s_are_faults(path: Path, tmp_path: Path) -> None:
    write_once(path, add_audit)
    loose = sqlite3.connect(path, isolation_level=None)
    loose.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('callwright', '9', 'x')")
    loose.close()
    assert "newer release" in check(path).faults[0]
    other = sqlite3.connect(tmp_path / "other.db", isolation_level=None)
    other.execute("CREATE TABLE notes (x)")
    other.close()
    assert "not Callwright's" in check(tmp_path / "other.db").faults[0]
