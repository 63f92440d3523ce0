"""A workbook's parts, with a bound on how much of them may be held at once: a small file may unpack to gigabytes."""

from __future__ import annotations

import io
import zipfile
from typing import IO, Any, BinaryIO

from openpyxl.reader.excel import ExcelReader
from openpyxl.workbook import Workbook

MAX_PART = 16 << 20
"""Bytes of a part that is held as a whole, such as the styles, once unpacked."""

MAX_ROW = 8 << 20
"""Bytes of a sheet between two rows, which become some 200 MB of objects at the worst."""

HEAD = 1 << 16
"""Bytes in which a sheet says its size, if it says it at all. Source: ECMA-376 part 1, 18.3.1.99: it comes second."""

EMPTY = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'


class TooMuch(ValueError):
    """A part, or a row of the sheet, unpacks to more than is held."""


def is_too_much(problem: BaseException | None) -> bool:
    """True where that is why ``problem`` was raised: openpyxl puts errors of its own around ours."""
    while problem is not None and not isinstance(problem, TooMuch):
        problem = problem.__cause__ or problem.__context__
    return problem is not None


class Archive(zipfile.ZipFile):
    """A workbook whose parts are read within bounds."""

    def __init__(self, stream: BinaryIO, max_shared: int) -> None:
        """``max_shared``: bytes of the texts that cells share."""
        super().__init__(stream)
        self._stream = stream
        self._max_shared = max_shared
        self._loaded = False
        self._left = 0

    def load(self) -> Workbook:
        """The workbook, of which no sheet is read yet.

        Raises:
            TooMuch: a part of it is held as a whole, and is too large for that.
        """
        reader = ExcelReader(self._stream, read_only=True, data_only=True, keep_links=False)
        reader.archive = self
        reader.read()
        self._loaded = True
        return reader.wb

    def next_row(self) -> None:
        """A row has come: what follows may be as much again."""
        self._left = MAX_ROW

    def open(self, name: Any, *args: Any, **how: Any) -> IO[bytes]:
        """As of any archive; a read beyond the bounds raises :class:`TooMuch`."""
        info = self.getinfo(name) if isinstance(name, str) else name
        source = super().open(info, *args, **how)
        if self._loaded:
            self._left = MAX_ROW
        elif info.filename.lower().endswith("sharedstrings.xml"):
            self._left = self._max_shared
        else:
            self._left = MAX_PART
            if info.file_size > MAX_PART:
                head = source.read(HEAD)
                source.close()
                if b"<worksheet" in head and b"dimension" not in head:
                    return io.BytesIO(EMPTY)  # all rows would be gone through for a size that is not there
                source = super().open(info, *args, **how)
        return io.BufferedReader(_Bounded(self, source), HEAD)

    def take(self, size: int) -> None:
        """So many bytes were read."""
        self._left -= size
        if self._left < 0:
            raise TooMuch("unpacks to too much at once")


class _Bounded(io.RawIOBase):
    def __init__(self, archive: Archive, source: IO[bytes]) -> None:
        self._archive = archive
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        self._archive.take(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()
        super().close()
