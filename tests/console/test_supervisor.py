"""What the engine tells systemd, against a socket in systemd's place."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.engine.supervisor import Supervisor


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    """The supervisor's side."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def test_the_supervisor_hears_of_each_state(heard: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": heard.getsockname()})
    supervisor.starting()
    supervisor.ready()
    supervisor.alive()
    supervisor.stopping(76.0)
    told = [heard.recv(64) for _ in range(4)]
    assert told == [
        b"EXTEND_TIMEOUT_USEC=60000000",
        b"READY=1",
        b"WATCHDOG=1",
        b"STOPPING=1\nEXTEND_TIMEOUT_USEC=76000000",
    ]
    assert supervisor.interval_s is None


def test_life_is_shown_twice_in_each_interval() -> None:
    watched = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "20000000"}
    assert Supervisor(watched).interval_s == 10.0
    assert Supervisor(watched | {"WATCHDOG_PID": str(os.getpid())}).interval_s == 10.0


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "20000000"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_watching_supervisor_no_life_is_shown(environment: dict[str, str]) -> None:
    assert Supervisor(environment).interval_s is None


def test_a_supervisor_that_has_gone_harms_nothing(tmp_path: Path) -> None:
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    Supervisor({"NOTIFY_SOCKET": "@gone"}).alive()
    Supervisor({}).stopping(1.0)
