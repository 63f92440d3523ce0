"""A complete run leaves nothing out, in one process and over workers: small projects that leave something out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import SUITES

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_S = 300.0
"""Seconds on a free machine."""

SETTINGS = """\
[pytest]
addopts = --strict-markers
markers =
  soak: as in the project
"""
PASSES = "def test_passes(): pass\n"
SOAKS = f"import pytest\n@pytest.mark.soak\n{PASSES}"
SKIPS = "import pytest\ndef test_skips(): pytest.skip('no time')\n"
NONE_THERE = "import pytest\npytest.skip('nothing here', allow_module_level=True)\n"
EMPTY = "import pytest\n@pytest.mark.parametrize('x', [])\ndef test_each(x): pass\n"
FAILS = "def test_fails(): assert False\n"

WORKERS = ("-n", "2")


class Project:
    """A project of test files, each in the suite that its name says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
        for suite in SUITES:
            self.add(f"{suite}/test_{suite}.py", PASSES)

    def add(self, path: str, text: str) -> None:
        file = self.root / "tests" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, options: Sequence[str]) -> tuple[int, str]:
        """The exit status of a complete run, and what it said."""
        whole = ("-p", "no:asyncio", "-p", "tests.conftest", "--complete", "-m", "not soak")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *whole, *options],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """All is well in it."""
    return Project(tmp_path)


@pytest.mark.parametrize("options", [(), WORKERS], ids=["one process", "workers"])
def test_a_whole_run_is_green_and_soak_tests_are_not_missed(project: Project, options: Sequence[str]) -> None:
    project.add("calls/test_soaks.py", SOAKS)
    project.add("integration/test_pbx.py", PASSES)
    status, said = project.run(options)
    assert status == 0, said
    assert "INCOMPLETE" not in said and f"{len(SUITES) + 1} passed" in said.splitlines()[-1]


@pytest.mark.parametrize("options", [(), WORKERS], ids=["one process", "workers"])
def test_whatever_is_left_out_is_named_and_turns_the_run_red(project: Project, options: Sequence[str]) -> None:
    project.add("calls/test_skips.py", SKIPS)
    project.add("calls/test_none.py", NONE_THERE)
    project.add("calls/test_each.py", EMPTY)
    project.add("dialer/test_nothing.py", "")
    (project.root / "tests/ivr/test_ivr.py").unlink()
    status, said = project.run(options)
    assert status == 1, said
    found = {line for line in said.splitlines() if line.startswith("INCOMPLETE ")}
    assert found == {
        "INCOMPLETE skipped: tests/calls/test_skips.py::test_skips",
        "INCOMPLETE skipped: tests/calls/test_none.py",
        "INCOMPLETE skipped: tests/calls/test_each.py::test_each[NOTSET]",
        "INCOMPLETE no test ran in tests/calls/test_skips.py",
        "INCOMPLETE no test ran in tests/calls/test_none.py",
        "INCOMPLETE no test ran in tests/calls/test_each.py",
        "INCOMPLETE no test ran in tests/dialer/test_nothing.py",
        "INCOMPLETE the suite tests/ivr ran no test",
    }


@pytest.mark.parametrize("text", [FAILS, "1 / 0\n"], ids=["a test", "the module"])
def test_what_fails_on_a_worker_fails_the_run(project: Project, text: str) -> None:
    project.add("console/test_more.py", text)
    status, said = project.run(WORKERS)
    assert status != 0 and "tests/console/test_more.py" in said
