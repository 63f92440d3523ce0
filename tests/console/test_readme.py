"""README.md and docs/*.md say what is so: their examples pass the real checks, their commands and targets exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calls.settings import QueueSettings, Settings, Trunk, load
from dialer import campaign as campaigns
from ivr.check import Known, check
from ivr.faults import Severity
from ivr.flow import SORRY
from tests.console.command_line import invoke, process
from tests.console.hummed import hum
from tests.console.shown import DOCUMENTS, ROOT, Shown, command, shown

README = (ROOT / "README.md").read_text(encoding="utf-8")

SYSTEM = frozenset({SORRY, "system.noinput", "system.nomatch", "system.goodbye", "system.safe_harbour"})


def marked(mark: str, language: str) -> list[str]:
    """The examples behind ``<!-- mark -->``."""
    return re.findall(rf"<!-- {mark} -->\n```{language}\n(.*?)```", README, re.DOTALL)


def test_there_are_examples() -> None:
    assert len(marked("flow", "yaml")) == 1 and len(marked("campaign", "toml")) == 1
    assert len(shown()) > 15


@pytest.mark.parametrize("example", marked("flow", "yaml"))
def test_the_flow_has_no_error(tmp_path: Path, example: str) -> None:
    """With the prompts that it names and those of the system."""
    path = tmp_path / "main.yaml"
    path.write_text(example, encoding="utf-8")
    named = frozenset(re.findall(r"main\.[a-z_]+", example))
    known = Known(frozenset({"sales"}), frozenset(), {"en": named | SYSTEM})
    assert [str(fault) for fault in check(path, known) if fault.severity is Severity.ERROR] == []


@pytest.mark.parametrize("example", marked("settings", "toml"))
def test_the_settings_are_enough_for_a_first_campaign(tmp_path: Path, example: str) -> None:
    """Also without a folder of texts: what a campaign plays is there."""
    path = tmp_path / "callwright.toml"
    path.write_text(example, encoding="utf-8")
    leads = tmp_path / "autumn.csv"
    leads.write_text("Phone\n+12025550100\n", encoding="utf-8")
    invoke(path, "leads", "import", str(leads), "--list", "autumn", "--region", "US")
    said = invoke(path, "campaign", "create", "autumn", "--no-ask")
    assert "autumn.toml: written" in said and "there is no such file" not in said
    assert invoke(path, "prompts", "check", status=1).count("missing: system.safe_harbour") == 2, (
        "to be rendered, by up"
    )


@pytest.mark.parametrize("example", marked("settings", "toml"))
def test_what_is_typed_before_the_engine_is_there_works_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    """In the folder of the settings; ``campaign create`` is answered by Enter, and the prompts hum."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "callwright.toml"
    path.write_text(example, encoding="utf-8")
    (tmp_path / "autumn.csv").write_text("Phone,Agreed\n2025550100,2026-01-01\n", encoding="utf-8")
    assert "autumn.toml: written" in invoke(path, "campaign", "create", "autumn", keys="\n" * 8)
    lines = re.findall(r"^    callwright (.+?)(?:  +#.*)?$", README.split("## A first campaign")[1], re.MULTILINE)
    typed = [line.split() for line in lines[: lines.index("up")]]
    assert [words[:2] for words in typed] == [
        ["leads", "import"], ["consent", "import"], ["prompts", "render"], ["campaign", "check"],
    ]  # fmt: skip
    for words in typed:
        if words == ["prompts", "render"]:
            hum(load(path, {}).prompts)
        else:
            invoke(path, *words)


def test_a_campaign_is_not_asked_about_before_there_is_a_way_to_dial(tmp_path: Path) -> None:
    path = tmp_path / "callwright.toml"
    path.write_text("", encoding="utf-8")
    said = process(path, "campaign", "create", "autumn", status=1)
    assert "add [[trunks]] to callwright.toml" in said


@pytest.mark.parametrize("example", marked("campaign", "toml"))
def test_the_campaign_can_be_started(tmp_path: Path, example: str) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text(example, encoding="utf-8")
    carrier = Trunk(name="carrier", dial="PJSIP/{number}@carrier", lines=30, calls_per_second=5)
    settings = Settings(trunks=(carrier,), queues=(QueueSettings(name="sales"),))
    assert campaigns.load(path, settings).file.list == "autumn"


@pytest.mark.parametrize("line", shown(), ids=str)
def test_a_command_that_is_shown_exists_with_its_options(line: Shown) -> None:
    context, words = command(line)
    given, rest, _ = context.command.make_parser(context).parse_args([*words])
    assert not rest, str(line)
    if not line.is_spoken_of:
        missing = [each.name for each in context.command.params if each.required and not given.get(each.name or "")]
        assert not missing, str(line)


def test_every_target_of_make_that_is_shown_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    for path in DOCUMENTS:
        named = set(re.findall(r"(?:^ {4}|`)make ([a-z0-9-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, path
    assert {"run", "test"} <= targets


def test_every_document_that_is_linked_is_there() -> None:
    for path in DOCUMENTS:
        links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
        missing = [link for link in links if not (path.parent / link).exists()]
        assert missing == [], path
