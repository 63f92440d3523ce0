"""The picture of agents' day as SVG: a row an agent, a rectangle a state, told apart by colour and by pattern.

Colours come from the page's style sheet by class; tables with the same times always stand beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from calls.agents.shifts import Span
from calls.reports.agents_day import OUT, STATES, AgentDay, AgentsDay, Stretch
from calls.reports.canvas import text as written
from calls.reports.pictures import Picture

WIDTH, LEFT, RIGHT, TOP = 1100, 150, 30, 52
ROW, BAR, PLAN = 30, 18, 4
"""Heights: of a row, of a state in it, and of the line below that says when the agent was to work."""

COLUMNS = 1876
"""A state that is narrower than a column is drawn with its neighbours, as what took the most of it: half a dot of the
picture, or 46 s of a whole day."""

NAME = 19
"""Letters of an agent's name at most."""

PATTERNS: Mapping[str, str] = {
    "talking": "",
    "wrap_up": '<circle class="mark" cx="4" cy="4" r="1.5"/>',
    "reserved": '<path class="mark" d="M1 0V8M5 0V8"/>',
    "ready": '<path class="mark" d="M0 4H8"/>',
    "paused": '<path class="mark" d="M0 8L8 0M-2 2L2 -2M6 10L10 6"/>',
}
"""What is drawn over each state's colour, on 8 by 8; of who is logged out nothing is."""

Word = Callable[[str], str]
"""A state in words."""


@dataclass(frozen=True, slots=True)
class _Frame:
    begin: datetime
    end: datetime
    zone: ZoneInfo

    def x(self, at: datetime) -> float:
        share = (at - self.begin) / (self.end - self.begin)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, share))

    def clock(self, at: datetime, form: str = "%H:%M") -> str:
        return f"{at.astimezone(self.zone):{form}}"


def picture(found: AgentsDay, names: Mapping[str, str], word: Word, title: str, planned: str) -> Picture:
    """The day; ``names``: of the agents, by id; ``planned``: the words for when an agent was to work."""
    frame = _Frame(*found.hours(), found.zone)
    height = TOP + ROW * len(found.agents) + 8
    parts = [
        f'<svg class="chart day" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">',
        "<defs>",
        *(
            f'<pattern id="day-{state}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect class="state-{state}" width="8" height="8"/>{mark}</pattern>'
            for state, mark in PATTERNS.items()
        ),
        "</defs>",
        *_legend(word, planned),
        *_hours(frame, height),
    ]
    for place, agent in enumerate(found.agents):
        y = TOP + ROW * place
        name = names.get(agent.agent_id, agent.agent_id)
        short = name if len(name) <= NAME else f"{name[: NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
        parts.append(written(LEFT - 8, y + 14, short, "end"))
        parts += _states(frame, agent, y, name, word)
        parts += (_plan(frame, span, y, f"{name}: {planned}") for span in agent.planned)
        parts += (_plan(frame, span, y, f"{name}: {kind}", " rest") for kind, span in agent.breaks)
    return Picture(title, "".join([*parts, "</svg>"]))


def _legend(word: Word, planned: str) -> Iterator[str]:
    x = float(LEFT)
    for state in STATES:
        if state != OUT:
            yield f'<rect fill="url(#day-{state})" x="{x:.0f}" y="4" width="16" height="14"/>'
            yield written(x + 21, 15, word(state), "start")
            x += 40 + 7 * len(word(state))
    yield f'<rect class="plan" x="{x:.0f}" y="9" width="16" height="{PLAN}"/>'
    yield written(x + 21, 15, planned, "start")


def _hours(frame: _Frame, height: int) -> Iterator[str]:
    """Lines at the full hours of the house's clock: on nights when it is changed one is left out or comes twice."""
    count = round((frame.end - frame.begin) / timedelta(hours=1))
    every = max(1, -(-count // 14))
    for number in range(count + 1):
        hour = frame.begin + timedelta(hours=number)
        x = frame.x(hour)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 8}"/>'
        if number % every == 0:
            yield written(x, TOP - 14, frame.clock(hour), "middle")


def _states(frame: _Frame, agent: AgentDay, y: int, name: str, word: Word) -> Iterator[str]:
    for begin, end, stretch in _drawn(frame, agent.stretches):
        reason = f" ({stretch.reason})" if stretch.reason else ""
        times = "\N{EN DASH}".join(frame.clock(at, "%H:%M:%S") for at in (stretch.begin, stretch.end))
        said = f"{name}: {word(stretch.state)}{reason}, {times}"
        yield (
            f'<rect fill="url(#day-{stretch.state})" x="{begin:.1f}" y="{y}" width="{end - begin:.1f}"'
            f' height="{BAR}"><title>{escape(said)}</title></rect>'
        )


def _drawn(frame: _Frame, stretches: tuple[Stretch, ...]) -> Iterator[tuple[float, float, Stretch]]:
    """From where to where each state is drawn: those that are wide enough as they are, and of the narrow ones between
    them the longest for all of a run of them that is together as wide as a column."""
    least = (WIDTH - LEFT - RIGHT) / COLUMNS
    run: list[tuple[float, float, Stretch]] = []

    def longest() -> Iterator[tuple[float, float, Stretch]]:
        if run:
            _, _, most = max(run, key=lambda each: each[2].seconds)
            if most.state != OUT:
                yield run[0][0], run[-1][1], most
            run.clear()

    for each in stretches:
        begin, end = frame.x(each.begin), frame.x(each.end)
        if run and run[-1][1] - run[0][0] >= least:
            yield from longest()
        if end - begin >= least:
            yield from longest()
            if each.state != OUT:
                yield begin, end, each
        else:
            run.append((begin, end, each))
    yield from longest()


def _plan(frame: _Frame, span: Span, y: int, said: str, kind: str = "") -> str:
    begin, end = frame.x(span[0]), frame.x(span[1])
    times = "\N{EN DASH}".join(map(frame.clock, span))
    return (
        f'<rect class="plan{kind}" x="{begin:.1f}" y="{y + BAR + 2}" width="{end - begin:.1f}" height="{PLAN}">'
        f"<title>{escape(f'{said} {times}')}</title></rect>"
    )
