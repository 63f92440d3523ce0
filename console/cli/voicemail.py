"""``callwright voicemail``: the messages that callers left."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.errors import UserError
from calls.recordings import RecordingFiles
from calls.records import voicemail
from calls.records.database import open_readonly
from calls.records.voicemail import Message
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who

app = typer.Typer(help="The messages that callers left.", no_args_is_help=True, rich_markup_mode=None)

MessageId = Annotated[str, typer.Argument(metavar="MESSAGE", help="A message's id, as list shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
COLUMNS = ["message", "mailbox", "caller", "left at", "duration s", "state", "call"]


@app.command("list")
def list_messages(
    context: typer.Context,
    mailbox: Annotated[str | None, typer.Option(help="Of this mailbox only.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those too that were deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """The messages, the oldest first."""
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        rows = [_row(each) for each in voicemail.messages(connection, mailbox, deleted=deleted)]
    if as_json:
        print_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table("Messages", COLUMNS, rows)


@app.command()
def show(
    context: typer.Context,
    message: MessageId,
    heard: Annotated[bool, typer.Option("--heard", help="Mark it as heard.")] = False,
    as_json: AsJson = False,
) -> None:
    """One message, and where its recording lies."""
    settings = settings_of(context)
    with closing(open_readonly(settings.engine.database)) as connection:
        found = voicemail.message(connection, message)
    if found is None:
        raise UserError(f"no message {message}: callwright voicemail list shows them")
    if heard:
        with_engine_or_store(
            settings,
            lambda engine: engine.tell("POST", f"/v1/voicemail/{found.message_id}/heard", {}),
            lambda db: operations.hear_message(db, found.message_id, who(), datetime.now(UTC)),
        )
    files = RecordingFiles(settings.recordings.folder)
    size = files.size(found.message_id)
    told = dict(zip(COLUMNS, _row(found), strict=True)) | {
        "file": None if size is None else str(files.path(found.message_id)),
        "bytes": size,
    }
    if as_json:
        print_json(told)
    else:
        print_table("Message", ["what", "value"], list(told.items()))


@app.command()
def delete(context: typer.Context, message: MessageId) -> None:
    """Delete a message and its recording, for good."""
    settings = settings_of(context)
    files = RecordingFiles(settings.recordings.folder)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("DELETE", f"/v1/voicemail/{files.path(message).stem}", {}),
        lambda db: operations.delete_message(db, files, message, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


def _row(message: Message) -> list[object]:
    return [
        message.message_id,
        message.mailbox,
        message.caller,
        message.left_at.isoformat(timespec="seconds"),
        round(message.duration_s, 1),
        message.state.value,
        message.call_id,
    ]
