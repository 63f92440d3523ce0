"""What docs/speech.md says of words, models and the test model is so."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from calls.settings import load
from ivr.speech.engines import OUR_OWN
from ivr.speech.engines.vosk_files import NEEDED
from ivr.speech.expected import SpokenKind
from ivr.speech.words import TONGUES, value_of
from tests.tinyvosk.vocabulary import WORDS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "speech.md").read_text(encoding="utf-8")
KINDS = {
    "digits": SpokenKind.DIGITS,
    "number": SpokenKind.NUMBER,
    "date": SpokenKind.DATE,
    "code": SpokenKind.SPELLED,
}
TODAY = date(2026, 3, 4)


def examples() -> list[tuple[str, str, str | None]]:
    """Kind, what is said, and what is understood; None: any day."""
    rows = re.findall(r"^\| (\w+) \| (\*.*?) \| (.*?) \|$", TEXT, re.MULTILINE)
    found: list[tuple[str, str, str | None]] = []
    for kind, said, understood in rows:
        phrases = re.findall(r"\*(.+?)\*", said)
        values: list[str | None] = [*re.findall(r"`(.+?)`", understood)] or [None] * len(phrases)
        found += [(kind, phrase, value) for phrase, value in zip(phrases, values, strict=True)]
    return found


def test_every_kind_has_examples() -> None:
    assert {kind for kind, _, _ in examples()} == set(KINDS)


@pytest.mark.parametrize(("kind", "said", "understood"), examples())
def test_what_is_said_is_understood_so(kind: str, said: str, understood: str | None) -> None:
    values = {value_of(KINDS[kind], language, said, TODAY) for language in TONGUES} - {None}
    assert values == {understood} if understood else len(values) == 1


def test_the_settings_of_the_example_are_settings(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "callwright.toml").write_text(example, encoding="utf-8")
    served = load(tmp_path / "callwright.toml", {}).speech.served
    assert [(model.language, model.engine, model.folder) for model in served] == [
        ("de", "vosk", tmp_path / "models/de"),
        ("en", "pocketsphinx", None),
    ]


def test_every_engine_and_file_is_named() -> None:
    assert all(f"| `{name}` |" in TEXT for name in OUR_OWN)
    assert all(f"`{name}`" in TEXT for name in NEEDED)
    assert f"knows {len(WORDS)} words" in TEXT
