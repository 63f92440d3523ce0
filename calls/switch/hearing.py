"""What a driver gives of the caller's own voice, as it comes: for recognition, and for nothing else."""

from __future__ import annotations

from typing import Protocol

RATE_HZ = 8_000
"""Samples a second of what a caller says: all telephone audio here is mono, 16 bits, little endian, at this rate."""

SAMPLE_BYTES = 2


class CallerAudio(Protocol):
    """The caller's side of one call, without what the caller hears. Time stays true: what was lost is silence.

    A telephone that sends nothing while its owner is silent gives nothing here either; who reads keeps the time.
    """

    async def read(self) -> bytes:
        """The next piece, of 10 to 100 ms; ``b""`` when no more will come, and from then on always.

        At most two seconds wait here for a reader who is late; of more the oldest is dropped, and counted.
        """

    @property
    def live(self) -> bool:
        """What is said is here at once. Else it comes later, and faster than it was said, the silence too."""

    @property
    def lost_s(self) -> float:
        """Seconds of audio that were lost on the way or dropped here so far."""
