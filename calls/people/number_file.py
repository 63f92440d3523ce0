"""Millions of numbers in a file that is looked into without being read: 64 bits each, in ascending order.

::

    offset  bytes
         0      8   CWNUMS1\\n
         8      8   how many numbers follow, little-endian, as are the numbers
        16     32   SHA-256 of the numbers' bytes
        48     16   zero
        64    8*n   the numbers: the digits of E.164 without "+", ascending, each once

The file is mapped into memory: the pages that are looked at are the system's to keep, and shared by all processes.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
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
"""Of so many numbers one is kept at hand, which tells where in the file to look: two pages instead of a dozen."""

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
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as problem:  # an empty file cannot be mapped
            raise RecordError(f"{path}: this list of numbers cannot be read: {problem}") from problem
        if len(self._map) < HEADER.size:
            raise self._damaged("it is too short")
        magic, count, digest = HEADER.unpack_from(self._map)
        if magic != MAGIC or len(self._map) != HEADER.size + NUMBER_BYTES * count:
            raise self._damaged("its length or its first bytes are wrong")
        self.count: int = count
        self.version: str = digest.hex()
        self._numbers = memoryview(self._map)[HEADER.size :].cast("Q")
        self._landmarks = array("Q", self._numbers[::STRIDE].tolist())

    def __contains__(self, e164: str) -> bool:
        """True where the number, in E.164 with ``+``, is in the list."""
        number = int(e164[1:])
        end = bisect_right(self._landmarks, number) * STRIDE
        at = bisect_left(self._numbers, number, max(0, end - STRIDE), min(end, self.count))
        return at < self.count and self._numbers[at] == number

    def verify(self) -> None:
        """Read all of it once.

        Raises:
            RecordError: the digest is another, or the order is broken.
        """
        digest, last = hashlib.sha256(), -1
        for block in self._blocks():
            digest.update(block.data)
            values = block.astype(np.int64)
            if (len(values) and int(values[0]) <= last) or bool((np.diff(values) <= 0).any()):
                raise self._damaged("its numbers are not in order")
            last = int(values[-1]) if len(values) else last
        if digest.hexdigest() != self.version:
            raise self._damaged("its digest is another")

    def _blocks(self) -> Iterator[np.ndarray[tuple[int], np.dtype[np.uint64]]]:
        numbers = np.frombuffer(self._map, dtype="<u8", offset=HEADER.size)
        each = BLOCK // NUMBER_BYTES
        for begin in range(0, self.count, each):
            yield numbers[begin : begin + each]

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
