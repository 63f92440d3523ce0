"""Pictures of a comparison, as SVG: no script, no network; colours come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from dialer.simulation.replications import Results
from dialer.simulation.tally import WAIT_EDGES_S

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 24, 52
COLOURS = 8
"""So many the page has; further series are dashed."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``, marked at ``ticks``."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def part(self, value: float) -> float:
        """Where the value lies, 0 to 1."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


def axis(values: Iterable[float], floor: float | None = None) -> Axis:
    """One that holds ``values``, with round ticks; ``floor``: it begins there at the latest."""
    held = [each for each in values if math.isfinite(each)]
    low, high = min(held, default=0.0), max(held, default=1.0)
    low = low if floor is None else min(low, floor)
    step = _round_step(max(high - low, 1e-9) / 5)
    first, last = math.floor(low / step), math.ceil(high / step + 1e-9)
    last = max(last, first + 1)
    return Axis(first * step, last * step, tuple(index * step for index in range(first, last + 1)))


def _round_step(step: float) -> float:
    power = 10 ** math.floor(math.log10(step))
    return float(next(each * power for each in (1, 2, 5, 10) if each * power >= step * 0.999))


class Chart:
    """A drawing surface with two axes."""

    def __init__(self, x: Axis, y: Axis, x_label: str, y_label: str, x_names: Sequence[str] | None = None) -> None:
        self._x, self._y = x, y
        self._parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_label)}">']
        for index, tick in enumerate(x.ticks):
            at = self._at_x(tick)
            name = _number(tick) if x_names is None else x_names[index]
            self._parts.append(f'<line class="grid" x1="{at}" y1="{TOP}" x2="{at}" y2="{HEIGHT - BOTTOM}"/>')
            self._parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{name}</text>')
        for tick in y.ticks:
            at = self._at_y(tick)
            self._parts.append(f'<line class="grid" x1="{LEFT}" y1="{at}" x2="{WIDTH - RIGHT}" y2="{at}"/>')
            self._parts.append(f'<text x="{LEFT - 8}" y="{at + 4}" text-anchor="end">{_number(tick)}</text>')
        self._parts.append(
            f'<text class="label" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
            f"{escape(x_label)}</text>"
        )

    def _at_x(self, value: float) -> float:
        return round(LEFT + self._x.part(value) * (WIDTH - LEFT - RIGHT), 1)

    def _at_y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - self._y.part(value) * (HEIGHT - TOP - BOTTOM), 1)

    def line(self, points: Sequence[Point], series: int, title: str) -> None:
        """Joined points of a series."""
        path = " ".join(f"{self._at_x(x)},{self._at_y(y)}" for x, y in points)
        dashed = ' stroke-dasharray="6 4"' if series >= COLOURS else ""
        self._parts.append(
            f'<polyline class="s{series % COLOURS}" points="{path}"{dashed}><title>{escape(title)}</title></polyline>'
        )

    def cross(self, at: Point, half: Point, series: int, title: str) -> None:
        """A point with its intervals."""
        x, y, kind = self._at_x(at[0]), self._at_y(at[1]), f"s{series % COLOURS}"
        west, east = self._at_x(at[0] - half[0]), self._at_x(at[0] + half[0])
        south, north = self._at_y(at[1] - half[1]), self._at_y(at[1] + half[1])
        self._parts.append(f'<line class="{kind}" x1="{west}" y1="{y}" x2="{east}" y2="{y}"/>')
        self._parts.append(f'<line class="{kind}" x1="{x}" y1="{south}" x2="{x}" y2="{north}"/>')
        hollow = ' fill-opacity="0.2"' if series >= COLOURS else ""
        self._parts.append(
            f'<circle class="{kind}" cx="{x}" cy="{y}" r="5"{hollow}><title>{escape(title)}</title></circle>'
        )

    def name(self, at: Point, text: str, taken: list[Point]) -> None:
        """A text beside a point, where none of ``taken`` is in its way."""
        x, y = self._at_x(at[0]), self._at_y(at[1]) - 8
        end = x > WIDTH * 0.72
        while any(abs(y - other) < 14 and abs(x - beside) < 150 for beside, other in taken):
            y += 14
        taken.append((x, y))
        anchor, x = ("end", x - 9) if end else ("start", x + 9)
        self._parts.append(f'<text class="name" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')

    def upright(self, x: float, text: str) -> None:
        """A dashed line from the bottom to the top."""
        at = self._at_x(x)
        self._parts.append(f'<line class="cap" x1="{at}" y1="{TOP}" x2="{at}" y2="{HEIGHT - BOTTOM}"/>')
        self._parts.append(f'<text class="cap" x="{at}" y="{TOP - 4}" text-anchor="middle">{escape(text)}</text>')

    def across(self, y: float, text: str) -> None:
        """A dashed line from the left to the right."""
        at = self._at_y(y)
        self._parts.append(f'<line class="cap" x1="{LEFT}" y1="{at}" x2="{WIDTH - RIGHT}" y2="{at}"/>')
        self._parts.append(
            f'<text class="cap" x="{WIDTH - RIGHT - 4}" y="{at - 6}" text-anchor="end">{escape(text)}</text>'
        )

    def svg(self) -> str:
        """The picture."""
        return "".join([*self._parts, "</svg>"])


def frontier(results: Sequence[Results], cap: float) -> str:
    """Occupancy against abandonment, each with its interval; the cap as a line."""
    points = [(100 * each.abandonment.mean, 100 * each.occupancy.mean) for each in results]
    halves = [(100 * _finite(each.abandonment.half), 100 * _finite(each.occupancy.half)) for each in results]
    xs = [x + sign * half for (x, _), (half, _) in zip(points, halves, strict=True) for sign in (-1, 1)]
    ys = [y + sign * half for (_, y), (_, half) in zip(points, halves, strict=True) for sign in (-1, 1)]
    x_axis = axis([max(0.0, x) for x in xs] + [100 * cap * 1.2], 0.0)
    chart = Chart(x_axis, axis(ys), "occupancy % by abandoned % of persons who answered", "occupancy by abandonment")
    chart.upright(100 * cap, f"cap {100 * cap:g}%")
    taken: list[Point] = []
    for series, (each, at, half) in enumerate(zip(results, points, halves, strict=True)):
        chart.cross(at, half, series, f"{each.policy}: occupancy {at[1]:.1f}%, abandoned {at[0]:.2f}%")
        chart.name(at, each.policy, taken)
    return chart.svg()


def waits(results: Sequence[Results]) -> str:
    """How many of an agent's waits for the next call are no longer than so many seconds."""
    edges = WAIT_EDGES_S[1:]
    places = Axis(0.0, float(len(edges) - 1), tuple(float(index) for index in range(len(edges))))
    names = [f"{edge:g}" for edge in edges]
    shares = Axis(0.0, 100.0, (0.0, 20.0, 40.0, 60.0, 80.0, 100.0))
    chart = Chart(places, shares, "% of waits no longer than so many seconds", "waits between calls", names)
    for series, each in enumerate(results):
        counts = [sum(tally.waits[index] for tally in each.tallies) for index in range(len(WAIT_EDGES_S))]
        total, so_far, points = max(1, sum(counts)), 0, []
        for index in range(len(edges)):
            so_far += counts[index]
            points.append((float(index), 100 * so_far / total))
        chart.line(points, series, each.policy)
    return chart.svg()


def by_hour(results: Sequence[Results], cap: float | None) -> str:
    """Occupancy in each hour; with ``cap``, the share abandoned and the cap instead."""
    figures = [_hours(each, abandoned=cap is not None) for each in results]
    last = max((points[-1][0] for points in figures if points), default=1.0)
    hours = Axis(0.0, max(last, 1.0), tuple(float(hour) for hour in range(int(max(last, 1.0)) + 1)))
    values = [y for points in figures for _, y in points]
    label = "occupancy, %" if cap is None else "abandoned, %"
    shown = axis(values) if cap is None else axis([*values, 100 * cap], 0.0)
    chart = Chart(hours, shown, f"hour of the run: {label}", f"{label} by hour")
    if cap is not None:
        chart.across(100 * cap, f"cap {100 * cap:g}%")
    for series, (each, points) in enumerate(zip(results, figures, strict=True)):
        chart.line(points, series, each.policy)
    return chart.svg()


def _hours(each: Results, *, abandoned: bool) -> list[Point]:
    """The mean over the replications of each hour's figure."""
    numbers = sorted({number for tally in each.tallies for number in tally.hours})
    points = []
    for number in numbers:
        found = [tally.hours[number] for tally in each.tallies if number in tally.hours]
        values = [hour.abandonment if abandoned else hour.occupancy for hour in found]
        points.append((float(number), 100 * sum(values) / len(values)))
    return points


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _number(value: float) -> str:
    return f"{round(value, 6):g}"
