"""Ports that are free on loopback now."""

from __future__ import annotations

import itertools
import os
import random
import socket
import time
from collections import deque
from collections.abc import Collection

LOOPBACK = "127.0.0.1"
MEDIA_FROM = 10_000
MEDIA_TO = 32_000
"""Media ranges lie below Linux' own ephemeral ports (32768 and up), which every other program is given."""

SINGLE_FROM = 7_000
"""Single ports lie from here up to the media ranges: a connection is given none of them by itself, and no browser
refuses one of them (the highest that is refused there is 6697)."""

SIPP_CONTROL = range(8_888, 9_088)
"""Every SIPp opens the first of these that is free, to be steered by; another one's own port must not be there."""

APART = 97
"""So far from one process to the next: two that choose at once take no port that the other has not opened yet."""

HEAD_PORTS = 4
"""SIPp opens its first ones when it starts, and ends where the second pair is taken (seen with 3.6.1)."""


CLAIM_S = 30.0
"""So long a port is given to nobody else, of another process neither: by then it was opened."""

_asked = itertools.count(os.getpid() * APART)
_claims: deque[tuple[float, int]] = deque()
"""Until when, and the file that holds each."""


def free_port(kind: socket.SocketKind) -> int:
    """A port that nothing is bound to, on TCP (``SOCK_STREAM``) or UDP (``SOCK_DGRAM``); another one each time, for
    what was given may not be open yet.

    Raises:
        OSError: all of them are taken.
    """
    places = MEDIA_FROM - SINGLE_FROM
    for _ in range(places):
        port = SINGLE_FROM + next(_asked) % places
        if port not in SIPP_CONTROL and _is_free(port, kind) and _claim(port):
            return port
    raise OSError(f"no port between {SINGLE_FROM} and {MEDIA_FROM} is free")


def _claim(port: int) -> bool:
    """Whether nobody was given it lately. A name in Linux' abstract namespace stands for it: each network namespace
    has its own, as it has ports, and the name ends with its process (unix(7))."""
    while _claims and _claims[0][0] <= time.monotonic():
        os.close(_claims.popleft()[1])
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0callwright-port-{port}")
    except OSError:
        mark.close()
        return False
    _claims.append((time.monotonic() + CLAIM_S, mark.detach()))  # until the process ends, at the latest
    return True


def free_media_ports(count: int, random_source: random.Random, given: Collection[int] = ()) -> tuple[int, int]:
    """The first and last of ``count`` UDP ports in a row (an even start), of which both ends are free.

    The first ones are given to no other process before they can be open, as of :func:`free_port`. A port in between
    that is taken does no harm: the switch and SIPp take the next one. ``given``: first ports that somebody else has
    been given already and may not have opened yet; they and those after them are not given again.

    Raises:
        OSError: none found in 50 tries.
    """
    for _ in range(50):
        first = random_source.randrange(MEDIA_FROM, MEDIA_TO - count, HEAD_PORTS)
        head = range(first, first + min(HEAD_PORTS, count))
        apart = all(abs(first - other) >= HEAD_PORTS for other in given)
        if apart and all(map(_is_free, (*head, first + count - 1))) and _claim(first):
            return first, first + count - 1
    raise OSError(f"no {count} free UDP ports in a row between {MEDIA_FROM} and {MEDIA_TO}")


def _is_free(port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
