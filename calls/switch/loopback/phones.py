"""How agents' phones act."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentPhone:
    """One agent's phone. Times in seconds."""

    answer_after_s: float | None = 0.5
    """From the first ring; None: nobody answers."""
    refuses_with: int | None = None
    """The Q.850 cause with which it says no at once."""
    talk_s: float | None = None
    """The agent hangs the phone up this long after each talk began; None: the agent never does."""
