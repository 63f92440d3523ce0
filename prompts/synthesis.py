"""What a synthesizer is: an utterance in, sound out. Engines are behind it; the library never knows which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from calls.errors import PromptError

if TYPE_CHECKING:  # what only plays rendered prompts does without numpy
    from prompts.audio import Audio

RATE_WPM = 165
"""Words a minute: a little under espeak-ng's 175, since the telephone band costs consonants."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One text to be spoken by one voice at ``rate_wpm`` words a minute."""

    text: str
    voice: str
    rate_wpm: int = RATE_WPM


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """Which engine speaks; another version may sound otherwise, so what it spoke before is stale."""

    name: str
    version: str

    def __str__(self) -> str:
        """``espeak-ng 1.51``: what the index remembers."""
        return f"{self.name} {self.version}"


class NothingSpoken(PromptError):
    """The engine works, and has nothing to say for this text: it is all signs, or of another script."""


class Synthesizer(Protocol):
    """Speaks. Blocks while it does: never called on an event loop or for a call that waits. Safe from any thread."""

    @property
    def engine(self) -> EngineVersion:
        """Which engine this is.

        Raises:
            PromptError: it is not to be had on this machine.
        """

    def speak(self, utterance: Utterance) -> Audio:
        """The sound of ``utterance``, at whatever rate the engine has.

        Raises:
            NothingSpoken: it gave no sound.
            PromptError: no such voice, or the engine failed or took too long.
        """
