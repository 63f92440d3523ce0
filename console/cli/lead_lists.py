"""``callwright leads lists | show | export | hours | move | remove | close | open | recycle``: whole lists."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from calls.causes import Outcome
from calls.errors import UserError
from calls.records.database import open_readonly
from calls.reports.sheets import csv_rows
from console import lead_lists
from console.cli import downloading, one_lead, report
from console.cli.shared import for_us_alone, out, print_json, print_table, settings_of, with_engine_or_writer
from console.client import who
from console.downloads import DownloadOrder, Held
from console.lead_lists import Recycling
from dialer.leads import lists as stored
from dialer.leads.answer_hours import COLUMNS, answer_hours
from dialer.leads.results import Page, Results, results

Name = Annotated[str, typer.Argument(help="The list.", metavar="LIST")]
OneNumber = Annotated[str | None, typer.Option("--number", help="One lead of it, by a number.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def add(app: typer.Typer) -> None:
    """The commands."""
    for command in (lists, show, export, hours, move, remove, close, reopen, recycle):
        app.command("open" if command is reopen else command.__name__)(command)


def lists(context: typer.Context, as_json: AsJson = False) -> None:
    """All lists: how many leads each has, and who dials it."""
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        found = stored.overview(connection)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = ((each.name, each.leads, "closed" if each.closed else "", ", ".join(each.campaigns)) for each in found)
    print_table("Lists", ["list", "leads", "", "campaigns"], rows)


def show(context: typer.Context, name: Name, number: OneNumber = None, as_json: AsJson = False) -> None:
    """What stands in a list: states by campaign, regions, and what was imported; or one lead of it."""
    if number is not None:
        one_lead.show(context, name, number, as_json)
        return
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        found = stored.detail(connection, name)
    if as_json:
        print_json(asdict(found))
        return
    closed = ", closed" if found.view.closed else ""
    out.print(f"{name}: {found.view.leads} leads{closed}; {found.several_numbers} with several numbers,", end=" ")
    out.print(f"{found.without_zone} without a time zone")
    for campaign, states in found.states.items():
        out.print(f"campaign {campaign}: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    if found.regions:
        print_table("Regions", ["region", "leads"], found.regions.items())
    if found.imports:
        columns = ["file", "began_at", "ended_at", "rows", "imported", "known", "refused"]
        print_table("Imports", columns, ([each[column] for column in columns] for each in found.imports))


def export(
    context: typer.Context,
    name: Name,
    to: Annotated[Path, typer.Argument(help="The file to write: .csv, or .jsonl for a JSON object a line.")],
    campaign: Annotated[str | None, typer.Option(help="Only what came of it in this campaign.")] = None,
) -> None:
    """Write what became of the leads of a list: each with its state, tries, last outcome and disposition in each
    campaign that has it, and with the columns of its file."""
    count, as_json = 0, to.suffix == ".jsonl"
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        wanted = results(connection, name, campaign)
        downloading.write_down(context, DownloadOrder(held=Held.LEADS, way="command", list=name, campaign=campaign))
        try:
            with open(to, "w", encoding="utf-8", newline="", opener=for_us_alone) as stream:
                stream.write("" if as_json else csv_rows([wanted.columns]))
                for page in wanted.pages(connection):
                    stream.write(_objects(wanted, page) if as_json else csv_rows(page.rows))
                    count += len(page.rows)
        except OSError as problem:
            raise UserError(f"{to}: cannot be written: {problem.strerror}") from problem
    typer.echo(f"{to}: {count} rows")


def _objects(wanted: Results, page: Page) -> str:
    """A JSON object a line."""
    named = (dict(zip(wanted.columns, row, strict=True)) for row in page.rows)
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in named)


def hours(
    context: typer.Context,
    name: Name,
    campaign: Annotated[str | None, typer.Option(help="Whose calls the list lends what it lacks from.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """In which hours, where they are, people of a list answered: attempts, answers and their share with its interval
    of 95%, and the share that is expected, by which leads wait with best_hour = true."""
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        found = answer_hours(connection, name, campaign)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [list(asdict(each).values()) for each in found]
    report.show(f"Answers of {name}", (list(COLUMNS), rows), as_csv, False)


def move(
    context: typer.Context, name: Name, to: Annotated[str, typer.Argument(help="The list that gets them.")]
) -> None:
    """Move the leads of a list to another one. Those that stand there already or are being dialled stay."""
    now = datetime.now(UTC)
    done = with_engine_or_writer(
        settings_of(context),
        lambda engine: engine.order(f"/v1/lists/{_path(name)}/move", {"to": to}),
        lambda writer: lead_lists.move(writer, name, to, who(), now),
    )
    typer.echo(done.said)


def remove(
    context: typer.Context,
    name: Name,
    number: OneNumber = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a list, or one lead of it. Leads that were dialled stay, since records lead to them, and are dialled no
    more."""
    if not yes:
        typer.confirm(f"Remove the leads of {name}?" if number is None else f"Remove {number} of {name}?", abort=True)
    if number is not None:
        one_lead.remove(context, name, number)
        return
    now = datetime.now(UTC)
    done = with_engine_or_writer(
        settings_of(context),
        lambda engine: engine.tell("DELETE", f"/v1/lists/{_path(name)}", {}),
        lambda writer: lead_lists.remove(writer, name, who(), now),
    )
    typer.echo(done.said)


def close(context: typer.Context, name: Name) -> None:
    """Let no campaign dial a list until it is opened again; calls under way go on."""
    _close(context, name, closed=True)


def reopen(context: typer.Context, name: Name) -> None:
    """Let campaigns dial a list again."""
    _close(context, name, closed=False)


def _close(context: typer.Context, name: str, *, closed: bool) -> None:
    now = datetime.now(UTC)
    done = with_engine_or_writer(
        settings_of(context),
        lambda engine: engine.order(f"/v1/lists/{_path(name)}/{'close' if closed else 'open'}"),
        lambda writer: lead_lists.close(writer, name, closed, who(), now),
    )
    typer.echo(done.said)


def recycle(
    context: typer.Context,
    campaign: Annotated[str, typer.Option(help="The campaign.")],
    outcome: Annotated[
        list[Outcome],
        typer.Option(metavar="OUTCOME", help="What the last attempt came to, e.g. no_answer; may be given again."),
    ],
    older_than: Annotated[str, typer.Option(help="How long ago it was at least, e.g. 30m, 12h, 2d.")] = "0m",
) -> None:
    """Let leads that are done be dialled again. All rules and limits are asked again."""
    given = Recycling(outcomes=tuple(outcome), older_than=older_than)
    now = datetime.now(UTC)
    done = with_engine_or_writer(
        settings_of(context),
        lambda engine: engine.tell("POST", f"/v1/leads/recycle/{_path(campaign)}", given.model_dump(mode="json")),
        lambda writer: lead_lists.recycle(writer, campaign, given, who(), now),
    )
    typer.echo(done.said)


def _path(name: str) -> str:
    return quote(name, safe="")
