"""A database of its own for each test."""

from tests.calls.records.conftest import connection, migrated, path

__all__ = ["connection", "migrated", "path"]
