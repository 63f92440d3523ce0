"""Pictures of answers as SVG, without scripts: bars by time or kind, a line against its target, a map of the week.

Each is drawn twice: as wide as a desktop, and as narrow as a phone with fewer labels. A table with the same numbers
always stands beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import floor, log10

from calls.reports.canvas import NARROW, WIDE, Canvas, Say, text
from calls.reports.definitions import BY_NAME, WAIT_BANDS_S, Definition, Section, of_section
from calls.reports.question import TIMES, WEEKDAYS, Answer, Dimension
from calls.reports.tongue import ENGLISH, Tongue

HOUR_S = 3600.0
HOURS_FROM_S = 7200.0
"""Longer times are told in hours."""

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

PACES, ABANDONED = ("dials_per_agent_hour", "dials_per_shared_hour"), "abandonment_us"
"""What pacing does for agents, and what callers pay for it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``svg``: with a title for who does not see it; ``narrow``: the same for a phone, "" where there is none."""

    title: str
    svg: str
    narrow: str = ""


def as_it_is(words: str) -> str:
    """English."""
    return words


def pictures(
    answer: Answer, section: Section, targets: Mapping[str, float], tongue: Tongue = ENGLISH
) -> list[Picture]:
    """What can be drawn of an answer; ``targets`` by the figures' names, for lines."""
    by = answer.question.by
    if not answer.rows:
        return []
    if by == (Dimension.WEEKDAY, Dimension.HOUR_OF_DAY):
        return [_heat(answer, HEATS[section], tongue)] if section in HEATS else []
    if len(by) != 1:
        return []
    names = {each.name for each in answer.figures}
    drawn = []
    stack = [name for name in STACKS.get(section, ()) if name in names]
    if stack:
        drawn.append(_bars(answer, stack, tongue))
    if section is Section.INBOUND and set(BANDS) <= names:
        drawn.append(_bands(answer, tongue))
    pace = next((each for each in PACES if each in names), None)
    if pace is not None and ABANDONED in names and by[0] in TIMES and any(_values(answer, pace)):
        drawn.append(_pace(answer, pace, targets.get(ABANDONED), tongue))
    line = LINES.get(section)
    if line in names and by[0] in TIMES:
        drawn.append(_line(answer, str(line), targets.get(str(line)), tongue))
    return drawn


def _values(answer: Answer, name: str) -> list[float | None]:
    place = next(place for place, each in enumerate(answer.figures) if each.name == name)
    return [row.figures[place].value for row in answer.rows]


def picture(title: str, draw: Callable[[Canvas], tuple[Canvas, list[str]]]) -> Picture:
    """Drawn wide and narrow."""
    wide, narrow = (at.svg(title, parts) for at, parts in (draw(WIDE), draw(NARROW)))
    return Picture(title, wide, narrow)


def axes(at: Canvas, top: float, unit: str, labels: Sequence[str], say: Say) -> list[str]:
    """The axes of values up to ``top``, as :func:`edge` has it."""
    return at.axes([say(in_words(share * top, unit, top)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)], labels)


def _rect(at: Canvas, look: str, place: int, count: int, shares: tuple[float, float], said: str) -> str:
    """A bar from one share of the height to another."""
    (x, width), (low, high) = at.bar(place, count), shares
    return (
        f'<rect class="{look}" x="{x:.1f}" y="{at.y(high):.1f}" width="{width:.1f}"'
        f' height="{at.y(low) - at.y(high):.1f}"><title>{escape(said)}</title></rect>'
    )


def _aim(at: Canvas, share: float, words: str) -> list[str]:
    """A line that should not be crossed, or be reached."""
    y = at.y(share)
    line = f'<line class="target" x1="{at.left}" x2="{at.width - at.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return [line, text(at.width - at.right, y - 5, words, "end")]


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


def _figure(answer: Answer, name: str, tongue: Tongue) -> Definition:
    return tongue.figure(next(each for each in answer.figures if each.name == name))


def _labels(answer: Answer, tongue: Tongue) -> list[str]:
    """Short enough to stand below a bar."""
    return [tongue.short(answer.question.by[0], row.key[0]) for row in answer.rows]


def _keys(answer: Answer, tongue: Tongue) -> list[str]:
    """In full, for who points at a bar."""
    by = answer.question.by[0]
    return [tongue.key(by, row.key[0]) or tongue.say("none") for row in answer.rows]


def _bars(answer: Answer, names: Sequence[str], tongue: Tongue) -> Picture:
    series = [[value or 0.0 for value in _values(answer, name)] for name in names]
    titles, unit = [_figure(answer, name, tongue).title for name in names], BY_NAME[names[0]].unit
    top = edge(max(map(sum, zip(*series, strict=True)), default=0.0), unit)
    labels, keys, say = _labels(answer, tongue), _keys(answer, tongue), tongue.say

    def draw(canvas: Canvas) -> tuple[Canvas, list[str]]:
        at = canvas.below(titles)
        body: list[str] = []
        for place, key in enumerate(keys):
            below = 0.0
            for number, (name, values) in enumerate(zip(names, series, strict=True)):
                share = values[place] / top
                if share > 0:
                    value = say(in_words(values[place], BY_NAME[name].unit))
                    said = f"{key}: {titles[number]} {value}"
                    body.append(_rect(at, f"series{number}", place, len(keys), (below, below + share), said))
                    below += share
        legend = at.legend(titles, [f"series{number}" for number in range(len(names))])
        return at, [*axes(at, top, unit, labels, say), *body, *legend]

    *before, last = titles
    return picture(f"{', '.join(before)} {say('and')} {last}" if before else last, draw)


def _bands(answer: Answer, tongue: Tongue) -> Picture:
    """The answered calls of all rows together by how long they waited: a row has each call once."""
    places = [next(place for place, each in enumerate(answer.figures) if each.name == name) for name in BANDS]
    counts = [sum(row.figures[place].numerator for row in answer.rows) for place in places]
    answered = sum(counts)
    top = edge(max(counts), "calls")
    say, ends = tongue.say, (0, *WAIT_BANDS_S)
    bands = [*(f"{begin}\N{EN DASH}{end}" for begin, end in pairwise(ends)), f"> {ends[-1]}"]
    labels = [f"{each} s" for each in bands]

    def draw(at: Canvas) -> tuple[Canvas, list[str]]:
        body = []
        for place, (label, many) in enumerate(zip(labels, counts, strict=True)):
            if many > 0:
                share = say(in_words(many / answered, "ratio"))
                said = f"{label}: {say(f'{many:,.0f} of {answered:,.0f} answered')}, {share}"
                body.append(_rect(at, "series0", place, len(counts), (0.0, many / top), said))
        return at, [*axes(at, top, "calls", bands if at is NARROW else labels, say), *body]

    return picture(say("Waits of answered calls"), draw)


def _pace(answer: Answer, name: str, cap: float | None, tongue: Tongue) -> Picture:
    """Dials per agent hour as bars, by the axis at the left; the abandoned as dots with their cap, by a scale of
    its own whose upper edge the legend says."""
    dials, abandoned = _values(answer, name), _values(answer, ABANDONED)
    top = edge(max((each or 0.0 for each in dials), default=0.0), "")
    highest = max((*(each or 0.0 for each in abandoned), cap or 0.0, 0.01))
    share = edge(1.1 * highest, "ratio")
    say, labels, keys, count = tongue.say, _labels(answer, tongue), _keys(answer, tongue), len(answer.rows)
    pace, lost = _figure(answer, name, tongue).title, _figure(answer, ABANDONED, tongue).title
    titles = [pace, f"{lost}, {say('at the top')} {say(in_words(share, 'ratio'))}"]

    def draw(canvas: Canvas) -> tuple[Canvas, list[str]]:
        at = canvas.below(titles)
        body = []
        for place, (key, each, gave_up) in enumerate(zip(keys, dials, abandoned, strict=True)):
            if each:
                said = f"{key}: {pace} {say(f'{each:.1f}')}"
                body.append(_rect(at, "series0", place, count, (0.0, each / top), said))
            if gave_up is not None:
                said = f"{key}: {lost} {say(in_words(gave_up, 'ratio'))}"
                body.append(
                    f'<circle class="series1" cx="{at.x(place + 0.5, count):.1f}" cy="{at.y(gave_up / share):.1f}"'
                    f' r="4"><title>{escape(said)}</title></circle>'
                )
        if cap is not None:
            body += _aim(at, cap / share, f"{say('cap')} {say(in_words(cap, 'ratio'))}")
        return at, [*axes(at, top, "", labels, say), *body, *at.legend(titles, ("series0", "series1"))]

    return picture(say("Dials per agent hour and abandonment"), draw)


def steps(
    title: str,
    labels: Sequence[str],
    bars: tuple[str, Sequence[float]],
    line: tuple[str, Sequence[float]],
    say: Say = as_it_is,
) -> Picture:
    """Bars side by side, with a line over them: each a title and as many values as there are labels."""
    top = edge(max((*bars[1], *line[1]), default=0.0), "")
    titles, count = (bars[0], line[0]), len(labels)

    def draw(canvas: Canvas) -> tuple[Canvas, list[str]]:
        at = canvas.below(titles)
        body = [
            _rect(at, "series0", place, count, (0.0, value / top), f"{label}: {bars[0]} {say(f'{value:g}')}")
            for place, (label, value) in enumerate(zip(labels, bars[1], strict=True))
        ]
        points = (f"{at.x(place + 0.5, count):.1f},{at.y(each / top):.1f}" for place, each in enumerate(line[1]))
        body.append(f'<polyline class="load" points="{" ".join(points)}"/>')
        return at, [*axes(at, top, "", labels, say), *body, *at.legend(titles, ("series0", "load"))]

    return picture(title, draw)


def _line(answer: Answer, name: str, target: float | None, tongue: Tongue) -> Picture:
    values, count = _values(answer, name), len(answer.rows)
    highest = max((value for value in values if value is not None), default=0.0)
    highest = max(highest, target or 0.0)
    top = 1.0 if highest > 0.25 else edge(max(1.1 * highest, 0.01), "ratio")
    labels, say = _labels(answer, tongue), tongue.say

    def draw(at: Canvas) -> tuple[Canvas, list[str]]:
        body: list[str] = []
        run: list[str] = []
        for place, value in enumerate([*values, None]):
            if value is not None:
                run.append(f"{at.x(place + 0.5, count):.1f},{at.y(min(1.0, value / top)):.1f}")
                continue
            if run:  # a gap where there is no value: nothing is drawn through it
                body.append(f'<polyline class="line" points="{" ".join(run)}"/>')
                points = (each.split(",") for each in run)
                body += [f'<circle class="dot" cx="{x}" cy="{y}" r="2.6"/>' for x, y in points]
            run = []
        if target is not None:
            body += _aim(at, target / top, f"{say('target')} {say(in_words(target, 'ratio'))}")
        return at, [*axes(at, top, "ratio", labels, say), *body]

    return picture(_figure(answer, name, tongue).title, draw)


def _heat(answer: Answer, name: str, tongue: Tongue) -> Picture:
    """Hours across, weekdays down, the darker the more."""
    cells = dict(zip(((row.key[0], row.key[1]) for row in answer.rows), _values(answer, name), strict=True))
    top = max((value for value in cells.values() if value is not None), default=0.0) or 1.0
    say, title = tongue.say, _figure(answer, name, tongue).title

    def draw(at: Canvas) -> tuple[Canvas, list[str]]:
        wide, high = at.field / 24, (at.height - at.top - at.bottom) / 7
        parts = []
        for down, day in enumerate(WEEKDAYS):
            y = at.top + down * high
            weekday = tongue.key(Dimension.WEEKDAY, day).rpartition(" ")[2]
            parts.append(text(at.left - 6, y + high / 2 + 4, weekday, "end"))
            for hour in range(24):
                value = cells.get((day, f"{hour:02}"))
                shown = say("none" if value is None else in_words(value, BY_NAME[name].unit))
                said = f"{weekday} {hour:02}:00: {shown}"
                shade = 0.0 if value is None else 0.08 + 0.92 * value / top
                parts.append(
                    f'<rect class="heat" x="{at.left + hour * wide + 1:.1f}" y="{y + 1:.1f}" width="{wide - 2:.1f}"'
                    f' height="{high - 2:.1f}" fill-opacity="{shade:.2f}"><title>{escape(said)}</title></rect>'
                )
        for hour in range(0, 24, at.hours):
            x = at.left + (hour + 0.5) * wide
            parts.append(text(x, at.height - at.bottom + 18, f"{hour:02}", "middle"))
        return at, parts

    return picture(f"{title} {say('by weekday and hour')}", draw)
