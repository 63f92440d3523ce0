"""The texts of the prompts: one YAML file a language, ``<folder>/<language>.yaml``, a mapping of key to text.

A file is refused rather than repaired: a key twice, a key that a file name cannot carry, a value that YAML took for
something else than text, a control character, an empty or endless text, a placeholder that is none. Every fault says
file, line and key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from ruamel.yaml.nodes import Node, ScalarNode

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from calls.text import printable
from prompts.phrases import Phrase, split
from prompts.yaml_file import CONTROL, TEXT, mapping_of

KEY = re.compile(r"(?!\.)[a-z0-9_.-]{1,100}\Z")
"""A key is part of a file name on the switch's side: lower case, no separator, no leading dot, no length that a file
system cuts (255 bytes with what we add)."""

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")
"""A language tag, e.g. ``en``, ``de-AT``: it names a folder. Source: RFC 5646, section 2.1."""

SHIPPED = Path(__file__).with_name("shipped")
"""Texts of ours, which an installation's own take the place of."""

MAX_TEXT = 2_000
"""Characters in one prompt: about two minutes of speech; whoever needs more has several prompts."""

_LINES = "lines of the form 'key: text'"


class Role(Enum):
    """What a text is for."""

    PLAIN = auto()
    """A prompt of its own, which a flow may name."""
    TEMPLATE = auto()
    """It has placeholders: it is not rendered, its parts are."""
    PART = auto()
    """The words between two placeholders of a template."""
    PIECE = auto()
    """A piece that values are composed of (``prompts/spoken``)."""


@dataclass(frozen=True, slots=True)
class PromptText:
    """One text, as it will be spoken: one line, single spaces. A template's is as it is written, braces and all."""

    prompt: Prompt
    text: str
    where: Location
    role: Role = Role.PLAIN
    phrase: Phrase = ()
    """Of a template."""


def is_prompt(prompt: Prompt) -> bool:
    """True where key and language are of the form that a prompt's may have; says nothing of whether it exists."""
    return KEY.match(prompt.key) is not None and LANGUAGE.match(prompt.language) is not None


def load_texts(folder: Path, languages: Sequence[str]) -> dict[Prompt, PromptText]:
    """Every text that ``folder`` has of ``languages``; a template and each of its parts is one.

    Raises:
        PromptError: the first fault, with file, line and key; :func:`text_faults` tells all of them.
    """
    texts: dict[Prompt, PromptText] = {}
    for language in languages:
        for item in _read(folder / f"{language}.yaml", language):
            if isinstance(item, PromptError):
                raise item
            texts[item.prompt] = item
    return texts


def own_languages(folder: Path, languages: Sequence[str], system_texts: bool) -> Sequence[str]:
    """The languages whose file of texts is to be there: who has no folder at all plays the texts of the system."""
    return languages if folder.is_dir() or not system_texts else ()


def text_faults(folder: Path, languages: Sequence[str]) -> tuple[PromptError, ...]:
    """All that is wrong with the files of texts, in the order of the files."""
    found = (item for language in languages for item in _read(folder / f"{language}.yaml", language))
    return tuple(item for item in found if isinstance(item, PromptError))


def shipped_texts(languages: Sequence[str]) -> dict[Prompt, PromptText]:
    """The prompts of the system that Callwright brings along, of those ``languages`` that it speaks: of a region
    (``de-AT``) in its language. An installation's own texts take their place."""
    paths = {language: SHIPPED / f"{language.partition('-')[0]}.yaml" for language in languages}
    known = (item for language, path in paths.items() if path.is_file() for item in _read(path, language))
    return {item.prompt: item for item in known if isinstance(item, PromptText)}


def _read(path: Path, language: str) -> Iterator[PromptText | PromptError]:
    if LANGUAGE.match(language) is None:
        yield PromptError(f"the language {language!r} is not a tag such as 'en' or 'de-AT'", Location(path))
        return
    try:
        lines = mapping_of(path, "there is no such file; write a line 'key: text' for each prompt", _LINES)
    except PromptError as fault:
        yield fault
        return
    written: dict[str, int] = {}
    keys = frozenset(key.value for key, _ in lines if isinstance(key, ScalarNode))
    for key, value in lines:
        entry = _entry(path, language, written, key, value)
        if isinstance(entry, PromptText):
            written[entry.prompt.key] = key.start_mark.line + 1
            yield from _parts(entry, keys)
        else:
            yield entry


def _entry(path: Path, language: str, written: Mapping[str, int], key: Node, value: Node) -> PromptText | PromptError:
    """One line of the mapping, or what is wrong with it. ``written``: the keys before it, and their lines."""
    name = str(key.value) if isinstance(key, ScalarNode) else None
    where = Location(path, key.start_mark.line + 1, None if name is None else printable(name))
    if name is None or key.tag != TEXT or KEY.match(name) is None:
        return PromptError("a key has 1 to 100 of a-z 0-9 _ . - and does not begin with a dot", where)
    if name in written:
        problem = f'is a duplicate key "{name}", first on line {written[name]}; remove one of the two'
        return PromptError(problem, where)
    if not isinstance(value, ScalarNode):
        return PromptError("expected a text, not a mapping or a list; write dotted keys, e.g. 'main.welcome'", where)
    if value.tag != TEXT:
        kind = str(value.tag).rpartition(":")[2]
        return PromptError(f"expected a text, found {kind!a}; put it in quotes", where)
    text = " ".join(value.value.split())
    if found := CONTROL.search(value.value):
        return PromptError(f"the text holds the control character U+{ord(found[0]):04X}; remove it", where)
    if not text:
        return PromptError("the text is empty; write what is to be spoken, or remove the key", where)
    if len(text) > MAX_TEXT:
        return PromptError(f"the text has {len(text)} characters; at most {MAX_TEXT}: make several prompts", where)
    return PromptText(Prompt(name, language), text, where)


def _parts(entry: PromptText, keys: frozenset[str]) -> Iterator[PromptText | PromptError]:
    """The text alone, or the template and its parts, or what is wrong with its braces."""
    key, language, where = entry.prompt.key, entry.prompt.language, entry.where
    try:
        found = split(key, entry.text, language)
    except ValueError as error:
        yield PromptError(str(error), where)
        return
    if isinstance(found, str):
        yield replace(entry, text=found)
        return
    yield replace(entry, role=Role.TEMPLATE, phrase=found.phrase)
    for part, text in found.fragments.items():
        if part in keys:
            yield PromptError(f"its part {part!r} is written as a key too; give that one another name", where)
        elif KEY.match(part) is None:
            yield PromptError(f"its part {part!r} is too long for a key; give it a shorter one", where)
        else:
            yield PromptText(Prompt(part, language), text, where, Role.PART)
