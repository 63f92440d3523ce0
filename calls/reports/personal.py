"""Persons in exports: who has not the right to see them gets their numbers without the last digits."""

from __future__ import annotations

import re

from calls.reports.sheets import Cell, Sheet

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
    hide = [name in PERSONAL for name in sheet.names]
    rows = [[_masked(cell) if hidden else cell for cell, hidden in zip(row, hide, strict=True)] for row in sheet.rows]
    return Sheet(sheet.title, sheet.columns, rows)


def _masked(cell: Cell) -> Cell:
    return masked(cell) if isinstance(cell, str) else cell
