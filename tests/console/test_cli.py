"""The command line: errors, flows and the store."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from calls.errors import LeadError, UserError
from calls.ids import CallId
from calls.records.store import finish_call
from calls.records.writer import write_once
from calls.settings import load
from console.cli import report
from ivr.check import Known
from ivr.check import load as load_flow
from tests.console.command_line import CALL, invoke, process, write_other
from tests.console.served import environment, install
from tests.ivr import test_flow_figures as walks
from tests.ivr.sarif import assert_sarif


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation without an engine."""
    return install(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An installation of the test's own: nothing was ever done there."""
    return install(tmp_path)


def test_wrong_settings_are_one_line_with_their_place_and_status_78(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[engine]\nhttp_port = "x"\n', encoding="utf-8")
    line = process(wrong, "status", status=78)
    assert f"{wrong}:2: engine.http_port" in line
    done = subprocess.run(
        [sys.executable, "-m", "console.main", "status"],
        env=environment(wrong),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (78, f"{line}\n")


def test_an_engine_that_no_further_start_would_help_ends_with_78(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    assert "prompts are not rendered" in process(installed, "engine", status=78)
    (tmp_path / "texts" / "en.yaml").write_text("main.menu: [1]\n", encoding="utf-8")
    assert "en.yaml:1" in process(installed, "engine", status=78)


def test_other_errors_are_one_line_and_status_1(path: Path) -> None:
    assert "start it with callwright up" in process(path, "status", status=1)


@pytest.mark.parametrize(
    ("words", "status"), [(("fly",), 2), (("report", "--fly"), 2), (("ivr", "check", "no.yaml"), 2)], ids=str
)
def test_a_wrong_command_line_is_status_2(path: Path, words: tuple[str, ...], status: int) -> None:
    invoke(path, *words, status=status)


def test_a_settings_file_that_is_not_there(tmp_path: Path) -> None:
    assert "no settings file" in process(tmp_path / "none.toml", "doctor", status=78)


def test_a_shell_completes_the_commands() -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "console.main"],
        env={
            **os.environ,
            "_CALLWRIGHT_COMPLETE": "complete_bash",
            "COMP_WORDS": "callwright ca",
            "COMP_CWORD": "1",
            "_TYPER_COMPLETE_ARGS": "callwright ca",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert completed.stdout.split() == ["campaign", "callbacks"]


def test_a_good_flow_is_status_0_and_a_bad_one_status_1_with_its_line(path: Path, tmp_path: Path) -> None:
    flow = path.parent / "flows" / "main.yaml"
    assert "0 errors" in invoke(path, "ivr", "check", str(flow))
    bad = tmp_path / "bad.yaml"
    bad.write_text(flow.read_text(encoding="utf-8").replace("queue: sales", "queue: slaes"), encoding="utf-8")
    said = invoke(path, "ivr", "check", str(bad), status=1)
    assert f"{bad}:10: nodes.sales.queue" in said and "sales" in said
    assert "0 errors" in invoke(path, "ivr", "check", "--alone", str(bad))


def test_several_flows_are_checked_and_the_worst_one_counts(path: Path, tmp_path: Path) -> None:
    good, bad = str(path.parent / "flows" / "main.yaml"), tmp_path / "bad.yaml"
    bad.write_text("language: en\nstart: a\nnodes:\n  a: {say: [x], next: b}\n", encoding="utf-8")
    for files, status in (((good, str(bad)), 1), ((str(bad), good), 1), ((good, good), 0)):
        said = invoke(path, "ivr", "check", "--alone", *files, status=status)
        assert [line for line in said.splitlines() if line.startswith(f"{good}: 0 errors")]
    faults = json.loads(invoke(path, "ivr", "check", "--alone", good, str(bad), "--format", "json", status=1))
    assert [(fault["file"], fault["line"], fault["rule"]) for fault in faults] == [(str(bad), 4, "unknown-node")]
    log = json.loads(invoke(path, "ivr", "check", "--alone", str(bad), "--format", "sarif", status=1))
    (result,) = assert_sarif(log)
    assert (result["ruleId"], result["message"]["text"].split(";")[0]) == ("unknown-node", 'there is no node "b"')
    assert json.loads(invoke(path, "ivr", "check", "--alone", good, "--format", "json")) == []


def test_a_walk_by_keys_and_its_trail(path: Path) -> None:
    flow = str(path.parent / "flows" / "main.yaml")
    said = invoke(path, "ivr", "walk", flow, "--keys", "1")
    assert '"Always."' in said and "The call has ended: completed at bye." in said
    trail = [json.loads(line) for line in invoke(path, "ivr", "walk", flow, "--keys", "1", "--json").splitlines()]
    assert trail[0]["kind"] == "flow_started" and trail[-1]["kind"] == "outcome"


def test_a_walk_at_the_terminal(path: Path) -> None:
    flow = str(path.parent / "flows" / "main.yaml")
    said = invoke(path, "ivr", "walk", flow, keys="?\n2\nq+\n")
    assert "keys (empty: silence" in said and "q+: an agent comes" in said
    assert "The call has ended: " in said
    assert "hung_up" in invoke(path, "ivr", "walk", flow, keys="h\n")


def test_the_schema_of_flows_is_json(path: Path) -> None:
    assert json.loads(invoke(path, "ivr", "schema"))["type"] == "object"


def test_flows_are_published_and_rolled_back_without_an_engine(tmp_path: Path) -> None:
    installed = install(tmp_path)
    target = installed.parent / "flows" / "main.yaml"
    first = target.read_bytes()
    folder = tmp_path / "mine"
    folder.mkdir()
    other = write_other(installed, folder)
    invoke(installed, "db", "migrate")
    assert "no version of the flow main is kept yet" in process(installed, "ivr", "versions", "main", status=1)
    assert "takes calls when the engine starts" in invoke(installed, "ivr", "reload")
    said = invoke(installed, "ivr", "publish", str(other), "--note", "=slower")
    assert said.startswith("flow main: version ") and said.endswith(" takes calls when the engine starts\n")
    assert target.read_bytes() == other.read_bytes()
    kept = json.loads(invoke(installed, "ivr", "versions", "main", "--json"))
    assert [(each["how"], each["note"]) for each in kept] == [("publish", "=slower"), ("reload", "")]
    newer, older = (each["version"] for each in kept)
    assert newer in invoke(installed, "ivr", "versions", "main")
    changed = ["-    first_key: 1s", "+    first_key: 2s"]
    assert [
        line for line in invoke(installed, "ivr", "diff", "main", older, newer).splitlines() if "first_key" in line
    ] == changed
    assert invoke(installed, "ivr", "diff", "main") == "", "the newest is what lies in the folder"
    assert f"--- main {older}" in invoke(installed, "ivr", "diff", "main", older[:6])
    assert invoke(installed, "ivr", "show", "main", older).encode() == first
    assert invoke(installed, "ivr", "show", "main").encode() == other.read_bytes()
    assert older in invoke(installed, "ivr", "rollback", "main")
    assert target.read_bytes() == first
    bad = folder / "bad.yaml"
    bad.write_text("language: en\nstart: x\nnodes: {x: {hangup: [], next: x}}\n", encoding="utf-8")
    assert f"{bad}:3: nodes.x.next: is not a key of a hangup node" in process(
        installed, "ivr", "publish", str(bad), status=1
    )
    assert not (target.parent / "bad.yaml").exists()
    assert "was the newest already" in invoke(installed, "ivr", "publish", str(target))


def test_the_database_is_made_backed_up_and_checked(path: Path, tmp_path: Path) -> None:
    assert "has 0001_first, " in invoke(path, "db", "migrate")
    copy = tmp_path / "copy.db"
    assert "whole" in invoke(path, "db", "backup", str(copy))
    assert "0 calls, 0 under way" in invoke(path, "db", "check", str(copy))
    copy.write_bytes(b"no database" * 1000)
    with pytest.raises(Exception, match=r"copy\.db") as refused:
        invoke(path, "db", "check", str(copy))
    assert not isinstance(refused.value, AssertionError)


def test_leads_the_do_not_call_list_and_campaigns_without_an_engine(path: Path, tmp_path: Path) -> None:
    leads = tmp_path / "a.csv"
    leads.write_text("Phone,Name\n+12025550105,=Ann\nfoo,Bob\n", encoding="utf-8")
    found = json.loads(invoke(path, "leads", "import", str(leads), "--list", "autumn", "--json"))
    assert (found["imported"], len(found["refused"])) == (1, 1)
    assert Path(found["refused_file"]).stat().st_mode & 0o777 == 0o600
    assert "1" in invoke(path, "leads", "import", str(leads), "--list", "autumn")
    assert "not called any more" in invoke(path, "dnc", "add", "+12025550177", "--reason", "[red]asked & told")
    assert "[red]asked & told" in invoke(path, "dnc", "list")
    assert json.loads(invoke(path, "dnc", "list", "--json"))[0]["number"] == "+12025550177"
    assert "may be called again" in invoke(path, "dnc", "remove", "+12025550177")
    assert "emergency until it is cleared" in invoke(path, "hours", "set", "emergency")
    until = "2026-12-31T12:00:00"
    assert "closed until 2026-12-31 12:00 UTC" in invoke(path, "hours", "set", "closed", "shop", "--until", until)
    assert [each["name"] for each in json.loads(invoke(path, "hours", "list", "--json"))] == ["main", "shop"]
    assert "shop" in invoke(path, "hours", "list")
    assert json.loads(invoke(path, "payments", "list", "--json")) == []
    assert "Payments" in invoke(path, "payments", "list", "--unknown")
    assert "was not counted" in invoke(path, "pins", "unlock", "4711")
    assert json.loads(invoke(path, "pins", "locks", "--json")) == []
    assert "Locked out" in invoke(path, "pins", "locks")
    assert invoke(path, "pins", "hash", "--pin", "4711").startswith("$argon2id$")
    assert "the hours shop go by the clock" in invoke(path, "hours", "clear", "shop")
    campaign = str(path.parent / "campaigns" / "autumn.toml")
    assert "can be started" in invoke(path, "campaign", "check", campaign)
    assert "was not started" in process(path, "campaign", "stop", "autumn", status=1)
    assert "callwright up" in process(path, "campaign", "start", "autumn", status=1)
    assert json.loads(invoke(path, "campaign", "list", "--json")) == []


def test_lists_and_consents_without_an_engine(path: Path, tmp_path: Path) -> None:
    national = tmp_path / "national.txt"
    national.write_text("2025550177\n2025550178\nnobody\n", encoding="utf-8")
    how = ("dnc", "import", str(national), "--list", "national", "--region", "US", "--date", "2026-01-05")
    with pytest.raises(LeadError, match=r"1 of 3 lines are no number, line 3 \('nobody'\) for example"):
        invoke(path, *how)
    said = invoke(path, *how, "--anyway")
    assert "the list national holds with 2 numbers, as of 2026-01-05; 3 lines, 1 of them no number" in said
    assert "line 3: 'nobody' is no number" in said
    (found,) = json.loads(invoke(path, "dnc", "lists", "--verify", "--json"))
    assert (found["list"], found["numbers"], found["file"]) == ("national", 2, "checked")
    assert "national" in invoke(path, "dnc", "lists")
    invoke(path, "dnc", "add", "+120255501*", "--until", "2099-01-01", "--campaign", "autumn", "--reason", "a test")
    checked = json.loads(invoke(path, "dnc", "check", "+12025550177", "--campaign", "autumn", "--json"))
    assert [each["list"] for each in checked] == ["campaign autumn", "national"]
    assert checked[1]["since"] == "2026-01-05T00:00+00:00"
    assert "is on no list" in invoke(path, "dnc", "check", "+12025550199")
    assert "may be called again" in invoke(path, "dnc", "remove", "+120255501*", "--campaign", "autumn")

    assert "is kept" in invoke(path, "consent", "add", "+12025550199", "--source", "a form", "--proof", "page 3")
    assert "is taken back" in invoke(path, "consent", "withdraw", "+12025550199")
    assert "taken back" in invoke(path, "dnc", "check", "+12025550199")
    (shown,) = json.loads(invoke(path, "consent", "show", "+12025550199", "--json"))
    assert (shown["kind"], shown["proof"], shown["holds"]) == ("calls", "page 3", "no")
    assert "calls" in invoke(path, "consent", "show", "+12025550199")
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone,Agreed\n+12025550105,2026-01-01\n", encoding="utf-8")
    columns = ("--number", "Phone", "--given", "Agreed", "--kind", "mobile")
    assert "1 consents kept" in invoke(path, "consent", "import", str(leads), *columns)

    invoke(path, "leads", "import", str(leads), "--list", "old", "--yes")
    with pytest.raises(UserError, match="no list new"):
        invoke(path, "reassigned", "export", str(leads), "--list", "new")
    asked = tmp_path / "asked.csv"
    assert "1 numbers to ask about" in invoke(path, "reassigned", "export", str(asked), "--list", "old")
    assert asked.read_text(encoding="utf-8") == "number,since\n2025550105,2026-01-01\n"
    asked.write_text("number,since,answer\n2025550105,2026-01-01,Yes\n2025550106,soon,no\n", encoding="utf-8")
    said = invoke(path, "reassigned", "import", str(asked), "--asked", "2026-11-01")
    assert said.startswith("2 rows: 1 answers kept, 0 known already, 1 refused; 1 say yes\nrow 3: expected the day")
    (shown,) = json.loads(invoke(path, "reassigned", "show", "+12025550105", "--json"))
    assert (shown["answer"], shown["since"]) == ("yes", "2026-01-01")
    assert "yes" in invoke(path, "reassigned", "show", "+12025550105")
    assert "0 numbers" in invoke(path, "reassigned", "export", str(asked), "--list", "old", "--days", "3650")


def test_a_person_is_shown_exported_and_erased_without_an_engine(empty: Path, tmp_path: Path) -> None:
    leads = tmp_path / "a.csv"
    leads.write_text("Phone,Name,Town\n+12025550105,Ann Canary,Bonn\n", encoding="utf-8")
    invoke(empty, "leads", "import", str(leads), "--list", "autumn")
    invoke(empty, "dnc", "add", "+12025550105")
    assert "Ann Canary, list autumn: +12025550105" in invoke(empty, "people", "show", "+12025550105")
    exported = json.loads(invoke(empty, "people", "export", "+12025550105"))
    assert exported["leads"][0]["fields"] == {"Town": "Bonn"}
    assert [entry["detail"]["what"] for entry in exported["history"]] == ["forbidden"]
    invoke(empty, "leads", "export", "autumn", str(tmp_path / "b.csv"))
    invoke(empty, "reassigned", "export", str(tmp_path / "c.csv"), "--list", "autumn")
    told = {each["what"]: each["detail"] for each in json.loads(invoke(empty, "audit", "list", "--json"))}
    assert told["people.download"] == {"way": "command", "person": "***105"}
    assert told["leads.download"] == told["reassigned.download"] == {"way": "command", "list": "autumn"}
    assert "is no lead and no number" in process(empty, "people", "show", "nobody", status=1)
    said = invoke(empty, "people", "erase", "+12025550105", "--reason", "asked", "--yes")
    assert said == "erased: 1 leads, 0 calls, 0 recordings\n"
    assert "Ann Canary" not in invoke(empty, "people", "show", "+12025550105")
    invoke(empty, "db", "compact")
    assert b"Ann Canary" not in load(empty, {}).engine.database.read_bytes()


def test_a_campaign_whose_message_is_not_rendered_is_refused(path: Path, tmp_path: Path) -> None:
    """The person would hear silence, which the law forbids."""
    text = (path.parent / "campaigns" / "autumn.toml").read_text(encoding="utf-8")
    bad = tmp_path / "bad.toml"
    bad.write_text(text.replace("system.safe_harbour", "system.gone"), encoding="utf-8")
    assert f"{bad}:9: safe_harbour" in process(path, "campaign", "check", str(bad), status=1)


def test_reports_as_table_csv_and_json(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    database = load(installed, {}).engine.database
    write_once(database, lambda db: [finish_call(db, replace(CALL, call_id=CallId(f"call-{n}"))) for n in range(2)])
    span = ("--from", "2026-01-05", "--to", "2026-01-06")
    assert "call-1" in invoke(installed, "report", "calls", *span)
    rows = list(csv.reader(io.StringIO(invoke(installed, "report", "calls", "--csv", *span))))
    header, first = rows[0], dict(zip(rows[0], rows[1], strict=True))
    assert len(rows) == 3 and header[0] == "call"
    assert (first["caller"], first["called"]) == ("'+4930555", "'=100"), "a spreadsheet takes it for a formula"
    calls = json.loads(invoke(installed, "report", "calls", "--json", *span))
    assert (calls[0]["caller"], calls[0]["talk s"]) == ("+4930555", 60.0)
    assert json.loads(invoke(installed, "report", "calls", "--json", "--queue", "sales", *span)) == []
    figures = json.loads(invoke(installed, "report", "--json", *span))
    assert figures and all(each["definition"] for each in figures)
    told = invoke(installed, "report", "--parquet", str(tmp_path / "calls.parquet"), *span)
    assert told.strip().endswith(f"calls.parquet: {len(calls)} rows")
    found = duckdb.execute(f"SELECT call_id, talk_s FROM '{tmp_path / 'calls.parquet'}' ORDER BY 1").fetchall()
    assert found == sorted((each["call"], each["talk s"]) for each in calls)
    assert "expected --from and --to only" in invoke(installed, "report", "--parquet", "x", "--csv", status=2)
    with pytest.raises(UserError, match="no campaign nope was ever started"):
        invoke(installed, "report", "progress", "nope")
    with pytest.raises(UserError, match="9999-12-31: expected a day from 1971-01-01 to 2999-12-31"):
        invoke(installed, "report", "progress", "nope", "--to", "9999-12-31")


def test_reports_of_a_flow_its_paths_and_the_ways_of_a_split(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    (tmp_path / "main.yaml").write_text(walks.FLOW.replace("pay: {subflow: pay, ", "pay: {say: [x], "), "utf-8")
    flow = load_flow(tmp_path / "main.yaml", Known())
    rows = [
        walks.row("by-key", flow, [0, 3], draw=0.1),
        walks.row("other", flow, [3], draw=0.9, after_s=1.0),
        walks.row("left", flow, [7], draw=0.2, after_s=2.0),
    ]
    write_once(load(installed, {}).engine.database, lambda db: walks.keep(db, rows))
    span = ("--since", "2026-01-05", "--until", "2026-01-06")

    def told(*words: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(invoke(installed, "report", *words, "--json", *span))
        return found

    whole = {(each["figure"], each["of"]): each for each in told("flow", "main")}
    found = whole["containment_functional", ""]
    assert (found["value"], found["numerator"], found["denominator"]) == (0.667, 2, 3)
    assert "the outcome completed" in str(found["definition"])
    assert whole["node_drop_off", "menu_a"]["numerator"] == 1
    assert told("flow", "main", "--version", "ffff")[0]["numerator"] == 0
    assert {each["numerator"] for each in told("flow", "main", "--goal", "sorry")[2:3]} == {0}
    assert "containment_technical" in invoke(installed, "report", "flow", "main", *span)
    shares = {(each["arm"], each["figure"]): each for each in told("flow", "main", "--split", "trial")}
    drop = shares["menu_a", "drop_off"]
    assert [drop[name] for name in ("value", "low 95%", "high 95%", "numerator", "denominator")] == [
        0.5,
        0.095,
        0.905,
        1,
        2,
    ]
    assert told("paths", "main")[0] == {"path": "trial > menu_a", "calls": 1, "drops": 1, "mean s": 0.0}
    assert len(told("paths", "main", "--most", "2")) == 2
    steps = told("paths", "main", "--steps")
    assert [(each["source"], each["target"], each["calls"]) for each in steps][:2] == [
        ("trial", "menu_a", 2),
        ("trial", "menu_b", 1),
    ]
    table = list(csv.reader(io.StringIO(invoke(installed, "report", "paths", "main", "--csv", *span))))
    assert table[0] == ["path", "calls", "drops", "mean s"] and len(table) == 4
    assert "options stand behind the command" in invoke(installed, "report", "--json", "calls", status=2)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    assert list(csv.reader(io.StringIO(report.as_csv_text(["a"], [[text]]))))[1][0].startswith("'")


def test_a_report_without_a_database_says_so(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    assert "callwright.db: cannot be read" in process(installed, "report", status=1)
