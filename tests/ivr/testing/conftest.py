"""A flow and a way to write tests for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calls.switch.port import Prompt
from ivr.check import Known, load
from ivr.testing.running import Ran, run
from ivr.testing.script import load_tests

FLOW = """\
language: en
start: welcome
extensions: {"200": support}
variables: {tries: 0, kind: "none"}
nodes:
  welcome: {say: [main.welcome], next: opening}
  opening: {hours: {mon-fri: "09:00-17:00"}, zone: UTC, open: menu, closed: closed}
  menu:
    menu: [main.menu]
    keys: {"1": info, "2": support, "3": alice}
    direct_dial: true
    first_key: 4s
    failed: goodbye
  info: {set: {tries: tries + 1, kind: '"asked"'}, next: said}
  said: {say: [main.info], next: menu}
  support: {queue: support, max_wait: 60s, announce: [queue.hold_on], failed: goodbye, nobody: alice, next: goodbye}
  alice: {transfer: alice, failed: goodbye}
  closed: {hangup: [main.closed], outcome: closed}
  goodbye: {hangup: [system.goodbye]}
"""

TEXTS = {"main.menu": "Press 1 for more,", "main.info": "We are here - always."}


def text(prompt: Prompt) -> str:
    return TEXTS.get(prompt.key, f"This is {prompt.key}")


Play = Callable[[str], Ran]


@pytest.fixture
def flow_file(tmp_path: Path) -> Path:
    """The flow, in a folder with a folder of tests."""
    (tmp_path / "tests").mkdir()
    path = tmp_path / "main.yaml"
    path.write_text(FLOW, encoding="utf-8")
    return path


@pytest.fixture
def play(flow_file: Path) -> Play:
    """Play one test, of which the steps are given a line each; further keys of the test before ``steps:``."""

    def play_test(steps: str) -> Ran:
        file = flow_file.parent / "tests" / "main.yaml"
        head, _, rest = steps.strip().rpartition("steps:\n")
        lines = [f"    {line.strip()}" for line in head.splitlines()]
        lines += ["    steps:", *(f"      {line.strip()}" for line in rest.splitlines())]
        file.write_text("\n".join(["tests:", "  - name: a test", *lines, ""]), encoding="utf-8")
        script = load_tests(file)
        return run(script.tests[0], load(script.flow, Known()), text)

    return play_test
