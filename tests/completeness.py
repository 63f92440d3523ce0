"""Whether a run left anything out: a skip is a failure, and so is a test file that ran no test.

``--complete`` is what ``make test`` gives, so that a suite that is lost, renamed or deselected by accident turns the
run red. With workers (pytest-xdist) the judge sits where their reports come together; each of them tells it what it
deselected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, cast

import pytest

TOLD = "callwright_soak_only"
"""The key under which a worker tells what it deselected."""


class Worker(Protocol):
    """What pytest-xdist hands over of a worker that has ended."""

    workeroutput: dict[str, object]


class SoakOnly:
    """The files of which tests that take many minutes were deselected."""

    def __init__(self) -> None:
        self.files: set[Path] = set()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self.files |= {item.path for item in items if item.get_closest_marker("soak")}


class WorkerTells:
    """In a worker: says at its end what was deselected."""

    def __init__(self, config: pytest.Config, soak_only: SoakOnly) -> None:
        self._output = cast(Worker, config).workeroutput
        self._soak_only = soak_only

    def pytest_sessionfinish(self) -> None:
        self._output[TOLD] = sorted(map(str, self._soak_only.files))


class Completeness:
    """Keeps which test files ran, and turns a session red that skipped or lost one.

    ``root`` holds the folder ``tests``; ``suites`` are the folders in it of which each must run something.
    """

    def __init__(self, root: Path, suites: Iterable[str], soak_only: SoakOnly) -> None:
        self._tests = root / "tests"
        self._root = root
        self._suites = tuple(suites)
        self._soak_only = soak_only
        self._ran: set[Path] = set()
        self._skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self._skipped.append(report.nodeid)
        elif report.when == "call":
            self._ran.add(self._root / report.nodeid.split("::")[0])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skipped.append(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Worker) -> None:
        """A worker of pytest-xdist has ended; one that crashed tells nothing, and is a failure of its own."""
        told = cast(list[str], getattr(node, "workeroutput", {}).get(TOLD, []))
        self._soak_only.files |= set(map(Path, told))

    def faults(self) -> list[str]:
        """What was left out, in words."""
        files = set(self._tests.rglob("test_*.py"))
        lost = sorted(str(path.relative_to(self._root)) for path in files - self._ran - self._soak_only.files)
        empty = [
            suite for suite in self._suites if not any(self._tests / suite in path.parents for path in self._ran)
        ]
        return (
            [f"skipped: {nodeid}" for nodeid in self._skipped]
            + [f"no test ran in {path}" for path in lost]
            + [f"the suite tests/{suite} ran no test" for suite in empty]
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for fault in (found := self.faults()):
            session.config.get_terminal_writer().line(f"\nINCOMPLETE {fault}", red=True)
        if found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
