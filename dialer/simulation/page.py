"""A comparison as one HTML page: table and pictures, light and dark, nothing from outside."""

from __future__ import annotations

from html import escape

from dialer.simulation import pictures
from dialer.simulation.comparison import Comparison, percent, seconds
from dialer.simulation.replications import Results, difference

_LIGHT = ("#2a6fbb", "#c8641c", "#0f8a6b", "#8a5fc2", "#b8860b", "#c2407a", "#4d7a1f", "#5b6b7a")
_DARK = ("#6aa9ee", "#f0945a", "#45c3a0", "#b795ec", "#e0b23e", "#ef84b2", "#93c257", "#a5b3c0")
"""Apart from each other in lightness too, and read on their ground."""

_STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1d2329; --soft: #5c6670; --line: #d9dee3; %(light)s }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14181c; --text: #e8ecef; --soft: #9aa5af; --line: #333c44; %(dark)s }
}
body { margin: 0 auto; max-width: 80rem; padding: 1.5rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
p { color: var(--soft); margin: 0 0 1.25rem; max-width: 70ch; }
.wide { overflow-x: auto; margin-bottom: 1.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%%; }
th, td { padding: .35rem .75rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child { text-align: left; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%%), 1fr)); gap: 1.5rem; }
figure { margin: 0; } svg { width: 100%%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 12px; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg line.cap { stroke: var(--text); stroke-dasharray: 4 4; }
svg text.cap, svg text.name { fill: var(--text); stroke: var(--ground); stroke-width: 3px; paint-order: stroke; }
svg polyline { fill: none; stroke-width: 2; }
.part { margin-left: 1.25rem; color: var(--soft); }
@media (max-width: 40rem) {
  svg text { font-size: 19px; } body { padding: 1rem; }
  th:first-child, td:first-child { position: sticky; left: 0; background: var(--ground); }
}
.key { display: inline-block; width: .75rem; height: .75rem; border-radius: 50%%; margin-right: .5rem; }
"""


def page(comparison: Comparison) -> str:
    """The whole page."""
    results, cap = comparison.results, comparison.scenario.abandonment_cap
    figures = [
        ("Occupancy against abandonment", pictures.frontier(results, cap)),
        ("Wait between calls", pictures.waits(results)),
        ("Occupancy by hour", pictures.by_hour(results, None)),
        ("Abandonment by hour", pictures.by_hour(results, cap)),
    ]
    shown = "".join(f"<figure><h2>{title}</h2>{picture}</figure>" for title, picture in figures)
    title = escape(comparison.title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_style()}</style></head><body><main><h1>{escape(comparison.scenario.name)}</h1>"
        f"<p>{title}. &plusmn; is half of a 95% interval over the replications; all policies meet the same"
        " people.</p>"
        f'<div class="wide">{_table(comparison)}</div><div class="pictures">{shown}</div></main></body></html>\n'
    )


def _style() -> str:
    def colours(values: tuple[str, ...]) -> str:
        return " ".join(f"--c{index}: {value};" for index, value in enumerate(values))

    series = "".join(
        f"svg .s{index} {{ stroke: var(--c{index}); }} svg circle.s{index} {{ fill: var(--c{index}); }}"
        f" .k{index} {{ background: var(--c{index}); }}"
        for index in range(pictures.COLOURS)
    )
    return _STYLE % {"light": colours(_LIGHT), "dark": colours(_DARK)} + series


def _table(comparison: Comparison) -> str:
    figures = ("occupancy %", "abandoned %", "runs above cap", "talk min/h", "wait s", "against the first, points")
    heads = ("policy", *figures)
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    rows = "".join(
        _row(index, each, comparison.results[0]) + "".join(map(_part, each.campaigns))
        for index, each in enumerate(comparison.results)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(index: int, each: Results, first: Results) -> str:
    gain = "" if each is first else percent(difference(each, first))
    key = f'<span class="key k{index % pictures.COLOURS}"></span>'
    return _cells(f"{key}{escape(each.policy)}", each, seconds(each.wait_s), gain)


def _part(each: Results) -> str:
    """A campaign's row below that of its policy."""
    return _cells(f'<span class="part">{escape(each.policy)}</span>', each, "", "")


def _cells(name: str, each: Results, wait: str, gain: str) -> str:
    cells = (
        percent(each.occupancy),
        percent(each.abandonment, 2),
        f"{100 * each.above_cap:.0f}%",
        f"{each.talk_min_per_hour.mean:.1f}",
        wait,
        gain,
    )
    return f"<tr><td>{name}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
