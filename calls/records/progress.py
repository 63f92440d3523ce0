"""What goes on while a database is opened, told to whoever waits for it: a very large one takes minutes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from calls import log

Tell = Callable[[str], None]
"""Takes one line. It is called from a thread of its own."""

EVERY_S = 5.0
"""Between two lines. What is over sooner is not told of."""


def to_log(line: str) -> None:
    """For a process that keeps a log."""
    log.get().info("opening the database", doing=line)


def to_stderr(line: str) -> None:
    """For a command: its output is for what it was asked for."""
    sys.stderr.write(f"{line}\n")


class Progress:
    """Within it, what was last given to :meth:`now` is told every ``every_s`` seconds, and how long it has gone on.

    ``clock``: monotonic seconds.
    """

    def __init__(self, tell: Tell, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._every_s = every_s
        self._clock = clock
        self._doing = ("", clock())
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def now(self, doing: str) -> None:
        """This begins."""
        self._doing = (doing, self._clock())

    def line(self) -> str:
        """What is told now."""
        doing, since = self._doing
        return f"{doing}: {self._clock() - since:.0f} s so far"

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            self._tell(self.line())
