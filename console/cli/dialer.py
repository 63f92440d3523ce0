"""``callwright dialer``: what pacing policies would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from console.cli.shared import print_json, print_table
from dialer.pacing import POLICIES
from dialer.simulation.comparison import simulate as compare_in_file
from dialer.simulation.paced import NAMES
from dialer.simulation.page import page
from dialer.simulation.scenario_file import shipped

app = typer.Typer(help="What pacing policies would do.", no_args_is_help=True, rich_markup_mode=None)

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
    workers: Annotated[int, typer.Option(help="Processes that share the work.", min=1, max=64)] = 2,
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


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}") from problem
