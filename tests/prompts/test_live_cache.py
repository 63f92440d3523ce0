"""The files of live texts are bounded, and none that may be playing goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from calls.breaker import Breaker
from prompts.live_cache import KEPT_S, Limits, LiveCache

NOW = 1_700_000_000.0
"""Before any test is run: what the test itself writes or uses is newer."""


def cache(tmp_path: Path, *ages_s: float, size: int = 10, limits: Limits) -> LiveCache:
    """A cache with a file of each age, ``0.ulaw`` and so on."""
    folder = tmp_path / "live"
    folder.mkdir()
    for number, age_s in enumerate(ages_s):
        path = folder / f"{number}.ulaw"
        path.write_bytes(b"x" * size)
        os.utime(path, (NOW - age_s, NOW - age_s))
    return LiveCache(tmp_path, limits)


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "live").iterdir())


def test_the_oldest_goes_first(tmp_path: Path) -> None:
    made = cache(tmp_path, 700, 9_000, 800, limits=Limits(files=3))
    assert made.add("new.ulaw", b"x", NOW)
    assert names(tmp_path) == ["0.ulaw", "2.ulaw", "new.ulaw"]


def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    made = cache(tmp_path, 700, 9_000, 800, limits=Limits(bytes=35))
    assert made.add("new.ulaw", b"x" * 20, NOW)
    assert names(tmp_path) == ["0.ulaw", "new.ulaw"]
    assert not made.add("big.ulaw", b"x" * 36, NOW)


def test_what_was_used_just_now_stays(tmp_path: Path) -> None:
    made = cache(tmp_path, 10, KEPT_S - 1, limits=Limits(files=2))
    assert not made.add("new.ulaw", b"x", NOW)
    assert names(tmp_path) == ["0.ulaw", "1.ulaw"]
    assert made.add("new.ulaw", b"x", NOW + 2)
    assert names(tmp_path) == ["0.ulaw", "new.ulaw"]


def test_using_a_file_keeps_it(tmp_path: Path) -> None:
    made = cache(tmp_path, 9_000, 8_000, limits=Limits(files=2))
    assert made.use("0.ulaw")
    assert not made.use("none.ulaw")
    assert made.add("new.ulaw", b"x", os.stat(tmp_path / "live" / "0.ulaw").st_mtime)
    assert names(tmp_path) == ["0.ulaw", "new.ulaw"]


def test_the_switch_may_read_what_is_written(tmp_path: Path) -> None:
    LiveCache(tmp_path / "cache", Limits()).add("new.ulaw", b"x", NOW)
    folder = tmp_path / "cache" / "live"
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / "new.ulaw").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failures", [1, 3])
def test_a_breaker_holds_off_after_failures_in_a_row(failures: int) -> None:
    breaker = Breaker(failures=failures, hold_s=30.0)
    for _ in range(failures - 1):
        breaker.failed(0.0)
        assert breaker.allows(0.0)
    breaker.failed(1.0)
    assert not breaker.allows(30.9)
    assert breaker.allows(31.0)
    breaker.failed(31.0)
    assert not breaker.allows(60.9)
    breaker.succeeded()
    assert breaker.allows(61.0)
    if failures > 1:
        breaker.failed(62.0)
        assert breaker.allows(62.0)
