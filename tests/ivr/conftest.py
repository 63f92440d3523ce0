"""What the tests of flows share: a small flow, a way to write others, and a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.check import Known, load
from ivr.flow import Flow
from ivr.trail import Instant

NOON = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
"""A Monday, noon in Berlin."""

NOTHING_KNOWN = Known()

SMALL = """\
language: en
start: menu
extensions: {"200": support, "201": alice}
nodes:
  menu:
    menu: [main.menu]
    keys: {"1": info, "2": support, "42": alice}
    direct_dial: true
    noinput: [main.silent_1, main.silent_2]
    nomatch: [main.wrong_1]
    failed: alice
  info: {say: [main.info, main.more], next: menu}
  hours:
    hours: {mon-fri: "09:00-17:00"}
    zone: Europe/Berlin
    open: support
    closed: goodbye
  support:
    queue: sales
    priority: 5
    max_wait: 90s
    music: jazz
    announce: [queue.hold_on]
    announce_every: 30s
    failed: goodbye
    nobody: alice
    next: goodbye
  alice: {transfer: alice, ring: 15s, failed: goodbye}
  goodbye: {hangup: [main.goodbye], outcome: informed}
"""


def at(seconds: float) -> Instant:
    """``seconds`` after noon, on both clocks."""
    return Instant(datetime.fromtimestamp(NOON.timestamp() + seconds, UTC), 1000.0 + seconds)


Write = Callable[[str], Path]
Make = Callable[[str], Flow]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the text of a flow to ``main.yaml``."""

    def write_flow(text: str) -> Path:
        path = tmp_path / "main.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_flow


@pytest.fixture
def make(write: Write) -> Make:
    """The flow of a text."""
    return lambda text: load(write(text), NOTHING_KNOWN)


@pytest.fixture
def small(make: Make) -> Flow:
    """The small flow."""
    return make(SMALL)
