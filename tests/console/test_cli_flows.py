"""The tools for flows on the command line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calls.errors import UserError
from calls.ids import CallId, FlowId
from calls.records import flow_versions
from calls.records.store import finish_call
from calls.records.writer import write_once
from calls.settings import Settings
from calls.settings import load as load_settings
from ivr.check import Known, load
from tests.console.command_line import CALL, invoke
from tests.console.served import install
from tests.console.walked import keep, walk


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with two calls in its records: ``call-1`` pressed 1, ``call-2`` waits for an agent in vain."""
    installed = install(tmp_path_factory.mktemp("flows"), render=False)
    settings = load_settings(installed, {})
    for call_id, keys in (("call-1", "1"), ("call-2", "w,w,q-")):
        keep(settings, call_id, walk(settings, keys))
    return installed


def changed(path: Path, old: str, new: str) -> Path:
    """A copy of the flow with other text in it."""
    text = (path.parent / "flows" / "main.yaml").read_text(encoding="utf-8")
    assert old in text
    copy = path.parent / "changed.yaml"
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


# --- replay -----------------------------------------------------------------------------------------------------


def test_a_call_goes_the_same_way_again(path: Path) -> None:
    said = invoke(path, "ivr", "replay", "call-1")
    assert "choice keys=1 to=hours" in said
    assert said.splitlines()[-1].startswith("The call goes the same way in main, version ")
    assert "queue_left queue=sales reason=timeout" in invoke(path, "ivr", "replay", "call-2")


def test_another_flow_departs_and_says_where(path: Path) -> None:
    other = changed(path, '"1": hours', '"1": sales')
    said = invoke(path, "ivr", "replay", "call-1", "--flow", str(other), status=1)
    assert said.splitlines()[-3:] == [
        "    1.6 s  menu: here the replay departs",
        "           was: choice keys=1 to=hours barged_in=False",
        "           now: choice keys=1 to=sales barged_in=False",
    ]
    assert "goes the same way" in invoke(path, "ivr", "replay", "call-2", "--flow", str(other))


def test_what_cannot_be_replayed_says_why(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no record of a call 'call-9'"):
        invoke(path, "ivr", "replay", "call-9")
    database = load_settings(path, {}).engine.database
    write_once(database, lambda db: finish_call(db, replace(CALL, call_id=CallId("none"))))
    with pytest.raises(UserError, match="went through no flow"):
        invoke(path, "ivr", "replay", "none")


def test_the_version_that_is_gone_is_taken_from_the_records_or_asked_for(path: Path, tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    settings = load_settings(installed, {})
    file = settings.flows / "main.yaml"
    source, version = file.read_bytes(), load(file, Known()).version
    keep(settings, "call-1", walk(settings, "1"))
    file.write_text(source.decode().replace("first_key: 1s", "first_key: 2s"), encoding="utf-8")
    with pytest.raises(UserError, match=f"version {version} of the flow main, .* name a file with --flow"):
        invoke(installed, "ivr", "replay", "call-1")
    remember(settings, version, source)
    assert f"goes the same way in main, version {version}" in invoke(installed, "ivr", "replay", "call-1")


def test_a_version_whose_subflows_have_changed_is_refused(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    settings = load_settings(installed, {})
    file, called = settings.flows / "main.yaml", settings.flows / "ask.yaml"
    source = b"language: en\nstart: a\nnodes:\n  a: {subflow: ask, next: b}\n  b: {hangup: []}\n"
    file.write_bytes(source)
    called.write_text("language: en\nstart: a\nnodes: {a: {return: done}}\n", encoding="utf-8")
    version = load(file, Known()).version
    keep(settings, "call-1", walk(settings, ""))
    remember(settings, version, source)
    assert f"the same way in main, version {version}" in invoke(installed, "ivr", "replay", "call-1")
    called.write_text("language: en\nstart: a\nnodes: {a: {return: changed}}\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"version {version} of the flow main called other flows that have changed"):
        invoke(installed, "ivr", "replay", "call-1")


def remember(settings: Settings, version: str, source: bytes) -> None:
    """Keep a version of the flow, as an engine does that starts with it."""
    start, at = flow_versions.How.START, CALL.started_at
    write_once(
        settings.engine.database,
        lambda db: flow_versions.keep(db, FlowId("main"), version, source, start, at, "test"),
    )


# --- graph ------------------------------------------------------------------------------------------------------


def test_a_flow_is_drawn_as_text_and_as_svg(path: Path, tmp_path: Path) -> None:
    flow, picture = str(path.parent / "flows" / "main.yaml"), tmp_path / "main.svg"
    assert invoke(path, "ivr", "graph", flow).startswith("flowchart LR\n")
    assert invoke(path, "ivr", "graph", flow, "--format", "svg").startswith("<svg ")
    assert invoke(path, "ivr", "graph", flow, "-o", str(picture)) == ""
    assert "4 nodes, en" in picture.read_text(encoding="utf-8")
    with pytest.raises(UserError, match="cannot write"):
        invoke(path, "ivr", "graph", flow, "-o", str(tmp_path / "none" / "main.svg"))


def test_a_drawing_with_calls_has_their_figures(path: Path) -> None:
    flow = str(path.parent / "flows" / "main.yaml")
    days = str((datetime.now(UTC) - CALL.started_at).days + 2)
    said = invoke(path, "ivr", "graph", flow, "--calls", "--days", days)
    assert "<b>menu</b><br/>menu<br/>main.menu<br/>2 in, 0 hung up" in said
    assert '-->|"1: 1 (50%)"| n_hours' in said
    assert " · 2 calls from 20" in invoke(path, "ivr", "graph", flow, "--calls", "--days", days, "--format", "svg")


# --- tests and walks --------------------------------------------------------------------------------------------

TESTS = """\
tests:
  - name: hours
    steps:
      - hear: ["one or two"]
      - press: "1"
      - expect: {outcome: completed}
"""


def test_flows_are_tested(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no tests in "):
        invoke(path, "ivr", "test")
    folder = path.parent / "flows" / "tests"
    folder.mkdir()
    (folder / "main.yaml").write_text(TESTS, encoding="utf-8")
    said = invoke(path, "ivr", "test", "--coverage")
    assert said.splitlines() == [
        "passed  main.yaml: hours",
        "1 of 1 tests passed",
        "main: 3 of 4 nodes (75%), 2 of 6 ways (33%)",
        "        never at sales",
        "        never from menu by keys.2 to sales",
        "        never from menu by failed to sales",
        "        never from sales by failed to bye",
        "        never from sales by next to bye",
    ]
    invoke(path, "ivr", "test", "--min-coverage", "33")
    assert "main: 33% covered, expected 34%" in invoke(path, "ivr", "test", "--min-coverage", "34", status=1)
    assert 'testsuites tests="1" failures="0"' in invoke(path, "ivr", "test", "--format", "junit")
    (folder / "main.yaml").write_text(TESTS.replace("completed", "served"), encoding="utf-8")
    said = invoke(path, "ivr", "test", status=1)
    assert f"{folder / 'main.yaml'}:6: tests[0].steps[2]: expected the outcome served" in said


def test_a_walk_shows_what_is_listened_for_and_becomes_a_test(path: Path, tmp_path: Path) -> None:
    flow, test = str(path.parent / "flows" / "main.yaml"), tmp_path / "walked.yaml"
    said = invoke(path, "ivr", "walk", flow, "--keys", "2,q-", "--at", "2026-11-30T09:00", "--record", str(test))
    assert "           listens for 1, 2\n           1 s for the first key, 2 s for each more\n" in said
    assert "           waits in sales, priority 0, as long as the queue has it\n" in said
    assert "at: 2026-11-30T09:00:00" in test.read_text(encoding="utf-8")
    assert "1 of 1 tests passed" in invoke(path, "ivr", "test", str(test))
    with pytest.raises(UserError, match="cannot write"):
        invoke(path, "ivr", "walk", flow, "--keys", "2", "--record", str(tmp_path / "none" / "x.yaml"))
