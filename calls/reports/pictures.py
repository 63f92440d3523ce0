"""Pictures of answers as SVG, without scripts: bars by time or kind, a line against its target, a map of the week.

Colours come from the page's style sheet by class; a table with the same numbers always stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

from calls.reports.definitions import BY_NAME, Section, of_section
from calls.reports.question import TIMES, WEEKDAYS, Answer, Dimension

WIDTH, HEIGHT = 860, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 26, 46
HOUR_S = 3600.0
HOURS_FROM_S = 7200.0
"""Longer times are told in hours."""

WIDEST = 96.0
"""Of a bar."""

LABELS = 12
"""How many labels stand below the axis at most."""

STACKS: Mapping[Section, tuple[str, ...]] = {
    Section.INBOUND: ("answered", "abandoned"),
    Section.FLOWS: ("entered",),
    Section.OUTBOUND: ("attempts",),
    Section.MACHINES: ("machines_detected", "machines_by_agents"),
    Section.SALES: ("sales",),
    Section.AGENTS: ("time_talking", "time_wrap_up", "time_reserved", "time_ready", "time_paused"),
    Section.NODES: ("entries",),
    Section.ENDINGS: ("ended",),
    Section.CALLBACKS: ("callbacks_asked",),
    Section.LEADS: ("leads",),
}
"""What is drawn as bars, one on the other."""

LINES: Mapping[Section, str] = {
    Section.INBOUND: "service_level",
    Section.FLOWS: "containment_technical",
    Section.OUTBOUND: "abandonment_us",
    Section.SALES: "conversion",
    Section.AGENTS: "occupancy",
    Section.NODES: "node_drop_off",
    Section.CALLBACKS: "callbacks_kept",
    Section.LEADS: "penetration",
}
"""What is drawn as a line."""

HEATS: Mapping[Section, str] = {
    Section.INBOUND: "offered",
    Section.FLOWS: "entered",
    Section.OUTBOUND: "answer_rate_of_attempts",
    Section.SALES: "sales",
    Section.ENDINGS: "ended",
    Section.CALLBACKS: "callbacks_asked",
}

BANDS = tuple(each.name for each in of_section(Section.INBOUND) if each.name.startswith(("wait_to_", "wait_over_")))
"""How long answered callers waited, from the shortest waits to the longest."""

PACE, ABANDONED = "dials_per_agent_hour", "abandonment_us"
"""What pacing does for agents, and what callers pay for it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``svg``: with a title for who does not see it."""

    title: str
    svg: str


def pictures(answer: Answer, section: Section, targets: Mapping[str, float]) -> list[Picture]:
    """What can be drawn of an answer; ``targets`` by the figures' names, for lines."""
    by = answer.question.by
    if not answer.rows:
        return []
    if by == (Dimension.WEEKDAY, Dimension.HOUR_OF_DAY):
        return [_heat(answer, HEATS[section])] if section in HEATS else []
    if len(by) != 1:
        return []
    names = {each.name for each in answer.figures}
    drawn = []
    stack = [name for name in STACKS.get(section, ()) if name in names]
    if stack:
        drawn.append(_bars(answer, stack))
    if section is Section.INBOUND and set(BANDS) <= names:
        drawn.append(_bands(answer))
    if {PACE, ABANDONED} <= names and by[0] in TIMES:
        drawn.append(_pace(answer, targets.get(ABANDONED)))
    line = LINES.get(section)
    if line in names and by[0] in TIMES:
        drawn.append(_line(answer, str(line), targets.get(str(line))))
    return drawn


def _values(answer: Answer, name: str) -> list[float | None]:
    place = next(place for place, each in enumerate(answer.figures) if each.name == name)
    return [row.figures[place].value for row in answer.rows]


def frame(title: str, body: Sequence[str], labels: Sequence[str], top: float, unit: str) -> Picture:
    """The axes around ``body``; ``top``: the value at the upper edge, as :func:`edge` has it."""
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">'
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = rises(share)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(written(LEFT - 6, y + 4, in_words(share * top, unit, top), "end"))
    every = -(-len(labels) // LABELS)
    for place, label in enumerate(labels):
        if place % every == 0:
            x = across(place + 0.5, len(labels))
            parts.append(written(x, HEIGHT - BOTTOM + 18, label, "middle"))
    return Picture(title, "".join([*parts, *body, "</svg>"]))


def _opened(title: str) -> str:
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">'


def written(x: float, y: float, text: str, anchor: str) -> str:
    """Text of an axis or a legend at a place; ``anchor``: "start", "middle" or "end"."""
    return f'<text class="axis" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def across(place: float, count: int) -> float:
    """Where a place of so many is, from the left."""
    return LEFT + (WIDTH - LEFT - RIGHT) * place / max(1, count)


def _bar(place: int, count: int) -> tuple[float, float]:
    """Where a bar begins, and how wide it is."""
    width = min(0.76 * (across(1, count) - LEFT), WIDEST)
    return across(place + 0.5, count) - width / 2, width


def rises(share: float) -> float:
    """Where a share of the upper edge is, from the top."""
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def in_words(value: float, unit: str, top: float | None = None) -> str:
    """A value of a figure as it stands in a picture, beside others up to ``top``."""
    if unit == "ratio":
        return f"{round(value * 100, 2):g}%"
    if unit == "s" and (value if top is None else top) >= HOURS_FROM_S:
        return f"{round(value / HOUR_S, 1):g} h"
    return f"{value:,.0f}{' s' if unit == 's' else ''}"


def edge(highest: float, unit: str) -> float:
    """The upper edge of a picture that holds ``highest``: each quarter of it stands at the axis, and as a number that
    is exact there."""
    if unit == "ratio":
        return _quarters(highest, 0.01, 0.0)
    found = _quarters(highest, 1.0, 1.0)
    return _quarters(highest, HOUR_S, 0.5) if unit == "s" and found >= HOURS_FROM_S else found


def _quarters(highest: float, scale: float, least: float) -> float:
    """Four times a round number of ``scale``, ``least`` or more."""
    quarter = max(highest / 4 / scale, least, 0.01)
    tens = 10.0 ** floor(log10(quarter))
    return 4 * scale * next(each * tens for each in (1, 2, 3, 4, 5, 6, 8, 10) if quarter <= each * tens * (1 + 1e-9))


def _label(answer: Answer, text: str) -> str:
    """Short enough to stand below a bar; by an interval its time of day."""
    if answer.question.by[0] in (Dimension.HOUR, Dimension.HALF, Dimension.QUARTER):
        return text[5:10] + " " + text[11:16] if text[11:16] == "00:00" else text[11:16]
    return text[5:] if answer.question.by[0] is Dimension.DAY else (text or "none")[:14]


def _bars(answer: Answer, names: Sequence[str]) -> Picture:
    series = [[value or 0.0 for value in _values(answer, name)] for name in names]
    top = edge(max(map(sum, zip(*series, strict=True)), default=0.0), BY_NAME[names[0]].unit)
    body: list[str] = []
    count = len(answer.rows)
    for place, row in enumerate(answer.rows):
        below = 0.0
        for number, (name, values) in enumerate(zip(names, series, strict=True)):
            share = values[place] / top
            if share <= 0:
                continue
            x, width = _bar(place, count)
            said = f"{' '.join(row.key)}: {BY_NAME[name].title} {in_words(values[place], BY_NAME[name].unit)}"
            body.append(
                f'<rect class="series{number}" x="{x:.1f}" y="{rises(below + share):.1f}" width="{width:.1f}"'
                f' height="{rises(below) - rises(below + share):.1f}"><title>{escape(said)}</title></rect>'
            )
            below += share
    body += _legend([BY_NAME[name].title for name in names])
    labels = [_label(answer, row.key[0]) for row in answer.rows]
    return frame(" and ".join(BY_NAME[name].title for name in names), body, labels, top, BY_NAME[names[0]].unit)


def _bands(answer: Answer) -> Picture:
    """The answered calls of all rows together by how long they waited: a row has each call once."""
    places = [next(place for place, each in enumerate(answer.figures) if each.name == name) for name in BANDS]
    counts = [sum(row.figures[place].numerator for row in answer.rows) for place in places]
    answered = sum(counts)
    top = edge(max(counts), "calls")
    body, labels = [], [BY_NAME[name].title.removeprefix("Wait ") for name in BANDS]
    for place, (label, many) in enumerate(zip(labels, counts, strict=True)):
        if many > 0:
            x, width = _bar(place, len(counts))
            y = rises(many / top)
            said = f"{label}: {many:,.0f} of {answered:,.0f} answered, {in_words(many / answered, 'ratio')}"
            body.append(
                f'<rect class="series0" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{rises(0) - y:.1f}">'
                f"<title>{escape(said)}</title></rect>"
            )
    return frame("Waits of answered calls", body, labels, top, "calls")


def _pace(answer: Answer, cap: float | None) -> Picture:
    """Dials per agent hour as bars, by the axis at the left; the abandoned as dots with their cap, by a scale of
    its own whose upper edge the legend says."""
    dials, abandoned = _values(answer, PACE), _values(answer, ABANDONED)
    top = edge(max((each or 0.0 for each in dials), default=0.0), "")
    highest = max((*(each or 0.0 for each in abandoned), cap or 0.0, 0.01))
    share = edge(1.1 * highest, "ratio")
    body, count = [], len(answer.rows)
    for place, (row, each, lost) in enumerate(zip(answer.rows, dials, abandoned, strict=True)):
        x, width = _bar(place, count)
        if each:
            said = f"{row.key[0]}: {BY_NAME[PACE].title} {each:.1f}"
            y = rises(each / top)
            body.append(
                f'<rect class="series0" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{rises(0) - y:.1f}">'
                f"<title>{escape(said)}</title></rect>"
            )
        if lost is not None:
            said = f"{row.key[0]}: {BY_NAME[ABANDONED].title} {in_words(lost, 'ratio')}"
            body.append(
                f'<circle class="series1" cx="{x + width / 2:.1f}" cy="{rises(lost / share):.1f}" r="4">'
                f"<title>{escape(said)}</title></circle>"
            )
    body += _legend([BY_NAME[PACE].title, f"{BY_NAME[ABANDONED].title}, at the top {in_words(share, 'ratio')}"])
    if cap is not None:
        y = rises(cap / share)
        body.append(f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(written(WIDTH - RIGHT, y - 5, f"cap {in_words(cap, 'ratio')}", "end"))
    labels = [_label(answer, row.key[0]) for row in answer.rows]
    return frame("Dials per agent hour and abandonment", body, labels, top, "")


def steps(
    title: str, labels: Sequence[str], bars: tuple[str, Sequence[float]], line: tuple[str, Sequence[float]]
) -> Picture:
    """Bars side by side, with a line over them: each a title and as many values as there are labels."""
    top = edge(max((*bars[1], *line[1]), default=0.0), "")
    count = len(labels)
    body = []
    for place, (label, value) in enumerate(zip(labels, bars[1], strict=True)):
        x, width = _bar(place, count)
        y = rises(value / top)
        body.append(
            f'<rect class="series0" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{rises(0) - y:.1f}">'
            f"<title>{escape(f'{label}: {bars[0]} {value:g}')}</title></rect>"
        )
    points = " ".join(
        f"{across(place + 0.5, count):.1f},{rises(each / top):.1f}" for place, each in enumerate(line[1])
    )
    body.append(f'<polyline class="load" points="{points}"/>')
    legend = _legend([bars[0]])
    x = LEFT + 60 + 7 * len(bars[0])
    legend += [f'<line class="load" x1="{x}" x2="{x + 20}" y1="12" y2="12"/>', written(x + 26, 16, line[0], "start")]
    return frame(title, [*body, *legend], labels, top, "")


def _legend(titles: Sequence[str]) -> list[str]:
    parts: list[str] = []
    x = LEFT
    for number, title in enumerate(titles):
        parts.append(f'<rect class="series{number}" x="{x}" y="6" width="11" height="11"/>')
        parts.append(written(x + 16, 16, title, "start"))
        x += 30 + 7 * len(title)
    return parts


def _line(answer: Answer, name: str, target: float | None) -> Picture:
    values, count = _values(answer, name), len(answer.rows)
    highest = max((value for value in values if value is not None), default=0.0)
    highest = max(highest, target or 0.0)
    top = 1.0 if highest > 0.25 else edge(max(1.1 * highest, 0.01), "ratio")
    title = BY_NAME[name].title
    body: list[str] = []
    run: list[str] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            run.append(f"{across(place + 0.5, count):.1f},{rises(min(1.0, value / top)):.1f}")
            continue
        if run:  # a gap where there is no value: nothing is drawn through it
            body.append(f'<polyline class="line" points="{" ".join(run)}"/>')
            body += [f'<circle class="dot" cx="{x}" cy="{y}" r="2.6"/>' for x, y in (each.split(",") for each in run)]
        run = []
    if target is not None:
        y = rises(target / top)
        body.append(f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(written(WIDTH - RIGHT, y - 5, f"target {in_words(target, 'ratio')}", "end"))
    return frame(title, body, [_label(answer, row.key[0]) for row in answer.rows], top, "ratio")


def _heat(answer: Answer, name: str) -> Picture:
    """Hours across, weekdays down, the darker the more."""
    cells = dict(zip(((row.key[0], row.key[1]) for row in answer.rows), _values(answer, name), strict=True))
    top = max((value for value in cells.values() if value is not None), default=0.0) or 1.0
    wide, high = (WIDTH - LEFT - RIGHT) / 24, (HEIGHT - TOP - BOTTOM) / 7
    title = f"{BY_NAME[name].title} by weekday and hour"
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">'
    ]
    for down, day in enumerate(WEEKDAYS):
        y = TOP + down * high
        parts.append(written(LEFT - 6, y + high / 2 + 4, day[2:], "end"))
        for hour in range(24):
            value = cells.get((day, f"{hour:02}"))
            said = f"{day[2:]} {hour:02}:00: {'none' if value is None else in_words(value, BY_NAME[name].unit)}"
            shade = 0.0 if value is None else 0.08 + 0.92 * value / top
            parts.append(
                f'<rect class="heat" x="{LEFT + hour * wide + 1:.1f}" y="{y + 1:.1f}" width="{wide - 2:.1f}"'
                f' height="{high - 2:.1f}" fill-opacity="{shade:.2f}"><title>{escape(said)}</title></rect>'
            )
    for hour in range(0, 24, 2):
        x = LEFT + (hour + 0.5) * wide
        parts.append(written(x, HEIGHT - BOTTOM + 18, f"{hour:02}", "middle"))
    return Picture(title, "".join([*parts, "</svg>"]))
