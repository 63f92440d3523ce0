"""One port for a caller's audio: who sends first decides, and only by audio."""

from __future__ import annotations

import asyncio
import struct
from ipaddress import IPv4Network

import pytest

from calls.switch.asterisk.rtp import RtpInlet
from calls.wire.g711 import Law, decode

SENDER, OTHER = ("127.0.0.1", 4000), ("127.0.0.2", 4000)
SOUND = b"\x11" * 160


def packet(number: int, *, kind: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, kind, number, number * 160, 7) + SOUND


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", packet(1, kind=101), packet(1)[:11]])
async def test_rubbish_does_not_decide_where_the_audio_comes_from(rubbish: bytes) -> None:
    inlet = RtpInlet("", (IPv4Network("127.0.0.0/8"),), lambda _: None)
    inlet.datagram_received(rubbish, OTHER)
    inlet.datagram_received(packet(1), SENDER)
    inlet.datagram_received(packet(3), OTHER)
    inlet.datagram_received(packet(2), SENDER)
    inlet.audio.end()
    async with asyncio.timeout(20.0):
        found = b"".join([await inlet.audio.read() for _ in range(3)])
    assert found == decode(SOUND, Law.MU) * 2
