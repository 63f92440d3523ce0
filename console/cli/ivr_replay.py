"""``callwright ivr replay``: a recorded call again, offline."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.ids import CallId, FlowId
from calls.records.database import open_readonly
from calls.records.flow_versions import history
from calls.records.store import call_events, call_record
from calls.settings import Settings
from calls.text import printable
from console.cli.flows import known_by
from console.cli.shared import settings_of
from ivr.check import Draft, Known, load
from ivr.flow import Flow
from ivr.replay import Departure, recorded, replay, told
from ivr.trail import TrailEvent

MASKED = "Before that came a result that the record keeps secret, so the replay may depart because of it."


def replay_call(
    context: typer.Context,
    call_id: Annotated[str, typer.Argument(help="The id of a call that has ended, as reports show it.")],
    flow: Annotated[
        Path | None,
        typer.Option(help="A flow file to run it in. Default: the version that it went through.", dir_okay=False),
    ] = None,
) -> None:
    """Run a recorded call again, offline: 0 where it goes the same way, 1 and where it departs."""
    settings = settings_of(context)
    connection = open_readonly(settings.engine.database)
    try:
        call = call_record(connection, CallId(call_id))
        if call is None:
            raise UserError(f"there is no record of a call {printable(call_id)!a}; it may not have ended yet")
        record = recorded(call_events(connection, call.call_id))
        if flow is None and call.flow is None:
            raise UserError(f"the call {call_id} went through no flow; there is nothing to run again")
        known = Known(phrases=known_by(settings).phrases)  # names that are gone from the settings are no matter here
        again = load(flow, known) if flow else _as_it_was(connection, settings, known, call.flow, call.flow_version)
    finally:
        connection.close()
    replayed = replay(again, record)
    for event in replayed.trail:
        if replayed.departure is None or event.since_s < replayed.departure.since_s:
            typer.echo(_line(event))
    if replayed.departure is None:
        typer.echo(f"The call goes the same way in {again.id}, version {again.version}.")
    else:
        _show(replayed.departure)
        raise typer.Exit(1)


def _as_it_was(
    connection: sqlite3.Connection, settings: Settings, known: Known, flow: FlowId | None, version: str | None
) -> Flow:
    """The flow in the version that the call went through: the file of today where it is that, else the one kept.

    Raises:
        UserError: neither is.
    """
    path = settings.flows / f"{flow}.yaml"
    if path.is_file():
        today = load(path, known)
        if today.version == version:
            return today
    kept = next((each for each in history(connection, str(flow)) if each.version == version), None)
    if kept is None:
        raise UserError(
            f"the call went through version {version} of the flow {flow}, and neither {path} nor the records have it;"
            " name a file with --flow"
        )
    then = load(path, known, {kept.flow: Draft(path, kept.source)})
    if then.version != version:
        raise UserError(
            f"version {version} of the flow {flow} called other flows that have changed since; with those of today it"
            f" is {then.version}: name a file with --flow, beside the flows as they were"
        )
    return then


def _line(event: TrailEvent) -> str:
    return printable(f"{event.since_s:7.1f} s  {event.detail.get('node', 'start')}: {told(event)}")


def _show(departure: Departure) -> None:
    typer.echo(f"{departure.since_s:7.1f} s  {departure.node or 'start'}: here the replay departs")
    typer.echo(printable(f"           was: {departure.was}"))
    typer.echo(printable(f"           now: {departure.now}"))
    if departure.masked:
        typer.echo(f"           {MASKED}")
