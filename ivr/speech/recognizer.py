"""The protocol of a recogniser: what an engine is given and what it tells. Synchronous: it runs in a worker process.

An engine hears one utterance a session. It knows nothing of calls, keys, prompts or time limits: those are of
``ivr/speech/ear.py``. Engines are found by the entry point group ``callwright.recognizers``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

GROUP = "callwright.recognizers"


@dataclass(frozen=True, slots=True)
class Grammar:
    """What an engine may hear: the ``phrases``, each of lower-case words with single spaces between.

    ``repeated``: any number of them, one after another (digits); each is one word then. No phrases at all: anything,
    by the model's own language model. ``around``: what may be said before and after one phrase, any number of them.
    Made by ``ivr/speech/grammar.py``, which refuses what would hurt an engine.
    """

    language: str
    phrases: frozenset[str]
    repeated: bool = False
    around: frozenset[str] = frozenset()

    def allows(self, words: str) -> bool:
        """Whether ``words``, with single spaces between, is one of the phrases, or of what they repeat; "" is not."""
        if not self.phrases:
            return words != ""
        if not self.repeated:
            return core_of(words, self.phrases, self.around) is not None
        return words != "" and self.phrases.issuperset(words.split(" "))


def core_of(words: str, phrases: Container[str], around: Container[str]) -> str | None:
    """The longest of ``phrases`` that ``words`` are but for ``around`` before and after it; None: they are none."""
    if words in phrases:
        return words
    tokens = words.split(" ")
    count = len(tokens)
    for length in range(count - 1, 0, -1):
        for begin in range(count - length + 1):
            inner = " ".join(tokens[begin : begin + length])
            if inner in phrases and _made_of(around, tokens[:begin]) and _made_of(around, tokens[begin + length :]):
                return inner
    return None


def _made_of(around: Container[str], tokens: list[str]) -> bool:
    """Whether ``tokens`` are phrases of ``around``, one after another; none are."""
    if not tokens:
        return True
    return any(
        " ".join(tokens[:end]) in around and _made_of(around, tokens[end:]) for end in range(len(tokens), 0, -1)
    )


@dataclass(frozen=True, slots=True)
class Partial:
    """What the engine takes the utterance for so far; it may still change its mind. ``free`` as of ``Final``."""

    words: str
    free: str | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """What the utterance was. ``words`` is "" where it is none of the grammar's phrases. ``free``: what is
    likeliest where any words may be; None where the engine has no such second opinion.
    ``likely``: where ``free`` are other words, ``words`` are not much less likely than these."""

    words: str
    free: str | None = None
    confidence: float = 1.0
    likely: bool = False


Told = Partial | Final


class RecognizerSession(Protocol):
    """One utterance of one caller. Used by one thread."""

    def feed(self, pcm: bytes) -> list[Told]:
        """Take the next audio, at the rate it was opened with; what is new. ``Final`` only by :meth:`finish`."""

    def finish(self) -> Final:
        """The utterance is over."""

    def close(self) -> None:
        """Let go of everything. Safe at any moment, and again."""


class Recognizer(Protocol):
    """One engine with one model, which serves one language. Its sessions may run in several threads."""

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        """Those of ``words`` that it cannot hear, because its dictionary lacks them."""

    def open(self, rate_hz: int, grammar: Grammar) -> RecognizerSession:
        """A session for one utterance."""


class Engine(Protocol):
    """What an entry point names: makes a recogniser of a model's folder (None: the engine's own model)."""

    def __call__(self, language: str, model: Path | None) -> Recognizer:
        """Load the model.

        Raises:
            SpeechError: the model is not there, is damaged, or does not serve ``language``.
        """
