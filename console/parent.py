"""Processes that end with the one that started them, however that one ends: a pipe closes when it goes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

VARIABLE = "CALLWRIGHT_PARENT_FD"
"""Tells a process which of its files closes when its parent has gone."""


@contextmanager
def leash() -> Iterator[Mapping[str, Any]]:
    """Within it, what :func:`subprocess.Popen` is to be given for a child that ends with us: the child asks for it by
    :func:`end_with_parent`."""
    held, given = os.pipe()
    _HELD.append(given)  # closed by nobody: it closes when this process has gone
    try:
        yield {"pass_fds": (held,), "env": {**os.environ, VARIABLE: str(held)}}
    finally:
        os.close(held)


_HELD: list[int] = []


def end_with_parent() -> None:
    """Where the one that started this process wants it, take SIGTERM when it has gone."""
    named = os.environ.pop(VARIABLE, "")
    if named.isdecimal():
        threading.Thread(target=_watch, args=(int(named),), name="parent", daemon=True).start()


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
