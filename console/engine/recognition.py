"""What understands callers: a service for each language that is spoken, started where a flow listens for it.

A language that nobody was expected to speak has its service started at the first question in it; until that is up its
callers have their keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

from calls import log
from calls.errors import SpeechUnavailable
from calls.settings import SpeechModel, SpeechSettings
from ivr.speech.engines import model_for
from ivr.speech.expected import Expected
from ivr.speech.hearing import Hearing
from ivr.speech.service import SpeechService


class Recognises(Protocol):
    """What understands the callers of one engine."""

    async def start(self, languages: Iterable[str]) -> None:
        """Begin to start what understands ``languages``; nobody waits for it."""

    async def stop(self) -> None:
        """End it all."""

    def open(self, expected: Expected) -> AbstractAsyncContextManager[Hearing]:
        """Hear one utterance, until the context is left. Never waits.

        Entering it raises:
            SpeechUnavailable: it cannot be heard now.
        """

    def workers_up(self) -> int:
        """How many processes are there to recognise speech."""

    def held_off(self) -> Mapping[str, bool]:
        """The languages of the models in use; True for those that are left alone now, after too many failures."""


class Recognition:
    """The services of one engine."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._services: dict[str, SpeechService] = {}
        self._running = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._stopped = False

    def workers_up(self) -> int:
        """See :class:`Recognises`."""
        return sum(len(service.workers) for service in self._services.values())

    def held_off(self) -> Mapping[str, bool]:
        """See :class:`Recognises`."""
        return {language: service.is_held_off for language, service in self._services.items()}

    async def start(self, languages: Iterable[str]) -> None:
        """See :class:`Recognises`."""
        for language in sorted(set(languages)):
            model = model_for(self._settings, language)
            if model is None:
                log.get().warning("no model understands a language of the flows", language=language)
            else:
                await self._serve(model)

    async def stop(self) -> None:
        """End it all. No process is left."""
        self._stopped = True
        async with self._opening:
            await self._running.aclose()
            self._services.clear()

    @asynccontextmanager
    async def open(self, expected: Expected) -> AsyncIterator[Hearing]:
        """See :class:`Recognises`."""
        model = model_for(self._settings, expected.language)
        if model is None:
            raise SpeechUnavailable(f"no model understands {expected.language}")
        async with (await self._serve(model)).open(expected) as hearing:
            yield hearing

    async def _serve(self, model: SpeechModel) -> SpeechService:
        async with self._opening:
            if self._stopped:
                raise SpeechUnavailable("the engine stops")
            service = self._services.get(model.language)
            if service is None:
                service = self._services[model.language] = SpeechService(model, self._settings.workers)
                await self._running.enter_async_context(service)
            return service
