"""The one place where pyttsx3 runs: a process of its own. ``prompts/espeak.py`` starts it, by path.

pyttsx3's engine is one per process, loses the first of two texts, hangs with threads, says "done" before the file is
there, is silent about a bad voice or an unwritable path, and may speak before its rate is in force. So: one process,
one engine, one text at a time; the voice is looked up first; the rate is waited for; the end is
``finished-utterance`` with a deadline; and the process ends without any tidying up, which espeak-ng does not survive
reliably.

Standard input is one JSON object, ``{"text", "voice", "rate", "path", "deadline_s"}``, or ``{}`` to be told the
versions and voices. The answer is one line of JSON; what pyttsx3 prints goes nowhere. With ``--serve`` standard input
is a line for each text, each answered before the next is read; a fault ends the process, since nothing is known
of the engine any more. Nothing of Callwright is imported: the process starts in the time that pyttsx3 takes.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TextIO

LEFT_ALONE_S = 5
"""Past its deadline by this long the process is ended by its own alarm: whoever started it has gone."""


SERVE = "--serve"


def main() -> None:
    """Do what standard input asks, answer, and end the process."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if SERVE in sys.argv:
        _serve(answers)
    request: Mapping[str, Any] = json.load(sys.stdin)
    signal.alarm(int(request.get("deadline_s", 10)) + LEFT_ALONE_S)
    _answer(answers, _speak(request) if request else _describe())


def _answer(answers: TextIO, answer: Mapping[str, object]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    os._exit(0)


def _serve(answers: TextIO) -> NoReturn:
    """Speak text after text until standard input ends, which it does with whoever started this process."""
    speaker: Speaker | None = None
    for line in sys.stdin:
        request: Mapping[str, Any] = json.loads(line)
        signal.alarm(int(request["deadline_s"]) + LEFT_ALONE_S)
        try:
            speaker = speaker or Speaker()
            answer = speaker.speak(request)
        except _NO_ENGINE as error:
            answer = {"error": "engine", "detail": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        if "error" in answer:
            break
        signal.alarm(0)
    os._exit(0)


_NO_ENGINE = (ImportError, RuntimeError, OSError)
"""What pyttsx3 raises where it or espeak-ng cannot be loaded."""


def _engine() -> Any:
    import pyttsx3  # here, so that a missing library is an answer and not a traceback

    return pyttsx3.init("espeak")


def _describe() -> dict[str, object]:
    try:
        engine = _engine()
    except _NO_ENGINE as error:
        return {"error": "engine", "detail": str(error)}
    from pyttsx3.drivers import _espeak

    info = _espeak.dll.espeak_Info
    info.restype = ctypes.c_char_p
    espeak = info(None).decode("ascii", "replace").split()[0]
    voices = engine.getProperty("voices")
    return {
        "pyttsx3": importlib.metadata.version("pyttsx3"),
        "espeak": espeak,
        "voices": [[voice.id, voice.name, *(voice.languages or [])] for voice in voices],
    }


def _speak(request: Mapping[str, Any]) -> dict[str, object]:
    """Speak one text, with an engine of its own."""
    try:
        return Speaker().speak(request)
    except _NO_ENGINE as error:
        return {"error": "engine", "detail": str(error)}


class Speaker:
    """The engine of this process. One text at a time.

    Raises:
        ImportError, RuntimeError, OSError: it cannot be loaded.
    """

    def __init__(self) -> None:
        self._engine = _engine()
        self._voices = self._engine.getProperty("voices")
        self._in_force: tuple[str, int] | None = None
        self._finished, self._faults = threading.Event(), list[str]()
        # The file is written inside a callback from C: what goes wrong there reaches nobody but this hook.
        sys.unraisablehook = lambda unraisable: self._failed(unraisable.exc_value)
        self._engine.connect("error", lambda name, exception: self._failed(exception))
        self._engine.connect("finished-utterance", lambda name, completed: self._finished.set())

    def speak(self, request: Mapping[str, Any]) -> dict[str, object]:
        """Speak ``text`` into ``path``; the answer names the voice that spoke."""
        deadline_s: float = request["deadline_s"]
        voice = find_voice(request["voice"], self._voices)
        if voice is None:
            return self._no_voice(request)
        if self._in_force != (voice, request["rate"]):
            if not _set(voice, request["rate"], deadline_s):
                return {"error": "deadline", "detail": f"{deadline_s} s, and the rate is not in force"}
            self._in_force = voice, request["rate"]
        if not _idle(deadline_s):
            return {"error": "deadline", "detail": f"{deadline_s} s, and the text before is not done"}
        self._finished.clear()
        self._engine.save_to_file(request["text"], request["path"])
        self._engine.runAndWait()
        if not self._finished.wait(deadline_s):
            return {"error": "deadline", "detail": f"{deadline_s} s"}
        if self._faults:
            return {"error": "speech", "detail": self._faults[0]}
        if self._engine.getProperty("voice") != voice:
            return self._no_voice(request)
        return {"voice": voice}

    def _failed(self, detail: object) -> None:
        self._faults.append(str(detail))
        self._finished.set()

    def _no_voice(self, request: Mapping[str, Any]) -> dict[str, object]:
        return {"error": "voice", "detail": request["voice"], "voices": [each.id for each in self._voices]}


def _idle(deadline_s: float) -> bool:
    """Wait until espeak-ng's own thread has nothing to do; False where it has not by the deadline.

    "Finished" comes from within a callback that goes on for a moment: a text begun then was given the end of the one
    before it (once in some thousand, an empty file), and pyttsx3 cancels what is begun while espeak-ng is busy.
    """
    from pyttsx3.drivers import _espeak

    until = time.monotonic() + deadline_s
    while _espeak.IsPlaying():
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


def _set(voice: str, rate: int, deadline_s: float) -> bool:
    """Set voice and rate, and wait until the rate is in force; False where it never was.

    Set on the engine they would only be queued until it speaks, and espeak-ng takes a rate later, in a thread of its
    own: on a busy machine one text in a hundred was spoken at pyttsx3's own 200 words a minute. Nothing tells when it
    is in force (espeak_Synchronize may return before the thread has begun), so the value is asked for.
    """
    from pyttsx3.drivers import _espeak
    from pyttsx3.drivers.espeak import EspeakDriver

    EspeakDriver.setProperty("voice", voice)
    EspeakDriver.setProperty("rate", rate)
    until = time.monotonic() + deadline_s
    while _espeak.dll.espeak_GetParameter(_espeak.RATE, 1) != rate:  # 1: the value in force, 0: the default
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def find_voice(wanted: str, voices: Sequence[Any]) -> str | None:
    """The id of the voice that ``wanted`` names by id, by the id's last part, by language or by name; that order."""
    ways: Sequence[Callable[[Any], Sequence[str]]] = (
        lambda voice: [voice.id],
        lambda voice: [voice.id.rsplit("/", 1)[-1]],
        lambda voice: voice.languages or [],
        lambda voice: [voice.name],
    )
    key = wanted.casefold()
    found = (voice.id for way in ways for voice in voices if key in (name.casefold() for name in way(voice)))
    return next(found, None)


if __name__ == "__main__":
    main()
