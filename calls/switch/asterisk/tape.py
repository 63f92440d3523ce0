"""A caller who is heard by recordings, where Asterisk can do no better: what is said between prompts, and late.

A ``Gather`` of a caller who is heard so does not wait for keys after its prompts but records, again and again, each
time until a second of silence, a key, or :data:`LONGEST_S`. What was recorded is read, and the file removed; whoever
listens has it some milliseconds later. Nothing is heard while a prompt plays, and a key counts as ever.
"""

from __future__ import annotations

import asyncio
import wave
from collections import deque
from collections.abc import Awaitable, Callable

from calls import log
from calls.errors import RecordingError, SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.tapes import why_unreadable
from calls.wire import agi
from calls.wire.agi_replies import Reply

SILENCE_S = 1
"""What RECORD FILE takes for an end: the least that it knows."""

LONGEST_S = 5.0
"""A line that is never silent is heard after this. Some milliseconds are lost where one recording follows another."""

PIECE_BYTES = RATE_HZ // 10 * SAMPLE_BYTES

Say = Callable[[agi.Command], Awaitable[Reply]]
Apart = Callable[[Callable[[], bytes]], Awaitable[bytes]]


class Tape:
    """What one caller says. See :class:`calls.switch.hearing.CallerAudio`."""

    def __init__(self, recordings: RecordingFiles, name: str, apart: Apart = asyncio.to_thread) -> None:
        """``apart`` reads a file without keeping anybody waiting.

        Raises:
            SwitchUnavailable: what Asterisk records cannot be read here.
        """
        if reason := why_unreadable(recordings, "Asterisk"):
            raise SwitchUnavailable(reason)
        self._recordings = recordings
        self._name = name
        self._apart = apart
        self._pieces: deque[bytes] = deque()
        self._news = asyncio.Event()
        self.ended = False

    @property
    def live(self) -> bool:
        """See :class:`calls.switch.hearing.CallerAudio`."""
        return False

    @property
    def lost_s(self) -> float:
        """See :class:`calls.switch.hearing.CallerAudio`. What lies between two recordings is not counted."""
        return 0.0

    def end(self) -> None:
        """Nobody listens any more, or nothing can be heard."""
        self.ended = True
        self._news.set()

    async def read(self) -> bytes:
        """See :class:`calls.switch.hearing.CallerAudio`."""
        while not self._pieces:
            if self.ended:
                return b""
            self._news.clear()
            await self._news.wait()
        return self._pieces.popleft()

    async def record(self, say: Say, for_s: float) -> Reply:
        """Record what is said in the next ``for_s`` seconds, and hand it over; the reply to RECORD FILE.

        No file is left. Raises what ``say`` does.
        """
        path = str(self._recordings.path(self._name).with_suffix(""))
        longest_ms = max(1, round(min(for_s, LONGEST_S) * 1_000))
        try:
            reply = await say(agi.RecordFile(path, agi.ALL_KEYS, longest_ms, SILENCE_S))
            if not self.ended:
                pcm = await self._apart(self._heard)
                self._pieces.extend(pcm[at : at + PIECE_BYTES] for at in range(0, len(pcm), PIECE_BYTES))
                self._news.set()
        except (OSError, EOFError, wave.Error) as problem:
            log.get().error("what a caller said cannot be read", path=path, problem=str(problem))
            self.end()
        finally:
            self._remove()
        return reply

    def _heard(self) -> bytes:
        with wave.open(str(self._recordings.path(self._name)), "rb") as file:
            return file.readframes(file.getnframes())

    def _remove(self) -> None:
        try:
            self._recordings.delete(self._name)
        except RecordingError as problem:
            log.get().error("what a caller said is left behind", problem=str(problem))
