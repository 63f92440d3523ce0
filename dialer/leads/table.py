"""A table of text from a file that some program exported: the protocol of all kinds, and which kind a file is."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from calls.errors import Location

MAX_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``number`` counts as a spreadsheet does: the header is row 1. ``problem``: it cannot be read."""

    number: int
    cells: tuple[str, ...]
    problem: str | None = None


class Table(Protocol):
    """The header and the rows of a file, read once, row by row."""

    header: tuple[str, ...]
    kind: str
    """What kind of file it is, for people."""

    def rows(self) -> Iterator[Row]:
        """The rows below the header, each with a cell for each name of it unless it has a problem. Those that are
        empty are left out, but counted."""

    def share(self) -> float:
        """How much of the file is read, 0 to 1."""

    def close(self) -> None:
        """Let go of the stream without closing it."""


def open_table(stream: BinaryIO, where: Location) -> Table:
    """The table in a file that was opened in binary mode and can be rewound, whatever kind it is of.

    Raises:
        LeadError: it cannot be read at all.
    """
    from dialer.leads.csv_table import CsvTable
    from dialer.leads.json_lines import JsonLines
    from dialer.leads.xlsx import Workbook

    stream.seek(0)
    start = stream.read(1024)
    if start.startswith(b"PK\x03\x04") and zipfile.is_zipfile(stream):
        return Workbook(stream, where)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return JsonLines(stream, where)
    return CsvTable(stream, where)
