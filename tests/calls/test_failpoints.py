"""Failpoints: the process dies at the hit that was asked for, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from calls.failpoints import VARIABLE, Failpoints

PROGRAM = """
from calls import failpoints
for step in range(5):
    failpoints.hit("other.place")
    failpoints.hit("attempt.after_commit")
    print(step, flush=True)
"""


def run(asked: str | None) -> tuple[int, list[str]]:
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if asked is not None:
        environment[VARIABLE] = asked
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("asked", "survived"), [("attempt.after_commit", []), ("attempt.after_commit:3", ["0", "1"])]
)
def test_it_kills_at_the_hit_that_was_asked_for(asked: str, survived: list[str]) -> None:
    assert run(asked) == (-signal.SIGKILL, survived)


@pytest.mark.parametrize("asked", [None, "never.named", "attempt.after_commit:9"])
def test_else_nothing_happens(asked: str | None) -> None:
    assert run(asked) == (0, ["0", "1", "2", "3", "4"])


def test_each_name_is_counted_by_itself() -> None:
    points = Failpoints({VARIABLE: "b:2"})
    assert [points.is_due(name) for name in ("a", "b", "a", "b", "b")] == [False, False, False, True, False]
