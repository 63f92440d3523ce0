"""What the demonstration shows: live while it runs, and the tables at its end."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from calls.records.figure import Figure
from calls.records.store import CallRecord
from console.cli import figure_tables, fitting
from console.cli.report import call_rows
from console.demo.director import Play
from console.engine.status import Status

CALL_COLUMNS = (
    "started",
    "direction",
    "called",
    "outcome",
    "ring s",
    "menu s",
    "wait s",
    "talk s",
    "agent",
    "last node",
)
FIGURES = (
    "offered", "service_level", "abandonment", "asa", "aht", "entered", "containment_technical", "drop_off",
    "attempts", "answer_rate_of_attempts", "contact_rate_of_attempts", "abandonment_us", "time_to_connect",
    "dials_per_agent_hour", "machine_share", "agent_wait_dialled", "handling_time", "occupancy",
)  # fmt: skip
"""Those of all that are shown; a report has some hundred."""

FIGURES_OF_EACH = (
    "entries", "time", "node_drop_off", "noinput", "nomatch", "by_keys",
    "handled", "time_talking", "time_wrap_up", "occupancy", "agent_wait",
)  # fmt: skip
"""Those of each node and agent."""


def live(play: Play) -> RenderableType:
    """The demonstration at this moment."""
    took_s = (datetime.now(UTC) - play.began).total_seconds()
    parts: list[RenderableType] = [Text(f"Callwright: {play.what}   {took_s:5.0f} s   {play.scene}", style="bold")]
    if play.status is not None:
        parts += _engine(play.status)
    if play.callers:
        callers = Table(title="Callers", title_justify="left", box=None, show_header=False)
        for who, what in list(play.callers.items())[-6:]:
            callers.add_row(Text(who), Text(what, style="dim" if what == "has ended" else "green"))
        parts.append(callers)
    return Group(*parts)


def _engine(status: Status) -> list[RenderableType]:
    agents = Table(title="Agents", title_justify="left", box=None, show_header=False)
    for agent in status.agents:
        agents.add_row(Text(agent.name), Text(agent.state), Text(f"{agent.for_s:5.0f} s"))
    shown: list[RenderableType] = [agents]
    for campaign in status.campaigns:
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(campaign.outcomes.items()))
        shown.append(Text(f"Campaign {campaign.name}: {campaign.state}; {campaign.reason}"))
        shown.append(
            Text(f"  dialling {campaign.dialling}, talking {campaign.talking}; so far: {outcomes or 'nothing'}")
        )
    waiting = sum(queue.waiting for queue in status.queues)
    shown.append(Text(f"Calls under way: {len(status.calls)}, waiting for an agent: {waiting}"))
    return shown


def tables(console: Console, calls: list[CallRecord], figures: list[Figure]) -> None:
    """The calls and the figures that matter most."""
    columns, rows = call_rows(calls)
    wanted = [columns.index(name) for name in CALL_COLUMNS]
    table = Table(title=f"{len(calls)} calls", title_justify="left")
    for name in CALL_COLUMNS:
        table.add_column(name, no_wrap=True)
    for row in rows:
        cells = [row[index] for index in wanted]
        table.add_row(str(cells[0])[11:19], *(Text(_cell(cell)) for cell in cells[1:]))
    console.print(table)
    shown = [each for each in figures if each.name in (FIGURES_OF_EACH if each.subject else FIGURES)]
    for title, names, lines in figure_tables.tables("Figures", shown):
        for part in fitting.fitting(names, lines, console.width):
            console.print(fitting.drawn(title, part, console.width))


def _cell(cell: object) -> str:
    return "" if cell is None else f"{cell:.1f}" if isinstance(cell, float) else str(cell)
