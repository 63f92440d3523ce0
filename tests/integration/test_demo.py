"""``make run`` as a person runs it: to its end, and cut off by Ctrl-C at any moment."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.demo.process import DIES_WITH_US
from tests.integration.conftest import PROJECT, Trees

pytestmark = pytest.mark.asterisk

WHOLE_S = 180.0
"""What the demonstration promises, installing aside."""

STOPS_WITHIN_S = 25.0


class Demo:
    """One run of the demonstration, and whatever it started: all of it carries a mark in its environment."""

    def __init__(self, output: Path, switch: str = "asterisk") -> None:
        self.mark = uuid.uuid4().hex
        self.output = output
        with output.open("wb") as sink:
            self.process = subprocess.Popen(
                ["setpriv", *DIES_WITH_US, sys.executable, "-m", "console.demo", "--switch", switch],
                cwd=PROJECT,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "CALLWRIGHT_DEMO_MARK": self.mark},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def left_running(self) -> list[str]:
        """The command lines of what still runs of it."""
        return [command for command in _marked(self.mark) if command]

    def database(self) -> Path:
        """As it says itself at its end."""
        found = re.search(r"^The records: (.+)$", self.output.read_text(encoding="utf-8"), re.MULTILINE)
        assert found is not None, self.output.read_text(encoding="utf-8")
        return PROJECT / found[1]


def _marked(mark: str) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


@pytest.fixture
def demo(trees: Trees, tmp_path: Path) -> Iterator[Demo]:
    """A demonstration that has just begun, with everything fetched before."""
    running = Demo(tmp_path / "output")
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def loopback(trees: Trees, tmp_path: Path) -> Iterator[Demo]:
    """The same demonstration on the loopback switch, beside the other."""
    running = Demo(tmp_path / "loopback", "loopback")
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def paths(database: Path) -> dict[str, tuple[object, ...]]:
    """What the records say of each inbound caller's way: nodes, keys and where it ended.

    What happens in a queue depends on which agents are busy at that moment, so a call's outcome, its end and what
    followed are compared only for those who asked for no agent.
    """
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    found: dict[str, tuple[object, ...]] = {}
    for call_id, caller, outcome, by, node, queue in connection.execute(
        "SELECT call_id, caller, outcome, ended_by, last_node, queue FROM calls WHERE direction = 'inbound'"
    ).fetchall():
        events = connection.execute(
            "SELECT kind, json_extract(detail, '$.node'), json_extract(detail, '$.keys') FROM call_events"
            " WHERE call_id = ? AND kind IN ('node_entered', 'choice', 'direct_dial', 'nomatch', 'noinput')"
            " ORDER BY seq",
            (call_id,),
        ).fetchall()
        if queue is not None:
            events = events[: [event[:2] for event in events].index(("node_entered", "support")) + 1]
        found[caller] = (events, queue, *(() if queue else (outcome, by, node)))
    connection.close()
    return found


def test_the_demonstration_runs_to_its_end_and_its_records_are_true(demo: Demo, loopback: Demo) -> None:
    for each in (demo, loopback):
        assert each.process.wait(WHOLE_S) == 0, each.output.read_text(encoding="utf-8")
        assert each.left_running() == []
    assert paths(demo.database()) == paths(loopback.database())
    connection = sqlite3.connect(f"file:{demo.database()}?mode=ro", uri=True)
    calls = connection.execute("SELECT direction, called, outcome, agent_id FROM calls").fetchall()
    inbound = [row for row in calls if row[0] == "inbound"]
    outbound = [row for row in calls if row[0] == "outbound"]
    assert len(inbound) == 12
    assert {row[2] for row in inbound} <= {"answered", "abandoned"}
    assert len({row[3] for row in inbound if row[3]}) >= 1
    assert {row[3] for row in calls if row[3]} == {"anna", "ben", "carol"}
    sent = Counter(row[1] for row in outbound if row[2] != "cancelled")
    assert len(sent) == 40 and set(sent.values()) == {1}
    expected = {
        "0": {"answered", "abandoned"}, "1": {"answered", "abandoned"}, "2": {"answered", "abandoned"},
        "3": {"answered"}, "4": {"machine"}, "5": {"busy"}, "6": {"no_answer"}, "7": {"congestion"},
        "8": {"unallocated"}, "9": {"no_answer"},
    }  # fmt: skip
    wrong = [row for row in outbound if row[2] != "cancelled" and row[2] not in expected[row[1][-1]]]
    assert wrong == []
    assert connection.execute("SELECT count(*) FROM live_calls").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM attempts WHERE state <> 'done'").fetchone() == (0,)
    keyed = {row[0] for row in connection.execute("SELECT json_extract(detail, '$.keys') FROM call_events") if row[0]}
    assert {"1", "2", "200", "9", "5"} <= keyed
    connection.close()


@pytest.mark.parametrize("after_s", [0.3, 2.0, 6.0, 12.0])
def test_ctrl_c_ends_it_at_any_moment_and_leaves_nothing_running(demo: Demo, after_s: float) -> None:
    """The moments: before anything, while the switch starts, at the first calls, in the midst of them."""
    with pytest.raises(subprocess.TimeoutExpired):
        demo.process.wait(after_s)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(STOPS_WITHIN_S) == 0, demo.output.read_text(encoding="utf-8")
    began = time.monotonic()
    while demo.left_running() and time.monotonic() - began < 20.0:
        time.sleep(0.1)
    assert demo.left_running() == []
