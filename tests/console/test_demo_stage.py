"""Where the demonstration plays, on a machine where no Asterisk can be had."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from calls.errors import CallwrightError
from console.demo import run, stage
from console.demo.stage import LoopbackStage, NoAsterisk, fetch


def script(tmp_path: Path, text: str) -> Path:
    """A project whose fetch script does ``text``."""
    (tmp_path / "docker").mkdir()
    path = tmp_path / "docker/fetch-asterisk"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return tmp_path


async def test_without_apt_it_says_so_in_one_line_and_takes_the_loopback_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PROJECT", script(tmp_path, f"exit {stage.NO_APT}"))
    said = io.StringIO()
    chosen = await run._stage("asterisk", tmp_path, Console(file=said, width=200))
    assert isinstance(chosen, LoopbackStage)
    assert said.getvalue().count("\n") == 1
    assert "no apt" in said.getvalue() and "loopback" in said.getvalue()


def test_what_the_script_names_is_taken(tmp_path: Path) -> None:
    project = script(tmp_path, "echo asterisk=/a; echo sipp=/s; echo espeak=/e")
    assert fetch(project, tmp_path) == {"asterisk": Path("/a"), "sipp": Path("/s"), "espeak": Path("/e")}


def test_no_apt_and_a_failure_are_two_things(tmp_path: Path) -> None:
    with pytest.raises(NoAsterisk):
        fetch(script(tmp_path, f"exit {stage.NO_APT}"), tmp_path)
    (tmp_path / "docker/fetch-asterisk").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    with pytest.raises(CallwrightError, match="ended with 1"):
        fetch(tmp_path, tmp_path)
