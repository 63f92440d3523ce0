"""Callers who follow a script, as SIPp's callers do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, assert_never

from calls.switch.loopback.voice import said

KEY_GAP_S = 0.2
"""From key to key, where a script presses several: 160 ms of tone and a gap."""

PATIENCE_S = 32.0
"""How long a caller waits for an answer. Source: RFC 3261, timer B, 64 times 500 ms."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hear:
    """Wait until the prompt with this key begins, or, with ``whole``, until it has ended."""

    prompt: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """Press the keys one after another."""

    keys: str


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak for ``seconds``; else a caller is silent. Without ``words`` nothing can be understood."""

    seconds: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up."""


Step = Wait | Hear | Press | Speak | HangUp


@dataclass(frozen=True, slots=True)
class CallerScript:
    """One caller. The steps begin when the call is answered; after the last one the caller stays on the line."""

    called: str
    steps: tuple[Step, ...] = ()
    caller: str = "+15550100000"
    caller_name: str = ""
    endpoint: str = ""
    """Dialled on an agent's own phone: which, as the settings name it."""


class Line(Protocol):
    """What a caller has in hand."""

    def press(self, key: str) -> None:
        """Press a key."""

    def voice(self, sound: bytes) -> None:
        """Begin to make this sound, 8 kHz; ``b""``: be silent."""

    def far_hangs_up(self) -> None:
        """Hang up."""

    async def answered(self) -> None:
        """Return when the call is answered."""

    async def heard(self, prompt: str, whole: bool) -> None:
        """Return when the prompt with this key next begins or ends; see :class:`Hear`."""


async def follow(script: CallerScript, line: Line) -> None:
    """Be the caller of ``script``, until the steps are done; whoever ends the call cancels this."""
    try:
        await asyncio.wait_for(line.answered(), PATIENCE_S)
    except TimeoutError:
        line.far_hangs_up()
        return
    for step in script.steps:
        match step:
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Hear(prompt, whole):
                await line.heard(prompt, whole)
            case Press(keys):
                await _press(line, keys)
            case Speak(seconds, words):
                line.voice(said(words, seconds))
                await asyncio.sleep(seconds)
                line.voice(b"")
            case HangUp():
                line.far_hangs_up()
            case _:
                assert_never(step)


async def _press(line: Line, keys: str) -> None:
    for place, key in enumerate(keys):
        if place:
            await asyncio.sleep(KEY_GAP_S)
        line.press(key)
