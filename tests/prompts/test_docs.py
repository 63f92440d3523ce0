"""What docs/prompts.md shows works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path

from calls.settings import Prompts, load
from calls.switch.port import Prompt
from prompts.aloud import read_aloud
from prompts.library import PromptLibrary
from prompts.phrases import compose
from prompts.pronunciations import load_pronunciation
from prompts.spoken import Kind, Value
from prompts.texts import PromptText
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
    every = (*library.keys("en"), *library.phrases["en"])
    shipped = {key for key in every if key.startswith("system.")}
    assert library.keys("en") - shipped == {"main.welcome", "main.menu", "main.goodbye"}
    assert shipped == set(re.findall(r"^\| `(system\.[a-z_]+)` \|", DOC, re.MULTILINE))
    utterance = library.wanted[Prompt("main.menu", "en")].utterance
    assert utterance is not None
    assert utterance.text.startswith("For sales, press one. For support")
    assert utterance.voice == "en-us"


def test_the_values_shown_are_said_as_it_is_shown(tmp_path: Path) -> None:
    texts = dict(re.findall(r"```yaml\n# texts/(..)\.yaml\n(.*?)```", DOC, re.DOTALL))
    shown = re.findall(r"^\| (en|de|es|fr) \| (.*) \|$", DOC, re.MULTILINE)
    for language, text in texts.items():
        (tmp_path / f"{language}.yaml").write_text(text)
    library = PromptLibrary(
        Prompts(system_texts=False, texts=tmp_path, cache=tmp_path / "cache", languages=tuple(texts))
    )
    values: dict[str, Value | None] = {
        "balance": "-21.50",
        "n": 3,
        "day": "2026-12-01T14:30",
        "at": "2026-12-01T14:30",
    }
    said = [
        (language, " ".join(text_of(library, prompt) for prompt in compose(phrase, values, language)))
        for language, phrases in library.phrases.items()
        for phrase in phrases.values()
    ]
    assert len(said) == 8
    assert [(language, letters(text)) for language, text in said] == [
        (language, letters(text)) for language, text in shown
    ]


def test_the_readings_shown_are_those_that_an_engine_is_given() -> None:
    shown = re.findall(r"^\| `(en|de|es|fr)` \| `(.*)` \| (.*) \|$", DOC, re.MULTILINE)
    assert len(shown) == 6
    for language, written, read in shown:
        assert read_aloud(written, language) == read


def test_the_pronunciation_list_shown_is_taken(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n# pronunciation\.yaml\n(.*?)```", DOC, re.DOTALL)
    assert found is not None
    (tmp_path / "pronunciation.yaml").write_text(found[1])
    words = load_pronunciation(tmp_path / "pronunciation.yaml", ("en", "de"))
    assert read_aloud("SQL by Nguyen in St. Gallen", "en", words) == "sequel by win in Sankt Gallen"


def letters(text: str) -> str:
    """``text`` without stops, and without the pauses that were made of them."""
    return " ".join(re.sub(r"[.|]", "", text).split())


def text_of(library: PromptLibrary, prompt: object) -> str:
    assert isinstance(prompt, Prompt)
    source = library.sources[prompt]
    return source.text if isinstance(source, PromptText) else "|"


def test_every_kind_is_explained() -> None:
    table = re.findall(r"^\| `(\w+)", DOC, re.MULTILINE)
    assert set(Kind) <= set(table)
