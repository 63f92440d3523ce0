"""What docs/prompts.md shows works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path

from calls.settings import load
from calls.switch.port import Prompt
from prompts.library import PromptLibrary
from tests.prompts.conftest import ROOT

DOC = (ROOT / "docs" / "prompts.md").read_text()


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", DOC, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_texts_and_settings_shown_are_taken(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "recorded").mkdir()
    for language in ("en", "de"):
        (tmp_path / "texts" / f"{language}.yaml").write_text(block("yaml"))
    (tmp_path / "callwright.toml").write_text(block("toml"))
    settings = load(tmp_path / "callwright.toml", {})
    library = PromptLibrary(settings.prompts)
    assert library.keys("en") == {"main.welcome", "main.menu", "main.goodbye"}
    utterance = library.wanted[Prompt("main.menu", "en")].utterance
    assert utterance is not None
    assert utterance.text.startswith("For sales, press one. For support")
    assert utterance.voice == "en-us"
