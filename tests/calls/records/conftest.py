"""A database of its own for each test."""

from __future__ import annotations

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


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A migrated database without a writer's thread; what a test does is in no transaction."""
    made = open_writer(path)
    migrate(made)
    yield made
    made.close()


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    made = Writer(path)
    made.start()
    yield made
    await made.close()
