"""espeak-ng through pyttsx3, each utterance in a process of its own.

espeak-ng is a library of the machine, or stands in a folder that ``docker/fetch-asterisk`` made: there the file
``env`` says what the process's environment needs (``LD_LIBRARY_PATH`` for the library, ``ESPEAK_DATA_PATH`` for its
data).
"""

from __future__ import annotations

import ctypes.util
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calls.errors import Location, PromptError
from prompts.audio import MIN_ACTIVE_DBOV, Audio, measure, read_audio
from prompts.synthesis import EngineVersion, NothingSpoken, Utterance

FOLDER_VARIABLE = "CALLWRIGHT_ESPEAK"
"""Names the folder of a private espeak-ng."""

DEADLINE_S = 20.0
"""For one utterance, process start included: the longest text takes under 1 s, a loaded machine is slow."""

WORKER = Path(__file__).with_name("worker.py")
_TAKEN = ("LD_LIBRARY_PATH", "ESPEAK_DATA_PATH")
_INSTALL = f"install the package libespeak-ng1, or run docker/fetch-asterisk and set {FOLDER_VARIABLE} to its folder"


@dataclass(frozen=True, slots=True)
class EspeakPlace:
    """Where espeak-ng is: what a process's environment needs to load it. Empty for the machine's own."""

    environment: Mapping[str, str] = field(default_factory=dict)


def find_espeak(env: Mapping[str, str], folders: Sequence[Path] = ()) -> EspeakPlace:
    """The espeak-ng that ``CALLWRIGHT_ESPEAK`` names, else that of the first of ``folders`` that stands, else the
    machine's.

    Raises:
        PromptError: there is none; says how to get it.
    """
    if named := env.get(FOLDER_VARIABLE):
        return _place(Path(named))
    for folder in folders:
        if (folder / "env").is_file():
            return _place(folder)
    if ctypes.util.find_library("espeak-ng") is None:
        raise PromptError(f"espeak-ng is not on this machine: {_INSTALL}")
    return EspeakPlace()


def _place(folder: Path) -> EspeakPlace:
    path = folder / "env"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise PromptError(f"no espeak-ng stands here ({error.strerror}): {_INSTALL}", Location(path)) from error
    pairs = [line.partition("=") for line in lines if line]
    found = {name: value for name, _, value in pairs if name in _TAKEN}
    for name, value in found.items():
        for part in value.split(":"):
            if not Path(part).is_dir():
                raise PromptError(f"{part} does not exist: run docker/fetch-asterisk again", Location(path, key=name))
    return EspeakPlace(found)


class EspeakSynthesizer:
    """Speaks by pyttsx3 and espeak-ng. Several threads may use one: each utterance is a process of its own."""

    def __init__(self, place: EspeakPlace, *, deadline_s: float = DEADLINE_S, worker: Path = WORKER) -> None:
        self._place = place
        self._deadline_s = deadline_s
        self._worker = worker
        self._lock = threading.Lock()
        self._description: Mapping[str, object] | None = None

    @property
    def engine(self) -> EngineVersion:
        """``espeak-ng`` with its own version and pyttsx3's. Asked of a process once.

        Raises:
            PromptError: espeak-ng or pyttsx3 cannot be loaded.
        """
        found = self._described()
        return EngineVersion("espeak-ng", f"{found['espeak']} by pyttsx3 {found['pyttsx3']}")

    def voices(self) -> tuple[str, ...]:
        """The ids of the voices that there are, sorted."""
        voices = self._described()["voices"]
        assert isinstance(voices, list)
        return tuple(sorted(str(names[0]) for names in voices))

    def speak(self, utterance: Utterance) -> Audio:
        """See :meth:`prompts.synthesis.Synthesizer.speak`."""
        with tempfile.TemporaryDirectory(prefix="callwright-speech-") as folder:
            path = Path(folder, "speech.wav")
            self._say(
                {
                    "text": utterance.text,
                    "voice": utterance.voice,
                    "rate": utterance.rate_wpm,
                    "path": str(path),
                    "deadline_s": self._deadline_s,
                }
            )
            if not path.exists():
                raise PromptError("espeak-ng said that it had spoken and wrote no file")
            audio = read_audio(path)
        if measure(audio).active_dbov < MIN_ACTIVE_DBOV:
            raise NothingSpoken(f"the voice {utterance.voice!r} gave silence: is the text in its language?")
        return audio

    def _say(self, request: Mapping[str, object]) -> None:
        """Have a process do ``request``.

        Raises:
            PromptError: it did not.
        """
        self._ask(request)

    def _described(self) -> Mapping[str, object]:
        with self._lock:
            if self._description is None:
                self._description = self._ask({})
            return self._description

    def _ask(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """What a new worker process answers.

        Raises:
            PromptError: it answered with a fault, died, or was ended at the deadline.
        """
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(self._worker)],
                input=json.dumps(request).encode(),
                capture_output=True,
                env=environment(self._place),
                timeout=self._deadline_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PromptError(f"espeak-ng did not finish within {self._deadline_s:g} s and was ended") from error
        if done.returncode != 0:
            raise PromptError(f"the process that speaks ended with {done.returncode}: {_last_line(done.stderr)}")
        try:
            return understood(done.stdout)
        except ValueError as error:
            raise PromptError(f"the process that speaks gave no answer: {_last_line(done.stderr)}") from error


def environment(place: EspeakPlace) -> Mapping[str, str]:
    """All that a worker process has in its environment."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **place.environment}


def understood(line: bytes) -> Mapping[str, object]:
    """What a worker process answered.

    Raises:
        PromptError: a fault.
        ValueError: no answer at all.
    """
    answer = json.loads(line)
    assert isinstance(answer, dict)
    if "error" in answer:
        raise PromptError(_fault(answer))
    return answer


def _fault(answer: Mapping[str, Any]) -> str:
    detail = str(answer["detail"])
    match answer["error"]:
        case "voice":
            near = sorted(
                voice for voice in answer["voices"] if voice.rsplit("/", 1)[-1].startswith(detail[:2].lower())
            )
            return (
                f"espeak-ng has no voice {detail!r}; expected a language such as 'en', or one of {near or 'its ids'}"
            )
        case "engine":
            return f"espeak-ng cannot be loaded ({detail}): {_INSTALL}"
        case "deadline":
            return f"espeak-ng did not finish within {detail}"
        case _:
            return f"espeak-ng failed: {detail}"


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
