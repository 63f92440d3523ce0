"""What stands in the store for the number of a person who was erased: a keyed hash, by which it is known again.

The key is a secret of the installation, in a file beside the database (``callwright.db.key``, mode 0600), made when
the first person is erased. Without it nobody can tell whose a hash is, and whether somebody was erased: nothing that
asks is answered then, and nobody is dialled.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from functools import lru_cache
from pathlib import Path

from calls.errors import RecordError

MARK = "erased:"
"""What every such hash begins with: no number does."""

KEY_BYTES = 32
DIGITS = 40
"""160 bits of the hash: two numbers never have the same."""


def key_path(database: Path) -> Path:
    """Where the key of a database is."""
    return database.with_name(f"{database.name}.key")


def make_key(database: Path, key: bytes) -> None:
    """Keep ``key`` as the database's, where it has none yet.

    Raises:
        RecordError: the file cannot be written.
    """
    path = key_path(database)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    except OSError as problem:
        raise RecordError(f"{path}: cannot be written: {problem.strerror}") from problem
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex())
        file.flush()
        os.fsync(file.fileno())


def token(connection: sqlite3.Connection, number: str) -> str:
    """The hash of a number.

    Raises:
        RecordError: the key is not there.
    """
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    digest = hmac.new(_key(key_path(Path(path))), number.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return MARK + digest.hexdigest()[:DIGITS]


def token_if_erased(connection: sqlite3.Connection, number: str) -> str | None:
    """The hash of a number of somebody who was erased; None: nobody with this number was.

    Raises:
        RecordError: somebody was erased, and the key is not there.
    """
    if connection.execute("SELECT 1 FROM erasures LIMIT 1").fetchone() is None:
        return None
    found = token(connection, number)
    is_known = connection.execute("SELECT 1 FROM erasures WHERE token = ?", (found,)).fetchone()
    return None if is_known is None else found


@lru_cache(maxsize=16)
def _key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as problem:
        raise RecordError(
            f"{path}: the key by which erased people are known again cannot be read: restore it from a backup"
        ) from problem
    if len(key) != KEY_BYTES:
        raise RecordError(f"{path}: is no key of {KEY_BYTES} bytes: restore it from a backup")
    return key
