"""Texts with named places: ``{name}``, ``{fields.Town}``. Nothing in them is run, and no other name is taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from calls.text import printable
from calls.toml_file import Fault

NAMES = ("name", "number", "agent", "agent_id", "call_id", "campaign", "queue", "lead_id")
"""What a place may name beside ``fields.<column>``, a column of the lead's list."""

FIELD = "fields."

_PART = re.compile(r"\{\{|\}\}|\{([^{}\n]{0,120})\}|[{}]")


def checked(text: str) -> str:
    """``text``, whose places are all known.

    Raises:
        Fault: a place names nothing that there is, or a brace is alone.
    """
    _parts(text)
    return text


def fields(text: str) -> frozenset[str]:
    """The columns of the lead's list that the places of ``text`` name."""
    return frozenset(
        part.removeprefix(FIELD) for is_place, part in _parts(text) if is_place and part.startswith(FIELD)
    )


def render(text: str, values: Mapping[str, str], quote: Callable[[str], str] = printable) -> str:
    """``text`` with the values of its places, each as ``quote`` gives it; a value that is missing is empty."""
    return "".join(quote(values.get(part, "")) if is_place else part for is_place, part in _parts(text))


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[tuple[bool, str], ...]:
    return tuple(_read(text))


def _read(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of the text in order: a place's name (True), or words (False)."""
    at = 0
    for found in _PART.finditer(text):
        yield False, text[at : found.start()]
        at = found.end()
        match found[0]:
            case "{{" | "}}":
                yield False, found[0][0]
            case "{" | "}":
                raise Fault("a brace alone: expected {name} for a place, and {{ or }} for a brace")
            case _:
                yield True, _name(found[1])
    yield False, text[at:]


def _name(name: str) -> str:
    if name in NAMES or (name.startswith(FIELD) and len(name) > len(FIELD)):
        return name
    known = ", ".join(NAMES)
    raise Fault(f"{{{name}}} names nothing: expected {{fields.<column>}}, a column of the list, or one of {known}")
