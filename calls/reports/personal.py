"""Persons in exports: who has not the right to see them gets their numbers without the last digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from calls.reports.sheets import Cell, Kind, Sheet

PERSONAL = frozenset({"caller", "called", "channel", "number", "person", "person_key", "note", "disposition_note"})
"""Columns that are about persons; the names that switches give to channels may have the number in them."""

HIDDEN = 4
"""How many signs of a number are hidden: in no country do the rest name one subscriber."""

DIGIT = re.compile(r"[0-9]")


def masked(text: str) -> str:
    """A number with its last digits hidden; a short one wholly, and so is what is no number."""
    if not DIGIT.search(text) or any(sign.isalpha() for sign in text):
        return "***" if text else ""
    return text[: max(0, len(text) - HIDDEN)] + "*" * min(HIDDEN, len(text)) if len(text) > 2 * HIDDEN else "***"


def without_persons(sheet: Sheet) -> Sheet:
    """The table with what it says of persons masked."""
    return Sheet(sheet.title, sheet.columns, list(hidden(sheet.columns, sheet.rows)))


def hidden(columns: Sequence[tuple[str, Kind]], rows: Iterable[Sequence[Cell]]) -> Iterator[list[Cell]]:
    """Rows of these columns with what they say of persons masked."""
    hide = [name in PERSONAL for name, _ in columns]
    for row in rows:
        yield [_masked(cell) if about else cell for cell, about in zip(row, hide, strict=True)]


def _masked(cell: Cell) -> Cell:
    return masked(cell) if isinstance(cell, str) else cell
