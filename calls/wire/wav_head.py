"""What a WAV file begins with, while somebody else still writes it: where its samples begin. Pure.

The sizes in the head are those of the end of a file, and wrong until then; none of them is read but the chunks' own
in front of the samples. Source: Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (1991),
"Waveform Audio File Format (WAVE)".
"""

from __future__ import annotations

import struct

from calls.errors import RemoteProtocolError

LONGEST = 4_096
"""Bytes in front of the samples: 44 where there is nothing but the format; a writer's remarks may stand there too."""

PCM, MONO, RATE_HZ, BITS = 1, 1, 8_000, 16


def samples_begin(head: bytes) -> int | None:
    """Where in the file its samples begin, by the first bytes of it; None: more bytes are needed.

    Raises:
        RemoteProtocolError: it is no WAV file of 16 bits, mono, 8 kHz.
    """
    if not (b"RIFF"[: len(head)] == head[:4] and b"WAVE"[: max(0, len(head) - 8)] == head[8:12]):
        raise RemoteProtocolError(f"no WAV file: it begins with {head[:12]!r}")
    at, known = 12, False
    while len(head) >= at + 8:
        kind, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        at += 8
        if kind == b"data":
            if not known:
                raise RemoteProtocolError("a WAV file without a format in front of its samples")
            return at
        if kind == b"fmt ":
            if len(head) < at + 16:
                return None
            found = struct.unpack_from("<HHIIHH", head, at)
            if (found[0], found[1], found[2], found[5]) != (PCM, MONO, RATE_HZ, BITS):
                raise RemoteProtocolError(f"a WAV file that is not 16 bits, mono, 8 kHz: {found}")
            known = True
        at += size + size % 2
        if at > LONGEST:
            raise RemoteProtocolError(f"a WAV file whose samples do not begin within {LONGEST} bytes")
    return None
