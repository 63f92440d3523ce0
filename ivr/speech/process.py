"""One worker process, from the engine's side: started, given callers, watched, and ended whatever it does.

It is a program of its own and not a fork: it has none of the engine's sockets, locks and memory. What it sends is
judged: a frame that is none ends it. It is pinged four times a second; one that says nothing for a while hangs, and
is killed, by its own process id and no other. Its callers are told at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from calls import log
from calls.errors import SpeechUnavailable
from calls.settings import SpeechModel
from ivr.speech.frames import (
    Decoder,
    Failed,
    Finish,
    Load,
    Loaded,
    Message,
    NotLoaded,
    Open,
    Ping,
    Pong,
    Refused,
    Taken,
    Told,
    ToWorker,
    encode,
)
from ivr.speech.hearing import Hearing
from ivr.speech.recognizer import Final, Grammar

COMMAND = (sys.executable, "-I", "-m", "ivr.speech.worker")

LOAD_S = 60.0
"""A large model is two gigabytes on a slow disk."""

PING_S = 0.25

SILENT_S = 1.3
"""A worker that says nothing for so long, though it is pinged, hangs: with a ping's time its callers know within two
seconds."""

FREE_S = 8.0
"""But not while it makes out what was said without a grammar: engines of others may do that at the end, at once."""

LAG_S = 0.25
"""Where our own loop came so much too late, it is not the worker that said nothing."""

END_S = 1.0
"""How long a worker may take to see that its input has ended."""

_READ_BYTES = 65_536


class WorkerProcess:
    """One process, from :meth:`start` to the end of :meth:`run`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._decoder = Decoder()
        self._ids = count(1)
        self._hearings: dict[int, Hearing] = {}
        self._told_at_s = 0.0
        self._free: set[int] = set()
        """The sessions without a grammar."""
        self._busy_until_s: dict[int, float] = {}
        """By session: until when it may be making out what was said without a grammar."""
        self.is_up = True
        """False once it is known to have failed; it may not have ended yet."""

    @classmethod
    async def start(
        cls, model: SpeechModel, command: Sequence[str] = COMMAND, within_s: float = LOAD_S
    ) -> WorkerProcess:
        """A process that has loaded ``model``.

        Raises:
            SpeechUnavailable: there is none; says why.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
            )
        except OSError as problem:
            raise SpeechUnavailable(f"no process can be started: {problem.strerror}") from problem
        worker = cls(process)
        try:
            async with asyncio.timeout(within_s):
                await worker._load(model)
        except TimeoutError as problem:
            await worker.end()
            raise SpeechUnavailable(f"its model was not loaded within {within_s:g} s") from problem
        except BaseException:
            await worker.end()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def sessions(self) -> int:
        """How many callers it hears."""
        return len(self._hearings)

    async def run(self) -> str:
        """Serve until the process is no more; why it ended, in words. Its callers are told, and nothing is left."""
        watch = asyncio.ensure_future(self._watch())
        reading = asyncio.ensure_future(self._read())
        try:
            done, _ = await asyncio.wait({watch, reading}, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            self.is_up = False
            await _ended(watch, reading)
            for hearing in list(self._hearings.values()):
                hearing.break_off("crashed")
            self._hearings.clear()
            await self.end()

    def open(self, grammar: Grammar, came_to: Callable[[bool], None]) -> Hearing:
        """Hear one more caller, until the hearing is closed; for ``came_to`` see there.

        Raises:
            SpeechUnavailable: the grammar is too large for a frame. Nothing was sent.
        """
        session = next(self._ids)
        try:
            frame = encode(Open(session, grammar))
        except ValueError as problem:
            raise SpeechUnavailable(f"{problem}: let callers say fewer phrases") from problem
        hearing = self._hearings[session] = Hearing(session, self._send, came_to)
        if not grammar.phrases:
            self._free.add(session)
        self._write(frame)
        return hearing

    def close(self, hearing: Hearing) -> None:
        """The caller is heard no more."""
        hearing.close()
        self._hearings.pop(hearing.session, None)
        self._free.discard(hearing.session)

    async def end(self) -> None:
        """End the process: it is let go, and killed where it does not go. Cancelled, this ends it all the same."""
        ending = asyncio.ensure_future(self._end())
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    async def _end(self) -> None:
        self._requests.close()
        try:
            async with asyncio.timeout(END_S):
                await self._gone()
        except TimeoutError:
            self.kill()
            await self._gone()

    async def _gone(self) -> None:
        while await self._answers.read(_READ_BYTES):  # its pipe is read empty, or nobody sees it end
            pass
        await self._process.wait()

    def kill(self) -> None:
        """Kill it, by its own id."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _load(self, model: SpeechModel) -> None:
        self._send(Load(model))
        while data := await self._answers.read(_READ_BYTES):
            for message in self._messages(data):
                match message:
                    case Loaded():
                        return
                    case NotLoaded(problem):
                        raise SpeechUnavailable(problem)
                    case _:
                        raise SpeechUnavailable(f"it said {type(message).__name__} while it was to load its model")
        raise SpeechUnavailable("it ended while it loaded its model")

    def _messages(self, data: bytes) -> list[Message]:
        try:
            return list(self._decoder.feed(data))
        except ValueError as problem:
            raise SpeechUnavailable(f"it talks nonsense: {problem}") from problem

    async def _read(self) -> str:
        loop = asyncio.get_running_loop()
        while data := await self._answers.read(_READ_BYTES):
            self._told_at_s = loop.time()
            try:
                for message in self._messages(data):
                    self._take(message)
            except SpeechUnavailable as problem:
                self.kill()
                return str(problem)
        return "it crashed"

    def _take(self, message: Message) -> None:
        match message:
            case Taken(session, count):
                if (hearing := self._hearings.get(session)) is not None:
                    hearing.taken(count)
            case Told(session, event):
                if isinstance(event, Final):
                    self._busy_until_s.pop(session, None)
                if (hearing := self._hearings.get(session)) is not None:
                    hearing.told(event)
            case Failed(session, problem):
                log.get().error("an engine of speech recognition failed", problem=problem)
                self._busy_until_s.pop(session, None)
                if (hearing := self._hearings.get(session)) is not None:
                    hearing.fail("crashed")
            case Refused(session, problem):
                log.get().warning("an engine of speech recognition does not hear that", problem=problem)
                if (hearing := self._hearings.get(session)) is not None:
                    hearing.break_off("unavailable")
            case Pong():
                pass
            case _:
                raise SpeechUnavailable(f"it said {type(message).__name__}, which it may not")

    async def _watch(self) -> str:
        loop = asyncio.get_running_loop()
        self._told_at_s = loop.time()
        while True:
            due_s = loop.time() + PING_S
            self._send(Ping())
            await asyncio.sleep(PING_S)
            busy = {session: until_s for session, until_s in self._busy_until_s.items() if until_s >= loop.time()}
            self._busy_until_s = busy
            if loop.time() - due_s > LAG_S:
                self._told_at_s = loop.time()
            elif not busy and loop.time() > self._told_at_s + SILENT_S:
                self.kill()
                return "it hung"

    def _send(self, message: ToWorker) -> None:
        if isinstance(message, Finish) and message.session in self._free:
            self._busy_until_s[message.session] = asyncio.get_running_loop().time() + FREE_S
        self._write(encode(message))

    def _write(self, frame: bytes) -> None:
        if not self._requests.is_closing():
            self._requests.write(frame)


async def _ended(*tasks: asyncio.Task[str]) -> None:
    """Cancel the tasks, and return when they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _environment() -> Mapping[str, str]:
    """All that a worker has in its environment: one thread a process, as there are as many as are wanted."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
