"""Texts that only a call knows, synthesised while the caller waits: within a deadline, or not at all.

A warm engine speaks in a thread of its own, one text at a time; the event loop only waits. Whatever goes wrong, a
call gets None and goes on: the engine is late, hangs, dies or is not there, or the disk is full. After some failures
in a row nothing is tried for a while.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self

from calls.breaker import Breaker
from calls.errors import PromptError
from calls.switch.port import Prompt
from prompts.audio import encode, to_telephone
from prompts.formats import CHAIN_REVISION, JOINED
from prompts.library import PromptLibrary
from prompts.live_cache import Limits, LiveCache, live_name, live_prompt
from prompts.synthesis import NothingSpoken, Synthesizer, Utterance

DEADLINE_S = 0.3
"""What a caller does not take for a fault: a pause between two sentences."""

MAX_TEXT = 500
"""Characters that are spoken; the rest is cut off at a word. Half a minute of speech, and far more than a name."""

_DROPPED = {"Cf", "Cs", "Co", "Cn"}
_BLANK = {"Cc", "Zs", "Zl", "Zp"}
"""Categories of Unicode: what has no sound, and what separates words."""


class Outcome(Enum):
    """What became of a text."""

    KNOWN = auto()
    """It was spoken before."""
    RENDERED = auto()
    LATE = auto()
    """Not there by the deadline; it may be the next time."""
    FAILED = auto()
    HELD_OFF = auto()
    """Not tried: the engine failed just now."""
    NOTHING = auto()
    """There is nothing to say: no word in it, or the language has no prompts."""
    FULL = auto()
    """The cache holds only what was used just now."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One text that a call asked for."""

    outcome: Outcome
    took_s: float
    problem: str = ""
    """Of a failure: what the engine or the disk said. The text itself is in none."""


@dataclass(slots=True, eq=False)
class _Job:
    """One text on its way; several calls may wait for it."""

    future: asyncio.Future[tuple[Outcome, str]] = field(init=False)
    begun: bool = False
    """The thread is at it: late now is the engine's fault and not that of those before it."""
    counted: bool = False
    """Its failure has been told to the breaker."""


class LiveSpeech:
    """Renders texts for calls. One for each event loop and cache; an asynchronous context manager.

    The synthesizer's own deadline ends an engine that hangs, so it should be a few seconds; it is not closed here.
    """

    def __init__(
        self,
        library: PromptLibrary,
        synthesizer: Synthesizer,
        *,
        deadline_s: float = DEADLINE_S,
        limits: Limits | None = None,
        breaker: Breaker | None = None,
        observe: Callable[[Attempt], None] = lambda attempt: None,
    ) -> None:
        self._library = library
        self._synthesizer = synthesizer
        self._deadline_s = deadline_s
        self._cache = LiveCache(library.cache, limits or Limits())
        self._breaker = breaker or Breaker()
        self._observe = observe
        self._jobs: dict[Prompt, _Job] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-speech")
        self._closed = False

    async def __aenter__(self) -> Self:
        """Begin to warm the engine up; nobody waits for it."""
        self._warm_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the text that is being spoken end, which takes at most the synthesizer's deadline; drop the others."""
        self._closed = True
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    async def render(self, text: str, language: str) -> Prompt | None:
        """A prompt that the library can play, or None; after the deadline at the latest. Raises nothing."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        prompt, outcome, problem = await self._rendered(spoken_text(text), language, loop)
        self._observe(Attempt(outcome, loop.time() - began, problem))
        return prompt if outcome in (Outcome.KNOWN, Outcome.RENDERED) else None

    async def _rendered(
        self, text: str, language: str, loop: asyncio.AbstractEventLoop
    ) -> tuple[Prompt | None, Outcome, str]:
        if not text or language not in self._library.languages:
            return None, Outcome.NOTHING, ""
        utterance = self._library.utterance(text, language)
        prompt = live_prompt(self._digest(utterance), language)
        name = live_name(prompt, self._library.form)
        assert name is not None
        if self._cache.use(name):
            return prompt, Outcome.KNOWN, ""
        if self._closed or not self._breaker.allows(loop.time()):
            return None, Outcome.HELD_OFF, ""
        job = self._jobs.get(prompt)
        if job is None:
            until = time.monotonic() + self._deadline_s
            job = self._jobs[prompt] = _Job()
            job.future = loop.run_in_executor(self._thread, self._make, job, utterance, name, until)
            job.future.add_done_callback(lambda future: self._ended(prompt, loop))
        await asyncio.wait({job.future}, timeout=self._deadline_s)
        if not job.future.done():
            if job.begun:
                self._count(job, loop)
            return None, Outcome.LATE, ""
        return prompt, *_result(job)

    def _ended(self, prompt: Prompt, loop: asyncio.AbstractEventLoop) -> None:
        job = self._jobs.pop(prompt)
        match _result(job)[0]:
            case Outcome.RENDERED if not job.counted:
                self._breaker.succeeded()
            case Outcome.FAILED:
                self._count(job, loop)
                self._warm_up()
            case _:
                pass

    def _count(self, job: _Job, loop: asyncio.AbstractEventLoop) -> None:
        if not job.counted:
            job.counted = True
            self._breaker.failed(loop.time())

    def _warm_up(self) -> None:
        """Have the engine say something, so that the next text does not wait for it to start."""
        if not self._closed:
            self._thread.submit(self._speak, self._library.utterance("1", self._library.languages[0]))

    def _make(self, job: _Job, utterance: Utterance, name: str, until: float) -> tuple[Outcome, str]:
        """Speak and write one text, on the thread."""
        if time.monotonic() > until:  # it waited for others, and nobody waits for it any more
            return Outcome.LATE, ""
        job.begun = True
        data = self._speak(utterance)
        if not isinstance(data, bytes):
            return data
        try:
            added = self._cache.add(name, data, time.time())
        except OSError as error:
            return Outcome.FAILED, f"the file cannot be written: {error.strerror}"
        return (Outcome.RENDERED, "") if added else (Outcome.FULL, "")

    def _speak(self, utterance: Utterance) -> bytes | tuple[Outcome, str]:
        try:
            return encode(to_telephone(self._synthesizer.speak(utterance), JOINED), self._library.form)
        except NothingSpoken:
            return Outcome.NOTHING, ""
        except PromptError as error:
            return Outcome.FAILED, error.problem
        except OSError as error:
            return Outcome.FAILED, f"the engine cannot be run: {error.strerror}"

    def _digest(self, utterance: Utterance) -> str:
        parts = [CHAIN_REVISION, self._library.form.value, utterance.text, utterance.voice, utterance.rate_wpm]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _result(job: _Job) -> tuple[Outcome, str]:
    """What became of a job that has ended, in whatever way."""
    if job.future.cancelled():
        return Outcome.HELD_OFF, ""
    if (error := job.future.exception()) is not None:
        return Outcome.FAILED, f"{type(error).__name__} in the thread that speaks"
    return job.future.result()


def spoken_text(text: str) -> str:
    """``text`` as it is spoken: without control characters, single spaces, cut at :data:`MAX_TEXT`."""
    signs = ((sign, unicodedata.category(sign)) for sign in text[: 4 * MAX_TEXT])
    plain = "".join(" " if category in _BLANK else sign for sign, category in signs if category not in _DROPPED)
    words = " ".join(plain.split())
    if len(words) <= MAX_TEXT:
        return words
    cut = words[: MAX_TEXT + 1]
    return cut[: cut.rfind(" ")] if " " in cut else cut[:MAX_TEXT]
