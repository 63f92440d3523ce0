"""docs/conformance.md names every script with what it asserts."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.engine.scripts import ENGINE_SCRIPTS
from tests.conformance.scripts import SCRIPTS
from tests.conformance.vocabulary import DURATIONS_S

DOCS = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"


def test_the_documentation_lists_the_scripts_as_they_are() -> None:
    text = DOCS.read_text(encoding="utf-8")
    _, lists = text.split("## The scripts of commands\n")
    lines = [line for line in lists.splitlines() if line.startswith("| `")]
    every = (*SCRIPTS, *ENGINE_SCRIPTS)
    assert lines == [f"| `{script.name}` | {script.needs.value} | {script.asserts} |" for script in every]


def test_script_names_are_their_own() -> None:
    names = [script.name for script in (*SCRIPTS, *ENGINE_SCRIPTS)]
    assert len(names) == len(set(names))


def test_the_documentation_says_which_prompts_an_adapter_needs() -> None:
    text = " ".join(DOCS.read_text(encoding="utf-8").split())
    for prompt, duration_s in DURATIONS_S.items():
        assert f"`{prompt.key}` ({prompt.language}, {duration_s:.0f} s)" in text
