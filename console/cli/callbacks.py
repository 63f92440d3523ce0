"""``callwright callbacks``: people who asked to be called back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import typer

from calls.ids import AgentId
from calls.people import callbacks
from calls.records.database import open_readonly
from console import operations, promises
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from console.promises import MoveOrder, PromiseOrder

app = typer.Typer(help="People who asked to be called back.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_callbacks(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those too that are over, the newest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The people who wait to be called, and until when they are."""
    connection = open_readonly(settings_of(context).engine.database)
    found = callbacks.callbacks(connection, open_only=not every, limit=limit)
    connection.close()
    columns = ["id", "number", "queue", "state", "reason", "tries", "asked at", "due at", "until", "asked in call"]
    columns += ["agent", "note"]
    rows = [
        (
            each.callback_id,
            each.booking.number,
            each.booking.queue,
            each.state.value,
            each.reason,
            each.tries,
            each.booking.asked_at.isoformat(timespec="seconds"),
            each.due_at.isoformat(timespec="seconds"),
            each.booking.window_end.isoformat(timespec="seconds"),
            each.booking.call_id,
            each.waits_for,
            each.booking.note,
        )
        for each in found
    ]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Callbacks", columns, rows)


@app.command()
def book(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(help="The agent who promises it.")],
    at: Annotated[str, typer.Argument(help="When: 2026-12-31T12:00 by the person's time, or with an offset.")],
    call: Annotated[str | None, typer.Option(help="The call whose person is to be called.")] = None,
    number: Annotated[str | None, typer.Option(help="Or a number in international form.")] = None,
    queue: Annotated[str | None, typer.Option(help="The queue; none: the call's.")] = None,
    shared: Annotated[bool, typer.Option("--shared", help="By whoever of the queue is there.")] = False,
    note: Annotated[str, typer.Option(help="What it is about.")] = "",
) -> None:
    """Book a callback that an agent has promised."""
    settings, now = settings_of(context), datetime.now(UTC)
    said = {"call_id": call, "number": number, "queue": queue, "at": at, "personal": not shared, "note": note}
    order = PromiseOrder.model_validate(said)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", f"/v1/agents/{quote(agent, safe='')}/callbacks", said),
        lambda db: promises.book(db, settings, AgentId(agent), order, now),
    )
    typer.echo(done.said)


@app.command()
def move(
    context: typer.Context,
    callback: Annotated[int, typer.Argument(help="The number of it in the list.")],
    at: Annotated[str, typer.Argument(help="When: 2026-12-31T12:00 by the person's time, or with an offset.")],
    agent: Annotated[str | None, typer.Option(help="Who is to make it; none: as before.")] = None,
    shared: Annotated[bool, typer.Option("--shared", help="Whoever of the queue is there.")] = False,
) -> None:
    """Give a callback that waits another time, or another agent."""
    settings, now = settings_of(context), datetime.now(UTC)
    said = {"at": at, "agent": None if shared else agent or ""}
    order = MoveOrder.model_validate(said)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", f"/v1/callbacks/{callback}/move", said),
        lambda db: promises.move(db, settings, callback, order, who(), now),
    )
    typer.echo(done.said)


@app.command()
def cancel(
    context: typer.Context, callback: Annotated[int, typer.Argument(help="The number of it in the list.")]
) -> None:
    """Do not call a person back; one who is being dialled is dialled to the end."""
    now = datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("DELETE", f"/v1/callbacks/{callback}", {}),
        lambda db: operations.cancel_callback(db, callback, who(), now),
    )
    typer.echo(done.said)
