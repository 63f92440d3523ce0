"""What a picture is drawn on: an SVG with its axes, legend and places, as wide as a desktop or as a phone.

Colours come from the page's style sheet by class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape

Say = Callable[[str], str]
"""English words, or a number as it stands in English, in the language of who looks."""

LETTER = 7
"""How wide a letter of 12 pixels is taken to be."""

BOX = 30
"""What a title of the legend takes beside its letters: its colour, and the gap to the next one."""

LINES = ("load", "curve0", "curve1")
"""Classes of lines."""

LINE = 18
"""From one line of the legend to the next."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """``labels``: how many stand below the axis at most; ``hours``: from one label of a day's hours to the next;
    ``widest``: of a bar; ``kind``: its class, beside ``chart``. All lengths are pixels of a text of 12."""

    kind: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    labels: int
    hours: int
    widest: float

    @property
    def field(self) -> int:
        """How wide the field between the axes is."""
        return self.width - self.left - self.right

    def x(self, place: float, count: int) -> float:
        """Where a place of ``count`` stands."""
        return self.left + self.field * place / max(1, count)

    def y(self, share: float) -> float:
        """Where a share of the upper edge's value stands."""
        return self.height - self.bottom - (self.height - self.top - self.bottom) * share

    def bar(self, place: int, count: int) -> tuple[float, float]:
        """Where a bar begins, and how wide it is."""
        width = min(0.76 * (self.x(1, count) - self.left), self.widest)
        return self.x(place + 0.5, count) - width / 2, width

    def below(self, titles: Sequence[str]) -> Canvas:
        """The same with room for the lines of a legend."""
        more = LINE * (len(self._lines(titles)) - 1)
        return replace(self, top=self.top + more, height=self.height + more)

    def legend(self, titles: Sequence[str], classes: Sequence[str]) -> list[str]:
        """What each colour is, above the field; :data:`LINES` are lines. For a canvas of :meth:`below`."""
        parts: list[str] = []
        named = iter(classes)
        for row, line in enumerate(self._lines(titles)):
            y, x = LINE * row, self.left if self.left + sum(map(_long, line)) <= self.width else 0
            for title in line:
                look = next(named)
                if look in LINES:
                    parts.append(f'<line class="{look}" x1="{x}" x2="{x + 12}" y1="{y + 12}" y2="{y + 12}"/>')
                else:
                    parts.append(f'<rect class="{look}" x="{x}" y="{y + 6}" width="11" height="11"/>')
                parts.append(text(x + 16, y + 16, title, "start"))
                x += _long(title)
        return parts

    def _lines(self, titles: Sequence[str]) -> list[list[str]]:
        lines: list[list[str]] = [[]]
        for title in titles:
            if lines[-1] and sum(map(_long, [*lines[-1], title])) > self.width:
                lines.append([])
            lines[-1].append(title)
        return lines

    def axes(self, quarters: Sequence[str], labels: Sequence[str]) -> list[str]:
        """Lines at each quarter of the height with what they stand for, and the labels that there is room for."""
        parts = []
        for quarter, said in enumerate(quarters):
            y = self.y(quarter / 4)
            ends = f'x1="{self.left}" x2="{self.width - self.right}" y1="{y:.1f}" y2="{y:.1f}"'
            parts.append(f'<line class="grid" {ends}/>')
            parts.append(text(self.left - 6, y + 4, said, "end"))
        longest = LETTER * max(map(len, labels), default=0)
        most = max(1, min(self.labels, self.field // (longest + LETTER)))
        every = -(-len(labels) // most)
        for place, label in enumerate(labels):
            if place % every == 0:
                parts.append(text(self.x(place + 0.5, len(labels)), self.height - self.bottom + 18, label, "middle"))
        return parts

    def svg(self, title: str, parts: Sequence[str]) -> str:
        """The picture, with a title for who does not see it."""
        size = f'viewBox="0 0 {self.width} {self.height}"'
        return (
            f'<svg class="chart {self.kind}" {size} role="img" aria-label="{escape(title, quote=True)}">'
            + "".join([*parts, "</svg>"])
        )


WIDE = Canvas("wide-chart", 860, 260, 56, 12, 26, 46, 12, 2, 96.0)
NARROW = Canvas("narrow-chart", 344, 240, 44, 6, 26, 30, 6, 4, 56.0)
"""As wide as a card's inside on a phone of 390 pixels."""


def text(x: float, y: float, words: str, anchor: str) -> str:
    """Words of an axis."""
    return f'<text class="axis" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _long(title: str) -> int:
    return BOX + LETTER * len(title)
