"""What a dialled call may hear: people who say hello, and machines that greet and beep; as off a telephone line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from tests.tinyvosk.speakers import HELD_OUT, TRAINED_FLITE, Voice, speak
from tests.tinyvosk.telephone import AFTER_S, BEFORE_S, telephoned

VOICES = (HELD_OUT[0], *HELD_OUT[1:6], *TRAINED_FLITE, Voice("espeak", "de+m7"), Voice("espeak", "fr-fr+f5"))
"""Four voices of recorded people by flite, seven of espeak-ng."""

HELLOS = (
    "Hello?",
    "Hello, this is Anna speaking.",
    "Yes?",
    "Good morning, Miller.",
    "Hi, who is this please?",
    "Harbour Bakery, good afternoon, how can I help you?",
)
"""How people answer: the last at a business, the longest that is usual."""

GREETINGS = (
    "Hi, you have reached Anna. I can't come to the phone right now. Please leave a message after the tone.",
    "The person you are calling is not available. At the tone, please record your message. When you have finished"
    " recording, you may hang up or press one for more options.",
    "You have reached Harbour Bakery. Our shop is closed. We are open from eight to six, Monday to Saturday. Leave us"
    " your name and number, and we will call you back.",
    "Hello. Sorry I missed you. Leave a message and I will get back to you. Thanks.",
    "Your call has been forwarded to an automatic voice message system. Four one five, five five five, zero one two"
    " zero is not available.",
)

BEEPS = (440.0, 850.0, 1_000.0, 1_400.0, 2_000.0)
"""Each of 0.2 to 0.9 s, after a pause of 0.3 to 1.5 s."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer. ``ends_s``: when its words are over; ``beep_s``: from when to when it beeps, None where not."""

    what: str
    is_machine: bool
    pcm: bytes
    ends_s: float
    beep_s: tuple[float, float] | None = None


@cache
def _line(voice: Voice, text: str, seed: int) -> bytes:
    return telephoned(speak(voice, text).samples, seed=seed)


def hello(voice: Voice, text: str, seed: int) -> Heard:
    """A person, who then waits to be spoken to."""
    line = _line(voice, text, seed)
    ends_s = len(line) / SAMPLE_BYTES / RATE_HZ - AFTER_S
    return Heard(f"{voice.name}: {text}", False, line + _noise(3.0, seed), ends_s)


def greeting(voice: Voice, text: str, beep_hz: float | None, seed: int) -> Heard:
    """A machine; without a beep it just falls silent."""
    line = _line(voice, text, seed)
    ends_s = len(line) / SAMPLE_BYTES / RATE_HZ - AFTER_S
    if beep_hz is None:
        return Heard(f"{voice.name}: {text}", True, line + _noise(4.0, seed), ends_s)
    draw = np.random.default_rng(seed)
    pause_s, lasts_s, loud = draw.uniform(0.3, 1.5), draw.uniform(0.2, 0.9), 10 ** draw.uniform(3.3, 4.0)
    line = line[: -round(AFTER_S * RATE_HZ) * SAMPLE_BYTES] + _noise(pause_s, seed)
    begins_s = len(line) / SAMPLE_BYTES / RATE_HZ
    at = np.arange(round(lasts_s * RATE_HZ)) / RATE_HZ
    beep = loud * np.sin(2 * np.pi * beep_hz * at) + draw.standard_normal(len(at)) * 20
    pcm = line + beep.astype("<i2").tobytes() + _noise(3.0, seed + 1)
    return Heard(f"{voice.name}: {text} {beep_hz:g} Hz", True, pcm, ends_s, (begins_s, begins_s + lasts_s))


def _noise(seconds: float, seed: int) -> bytes:
    draw = np.random.default_rng(seed)
    return (draw.standard_normal(round(seconds * RATE_HZ)) * 20).astype("<i2").tobytes()


def samples_of(heard: Heard) -> NDArray[np.float32]:
    """What is heard, full scale 1."""
    return np.frombuffer(heard.pcm, "<i2").astype(np.float32) / np.float32(32_768)


def people() -> list[Heard]:
    """Every hello in every voice."""
    return [hello(voice, text, seed) for seed, (voice, text) in enumerate(product(VOICES, HELLOS))]


def machines(*, beeping: bool = True) -> list[Heard]:
    """Every greeting in every voice, with the beeps in turn, or without."""
    return [
        greeting(voice, text, BEEPS[seed % len(BEEPS)] if beeping else None, seed)
        for seed, (voice, text) in enumerate(product(VOICES, GREETINGS))
    ]


assert BEFORE_S < 0.5, "an answer begins at once"
