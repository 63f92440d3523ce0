"""JSON Lines: one object a line, its keys the columns.

The file is looked through before the first row is given: a key may come up in its last line only.
Source: https://jsonlines.org
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from calls.errors import LeadError, Location
from dialer.leads.table import MAX_COLUMNS, Row

MAX_LINE = 1 << 20
"""Bytes of one line."""


class JsonLines:
    """Objects of texts, numbers, true and false; null is an empty cell. Numbers count lines from 1, as there is no
    header.

    Raises:
        LeadError: no line holds an object, or they have too many keys.
    """

    kind = "JSON Lines"

    def __init__(self, stream: BinaryIO, where: Location) -> None:
        self._stream = stream
        names: dict[str, None] = {}
        for number, found in self._lines():
            if isinstance(found, dict):
                names.update(dict.fromkeys(found))
            if len(names) > MAX_COLUMNS:
                raise LeadError(
                    f"more than {MAX_COLUMNS} keys: this is no list of leads", Location(where.file, number)
                )
        self._size = max(1, stream.tell())
        self._names = tuple(names)
        self.header = tuple(name.strip() for name in self._names)
        if not self.header:
            raise LeadError("no line holds a JSON object with a key", Location(where.file, 1))

    def _lines(self) -> Iterator[tuple[int, dict[str, object] | str]]:
        """Each line that is not empty, as an object or as what is wrong with it."""
        self._stream.seek(0)
        number = 0
        while line := self._stream.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                while (more := self._stream.readline(MAX_LINE)) and not more.endswith(b"\n"):
                    pass
                yield number, f"the line is longer than {MAX_LINE} bytes"
            elif line.strip():
                yield number, _object(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)

    def rows(self) -> Iterator[Row]:
        """One row a line."""
        for number, found in self._lines():
            if isinstance(found, str):
                yield Row(number, (), found)
                continue
            try:
                cells = tuple(_text(name, found.get(name)) for name in self._names)
            except ValueError as problem:
                yield Row(number, (), str(problem))
                continue
            if any(cell.strip() for cell in cells):
                yield Row(number, cells)

    def share(self) -> float:
        """How much of the file is read, 0 to 1."""
        return self._stream.tell() / self._size

    def close(self) -> None:
        """Nothing to let go of."""


def _object(line: bytes) -> dict[str, object] | str:
    try:
        found = json.loads(line.decode())
    except UnicodeDecodeError:
        return "the line is not UTF-8"
    except (ValueError, RecursionError):
        return "the line is no JSON"
    return found if isinstance(found, dict) else "the line is no JSON object"


def _text(name: str, value: object) -> str:
    """The value as a cell.

    Raises:
        ValueError: it is no single value.
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise ValueError(f"{name!r} holds a list or an object: expected a text or a number")
