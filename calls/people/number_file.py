"""Millions of numbers in a file that is looked into without being read: 64 bits each, in ascending order.

::

    offset  bytes
         0      8   CWNUMS1\\n
         8      8   how many numbers follow, little-endian, as are the numbers
        16     32   SHA-256 of the numbers' bytes
        48     16   zero
        64    8*n   the numbers: the digits of E.164 without "+", ascending, each once

Nothing of it is mapped into memory: who touches a page of a mapped file that was cut short is killed (SIGBUS,
mmap(2)), and with them every call that is up. A read of it only comes back short. The pages that are looked at are
the system's to keep, and shared by all processes.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import weakref
from array import array
from bisect import bisect_left, bisect_right
from functools import lru_cache
from pathlib import Path

import numpy as np

from calls.errors import RecordError

MAGIC = b"CWNUMS1\n"
HEADER = struct.Struct("<8sQ32s16x")
NUMBER_BYTES = 8
BLOCK = 1 << 22
"""Bytes that are checked at a time."""

STRIDE = 1 << 14
"""Of so many numbers one is kept at hand from the first, which tells where in the file to look ..."""

PAGE = 1 << 8
"""... and of those between two of them, once they were looked at, one of so many: a look-up reads 2 kB then, once."""

OPEN_FILES = 16
"""Lists that are kept open: more are opened again as they are asked."""


class NumberFile:
    """The numbers of a list, to ask whether one is among them. For threads too.

    Raises:
        RecordError: there is no such file, or it is not whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._file)
            size, head = os.fstat(self._file).st_size, os.pread(self._file, HEADER.size, 0)
        except OSError as problem:
            raise RecordError(f"{path}: this list of numbers cannot be read: {problem}") from problem
        if len(head) < HEADER.size:
            raise self._damaged("it is too short")
        magic, count, digest = HEADER.unpack(head)
        if magic != MAGIC or size != HEADER.size + NUMBER_BYTES * count:
            raise self._damaged("its length or its first bytes are wrong")
        self.count: int = count
        self.version: str = digest.hex()
        self._landmarks = [self._read(at, 1)[0] for at in range(0, count, STRIDE)]
        self._pages: dict[int, list[int]] = {}

    def __contains__(self, e164: str) -> bool:
        """True where the number, in E.164 with ``+``, is in the list.

        Raises:
            RecordError: the file was cut short since it was opened, or cannot be read any more.
        """
        number = int(e164[1:])
        stretch = bisect_right(self._landmarks, number) - 1
        if stretch < 0:
            return False
        begin = stretch * STRIDE
        pages = self._pages.get(stretch)
        if pages is None:
            pages = self._pages[stretch] = self._read(begin, min(STRIDE, self.count - begin)).tolist()[::PAGE]
        begin += (bisect_right(pages, number) - 1) * PAGE
        page = self._read(begin, min(PAGE, self.count - begin))
        at = bisect_left(page, number)
        return at < len(page) and page[at] == number

    def _read(self, begin: int, count: int) -> array[int]:
        size = count * NUMBER_BYTES
        try:
            data = os.pread(self._file, size, HEADER.size + begin * NUMBER_BYTES)
        except OSError as problem:
            raise RecordError(f"{self.path}: this list of numbers cannot be read: {problem}") from problem
        if len(data) != size:
            raise self._damaged("it was cut short")
        return array("Q", data)

    def verify(self) -> None:
        """Read all of it once.

        Raises:
            RecordError: the digest is another, or the order is broken.
        """
        digest, last = hashlib.sha256(), -1
        each = BLOCK // NUMBER_BYTES
        for begin in range(0, self.count, each):
            block = np.frombuffer(self._read(begin, min(each, self.count - begin)), dtype="<u8")
            digest.update(block.data)
            values = block.astype(np.int64)
            if int(values[0]) <= last or bool((np.diff(values) <= 0).any()):
                raise self._damaged("its numbers are not in order")
            last = int(values[-1])
        if digest.hexdigest() != self.version:
            raise self._damaged("its digest is another")

    def _damaged(self, what: str) -> RecordError:
        return RecordError(f"{self.path}: this list of numbers is damaged ({what}): import it again")


@lru_cache(maxsize=OPEN_FILES)
def opened(path: Path, version: str) -> NumberFile:
    """The file of a version, opened once for all who ask.

    Raises:
        RecordError: as :class:`NumberFile`, or it holds another version.
    """
    if sys.byteorder != "little":
        raise RecordError("lists of numbers are read on little-endian machines only")
    found = NumberFile(path)
    if found.version != version:
        raise RecordError(f"{path}: this list of numbers is another version than was imported: import it again")
    return found
