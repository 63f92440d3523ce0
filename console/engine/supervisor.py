"""What the engine tells its supervisor: that it is up, and, twice in each interval, that its event loop still turns.

Source: sd_notify(3) and the WATCHDOG_USEC of sd_watchdog_enabled(3). Without systemd nothing is told.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

STARTING_S = 60
"""For how long what was told of a start holds on. It is told every few seconds."""


class Supervisor:
    """The supervisor that ``environment`` names, if any."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watched = bool(self._address) and microseconds.isdecimal() and ours
        self.interval_s = int(microseconds) / 2_000_000 if watched else None
        """How often :meth:`alive` is to be told; None: nobody watches."""

    def starting(self) -> None:
        """The engine still starts, and may take another minute: its database is looked through or upgraded."""
        self._tell(b"EXTEND_TIMEOUT_USEC=%d" % (STARTING_S * 1_000_000))

    def ready(self) -> None:
        """The engine has started."""
        self._tell(b"READY=1")

    def alive(self) -> None:
        """The event loop turns."""
        self._tell(b"WATCHDOG=1")

    def stopping(self, within_s: float) -> None:
        """The engine drains and ends, which may take so long: a supervisor that would kill it sooner waits."""
        self._tell(b"STOPPING=1\nEXTEND_TIMEOUT_USEC=%d" % round(within_s * 1_000_000))

    def _tell(self, state: bytes) -> None:
        """A supervisor that has gone is no reason to fail."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            try:
                sending.sendto(state, self._address)
            except OSError:
                return
