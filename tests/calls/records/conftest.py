"""A database of its own for each test."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from calls.records.database import open_writer
from calls.records.migrations import migrate
from calls.records.writer import Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, to be copied: forty migrations take as long as a test."""
    path = tmp_path_factory.mktemp("migrated") / "calls.db"
    made = open_writer(path)
    migrate(made)
    made.close()
    return path


@pytest.fixture
def connection(path: Path, migrated: Path) -> Iterator[sqlite3.Connection]:
    """A migrated database without a writer's thread; what a test does is in no transaction."""
    shutil.copy(migrated, path)
    made = open_writer(path)
    yield made
    made.close()


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    made = Writer(path)
    made.start()
    yield made
    await made.close()
