"""One caller in one worker process, from the engine's side: audio goes in and never waits, events come out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from ivr.speech.events import Broken, SpeechBegan, SpeechEnded, SpeechEvent
from ivr.speech.frames import Audio, Close, Finish, ToWorker
from ivr.speech.recognizer import Final, Partial

LATE_S = 2.0
"""So much audio may be on its way through a worker; one with more is too slow to be of use to this caller."""

CATCHES_UP_S = 1.0
"""It has so long to work off what came at once, as after a moment in which the engine itself did nothing. It never
has more than twice as much."""

PIECE_S = 0.06
"""Audio is handed over in pieces of this: three packets of a telephone, a third of the frames."""

_BEHIND_BYTES = int(0.5 * RATE_HZ) * SAMPLE_BYTES
LATE_BYTES = int(LATE_S * RATE_HZ) * SAMPLE_BYTES
PIECE_BYTES = int(PIECE_S * RATE_HZ) * SAMPLE_BYTES

MOST_EVENTS = 1_000
"""Events that nobody has read: an utterance has some ten."""


class Hearing:
    """One utterance. Used on the event loop."""

    def __init__(self, session: int, send: Callable[[ToWorker], None], came_to: Callable[[bool], None]) -> None:
        """``came_to`` is told once how it went: True at ``Final``, False where this session failed by itself."""
        self.session = session
        self._send = send
        self._came_to = came_to
        self._events: asyncio.Queue[SpeechEvent] = asyncio.Queue()
        self._held = b""
        self._untaken = 0
        self._handed_over_s = 0.0
        """When the last piece was, on the loop's clock."""
        self._behind_since: float | None = None
        """When it fell behind, on the loop's clock."""
        self._is_over = False
        self._has_kept_up = asyncio.Event()
        self._has_kept_up.set()
        self.fed_s = 0.0
        """Seconds of audio given so far."""

    def feed(self, pcm: bytes) -> None:
        """What the caller says next, 8 kHz s16le. Never waits; after the end it is left out."""
        if self._is_over:
            return
        self.fed_s += len(pcm) / SAMPLE_BYTES / RATE_HZ
        self._held += pcm
        if len(self._held) >= PIECE_BYTES:
            self._hand_over()

    @property
    def behind_s(self) -> float:
        """How far the worker is behind what the caller says: of what it has it has not judged so much."""
        if self._untaken <= 0:
            return 0.0
        since_s = asyncio.get_running_loop().time() - self._handed_over_s
        return self._untaken / SAMPLE_BYTES / RATE_HZ + since_s

    async def kept_up(self) -> None:
        """Returns when the worker has not far to go any more, or never will get there: for audio that comes faster
        than it was said."""
        await self._has_kept_up.wait()

    def finish(self) -> None:
        """The utterance is over: ``Final`` or ``Broken`` will be the last event."""
        if not self._is_over:
            self._hand_over()
        if not self._is_over:
            self._send(Finish(self.session))

    async def next_event(self) -> SpeechEvent:
        """The next one. After ``Final`` or ``Broken`` there is none, and this never returns."""
        return await self._events.get()

    def close(self) -> None:
        """Nobody listens any more. Again is no error."""
        if not self._is_over:
            self._is_over = True
            self._has_kept_up.set()
            self._send(Close(self.session))

    def taken(self, count: int) -> None:
        """The worker is done with so many more bytes."""
        self._untaken -= count
        if self._untaken <= _BEHIND_BYTES:
            self._behind_since = None
            self._has_kept_up.set()

    def told(self, event: SpeechBegan | SpeechEnded | Partial | Final) -> None:
        """The worker tells."""
        if self._is_over:
            return
        if self._events.qsize() >= MOST_EVENTS:
            self.fail("crashed")
            return
        self._events.put_nowait(event)
        if isinstance(event, Final):
            self._is_over = True
            self._has_kept_up.set()
            self._came_to(True)

    def fail(self, reason: str) -> None:
        """This session has failed; ``reason`` as :class:`ivr.speech.events.Broken` has it."""
        if not self._is_over:
            self.break_off(reason)
            self._came_to(False)

    def break_off(self, reason: str) -> None:
        """The session is over by no fault of its own: the worker is no more, or its engine does not hear that."""
        if not self._is_over:
            self.close()
            self._events.put_nowait(Broken(reason))

    def _hand_over(self) -> None:
        piece, self._held = self._held, b""
        self._untaken += len(piece)
        if self._untaken > _BEHIND_BYTES:
            self._has_kept_up.clear()
        if self._is_late():
            self.fail("late")
        elif piece:
            self._handed_over_s = asyncio.get_running_loop().time()
            self._send(Audio(self.session, piece))

    def _is_late(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._untaken > _BEHIND_BYTES and self._behind_since is None:
            self._behind_since = now
        if self._untaken <= LATE_BYTES or self._behind_since is None:
            return False
        return now - self._behind_since > CATCHES_UP_S or self._untaken > 2 * LATE_BYTES
