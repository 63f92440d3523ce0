"""A report as one HTML file: pictures, a table and the definitions, light and dark, nothing from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1d2329; --quiet: #5c6670; --line: #d9dee3;
  --accent: #2a6fbb; --bad: #b3261e; --warn: #9a6700; --good: #0f7a5c; --away: #5b6b7a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14181c; --text: #e8ecef; --quiet: #a3aeb8; --line: #333c44;
    --accent: #6aa9ee; --bad: #ff8a80; --warn: #e0b23e; --good: #45c3a0; --away: #a5b3c0; } }
body { margin: 0 auto; max-width: 80rem; padding: 1.25rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p, dd, figcaption { color: var(--quiet); } dd { margin: 0 0 .5rem; } dt { font-weight: 600; }
.wide { overflow-x: auto; } figure { margin: 1.25rem 0; container-type: inline-size; }
figure .narrow-chart { display: none; max-width: 34rem; }
@container (max-width: 42rem) { figure .wide-chart { display: none; } figure .narrow-chart { display: block; } }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 500; white-space: normal; vertical-align: bottom; }
.left { text-align: left; }
svg { width: 100%; height: auto; display: block; } .axis { fill: var(--quiet); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--line); } .series0, .dot, .heat { fill: var(--accent); } .series1 { fill: var(--bad); }
.series2 { fill: var(--warn); } .series3 { fill: var(--good); } .series4 { fill: var(--away); }
.line { fill: none; stroke: var(--accent); stroke-width: 2; }
.target { stroke: var(--bad); stroke-dasharray: 6 4; }
"""

Cell = str | int | float | bool | None
Say = Callable[[str], str]


def whole(title: str, subtitle: str, parts: Iterable[str], language: str = "en") -> str:
    """The page around ``parts``, which are HTML."""
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>"
        f"<p>{escape(subtitle)}</p>{''.join(parts)}</main></body></html>\n"
    )


def figure(title: str, svg: str) -> str:
    """A picture with its title."""
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def table(names: Sequence[str], numeric: Sequence[bool], rows: Iterable[Sequence[Cell]], say: Say = str) -> str:
    """A table; the columns that are not ``numeric`` stand left. ``say``: the language of its numbers."""
    place = ['<{} class="left">' if not each else "<{}>" for each in numeric]
    head = "".join(f"{at.format('th')}{escape(name)}</th>" for at, name in zip(place, names, strict=True))
    body = "".join(f"<tr>{_cells(place, row, say)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(place: Sequence[str], row: Sequence[Cell], say: Say) -> str:
    shown = (said(cell) if isinstance(cell, str) else say(said(cell)) for cell in row)
    return "".join(f"{at.format('td')}{escape(cell)}</td>" for at, cell in zip(place, shown, strict=True))


def definitions(heading: str, each_of: Iterable[tuple[str, str]]) -> str:
    """Names with what they mean."""
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in each_of)
    return f"<h2>{escape(heading)}</h2><dl>{listed}</dl>"


def left_out(heading: str, sentences: Sequence[str]) -> str:
    """Which figures are not there, and why; nothing where all are."""
    listed = "".join(f"<li>{escape(each)}</li>" for each in sentences)
    return f"<h2>{escape(heading)}</h2><ul>{listed}</ul>" if listed else ""


def said(value: Cell) -> str:
    """A cell as people read it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"
    return str(value)
