"""What stands in the store for the number of a person who was erased: a keyed hash, by which it is known again.

The key is a secret of the installation, in a file beside the database (``callwright.db.key``, mode 0600), made when
the first person is erased. Without it nobody can tell whose a hash is, and whether somebody was erased: nothing that
asks is answered then, and nobody is dialled. The hash of no number stands beside those of people, so that another key
is known to be another.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from calls.errors import RecordError
from calls.records.times import as_text

MARK = "erased:"
"""What every such hash begins with: no number does."""

KEY_BYTES = 32
NOBODY = ""
"""Its hash tells the key with which people were erased from another one."""

DIGITS = 40
"""160 bits of the hash: two numbers never have the same."""


def key_path(database: Path) -> Path:
    """Where the key of a database is."""
    return database.with_name(f"{database.name}.key")


def make_key(connection: sqlite3.Connection, database: Path, key: bytes) -> None:
    """Keep ``key`` as the database's, where it has none yet and nobody was erased with another.

    Raises:
        RecordError: the file cannot be written, or is not there any more, or is another one's.
    """
    path = key_path(database)
    if anybody(connection):
        token_if_erased(connection, NOBODY)
    if path.exists():
        return
    made = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(made, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write(key.hex())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody else's was first
            os.link(made, path)
        made.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the hashes might outlive the key
        finally:
            os.close(folder)
    except OSError as problem:
        raise RecordError(f"{path}: cannot be written: {problem.strerror}") from problem


def keep(connection: sqlite3.Connection, tokens: Iterable[str], at: datetime) -> None:
    """Keep that the people of these hashes were erased."""
    connection.executemany(
        "INSERT INTO erasures (token, erased_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(each, as_text(at)) for each in (token(connection, NOBODY), *tokens)],
    )


def anybody(connection: sqlite3.Connection) -> bool:
    """True where anybody was ever erased, or records became too old to have numbers."""
    return connection.execute("SELECT 1 FROM erasures LIMIT 1").fetchone() is not None


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
        RecordError: somebody was erased, and the key is not there, or is another.
    """
    if not anybody(connection):
        return None
    found, nobody = token(connection, number), token(connection, NOBODY)
    known = {
        row[0] for row in connection.execute("SELECT token FROM erasures WHERE token IN (?, ?)", (found, nobody))
    }
    if nobody not in known:
        _key.cache_clear()
        path = key_path(Path(connection.execute("PRAGMA database_list").fetchone()[2]))
        raise RecordError(f"{path}: is not the key with which people were erased: restore that one from a backup")
    return found if found in known else None


def token_if_any(connection: sqlite3.Connection, number: str) -> str | None:
    """The hash under which old attempts of a number may stand, its person erased or not: they are kept no longer than
    the settings say (:mod:`calls.people.forgetting`). None: there are no hashes here.

    Raises:
        RecordError: there are, and the key is not there, or is another.
    """
    if not anybody(connection):
        return None
    token_if_erased(connection, NOBODY)  # is it the key?
    return token(connection, number)


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
