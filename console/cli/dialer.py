"""``callwright dialer``: what pacing policies would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from console.cli.shared import print_json
from dialer.pacing import POLICIES
from dialer.simulation.comparison import simulate as compare_in_file

app = typer.Typer(help="What pacing policies would do.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """What pacing policies would do."""


@app.command()
def simulate(
    scenario: Annotated[Path, typer.Argument(help="A scenario file (docs/pacing.md).", exists=True, dir_okay=False)],
    policy: Annotated[list[str] | None, typer.Option(help="A policy; may be given again. Default: all.")] = None,
    replications: Annotated[int, typer.Option(help="How often each is run, with other people.", min=1)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Policies side by side in one scenario: occupancy and abandonment, with 95% intervals."""
    policies = policy or sorted(POLICIES)
    for name in policies:
        if name not in POLICIES:
            raise UserError(f"no policy {name}: there are {', '.join(sorted(POLICIES))}")
    found = compare_in_file(scenario, policies, replications)
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo(found.table())
