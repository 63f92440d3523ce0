"""``callwright ivr publish``, ``reload``, ``rollback``, and what is kept: ``versions``, ``diff``, ``show``."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import quote

import typer

from calls.errors import FlowError
from calls.records import flow_versions
from calls.records.database import open_readonly
from calls.records.flow_versions import FlowVersion, How
from calls.records.writer import write_once
from calls.settings import Settings
from calls.text import printable
from console import publishing
from console.cli.shared import print_json, print_table, settings_of
from console.client import EngineClient, NoEngine, who
from console.operations import Done
from ivr.check import Draft

Flow = Annotated[str, typer.Argument(help="The flow: its file's name without .yaml.")]
Note = Annotated[str, typer.Option(help="Why, for the history and the audit.")]

T = TypeVar("T")

THEN = "takes calls when the engine starts"


def publish(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Flow files, in any folder.", exists=True, dir_okay=False)
    ],
    note: Note = "",
) -> None:
    """Check flow files, put them into the folder of flows, and let new calls take them; all of them or none.

    A call under way keeps the text that it began with. Where a file is wrong nothing changes.
    """
    texts = [publishing.given(file) for file in files]
    body = {"flows": [{"file": str(each.file), "text": each.source.decode()} for each in texts], "note": note}
    settings = settings_of(context)
    _tell(
        settings,
        lambda engine: engine.tell("POST", "/v1/flows/publish", body),
        lambda: _store(settings, texts, How.PUBLISH, note),
    )


def reload(context: typer.Context, note: Note = "") -> None:
    """Check the files in the folder of flows, and let new calls take them as they are now; all of them or none."""
    settings = settings_of(context)
    _tell(
        settings,
        lambda engine: engine.order("/v1/flows/reload", {"note": note}),
        lambda: _store(settings, publishing.on_disk(settings), How.RELOAD, note),
    )


def rollback(
    context: typer.Context,
    flow: Flow,
    version: Annotated[str | None, typer.Argument(help="The first digits will do. Default: the one before.")] = None,
    note: Note = "",
) -> None:
    """Let new calls take an earlier version of a flow. Its file becomes that version's; what was in it is kept."""
    settings = settings_of(context)
    query = {"note": note} if version is None else {"note": note, "version": version}

    def here() -> Done:
        with closing(open_readonly(settings.engine.database)) as connection:
            text = publishing.rolled_back(connection, settings, flow, version)
        return _store(settings, [text], How.ROLLBACK, note)

    _tell(settings, lambda engine: engine.order(f"/v1/flows/{quote(flow, safe='')}/rollback", query), here)


def versions(
    context: typer.Context, flow: Flow, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The versions of a flow that are kept, the newest first, and who brought each."""
    rows = [
        [each.version, each.kept_at.isoformat(timespec="seconds"), each.how.value, each.who, each.note]
        for each in _history(settings_of(context), flow)
    ]
    columns = ["version", "since", "how", "who", "note"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(f"Versions of {flow}", columns, rows)


def diff(
    context: typer.Context,
    flow: Flow,
    old: Annotated[
        str | None, typer.Argument(metavar="[A]", help="A version. Default: the newest that is kept.")
    ] = None,
    new: Annotated[str | None, typer.Argument(metavar="[B]", help="Another. Default: the file as it is now.")] = None,
) -> None:
    """What differs between two versions of a flow, line by line; nothing where they are the same."""
    settings = settings_of(context)
    kept = _history(settings, flow)
    before = kept[0] if old is None else _find(settings, flow, old)
    if new is None:
        path = settings.flows / f"{flow}.yaml"
        name, after = str(path), publishing.read(path) or b""
    else:
        found = _find(settings, flow, new)
        name, after = f"{flow} {found.version}", found.source
    for line in difflib.unified_diff(
        _lines(before.source), _lines(after), f"{flow} {before.version}", name, lineterm=""
    ):
        typer.echo(line)


def show(
    context: typer.Context,
    flow: Flow,
    version: Annotated[str | None, typer.Argument(help="The first digits will do. Default: the newest.")] = None,
) -> None:
    """The text of a flow's version, byte for byte."""
    settings = settings_of(context)
    found = _history(settings, flow)[0] if version is None else _find(settings, flow, version)
    typer.echo(found.source, nl=False)


def _tell(settings: Settings, live: Callable[[EngineClient], Done], here: Callable[[], Done]) -> None:
    """Ask the engine; with none running do it here."""
    with EngineClient(settings.engine.socket) as engine:
        try:
            done = live(engine)
        except NoEngine:
            done = here()
    typer.echo(done.said)


def _store(settings: Settings, texts: Sequence[Draft], how: How, note: str) -> Done:
    """Change the flows without an engine.

    Raises:
        WriterBusy: another process writes, and it is no engine that answers.
    """
    now = datetime.now(UTC)
    with publishing.prepared(settings, texts, how) as change:
        changed = write_once(settings.engine.database, lambda db: change.keep(db, who(), now, note))
        change.place()
    return Done(said=change.said(changed, THEN))


def _history(settings: Settings, flow: str) -> list[FlowVersion]:
    kept = _read(settings, lambda connection: flow_versions.history(connection, flow))
    if not kept:
        raise FlowError(f"no version of the flow {flow} is kept yet: the engine's start and ivr publish keep them")
    return kept


def _find(settings: Settings, flow: str, version: str) -> FlowVersion:
    return _read(settings, lambda connection: flow_versions.find(connection, flow, version))


def _read(settings: Settings, work: Callable[[sqlite3.Connection], T]) -> T:
    with closing(open_readonly(settings.engine.database)) as connection:
        return work(connection)


def _lines(source: bytes) -> list[str]:
    return [printable(line) for line in source.decode(errors="replace").splitlines()]
