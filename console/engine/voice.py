"""What speaks texts that only a call knows, while its caller waits; and how that went, for the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager

from calls import log
from calls.errors import PromptError
from calls.switch.port import Prompt
from prompts.library import PromptLibrary
from prompts.live import Attempt, LiveSpeech, Outcome
from prompts.phrases import slots
from prompts.spoken import Kind
from prompts.synthesis import Synthesizer

ENGINE_S = 2.0
"""A synthesiser that has not spoken by then hangs. No caller waits for it: the deadline of a call is far shorter."""


class LiveVoice:
    """Speaks, where there is something to speak with, and counts."""

    def __init__(self) -> None:
        self._speech: LiveSpeech | None = None
        self._outcomes: Counter[str] = Counter()

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many texts came to what, by the name of the outcome."""
        return dict(self._outcomes)

    async def render(self, text: str, language: str) -> Prompt | None:
        """A prompt of ``text``, or None where it could not be spoken in time."""
        if self._speech is None:
            self._observe(Attempt(Outcome.HELD_OFF, 0.0, "there is no speech engine"))
            return None
        return await self._speech.render(text, language)

    @asynccontextmanager
    async def running(
        self, library: PromptLibrary, opening: Callable[[float], AbstractContextManager[Synthesizer]]
    ) -> AsyncIterator[None]:
        """Speak from now on, by the synthesizer that ``opening`` gives for a deadline in seconds, if a text asks for
        it at all."""
        if not _is_needed(library):
            yield
            return
        with ExitStack() as stack:
            try:
                engine = stack.enter_context(opening(ENGINE_S))
            except PromptError as problem:
                log.get().warning("texts cannot be spoken while callers wait", problem=str(problem))
                yield
                return
            async with LiveSpeech(library, engine, observe=self._observe) as speech:
                self._speech = speech
                try:
                    yield
                finally:
                    self._speech = None

    def _observe(self, attempt: Attempt) -> None:
        self._outcomes[attempt.outcome.name.lower()] += 1
        if attempt.problem:
            log.get().warning("a text was not spoken", outcome=attempt.outcome.name.lower(), problem=attempt.problem)


def _is_needed(library: PromptLibrary) -> bool:
    """True where a text has a place for words that no prompt can be rendered for."""
    phrases = (phrase for by_key in library.phrases.values() for phrase in by_key.values())
    return any(slot.kind is Kind.TEXT for phrase in phrases for slot in slots(phrase))
