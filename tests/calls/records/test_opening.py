"""A database that takes long to open: what is told meanwhile, and what a kill in the middle of an upgrade leaves."""

from __future__ import annotations

import queue
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from calls.errors import StoreDamaged, StoreFull
from calls.records import database, opening
from calls.records.backup import backup, check
from calls.records.database import open_writer
from calls.records.migrations import applied, migrate
from calls.records.opening import open_upgraded
from calls.records.progress import Progress
from calls.records.writer import write_once
from tests.calls.records.test_migrations import ALL, release_with
from tests.calls.records.test_upgrades import fill, held
from tests.fresh_store import lay

CHILD = """
import sys
from pathlib import Path
from calls.records import migrations
from calls.records.backup import backup, check
from calls.records.database import open_writer

migrations.CACHE_KIB = 16  # what changed is in the log before the kill, and not in memory alone

def told(step):
    if step.startswith(sys.argv[2]):
        print(step, flush=True)
        sys.stdin.read()

migrations.migrate(open_writer(Path(sys.argv[1])), told=told)
"""


def test_what_takes_long_is_told_every_few_seconds_with_how_long_it_has() -> None:
    told: queue.Queue[str] = queue.Queue()
    now_s = 100.0
    with Progress(told.put, 0.001, lambda: now_s) as progress:
        progress.now("reading")
        for passed_s in (7.0, 5.0):
            now_s += passed_s
            while told.get(timeout=20) != f"reading: {now_s - 100.0:.0f} s so far":
                pass
    assert not progress._thread.is_alive()


def test_of_what_is_soon_over_nothing_is_told() -> None:
    told: list[str] = []
    with Progress(told.append, 3600.0) as progress:
        progress.now("reading")
    assert told == []


def test_an_upgrade_says_which_migration_it_is_at(path: Path) -> None:
    steps: list[str] = []
    with closing(open_writer(path)) as connection:
        migrate(connection, release_with(*ALL[:-2]))
        before = [connection.execute(f"PRAGMA {name}.cache_size").fetchone()[0] for name in ("main", "temp")]
        assert migrate(connection, told=steps.append) == ALL[-2:]
        after = [connection.execute(f"PRAGMA {name}.cache_size").fetchone()[0] for name in ("main", "temp")]
    assert steps == [f"{ALL[-2]} (1 of 2)", f"{ALL[-1]} (2 of 2)", "writing it into the database"]
    assert before == after


def test_a_very_large_database_is_read_whole_before_an_upgrade_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_writer(path)) as connection:
        migrate(connection, release_with(*ALL[:-1]))
        last = connection.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    monkeypatch.setattr(database, "READ_WHOLE_BYTES", 0)
    page = path.read_bytes()[(last - 1) * 4096 : last * 4096]
    _overwrite(path, last, b"\xa5" * 4096)
    with pytest.raises(StoreDamaged, match="is damaged"):
        open_upgraded(path, print)
    _overwrite(path, last, page)
    open_upgraded(path, print).close()
    _overwrite(path, last, b"\xa5" * 4096)
    open_upgraded(path, print).close()


@pytest.mark.parametrize("part", ["audit", "audit_by_time"])
def test_a_damaged_page_of_a_very_large_database_is_found_by_who_comes_to_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """A page of a table, and one of an index: in use, in a backup and by a check; whatever needs neither goes on."""
    lay(path)
    monkeypatch.setattr(database, "READ_WHOLE_BYTES", 0)
    write_once(path, lambda db: db.executemany(_NOTED, [(f"{number:09}",) for number in range(1_000)]))
    with closing(sqlite3.connect(path)) as connection:
        leaves = "SELECT max(pageno) FROM dbstat WHERE name = ? AND pagetype = 'leaf'"
        (page,) = connection.execute(leaves, (part,)).fetchone()
    _overwrite(path, page, b"\xa5" * 4096)
    with pytest.raises(StoreDamaged, match="Put the newest backup"):
        write_once(path, lambda db: db.execute(_NOTED, ("x",)))
    with pytest.raises(StoreDamaged, match="Put the newest backup"):
        backup(path, tmp_path / "backup.db")
    with pytest.raises(StoreDamaged, match="Put the newest backup"):
        check(path)
    write_once(path, lambda db: db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'l', 'x')"))
    with closing(database.open_readonly(path)) as connection:
        assert connection.execute("SELECT count(*) FROM lists").fetchone()[0] == 1
        with pytest.raises(sqlite3.DatabaseError, match="malformed"):
            connection.execute(_THROUGH[part]).fetchall()


_NOTED = "INSERT INTO audit (at, who, what) VALUES (?, 'test', 'x')"
_THROUGH = {
    "audit": "SELECT who FROM audit NOT INDEXED",
    "audit_by_time": "SELECT at FROM audit INDEXED BY audit_by_time WHERE at >= ''",
}


def _overwrite(path: Path, page: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(content)


def test_an_upgrade_without_room_on_the_disk_is_told_as_such(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(connection: sqlite3.Connection, **_more: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        migrate(connection)

    monkeypatch.setattr(opening, "migrate", full)
    with pytest.raises(StoreFull, match="no room on the disk"):
        open_upgraded(path, print)


@pytest.mark.parametrize("at", [ALL[-3], "writing"])
def test_a_kill_within_an_upgrade_leaves_a_database_that_is_upgraded_again(
    path: Path, tmp_path: Path, at: str
) -> None:
    other = tmp_path / "undisturbed.db"
    for each in (path, other):
        with closing(open_writer(each)) as connection:
            migrate(connection, release_with(*ALL[:20]))
            fill(connection)
    command = [sys.executable, "-c", CHILD, str(path), "writing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("writing")
        assert Path(f"{path}-wal").stat().st_size > 100_000, "what was changed is in the log already"
        child.send_signal(signal.SIGKILL)
        child.wait(20)
    with closing(open_writer(path)) as killed, closing(open_writer(other)) as whole:
        assert applied(killed) == ALL[:20], "nothing of the upgrade is left"
        assert migrate(killed) == migrate(whole) == ALL[20:]
        assert held(killed) == held(whole)
        assert killed.execute("PRAGMA integrity_check").fetchone() == ("ok",)
