"""``callwright pins``: hashes of PINs, and who is locked out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.people import lockout
from calls.records.database import open_readonly
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from console.engine.verifying import PinHasher

app = typer.Typer(help="PINs: make hashes, show and lift locks.", no_args_is_help=True, rich_markup_mode=None)


@app.command("hash")
def hash_pin(
    pin: Annotated[str, typer.Option(prompt="PIN", hide_input=True, confirmation_prompt=True, help="The PIN.")],
) -> None:
    """Make of a PIN what may be kept of it, for the source that an authenticator asks."""
    typer.echo(PinHasher().hash(pin))


@app.command()
def locks(context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Who is locked out now, and until when."""
    connection = open_readonly(settings_of(context).engine.database)
    found = lockout.locks(connection, datetime.now(UTC))
    connection.close()
    columns = ["authenticator", "side", "who", "until"]
    rows = [(lock.authenticator, lock.side.value, lock.who, lock.until.isoformat()) for lock in found]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Locked out", columns, rows)


@app.command()
def unlock(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="An account, or a caller's number, as locks shows it.")],
) -> None:
    """Let an account or a caller try again."""
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("POST", "/v1/pins/unlock", {"who": account}),
        lambda db: operations.unlock_pins(db, account, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)
