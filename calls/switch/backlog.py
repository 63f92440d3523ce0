"""What a caller has said and nobody has read yet: the :class:`~calls.switch.hearing.CallerAudio` of every driver."""

from __future__ import annotations

import asyncio
from collections import deque

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES

LONGEST_S = 2.0
"""How much may wait: see :meth:`calls.switch.hearing.CallerAudio.read`."""

_MOST_BYTES = int(LONGEST_S * RATE_HZ * SAMPLE_BYTES)


class Backlog:
    """A driver puts pieces in, of 10 to 100 ms and whole samples each; one reader takes them out."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._bytes = 0
        self._lost_bytes = 0
        self._ended = False
        self._news = asyncio.Event()

    def put(self, piece: bytes) -> None:
        """The caller's next audio. Where too much waits the oldest is dropped; after the end nothing is taken."""
        if self._ended:
            return
        self._pieces.append(piece)
        self._bytes += len(piece)
        while self._bytes > _MOST_BYTES:
            dropped = len(self._pieces.popleft())
            self._bytes -= dropped
            self._lost_bytes += dropped
        self._news.set()

    def lose(self, seconds: float) -> None:
        """So much was lost on the way; the silence in its place is put in as any other piece."""
        self._lost_bytes += round(seconds * RATE_HZ) * SAMPLE_BYTES

    def end(self) -> None:
        """No more will come. What waits is still read."""
        self._ended = True
        self._news.set()

    async def read(self) -> bytes:
        """See :class:`calls.switch.hearing.CallerAudio`."""
        while not self._pieces:
            if self._ended:
                return b""
            self._news.clear()
            await self._news.wait()
        piece = self._pieces.popleft()
        self._bytes -= len(piece)
        return piece

    @property
    def lost_s(self) -> float:
        """See :class:`calls.switch.hearing.CallerAudio`."""
        return self._lost_bytes / (RATE_HZ * SAMPLE_BYTES)
