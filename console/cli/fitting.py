"""Tables that can be read at the width of the terminal: no column is squeezed until nothing is left of its words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

PROSE = 24
"""Letters down to which a column of sentences is wrapped."""

UNBROKEN = 60
"""Letters of one word, such as a path, that may stand in one line."""

GAP = 3
"""What a column takes beside its letters: a line and a space on both sides."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown as one table: ``least``, how many letters each column must have."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    least: tuple[int, ...]

    @property
    def width(self) -> int:
        """Letters of a line, at least."""
        return sum(self.least) + GAP * len(self.least) + 1

    def widths(self, width: int) -> list[int]:
        """Letters of each column in a table of at most ``width``: what is left over is divided evenly between those
        that need more to have all in one line."""
        widths, spare = [*self.least], max(0, width - self.width)
        needs = [max(0, need - least) for need, least in zip(self._lines(), self.least, strict=True)]
        by_need = sorted(range(len(needs)), key=needs.__getitem__)
        for left, place in zip(range(len(needs), 0, -1), by_need, strict=True):
            more = min(needs[place], spare // left)
            widths[place] += more
            spare -= more
        return widths

    def _lines(self) -> Iterator[int]:
        for place, name in enumerate(self.columns):
            yield max([len(name), *(len(row[place]) for row in self.rows)])


def drawn(title: str, shown: Part, width: int) -> Table:
    """The part as a table for a terminal of ``width`` letters."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for name, letters in zip(shown.columns, shown.widths(width), strict=True):
        table.add_column(Text(name), width=letters, overflow="fold")
    for row in shown.rows:
        table.add_row(*map(Text, row))
    return table


def part(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Part:
    """All of a table in one."""
    cells = [tuple(row) for row in rows]
    of_each = list(zip(*cells, strict=True)) if cells else [()] * len(columns)
    return Part(tuple(columns), tuple(cells), tuple(map(_least, columns, of_each)))


def fitting(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, keys: int = 1) -> list[Part]:
    """The table in as many parts as it takes to show each in ``width`` letters; the first ``keys`` columns name a
    row, and stand in each part.

    A table of few rows with many columns is turned, so that its columns are rows.
    """
    whole = part(columns, rows)
    if whole.width <= width:
        return [whole]
    turned = _turned(columns, rows, keys)
    if len(columns) - keys > len(rows) > 0 and turned.width <= width:
        return [turned]
    return _split(whole, width, keys)


def most_important(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, by_importance: Collection[str]
) -> tuple[Part, list[str]]:
    """The table with those columns that fit in ``width`` letters, in their own order, and the names of the others.

    What stands first in ``by_importance`` is taken first, what is not in it last and in its own order; the first is
    always there.
    """
    order = [*by_importance, *(each for each in columns if each not in by_importance)]
    taken = {order[0]}
    for name in order[1:]:
        wanted = [place for place, each in enumerate(columns) if each in taken | {name}]
        if _of(part(columns, rows), wanted).width <= width:
            taken.add(name)
    kept = [place for place, each in enumerate(columns) if each in taken]
    return _of(part(columns, rows), kept), [each for each in columns if each not in taken]


def _split(whole: Part, width: int, keys: int) -> list[Part]:
    named = list(range(keys))
    parts: list[list[int]] = []
    for place in range(keys, len(whole.columns)):
        if not parts or _of(whole, [*parts[-1], place]).width > width:
            parts.append([*named])
        parts[-1].append(place)
    return [_of(whole, places) for places in parts]


def _of(whole: Part, places: Sequence[int]) -> Part:
    """Some columns of a part."""
    return Part(
        tuple(whole.columns[place] for place in places),
        tuple(tuple(row[place] for place in places) for row in whole.rows),
        tuple(whole.least[place] for place in places),
    )


def _turned(columns: Sequence[str], rows: Sequence[Sequence[str]], keys: int) -> Part:
    named = [" / ".join(columns[:keys]), *(" / ".join(row[:keys]) for row in rows)]
    return part(
        named, [[column, *(row[place] for row in rows)] for place, column in enumerate(columns) if place >= keys]
    )


def _least(header: str, cells: Sequence[str]) -> int:
    """Letters that a column must have: its longest word, and its cells in one line where they are short."""
    words = [len(word) for cell in (header, *cells) for word in cell.split()]
    lines = [min(len(cell), PROSE) for cell in cells]
    return max(1, min(UNBROKEN, max(words, default=0)), max(lines, default=0))
