"""``callwright dnc``: who is not called, by our own list and by imported ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from calls.errors import Location, RecordError
from calls.ids import CampaignId
from calls.people import consents, do_not_call, number_import, number_lists
from calls.people.consents import ConsentKind
from calls.people.do_not_call import Entry
from calls.people.number_file import NumberFile
from calls.people.number_lists import NumberList
from calls.records.database import open_readonly
from console import forbidding
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from console.forbidding import ForbidOrder, ListOrder
from console.operations import e164

app = typer.Typer(
    help="Who is not called: our own list, and imported ones.", no_args_is_help=True, rich_markup_mode=None
)

REFUSED_SHARE = 0.01
"""An import with more lines that are no number is not taken: it is the wrong column, or the wrong file."""

Number = Annotated[
    str, typer.Argument(help="A number in international form, e.g. +12025550123, or the beginning of many: +1900*.")
]
Reason = Annotated[str, typer.Option(help="Why, for the audit.")]
Campaign = Annotated[str | None, typer.Option(help="By this campaign only. Default: by none.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def add(
    context: typer.Context,
    number: Number,
    reason: Reason = "",
    until: Annotated[datetime | None, typer.Option(help="In UTC; without it for good.")] = None,
    campaign: Campaign = None,
    source: Annotated[str, typer.Option(help="Where the wish came from.")] = "console",
    proof: Annotated[str, typer.Option(help="What shows it, or where that is kept.")] = "",
) -> None:
    """Never call this number again; takes effect at once, in every campaign."""
    ends = None if until is None else until.replace(tzinfo=UTC)
    order = ForbidOrder(
        number=forbidding.spelled(number), reason=reason, until=ends, campaign=campaign, source=source, proof=proof
    )
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("POST", "/v1/do-not-call", order.model_dump(mode="json")),
        lambda db: forbidding.forbid(db, order, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command()
def remove(context: typer.Context, number: Number, reason: Reason = "", campaign: Campaign = None) -> None:
    """Let this number be called again."""
    wanted, now = forbidding.spelled(number), datetime.now(UTC)
    query = {"reason": reason} | ({} if campaign is None else {"campaign": campaign})
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.remove(f"/v1/do-not-call/{quote(wanted, safe='+')}", query),
        lambda db: forbidding.allow(db, wanted, reason, campaign, who(), now),
    )
    typer.echo(done.said)


@app.command("list")
def list_numbers(context: typer.Context, as_json: AsJson = False) -> None:
    """Our own list: the numbers that are never called."""
    connection = open_readonly(settings_of(context).engine.database)
    rows = [_row(entry) for entry in do_not_call.entries(connection)]
    connection.close()
    columns = ["number", "reason", "source", "added by", "added at", "until", "campaign", "proof"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Do not call", columns, rows)


def _row(entry: Entry) -> tuple[str | None, ...]:
    until = None if entry.until is None else entry.until.isoformat()
    at = entry.added_at.isoformat()
    return (entry.number, entry.reason, entry.source, entry.added_by, at, until, entry.campaign_id, entry.proof)


@app.command("import")
def import_list(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Numbers: one a line, or CSV.", exists=True, dir_okay=False)],
    to: Annotated[str, typer.Option("--list", help="The list's name, by which campaigns name it.")],
    region: Annotated[str | None, typer.Option(help="Country of numbers without a country code, e.g. US.")] = None,
    column: Annotated[
        str | None, typer.Option(help="Of a CSV file: the numbers' column, by its name or its place from 1.")
    ] = None,
    day: Annotated[
        datetime | None, typer.Option("--date", help="The day of the list itself, in UTC. Default: now.")
    ] = None,
    source: Annotated[str, typer.Option(help="Where the list comes from. Default: the file's name.")] = "",
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Also one that is older, much smaller, or largely no numbers."),
    ] = False,
) -> None:
    """Import a do-not-call list of millions of numbers; it takes the place of the list's version before.

    It is sorted in little memory, checked, and holds from one moment on; a campaign that names it
    ([compliance] do_not_call) is held to it.
    """
    settings = settings_of(context)
    folder = forbidding.list_folder(settings, to)
    with file.open("rb") as stream:
        built = number_import.build(stream, Location(file), region, column, folder, 1.0 if anyway else REFUSED_SHARE)
    listed_at = datetime.now(UTC) if day is None else day.replace(tzinfo=UTC)
    order = ListOrder(name=to, path=built.path, listed_at=listed_at, source=source or file.name, anyway=anyway)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", "/v1/do-not-call-lists", order.model_dump(mode="json")),
        lambda db: forbidding.serve_list(
            db, forbidding.checked_list(settings, order, who(), datetime.now(UTC)), anyway
        )[0],
    )
    number_import.drop_old(folder, built.path)
    typer.echo(f"{done.said}; {built.lines} lines, {built.refused} of them no number")
    for line, text in built.examples:
        typer.echo(f"line {line}: {text!r} is no number")


@app.command()
def lists(
    context: typer.Context,
    verify: Annotated[bool, typer.Option(help="Read every number, and check digest and order.")] = False,
    as_json: AsJson = False,
) -> None:
    """The imported lists that hold, with their day."""
    connection = open_readonly(settings_of(context).engine.database)
    found = number_lists.standing(connection).values()
    connection.close()
    now = datetime.now(UTC)
    rows = [
        (
            each.name,
            each.numbers,
            each.listed_at.isoformat(timespec="minutes"),
            (now - each.listed_at).days,
            each.imported_at.isoformat(timespec="minutes"),
            each.imported_by,
            each.source,
            each.version[:12],
            _state(each, verify),
        )
        for each in found
    ]
    columns = ["list", "numbers", "as of", "days old", "imported at", "by", "source", "version", "file"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Imported lists", columns, rows)


def _state(found: NumberList, verify: bool) -> str:
    try:
        file = NumberFile(found.path)
        if verify:
            file.verify()
    except RecordError as problem:
        return str(problem)
    if file.version != found.version:
        return "holds another version than was imported: import it again"
    return "checked" if verify else "there"


@app.command()
def check(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="A number in international form.")],
    campaign: Annotated[str | None, typer.Option(help="With the entries of this campaign.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which lists forbid a number, and since when."""
    wanted, now = e164(number), datetime.now(UTC)
    connection = open_readonly(settings_of(context).engine.database)
    campaign_id = None if campaign is None else CampaignId(campaign)
    rows = [_found(entry) for entry in do_not_call.found(connection, wanted, now, campaign_id)]
    lists = number_lists.standing(connection)
    looked = number_lists.look(connection, lists, wanted, now, None)
    rows += [
        (name, "listed", lists[name].listed_at.isoformat(timespec="minutes"), lists[name].source)
        for name in looked.on
    ]
    rows += [(name, "could not be asked", None, why) for name, why in looked.unasked]
    rows += [
        ("consents", "taken back", each.withdrawn_at.isoformat(timespec="minutes"), each.source)
        for each in consents.of_number(connection, wanted)
        if each.kind is ConsentKind.CALLS and each.withdrawn_at is not None
    ]
    connection.close()
    if as_json:
        print_json([dict(zip(("list", "what", "since", "why"), row, strict=True)) for row in rows])
    elif rows:
        print_table(wanted, ["list", "what", "since", "why"], rows)
    else:
        typer.echo(f"{wanted} is on no list")


def _found(entry: Entry) -> tuple[str, str, str | None, str]:
    name = "our own" if entry.campaign_id is None else f"campaign {entry.campaign_id}"
    until = "" if entry.until is None else f" until {entry.until:%Y-%m-%d %H:%M} UTC"
    since = entry.added_at.isoformat(timespec="minutes")
    return (name, f"{entry.number}{until}", since, entry.reason or entry.source)
