"""The first sheet of an Excel workbook, row by row: of the sheet nothing is held but the row at hand.

Source: ECMA-376 by openpyxl's read-only mode; the texts that cells share (``sharedStrings.xml``) are held at once, so
how much they may be is bounded.
"""

from __future__ import annotations

import datetime
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl.utils.exceptions import InvalidFileException

from calls.errors import LeadError, Location
from dialer.leads.table import MAX_COLUMNS, Row
from dialer.leads.xlsx_archive import Archive, is_too_much

MAX_UNPACKED = 4 << 30
MAX_SHARED = 128 << 20
"""Bytes of the whole workbook, and of the texts that its cells share, once unpacked."""

MAX_ROWS = 1 << 20
"""Source: Excel's own limit. A row may name any number, and all rows before it are gone through."""

SMALL, MAX_RATIO = 64 << 20, 100
"""A workbook unpacks to so many bytes, or so many times its size: a bomb, whose first row may be all of it, to more.
Source: Apache POI, ``ZipSecureFile``, for the ratio."""

TOO_MUCH = "unpacks to too much: save the sheet as CSV UTF-8"

UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    InvalidFileException,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl and the modules below it raise on a damaged workbook: it checks little by itself."""


class Workbook:
    """An ``.xlsx`` file.

    Raises:
        LeadError: it cannot be read as a workbook, unpacks to too much, or has no header.
    """

    kind = "Excel workbook"

    def __init__(self, stream: BinaryIO, where: Location) -> None:
        self._where = where
        self._done = 0
        stream.seek(0)
        try:
            _refuse_too_large(stream, where)
            with warnings.catch_warnings(action="ignore"):  # of styles and names, which are nothing to us
                self._archive = Archive(stream, MAX_SHARED)
                self._book = self._archive.load()
            sheet = self._book.worksheets[0]
            self.kind = f"Excel workbook, sheet {sheet.title}"
            self._count = sheet.max_row or 0
            sheet.reset_dimensions()  # what the file says of its size need not be so
            self._rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
            first = next(self._rows, ())
        except UNREADABLE as problem:
            if is_too_much(problem):
                raise LeadError(TOO_MUCH, where) from problem
            raise LeadError(f"cannot be read as an Excel workbook ({type(problem).__name__})", where) from problem
        self.header = _header(first, where)

    def rows(self) -> Iterator[Row]:
        """The rows of the first sheet. A row at which the workbook turns out to be damaged is the last."""
        number = 1
        while True:
            number += 1
            try:
                self._archive.next_row()
                values = next(self._rows, None)
            except UNREADABLE as problem:
                yield Row(
                    number, (), f"the workbook is damaged here, and what follows cannot be read ({problem!r:.80})"
                )
                return
            if values is None:
                return
            if number > MAX_ROWS:
                yield Row(number, (), f"a workbook has no more than {MAX_ROWS:,} rows: what follows is not read")
                return
            self._done = number
            cells = [_text(value) for value in values]
            width = len(self.header)
            if any(cell.strip() for cell in cells):
                more = any(cell.strip() for cell in cells[width:])
                cells = [*cells[:width], *[""] * (width - len(cells))]
                yield Row(number, tuple(cells), "has more cells than the header" if more else None)

    def share(self) -> float:
        """How much of the sheet is read, 0 to 1; 0 where the workbook does not say how long it is."""
        return min(1.0, self._done / self._count) if self._count else 0.0

    def close(self) -> None:
        """Let go of the workbook."""
        self._book.close()


def _header(values: tuple[object, ...], where: Location) -> tuple[str, ...]:
    header = [_text(value).strip() for value in values]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise LeadError("there is no header: the first row must name the columns", Location(where.file, 1))
    if len(header) > MAX_COLUMNS:
        raise LeadError(f"more than {MAX_COLUMNS} columns: this is no list of leads", Location(where.file, 1))
    return tuple(header)


def _refuse_too_large(stream: BinaryIO, where: Location) -> None:
    with zipfile.ZipFile(stream) as packed:
        sizes = {each.filename: each.file_size for each in packed.infolist()}
        size = sum(each.compress_size for each in packed.infolist())
    shared = sum(size for name, size in sizes.items() if name.lower().endswith("sharedstrings.xml"))
    if sum(sizes.values()) > min(MAX_UNPACKED, max(SMALL, MAX_RATIO * size)) or shared > MAX_SHARED:
        raise LeadError(TOO_MUCH, where)


def _text(value: object) -> str:
    """A cell as people see it: whole numbers without a point, days as ISO 8601 has them."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e18:
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return str(value)
