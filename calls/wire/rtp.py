"""RTP as it comes in: datagrams to the audio of one stream, in order and true in time. No sockets, no clocks.

What is given is 16 bits, little endian, mono, 8 kHz. A packet that follows the one before is given at once. One that
is ahead waits up to :data:`REORDER_S` for those between; then they are lost. Short gaps, by the timestamps, are
filled with silence, whether packets were lost or none were sent; of a long one nothing comes
(:data:`LONGEST_FILL_S`).

The first packet that is audio decides on the stream: what has another source is dropped. So is everything that is no
RTP, no known coding, late or there already; nothing that comes in raises.

Source: RFC 3550, sections 5.1, A.1 (sequence numbers) and RFC 3551 (payload types). Why not a library: ``rtp`` 0.0.4
takes truncated packets for whole ones and leaves padding in; ``aiortp`` 0.8.0 follows any new source, gives each
packet only when the next one is there, which is 20 ms late, and speaks up with what it makes of lost ones.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from enum import Enum

from calls.wire.g711 import Law, decode

RATE_HZ = 8_000
"""The clock of PCMU and PCMA. Source: RFC 3551, table 4."""

SAMPLE_BYTES = 2

REORDER_S = 0.06
"""How long a packet waits for those before it: three of 20 ms."""

LONGEST_FILL_S = 0.2
"""A gap of more is no loss of some packets but a pause or an outage, and whoever reads has seen it pass."""

MAX_AHEAD = 3_000
"""Packets: more is another stream's number. Source: MAX_DROPOUT of RFC 3550, A.1."""

MAX_WAITING = 50
"""Packets that are ahead: a second, which nobody sends within the time that they may wait."""

MAX_PAYLOAD = 1_600
"""Bytes, 200 ms: no telephone sends more in a packet."""

LATE_RUN = 5
"""Packets behind what was given, in a row and with none in line between: the sender counts anew. The network brings
one or two so late, between others that are in time."""

_HEADER = struct.Struct("!BBHII")
_VERSION = 2


class Unused(Enum):
    """Why a datagram was dropped."""

    MALFORMED = "malformed"
    CODING = "coding"
    SOURCE = "source"
    LATE = "late"
    DOUBLE = "double"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of audio."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes


def parse(datagram: bytes) -> Packet | None:
    """The packet; None where it is none, or not whole."""
    if len(datagram) < _HEADER.size:
        return None
    flags, second, sequence, timestamp, source = _HEADER.unpack_from(datagram)
    begin = _HEADER.size + 4 * (flags & 0x0F)
    if flags >> 6 != _VERSION:
        return None
    if flags & 0x10:
        if len(datagram) < begin + 4:
            return None
        begin += 4 + 4 * int.from_bytes(datagram[begin + 2 : begin + 4], "big")
    padding = datagram[-1] if flags & 0x20 else 0
    if (flags & 0x20 and padding == 0) or begin + padding > len(datagram):
        return None
    return Packet(second & 0x7F, sequence, timestamp, source, datagram[begin : len(datagram) - padding])


class Stream:
    """The audio of one stream. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.lost_s = 0.0
        """Audio that never came, in seconds: of numbers left out, at most what there was time for."""
        self.unused: Counter[Unused] = Counter()
        self._source: int | None = None
        self._sequence = 0
        """The next one that is due."""
        self._timestamp = 0
        """Where the audio that was given ends."""
        self._size = 0
        """Samples of the last packet of audio."""
        self._waiting: dict[int, Packet] = {}
        """Packets that are ahead, by their distance from the first one that is due."""
        self._until_s: float | None = None
        self._stray: int | None = None
        """The number behind the last packet that was far off."""
        self._given_s = 0.0
        """When the last packet was given, or came where it had to wait."""
        self._came_s: dict[int, float] = {}
        """When those that wait came, by their sequence numbers."""
        self._strays = 0
        """How many were far off in a row."""

    def take(self, datagram: bytes, now_s: float) -> bytes:
        """What can be given now that ``datagram`` is here: perhaps nothing."""
        packet = parse(datagram)
        reason = Unused.MALFORMED if packet is None else self._reason_against(packet)
        if reason is not None:
            self.unused[reason] += 1
        if packet is None or reason is Unused.SOURCE or (reason is not None and packet.source != self._source):
            return b""
        if self._source is None:
            self._begin(packet)
        ahead = (packet.sequence - self._sequence) % 2**16
        if ahead <= MAX_AHEAD:
            self._stray = None
        if ahead == 0:
            self._given_s = now_s
            return self._give(packet) + self._next()
        if ahead > MAX_AHEAD:
            return self._far_off(packet, now_s, late=ahead > 2**16 - MAX_AHEAD)
        if ahead in self._waiting:
            self.unused[Unused.DOUBLE] += 1
            return b""
        self._waiting[ahead] = packet
        self._came_s[packet.sequence] = now_s
        if len(self._waiting) > MAX_WAITING:
            self._until_s = now_s
        elif self._until_s is None:
            self._until_s = now_s + REORDER_S
        return self.wait_over(now_s)

    @property
    def has_begun(self) -> bool:
        """Whether there was a packet of audio yet."""
        return self._source is not None

    @property
    def waits_until_s(self) -> float | None:
        """When :meth:`wait_over` is next needed; None while nothing waits."""
        return self._until_s

    def wait_over(self, now_s: float) -> bytes:
        """What is given because it has waited long enough."""
        found = b""
        while self._until_s is not None and now_s >= self._until_s:
            self._until_s = None
            first = min(self._waiting)
            packet = self._waiting[first]
            size = len(packet.payload) if _is_audio(packet) else self._size
            passed_s = self._came_s[packet.sequence] - self._given_s + REORDER_S
            self.lost_s += min(first * size / RATE_HZ, max(passed_s, 0.0))
            self._move(first)
            found += self._next()
            if self._waiting:
                self._until_s = now_s + REORDER_S
        return found

    def _reason_against(self, packet: Packet) -> Unused | None:
        if not _is_audio(packet):
            return Unused.CODING
        if self._source not in (None, packet.source):
            return Unused.SOURCE
        return None

    def _begin(self, packet: Packet) -> None:
        self._source, self._sequence, self._timestamp = packet.source, packet.sequence, packet.timestamp
        self._waiting.clear()
        self._came_s.clear()
        self._until_s = self._stray = None

    def _far_off(self, packet: Packet, now_s: float, *, late: bool) -> bytes:
        """Behind what was given, or of a sender that counts anew: then the next one is in line with it."""
        self._strays = self._strays + 1 if packet.sequence == self._stray else 1
        if self._strays >= (LATE_RUN if late else 2):
            self._begin(packet)
            self._given_s = now_s
            return self._give(packet)
        self._stray = (packet.sequence + 1) % 2**16
        self.unused[Unused.LATE if late else Unused.SEQUENCE] += 1
        return b""

    def _next(self) -> bytes:
        """The packets that wait and are due now."""
        found = b""
        while (packet := self._waiting.pop(0, None)) is not None:
            self._given_s = self._came_s.pop(packet.sequence)
            found += self._give(packet)
        if not self._waiting:
            self._until_s = None
        return found

    def _give(self, packet: Packet) -> bytes:
        if not _is_audio(packet):  # comfort noise, a key: it has a number, and no place in the audio
            self._sequence = packet.sequence
            self._move(1)
            return b""
        self._size = len(packet.payload)
        gap = (packet.timestamp - self._timestamp) % 2**32
        silence = gap if gap <= LONGEST_FILL_S * RATE_HZ else 0
        self._timestamp = (packet.timestamp + len(packet.payload)) % 2**32
        self._sequence = packet.sequence
        self._move(1)
        return bytes(silence * SAMPLE_BYTES) + decode(packet.payload, _LAWS[packet.payload_type])

    def _move(self, packets: int) -> None:
        """So many packets later is the next one due."""
        self._sequence = (self._sequence + packets) % 2**16
        self._waiting = {ahead - packets: packet for ahead, packet in self._waiting.items()}


def _is_audio(packet: Packet) -> bool:
    """Whether it is of a coding that we know, and as long as audio is."""
    return packet.payload_type in _LAWS and 0 < len(packet.payload) <= MAX_PAYLOAD


_LAWS = {law.value: law for law in Law}
