"""``callwright prompts``: list, play, script and import over a small installation."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner, Result

from calls.settings import load
from console import main, players
from prompts.library import PromptLibrary
from tests.console.hummed import hum
from tests.console.served import install
from tests.prompts.conftest import tone


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """An installation with a recording's folder, a text with placeholders and one that nothing plays, rendered."""
    path = install(tmp_path, render=False)
    (tmp_path / "recorded" / "en").mkdir(parents=True)
    with_folder = path.read_text().replace('texts = "texts"', 'texts = "texts"\nrecorded = "recorded"')
    path.write_text(with_folder.replace('cache = "cache"', 'cache = "cache"\nlanguages = ["en", "de"]'))
    texts = tmp_path / "texts" / "en.yaml"
    texts.write_text(texts.read_text() + 'owe: "You owe {n:number} parts & {m:number}."\nold: Nobody plays this.\n')
    (tmp_path / "texts" / "de.yaml").write_text("main.menu: Drücken Sie die 1.\n")
    hum(load(path, os.environ).prompts)
    return path


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(main.app, ["--settings", str(path), "prompts", *words], env={"COLUMNS": "200"})


def listed(path: Path, *words: str) -> dict[tuple[str, str], dict[str, object]]:
    result = run(path, "list", "--json", *words)
    assert result.exit_code == 0, result.output
    return {(row["key"], row["language"]): row for row in json.loads(result.stdout)}


def test_the_list_says_how_each_prompt_stands(installed: Path) -> None:
    take = installed.parent / "recorded" / "en" / "main.menu.wav"
    soundfile.write(take, tone(1.5, 16_000, 500, 0.2).samples, 16_000)
    texts = installed.parent / "texts" / "en.yaml"
    texts.write_text(texts.read_text().replace("Nobody plays", "No one plays") + "new: 2 more.\n")
    rows = listed(installed)
    menu, old, new, owe = (rows[key, "en"] for key in ("main.menu", "old", "new", "owe"))
    assert (menu["made"], menu["state"], menu["played_by"]) == ("recorded", "stale", ["flow main"])
    assert menu["text"] is not None
    assert (old["made"], old["state"], old["played_by"]) == ("spoken", "stale", [])
    assert (new["state"], new["duration_s"], new["spoken"]) == ("missing", None, "two more.")
    assert (owe["made"], owe["state"], owe["text"]) == ("composed", "ready", "You owe {n:number} parts & {m:number}.")
    assert rows["owe.part-2", "en"]["spoken"] == "parts and,"
    assert rows["main.menu", "de"]["spoken"] == "Drücken Sie die eins."
    assert rows["system.sorry", "de"]["played_by"] == ["system"]
    assert not [key for key in rows if key[0].startswith("spoken.")]


@pytest.mark.parametrize(
    ("only", "keys"),
    [("missing", {"new"}), ("stale", {"old"}), ("unused", {"old", "new", "owe", "owe.part-1", "owe.part-2"})],
)
def test_the_list_can_be_only_of_some(installed: Path, only: str, keys: set[str]) -> None:
    texts = installed.parent / "texts" / "en.yaml"
    texts.write_text(texts.read_text().replace("Nobody plays", "No one plays") + "new: 2 more.\n")
    assert {key for key, _ in listed(installed, "--only", only)} == keys


def test_recorded_and_spoken_are_told_apart(installed: Path) -> None:
    soundfile.write(installed.parent / "recorded" / "en" / "old.flac", tone(1.5, 16_000, 500, 0.2).samples, 16_000)
    assert set(listed(installed, "--only", "recorded")) == {("old", "en")}
    assert ("old", "en") not in listed(installed, "--only", "spoken")


def test_a_flow_that_cannot_be_read_is_named(installed: Path) -> None:
    (installed.parent / "flows" / "broken.yaml").write_text("nodes: 1\n")
    result = run(installed, "list", "--json")
    assert "broken.yaml" in result.stderr
    assert json.loads(result.stdout)


def test_languages_stand_side_by_side(installed: Path) -> None:
    lines = [line for line in run(installed, "list", "--side-by-side").stdout.splitlines() if "main.menu" in line]
    assert "Drücken Sie die 1." in lines[0]
    hours = [line for line in run(installed, "list", "--side-by-side").stdout.splitlines() if "main.hours" in line]
    assert hours[0].rstrip(" │").endswith("-")


def player(folder: Path, name: str, status: int) -> Path:
    """A player that notes what it was given and has that status."""
    path = folder / name
    path.write_text(f'#!/bin/sh\nfor last; do :; done\ncp "$last" {folder}/{name}.heard\nexit {status}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_prompt_is_played_by_the_first_player_that_can(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    player(tools, "paplay", 1)
    player(tools, "aplay", 0)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    result = run(installed, "play", "main.menu")
    assert result.exit_code == 0, result.output
    assert "played by aplay" in result.stdout
    heard, rate_hz = soundfile.read(tools / "aplay.heard")
    assert (rate_hz, len(heard) > 4_000) == (8_000, True)


def test_without_a_player_the_file_is_said(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "PLAYERS", ())
    said = run(installed, "play", "main.menu", "--language", "de").stdout.strip()
    assert soundfile.info(said.rpartition(" in ")[2]).samplerate == 8_000


def test_a_prompt_with_values_is_heard_whole(installed: Path, tmp_path: Path) -> None:
    target = tmp_path / "heard.wav"
    result = run(installed, "play", "owe", "--value", "n=234", "--value", "m=2", "--output", str(target))
    assert result.exit_code == 0, result.output
    library = PromptLibrary(load(installed, os.environ).prompts)
    keys = ("owe.part-1", "spoken.200", "spoken.34", "owe.part-2", "spoken.2")
    rows = listed(installed, "--pieces")
    lengths = [rows[key, "en"]["duration_s"] for key in keys]
    assert sum(float(str(each)) for each in lengths) == pytest.approx(soundfile.info(target).duration, abs=0.25)
    assert library.phrases["en"]["owe"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("none",), "is not rendered"),
        (("owe",), "there is no value 'n'"),
        (("owe", "--value", "n=x", "--value", "m=1"), "is not a number"),
        (("owe", "--value", "k=1", "--value", "n=1", "--value", "m=1"), "no placeholder k"),
        (("main.menu", "--value", "n=1"), "has no placeholders"),
        (("owe", "--value", "n"), "expected name=value"),
    ],
)
def test_what_cannot_be_played_is_said(installed: Path, words: tuple[str, ...], problem: str) -> None:
    result = run(installed, "play", *words)
    assert problem in str(result.exception)


def test_a_script_is_written_and_its_takes_come_in(installed: Path, tmp_path: Path) -> None:
    table = tmp_path / "script.csv"
    assert run(installed, "script", "--language", "en", "--output", str(table)).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert {row["language"] for row in rows} == {"en"}
    takes = tmp_path / "takes"
    (takes / "en").mkdir(parents=True)
    for row in rows:
        soundfile.write(takes / row["file"], tone(1.0 + len(row["text"]) / 20, 8_000, 500, 0.2).samples, 8_000)
    result = run(installed, "import", str(takes), "--dry-run")
    assert (result.exit_code, list((tmp_path / "recorded" / "en").iterdir())) == (0, [])
    result = run(installed, "import", str(takes))
    assert result.exit_code == 0, result.output
    assert (
        f"{len(rows)} new, 0 replaced, 0 same, 0 refused, 0 not recorded: run callwright prompts render"
        in result.stdout
    )
    assert run(installed, "script", "--language", "en", "--unrecorded").stdout.count("\n") == 1
    assert "(recorded)" in run(installed, "script", "--format", "markdown").stdout
    assert f"0 new, 0 replaced, {len(rows)} same" in run(installed, "import", str(takes)).stdout


def test_a_refused_take_is_status_1(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "takes" / "en").mkdir(parents=True)
    (tmp_path / "takes" / "en" / "main.menu.wav").write_bytes(b"RIFF")
    result = run(installed, "import", str(tmp_path / "takes"))
    assert (result.exit_code, "refused: " in result.stderr) == (1, True)


def test_the_commands_say_what_is_not_set(tmp_path: Path) -> None:
    path = install(tmp_path, render=False)
    assert "set recorded in [prompts]" in str(run(path, "import", str(tmp_path)).exception)
    assert "no prompts are in xx; expected en" in str(run(path, "script", "--language", "xx").exception)


def test_the_check_names_what_is_left_to_the_voice(installed: Path) -> None:
    texts = installed.parent / "texts" / "en.yaml"
    texts.write_text(texts.read_text() + "new: Version 1.2.3 for 5 %.\n")
    assert "left to the voice: new (en): 1.2.3\n" in run(installed, "check").stdout


def test_a_synthesizer_that_is_not_there_is_told(installed: Path) -> None:
    text = installed.read_text().replace('texts = "texts"', 'texts = "texts"\nsynthesizer = "anna"')
    installed.write_text(text)
    assert "no synthesizer 'anna' is installed; expected one of espeak-ng" in str(run(installed, "render").exception)
    said = CliRunner().invoke(main.app, ["--settings", str(installed), "doctor"], env={"COLUMNS": "200"}).output
    assert "no synthesizer 'anna' is installed" in said


def test_the_check_names_the_faults_of_the_pronunciation_list(installed: Path) -> None:
    listing = installed.parent / "pronunciation.yaml"
    listing.write_text("en:\n  a: 1\n")
    named = installed.read_text().replace('texts = "texts"', 'texts = "texts"\npronunciation = "pronunciation.yaml"')
    installed.write_text(named)
    result = run(installed, "check")
    assert (result.exit_code, f"{listing}:2: en.a: expected a text" in result.stdout) == (1, True)
