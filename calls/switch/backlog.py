"""What a caller has said and nobody has read yet: the :class:`~calls.switch.hearing.CallerAudio` of every driver."""

from __future__ import annotations

import asyncio
from collections import deque

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES

LONGEST_S = 2.0
"""How much may wait: see :meth:`calls.switch.hearing.CallerAudio.read`."""

_MOST_BYTES = int(LONGEST_S * RATE_HZ * SAMPLE_BYTES)
_LEAST_PIECE, _MOST_PIECE = (int(seconds * RATE_HZ) * SAMPLE_BYTES for seconds in (0.01, 0.1))


class Backlog:
    """A driver puts audio in, of any length and whole samples; one reader takes pieces out."""

    def __init__(self) -> None:
        self._rest = b""
        """What is too short for a piece."""
        self._pieces: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._lost_on_the_way_s = 0.0
        self._ended = False
        self._news = asyncio.Event()

    def put(self, audio: bytes) -> None:
        """The caller's next audio. Where too much waits the oldest is dropped; after the end nothing is taken."""
        if self._ended:
            return
        self._rest += audio
        while len(self._rest) >= _LEAST_PIECE:
            self._add(self._rest[:_MOST_PIECE])
            self._rest = self._rest[_MOST_PIECE:]

    def lost(self, seconds: float) -> None:
        """So much was lost on the way in all; the silence in its place is put in as any audio."""
        self._lost_on_the_way_s = seconds

    def end(self) -> None:
        """No more will come. What waits is still read."""
        if not self._ended and self._rest:
            self._add(self._rest)
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

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._bytes += len(piece)
        while self._bytes > _MOST_BYTES:
            dropped = len(self._pieces.popleft())
            self._bytes -= dropped
            self._dropped += dropped
        self._news.set()

    @property
    def live(self) -> bool:
        """See :class:`calls.switch.hearing.CallerAudio`."""
        return True

    @property
    def lost_s(self) -> float:
        """See :class:`calls.switch.hearing.CallerAudio`."""
        return self._lost_on_the_way_s + self._dropped / (RATE_HZ * SAMPLE_BYTES)
