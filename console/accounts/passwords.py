"""Passwords: which are good enough, and their hashes. Sources: NIST SP 800-63B (length before composition, nothing
that names the user), RFC 9106 (argon2id; the library's own parameters)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from calls.errors import UserError

SHORTEST = 12
LONGEST = 200
FEWEST_DIFFERENT = 5


WORDS = 4
"""A password that we make is so many groups of four letters."""
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class NotGood(UserError):
    """The password is not good enough. ``key``: which of the console's words say why, with ``values`` in them."""

    def __init__(self, key: str, words: str, **values: int) -> None:
        super().__init__(words)
        self.key = key
        self.values = values


def made() -> str:
    """A password of 79 bits that can be read out: groups of letters and digits that look like nothing else."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(WORDS))


def name_key(name: str) -> str:
    """What tells names of accounts apart."""
    return unicodedata.normalize("NFKC", name).casefold()


def check(password: str, name: str) -> None:
    """
    Raises:
        NotGood: and why.
    """
    folded = name_key(password)
    if not SHORTEST <= len(password) <= LONGEST:
        words = f"a password has {SHORTEST} to {LONGEST} letters: a few words make a good one"
        raise NotGood("short", words, least=SHORTEST, most=LONGEST)
    if name_key(name) in folded:
        raise NotGood("has_name", "the password has the account's name in it")
    if len(set(folded)) < FEWEST_DIFFERENT:
        words = f"the password has fewer than {FEWEST_DIFFERENT} different letters"
        raise NotGood("few", words, least=FEWEST_DIFFERENT)


class Hasher:
    """Makes and judges hashes of passwords. Some 50 ms of CPU each: not for an event loop."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher()
        self._nobody_s = _nobody_s()

    def hash(self, password: str) -> str:
        """What may be kept of it."""
        return self._argon2.hash(_spelled(password))

    def is_right(self, password: str, kept: str | None) -> bool:
        """Whether it is that of which ``kept`` was made; of None, an account that is not there, it takes as long."""
        try:
            self._argon2.verify(self._nobody_s if kept is None else kept, _spelled(password))
        except VerificationError:
            return False
        return kept is not None


@cache
def _nobody_s() -> str:
    return PasswordHasher().hash("nobody's")


def _spelled(password: str) -> str:
    """One spelling of what keyboards write in several."""
    return unicodedata.normalize("NFKC", password)
