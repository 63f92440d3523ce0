"""Curves and funnels as SVG. Lines are told apart by colour and by dashes; tables with the numbers stand beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from calls.reports.canvas import NARROW, Canvas, Say, text
from calls.reports.pictures import Picture, as_it_is, axes, edge, in_words, picture

Series = tuple[str, Sequence[float]]

NAMES, BARS, ROW = 230, 420, 40
"""Of a funnel: where the names of its stages end, how wide the first one is, and how high each."""

NARROW_ROW = 54
"""On a phone a stage's name stands above its bar."""


def curves(title: str, labels: Sequence[str], series: Sequence[Series], say: Say = as_it_is) -> Picture:
    """Lines of shares, each a title and as many values as there are labels. ``say``: how numbers are written."""
    highest = max((value for _, values in series for value in values), default=0.0) or 0.01
    top = edge(highest, "ratio") if highest > 1.0 else min(1.0, edge(highest, "ratio"))
    titles = [name for name, _ in series]

    def draw(canvas: Canvas) -> tuple[Canvas, list[str]]:
        at = canvas.below(titles)
        body: list[str] = []
        for number, (name, values) in enumerate(series):
            radius = 3.5 if len(labels) < 60 else 1.5
            places = [(at.x(place + 0.5, len(labels)), at.y(value / top)) for place, value in enumerate(values)]
            points = " ".join(f"{right:.1f},{down:.1f}" for right, down in places)
            body.append(f'<polyline class="curve{number}" points="{points}"/>')
            for label, value, (right, down) in zip(labels, values, places, strict=True):
                said = f"{label}: {name} {say(in_words(value, 'ratio'))}"
                body.append(
                    f'<circle class="dot{number}" cx="{right:.1f}" cy="{down:.1f}" r="{radius}">'
                    f"<title>{escape(said)}</title></circle>"
                )
        legend = at.legend(titles, [f"curve{number}" for number in range(len(series))])
        return at, [*axes(at, top, "ratio", labels, say), *body, *legend]

    return picture(title, draw)


def funnel(title: str, stages: Sequence[tuple[str, int]], say: Say = as_it_is) -> Picture:
    """A bar for each stage, in the middle below the one before, with its share of the first and of that one. The
    largest is as wide as there is room."""
    first = stages[0][1]
    most = max(many for _, many in stages)

    def draw(canvas: Canvas) -> tuple[Canvas, list[str]]:
        parts: list[str] = []
        is_narrow = canvas is NARROW
        row = NARROW_ROW if is_narrow else ROW
        at = replace(canvas, height=row * len(stages) + 8)
        left, widest = (0, canvas.width) if is_narrow else (NAMES, BARS)
        for place, (name, many) in enumerate(stages):
            y, width = 4 + row * place, widest * many / most if most else 0.0
            said = _of(many, first, stages[place - 1][1] if place else None, say)
            bar = y + (22 if is_narrow else 0)
            parts.append(text(0, y + 16, name, "start") if is_narrow else text(left - 12, y + 20, name, "end"))
            parts.append(
                f'<rect class="series0" x="{left + (widest - width) / 2:.1f}" y="{bar}" width="{max(width, 1.0):.1f}"'
                f' height="{ROW - 18 if is_narrow else ROW - 10}"><title>{escape(f"{name}: {said}")}</title></rect>'
            )
            x, anchor = (canvas.width, "end") if is_narrow else (left + widest + 14, "start")
            parts.append(text(x, y + (16 if is_narrow else 20), said, anchor))
        return at, parts

    return picture(title, draw)


def _of(many: int, first: int, before: int | None, say: Say) -> str:
    """A stage's leads, with their share of the first stage and of the one before."""
    said = say(f"{many:,}")
    if first:
        said += f" \N{MIDDLE DOT} {say(f'{many / first:.1%}')}"
    return f"{said} ({say(f'{many / before:.1%}')})" if before else said
