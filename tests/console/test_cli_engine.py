"""The command line beside a running engine."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calls.settings import load
from console import main
from tests.console.command_line import invoke, process, write_other
from tests.console.served import install, served


@pytest.fixture(scope="module")
def with_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation with an engine that runs."""
    installed = install(tmp_path_factory.mktemp("live"))
    with served(installed):
        yield installed


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An installation of the test's own: nothing was ever done there."""
    return install(tmp_path)


def anna_becomes(path: Path, state: str) -> None:
    """Return when the agent is in ``state``: her phone answers on the engine's own clock."""
    until = time.monotonic() + 20.0
    while json.loads(invoke(path, "agents", "list", "--json"))[0]["state"] != state:
        assert time.monotonic() < until


def test_the_commands_that_ask_the_engine(with_engine: Path, tmp_path: Path) -> None:
    leads = tmp_path / "a.csv"
    leads.write_text("Phone\n+12025550105\n", encoding="utf-8")
    assert "switch main (loopback), 0 calls under way" in invoke(with_engine, "status")
    assert json.loads(invoke(with_engine, "status", "--json"))["not_ready"] == []
    assert "Anna <b>[red]" in invoke(with_engine, "agents", "list"), "a name is no markup"
    assert json.loads(invoke(with_engine, "agents", "list", "--json"))[0]["state"] == "logged_out"
    assert invoke(with_engine, "agents", "login", "anna") == "agent anna: login\n"
    anna_becomes(with_engine, "ready")
    assert invoke(with_engine, "agents", "pause", "anna", "--reason", "a & b") == "agent anna: pause\n"
    assert "a & b" in invoke(with_engine, "agents", "list")
    lunch = ("agents", "pause", "anna", "--reason", "lunch", "--in-minutes", "10")
    assert "takes no calls that a pause could end" in process(with_engine, *lunch, status=1)
    assert invoke(with_engine, "agents", "unpause", "anna") == "agent anna: unpause\n"
    assert invoke(with_engine, *lunch) == "agent anna: pause in 600 s\n"
    for order in ("done", "logout"):
        assert invoke(with_engine, "agents", order, "anna") == f"agent anna: {order}\n"
    assert "404" in process(with_engine, "agents", "login", "a/b?c", status=1)
    assert "no agent 'eve' in the settings" in process(with_engine, "agents", "login", "eve", status=1)
    assert "talks to nobody" in process(with_engine, "agents", "end-call", "anna", status=1)
    for words in (("preview", "anna"), ("dial", "anna"), ("skip", "anna", "--reason", "late")):
        assert "agent anna looks at no lead" in process(with_engine, "agents", *words, status=1)
    by_hand = ("agents", "dial", "anna", "--number", "+12025550105")
    assert 'no campaign with mode "manual" or "preview" runs' in process(with_engine, *by_hand, status=1)
    assert "no agent 'eve' in the settings" in process(with_engine, "agents", "preview", "eve", status=1)
    assert "is in no wrap-up" in process(with_engine, "agents", "extend", "anna", "--by", "9", status=1)
    assert "did not talk in call c1" in process(with_engine, "agents", "dispose", "anna", "c1", "sale", status=1)
    corrected = ("agents", "correct", "c1", "sale", "--reason", "why")
    assert "no agent talked in call 'c1'" in process(with_engine, *corrected, status=1)
    assert "value: Input should be a valid decimal" in process(with_engine, *corrected, "--value", "x", status=1)
    invoke(with_engine, "leads", "import", str(leads), "--list", "autumn")
    assert "is started: 1 leads" in invoke(with_engine, "campaign", "start", "autumn")
    for order in ("pause", "resume", "drain"):
        assert invoke(with_engine, "campaign", order, "autumn") == f"campaign autumn: {order}\n"
    assert "autumn" in invoke(with_engine, "campaign", "list")
    assert "not called any more" in invoke(with_engine, "dnc", "add", "+12025550177")
    assert "the hours main are open until it is cleared" in invoke(with_engine, "hours", "set", "open")
    assert "the hours main go by the clock" in invoke(with_engine, "hours", "clear")
    assert "was not counted" in invoke(with_engine, "pins", "unlock", "4711")
    assert "may be called again" in invoke(with_engine, "dnc", "remove", "+12025550177", "--reason", "a&b#c")
    database = load(with_engine, {}).engine.database
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        detail = db.execute("SELECT detail FROM audit WHERE what LIKE '%remove%' OR what LIKE 'dnc%'").fetchall()
    db.close()
    assert any("a&b#c" in row[0] for row in detail)


def test_the_doctor_finds_a_running_engine_ready(with_engine: Path) -> None:
    result = CliRunner().invoke(main.app, ["--settings", str(with_engine), "doctor"], env={"COLUMNS": "200"})
    assert "ready, switch main (loopback)" in result.output


def test_a_second_engine_is_refused_in_one_line(with_engine: Path) -> None:
    assert "is writing already" in process(with_engine, "engine", status=1)
    assert "is writing already" in process(with_engine, "db", "migrate", status=1)


def test_flows_are_published_through_the_engine(with_engine: Path, tmp_path: Path) -> None:
    other = write_other(with_engine, tmp_path)
    assert "takes new calls" in invoke(with_engine, "ivr", "publish", str(other))
    assert (with_engine.parent / "flows" / "main.yaml").read_bytes() == other.read_bytes()
    assert "takes new calls" in invoke(with_engine, "ivr", "rollback", "main")
    assert "was the newest already" in invoke(with_engine, "ivr", "reload")
    kept = json.loads(invoke(with_engine, "ivr", "versions", "main", "--json"))
    assert [each["how"] for each in kept] == ["rollback", "publish", "start"]
    target = with_engine.parent / "flows" / "main.yaml"
    first = target.read_bytes()
    examined = CliRunner().invoke(main.app, ["--settings", str(with_engine), "doctor"], env={"COLUMNS": "200"})
    assert "edited since" not in examined.output
    target.write_bytes(other.read_bytes())
    examined = CliRunner().invoke(main.app, ["--settings", str(with_engine), "doctor"], env={"COLUMNS": "200"})
    assert "edited since it took calls: callwright ivr reload" in examined.output
    target.write_bytes(first)
    assert "is no version" in process(with_engine, "ivr", "rollback", "main", "a/b?c", status=1)
    assert "404" in process(with_engine, "ivr", "rollback", "a/b", status=1)


def test_a_script_is_checked_against_the_columns_of_its_list(empty: Path, tmp_path: Path) -> None:
    leads = tmp_path / "a.csv"
    leads.write_text("Phone,Name,Town\n+12025550106,Ann,Bonn\n", encoding="utf-8")
    script = '[script]\ntext = {en = "Hello {name} of {fields.Twon}"}\n'
    file = empty.parent / "campaigns" / "autumn.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{script}", encoding="utf-8")
    line = file.read_text(encoding="utf-8").splitlines().index(script.splitlines()[1]) + 1
    assert "can be started" in invoke(empty, "campaign", "check", str(file)), "there is no such list yet"
    invoke(empty, "leads", "import", str(leads), "--list", "autumn")
    said = process(empty, "campaign", "check", str(file), status=1)
    assert f"autumn.toml:{line}: script.text.en: " in said
    assert "{fields.Twon}: the list autumn has no such column, but Town" in said.replace("\n", " ")
