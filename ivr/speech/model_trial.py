"""The process that tries a model: ``python -I -m ivr.speech.model_trial``, see :mod:`ivr.speech.models`."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from calls.errors import SpeechError
from calls.settings import SpeechModel
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from ivr.speech.engines import load
from ivr.speech.grammar import known_of
from ivr.speech.recognizer import Grammar, Recognizer

_HEARD_S = 0.2


def main() -> None:
    """Answer the one request of standard input. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    json.dump(answer(json.load(sys.stdin)), answers)
    answers.close()


def answer(request: dict[str, Any]) -> dict[str, object]:
    """The figures of :class:`ivr.speech.models.Trial`, or ``error``."""
    begun = time.monotonic()
    try:
        recognizer = load(SpeechModel.model_validate(request["model"]))
    except SpeechError as problem:
        return {"error": str(problem)}
    grammars = [
        Grammar(language, frozenset(phrases), more, frozenset(around))
        for language, phrases, more, around in request["grammars"]
    ]
    load_s = time.monotonic() - begun
    problems = ((place, _problem(recognizer, grammar)) for place, grammar in enumerate(grammars))
    return {
        "load_s": load_s,
        "memory_mb": _most_memory_mb(),
        "unknown": sorted(recognizer.unknown(request["words"])),
        "refused": {place: problem for place, problem in problems if problem is not None},
    }


def _most_memory_mb() -> int:
    """The most memory that this program has had. getrusage(2) keeps the peak of whoever started it, over exec;
    ``VmHWM`` of proc(5) is the program's own."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None, "Linux says it of every program"
    return int(found[1]) // 1024


def _problem(recognizer: Recognizer, grammar: Grammar) -> str | None:
    """Why an utterance cannot be heard with ``grammar``; None: it can. Unknown words are told apart from this."""
    try:
        known = known_of(grammar, recognizer.unknown)
    except SpeechError:
        return None
    try:
        session = recognizer.open(RATE_HZ, known)
    except SpeechError as problem:
        return str(problem)
    session.feed(bytes(int(RATE_HZ * _HEARD_S) * SAMPLE_BYTES))
    session.finish()
    session.close()
    return None


if __name__ == "__main__":
    main()
