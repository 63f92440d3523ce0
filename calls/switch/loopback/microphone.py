"""The microphone of a caller's telephone: sends what is said, piece by piece as time goes, and silence too."""

from __future__ import annotations

import asyncio

from calls.errors import CommandRefused
from calls.switch.backlog import Backlog
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES

PIECE_S = 0.02
"""As nearly all telephones send: 20 ms a packet (RFC 3551, section 4.2)."""

PIECE_BYTES = int(PIECE_S * RATE_HZ) * SAMPLE_BYTES


class Microphone:
    """Of one call. Nothing is sent while nobody hears."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sound = b""
        self._since_s = 0.0
        self._unsent = b""
        self._hearer: Backlog | None = None
        self._timer: asyncio.TimerHandle | None = None

    def say(self, sound: bytes) -> None:
        """The caller begins to make this sound, behind the last one."""
        self._sound, self._since_s = sound, self._loop.time()
        if self._hearer is not None:
            self._unsent += sound

    def open(self) -> Backlog:
        """What the caller says from now on, until :meth:`close`.

        Raises:
            CommandRefused: somebody hears already.
        """
        if self._hearer is not None:
            raise CommandRefused("the caller is being heard already")
        said = int((self._loop.time() - self._since_s) * RATE_HZ) * SAMPLE_BYTES
        self._unsent = self._sound[said:]
        self._hearer = Backlog()
        self._await_piece(self._loop.time())
        return self._hearer

    def close(self) -> None:
        """Nobody hears any more. Again is no error."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._hearer is not None:
            self._hearer.end()
            self._hearer = None

    def _await_piece(self, begins_s: float) -> None:
        ends_s = begins_s + PIECE_S
        self._timer = self._loop.call_at(ends_s, self._send, ends_s)

    def _send(self, now_s: float) -> None:
        assert self._hearer is not None, "closing cancels the timer"
        piece, self._unsent = self._unsent[:PIECE_BYTES], self._unsent[PIECE_BYTES:]
        self._hearer.put(piece.ljust(PIECE_BYTES, b"\0"))
        self._await_piece(now_s)
