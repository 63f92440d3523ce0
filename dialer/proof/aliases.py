"""People who were erased, or whose old attempts have no number any more, and came again: the hash that stands for a
number, and the number, are one person."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from pathlib import Path

MARK = "erased:"
DIGITS = 40
"""What the hash of a number is: its first hexadecimal digits, by HMAC-SHA256 with the installation's key."""


class Aliases:
    """What numbers are known as. Without the key nobody who came again is known; :attr:`lacks_key` says so."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._tokens = {str(row[0]) for row in connection.execute("SELECT token FROM erasures")}
        old = connection.execute(
            "SELECT DISTINCT person_key FROM attempts WHERE person_key > ? AND person_key < ?", (MARK, f"{MARK}g")
        )
        self._tokens |= {str(row[0]) for row in old}
        self._key = _key(connection) if self._tokens else b""
        self.lacks_key = bool(self._tokens) and self._hash("") not in self._tokens

    def of(self, number: str) -> str:
        """The hash of a number for which one stands somewhere, else the number."""
        if not self._tokens or not number.startswith("+"):
            return number
        token = self._hash(number)
        return token if token in self._tokens else number

    def all_of(self, connection: sqlite3.Connection, campaign_id: str) -> list[str]:
        """Under what the people of a campaign's attempts stand, before an erasure and after it."""
        keys = connection.execute("SELECT DISTINCT person_key FROM attempts WHERE campaign_id = ?", (campaign_id,))
        mine = {str(row[0]) for row in keys}
        if not self._tokens:
            return sorted(mine)
        known = {self.of(each) for each in mine}
        everybody = (str(row[0]) for row in connection.execute("SELECT DISTINCT person_key FROM attempts"))
        return sorted(mine | {each for each in everybody if self.of(each) in known})

    def _hash(self, number: str) -> str:
        return (
            MARK + hmac.new(self._key, number.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:DIGITS]
        )


def _key(connection: sqlite3.Connection) -> bytes:
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2] + ".key")
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return b""
