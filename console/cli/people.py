"""``callwright people``: all that is held of a person, given out, and erased."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import typer

from calls.records.database import open_readonly
from console import people
from console.cli import downloading
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from console.downloads import DownloadOrder, Held
from console.people import EraseOrder, PersonShown

app = typer.Typer(help="All that is held of a person.", no_args_is_help=True, rich_markup_mode=None)

Person = Annotated[str, typer.Argument(help="A number, or a lead's id.")]


@app.command()
def show(context: typer.Context, person: Person) -> None:
    """Calls both ways, what agents said, callbacks, consents and do-not-call of a person, in order."""
    found = _read(context, person)
    for lead in found.leads:
        typer.echo(f"{lead.name or 'no name'}, list {lead.list}: {', '.join(lead.numbers)}")
    rows = [
        (
            each.at.isoformat(timespec="seconds"),
            each.kind,
            ", ".join(f"{name} {value}" for name, value in each.detail.items()),
        )
        for each in found.history
    ]
    print_table(", ".join(found.numbers), ["at", "what", "detail"], rows)


@app.command()
def export(context: typer.Context, person: Person) -> None:
    """All that is held of a person, as JSON: what a person may ask for."""
    settings = settings_of(context)
    with closing(open_readonly(settings.engine.database)) as connection:
        found = people.export(connection, settings, person)
    downloading.write_down(context, DownloadOrder(held=Held.PERSON, way="command", person=found.numbers[0]))
    print_json(found.model_dump(mode="json"))


@app.command()
def erase(
    context: typer.Context,
    person: Person,
    reason: Annotated[str, typer.Option(help="Why, for the audit.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person: name, fields, numbers, words and recordings. It cannot be undone."""
    settings, now = settings_of(context), datetime.now(UTC)
    order = EraseOrder(reason=reason)
    if not yes:
        found = _read(context, person)
        typer.echo(f"{', '.join(found.numbers)}: {len(found.leads)} leads, {len(found.history)} entries")
        typer.confirm("Erase this person?", abort=True)
    path = f"/v1/people/{quote(person, safe='')}/erase"
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", path, order.model_dump()),
        lambda db: people.erase_at_once(db, settings, person, order, who(), now),
    )
    typer.echo(done.said)


def _read(context: typer.Context, person: str) -> PersonShown:
    settings = settings_of(context)
    with closing(open_readonly(settings.engine.database)) as connection:
        return people.show(connection, settings, person)
