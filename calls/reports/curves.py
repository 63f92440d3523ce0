"""Curves and funnels as SVG. Lines are told apart by colour and by dashes; tables with the numbers stand beside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from calls.reports.pictures import LEFT, WIDTH, Picture, across, edge, frame, in_words, rises, written

Series = tuple[str, Sequence[float]]

NAMES, BARS, ROW = 230, 420, 40
"""Of a funnel: where the names of its stages end, how wide the first one is, and how high each."""


def curves(title: str, labels: Sequence[str], series: Sequence[Series]) -> Picture:
    """Lines of shares, each a title and as many values as there are labels."""
    top = min(1.0, edge(max((value for _, values in series for value in values), default=0.0) or 0.01, "ratio"))
    body: list[str] = []
    x = LEFT
    for number, (name, values) in enumerate(series):
        radius = 3.5 if len(labels) < 60 else 1.5
        places = [(across(place + 0.5, len(labels)), rises(value / top)) for place, value in enumerate(values)]
        points = " ".join(f"{right:.1f},{down:.1f}" for right, down in places)
        body.append(f'<polyline class="curve{number}" points="{points}"/>')
        for label, value, (right, down) in zip(labels, values, places, strict=True):
            said = f"{label}: {name} {in_words(value, 'ratio')}"
            body.append(
                f'<circle class="dot{number}" cx="{right:.1f}" cy="{down:.1f}" r="{radius}">'
                f"<title>{escape(said)}</title></circle>"
            )
        body.append(f'<line class="curve{number}" x1="{x}" x2="{x + 24}" y1="12" y2="12"/>')
        body.append(written(x + 30, 16, name, "start"))
        x += 50 + 7 * len(name)
    return frame(title, body, labels, top, "ratio")


def funnel(title: str, stages: Sequence[tuple[str, int]]) -> Picture:
    """A bar for each stage, in the middle below the one before, with its share of the first and of that one."""
    height = ROW * len(stages) + 8
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">'
    ]
    first = stages[0][1]
    for place, (name, many) in enumerate(stages):
        y, before = 4 + ROW * place, stages[place - 1][1] if place else many
        width = BARS * many / first if first else 0.0
        of_first, of_before = (many / each if each else None for each in (first, before))
        said = f"{many:,}" if of_first is None else f"{many:,} \N{MIDDLE DOT} {of_first:.1%}"
        if place and of_before is not None:
            said += f" ({of_before:.1%})"
        parts.append(written(NAMES - 12, y + 20, name, "end"))
        parts.append(
            f'<rect class="series0" x="{NAMES + (BARS - width) / 2:.1f}" y="{y}" width="{max(width, 1.0):.1f}"'
            f' height="{ROW - 10}"><title>{escape(f"{name}: {said}")}</title></rect>'
        )
        parts.append(written(NAMES + BARS + 14, y + 20, said, "start"))
    return Picture(title, "".join([*parts, "</svg>"]))
