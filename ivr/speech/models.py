"""Trying a model in a process of its own, for one that is damaged may end the process that loads it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from calls.errors import SpeechError
from calls.settings import SpeechModel
from ivr.speech.recognizer import Grammar

DEADLINE_S = 300.0
"""For a model of gigabytes from a slow disk."""

_MODULE = "ivr.speech.model_trial"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model that loads can do. ``load_s``: seconds until it heard a moment of silence to the end;
    ``memory_mb`` is what its process had of memory then. ``unknown``: words that it lacks of those asked for.
    ``refused``: the grammars, by their place among those given, that it does not take, and why.
    """

    load_s: float
    memory_mb: int
    unknown: frozenset[str]
    refused: dict[int, str]


def try_model(
    model: SpeechModel,
    words: Iterable[str] = (),
    grammars: Iterable[Grammar] = (),
    deadline_s: float = DEADLINE_S,
) -> Trial:
    """Load ``model``, look for ``words`` in it, and open a session with each of ``grammars`` but for their unknown
    words.

    Raises:
        SpeechError: it cannot be loaded, or ended its process.
    """
    request = {
        "model": model.model_dump(mode="json"),
        "words": sorted(set(words)),
        "grammars": [[each.language, sorted(each.phrases), each.repeated, sorted(each.around)] for each in grammars],
    }
    where = model.folder or f"the model inside {model.engine}"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", _MODULE],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SpeechError(f"{where} was not loaded within {deadline_s:g} s: take a smaller model") from error
    if done.returncode:
        raise SpeechError(f"{where} ends the process that loads it ({_ending(done.returncode)}): unpack it again")
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise SpeechError(f"{where} was tried without an answer: {done.stderr.decode(errors='replace')}") from error
    if "error" in answer:
        raise SpeechError(answer["error"])
    refused = {int(place): problem for place, problem in answer["refused"].items()}
    return Trial(answer["load_s"], answer["memory_mb"], frozenset(answer["unknown"]), refused)


def _ending(status: int) -> str:
    if status > 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
