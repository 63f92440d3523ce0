"""``callwright campaign``: check, start and steer campaigns."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from calls.records.database import open_readonly
from console import archiving, operations, scripts
from console.campaign_warnings import warnings
from console.cli.shared import ask_engine, print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from dialer import archive, roll
from dialer.events import CampaignState

app = typer.Typer(help="Check, start and steer campaigns.", no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(help="The campaign: its file's name without .toml.")]


@app.command()
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A campaign file.", exists=True, dir_okay=False)],
) -> None:
    """Check a campaign file against the settings."""
    settings = settings_of(context)
    campaign = operations.check_campaign(file, settings)
    for warning in warnings(file, campaign, settings):
        typer.echo(f"warning: {warning}")
    if settings.engine.database.exists():
        with closing(open_readonly(settings.engine.database)) as connection:
            scripts.check_columns(connection, campaign, file)
    typer.echo(f"{file}: campaign {campaign.id} ({campaign.file.name}) can be started")


@app.command()
def start(context: typer.Context, campaign_id: Id) -> None:
    """Start a campaign, or start it again with its file as it is now."""
    settings = settings_of(context)
    typer.echo(
        ask_engine(settings, lambda engine: engine.order(f"/v1/campaigns/{quote(campaign_id, safe='')}/start")).said
    )


@app.command()
def pause(context: typer.Context, campaign_id: Id) -> None:
    """Dial nothing new until it is resumed; calls under way go on."""
    _order(context, campaign_id, "pause", CampaignState.PAUSED)


@app.command()
def resume(context: typer.Context, campaign_id: Id) -> None:
    """Go on after a pause."""
    _order(context, campaign_id, "resume", CampaignState.RUNNING)


@app.command()
def drain(context: typer.Context, campaign_id: Id) -> None:
    """Dial nothing new; the campaign stops when its last call has ended."""
    _order(context, campaign_id, "drain", CampaignState.STOPPED)


@app.command()
def stop(context: typer.Context, campaign_id: Id) -> None:
    """Dial nothing new from now on; people who talk are left to it."""
    _order(context, campaign_id, "stop", CampaignState.STOPPED)


@app.command("archive")
def archive_campaign(context: typer.Context, campaign_id: Id) -> None:
    """Leave a campaign that is over out of the lists; its records and reports stay, and its file where it is."""
    _keep(context, campaign_id, "archive", archiving.archive)


@app.command()
def unarchive(context: typer.Context, campaign_id: Id) -> None:
    """Take a campaign out of the archive."""
    _keep(context, campaign_id, "unarchive", archiving.unarchive)


@app.command("list")
def list_campaigns(
    context: typer.Context,
    archived: Annotated[bool, typer.Option("--archived", help="Those in the archive.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The campaigns that were ever started and are not archived, and their leads by state."""
    connection = open_readonly(settings_of(context).engine.database)
    away = archive.archived(connection)
    rows = [
        {"campaign": campaign_id, "state": state.value, "leads": dict(roll.progress(connection, campaign_id))}
        for campaign_id, state in roll.states(connection).items()
        if (campaign_id in away) == archived
    ]
    connection.close()
    if as_json:
        print_json(rows)
    else:
        shown = ([row["campaign"], row["state"], _leads(row["leads"])] for row in rows)
        print_table("Campaigns", ["campaign", "state", "leads"], shown)


def _leads(counts: object) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items()) if isinstance(counts, dict) else ""


def _keep(
    context: typer.Context,
    campaign_id: str,
    order: str,
    offline: Callable[[sqlite3.Connection, str, str, datetime], operations.Done],
) -> None:
    now = datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.order(f"/v1/campaigns/{quote(campaign_id, safe='')}/{order}"),
        lambda db: offline(db, campaign_id, who(), now),
    )
    typer.echo(done.said)


def _order(context: typer.Context, campaign_id: str, order: str, state: CampaignState) -> None:
    now = datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.order(f"/v1/campaigns/{quote(campaign_id, safe='')}/{order}"),
        lambda db: operations.set_campaign_state(db, campaign_id, state, who(), now),
    )
    typer.echo(done.said)
