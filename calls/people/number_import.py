"""Millions of numbers from a text or CSV file into a file of numbers, in bounded memory.

What is read is sorted in pieces that lie on the disk and are then merged, so that fifty million numbers take some
tens of megabytes. The new file gets its name, which is that of its contents, only when it is whole.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import phonenumbers

from calls.errors import LeadError, Location
from calls.numbers import NumberProblem, to_e164
from calls.people.number_file import HEADER, MAGIC, NUMBER_BYTES

PIECE = 4_000_000
"""Numbers that are sorted in memory at a time: 32 MB."""

BLOCK = 1 << 18
"""Numbers of each piece in memory while pieces are merged: 2 MB."""

READ_BYTES = 1 << 20
"""Of a file without columns, read at a time: lines that are written alike are then read all at once."""

SHORTEST, LONGEST = 7, 15
"""Digits of a number in E.164. Source: ITU-T E.164 for the longest; the shortest is that of small islands."""

SIGNS = b" \t\r()-./,;\"'"
"""What stands between the digits of a line; the comma too: some lists have the area code in a cell of its own."""

ROWS = 50_000
"""Of a file with columns, read at a time."""

EXAMPLES = 20
"""Lines that are no number and are named; the others are counted."""

KEPT = 3
"""Versions of a list whose files are kept, for a run to be judged by what held then."""

FILE_MODE = 0o640
"""As the database's: who does not want to be called is nobody else's affair."""

NUMBERS = ".numbers"
"""How the files' names end."""

Numbers = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(slots=True)
class Built:
    """What became of a file. ``refused``: lines that are no number, counted; ``examples``: some of them, with their
    line."""

    path: Path
    version: str = ""
    numbers: int = 0
    lines: int = 0
    refused: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)


def build(
    stream: BinaryIO,
    where: Location,
    region: str | None,
    column: str | None,
    folder: Path,
    refused_share: float = 1.0,
) -> Built:
    """The numbers of ``stream`` in a new file in ``folder``; the same numbers give the same file.

    ``region`` (ISO 3166) reads numbers without a country code. ``column``: the name of the column, or its place
    (from 1) where the file has no header; None: a line has one number and nothing else.
    ``refused_share``: how many of the lines may be no number; who is left off a list is called.

    Raises:
        LeadError: the region or the column is unknown, there is no number in the file, or too much is none.
        OSError: the disk is full, or the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan, built = _Plan(region, where), Built(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".import-") as place:
        found = _lines(stream, where, plan, built) if column is None else _cells(stream, where, column, plan, built)
        pieces = list(_pieces(found, Path(place)))
        if not pieces:
            raise LeadError(f"there is no number in it ({built.refused} lines are none)", where)
        if built.refused > refused_share * built.lines:
            line, text = built.examples[0]
            raise LeadError(
                f"{built.refused} of {built.lines} lines are no number, line {line} ({text!r}) for example: is it the"
                " right column and region? --anyway takes the rest",
                where,
            )
        whole = Path(place) / "whole"
        built.version, built.numbers = _write(whole, _merged(pieces))
        built.path = folder / f"{built.version}{NUMBERS}"
        whole.replace(built.path)
    _sync_folder(folder)
    return built


def drop_old(folder: Path, serving: Path) -> None:
    """Remove all but the newest versions from a list's folder; never the one that holds."""
    files = sorted(folder.glob(f"*{NUMBERS}"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in files[KEPT:]:
        if old != serving:
            old.unlink()


# --- reading ----------------------------------------------------------------------------------------------------


class _Plan:
    """How a country's numbers are written."""

    def __init__(self, region: str | None, where: Location) -> None:
        self._region = region
        self._code = b""
        self._trunk = b""
        self._abroad: re.Pattern[bytes] | None = None
        self._lengths: frozenset[int] = frozenset()
        if region is None:
            return
        plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if plan is None:
            raise LeadError(f"{region} is not a region: expected two capital letters of ISO 3166, e.g. US", where)
        self._code = str(plan.country_code).encode()
        self._trunk = (plan.national_prefix or "").encode()
        self._abroad = re.compile(plan.international_prefix.encode()) if plan.international_prefix else None
        self._lengths = frozenset(plan.general_desc.possible_length if plan.general_desc else ())

    def alike(self, block: bytes) -> Numbers | None:
        """The numbers of lines that all have as many digits, without a code, and nothing else; None: they are not so.
        A million of them takes as long as ten thousand lines that are looked at one by one."""
        size = block.find(b"\n")
        if size not in self._lengths or len(block) % (size + 1):
            return None
        table = np.frombuffer(block, dtype=np.uint8).reshape(-1, size + 1)
        digits = table[:, :size] - np.uint8(0x30)
        if (table[:, size] != 0x0A).any() or (digits > 9).any() or (digits[:, 0] == 0).any():
            return None
        for front in (self._code, self._trunk):
            begins = (table[:, : len(front)] == np.frombuffer(front, dtype=np.uint8)).all(axis=1)
            if front and size - len(front) in self._lengths and begins.any():
                return None
        code = np.uint64(int(self._code) * 10**size)
        return digits.astype(np.uint64) @ _POWERS[:size][::-1] + code

    def number(self, line: bytes) -> int:
        """The digits of E.164; 0: it is no number."""
        digits = line.translate(None, SIGNS)
        if digits.startswith(b"+"):
            digits = digits[1:]
        elif not digits.isdigit():
            return 0
        else:
            digits = self._international(digits)
        return int(digits) if SHORTEST <= len(digits) <= LONGEST and digits.isdigit() and digits[0] != 0x30 else 0

    def _international(self, digits: bytes) -> bytes:
        """The number with its country code, of one that was written without "+"; empty: it is none. A wrong guess
        would leave the person off the list, so what can be read in two ways is read as leads are."""
        code, trunk, size = self._code, self._trunk, len(digits)
        if not code:
            return b""
        if digits.startswith(b"00" + code) and size - 2 - len(code) in self._lengths:
            return digits[2:]
        if digits.startswith(b"0") and self._abroad is not None and self._abroad.match(digits):
            return self._as_leads_are(digits) or b""
        has_code = digits.startswith(code) and size - len(code) in self._lengths
        has_trunk = bool(trunk) and trunk != b"0" and digits.startswith(trunk) and size - len(trunk) in self._lengths
        if size in self._lengths and (has_code or has_trunk):
            return self._as_leads_are(digits) or code + digits
        if has_code:
            return digits
        if trunk and digits.startswith(trunk) and (trunk == b"0" or size not in self._lengths):
            digits = digits[len(trunk) :]  # no number begins with 0 where that is the prefix; some do with 8
        if len(digits) not in self._lengths or (trunk == b"0" and digits.startswith(b"0")):
            return b""
        return code + digits

    def _as_leads_are(self, digits: bytes) -> bytes | None:
        try:
            return to_e164(digits.decode(), self._region)[1:].encode()
        except NumberProblem:
            return None


_POWERS = np.array([10**place for place in range(LONGEST)], dtype=np.uint64)


def _lines(stream: BinaryIO, where: Location, plan: _Plan, built: Built) -> Iterator[Numbers]:
    """The numbers of a file that has one on each line."""
    first = stream.readline().removeprefix(b"\xef\xbb\xbf")
    if any(each > 0x7F or chr(each).isalpha() for each in first):
        if first.count(b",") + first.count(b";"):
            raise LeadError("several columns: name the one with the numbers", Location(where.file, 1))
        built.lines, first = 1, b""
    while block := first + stream.read(READ_BYTES):
        if not block.endswith(b"\n"):
            block += stream.readline()
        first = b""
        yield _block(block, plan, built)


def _block(block: bytes, plan: _Plan, built: Built) -> Numbers:
    alike = plan.alike(block.translate(None, SIGNS))
    if alike is not None:
        built.lines += len(alike)
        return alike
    return np.fromiter(_each(block.splitlines(), plan, built), dtype=np.uint64)


def _each(cells: Iterable[bytes], plan: _Plan, built: Built) -> Iterator[int]:
    """The numbers among cells; what is none is counted, and named while there is room."""
    for cell in cells:
        built.lines += 1
        if number := plan.number(cell):
            yield number
        elif cell.strip():
            built.refused += 1
            if len(built.examples) < EXAMPLES:
                built.examples.append((built.lines, cell.decode(errors="replace")))


def _cells(stream: BinaryIO, where: Location, column: str, plan: _Plan, built: Built) -> Iterator[Numbers]:
    """The numbers of one column."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    rows = csv.reader(text)
    try:
        if column.isdigit():
            index = int(column) - 1
        else:
            built.lines, index = 1, _place(next(rows, []), column, where)
        while some := list(itertools.islice(rows, ROWS)):
            cells = [row[index].encode() if 0 <= index < len(row) else b"?" for row in some]
            yield np.fromiter(_each(cells, plan, built), dtype=np.uint64)
    except csv.Error as problem:
        raise LeadError(f"is no CSV: {problem}", Location(where.file, rows.line_num)) from problem
    finally:
        text.detach()


def _place(header: list[str], column: str, where: Location) -> int:
    names = [name.strip() for name in header]
    if column not in names:
        raise LeadError(
            f"no column {column!r}: the header has {', '.join(map(repr, names))}", Location(where.file, 1)
        )
    return names.index(column)


# --- sorting ----------------------------------------------------------------------------------------------------


def _pieces(found: Iterable[Numbers], folder: Path) -> Iterator[Path]:
    """Sorted pieces of the numbers, on the disk."""
    held: list[Numbers] = []
    size = count = 0
    for numbers in found:
        held.append(numbers)
        size += len(numbers)
        if size >= PIECE:
            yield _sorted(held, folder / f"piece{count}")
            held, size, count = [], 0, count + 1
    if size:
        yield _sorted(held, folder / f"piece{count}")


def _sorted(held: list[Numbers], path: Path) -> Path:
    _ascending(np.concatenate(held)).tofile(path)
    return path


def _ascending(numbers: Numbers) -> Numbers:
    """Sorted in place, each once. ``np.unique`` (numpy 2.4) looks for doubles in a table first, ten times as slow."""
    numbers.sort()
    return numbers[np.append(True, numbers[1:] != numbers[:-1])] if len(numbers) else numbers


def _merged(pieces: list[Path]) -> Iterator[Numbers]:
    """All numbers in ascending order, each once, block by block."""
    rest = [_blocks(path) for path in pieces]
    held: list[Numbers] = [next(blocks) for blocks in rest]
    while held:
        bound = min(int(block[-1]) for block in held)  # up to here every piece has shown all that it has
        ready = [np.searchsorted(block, np.uint64(bound), side="right") for block in held]
        yield _ascending(np.concatenate([block[:count] for block, count in zip(held, ready, strict=True)]))
        left = [
            (blocks, block[count:] if count < len(block) else next(blocks, None))
            for blocks, block, count in zip(rest, held, ready, strict=True)
        ]
        rest = [blocks for blocks, block in left if block is not None]
        held = [block for _, block in left if block is not None]


def _blocks(path: Path) -> Iterator[Numbers]:
    with path.open("rb") as file:
        while len(block := np.fromfile(file, dtype=np.uint64, count=BLOCK)):
            yield block


def _write(path: Path, blocks: Iterable[Numbers]) -> tuple[str, int]:
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        file.write(b"\0" * HEADER.size)
        for block in blocks:
            data = block.astype("<u8").tobytes()
            digest.update(data)
            file.write(data)
            count += len(data) // NUMBER_BYTES
        file.seek(0)
        file.write(HEADER.pack(MAGIC, count, digest.digest()))
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), count


def _sync_folder(folder: Path) -> None:
    """The file's new name is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
