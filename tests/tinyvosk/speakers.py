"""Voices of espeak-ng and flite, which ``docker/fetch-asterisk --voices`` fetches into a folder of the project."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from tests.tinyvosk.features import RATE_HZ

PROGRAMS = Path(__file__).resolve().parents[2] / "var" / "pbx"
"""Where the programs are fetched to."""

DEADLINE_S = 60.0

HELD_OUT_VARIANTS = "f5 m7 m8 linda Annie steph2 benjamin Mike belinda robert quincy Jacky".split()
"""Variants of espeak-ng's voice that no model was trained on."""

TRAINED_VARIANTS = (
    "Alex Alicia Andrea Andy Denis Diogo Gene Gene2 Henrique Hugo Lee Marco Mario Michael Mr Nguyen Storm adam anika"
    " antonio aunty boris caleb david ed edward f1 f2 f3 f4 grandma grandpa gustave iven iven2 iven3 john kaukovalta"
    " klatt klatt2 klatt3 klatt4 m1 m2 m3 m4 m5 m6 marcelo max michel miguel norbert pablo paul pedro rob sandro"
    " shelby steph steph3 travis victor zac"
).split()


@dataclass(frozen=True, slots=True)
class Voice:
    """``name``: flite's, or of espeak-ng a language and a variant such as ``en-us+f5``."""

    engine: str
    name: str


HELD_OUT = [Voice("flite", "rms"), *(Voice("espeak", f"en-us+{variant}") for variant in HELD_OUT_VARIANTS)]
TRAINED_FLITE = [Voice("flite", name) for name in ("kal16", "slt", "awb")]


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is said. ``stretch`` is of the time; ``pitch`` is flite's in Hz, and espeak-ng's from 0 to 99. ``speed``
    over 1 is faster and higher at once, as of a smaller speaker."""

    stretch: float = 1.0
    pitch: int | None = None
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Utterance:
    """``samples`` at 8 kHz. ``phones``: each with the second at which it ends, where the voice says so."""

    voice: Voice
    text: str
    samples: npt.NDArray[np.int16]
    phones: tuple[tuple[str, float], ...] | None = None


PLAIN = Manner()
_ESPEAK_WPM = 150
_ESPEAK_PITCH = 50
_PEAK = 0.5


def speak(voice: Voice, text: str, manner: Manner = PLAIN, programs: Path = PROGRAMS) -> Utterance:
    """``text`` in a voice.

    Raises:
        FileNotFoundError: the program is not there: run docker/fetch-asterisk --voices.
        CalledProcessError: it failed.
    """
    program = programs / voice.engine / "run"
    if not program.is_file():
        raise FileNotFoundError(f"no {program}: run docker/fetch-asterisk --voices")
    with tempfile.TemporaryDirectory(prefix="tinyvosk-") as folder:
        path = Path(folder, "said.wav")
        run = [str(program)]
        if voice.engine == "flite":
            run += ["-voice", voice.name, "-psdur", "--setf", f"duration_stretch={manner.stretch:.3f}"]
            run += [] if manner.pitch is None else ["--setf", f"int_f0_target_mean={manner.pitch}"]
            run += ["-t", text, "-o", str(path)]
        else:
            pitch = _ESPEAK_PITCH if manner.pitch is None else manner.pitch
            run += ["-v", voice.name, "-s", str(int(_ESPEAK_WPM / manner.stretch)), "-p", str(pitch)]
            run += ["-w", str(path), text]
        told = subprocess.run(run, capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout
        samples, rate_hz = _read(path)
    said = soxr.resample(samples, rate_hz * manner.speed, RATE_HZ)
    loudest = float(np.abs(said).max(initial=0.0)) or 1.0
    phones = _phones(told, manner.speed) if voice.engine == "flite" else None
    return Utterance(voice, text, np.asarray(said / loudest * _PEAK * 32767, np.int16), phones)


def _read(path: Path) -> tuple[npt.NDArray[np.floating], int]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / np.float32(32768), int(file.getframerate())


def _phones(told: str, speed: float) -> tuple[tuple[str, float], ...]:
    pairs = (each.split(":")[:2] for each in told.split())
    return tuple((phone, float(end) / speed) for phone, end in pairs)
