"""This machine's microphone, by the library sounddevice: the one adapter of it.

The library is an extra (``microphone``) and needs PortAudio, which its packages for Windows and macOS bring along and
Debian has as libportaudio2. A device is asked for 8 kHz; one that does not know that rate is taken at its own, and
brought down.

Source: https://python-sounddevice.readthedocs.io/en/0.5.1/api/raw-streams.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from calls.errors import UserError
from calls.switch.hearing import RATE_HZ

PIECE_S = 0.1

WHAT_HELPS = "plug one in, choose it in the system's sound settings, or give --wav or --keys in the place of --mic"

Listen = Callable[[], bytes]
"""Waits for the next tenth of a second: 8 kHz, 16 bits, mono."""


@contextmanager
def microphone() -> Iterator[Listen]:
    """What is said into it, until the context is left.

    Raises:
        UserError: the library, PortAudio or a microphone is missing, or the microphone has gone.
    """
    try:
        import sounddevice
    except ImportError as problem:
        raise UserError(
            "a microphone needs the extra microphone of Callwright (the library sounddevice)"
        ) from problem
    except OSError as problem:  # how the library says that PortAudio is not there
        raise UserError(f"a microphone needs PortAudio (Debian: apt install libportaudio2): {problem}") from problem
    try:
        device = sounddevice.query_devices(kind="input")
        rate_hz = _rate(sounddevice, float(device["default_samplerate"]))
        block = round(rate_hz * PIECE_S)
        with sounddevice.RawInputStream(samplerate=rate_hz, blocksize=block, channels=1, dtype="int16") as stream:
            down = _lowered(rate_hz)
            yield lambda: down(bytes(stream.read(block)[0]))
    except (sounddevice.PortAudioError, ValueError) as problem:
        raise UserError(f"no microphone can be used: {problem}; {WHAT_HELPS}") from problem


def _rate(sounddevice: object, own_hz: float) -> int:
    """8 kHz where the device knows it, else its own rate."""
    check = sounddevice.check_input_settings  # type: ignore[attr-defined]  # the library has no types
    try:
        check(samplerate=RATE_HZ, channels=1, dtype="int16")
    except sounddevice.PortAudioError:  # type: ignore[attr-defined]
        return round(own_hz)
    return RATE_HZ


def _lowered(rate_hz: int) -> Callable[[bytes], bytes]:
    """What brings audio of that rate down to 8 kHz, piece by piece."""
    if rate_hz == RATE_HZ:
        return lambda pcm: pcm
    import numpy
    import soxr

    stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="int16")

    def down(pcm: bytes) -> bytes:
        return bytes(stream.resample_chunk(numpy.frombuffer(pcm, numpy.int16)).tobytes())

    return down
