"""Which tests of a run on several workers (``pytest -n 3``) stay together, in the order they are handed out.

The tests on a real Asterisk mostly wait, and what they time must not be starved. So they make a few lanes, each on
one worker from the start, and all else runs beside them, a file at a time, with the priority of what can wait: on one
worker, which has as much to do as the lanes take; with two, talks were late that a busy machine makes late.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

LANES = 2
"""Asterisks at a time: each needs about a third of a core with its engine and its far ends."""

SECONDS: Mapping[str, float] = {
    "tests/integration/test_demo.py": 134.0,
    "tests/integration/test_caller_audio.py": 119.0,
    "tests/integration/test_engine_answered.py": 106.0,
    "tests/integration/test_engine_voices.py": 93.0,
    "tests/integration/test_engine_campaign.py": 85.0,
    "tests/integration/test_switch_on_asterisk.py": 69.0,
    "tests/integration/test_engine_floor.py": 62.0,
    "tests/integration/test_engine_restart.py": 62.0,
    "tests/integration/test_engine_crash.py": 58.0,
    "tests/integration/test_engine_switches.py": 56.0,
    "tests/integration/test_dialplan_calls.py": 51.0,
    "tests/integration/test_engine_ways.py": 50.0,
    "tests/integration/test_floor_on_asterisk.py": 48.0,
    "tests/conformance/test_asterisk.py": 42.0,
    "tests/integration/test_detection_on_asterisk.py": 20.0,
    "tests/integration/test_dialplan_attacks.py": 24.0,
    "tests/integration/test_pages_on_asterisk.py": 17.0,
    "tests/integration/test_recording_on_asterisk.py": 16.0,
    "tests/integration/test_engine_handed_on.py": 15.0,
    "tests/deployment/test_asterisk_beside.py": 14.0,
    "tests/integration/test_engine_callback.py": 12.0,
    "tests/integration/test_dialplan_boot.py": 11.0,
    "tests/integration/test_engine_trunks.py": 10.0,
    "tests/integration/test_engine_previews.py": 9.0,
    "tests/conformance/test_freeswitch.py": 6.0,
    "tests/integration/test_dialplan_install.py": 2.0,
}
"""How long the modules of the lanes take alone, where it is far from ``USUAL_S``. A wrong one costs time only."""

USUAL_S = 30.0

NICE = 10
"""nice(1) of everything else: a tenth of a lane's weight where both want a core (sched(7)). With 3 the conformance
scripts, all of which call at once, missed their times on a machine that did much else."""

MARK = "pytest.mark.asterisk"
"""A file that has this in it goes into a lane, whole."""


TIMED = frozenset({"tests/conformance/test_freeswitch.py"})
"""Files without an Asterisk that go into a lane too: their callers press keys by the clock of the wall, and with the
priority of what can wait one came half a second late."""


LAST = "tests/browser/"
"""Files below it come after all else: Chromium takes much of a core, and the lanes begin with the conformance
scripts, all of which call at once."""


def lanes(modules: Iterable[str], count: int, seconds: Mapping[str, float]) -> dict[str, int]:
    """The lane of each module: the longest first, each to the lane that is over soonest."""
    lengths, found = [0.0] * count, {}
    for module in sorted(set(modules), key=lambda name: (-seconds.get(name, USUAL_S), name)):
        lane = lengths.index(min(lengths))
        found[module] = lane
        lengths[lane] += seconds.get(module, USUAL_S)
    return found


def lanes_of(root: Path) -> dict[str, int]:
    """The lane of each file below ``root`` that has tests on a real Asterisk or is timed, by its path from there."""
    files = (path for path in (root / "tests").rglob("test_*.py") if MARK in path.read_text(encoding="utf-8"))
    return lanes({*TIMED, *(path.relative_to(root).as_posix() for path in files)}, LANES, SECONDS)


def _file(nodeid: str) -> str:
    return nodeid.split("::")[0]


class LaneScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out the lanes, then the other files, in the order in which the workers collected them."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)
        self._lanes = lanes_of(config.rootpath)

    def _split_scope(self, nodeid: str) -> str:
        lane = self._lanes.get(_file(nodeid))
        return _file(nodeid) if lane is None else f"lane {lane}"


class LaneWorker:
    """What each worker does: puts the lanes first, and steps back for them where it is given something else."""

    def __init__(self, config: pytest.Config) -> None:
        self._lanes = lanes_of(config.rootpath)
        self._nice = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """
        Raises:
            pytest.UsageError: a test on a real Asterisk that is in no lane.
        """
        marked = (item.nodeid for item in items if item.get_closest_marker("asterisk") is not None)
        for nodeid in marked:
            if _file(nodeid) not in self._lanes:
                raise pytest.UsageError(f"{nodeid}: write its mark as {MARK}, by which lanes are known")
        items.sort(key=lambda item: self._lanes.get(_file(item.nodeid), LANES + item.nodeid.startswith(LAST)))

    def pytest_collection_finish(self) -> None:
        """A million objects of tests stay to the end. Looking through them for garbage took 0.8 s, in the middle of
        tests whose callers press keys by the clock: they are out of the collector's sight from here on."""
        gc.collect()
        gc.freeze()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not self._nice and _file(item.nodeid) not in self._lanes:
            os.nice(NICE)
            self._nice = True
