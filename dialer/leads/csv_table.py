"""Comma-separated values: encoding, delimiter, rows.

The file is looked through before the first row is given, so that a file that cannot be read is refused whole.
Source: RFC 4180; the byte order marks of Unicode 15, section 23.8.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from calls.errors import LeadError, Location
from dialer.leads.table import MAX_COLUMNS, Row

CHUNK = 1 << 16
DELIMITERS = (",", ";", "\t")
MAX_HEADER = 64 * 1024
MAX_ROW = 1 << 20
"""Characters of one row, which are held at once: more than all cells that a lead may have."""

_MARKS = (
    (codecs.BOM_UTF32_LE, None),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, None),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}

_ADVICE = 'save the file as "CSV UTF-8"'


class CsvTable:
    """Separated values, one row a line: UTF-8 (with or without its mark) or UTF-16 with its mark; ``,`` ``;`` or TAB.

    Raises:
        LeadError: the encoding is not one of UTF-8 and UTF-16 with its mark, or there is no header.
    """

    def __init__(self, stream: BinaryIO, where: Location) -> None:
        self._where = where
        self._stream = stream
        encoding = _encoding(stream, where)
        self._size = _refuse_undecodable(stream, encoding, where)
        stream.seek(0)
        self._text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        self._delimiter = _delimiter(self._text.readline(MAX_HEADER))
        self.kind = f"CSV with {_NAMES[self._delimiter]}"
        self._text.seek(0)
        self._fed = 0
        self._reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        self.header = self._header()

    def _header(self) -> tuple[str, ...]:
        try:
            header = tuple(cell.strip() for cell in next(self._reader))
        except (StopIteration, csv.Error) as problem:
            raise LeadError("there is no header: the first row must name the columns", self._at(1)) from problem
        if len(header) > MAX_COLUMNS:
            raise LeadError(f"more than {MAX_COLUMNS} columns: this is no list of leads", self._at(1))
        return header

    def _lines(self) -> Iterator[str]:
        """The lines of a row; a row that does not end is not read to the end of the file."""
        while line := self._text.readline(MAX_ROW):
            self._fed += len(line)
            if self._fed >= MAX_ROW:
                raise LeadError(f"a row is longer than {MAX_ROW} characters", self._at(self._reader.line_num + 1))
            yield line

    def _at(self, line: int) -> Location:
        return Location(self._where.file, line)

    def rows(self) -> Iterator[Row]:
        """The rows below the header; those that are empty are left out, but counted."""
        number = 1
        while True:
            number += 1
            begin, self._fed = self._reader.line_num + 1, 0
            try:
                cells = tuple(next(self._reader))
            except StopIteration:
                return
            except csv.Error as problem:
                lines = (
                    f"line {begin}" if self._reader.line_num == begin else f"lines {begin}-{self._reader.line_num}"
                )
                yield Row(number, (), f"a quote is not closed or stands inside a cell ({lines}: {problem})")
                continue
            if any(cell.strip() for cell in cells):
                yield Row(number, cells, _problem(cells, len(self.header)))

    def share(self) -> float:
        """How much of the file is read, 0 to 1."""
        return self._stream.tell() / self._size

    def close(self) -> None:
        """Let go of the stream without closing it."""
        self._text.detach()


def _problem(cells: tuple[str, ...], columns: int) -> str | None:
    if any("\0" in cell for cell in cells):
        return "holds a NUL byte"
    if len(cells) != columns:
        return f"has {len(cells)} cells, and the header has {columns}"
    return None


def _encoding(stream: BinaryIO, where: Location) -> str:
    stream.seek(0)
    start = stream.read(4)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            if encoding is None:
                raise LeadError(f"is UTF-32, which is not read: {_ADVICE}", where)
            return encoding
    if len(start) >= 2 and (start[0] == 0) != (start[1] == 0):
        raise LeadError(f"looks like UTF-16 without its byte order mark, which is not read: {_ADVICE}", where)
    return "utf-8"


def _refuse_undecodable(stream: BinaryIO, encoding: str, where: Location) -> int:
    """The size of the file in bytes, where all of it can be decoded."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    while True:
        chunk = stream.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as problem:
            line = lines + problem.object[: problem.start].count(b"\n")
            name = "UTF-16" if encoding == "utf-16" else "UTF-8"
            raise LeadError(f"is not {name} all through: {_ADVICE}", Location(where.file, line)) from problem
        lines += text.count("\n")
        if not chunk:
            return max(1, stream.tell())


def _delimiter(header: str) -> str:
    """The delimiter that stands most often outside quotes in the header; a comma where there is none."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)
