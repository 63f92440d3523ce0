"""The console's words in the languages of its people: ``words/LANGUAGE/FILE.toml``.

A key is the file's name and the key in it, ``desk.ready``. English is whole; what another language does not have is
said in English. A place is ``{name}``. ``said.toml`` has what the engine says: see
:mod:`console.web.words.engine_texts`. ``figure.toml`` has titles (``t_NAME``) and definitions (``d_NAME``) of
figures; those in English are of :mod:`calls.reports.definitions`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from calls.reports.definitions import DEFINITIONS
from console.web.words.engine_texts import EngineTexts, Speech
from console.web.words.formats import FORMATS, Formats

FOLDER = Path(__file__).parent
SOURCE = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
"""Each by its own name."""

NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Called with a key and the values of its places, it gives the text."""

    language: str
    texts: Mapping[str, str]
    engine: EngineTexts

    @property
    def formats(self) -> Formats:
        """How numbers and times are written."""
        return FORMATS[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """
        Raises:
            KeyError: no such key, or a place has no value.
        """
        return self.texts[key].format_map(values) if values else self.texts[key]

    def told(self, said: str, names: Mapping[str, str] = NOBODY) -> str:
        """What the engine said, in this language; in English where nobody has put it into words here. ``names``: of
        people by their ids."""
        return self.engine.again(said, Speech(self.texts.__getitem__, self.formats, names))

    def sentence(self, said: str) -> str:
        """The same as a sentence."""
        text = self.told(said)
        return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"

    def named(self, keys: str, value: str) -> str:
        """The word for a value of a record: ``named("outcome.", "no_answer")``; the value where there is none."""
        return self.texts.get(f"{keys}{value}", value.replace("_", " "))

    def of(self, *files: str) -> dict[str, str]:
        """All texts of some files, by key: for the scripts of a page."""
        return {key: text for key, text in self.texts.items() if key.partition(".")[0] in files}


def read(folder: Path = FOLDER) -> Mapping[str, Words]:
    """All languages, by code."""
    source = {**_texts(folder / SOURCE), **_figures()}
    engine = EngineTexts({key: text for key, text in source.items() if key.startswith("said.")})
    return {code: Words(code, {**source, **_texts(folder / code)}, engine) for code in LANGUAGES}


def _figures() -> dict[str, str]:
    titles = {f"figure.t_{each.name}": each.title for each in DEFINITIONS}
    return titles | {f"figure.d_{each.name}": each.words for each in DEFINITIONS}


def chosen(wanted: str | None, accepted: str) -> str:
    """The language of a page. ``wanted``: what the person chose; ``accepted``: the header ``Accept-Language`` (RFC
    9110, 12.5.4)."""
    if wanted is not None and wanted in LANGUAGES:
        return wanted
    return next((code for code in _preferred(accepted) if code in LANGUAGES), SOURCE)


def _preferred(accepted: str) -> Iterable[str]:
    """The codes of languages in the order of their weights."""
    weighed: list[tuple[float, str]] = []
    for part in accepted[:400].split(","):
        name, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        weighed.append((-quality, name.strip().partition("-")[0].lower()))
    return [name for quality, name in sorted(weighed, key=lambda each: each[0]) if quality < 0]


def _texts(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        for key, text in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[f"{path.stem}.{key}"] = str(text)
    return found
