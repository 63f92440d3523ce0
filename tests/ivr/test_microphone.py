"""A walk that is answered into a microphone: a library and a device of the test's stand for the real ones."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy
import pytest
import soxr

from calls.errors import UserError
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.loopback.voice import said
from ivr.callers import ScriptedCaller
from ivr.microphone import microphone
from ivr.script import parse
from ivr.speaking_caller import SpeakingCaller
from ivr.speech.engines.scripted import ScriptedRecognizer
from ivr.speech.recognizer import Recognizer
from ivr.trail import Kind
from ivr.walk import Walk
from tests.ivr.conftest import NOON, Make, at
from tests.ivr.test_voice import FLOW
from tests.ivr.test_wav_caller import texts


class PortAudioError(Exception):
    """As the library has it."""


class Device:
    """A microphone into which ``pcm`` is said, once, and then nothing."""

    def __init__(self, pcm: bytes = b"", own_hz: int = RATE_HZ) -> None:
        self.pcm = pcm
        self.own_hz = own_hz
        self.open = 0
        self.there = True

    def query_devices(self, kind: str) -> dict[str, float]:
        assert kind == "input"
        if not self.there:
            raise PortAudioError("Error querying device -1")
        return {"default_samplerate": float(self.own_hz)}

    def check_input_settings(self, *, samplerate: int, channels: int, dtype: str) -> None:
        assert (channels, dtype) == (1, "int16")
        if samplerate != self.own_hz:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")

    def stream(self, *, samplerate: int, blocksize: int, channels: int, dtype: str) -> Stream:
        self.check_input_settings(samplerate=samplerate, channels=channels, dtype=dtype)
        assert blocksize == samplerate // 10
        return Stream(self)


class Stream:
    """One that is open."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def __enter__(self) -> Stream:
        self._device.open += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._device.open -= 1

    def read(self, frames: int) -> tuple[bytearray, bool]:
        if not self._device.there:
            raise PortAudioError("Unanticipated host error")
        size = frames * SAMPLE_BYTES
        piece, self._device.pcm = self._device.pcm[:size], self._device.pcm[size:]
        return bytearray(piece.ljust(size, b"\0")), False


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Device:
    """A device that the library finds."""
    device = Device()
    library = ModuleType("sounddevice")
    vars(library).update(
        PortAudioError=PortAudioError,
        RawInputStream=device.stream,
        query_devices=device.query_devices,
        check_input_settings=device.check_input_settings,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return device


def walked(make: Make, script: str) -> tuple[Walk, list[str]]:
    told: list[str] = []

    def scripted(_: str) -> Recognizer:
        return ScriptedRecognizer()

    caller = SpeakingCaller(microphone, told.append, ScriptedCaller(parse(script)), scripted, NOON.date())
    walk = Walk(make(FLOW), caller, texts, at(0))
    list(walk.events())
    return walk, told


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE_HZ) * SAMPLE_BYTES)


def test_what_is_said_into_it_answers_and_the_script_all_else(make: Make, plugged: Device) -> None:
    plugged.pcm = silence(1.0) + said("pizza", 1.0) + silence(2.0) + said("new order", 1.0)
    walk, told = walked(make, "q-")
    missed = next(event for event in walk.session.trail if event.kind is Kind.NOMATCH)
    assert missed.detail["words"] == "pizza"
    choice = next(event for event in walk.session.trail if event.kind is Kind.CHOICE)
    assert (choice.detail["to"], choice.detail["words"], choice.detail["sure"]) == ("sales", "new order", True)
    assert told == ["speak now", "speak now"]
    assert plugged.open == 0


def test_who_says_nothing_types(make: Make, plugged: Device) -> None:
    walk, told = walked(make, "s=billing,q+")
    assert told == ["speak now", "nothing was heard"]
    assert walk.finished is not None and walk.finished.last_node == "billing"


def test_who_speaks_on_and_on_is_cut_short(make: Make, plugged: Device) -> None:
    plugged.pcm = silence(0.5) + said("new order please and much more", 40.0)
    walked(make, "h")
    assert len(plugged.pcm) > len(silence(18.0)), "ten seconds are enough, twice"


def test_a_device_of_another_rate_is_brought_down(plugged: Device) -> None:
    plugged.own_hz = 44_100
    tone = numpy.sin(2 * numpy.pi * 440 * numpy.arange(44_100) / 44_100) * 10_000
    plugged.pcm = tone.astype(numpy.int16).tobytes()
    with microphone() as next_piece:
        heard = numpy.frombuffer(b"".join(next_piece() for _ in range(12)), numpy.int16)
    assert 8_000 <= len(heard) <= 9_600
    expected = soxr.resample(tone / 32_768, 44_100, RATE_HZ)
    assert numpy.abs(heard[1_000:7_000] / 32_768 - expected[1_000:7_000]).max() < 0.01


def test_no_library_no_portaudio_and_no_device_are_told(monkeypatch: pytest.MonkeyPatch, plugged: Device) -> None:
    plugged.there = False
    with (
        pytest.raises(UserError, match="no microphone can be used: Error querying device -1; plug one in"),
        microphone(),
    ):
        pass
    plugged.there = True
    with pytest.raises(UserError, match="no microphone can be used: Unanticipated"), microphone() as next_piece:
        plugged.there = False
        next_piece()
    assert plugged.open == 0
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UserError, match="the extra microphone of Callwright"), microphone():
        pass


def test_a_machine_without_portaudio_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(UserError, match="libportaudio2"), microphone():
        pass
