"""Callers who are heard: FreeSWITCH writes what one says to a file, and we read it as it grows.

::

    uuid_record start --the file is there: opened, and its name taken away--> heard --uuid_record stop--> gone

Of the ways that FreeSWITCH has by itself this is the fastest that goes on in prompts; docs/freeswitch.md has
the figures. The unicast of the outbound socket is silent in prompts: only a parked channel sends by it.

The file has no name from some milliseconds after it was made: nobody else can open it, and nothing of it is left when
FreeSWITCH and we have let go of it, in whichever way either of us ends. What a run of ours left that was killed
within those milliseconds is removed at the next start. A recording that nobody stops ends with its channel, and after
:data:`LIMIT_S`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from hashlib import sha256

from calls import log
from calls.errors import CommandRefused, RecordingError, RemoteProtocolError, SwitchError, SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.backlog import Backlog
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.tapes import remove_tapes, why_unreadable
from calls.wire import wav_head
from calls.wire.esl_commands import Command
from calls.wire.esl_control import Overhear, Tape, TapeCall

PACKET_S = 0.02
"""FreeSWITCH writes so much at a time."""

EVERY_S = 0.01
"""How often a file is looked at in any case."""

LOOK_S = 0.002
"""How often about the moment at which it should grow."""

CLOCK_S = 0.0001
"""A timer may come so much too early."""

FOLLOWS_S = 3 * PACKET_S
"""For so long behind its last growth it is looked for closely."""

LIMIT_S = 900
"""How long FreeSWITCH records for somebody who may be gone: 14 MB. No question is open for so long."""

READ_BYTES = RATE_HZ * SAMPLE_BYTES
"""A second: more than ever waits, but where we were held up."""

STOPS_S = 0.05
"""How long the caller waits for the end of a recording: 2 ms were seen, and it ends without anybody's waiting."""

WHOSE = 6
"""Characters by which a switch's files are told from another's."""

Ask = Callable[[Command], Awaitable[str]]
"""What FreeSWITCH answers; raises as :meth:`EslConnection.ask` does."""


class _Tape:
    """One file that grows."""

    def __init__(self, descriptor: int, until_s: float) -> None:
        self.audio = Backlog()
        self._descriptor = descriptor
        self._until_s = until_s
        self._at: int | None = None
        """How far it was read; None: its head is not there yet."""
        self._grew_at = float("-inf")
        self.look_at = 0.0
        """When it is to be read next."""

    @property
    def ended(self) -> bool:
        """Nothing is read any more."""
        return self._descriptor < 0

    def read_on(self, now: float) -> None:
        """Hand over what was written since."""
        if self.ended:
            return
        try:
            self._follow(now, grew=self._read())
        except (OSError, RemoteProtocolError) as problem:
            log.get().error("what a caller says cannot be read", problem=str(problem))
            self.end()
        if now >= self._until_s and not self.ended:
            log.get().warning("a caller was heard for as long as FreeSWITCH records", seconds=LIMIT_S)
            self.end()

    def _follow(self, now: float, *, grew: bool) -> None:
        """Its packets come at even distances: the next one is looked for closely from just before it is due, and one
        that comes early or late is found all the same."""
        if grew:
            self._grew_at = now
        due_at = self._grew_at + PACKET_S - LOOK_S
        if now < due_at - CLOCK_S:
            self.look_at = min(due_at, now + EVERY_S)
        else:
            self.look_at = now + (LOOK_S if now - self._grew_at < FOLLOWS_S else EVERY_S)

    def _read(self) -> bool:
        """Whether there was more."""
        grew = False
        if self._at is None:
            self._at = wav_head.samples_begin(os.pread(self._descriptor, wav_head.LONGEST, 0))
        while self._at is not None:
            found = os.pread(self._descriptor, READ_BYTES, self._at)
            whole = found[: len(found) // SAMPLE_BYTES * SAMPLE_BYTES]
            if whole:
                self.audio.put(whole)
                self._at += len(whole)
                grew = True
            if len(found) < READ_BYTES:
                break
        return grew

    def end(self) -> None:
        """Let go of the file. Again is no error."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        self.audio.end()


class Hearings:
    """All of one switch."""

    def __init__(
        self, recordings: RecordingFiles, context: str, whose: str, new_id: Callable[[], str], *, wanted: bool
    ) -> None:
        """``context``: of the dialplan, from which the files' names are made. ``whose``: no other switch that may
        share the folder and the context has it, so that none removes what another one is about to hear. ``wanted``:
        callers are to be heard."""
        self._recordings = recordings
        self._mark = f"{context}-hear-{sha256(whose.encode()).hexdigest()[:WHOSE]}-"
        self._new_id = new_id
        self._wanted = wanted
        self._loop = asyncio.get_running_loop()
        self._tapes: dict[str, list[_Tape]] = {}
        """By the channel's id."""
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many files are being read."""
        return sum(map(len, self._tapes.values()))

    def clear(self) -> None:
        """Remove what an earlier run has left. Blocks: for another thread than that of the event loop."""
        if self._wanted:
            remove_tapes(self._recordings, self._mark)

    @asynccontextmanager
    async def hear(self, channel_id: str, ask: Ask) -> AsyncIterator[Backlog]:
        """What the caller on the channel says, until the context is left or :meth:`over`.

        Raises:
            SwitchUnavailable: the caller cannot be heard; says why.
        """
        if not self._wanted:
            raise SwitchUnavailable('callers are not heard: the settings say audio = "none"')
        name = f"{self._mark}{self._new_id().replace('-', '')[:16]}"
        try:
            file = str(self._recordings.path(name))
            recording = Overhear(channel_id, file, LIMIT_S)
        except (RecordingError, CommandRefused) as problem:
            raise SwitchUnavailable(f"the caller cannot be heard: {problem}") from problem
        tape: _Tape | None = None
        try:
            try:
                await ask(recording)
                tape = self._begin(channel_id, name)
            except (SwitchError, RecordingError, OSError) as problem:
                why = why_unreadable(self._recordings, "FreeSWITCH") or f"the caller cannot be heard: {problem}"
                raise SwitchUnavailable(why) from problem
            yield tape.audio
        finally:
            if tape is not None:
                self._forget(channel_id, tape)
            stopping = self._start(self._stop(channel_id, ask, name, file, named=tape is None))
            await asyncio.wait((stopping,), timeout=STOPS_S)

    def over(self, channel_id: str) -> None:
        """The call has ended: what it still said is there to be read, and no more comes."""
        for tape in self._tapes.pop(channel_id, []):
            tape.read_on(self._loop.time())
            tape.end()

    async def stop(self) -> None:
        """Nobody is heard any more."""
        for channel_id in list(self._tapes):
            self.over(channel_id)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOPS_S)
            for task in late:
                task.cancel()

    # --- inside ------------------------------------------------------------------------------------------------

    def _begin(self, channel_id: str, name: str) -> _Tape:
        """Open the file and take its name away."""
        path = self._recordings.path(name)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._recordings.delete(name)
        except RecordingError:
            os.close(descriptor)
            raise
        tape = _Tape(descriptor, self._loop.time() + LIMIT_S)
        self._tapes.setdefault(channel_id, []).append(tape)
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_S, self._tick)
        return tape

    def _tick(self) -> None:
        now = self._loop.time()
        next_at = now + EVERY_S
        for tapes in self._tapes.values():
            for tape in tapes:
                if tape.look_at <= now + CLOCK_S:
                    tape.read_on(now)
                next_at = min(next_at, tape.look_at)
        next_at = max(next_at, now + LOOK_S)
        self._timer = self._loop.call_at(next_at, self._tick) if self._tapes else None

    def _forget(self, channel_id: str, tape: _Tape) -> None:
        tape.end()
        tapes = self._tapes.get(channel_id, [])
        if tape in tapes:
            tapes.remove(tape)
        if not tapes:
            self._tapes.pop(channel_id, None)

    async def _stop(self, channel_id: str, ask: Ask, name: str, file: str, *, named: bool) -> None:
        """End the recording; ``named``: its file may have a name still."""
        try:
            await ask(TapeCall(channel_id, Tape.STOP, file))
        except SwitchError:
            pass  # nothing records it, or the channel is gone, or nobody is there to be asked: its limit ends it
        if named:
            try:
                self._recordings.delete(name)
            except RecordingError as problem:
                log.get().error("what a caller said is left behind", problem=str(problem))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name="stop hearing")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
