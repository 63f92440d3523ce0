"""Places where a test can kill the process, to show that nothing is lost there.

``CALLWRIGHT_FAILPOINT=attempt.after_commit`` kills at the first hit of that name, ``attempt.after_commit:3`` at the
third. The process gets SIGKILL, as from the kernel: no handler runs, nothing is flushed. Unset, a hit does nothing.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Mapping

VARIABLE = "CALLWRIGHT_FAILPOINT"


class Failpoints:
    """The failpoint that an environment asks for, and how often each name was hit so far."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name, _, count = environment.get(VARIABLE, "").partition(":")
        self._name = name
        self._count = int(count) if count else 1
        self._hits: Counter[str] = Counter()

    def is_due(self, name: str) -> bool:
        """Count a hit of ``name``; True where it is the one that was asked for."""
        if name != self._name:
            return False
        self._hits[name] += 1
        return self._hits[name] == self._count


_OURS = Failpoints(os.environ)


def hit(name: str) -> None:
    """Die here if the environment that the process was started with asks for it."""
    if _OURS.is_due(name):
        os.kill(os.getpid(), signal.SIGKILL)
