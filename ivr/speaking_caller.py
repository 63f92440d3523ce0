"""A caller of a walk who answers by voice into a microphone, through a recogniser as in a call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from ivr.callers import Asked, Caller
from ivr.commands import Listen
from ivr.script import Act
from ivr.speech.recognizer import Recognizer
from ivr.speech.voice_activity import Began, VoiceActivity
from ivr.wav_caller import said

SILENCE_S = 0.8
"""Who is silent for so long has said all, as in a call whose answer is open."""

SETTLES_S = 0.3
"""What a microphone gives first is its own noise and the end of the key that was pressed."""

BEFORE_S = 0.6
"""What a recogniser hears from before speech was known to have begun."""


class SpeakingCaller:
    """Answers each question that may be answered by voice from a microphone.

    Who says nothing in the time that the flow gives for it is asked as by ``others``, and so is all else: keys are
    typed. ``microphone`` opens one, ``tell`` shows that it listens, ``recognizer`` gives what understands a language.
    ``today`` is the caller's.
    """

    def __init__(
        self,
        microphone: Callable[[], AbstractContextManager[Callable[[], bytes]]],
        tell: Callable[[str], object],
        others: Caller,
        recognizer: Callable[[str], Recognizer],
        today: date,
    ) -> None:
        self._microphone = microphone
        self._tell = tell
        self._others = others
        self._recognizer = recognizer
        self._today = today

    def act(self, asked: Asked) -> Act | None:
        """What the caller does; see :class:`ivr.callers.Caller`.

        Raises:
            UserError: there is no microphone.
            SpeechError: nobody understands the language, or the phrases.
        """
        listen = asked.command
        if isinstance(listen, Listen) and not asked.keys:
            recognizer = self._recognizer(listen.expected.language)
            pcm = self._utterance(listen.gather.first_key_timeout_s, listen.expected.longest_s)
            if pcm:
                return said(recognizer, listen.expected, pcm, self._today)
            self._tell("nothing was heard")
        return self._others.act(asked)

    def _utterance(self, within_s: float, longest_s: float) -> bytes:
        """What is said, if it begins in time."""
        activity = VoiceActivity()
        heard, began_s, ended_s = b"", None, None
        with self._microphone() as next_piece:
            _skip(next_piece, SETTLES_S)
            self._tell("speak now")
            while True:
                piece, changes = activity.take(next_piece())
                heard += piece
                for change in changes:
                    began_s = change.at_s if began_s is None else began_s
                    ended_s = None if isinstance(change, Began) else change.at_s
                now_s = activity.taken_s
                if began_s is None:
                    heard = heard[-_bytes(BEFORE_S) :]
                    if now_s >= within_s:
                        return b""
                elif now_s - began_s >= longest_s or (ended_s is not None and now_s - ended_s >= SILENCE_S):
                    return heard


def _skip(next_piece: Callable[[], bytes], seconds: float) -> None:
    skipped = 0
    while skipped < _bytes(seconds):
        skipped += len(next_piece())


def _bytes(seconds: float) -> int:
    return round(seconds * RATE_HZ) * SAMPLE_BYTES
