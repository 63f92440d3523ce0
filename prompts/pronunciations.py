"""The file of the pronunciation list: a mapping of language to words, each with the way in which it is read.

A fault says file, line and key. Nothing is repaired: a language that has no prompts, a word twice, an empty reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from calls.errors import Location, PromptError
from calls.text import printable
from prompts.aloud import Pronunciation
from prompts.yaml_file import CONTROL, TEXT, mapping_of

MAX_WORD = 100
MAX_READING = 300
"""Characters: a word has few, and the name of a company spelled as it sounds not many more."""

_EXPECTED = "a mapping for each language, such as 'en: {Nguyen: win}'"
_ABSENT = "there is no such pronunciation list; make it, or remove the setting"


def load_pronunciation(path: Path | None, languages: Sequence[str]) -> Pronunciation:
    """The list in ``path``; an empty one where that is None.

    Raises:
        PromptError: the first fault; :func:`pronunciation_faults` tells all of them.
    """
    words: dict[str, dict[str, str]] = {}
    for item in _read(path, languages):
        if isinstance(item, PromptError):
            raise item
        language, word, reading = item
        words.setdefault(language, {})[word] = reading
    return Pronunciation(words)


def pronunciation_faults(path: Path | None, languages: Sequence[str]) -> tuple[PromptError, ...]:
    """All that is wrong with the list in ``path``, in the order of the file."""
    return tuple(item for item in _read(path, languages) if isinstance(item, PromptError))


def _read(path: Path | None, languages: Sequence[str]) -> Iterator[tuple[str, str, str] | PromptError]:
    if path is None:
        return
    known = {tag[:end] for tag in languages for end in range(1, len(tag) + 1) if tag[end : end + 1] in ("", "-")}
    try:
        lines = mapping_of(path, _ABSENT, _EXPECTED)
    except PromptError as fault:
        yield fault
        return
    seen: set[str] = set()
    for key, value in lines:
        where = Location(path, key.start_mark.line + 1, printable(str(key.value)))
        if not isinstance(key, ScalarNode) or key.value not in known:
            yield PromptError(f"is no language of these prompts; expected one of {', '.join(sorted(known))}", where)
        elif key.value in seen:
            yield PromptError("this language stands twice; write its words under one", where)
        elif not isinstance(value, MappingNode):
            yield PromptError(f"expected {_EXPECTED}", where)
        else:
            seen.add(key.value)
            yield from _words(path, key.value, value.value)


def _words(
    path: Path, language: str, lines: Sequence[tuple[Node, Node]]
) -> Iterator[tuple[str, str, str] | PromptError]:
    written: dict[str, int] = {}
    for key, value in lines:
        shown = printable(str(key.value)) if isinstance(key, ScalarNode) else "?"
        where = Location(path, key.start_mark.line + 1, f"{language}.{shown}")
        if (fault := _fault(key, value, written)) is not None:
            yield PromptError(fault, where)
            continue
        word = " ".join(key.value.split())
        written[word] = key.start_mark.line + 1
        yield language, word, " ".join(value.value.split())


def _fault(key: Node, value: Node, written: Mapping[str, int]) -> str | None:
    """What is wrong with a line, or None."""
    for node, what, longest in ((key, "word", MAX_WORD), (value, "reading", MAX_READING)):
        if not isinstance(node, ScalarNode) or node.tag != TEXT:
            return f"expected a text as the {what}; put it in quotes"
        text = " ".join(node.value.split())
        if not any(sign.isalnum() for sign in text) and not (what == "word" and text):
            return f"the {what} is empty; write how it is spoken" if what == "reading" else "the word is empty"
        if CONTROL.search(node.value):
            return f"the {what} holds a control character; remove it"
        if len(text) > longest:
            return f"the {what} has {len(text)} characters; at most {longest}"
    if (word := " ".join(key.value.split())) in written:
        return f"this word stands twice, first on line {written[word]}; remove one of the two"
    return None
