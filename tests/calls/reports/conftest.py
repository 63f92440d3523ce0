"""A database of its own for each test."""

from tests.calls.records.conftest import connection, path

__all__ = ["connection", "path"]
