"""``callwright leads edit``, and ``show`` and ``remove`` with ``--number``: one lead of a list."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import typer

from calls.errors import UserError
from calls.records.database import open_readonly
from console import one_lead
from console.cli.shared import out, print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from console.one_lead import EditOrder, NumberGiven, OneLead
from dialer.order import Kind

NUMBER_KINDS = ", ".join(Kind)


def edit(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="A number of the lead, in international form or of engine.region.")],
    of: Annotated[str, typer.Option("--list", help="The list that it stands in.")],
    new: Annotated[str | None, typer.Option("--number", help="What the number should have been.")] = None,
    kind: Annotated[Kind | None, typer.Option(help=f"Of the number: {NUMBER_KINDS}.")] = None,
    more: Annotated[
        list[str] | None, typer.Option("--add", metavar="KIND=NUMBER", help="Another number; may be given again.")
    ] = None,
    less: Annotated[
        list[str] | None, typer.Option("--drop", metavar="NUMBER", help="A number that goes; may be given again.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Country of new numbers without a code, e.g. DE.")] = None,
    name: Annotated[str | None, typer.Option(help="Who it is.")] = None,
    time_zone: Annotated[str | None, typer.Option(help='Such as Europe/Berlin; "": by number and place.')] = None,
    priority: Annotated[int | None, typer.Option(help="From -1000 to 1000, the highest first.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=TEXT", help="What else is known; no text takes it away.")
    ] = None,
) -> None:
    """Mend one lead of a list: it is checked as an import checks a row, and campaigns look at it again."""
    settings = settings_of(context)
    fields = dict(_pair(each, "--field", "Town=London") for each in field or ())
    given: dict[str, object] = {"name": name, "time_zone": time_zone, "priority": priority, "region": region}
    order = EditOrder.model_validate({key: value for key, value in given.items() if value is not None})
    order = order.model_copy(update={"fields": fields})
    if new is not None or kind is not None or more or less:
        found = _read(context, of, number)
        numbers = _numbers(found, number, new, kind, more or [], less or [], settings.engine.region)
        was = tuple(each.number for each in found.numbers)
        order = order.model_copy(update={"numbers": numbers, "was": was})
    now = datetime.now(UTC)
    content = order.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("PATCH", _path(of, number), content),
        lambda db: one_lead.edit(db, settings, of, number, order, who(), now).done,
    )
    typer.echo(done.said)


def _numbers(
    found: OneLead,
    number: str,
    new: str | None,
    kind: Kind | None,
    more: list[str],
    less: list[str],
    region: str | None,
) -> tuple[NumberGiven, ...]:
    """All numbers of the lead as they are to be."""
    named, gone = one_lead.e164(number, region), {one_lead.e164(each, region) for each in less}
    if unknown := gone - {each.number for each in found.numbers}:
        raise UserError(f"--drop {', '.join(sorted(unknown))}: the lead has no such number")
    wanted = []
    for each in found.numbers:
        if each.number == named:
            wanted.append(NumberGiven(number=new or each.number, kind=kind or each.kind))
        elif each.number not in gone:
            wanted.append(NumberGiven(number=each.number, kind=each.kind))
    if named in gone:
        if new is not None or kind is not None:
            raise UserError(f"--drop {number}: either it goes, or it is changed")
        wanted = [each for each in wanted if each.number != named]
    for text in more:
        named_kind, added = _pair(text, "--add", "mobile=+447400123456")
        if named_kind not in set(Kind):
            raise UserError(f"--add {text}: expected KIND=NUMBER with a kind of {NUMBER_KINDS}")
        wanted.append(NumberGiven(number=added, kind=Kind(named_kind)))
    if not wanted:
        raise UserError("a lead has a number: callwright leads remove LIST --number takes the lead out of its list")
    return tuple(wanted)


def _pair(text: str, option: str, such_as: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not is_there or not name.strip():
        raise UserError(f"{option} {text}: expected a name and a text such as {such_as}")
    return name.strip(), value.strip()


def show(context: typer.Context, name: str, number: str, as_json: bool) -> None:
    """Print one lead."""
    found = _read(context, name, number)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out.print(f"{found.name or 'no name'}, list {found.list}, priority {found.priority}", markup=False)
    rows = ((each.number, each.kind.value, ", ".join(each.time_zones)) for each in found.numbers)
    print_table("Numbers", ["number", "kind", "time zones"], rows)
    if found.fields:
        print_table("Fields", ["field", "text"], found.fields.items())
    columns = ["campaign", "state", "tries", "last outcome", "next try at"]
    rolls = [
        (each.campaign_id, each.state, each.tries, each.last_outcome, each.next_try_at) for each in found.campaigns
    ]
    if rolls:
        print_table("Campaigns", columns, rolls)


def remove(context: typer.Context, name: str, number: str) -> None:
    """Take one lead out of its list."""
    settings, now = settings_of(context), datetime.now(UTC)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("DELETE", _path(name, number), {}),
        lambda db: one_lead.remove(db, settings, name, number, who(), now).done,
    )
    typer.echo(done.said)


def _read(context: typer.Context, name: str, number: str) -> OneLead:
    settings = settings_of(context)
    with closing(open_readonly(settings.engine.database)) as connection:
        return one_lead.show(connection, settings, name, number)


def _path(name: str, number: str) -> str:
    return f"/v1/lists/{quote(name, safe='')}/leads/{quote(number, safe='')}"
