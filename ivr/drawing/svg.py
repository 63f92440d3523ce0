"""A flow as SVG: cards from left to right, a row for each way out, and the lines between them.

One file with nothing beside it: colours follow the reader's light or dark setting, and a screen reader is given the
title and the flow in words. Source: W3C, SVG 2 (``title``, ``desc``); Media Queries 5 (``prefers-color-scheme``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ivr.drawing.cards import Card, Way
from ivr.drawing.layers import LANE, Box, Line, Placed, Stop, placed
from ivr.nodes.base import Taken

WIDTH = 224.0
"""Of a card."""
HEAD = 48.0
"""Of a card's name, kind and main thing; with figures one more line."""
FIGURES = 18.0
ROW = 22.0
FOOT = 6.0
BETWEEN = 96.0
"""Between two layers: room for the lines to bend."""
APART = 22.0
"""Between two cards of a layer."""
MARGIN = 28.0
TITLE = 56.0
LEGEND = 44.0
ENTRY = 16.0
"""How far below a card's top lines arrive: at its name."""
LETTER = 6.6
"""The mean width of a letter of 12 px, in px, with room to spare; widths are judged, as there is no font to ask."""

LINES: Mapping[Taken, tuple[str, str]] = {
    Taken.BY_ITSELF: ("itself", "goes on by itself"),
    Taken.BY_CALLER: ("caller", "the caller chooses"),
    Taken.BY_CONDITION: ("condition", "by a condition"),
    Taken.BY_PERSON: ("person", "after a talk"),
}
"""The class and the legend of a line."""

STYLE = """\
.flow{--paper:#fbfbfa;--card:#fff;--edge:#d5d8dc;--ink:#1d2329;--soft:#626b75;--plain:#8a939d;--asks:#2563c9;
--person:#1c8656;--end:#a3483c;--condition:#8a4bb8;--bar:#2563c91f;--gone:#a3483c}
@media (prefers-color-scheme:dark){.flow{--paper:#15181c;--card:#1e2329;--edge:#38404a;--ink:#e6e9ec;--soft:#9aa4af;
--plain:#79838e;--asks:#6ea3f5;--person:#55c08d;--end:#e08a7e;--condition:#c08ae6;--bar:#6ea3f52e;--gone:#e08a7e}}
.flow text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink)}
.flow .paper{fill:var(--paper)}.flow .title{font-size:19px;font-weight:600}.flow .name{font-size:13px;font-weight:600}
.flow .soft{fill:var(--soft)}.flow .gone{fill:var(--gone)}.flow .right{text-anchor:end}.flow .figure{font-weight:600}
.flow .card{fill:var(--card);stroke:var(--edge)}.flow .unreached{stroke-dasharray:5 4}.flow .bar{fill:var(--bar)}
.flow .rule{stroke:var(--edge)}.flow .asks{fill:var(--asks)}.flow .person{fill:var(--person)}
.flow .end{fill:var(--end)}.flow .plain{fill:var(--plain)}
.flow .line{fill:none;stroke-width:1.6;stroke:var(--plain)}.flow .line.caller{stroke:var(--asks)}
.flow .line.person{stroke:var(--person)}.flow .line.condition{stroke:var(--condition)}
.flow .port{fill:var(--plain)}.flow .port.caller{fill:var(--asks)}.flow .port.person{fill:var(--person)}
.flow .port.condition{fill:var(--condition)}.flow .tip{fill:var(--soft)}
"""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the picture: the flow's id, and a line about it; ``legend``: of the lines, by their class;
    ``came``: of how many calls came to a node, with ``{count}`` in it."""

    title: str
    about: str
    legend: Mapping[str, str] = field(default_factory=lambda: dict(LINES.values()))
    came: str = "{count} in"


def svg(cards: Sequence[Card], heading: Heading) -> str:
    """The picture, as one XML document."""
    return _Picture(cards, heading).text()


@dataclass(frozen=True, slots=True)
class _Spot:
    """A card and its top left corner."""

    card: Card
    x: float
    y: float


class _Picture:
    def __init__(self, cards: Sequence[Card], heading: Heading) -> None:
        self._heading = heading
        self._cards = cards
        start = next((card.name for card in cards if card.is_start), "")
        boxes = [Box(card.name, _height(card), ENTRY) for card in cards]
        self._ways = {
            Line(card.name, _port(card, row), way.to): way for card in cards for row, way in enumerate(card.ways)
        }
        self._placed: Placed = placed(boxes, list(self._ways), start, APART)
        self._spots = {card.name: self._spot(card) for card in cards}

    def _spot(self, card: Card) -> _Spot:
        stop = Stop(card.name, self._placed.layer[card.name])
        return _Spot(card, _left(stop), self._placed.tops[stop] + MARGIN + TITLE)

    def text(self) -> str:
        width = max((spot.x + WIDTH for spot in self._spots.values()), default=WIDTH) + MARGIN + BETWEEN / 2
        width = max(width, 4 * 170.0 + 2 * MARGIN)
        bottoms = [spot.y + _height(spot.card) for spot in self._spots.values()]
        bottoms += [top + LANE + MARGIN + TITLE for top in self._placed.tops.values()]
        height = max(bottoms, default=0.0) + LEGEND + MARGIN
        root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "flow",
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": f"{width:g}",
                "height": f"{height:g}",
                "role": "img",
                "aria-labelledby": "flow-title flow-desc",
            },
        )
        ET.SubElement(root, "title", {"id": "flow-title"}).text = f"Flow {self._heading.title}"
        ET.SubElement(root, "desc", {"id": "flow-desc"}).text = "\n".join(_in_words(self._cards))
        ET.SubElement(root, "style").text = STYLE
        ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
        _write(root, MARGIN, MARGIN + 18, self._heading.title, "title")
        _write(root, MARGIN, MARGIN + 38, self._heading.about, "soft")
        for line, way in self._ways.items():
            self._draw_line(root, line, way)
        for spot in self._spots.values():
            _draw_card(root, spot, self._heading.came)
        _draw_legend(root, height - MARGIN, self._heading.legend)
        return ET.tostring(root, encoding="unicode") + "\n"

    def _draw_line(self, root: ET.Element, line: Line, way: Way) -> None:
        source, target = self._spots[line.source], self._spots[line.target]
        here = (source.x + WIDTH, source.y + line.port)
        route = self._placed.routes[line]
        path = [f"M{here[0]:.1f} {here[1]:.1f}"]
        for stop in route[1:-1]:
            x, y = _left(stop), self._placed.tops[stop] + LANE / 2 + MARGIN + TITLE
            near, far = ((x + WIDTH, y), (x, y)) if stop.back else ((x, y), (x + WIDTH, y))
            path += [_bend(here, near, stop.back, here[0] == near[0]), f"H{far[0]:.1f}"]
            here = far
        there = (target.x - 7, target.y + ENTRY)
        backward = len(route) > 2 and route[-2].back
        path.append(_bend(here, there, backward, backward))
        drawn = {"class": f"line {LINES[way.taken][0]}", "d": "".join(path)}
        told = ET.SubElement(ET.SubElement(root, "path", drawn), "title")
        told.text = f"{line.source}: {way.label} to {line.target}"
        x, y = there
        tip = f"M{x - 1:.1f} {y - 4.5:.1f}l8 4.5l-8 4.5z"
        ET.SubElement(root, "path", {"class": "tip", "d": tip})


def _bend(here: tuple[float, float], there: tuple[float, float], backward: bool, turns: bool) -> str:
    """A curve that leaves and arrives level: onward, back, or round the side of a card where it turns about."""
    (x, y), (to_x, to_y) = here, there
    if turns:
        way = 1.0 if abs(x - to_x) < 1 else -1.0
        reach = min(BETWEEN * 0.7, 26 + abs(to_y - y) / 6) * way
        return f"C{x + reach:.1f} {y:.1f} {to_x + reach:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    half = abs(to_x - x) / 2 * (-1 if backward else 1)
    return f"C{x + half:.1f} {y:.1f} {to_x - half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _left(stop: Stop) -> float:
    """The left side of a stop."""
    return MARGIN + BETWEEN / 2 + stop.layer * (WIDTH + BETWEEN)


def _head(card: Card) -> float:
    return HEAD + (FIGURES if card.entries is not None else 0.0)


def _height(card: Card) -> float:
    return _head(card) + ROW * len(card.ways) + (FOOT if card.ways else 0.0)


def _port(card: Card, row: int) -> float:
    """How far below the card's top its ``row``-th way leaves."""
    return _head(card) + ROW * (row + 0.5) + FOOT / 2


def _draw_card(root: ET.Element, spot: _Spot, came: str) -> None:
    card, x, y = spot.card, spot.x, spot.y
    group = ET.SubElement(root, "g")
    ET.SubElement(group, "title").text = f"{card.name}: {card.kind} {card.about}".strip()
    look = "card" if card.is_reached else "card unreached"
    box = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{WIDTH:g}", "height": f"{_height(card):g}", "rx": "7"}
    ET.SubElement(group, "rect", {"class": look, **box})
    mark = {"x": f"{x:.1f}", "y": f"{y + 8:.1f}", "width": "4", "height": "16", "rx": "2"}
    ET.SubElement(group, "rect", {"class": card.mark.value, **mark})
    name_width = WIDTH - 40 - len(card.kind) * LETTER
    name = f"▶ {card.name}" if card.is_start else card.name
    _write(group, x + 12, y + 21, _cut(name, name_width, 7.4), "name")
    _write(group, x + WIDTH - 12, y + 21, card.kind, "soft right")
    _write(group, x + 12, y + 39, _cut(card.about, WIDTH - 24), "soft")
    if card.entries is not None:
        _draw_figures(group, spot, card.entries, card.drop_offs or 0, came)
    if card.ways:
        line = {"x1": f"{x:.1f}", "x2": f"{x + WIDTH:.1f}", "y1": f"{y + _head(card):.1f}"}
        ET.SubElement(group, "line", {"class": "rule", **line, "y2": line["y1"]})
    for row, way in enumerate(card.ways):
        _draw_way(group, way, x, y + _port(card, row))


def _draw_figures(group: ET.Element, spot: _Spot, entries: int, drop_offs: int, came: str) -> None:
    x, y = spot.x, spot.y + 57
    _write(group, x + 12, y, came.format(count=entries), "figure")
    if drop_offs:
        share = f" ({drop_offs / entries:.0%})" if entries else ""
        _write(group, x + WIDTH - 12, y, f"{drop_offs} hung up{share}", "gone right")


def _draw_way(group: ET.Element, way: Way, x: float, y: float) -> None:
    if way.share:
        bar = {"x": f"{x + 1:.1f}", "y": f"{y - ROW / 2 + 1:.1f}", "height": f"{ROW - 2:g}", "rx": "3"}
        ET.SubElement(group, "rect", {"class": "bar", **bar, "width": f"{(WIDTH - 2) * min(way.share, 1.0):.1f}"})
    counted = "" if way.count is None else f"{way.count}"
    counted += "" if way.share is None else f" · {way.share:.0%}"
    _write(group, x + 12, y + 4, _cut(way.label, WIDTH - 32 - len(counted) * LETTER), "")
    if counted:
        _write(group, x + WIDTH - 12, y + 4, counted, "soft right")
    port = {"cx": f"{x + WIDTH:.1f}", "cy": f"{y:.1f}", "r": "3.5"}
    ET.SubElement(group, "circle", {"class": f"port {LINES[way.taken][0]}", **port})


def _draw_legend(root: ET.Element, y: float, legend: Mapping[str, str]) -> None:
    x = MARGIN
    for look, told in legend.items():
        ET.SubElement(root, "path", {"class": f"line {look}", "d": f"M{x:g} {y - 4:g}h26"})
        _write(root, x + 34, y, told, "soft")
        x += 170


def _write(parent: ET.Element, x: float, y: float, text: str, look: str) -> None:
    if text:
        ET.SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": look}).text = text


def _cut(text: str, width: float, letter: float = LETTER) -> str:
    """``text``, or as much of it as ``width`` px hold."""
    most = max(1, int(width / letter))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _in_words(cards: Sequence[Card]) -> Iterator[str]:
    """The flow for those who do not see it: a line for each node."""
    for card in cards:
        counted = "" if card.entries is None else f", {card.entries} calls came and {card.drop_offs} hung up"
        ways = "; ".join(
            f"{way.label} to {way.to}" + ("" if way.count is None else f" ({way.count})") for way in card.ways
        )
        begin = "The call begins here. " if card.is_start else ""
        yield f"{begin}{card.name}, {card.kind} {card.about}".rstrip() + f"{counted}: {ways or 'the call ends'}."
