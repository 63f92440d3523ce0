"""What the fake FreeSWITCH writes of what a caller says: a file that grows by 20 ms at a time, silence as 0xff.

As seen on 1.11.1 with ``uuid_record ID start FILE 900 {RECORD_READ_ONLY=true,...}``: the head of 44 bytes is there
before the answer, and the file is written to whatever becomes of its name.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path

PACKET_S = 0.02
SILENCE = b"\xff" * 320
VOICE = struct.pack("<hh", 8_000, -8_000) * 80
HEAD = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16, b"data", 0)


class FakeHearing:
    """One of them. ``speaks``: whether the caller speaks just now."""

    def __init__(self, file: str, speaks: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._file = Path(file).open("xb", buffering=0)
        self._file.write(HEAD)
        self._speaks = speaks
        self._due = self._loop.time() + PACKET_S
        self._timer = self._loop.call_at(self._due, self._packet)

    def _packet(self) -> None:
        self._file.write(VOICE if self._speaks() else SILENCE)
        self._due += PACKET_S
        self._timer = self._loop.call_at(self._due, self._packet)

    def end(self) -> None:
        """Write no more. Again is no error."""
        self._timer.cancel()
        self._file.close()
