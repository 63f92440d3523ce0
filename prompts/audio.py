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
Levels = numpy.typing.NDArray[numpy.float64]
Frames = numpy.typing.NDArray[numpy.intp]

BAND_HZ = (250.0, 3_500.0)
"""-6 dB edges of our filter: flat over the telephone band of 300 to 3,400 Hz (ITU-T G.712)."""

LEVEL_DBOV = -24.0
"""Active level of a prompt as :func:`measure` has it: a sentence is then at -26 dBov by ITU-T P.56, the nominal level
of speech on telephone networks (ITU-T P.830, section 7.2.2), as loud as the people whom callers hear next. P.56 takes
pauses of up to 0.2 s for speech, which lowers what it says of sentences by 2 dB and of single words by 1; our gate
leaves them out, so that a piece is as loud as the words that it stands between. BS.1770 is made for programmes: its
blocks of 0.4 s are longer than most pieces."""

PEAK_DBOV = -3.0
"""No sample above this: room for a gateway's own gain."""

MAX_S = 600.0
"""Of a file: no prompt is as long, a whole session in the studio is."""

MIN_ACTIVE_DBOV = -60.0
"""Below this a prompt is silent to a caller: the idle noise of a G.711 line lies near it."""

_TAPS = 255
_FRAMES_PER_S = 100
_FRAME = TELEPHONE_RATE_HZ // _FRAMES_PER_S
_EDGE_MARGIN_DB = 40.0
"""How far under its loud frames a sound still belongs to speech, where nothing else is heard."""
_NOISE_MARGIN_DB = 8.0
"""How far over the noise of a room a sound is speech."""
_NOISY_EDGE_DB = 18.0
"""The least margin in however much noise: what is quieter is not told from it."""
_CLICK_FRAMES = 5
_APART_FRAMES = 30
"""A sound shorter than 50 ms that is 0.3 s away from speech is the mouse of whoever recorded it."""
_LOOK_AHEAD = 40
"""5 ms: the limiter turns down before a peak comes, too slowly to be heard as a click."""
_ACTIVE_MARGIN_DB = 16.0
"""How far under its loud frames speech still counts as active; P.56 uses 15.9 dB."""
_LOUD_PERCENTILE = 95
_LOUDEST = 2.0
"""Times the loud frames: speech has none beyond it, so one click in a recording does not make all else quiet."""
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
    """The sound of a WAV, FLAC or Ogg file of any rate and sample format; of two channels that are the same, one.

    Raises:
        PromptError: unreadable, of several channels, under 8 kHz, empty, or longer than :data:`MAX_S`.
    """
    try:
        if (length_s := soundfile.info(path).duration) > MAX_S:
            raise PromptError(f"plays for {length_s:.0f} s; at most {MAX_S:.0f} are taken", Location(path))
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise PromptError(f"is not a sound file that can be read: {error}", Location(path)) from error
    if samples.shape[1] != 1 and not (samples == samples[:, :1]).all():
        raise PromptError(f"has {samples.shape[1]} channels; save it as mono", Location(path))
    if rate_hz < TELEPHONE_RATE_HZ:
        raise PromptError(f"is recorded at {rate_hz} Hz; 8000 Hz or more is needed", Location(path))
    if len(samples) == 0:
        raise PromptError("holds no sound", Location(path))
    return Audio(samples[:, 0], int(rate_hz))


def to_telephone(audio: Audio, edges: Edges = WHOLE) -> Audio:
    """``audio`` resampled to 8 kHz, limited to the band (no direct current is in it), trimmed of silence at both ends
    to ``edges``, levelled, and its peaks turned down.

    Raises:
        PromptError: it is silent.
    """
    samples = _resampled(audio)
    limited = numpy.convolve(samples, _band_filter(), mode="full")[_TAPS // 2 :][: len(samples)].astype(numpy.float32)
    level = measure(Audio(limited, TELEPHONE_RATE_HZ))
    if level.active_dbov < MIN_ACTIVE_DBOV:
        raise PromptError(f"is silent: its speech is at {level.active_dbov:.0f} dBov")
    gain = numpy.float32(10.0 ** ((LEVEL_DBOV - level.active_dbov) / 20))
    return Audio(_faded(_held_down(_trimmed(limited, edges) * gain)), TELEPHONE_RATE_HZ)


def silence(duration_s: float) -> Audio:
    """Nothing, for ``duration_s``."""
    return Audio(numpy.zeros(round(duration_s * TELEPHONE_RATE_HZ), dtype=numpy.float32), TELEPHONE_RATE_HZ)


def measure(audio: Audio) -> Level:
    """Active level, peak and length of ``audio``."""
    frames = _frame_rms(audio.samples, audio.rate_hz // _FRAMES_PER_S)
    speech = _speech_rms(frames)
    active = frames[frames >= speech * 10.0 ** (-_ACTIVE_MARGIN_DB / 20)].clip(max=_LOUDEST * speech)
    rms = float(numpy.sqrt(numpy.mean(active**2))) if len(active) else 0.0
    peak = float(numpy.abs(audio.samples).max(initial=0.0))
    return Level(_db(rms), _db(peak), audio.duration_s)


def noise_dbov(audio: Audio) -> float | None:
    """What is heard where nobody speaks, at the ends and in pauses; None where there is less than 0.1 s of it. The
    quieter half counts: a breath is no noise of the room."""
    frames = _frame_rms(audio.samples, audio.rate_hz // _FRAMES_PER_S)[:-1]
    pauses = numpy.sort(frames[frames < _speech_rms(frames) * 10.0 ** (-_ACTIVE_MARGIN_DB / 20)])
    if len(pauses) < _FRAMES_PER_S // 10:
        return None
    return _db(float(numpy.sqrt(numpy.mean(pauses[: (len(pauses) + 1) // 2] ** 2))))


def encode(audio: Audio, form: Format) -> bytes:
    """The bytes of a file in ``form``; ``audio`` is at 8 kHz."""
    if audio.rate_hz != TELEPHONE_RATE_HZ:
        raise ValueError(f"expected {TELEPHONE_RATE_HZ} Hz, not {audio.rate_hz}: call to_telephone first")
    linear = _linear(audio.samples)
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


def pcm(audio: Audio) -> bytes:
    """The samples of ``audio`` at 8 kHz, 16 bits, little endian: as recognition takes them, and not levelled."""
    return _linear(_resampled(audio)).tobytes()


def decode_ulaw(data: bytes) -> Audio:
    """The sound of headerless mu-law."""
    code = ~numpy.frombuffer(data, numpy.uint8)
    magnitude = (((code & 0x0F).astype(numpy.int32) << 3) + _MULAW_BIAS << ((code >> 4) & 7)) - _MULAW_BIAS
    linear = numpy.where(code & 0x80, -magnitude, magnitude)
    return Audio((linear / 32_768).astype(numpy.float32), TELEPHONE_RATE_HZ)


def _resampled(audio: Audio) -> Samples:
    if audio.rate_hz == TELEPHONE_RATE_HZ:
        return audio.samples
    return numpy.asarray(soxr.resample(audio.samples, audio.rate_hz, TELEPHONE_RATE_HZ, "HQ"), dtype=numpy.float32)


def _linear(samples: Samples) -> numpy.typing.NDArray[numpy.int16]:
    return numpy.clip(numpy.rint(samples * 32_768), -32_768, 32_767).astype("<i2")


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


def _frame_rms(samples: Samples, frame: int = _FRAME) -> Levels:
    """Level of each ``frame`` samples; the last, shorter frame is filled up with silence."""
    filled = numpy.pad(samples.astype(numpy.float64), (0, -len(samples) % frame))
    return numpy.asarray(numpy.sqrt(numpy.mean(filled.reshape(-1, frame) ** 2, axis=1)), dtype=numpy.float64)


def _speech_rms(frames: Levels) -> float:
    """How loud the loud frames are; a single click in a recording is none of them."""
    heard = frames[frames >= frames.max(initial=0.0) * 10.0 ** (-_EDGE_MARGIN_DB / 20)]
    return float(numpy.percentile(heard, _LOUD_PERCENTILE)) if len(heard) else 0.0


def _trimmed(samples: Samples, edges: Edges) -> Samples:
    """``samples`` from just before the first speech to just after the last."""
    heard = speech_frames(_frame_rms(samples))
    first = max(0, int(heard[0]) - round(edges.lead_s * _FRAMES_PER_S)) * _FRAME
    last = (int(heard[-1]) + 1 + round(edges.tail_s * _FRAMES_PER_S)) * _FRAME
    return samples[first:last]


def _held_down(samples: Samples) -> Samples:
    """``samples`` with no peak above :data:`PEAK_DBOV`: the gain goes down before a peak and up after it, and the
    rest is as loud as it was."""
    needed = numpy.minimum(1.0, 10.0 ** (PEAK_DBOV / 20) / numpy.maximum(numpy.abs(samples), 1e-9))
    if needed.min(initial=1.0) >= 1.0:
        return samples
    width = 2 * _LOOK_AHEAD + 1
    padded = numpy.pad(needed, 2 * _LOOK_AHEAD, mode="edge")
    lowest = numpy.lib.stride_tricks.sliding_window_view(padded, width).min(axis=1)
    window = numpy.hanning(width + 2)[1:-1]
    gain = numpy.convolve(lowest, window / window.sum(), mode="valid")
    return numpy.asarray(samples * gain, dtype=numpy.float32)


def speech_frames(frames: Levels) -> Frames:
    """Which of ``frames`` (levels of 10 ms each) are speech, from the first to the last; pauses within are not among
    them, nor are noise and clicks at the ends."""
    loud = _speech_rms(frames)
    noise = float(numpy.percentile(frames, 10)) if len(frames) else 0.0
    over_noise = min(noise * 10.0 ** (_NOISE_MARGIN_DB / 20), loud * 10.0 ** (-_NOISY_EDGE_DB / 20))
    heard = numpy.flatnonzero(frames >= max(over_noise, loud * 10.0 ** (-_EDGE_MARGIN_DB / 20)))
    groups = numpy.split(heard, numpy.flatnonzero(numpy.diff(heard) > _APART_FRAMES) + 1)
    long = [place for place, group in enumerate(groups) if len(group) >= _CLICK_FRAMES]
    return numpy.concatenate(groups[long[0] : long[-1] + 1]) if long else heard


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
