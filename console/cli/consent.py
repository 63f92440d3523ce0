"""``callwright consent``: what people have agreed to, with the proof."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.people import consents
from calls.people.consents import Consent, ConsentKind
from calls.records.database import open_readonly
from calls.records.writer import Writer
from console import consenting
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store, with_engine_or_writer
from console.client import who
from console.consenting import ConsentImport, ConsentOrder, WithdrawOrder

app = typer.Typer(help="What people have agreed to.", no_args_is_help=True, rich_markup_mode=None)

Number = Annotated[str, typer.Argument(help="A number in international form, e.g. +12025550123.")]
Kind = Annotated[ConsentKind, typer.Option(help="To what.")]


@app.command()
def add(
    context: typer.Context,
    number: Number,
    source: Annotated[str, typer.Option(help="Where it was given: a form, a call, a contract.")],
    kind: Kind = ConsentKind.CALLS,
    proof: Annotated[str, typer.Option(help="Its text, or where that is kept.")] = "",
    given_at: Annotated[datetime | None, typer.Option(help="In UTC. Default: now.")] = None,
    expires_at: Annotated[datetime | None, typer.Option(help="In UTC; without it, it does not run out.")] = None,
) -> None:
    """Keep what a person has agreed to."""
    given, expires = (None if at is None else at.replace(tzinfo=UTC) for at in (given_at, expires_at))
    order = ConsentOrder(number=number, kind=kind, source=source, proof=proof, given_at=given, expires_at=expires)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("POST", "/v1/consents", order.model_dump(mode="json")),
        lambda db: consenting.give(db, order, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command()
def withdraw(
    context: typer.Context,
    number: Number,
    kind: Kind = ConsentKind.CALLS,
    reason: Annotated[str, typer.Option(help="Why, or how it was said.")] = "",
) -> None:
    """A consent ends at once: what rings stops. Who takes back the consent to calls is called by no campaign."""
    order = WithdrawOrder(number=number, kind=kind, reason=reason)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("POST", "/v1/consents/withdraw", order.model_dump(mode="json")),
        lambda db: consenting.withdraw(db, order, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command()
def show(
    context: typer.Context, number: Number, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """All that a person has agreed to, and taken back."""
    wanted, now = consenting.number_of(number), datetime.now(UTC)
    connection = open_readonly(settings_of(context).engine.database)
    rows = [_row(each, now) for each in consents.of_number(connection, wanted)]
    connection.close()
    columns = ["kind", "given at", "source", "proof", "expires at", "withdrawn at", "holds"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(wanted, columns, rows)


def _row(each: Consent, now: datetime) -> tuple[str | None, ...]:
    expires, withdrawn = (
        None if at is None else at.isoformat(timespec="seconds") for at in (each.expires_at, each.withdrawn_at)
    )
    given = each.given_at.isoformat(timespec="seconds")
    holds = "yes" if each.holds(now) else "no"
    return (each.kind.value, given, each.source, each.proof, expires, withdrawn, holds)


@app.command("import")
def import_consents(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", exists=True, dir_okay=False)],
    number: Annotated[str, typer.Option(help="The column of the numbers.")],
    given: Annotated[str, typer.Option(help="The column of when it was given; who has none has not agreed.")],
    kind: Kind = ConsentKind.CALLS,
    source: Annotated[str, typer.Option(help="Where the consents were given. Default: the file's name.")] = "",
    proof: Annotated[str | None, typer.Option(help="The column of the proof.")] = None,
    region: Annotated[str | None, typer.Option(help="Country of numbers without a country code, e.g. DE.")] = None,
) -> None:
    """Keep consents from a column of a list of leads. The same file again changes nothing."""
    wanted = ConsentImport(
        file=str(file), kind=kind, source=source or file.name, number=number, given=given, proof=proof, region=region
    )
    query = {key: str(value) for key, value in wanted.model_dump(mode="json").items() if value is not None}
    with file.open("rb") as stream:

        async def here(writer: Writer) -> str:
            return await consenting.import_consents(writer, stream, wanted, who(), datetime.now(UTC))

        said = with_engine_or_writer(
            settings_of(context),
            lambda engine: str(engine.upload("/v1/consents/import", stream, query)["said"]),
            here,
        )
    typer.echo(said)
