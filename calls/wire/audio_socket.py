"""AudioSocket as it comes in: Asterisk's way to hand a channel's audio over TCP. No sockets here.

The stream is messages of one byte of kind, two of length (big endian) and the body. The first says the id of the
connection, which we chose; then comes audio, until the end of it. Of what we hear nothing is answered.

Source: https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/ and include/asterisk/res_audiosocket.h.
Why not a library: ``audiosocket`` on PyPI is something else, and the others bring a server and threads along.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import IntEnum

from calls.errors import RemoteProtocolError

MAX_AUDIO = 16_000
"""Bytes of one message, a second: Asterisk sends 320."""

_HEADER_BYTES = 3
_ID_BYTES = 16
_SAMPLE_BYTES = 2


class Kind(IntEnum):
    """What a message is."""

    HANGUP = 0x00
    ID = 0x01
    DTMF = 0x03
    AUDIO = 0x10
    """16 bits, little endian, mono, 8 kHz, and the only audio that a leg of ours sends."""
    ERROR = 0xFF


@dataclass(frozen=True, slots=True)
class Id:
    """Which connection it is; once, before all else."""

    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Audio:
    """What was heard: whole samples."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class End:
    """No more will come."""


Message = Id | Audio | End


@dataclass(slots=True)
class Decoder:
    """Takes bytes as they arrive, gives messages. Keys are left out: they come on the channel itself too."""

    _buffer: bytearray = field(default_factory=bytearray)
    _named: bool = False
    _ended: bool = False

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes; nothing more after the end.

        Raises:
            RemoteProtocolError: not AudioSocket, or beyond a limit. The decoder is of no further use.
        """
        self._buffer += data
        messages: list[Message] = []
        while not self._ended and len(self._buffer) >= _HEADER_BYTES:
            size = int.from_bytes(self._buffer[1:_HEADER_BYTES], "big")
            kind = self._kind(self._buffer[0], size)
            if len(self._buffer) < _HEADER_BYTES + size:
                break
            body = bytes(self._buffer[_HEADER_BYTES : _HEADER_BYTES + size])
            del self._buffer[: _HEADER_BYTES + size]
            if (message := self._message(kind, body)) is not None:
                messages.append(message)
        return messages

    def _kind(self, code: int, size: int) -> Kind:
        """The kind of a message of ``size`` bytes, as soon as its header is there."""
        try:
            kind = Kind(code)
        except ValueError:
            raise RemoteProtocolError(f"AudioSocket: a message of the kind 0x{code:02x}") from None
        if (kind is Kind.ID) is self._named:
            raise RemoteProtocolError("AudioSocket: two ids" if self._named else "AudioSocket: no id at first")
        if kind is Kind.ID and size != _ID_BYTES:
            raise RemoteProtocolError(f"AudioSocket: an id of {size} bytes")
        if size > MAX_AUDIO:
            raise RemoteProtocolError(f"AudioSocket: a message of {size} bytes")
        if kind is Kind.AUDIO and size % _SAMPLE_BYTES:
            raise RemoteProtocolError("AudioSocket: half a sample")
        return kind

    def _message(self, kind: Kind, body: bytes) -> Message | None:
        match kind:
            case Kind.ID:
                self._named = True
                return Id(uuid.UUID(bytes=body))
            case Kind.AUDIO:
                return Audio(body) if body else None
            case Kind.DTMF:
                return None
            case Kind.HANGUP | Kind.ERROR:
                self._ended = True
                self._buffer.clear()
                return End()
