"""The one place where pyttsx3 runs: a process that does one thing and ends. ``prompts/espeak.py`` starts it, by path.

pyttsx3's engine is one per process, loses the first of two texts, hangs with threads, says "done" before the file is
there, is silent about a bad voice or an unwritable path, and may speak before its rate is in force. So: one process,
one engine, one text; the voice is looked up first; the rate is waited for; the end is ``finished-utterance`` with a
deadline; and the process ends without any tidying up, which espeak-ng does not survive reliably.

Standard input is one JSON object, ``{"text", "voice", "rate", "path", "deadline_s"}``, or ``{}`` to be told the
versions and voices. The answer is one line of JSON; what pyttsx3 prints goes nowhere. Nothing of Callwright is
imported: the process starts in the time that pyttsx3 takes.
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
from typing import Any, TextIO

LEFT_ALONE_S = 5
"""Past its deadline by this long the process is ended by its own alarm: whoever started it has gone."""


def main() -> None:
    """Do what standard input asks, answer, and end the process."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    request: Mapping[str, Any] = json.load(sys.stdin)
    signal.alarm(int(request.get("deadline_s", 10)) + LEFT_ALONE_S)
    _answer(answers, _speak(request) if request else _describe())


def _answer(answers: TextIO, answer: Mapping[str, object]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    os._exit(0)


def _engine() -> Any:
    import pyttsx3  # here, so that a missing library is an answer and not a traceback

    return pyttsx3.init("espeak")


def _describe() -> dict[str, object]:
    try:
        engine = _engine()
    except (ImportError, RuntimeError, OSError) as error:
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
    """Speak ``text`` into ``path``; the answer names the voice that spoke."""
    try:
        engine = _engine()
    except (ImportError, RuntimeError, OSError) as error:
        return {"error": "engine", "detail": str(error)}
    voices = engine.getProperty("voices")
    voice = find_voice(request["voice"], voices)
    if voice is None:
        return {"error": "voice", "detail": request["voice"], "voices": [each.id for each in voices]}
    finished, faults = threading.Event(), list[str]()

    def failed(detail: object) -> None:
        faults.append(str(detail))
        finished.set()

    # The file is written inside a callback from C: what goes wrong there reaches nobody but this hook.
    sys.unraisablehook = lambda unraisable: failed(unraisable.exc_value)
    engine.connect("error", lambda name, exception: failed(exception))
    engine.connect("finished-utterance", lambda name, completed: finished.set())
    if not _set(voice, request["rate"], request["deadline_s"]):
        return {"error": "deadline", "detail": f"{request['deadline_s']} s, and the rate is not in force"}
    engine.save_to_file(request["text"], request["path"])
    engine.runAndWait()
    if not finished.wait(request["deadline_s"]):
        return {"error": "deadline", "detail": f"{request['deadline_s']} s"}
    if faults:
        return {"error": "speech", "detail": faults[0]}
    if engine.getProperty("voice") != voice:
        return {"error": "voice", "detail": request["voice"], "voices": [each.id for each in voices]}
    return {"voice": voice}


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
