"""The rules of every test run; see :mod:`tests.completeness` and :mod:`tests.lanes`."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator

import pytest
import structlog
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import Scheduling

from tests.completeness import Completeness, SoakOnly, WorkerTells
from tests.lanes import LaneScheduling, LaneWorker

# No test is timed: a busy machine must not turn a run red. What is measured stands in the benchmarks.
settings.register_profile("callwright", deadline=None)
settings.load_profile("callwright")

SUITES = ("calls", "ivr", "dialer", "console", "browser", "prompts", "dialplans", "conformance", "integration")


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """Each test finds the log as a process does that has not configured it."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """A million objects of tests are made and none is let go: to look for garbage again and again while they are
    collected took a quarter of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--complete", action="store_true", help="fail where a test file ran no test")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return LaneScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    for name in ("COLUMNS", "LINES"):  # a worker inherits them where readline has set them for no terminal at all
        os.environ.pop(name, None)
    is_worker = hasattr(config, "workerinput")
    if is_worker:
        config.pluginmanager.register(LaneWorker(config), "lanes")
    if config.getoption("--complete"):
        soak_only = SoakOnly()
        config.pluginmanager.register(soak_only, "soak-only")
        judge = WorkerTells(config, soak_only) if is_worker else Completeness(config.rootpath, SUITES, soak_only)
        config.pluginmanager.register(judge, "completeness")
