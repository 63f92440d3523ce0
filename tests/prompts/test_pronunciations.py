"""The pronunciation list's file: what is wrong with it and where, and which prompts a change of it makes stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.aloud import read_aloud
from prompts.library import PromptLibrary
from prompts.pronunciations import load_pronunciation, pronunciation_faults
from prompts.rendering import render_all
from tests.prompts.conftest import FakeSynthesizer


def write(folder: Path, text: str) -> Path:
    path = folder / "pronunciation.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_is_an_empty_list() -> None:
    assert read_aloud("Nguyen", "en", load_pronunciation(None, ("en",))) == "Nguyen"


def test_words_are_read_by_language(tmp_path: Path) -> None:
    path = write(tmp_path, 'en:\n  Nguyen: win\n  "2FA": two factor\nde:\n  Nguyen: Njujen\n')
    found = load_pronunciation(path, ("en", "de-AT"))
    assert read_aloud("Nguyen 2FA", "en", found) == "win two factor"
    assert read_aloud("Nguyen", "de-AT", found) == "Njujen"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a\n", "1: expected a mapping for each language"),
        ("eng:\n  a: b\n", "1: eng: is no language of these prompts; expected one of de, de-AT, en"),
        ("en: x\n", "1: en: expected a mapping for each language"),
        ("en: {a: b}\nde: {a: b}\nen: {c: d}\n", "3: en: this language stands twice"),
        ("en:\n  a: b\n  c: d\n  a: e\n", "4: en.a: this word stands twice, first on line 2"),
        ("en:\n  12: twelve\n", "2: en.12: expected a text as the word; put it in quotes"),
        ("en:\n  a: 12\n", "2: en.a: expected a text as the reading; put it in quotes"),
        ("en:\n  a: [b]\n", "2: en.a: expected a text as the reading"),
        ("en:\n  a: '.'\n", "2: en.a: the reading is empty"),
        ("en:\n  '  ': b\n", "the word is empty"),
        ('en:\n  a: "b\\0"\n', "2: en.a: the reading holds a control character"),
        (f"en:\n  {'a' * 101}: b\n", "the word has 101 characters; at most 100"),
        (f"en:\n  a: {'b' * 301}\n", "2: en.a: the reading has 301 characters; at most 300"),
        ("en: {\n", "is not YAML"),
    ],
)
def test_a_fault_says_where_and_what(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(PromptError) as caught:
        load_pronunciation(path, ("en", "de-AT"))
    assert fault in str(caught.value)
    assert caught.value.where.file == path


def test_all_faults_are_told_and_the_rest_is_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path, "en:\n  a: 1\n  b: x\n  c: 2\nxx: {}\n")
    assert [fault.where.line for fault in pronunciation_faults(path, ("en",))] == [2, 4, 5]


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no such pronunciation list"):
        load_pronunciation(tmp_path / "none.yaml", ("en",))


def test_a_change_makes_only_what_it_changes_stale(settings: Prompts, fake: FakeSynthesizer, tmp_path: Path) -> None:
    path = write(tmp_path, "en:\n  company: company\n")
    settings = settings.model_copy(update={"pronunciation": path})
    render_all(PromptLibrary(settings), fake)
    write(tmp_path, "en:\n  company: firm\n")
    library = PromptLibrary(settings)
    assert (library.missing(), library.stale()) == ((), (Prompt("main.welcome", "en"),))
    render_all(library, fake)
    assert fake.spoken[-1].text == "Welcome to the firm."
    assert PromptLibrary(settings).stale() == ()


def test_texts_that_only_a_call_knows_are_read_by_it_too(settings: Prompts, tmp_path: Path) -> None:
    path = write(tmp_path, "en:\n  nguyen: win\n")
    library = PromptLibrary(settings.model_copy(update={"pronunciation": path}))
    assert library.utterance("Dr. NGUYEN & Co.", "en").text == "Doctor win and Company."


def test_figures_are_spoken_in_words(settings: Prompts, fake: FakeSynthesizer) -> None:
    (settings.texts / "en.yaml").write_text(
        "main.menu: For sales, press 1. You pay 12.5% of {n:money EUR} & 3 fees.\n"
    )
    render_all(PromptLibrary(settings), fake)
    assert {each.text for each in fake.spoken} >= {
        "For sales, press one. You pay twelve point five percent of,",
        "and three fees.",
    }


def test_a_piece_is_left_as_it_is_named(settings: Prompts, fake: FakeSynthesizer, tmp_path: Path) -> None:
    """Its text is how it sounds: A. is a letter and no sentence."""
    (settings.texts / "en.yaml").write_text("main.menu: Your code is {code:spelled}\n")
    path = write(tmp_path, "en:\n  a: ay\n")
    library = PromptLibrary(settings.model_copy(update={"pronunciation": path}))
    utterance = library.wanted[Prompt("spoken.letter-a", "en")].utterance
    assert utterance is not None
    assert utterance.text == "A."
