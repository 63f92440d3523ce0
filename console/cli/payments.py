"""``callwright payments``: charges of cards, and those of which nobody knows what came of them."""

from __future__ import annotations

from typing import Annotated

import typer

from calls.records.database import open_readonly
from calls.records.payments import payments
from console.cli.shared import print_json, print_table, settings_of

app = typer.Typer(help="Charges of cards that callers keyed.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_payments(
    context: typer.Context,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only those to ask the gateway about.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The charges, the latest first. No card's number is ever kept."""
    connection = open_readonly(settings_of(context).engine.database)
    rows = [
        (
            row.asked.payment_id,
            row.asked.gateway,
            f"{row.asked.amount} {row.asked.currency}",
            row.state,
            row.reason,
            row.asked.asked_at.isoformat(timespec="seconds"),
        )
        for row in payments(connection, "unknown" if unknown else None)
    ]
    connection.close()
    columns = ["id", "gateway", "amount", "state", "reason", "asked at"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Payments", columns, rows)
