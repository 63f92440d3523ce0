"""Callers' audio by RTP: a port of its own for each caller who is heard, out of a range.

A port is free again when its inlet is closed, and that one is taken last which was closed last: what a leg still sent
when it was ended comes to nobody. See :mod:`calls.wire.rtp` for what is made of the packets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from ipaddress import IPv4Address

from calls import log
from calls.errors import SwitchUnavailable
from calls.switch.asterisk.inlets import Networks, is_allowed
from calls.switch.backlog import Backlog
from calls.wire.ami_actions import rtp_far_end
from calls.wire.rtp import Stream


class RtpInlet(asyncio.DatagramProtocol):
    """One port. See :class:`calls.switch.asterisk.inlets.Inlet`."""

    def __init__(self, far_end: str, allow: Networks, closed: Callable[[RtpInlet], None]) -> None:
        self.audio = Backlog()
        self.far_end = far_end
        self._allow = allow
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._stream = Stream()
        self._peer = ""
        """The address from which the stream comes: that of the first audio."""
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.BaseTransport | None = None

    def cut(self) -> None:
        """Nothing: a sender of RTP does not hear of us."""

    def close(self) -> None:
        """See :class:`calls.switch.asterisk.inlets.Inlet`."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self.audio.end()
        transport.close()
        if self._stream.unused:
            counts = {reason.value: count for reason, count in self._stream.unused.items()}
            log.get().debug("RTP: packets were of no use", far_end=self.far_end, **counts)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the port is open."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the port is closed."""
        self._closed(self)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: a packet came."""
        if addr[0] != self._peer and (self._peer or not is_allowed(addr[0], self._allow)):
            return
        audio = self._stream.take(data, self._loop.time())
        if self._stream.has_begun:
            self._peer = addr[0]
        self._give(audio)

    def _give(self, audio: bytes) -> None:
        if audio:
            self.audio.put(audio)
            self.audio.lost(self._stream.lost_s)
        if self._timer is not None:
            self._timer.cancel()
        until_s = self._stream.waits_until_s
        self._timer = None if until_s is None else self._loop.call_at(until_s, self._waited)

    def _waited(self) -> None:
        self._timer = None
        self._give(self._stream.wait_over(self._loop.time()))


class RtpPorts:
    """See :class:`calls.switch.asterisk.inlets.Inlets`. ``host`` is our address, by which Asterisk reaches us."""

    def __init__(self, host: IPv4Address, ports: range, allow: Networks) -> None:
        self._host = host
        self._ports = ports
        self._allow = tuple(allow)
        self._free = deque(ports)
        self._inlets: dict[RtpInlet, int] = {}

    async def start(self) -> None:
        """Nothing: ports are opened one by one."""

    async def open(self) -> RtpInlet:
        """See :class:`calls.switch.asterisk.inlets.Inlets`."""
        for _ in range(len(self._free)):
            port = self._free.popleft()
            try:
                return await self._bind(port)
            except OSError:  # somebody else has it
                self._free.append(port)
            except BaseException:
                self._free.append(port)
                raise
        first, last = self._ports[0], self._ports[-1]
        raise SwitchUnavailable(f"no UDP port of {first} to {last} is free for one more caller's audio")

    async def _bind(self, port: int) -> RtpInlet:
        inlet = RtpInlet(rtp_far_end(self._host, port), self._allow, self._closed)
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: inlet, local_addr=(str(self._host), port))
        self._inlets[inlet] = port
        return inlet

    async def stop(self) -> None:
        """See :class:`calls.switch.asterisk.inlets.Inlets`."""
        for inlet in list(self._inlets):
            inlet.close()

    def _closed(self, inlet: RtpInlet) -> None:
        port = self._inlets.pop(inlet, None)
        if port is not None:
            self._free.append(port)
