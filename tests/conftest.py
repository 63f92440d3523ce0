"""The rules of every test run: a skip is a failure, and a complete run leaves out no file.

``--complete`` is what ``make test`` gives: each test file must have run at least one test, so that a suite that is
lost, renamed or deselected by accident turns the run red.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

# No test is timed: a busy machine must not turn a run red. What is measured stands in the benchmarks.
settings.register_profile("callwright", deadline=None)
settings.load_profile("callwright")

TESTS = Path(__file__).parent
SUITES = ("calls", "ivr", "dialer", "console", "prompts", "dialplans", "conformance", "integration")


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """Each test finds the log as a process does that has not configured it."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--complete", action="store_true", help="fail where a test file ran no test")


class Completeness:
    """Keeps which test files ran, and turns a session red that skipped or lost one."""

    def __init__(self) -> None:
        self.ran: set[Path] = set()
        self.soak_only: set[Path] = set()
        self.skipped: list[str] = []

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.soak_only |= {item.path for item in items if item.get_closest_marker("soak")}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)
        elif report.when == "call":
            self.ran.add(TESTS.parent / report.nodeid.split("::")[0])

    def faults(self) -> list[str]:
        files = set(TESTS.rglob("test_*.py"))
        lost = sorted(str(path.relative_to(TESTS.parent)) for path in files - self.ran - self.soak_only)
        empty = [suite for suite in SUITES if not any((TESTS / suite) in path.parents for path in self.ran)]
        return (
            [f"skipped: {nodeid}" for nodeid in self.skipped]
            + [f"no test ran in {path}" for path in lost]
            + [f"the suite tests/{suite} ran no test" for suite in empty]
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for fault in (found := self.faults()):
            session.config.get_terminal_writer().line(f"\nINCOMPLETE {fault}", red=True)
        if found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--complete"):
        config.pluginmanager.register(Completeness(), "completeness")
