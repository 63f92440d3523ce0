"""What the far ends of the loopback switch saw, in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Seen(StrEnum):
    """What kind of thing was seen."""

    INVITE = "invite"
    """A phone was called; detail: the number or endpoint."""
    ANSWER = "answer"
    REFUSE = "refuse"
    """A phone said no; detail: the Q.850 cause."""
    CANCEL = "cancel"
    """We gave up ringing."""
    KEY = "key"
    """A caller pressed a key; detail: the key."""
    RECORD = "record"
    """The call's recording; detail: ``start`` with its id, ``mute``, ``unmute`` or ``stop``. Or the caller's message;
    detail: ``message`` with its id, seconds and what ended it; ``play`` with its id."""
    PROMPT = "prompt"
    """A prompt began; detail: key and language."""
    MEET = "meet"
    """Caller and agent, or caller and transfer target, hear each other; detail: the other one."""
    PART = "part"
    """They no longer do; detail: the other one."""
    SEAT = "seat"
    """A leg of ours is put somewhere; detail: the seat, and the leg beside which it is."""
    BEEP = "beep"
    """A leg of ours hears a tone."""
    HANG_UP = "hang_up"
    """A call or a leg that was answered ended; detail: who ended it, and the Q.850 cause."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing. ``at`` is in seconds of the event loop's clock, ``who`` the id of the call or leg."""

    at: float
    who: str
    seen: Seen
    detail: str = ""


class Diary:
    """Everything that was seen since the switch was made."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def note(self, at: float, who: str, seen: Seen, detail: str = "") -> None:
        """Add one thing."""
        self.entries.append(Entry(at, who, seen, detail))

    def of(self, who: str, *kinds: Seen) -> list[Entry]:
        """What was seen of one call or leg; of ``kinds`` only, where any are given."""
        return [entry for entry in self.entries if entry.who == who and (not kinds or entry.seen in kinds)]
