"""Recognition by one model: worker processes that are kept running, and callers divided among them.

One that ends is started again after a rest that grows. Where that happens again and again, or sessions fail one after
the other, nothing is tried for a while (``calls/breaker.py``): callers are told at once that they have their keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Self

from calls import log
from calls.breaker import Breaker
from calls.errors import SpeechError, SpeechUnavailable
from calls.settings import SpeechModel
from ivr.speech.expected import Expected
from ivr.speech.grammar import grammar_of
from ivr.speech.hearing import Hearing
from ivr.speech.process import COMMAND, WorkerProcess

FIRST_REST_S = 0.5
LONGEST_REST_S = 30.0
"""A worker that ended is started again after the first, then after twice as long as before, up to the longest."""

STEADY_S = 60.0
"""One that ran for so long has not ended for the reason it ended for before."""

MOST_SESSIONS = 40
"""Callers whom one worker hears: more than a core recognises at once, as most callers are silent."""


class SpeechService:
    """The workers, from entering this to leaving it."""

    def __init__(
        self,
        model: SpeechModel,
        workers: int,
        *,
        command: Sequence[str] = COMMAND,
        breaker: Breaker | None = None,
        most: int = MOST_SESSIONS,
    ) -> None:
        """``workers`` processes are kept, each of which hears ``most`` callers at most."""
        self._model = model
        self._workers = workers
        self._command = command
        self._breaker = breaker or Breaker()
        self._most = most
        self._up: list[WorkerProcess] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._counted_at_s = float("-inf")
        """When the last session failed that was counted."""

    async def __aenter__(self) -> Self:
        """Begin to start the workers; nobody waits for them."""
        self._keepers = [asyncio.ensure_future(self._keep()) for _ in range(self._workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers; what is heard through them breaks."""
        for keeper in self._keepers:
            keeper.cancel()
        for how in await asyncio.gather(*self._keepers, return_exceptions=True):
            if not isinstance(how, asyncio.CancelledError):  # our bug: a keeper goes on until it is told to end
                raise AssertionError("a worker was kept no longer") from how

    @property
    def workers(self) -> Sequence[WorkerProcess]:
        """Those that are up."""
        return tuple(each for each in self._up if each.is_up)

    @property
    def is_held_off(self) -> bool:
        """True while nothing is tried, after too many failures."""
        return not self._breaker.allows(asyncio.get_running_loop().time())

    async def changed(self) -> None:
        """Return when the next worker is up."""
        self._changed.clear()
        await self._changed.wait()

    async def ready(self) -> None:
        """Return when a worker is up."""
        while not self.workers:
            await self.changed()

    @asynccontextmanager
    async def open(self, expected: Expected) -> AsyncIterator[Hearing]:
        """Hear one utterance, until the context is left. Never waits.

        Raises:
            SpeechUnavailable: on entering: it cannot be heard now.
        """
        if self.is_held_off:
            raise SpeechUnavailable("it failed again and again, and is left alone for a while")
        if not self.workers:
            raise SpeechUnavailable(f"no process that understands {self._model.language} is up")
        worker = min(self.workers, key=lambda each: each.sessions)
        if worker.sessions >= self._most:
            raise SpeechUnavailable("all workers have as many callers as they may")
        try:
            grammar = grammar_of(expected)
        except SpeechError as problem:
            raise SpeechUnavailable(str(problem)) from problem
        hearing = worker.open(grammar, partial(self._came_to, asyncio.get_running_loop().time()))
        try:
            yield hearing
        finally:
            worker.close(hearing)

    def _came_to(self, opened_at_s: float, is_well: bool) -> None:
        """A session went so. Those that were open when another failed have failed of the same: a process that is held
        up for a moment keeps all its callers waiting at once, and that is no failure after the other."""
        if is_well:
            self._breaker.succeeded()
        elif opened_at_s > self._counted_at_s:
            self._counted_at_s = asyncio.get_running_loop().time()
            self._failed()

    def _failed(self) -> None:
        was_held_off = self.is_held_off
        self._breaker.failed(asyncio.get_running_loop().time())
        if self.is_held_off and not was_held_off:
            log.get().error("speech recognition is left alone for a while")

    async def _keep(self) -> None:
        """Keep one worker running."""
        loop = asyncio.get_running_loop()
        rest_s = FIRST_REST_S
        while True:
            began_s = loop.time()
            try:
                why = await self._run()
            except SpeechUnavailable as problem:
                why = str(problem)
            log.get().error("a process for speech recognition has ended", language=self._model.language, why=why)
            self._failed()
            if loop.time() - began_s >= STEADY_S:
                rest_s = FIRST_REST_S
            await asyncio.sleep(rest_s)
            rest_s = min(2 * rest_s, LONGEST_REST_S)

    async def _run(self) -> str:
        worker = await WorkerProcess.start(self._model, self._command)
        self._up.append(worker)
        self._changed.set()
        log.get().info("a process for speech recognition is up", language=self._model.language)
        try:
            return await worker.run()
        finally:
            self._up.remove(worker)
