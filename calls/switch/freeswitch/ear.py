"""Which of a caller's keys count while a command is under way, and what else ends its prompts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from calls.switch.keys import KEYS


@dataclass(frozen=True, slots=True)
class Key:
    """A key, when it came, and whether a prompt of this turn was playing or still to be played."""

    key: str
    at_s: float
    in_prompt: bool


@dataclass(slots=True)
class Ear:
    """Which keys count: none outside of a command that wants some, and without barge-in none before its prompts are
    over.

    The caller's voice may end the prompts or the whole, but not once there was a key.
    """

    listening: bool = False
    barge_in: bool = False
    wanted: frozenset[str] = KEYS
    """Other keys change nothing."""
    voice: bool = False
    """The caller's voice counts, too: a ``Gather``."""
    prompts_left: int = 0
    first_key_timeout_s: float = 0.0
    keys: deque[Key] = field(default_factory=deque)
    until_s: float | None = None
    """When time is up; None while the prompts play."""
    keyed: bool = False
    stopped: bool = False

    @property
    def breaks(self) -> bool:
        """What plays is to end."""
        return bool(self.keys) or self.stopped or self.until_s is not None

    def hear(self, key: str, at_s: float) -> None:
        """A key of the caller."""
        in_prompt = self.prompts_left > 0
        if key in self.wanted and self.listening and (self.barge_in or not in_prompt):
            self.keys.append(Key(key, at_s, in_prompt))
            self.keyed = True

    def hush(self, at_s: float) -> None:
        """The caller begins to speak: no prompts any more, and time anew."""
        if self.voice and not self.keyed and (self.barge_in or self.prompts_left <= 0):
            self.until_s = at_s + self.first_key_timeout_s

    def stop(self) -> None:
        """The caller has said enough."""
        self.stopped = self.voice and not self.keyed
