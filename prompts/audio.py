"""Sound as the telephone carries it: 8 kHz, one channel, G.711's band, an even level, mu-law or 16-bit WAV.

Samples are float32 between -1 and 1; 0 dBov is full scale, so a level in dBov is ``20 log10(rms)``.
"""

from __future__ import annotations

import functools
import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy
import numpy.typing
import soundfile
import soxr

from calls.errors import Location, PromptError
from prompts.formats import TELEPHONE_RATE_HZ, WHOLE, Edges, Format

Samples = numpy.typing.NDArray[numpy.float32]

BAND_HZ = (250.0, 3_500.0)
"""-6 dB edges of our filter: flat over the telephone band of 300 to 3,400 Hz (ITU-T G.712)."""

LEVEL_DBOV = -26.0
"""Active speech level of a prompt: the nominal level of speech on telephone networks (ITU-T P.830, section 7.2.2),
so that a prompt is as loud as the people whom callers hear next."""

PEAK_DBOV = -3.0
"""No sample above this, whatever the level: room for a gateway's own gain."""

MIN_ACTIVE_DBOV = -60.0
"""Below this a prompt is silent to a caller: the idle noise of a G.711 line lies near it."""

_TAPS = 255
_FRAMES_PER_S = 100
_FRAME = TELEPHONE_RATE_HZ // _FRAMES_PER_S
_EDGE_MARGIN_DB = 40.0
_ACTIVE_MARGIN_DB = 16.0
"""How far under its loud frames speech still counts as active; P.56 uses 15.9 dB."""
_LOUD_PERCENTILE = 95
_MULAW_BIAS = 132
_MULAW_CLIP = 32_635


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """One channel of sound at ``rate_hz``."""

    samples: Samples
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Level:
    """What a sound measures."""

    active_dbov: float
    """Level of its active frames; ``-inf`` for digital silence."""
    peak_dbov: float
    duration_s: float


def read_audio(path: Path) -> Audio:
    """The sound of a WAV file of any rate and sample format.

    Raises:
        PromptError: unreadable, not one channel, under 8 kHz, or empty.
    """
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise PromptError(f"is not a WAV file that can be read: {error}", Location(path)) from error
    if samples.shape[1] != 1:
        raise PromptError(f"has {samples.shape[1]} channels; save it as mono", Location(path))
    if rate_hz < TELEPHONE_RATE_HZ:
        raise PromptError(f"is recorded at {rate_hz} Hz; 8000 Hz or more is needed", Location(path))
    if len(samples) == 0:
        raise PromptError("holds no sound", Location(path))
    return Audio(samples[:, 0], int(rate_hz))


def to_telephone(audio: Audio, edges: Edges = WHOLE) -> Audio:
    """``audio`` resampled to 8 kHz, limited to the band, trimmed of silence at both ends to ``edges`` and levelled.

    Raises:
        PromptError: it is silent.
    """
    samples = audio.samples
    if audio.rate_hz != TELEPHONE_RATE_HZ:
        samples = numpy.asarray(soxr.resample(samples, audio.rate_hz, TELEPHONE_RATE_HZ, "HQ"), dtype=numpy.float32)
    limited = numpy.convolve(samples, _band_filter(), mode="full")[_TAPS // 2 :][: len(samples)].astype(numpy.float32)
    level = measure(Audio(limited, TELEPHONE_RATE_HZ))
    if level.active_dbov < MIN_ACTIVE_DBOV:
        raise PromptError(f"is silent: its speech is at {level.active_dbov:.0f} dBov")
    gain_db = min(LEVEL_DBOV - level.active_dbov, PEAK_DBOV - level.peak_dbov)
    return Audio(_faded(_trimmed(limited, edges) * numpy.float32(10.0 ** (gain_db / 20))), TELEPHONE_RATE_HZ)


def silence(duration_s: float) -> Audio:
    """Nothing, for ``duration_s``."""
    return Audio(numpy.zeros(round(duration_s * TELEPHONE_RATE_HZ), dtype=numpy.float32), TELEPHONE_RATE_HZ)


def measure(audio: Audio) -> Level:
    """Active level, peak and length of ``audio``."""
    frames = _frame_rms(audio.samples, audio.rate_hz // _FRAMES_PER_S)
    active = frames[frames >= _speech_rms(frames) * 10.0 ** (-_ACTIVE_MARGIN_DB / 20)]
    rms = float(numpy.sqrt(numpy.mean(active**2))) if len(active) else 0.0
    peak = float(numpy.abs(audio.samples).max(initial=0.0))
    return Level(_db(rms), _db(peak), audio.duration_s)


def encode(audio: Audio, form: Format) -> bytes:
    """The bytes of a file in ``form``; ``audio`` is at 8 kHz."""
    if audio.rate_hz != TELEPHONE_RATE_HZ:
        raise ValueError(f"expected {TELEPHONE_RATE_HZ} Hz, not {audio.rate_hz}: call to_telephone first")
    linear = numpy.clip(numpy.rint(audio.samples * 32_768), -32_768, 32_767).astype("<i2")
    match form:
        case Format.ULAW:
            return numpy.take(_mulaw_table(), linear.astype(numpy.int32) + 32_768).tobytes()
        case Format.WAV:
            buffer = io.BytesIO()
            with wave.open(buffer, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(TELEPHONE_RATE_HZ)
                file.writeframes(linear.tobytes())
            return buffer.getvalue()


def decode_ulaw(data: bytes) -> Audio:
    """The sound of headerless mu-law."""
    code = ~numpy.frombuffer(data, numpy.uint8)
    magnitude = (((code & 0x0F).astype(numpy.int32) << 3) + _MULAW_BIAS << ((code >> 4) & 7)) - _MULAW_BIAS
    linear = numpy.where(code & 0x80, -magnitude, magnitude)
    return Audio((linear / 32_768).astype(numpy.float32), TELEPHONE_RATE_HZ)


@functools.cache
def _mulaw_table() -> numpy.typing.NDArray[numpy.uint8]:
    """The mu-law byte of each 16-bit sample, from -32768 up. Source: ITU-T G.711, table 2."""
    linear = numpy.arange(-32_768, 32_768)
    magnitude = numpy.minimum(numpy.abs(linear), _MULAW_CLIP) + _MULAW_BIAS
    exponent = numpy.floor(numpy.log2(magnitude)).astype(numpy.int64) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = numpy.where(linear < 0, 0x80, 0)
    return numpy.asarray(~(sign | (exponent << 4) | mantissa) & 0xFF, dtype=numpy.uint8)


@functools.cache
def _band_filter() -> numpy.typing.NDArray[numpy.float64]:
    """A linear-phase band-pass: the difference of two windowed-sinc low-passes (Blackman window, -74 dB)."""
    at = numpy.arange(_TAPS) - _TAPS // 2
    window = numpy.blackman(_TAPS)

    def low_pass(edge_hz: float) -> numpy.typing.NDArray[numpy.float64]:
        cut = 2 * edge_hz / TELEPHONE_RATE_HZ
        taps = cut * numpy.sinc(cut * at) * window
        return numpy.asarray(taps / taps.sum(), dtype=numpy.float64)

    low, high = BAND_HZ
    return low_pass(high) - low_pass(low)


def _frame_rms(samples: Samples, frame: int = _FRAME) -> numpy.typing.NDArray[numpy.float64]:
    """Level of each ``frame`` samples; the last, shorter frame is filled up with silence."""
    filled = numpy.pad(samples.astype(numpy.float64), (0, -len(samples) % frame))
    return numpy.asarray(numpy.sqrt(numpy.mean(filled.reshape(-1, frame) ** 2, axis=1)), dtype=numpy.float64)


def _speech_rms(frames: numpy.typing.NDArray[numpy.float64]) -> float:
    """How loud the loud frames are; a single click in a recording is none of them."""
    heard = frames[frames >= frames.max(initial=0.0) * 10.0 ** (-_EDGE_MARGIN_DB / 20)]
    return float(numpy.percentile(heard, _LOUD_PERCENTILE)) if len(heard) else 0.0


def _trimmed(samples: Samples, edges: Edges) -> Samples:
    """``samples`` from just before the first speech to just after the last."""
    frames = _frame_rms(samples)
    heard = numpy.flatnonzero(frames >= _speech_rms(frames) * 10.0 ** (-_EDGE_MARGIN_DB / 20))
    first = max(0, int(heard[0]) - round(edges.lead_s * _FRAMES_PER_S)) * _FRAME
    last = (int(heard[-1]) + 1 + round(edges.tail_s * _FRAMES_PER_S)) * _FRAME
    return samples[first:last]


def _faded(samples: Samples) -> Samples:
    """``samples`` with 5 ms faded in and out, so that a trimmed edge does not click."""
    length = min(_FRAME // 2, len(samples) // 2)
    ramp = numpy.linspace(0, 1, length, dtype=numpy.float32)
    faded = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded


def _db(value: float) -> float:
    return float(20 * numpy.log10(value)) if value > 0 else float("-inf")
