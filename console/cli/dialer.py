"""``callwright dialer``: what pacing policies would do."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.records.database import open_readonly
from console.cli.shared import print_json, print_table, settings_of
from dialer.pacing import POLICIES
from dialer.simulation.comparison import percent, seconds
from dialer.simulation.comparison import simulate as compare_in_file
from dialer.simulation.forecast import HOURS, Forecast
from dialer.simulation.forecast import forecast as foresee
from dialer.simulation.measured import Measurement
from dialer.simulation.measured import measure as measure_in
from dialer.simulation.paced import NAMES
from dialer.simulation.page import page
from dialer.simulation.scenario_file import shipped
from dialer.simulation.scenario_text import text_of
from dialer.simulation.staffing import agents_for_abandonment, agents_for_service

app = typer.Typer(help="What pacing policies would do.", no_args_is_help=True, rich_markup_mode=None)

DAYS = timedelta(days=7)
"""Records are looked at so far back where nobody says how far."""

Campaign = Annotated[str, typer.Argument(help="The campaign's id.")]
Begin = Annotated[datetime | None, typer.Option("--from", help="In UTC. Default: seven days before --to.")]
End = Annotated[datetime | None, typer.Option("--to", help="In UTC. Default: now.")]
Workers = Annotated[int, typer.Option(help="Processes that share the work.", min=1, max=64)]

STOPPED = 130
"""Exit status after Ctrl-C, as shells have it."""


@app.callback()
def group() -> None:
    """What pacing policies would do."""


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(help="A scenario file (docs/pacing.md), or the name of one of ours.")],
    policy: Annotated[list[str] | None, typer.Option(help="A policy; may be given again. Default: all.")] = None,
    replications: Annotated[int, typer.Option(help="How often each is run, with other people.", min=1)] = 5,
    core: Annotated[bool, typer.Option("--core", help="Through the dialer's core, not the policy alone.")] = False,
    workers: Workers = 2,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures, too.", dir_okay=False)] = None,
) -> None:
    """Policies side by side in one scenario: occupancy and abandonment, with 95% intervals."""
    policies = policy or sorted(POLICIES)
    for name in policies:
        if name not in NAMES:
            raise UserError(f"no policy {name}: there are {', '.join(sorted(NAMES))}")
    try:
        found = compare_in_file(scenario, policies, replications, core=core, workers=workers)
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        raise typer.Exit(STOPPED) from None
    if html is not None:
        _write(html, page(found))
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo(found.table())


@app.command()
def scenarios() -> None:
    """The scenarios that come with the product, and what each shows."""
    print_table("Scenarios", ("scenario", "what it shows"), shipped().items())


@app.command()
def measure(
    context: typer.Context,
    campaign: Campaign,
    begin: Begin = None,
    end: End = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this file.", dir_okay=False)] = None,
) -> None:
    """A scenario made from a campaign's records: who answers, how long things take, how many agents."""
    text = text_of(_measured(context, campaign, begin, end).scenario)
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


@app.command()
def forecast(
    context: typer.Context,
    campaign: Campaign,
    begin: Begin = None,
    end: End = None,
    replications: Annotated[int, typer.Option(help="How often each is run, with other people.", min=2)] = 6,
    workers: Workers = 2,
    hours: Annotated[float, typer.Option(help="How long each run is.", min=0.1, max=100)] = HOURS,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """By a campaign's records: what another agent, line or point of cap would bring, staffing, the list's end."""
    measured = _measured(context, campaign, begin, end)
    try:
        found = foresee(measured, replications, workers, hours)
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        raise typer.Exit(STOPPED) from None
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)


def _measured(context: typer.Context, campaign: str, begin: datetime | None, end: datetime | None) -> Measurement:
    until = datetime.now(UTC) if end is None else end.replace(tzinfo=UTC)
    since = until - DAYS if begin is None else begin.replace(tzinfo=UTC)
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        return measure_in(connection, campaign, since, until)


def _show(found: Forecast) -> None:
    seen = found.measured
    typer.echo(
        f"campaign {seen.campaign.id}, {seen.begin:%Y-%m-%d %H:%M} to {seen.end:%Y-%m-%d %H:%M} UTC:"
        f" {seen.dials} dials, {seen.talks} talks, {seen.scenario.most_agents()} agents,"
        f" occupancy {100 * seen.occupancy:.1f}%,"
        f" abandoned {100 * seen.abandonment:.2f}%"
    )
    columns = ("change", "talks/h", "gain/h", "occupancy %", "abandoned %", "")
    rows = [
        (
            each.change,
            seconds(each.talks_per_hour),
            "" if index == 0 else seconds(each.gain_per_hour),
            percent(each.occupancy),
            percent(each.abandonment, 2),
            each.note,
        )
        for index, each in enumerate(found.variants)
    ]
    print_table("What would be", columns, rows)
    if found.hours_left is None:
        typer.echo("no lead is left")
    else:
        typer.echo(f"{seen.leads_left} leads are left: {seconds(found.hours_left)} hours of dialling")
    typer.echo(f"lines so that 1 dial in 100 finds all busy (Erlang B): {found.lines_needed}")
    if (staff := found.staffing) is not None:
        lost = f"{100 * staff.share:g}%"
        typer.echo(
            f"staffing, were {staff.answers_per_hour:.0f} answers an hour of {staff.handling_s:.0f} s each"
            f" ({staff.load:.1f} erlangs) to come by chance: {staff.none_busy} agents so that {lost} find all busy"
            f" (Erlang B), {staff.in_time} so that all but {lost} are met within {staff.within_s:g} s (Erlang C),"
            f" {staff.few_leave} so that {lost} give up (Erlang A)"
        )


@app.command()
def staffing(
    calls_per_hour: Annotated[float, typer.Option(help="Inbound calls in an hour.", min=0.1)],
    handling_s: Annotated[float, typer.Option(help="Mean talk and wrap-up, in seconds.", min=1)],
    share: Annotated[float, typer.Option(help="Of the callers, to be answered in time.", min=0, max=0.9999)] = 0.8,
    within_s: Annotated[float, typer.Option(help="The time.", min=0)] = 20.0,
    patience_s: Annotated[float, typer.Option(help="How long callers wait on average.", min=1)] = 60.0,
    abandoned: Annotated[float, typer.Option(help="Share that may give up.", min=0.0001, max=1)] = 0.05,
) -> None:
    """How many agents inbound calls need: by Erlang C for a service level, by Erlang A for those who give up."""
    rate_per_s = calls_per_hour / 3600
    level = agents_for_service(rate_per_s, handling_s, share, within_s)
    few_leave = agents_for_abandonment(rate_per_s, handling_s, patience_s, abandoned)
    typer.echo(f"{100 * share:g}% within {within_s:g} s (Erlang C): {level} agents")
    typer.echo(f"at most {100 * abandoned:g}% give up, patience {patience_s:g} s (Erlang A): {few_leave} agents")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}") from problem
