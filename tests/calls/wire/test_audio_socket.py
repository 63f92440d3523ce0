"""AudioSocket: whole, byte by byte, truncated and hostile."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import RemoteProtocolError
from calls.wire.audio_socket import MAX_AUDIO, Audio, Decoder, End, Id, Message

ID = uuid.UUID("d5706a14-1b55-41f2-a863-94f3b6bfff04")
RECORDED_ID = bytes.fromhex("010010d5706a141b5541f2a86394f3b6bfff04")
"""The first message of 22.10."""


def message(kind: int, body: bytes = b"") -> bytes:
    return bytes([kind]) + len(body).to_bytes(2, "big") + body


SOUND = bytes(range(256)) + bytes(64)
WHOLE = RECORDED_ID + message(0x10, SOUND) + message(0x03, b"5") + message(0x10) + message(0x10, b"ab") + message(0)
MESSAGES: list[Message] = [Id(ID), Audio(SOUND), Audio(b"ab"), End()]


def fed(*chunks: bytes) -> list[Message]:
    decoder = Decoder()
    return [found for chunk in chunks for found in decoder.feed(chunk)]


def test_a_whole_connection() -> None:
    assert fed(WHOLE) == MESSAGES


def test_byte_by_byte_and_at_every_split() -> None:
    assert fed(*(bytes([byte]) for byte in WHOLE)) == MESSAGES
    for at in range(len(WHOLE) + 1):
        assert fed(WHOLE[:at], WHOLE[at:]) == MESSAGES


def test_cut_anywhere_it_gives_what_was_whole() -> None:
    for size in range(len(WHOLE)):
        found = fed(WHOLE[:size])
        assert found == MESSAGES[: len(found)] and End() not in found


def test_an_error_is_the_end_and_nothing_comes_after_it() -> None:
    assert fed(RECORDED_ID + message(0xFF, b"\x01") + message(0x10, SOUND), message(0x77)) == [Id(ID), End()]


@pytest.mark.parametrize(
    "data",
    [
        message(0x10, SOUND),
        message(0),
        message(0x01, ID.bytes[:15]),
        message(0x01, ID.bytes + b"x"),
        RECORDED_ID + RECORDED_ID,
        RECORDED_ID + message(0x12, SOUND),
        RECORDED_ID + message(0x10, b"abc"),
        RECORDED_ID + b"\x10" + (MAX_AUDIO + 2).to_bytes(2, "big"),
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_what_is_not_the_protocol(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        fed(data)


@given(st.lists(st.binary(max_size=40), max_size=6), st.booleans())
@settings(max_examples=500)
def test_garbage_raises_nothing_else(chunks: list[bytes], named: bool) -> None:
    try:
        found = fed(*([RECORDED_ID] if named else []), *chunks)
    except RemoteProtocolError:
        return
    assert all(isinstance(each, Id | Audio | End) for each in found)
