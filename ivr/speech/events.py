"""What recognition tells of one caller, from the first word to the last: voice, words, and its own end."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.speech.recognizer import Final, Partial


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller speaks, and has done so for ``since_s`` seconds: at least 200 ms, so it is no mere noise."""

    since_s: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The caller is silent, and has been so for ``since_s`` seconds."""

    since_s: float


@dataclass(frozen=True, slots=True)
class Broken:
    """Recognition has failed, and tells nothing more. ``reason``: ``crashed``, ``late``, ``lost`` or
    ``unavailable``, as :class:`ivr.commands.Deaf` has it; or ``unheard``, where there never was any audio."""

    reason: str


SpeechEvent = SpeechBegan | SpeechEnded | Partial | Final | Broken
"""After ``Final`` or ``Broken`` nothing more comes."""
