"""Where the samples of a WAV file begin while it is still written."""

from __future__ import annotations

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import RemoteProtocolError
from calls.wire.wav_head import LONGEST, samples_begin


def head(rate_hz: int = 8_000, channels: int = 1, width: int = 2) -> bytes:
    """A file without a sample, as its writer begins it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate_hz, 0, "NONE", ""))
        writer.writeframes(b"")
    return file.getvalue()


def test_the_samples_of_a_plain_file_begin_behind_44_bytes() -> None:
    assert samples_begin(head()) == 44
    assert samples_begin(head() + b"\x01\x02" * 80) == 44


@pytest.mark.parametrize("length", range(44))
def test_a_head_that_is_not_whole_is_waited_for(length: int) -> None:
    assert samples_begin(head()[:length]) is None


def test_a_writers_remark_of_odd_length_is_passed_over() -> None:
    plain = head()
    remark = b"LIST" + struct.pack("<I", 5) + b"hello\0"
    assert samples_begin(plain[:36] + remark + plain[36:]) == 44 + len(remark)


@pytest.mark.parametrize("wrong", [head(16_000), head(channels=2), head(width=1)])
def test_other_samples_are_refused(wrong: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="not 16 bits, mono, 8 kHz"):
        samples_begin(wrong)


def test_samples_without_a_format_are_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="without a format"):
        samples_begin(head()[:12] + b"data\0\0\0\0")


def test_a_head_that_never_ends_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="do not begin within"):
        samples_begin(head()[:12] + b"LIST" + struct.pack("<I", LONGEST) + b"\0" * 100)


@given(st.binary(max_size=200), st.booleans())
def test_garbage_raises_only_the_remote_error(garbage: bytes, riff: bool) -> None:
    try:
        begins = samples_begin(head()[:12] + garbage if riff else garbage)
    except RemoteProtocolError:
        return
    assert begins is None or 20 <= begins <= LONGEST + 8
