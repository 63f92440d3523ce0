"""An engine that hears what :mod:`calls.switch.loopback.voice` hides in its audio: for tests and the loopback switch.

It serves any language and knows every word. Partials grow word by word. These words do something where they are
heard: ``!crash`` ends the process at once, with status 70; ``!hang`` never comes back; ``!slow`` takes a second;
``!fail`` raises a ``RuntimeError``. None of them is among the words that are told.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from calls.errors import SpeechError
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.loopback.voice import LONGEST, MARK, frames_in
from ivr.speech.recognizer import Final, Grammar, Partial, Told

CRASHED = 70
"""EX_SOFTWARE of sysexits.h."""

SLOW_S = 1.0

_KEPT = SAMPLE_BYTES * (len(MARK) + 2 * (LONGEST + 2))
"""Bytes of the longest frame, the end of which may be still to come."""


def load(language: str, model: Path | None) -> ScriptedRecognizer:
    """See :class:`ivr.speech.recognizer.Engine`."""
    if model is not None:
        raise SpeechError(f"the engine scripted takes no model: leave the folder of {language} out")
    return ScriptedRecognizer()


class ScriptedRecognizer:
    """Hears every word of the loopback switch's voices."""

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        """None."""
        return frozenset()

    def open(self, rate_hz: int, grammar: Grammar) -> ScriptedSession:
        """See :meth:`ivr.speech.recognizer.Recognizer.open`."""
        if rate_hz != RATE_HZ:
            raise SpeechError(f"the engine scripted hears at {RATE_HZ} Hz only, not {rate_hz}")
        return ScriptedSession(grammar)


class ScriptedSession:
    """One utterance."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._heard: list[str] = []
        self._rest = b""

    def feed(self, pcm: bytes) -> list[Told]:
        """A partial for each word whose end is in ``pcm``."""
        self._rest += pcm
        found = frames_in(self._rest)
        keep_from = max(found[-1][1] if found else 0, len(self._rest) - _KEPT)
        self._rest = self._rest[keep_from - keep_from % SAMPLE_BYTES :]
        told: list[Told] = []
        for word, _ in found:
            if word.startswith("!"):
                _do(word)
            else:
                self._heard.append(word)
                told.append(Partial(" ".join(self._heard)))
        return told

    def finish(self) -> Final:
        """What was said, where it is in the grammar; ``free`` has it in any case."""
        heard = " ".join(self._heard)
        return Final(heard if self._grammar.allows(heard) else "", heard)

    def close(self) -> None:
        """Nothing is held."""


def _do(word: str) -> None:
    match word:
        case "!crash":
            os._exit(CRASHED)
        case "!hang":
            threading.Event().wait()
        case "!slow":
            time.sleep(SLOW_S)
        case "!fail":
            raise RuntimeError("the caller said !fail")
        case _:
            pass
