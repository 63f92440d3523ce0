"""A caller whose every packet is timed: what is said goes out by the clock, what is heard is noted as it comes."""

from __future__ import annotations

import asyncio
import re
import struct
import time

import numpy as np

from prompts.audio import decode_ulaw
from tests.integration.raw_wire import LOOPBACK, SipCaller

PACKET = 160
"""Samples of 20 ms."""

PACKET_S = 0.02
LOUD = 0.01
"""Of full scale (root mean square), -40 dBov: prompts are far above it, and comfort noise is far below."""

SDP_PORT = re.compile(r"^m=audio ([0-9]+) ", re.MULTILINE)


class Talker(SipCaller):
    """Calls, speaks and listens; moments are those of :func:`time.perf_counter`."""

    def __init__(self, pbx_port: int) -> None:
        super().__init__(pbx_port)
        self.loud_s: list[float] = []
        """When each loud packet came."""
        self.spoke_at = float("-inf")
        """When the first packet of :meth:`speak` went out."""
        self._far: tuple[str, int] | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: a SIP message came; an answer says where the switch listens."""
        if data.startswith(b"SIP/2.0 200") and (found := SDP_PORT.search(data.decode(errors="replace"))):
            self._far = (LOOPBACK, int(found[1]))
        super().datagram_received(data, addr)

    async def speak(self, said: bytes) -> None:
        """Send ``said``, µ-law, in real time. The call is answered."""
        assert self._far is not None, "the call is not answered"
        self.spoke_at = began = time.perf_counter()
        for place in range(0, len(said), PACKET):
            header = struct.pack(">BBHII", 0x80, 0, (place // PACKET) & 0xFFFF, place, 0xC0FFEE)
            self._media.sendto(header + said[place : place + PACKET], self._far)
            await asyncio.sleep(max(0.0, began + (place // PACKET + 1) * PACKET_S - time.perf_counter()))

    def _listen(self) -> None:
        sound = self._media.recv(2048)[12:]
        samples = decode_ulaw(sound).samples
        if len(samples) and np.sqrt(np.mean(samples**2)) > LOUD:
            self.loud_s.append(time.perf_counter())
        self.heard += sound
        self._news.set()
