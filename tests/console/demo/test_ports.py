"""Media ports for far ends that start at the same moment."""

from __future__ import annotations

import itertools
import os
import random
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from console.demo import ports
from console.demo.ports import HEAD_PORTS, LOOPBACK, MEDIA_FROM, MEDIA_TO, SINGLE_FROM, free_media_ports, free_port
from console.demo.sipp import AT_ONCE, SippHome


class Draws(random.Random):
    """Draws what a test says, then at random."""

    def __init__(self, *draws: int) -> None:
        super().__init__(7)
        self._draws = iter(draws)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return next(self._draws, None) or super().randrange(start, stop, step)


@pytest.fixture
def taken() -> Iterator[int]:
    """A UDP port above the media ports that somebody holds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind((LOOPBACK, 0))
        port: int = holder.getsockname()[1]
        assert port > MEDIA_TO
        yield port


@pytest.mark.parametrize("place", range(HEAD_PORTS))
def test_none_of_the_first_ports_is_taken(taken: int, place: int) -> None:
    """SIPp ends where its second pair is taken."""
    first, last = free_media_ports(600, Draws(taken - place))
    assert first != taken - place and first % 2 == 0 and last == first + 599


def test_what_was_given_is_not_given_again() -> None:
    first, _ = free_media_ports(8, Draws(11_000, 10_998, 11_002), given=(11_000,))
    assert abs(first - 11_000) >= HEAD_PORTS


def test_far_ends_that_start_at_once_have_ports_of_their_own(tmp_path: Path) -> None:
    """None of them has opened a port when the next one chooses."""
    home = SippHome(tmp_path, tmp_path, random.Random(7))
    given = sorted(home.media_port() for _ in range(AT_ONCE))
    assert all(after - before >= HEAD_PORTS for before, after in pairwise(given))


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_is_free_and_no_connections_own_and_given_once(kind: socket.SocketKind) -> None:
    """Nothing is opened in between; the next one is taken by somebody else."""
    given = [free_port(kind) for _ in range(20)]
    assert len(set(given)) == 20 and all(SINGLE_FROM <= each < MEDIA_FROM for each in given)
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind((LOOPBACK, given[-1] + 1))
        assert free_port(kind) != given[-1] + 1


def test_a_port_is_given_to_no_other_process_before_it_can_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ask for the same next port: the second one is given another."""
    given = free_port(socket.SOCK_DGRAM)
    asked = (
        "import itertools, socket; from console.demo import ports;"
        f"ports._asked = itertools.count({given} - ports.SINGLE_FROM); print(ports.free_port(socket.SOCK_DGRAM))"
    )
    other = [sys.executable, "-c", asked]
    assert subprocess.run(other, check=True, capture_output=True, timeout=60).stdout.strip() != str(given).encode()
    monkeypatch.setattr(ports, "CLAIM_S", 0.0)
    monkeypatch.setattr(ports, "_claims", claims := deque[tuple[float, int]]())
    for _ in range(3):
        free_port(socket.SOCK_DGRAM)
    assert len(claims) == 1, "what is over is let go"
    os.close(claims.pop()[1])


def test_no_port_is_given_that_another_sipp_may_open_to_be_steered_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_asked", itertools.count(8_888 - SINGLE_FROM - 1))
    given = [free_port(socket.SOCK_DGRAM) for _ in range(3)]
    assert not set(given) & set(ports.SIPP_CONTROL) and given[-1] > ports.SIPP_CONTROL[-1]


def test_media_ports_are_given_to_no_other_process_before_they_can_be_open() -> None:
    """Both draw the same ones: the second one is given others."""
    first, _ = free_media_ports(8, random.Random(11))
    asked = "import random; from console.demo.ports import *; print(free_media_ports(8, random.Random(11))[0])"
    other = [sys.executable, "-c", asked]
    assert subprocess.run(other, check=True, capture_output=True, timeout=60).stdout.strip() != str(first).encode()
