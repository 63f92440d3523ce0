"""A campaign from its first command on: created, started, changed while it runs, shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.settings import Settings, load
from console import campaign_draft
from console.campaign_warnings import warnings
from dialer import campaign as campaigns
from tests.console.command_line import invoke, process
from tests.console.served import install, served
from tests.dialer.conftest import SETTINGS

ANSWERS = {
    "id": "autumn", "name": "Autumn", "list": "autumn", "queue": "sales", "trunk": "carrier",
    "caller_id": "+12025550100", "preset": "us-telemarketing", "mode": "predictive", "max_lines": "8",
}  # fmt: skip


# --- the draft --------------------------------------------------------------------------------------------------


def written(folder: Path, **changed: str) -> campaigns.Campaign:
    path = folder / "autumn.toml"
    path.write_text(campaign_draft.text(ANSWERS | changed, SETTINGS), encoding="utf-8")
    return campaigns.load(path, SETTINGS)


@pytest.mark.parametrize("preset", ["us-telemarketing", "uk-strict", "germany", "zero-abandon"])
@pytest.mark.parametrize("mode", campaign_draft.MODE_NAMES)
def test_every_mode_under_every_preset_is_a_campaign(tmp_path: Path, preset: str, mode: str) -> None:
    campaign = written(tmp_path, preset=preset, mode=mode)
    assert (campaign.file.pacing.mode, campaign.file.preset, campaign.file.max_lines) == (mode, preset, 8)


@pytest.mark.parametrize(
    ("preset", "given", "demanded", "words"),
    [
        ("us-telemarketing", None, None, "+12025550100 over trunk carrier is not said to be attested: expected"),
        ("us-florida", "B", None, "+12025550100 over trunk carrier is attested B: expected [[trunks]] attestation"),
        ("us-florida", "A", None, ""),
        ("us-florida", "B", "B", ""),
        ("germany", None, None, ""),
    ],
)
def test_a_number_that_may_be_shown_as_spam_is_warned_of(
    tmp_path: Path, preset: str, given: str | None, demanded: str | None, words: str
) -> None:
    """By the presets of the United States, unless the campaign says itself what is enough."""
    carrier = SETTINGS.trunks[1].model_copy(update={"attestation": given})
    settings = SETTINGS.model_copy(update={"trunks": (SETTINGS.trunks[0], carrier)})
    path = tmp_path / "autumn.toml"
    demands = f'\n[compliance]\nattestation = "{demanded}"\n' if demanded else ""
    path.write_text(campaign_draft.text(ANSWERS | {"preset": preset}, settings) + demands, encoding="utf-8")
    found = [each for each in warnings(path, campaigns.load(path, settings), settings) if "attest" in each]
    assert [f"{path}:" in each and f"preset {preset} wants calls to be attested A" in each for each in found] == (
        [True] if words else []
    )
    assert all(words in each for each in found)


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100))
def test_any_name_is_written_as_it_is(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    assert written(tmp_path_factory.mktemp("draft"), name=name).file.name == name


def question(key: str, settings: Settings = SETTINGS, **given: str) -> campaign_draft.Question:
    asked = campaign_draft.questions(given, settings, ("autumn", "spring"))
    return next(each for each in asked if each.key == key)


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("list", "win ter", "expected a name of 1 to 64 letters"),
        ("list", "winter", ""),
        ("queue", "moon", "expected one of sales"),
        ("trunk", "moon", "expected one of loop, carrier"),
        ("caller_id", "Callwright", "expected a number of 3 to 15 digits"),
        ("mode", "fast", "expected one of progressive, power"),
        ("max_lines", "0", "expected a whole number"),
        ("name", "", "expected a text"),
        ("queue", "sales", ""),
        ("caller_id", "+12025550100", ""),
    ],
)
def test_nonsense_is_refused_at_once(key: str, answer: str, words: str) -> None:
    found = campaign_draft.problem(question(key), answer)
    assert words in found
    assert bool(found) == bool(words)


def test_defaults_follow_from_the_settings_and_the_answers_before() -> None:
    assert question("name", id="autumn-offer").default == "Autumn offer"
    assert question("queue").default == "sales"
    assert question("trunk").default == "", "there are two"
    assert question("preset", trunk="loop").default == "demo"
    assert "demo" not in question("preset", trunk="carrier").choices
    american = SETTINGS.model_copy(update={"engine": SETTINGS.engine.model_copy(update={"region": "US"})})
    assert question("preset", american, trunk="carrier").default == "us-telemarketing"
    assert question("caller_id", trunk="loop").default == campaign_draft.LOOPBACK_CALLER
    assert question("max_lines", trunk="loop").default == "10"


# --- the commands -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("campaigns"))


@pytest.fixture(scope="module")
def with_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    installed = install(tmp_path_factory.mktemp("live"))
    with served(installed):
        yield installed


def test_it_asks_until_the_answers_will_do(path: Path) -> None:
    answers = ["Spring offer", "sp ring", "", "moon", "sales", "loop", "", "", "fast", "power", ""]
    said = invoke(path, "campaign", "create", "spring", keys="\n".join([*answers, ""]))
    assert "The list of leads [spring]: " in said and said.count("expected a name of 1 to 64 letters") == 1
    assert "expected one of sales" in said
    assert "expected one of progressive, power" in said
    assert said.rstrip().endswith("next: callwright leads import FILE.csv --list spring")
    campaign = campaigns.load(path.parent / "campaigns" / "spring.toml", load(path, {}))
    assert (campaign.file.name, campaign.file.pacing.mode, campaign.file.preset) == ("Spring offer", "power", "demo")


def test_it_needs_nobody_to_answer(path: Path, tmp_path: Path) -> None:
    said = invoke(path, "campaign", "create", "winter", "--list", "winter", "--no-ask")
    assert "winter.toml: written" in said
    assert "is there already" in process(path, "campaign", "create", "winter", "--no-ask", status=1)
    two = install(tmp_path, queues=("sales", "help"), render=False)
    assert "--queue is missing: the queue" in process(two, "campaign", "create", "w2", "--no-ask", status=1)
    assert "--mode fast: expected one of" in process(
        path, "campaign", "create", "w2", "--list", "w", "--mode", "fast", "--no-ask", status=1
    )
    assert "'../w2': expected 1 to 64 letters" in process(path, "campaign", "create", "../w2", "--no-ask", status=1)
    assert not (path.parent / "campaigns" / "w2.toml").exists()


def test_another_campaign_is_copied_with_what_is_given(path: Path) -> None:
    """Its comments, tables and all that is not said otherwise stay."""
    source = path.parent / "campaigns" / "model.toml"
    text = source.with_name("autumn.toml").read_text(encoding="utf-8")
    source.write_text(text + '\n[pacing]  # slow\nmode = "manual"\n', encoding="utf-8")
    given = ("--like", "model", "--name", 'The "late" one', "--list", "late", "--max-lines", "3")
    said = invoke(path, "campaign", "create", "late", *given)
    assert said.rstrip().endswith("next: callwright leads import FILE.csv --list late")
    copy = path.parent / "campaigns" / "late.toml"
    old, new = (campaigns.load(each, load(path, {})).file for each in (source, copy))
    assert (new.name, new.list, new.max_lines) == ('The "late" one', "late", 3)
    assert new == old.model_copy(update={"name": new.name, "list": "late", "max_lines": 3})
    assert "[pacing]  # slow" in copy.read_text(encoding="utf-8")
    invoke(path, "campaign", "create", "later-still", "--like", "model")
    assert 'name = "Later still"' in (path.parent / "campaigns" / "later-still.toml").read_text(encoding="utf-8")
    for words, refusal in (
        (("--like", "moon"), "moon.toml: cannot be read"),
        (("--like", "../autumn"), "expected 1 to 64 letters"),
        (("--like", "model", "--mode", "power"), "has no line mode = to be changed"),
        (("--like", "model", "--max-lines", "many"), "--max-lines many: expected a whole number"),
    ):
        assert refusal in process(path, "campaign", "create", "w3", *words, status=1)


def test_from_create_to_a_change_while_it_runs(with_engine: Path, tmp_path: Path) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n+12025550106\n", encoding="utf-8")
    invoke(with_engine, "leads", "import", str(leads), "--list", "fresh")
    said = invoke(with_engine, "campaign", "create", "fresh", "--no-ask", "--list", "fresh")
    assert said.rstrip().endswith("next: callwright campaign start fresh")
    assert "was not started" in process(with_engine, "campaign", "show", "fresh", status=1)
    assert "is started: 1 leads" in invoke(with_engine, "campaign", "start", "fresh")
    said = invoke(with_engine, "campaign", "set", "fresh", "pacing.mode=power", "pacing.ratio=2", "weight=5")
    assert said == "campaign fresh: pacing.mode = power, pacing.ratio = 2, weight = 5\n"
    refused = process(with_engine, "campaign", "set", "fresh", "max_lines=0", status=1)
    assert "max_lines: expected a whole number, 1 to 100000" in refused
    shown = json.loads(invoke(with_engine, "campaign", "show", "fresh", "--json"))
    assert shown["changes"] == {"pacing.mode": "power", "pacing.ratio": 2, "weight": 5}
    assert (shown["pacing"]["mode"], shown["pacing"]["ratio"], shown["state"]) == ("power", 2.0, "running")
    assert (shown["leads_left"], shown["lines"]["most"]) == (1, 5)
    words = invoke(with_engine, "campaign", "show", "fresh")
    assert "fresh (Fresh): running" in words and "changed     pacing.mode power" in words
    assert "runs by its file again" in invoke(with_engine, "campaign", "reset", "fresh")
    assert "runs by its file already" in invoke(with_engine, "campaign", "reset", "fresh")
    assert json.loads(invoke(with_engine, "campaign", "show", "fresh", "--json"))["pacing"]["mode"] == "progressive"
    invoke(with_engine, "campaign", "set", "fresh", "weight=5")
    invoke(with_engine, "campaign", "stop", "fresh")
    invoke(with_engine, "campaign", "start", "fresh")
    assert json.loads(invoke(with_engine, "campaign", "show", "fresh", "--json"))["changes"] == {"weight": 5}
    invoke(with_engine, "campaign", "stop", "fresh")
    file = with_engine.parent / "campaigns" / "fresh.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("max_lines = 5", "max_lines = 4"), encoding="utf-8")
    invoke(with_engine, "campaign", "start", "fresh")
    shown = json.loads(invoke(with_engine, "campaign", "show", "fresh", "--json"))
    assert (shown["changes"], shown["lines"]["most"]) == ({}, 4), "another text of the file"
    assert "is running: stop it first" in process(with_engine, "campaign", "archive", "fresh", status=1)
    invoke(with_engine, "campaign", "stop", "fresh")
    assert "its records and reports stay" in invoke(with_engine, "campaign", "archive", "fresh")
    assert "fresh" not in invoke(with_engine, "campaign", "list")
    assert "fresh" in invoke(with_engine, "campaign", "list", "--archived")
    assert "is archived" in process(with_engine, "campaign", "start", "fresh", status=1)
    assert json.loads(invoke(with_engine, "campaign", "show", "fresh", "--json"))["archived"] is True
    assert "out of the archive" in invoke(with_engine, "campaign", "unarchive", "fresh")
    assert "was not in the archive" in invoke(with_engine, "campaign", "unarchive", "fresh")


def test_without_an_engine_a_change_waits_for_the_next_start(path: Path) -> None:
    assert "was not started" in process(path, "campaign", "set", "spring", "weight=5", status=1)
    assert "expected a key and a value" in process(path, "campaign", "set", "spring", "weight", status=1)
    assert "nothing to keep of it but its file" in process(path, "campaign", "archive", "spring", status=1)
