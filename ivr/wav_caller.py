"""A caller of a walk whose answers by voice come from WAV files, through a recogniser as in a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from ivr.callers import Asked, Caller
from ivr.commands import Heard, Listen
from ivr.script import Act, Say
from ivr.speech.decision import decide
from ivr.speech.expected import Expected
from ivr.speech.grammar import grammar_of, known_of
from ivr.speech.recognizer import Final, Recognizer
from prompts.audio import pcm, read_audio

PIECE_BYTES = RATE_HZ * SAMPLE_BYTES // 10
"""An engine is given a tenth of a second at a time, as in a call."""

SILENCE = bytes(3 * PIECE_BYTES)
"""What a telephone sends before and after its owner speaks: engines need some of it to tell words from noise."""


class WavCaller:
    """Answers each question that may be answered by voice from the next of the files, and all else as ``others`` do.

    ``recognizer`` gives what understands a language. ``today`` is the caller's.
    """

    def __init__(
        self, files: Iterable[Path], others: Caller, recognizer: Callable[[str], Recognizer], today: date
    ) -> None:
        self._files = list(files)
        self._others = others
        self._recognizer = recognizer
        self._today = today

    def act(self, asked: Asked) -> Act | None:
        """What the caller does; see :class:`ivr.callers.Caller`.

        Raises:
            PromptError: the next file is none that can be read.
            SpeechError: nobody understands the language, or the phrases.
        """
        if isinstance(asked.command, Listen) and self._files:
            expected = asked.command.expected
            audio = SILENCE + pcm(read_audio(self._files.pop(0))) + SILENCE
            return said(self._recognizer(expected.language), expected, audio, self._today)
        return self._others.act(asked)


def said(recognizer: Recognizer, expected: Expected, audio: bytes, today: date) -> Say:
    """What the caller has said who is heard to say ``audio``.

    Raises:
        SpeechError: see :func:`heard`.
    """
    understood = decide(expected, heard(recognizer, expected, audio), today)
    if isinstance(understood, Heard):
        return Say(understood.words, understood.sure)
    return Say(understood.words, understood=False)


def heard(recognizer: Recognizer, expected: Expected, audio: bytes) -> Final:
    """What ``recognizer`` makes of ``audio``, 8 kHz and 16 bits, where something is ``expected``.

    Raises:
        SpeechError: it can hear nothing of it.
    """
    session = recognizer.open(RATE_HZ, known_of(grammar_of(expected), recognizer.unknown))
    try:
        for at in range(0, len(audio), PIECE_BYTES):
            session.feed(audio[at : at + PIECE_BYTES])
        return session.finish()
    finally:
        session.close()
