"""The picture of a recording: as loud as its samples, whatever its head says, and no other file is taken for one."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls import waveform
from calls.errors import RecordingError

SAMPLES = st.lists(st.integers(-32_768, 32_767), max_size=60)


def wav(samples: list[int], claimed: int = 0) -> bytes:
    """A file whose head says that it has ``claimed`` bytes of sound: 0 is what a switch that died leaves."""
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + claimed) + b"WAVEfmt " + form + b"data" + struct.pack("<I", claimed)
    return head + struct.pack(f"<{len(samples)}h", *samples)


@given(SAMPLES, st.integers(1, 20), st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_each_bar_is_as_loud_as_the_loudest_of_its_samples(
    tmp_path_factory: pytest.TempPathFactory, samples: list[int], bars: int, claimed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "wave.wav"
    path.write_bytes(wav(samples, claimed))
    found = waveform.read(path, bars)
    assert found.duration_s == len(samples) / 8_000
    edges = [len(samples) * at // bars for at in range(bars + 1)]
    parts = [samples[edges[at] : edges[at + 1]] for at in range(bars)]
    assert found.peaks == tuple(max(map(abs, part)) / 32_768 for part in parts if part)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends before its samples"),
        (b"RIFF", "ends before its samples"),
        (b"ID3\x03 a song of some other kind", "no WAV file"),
        (wav([]).replace(struct.pack("<I", 8_000), struct.pack("<I", 44_100)), "not 16 bits, mono, 8 kHz"),
    ],
)
def test_what_is_no_recording_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        waveform.read(tmp_path / "x.wav")


def test_a_file_that_has_gone_or_is_too_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        waveform.read(tmp_path / "x.wav")
    (tmp_path / "x.wav").write_bytes(wav([1] * 80))
    monkeypatch.setattr(waveform, "LONGEST_S", 0.005)
    with pytest.raises(RecordingError, match="at most"):
        waveform.read(tmp_path / "x.wav")
