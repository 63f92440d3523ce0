"""The flows of the folder, the versions of them that are kept, and what callers did in them."""

from __future__ import annotations

import difflib
import sqlite3
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls.errors import FlowError, UserError
from calls.ids import FlowId, is_safe_id
from calls.records import flow_versions
from calls.records.flow_figures import GOALS, FlowScope
from calls.records.flow_versions import FlowVersion
from calls.reports.of_flow import flow_figures
from calls.settings import Settings
from calls.text import printable
from console import publishing


class FlowRow(BaseModel):
    """A flow. ``called``: the numbers whose calls begin with it; ``version``: the newest that is kept, "" where none
    is; ``edited``: the file is another text than that."""

    model_config = ConfigDict(frozen=True)
    id: str
    called: tuple[str, ...]
    version: str
    since: datetime | None
    edited: bool


class VersionShown(BaseModel):
    """A text that is kept of a flow. ``how`` it came: found, publish, reload, rollback or replaced."""

    model_config = ConfigDict(frozen=True)
    version: str
    since: datetime
    how: str
    who: str
    note: str


class VersionText(BaseModel):
    """The text of a version."""

    model_config = ConfigDict(frozen=True)
    version: str
    text: str


class FigureRow(BaseModel):
    """A figure with its definition; ``value`` None where it is of nothing."""

    model_config = ConfigDict(frozen=True)
    name: str
    subject: str
    value: float | None
    unit: str
    definition: str


class Difference(BaseModel):
    """What differs between two texts, as lines of a unified difference; empty where they are the same."""

    model_config = ConfigDict(frozen=True)
    old: str
    new: str
    lines: tuple[str, ...]


def overview(connection: sqlite3.Connection | None, settings: Settings) -> list[FlowRow]:
    """All flows that have a file or a kept version, by id."""
    ids = {path.stem for path in settings.flows.glob("*.yaml") if is_safe_id(path.stem)}
    if connection is not None:
        ids |= {row[0] for row in connection.execute("SELECT DISTINCT flow FROM flow_versions")}
    return [_row(connection, settings, each) for each in sorted(ids)]


def _row(connection: sqlite3.Connection | None, settings: Settings, flow: str) -> FlowRow:
    newest = None if connection is None else flow_versions.newest(connection, FlowId(flow))
    source = publishing.read(settings.flows / f"{flow}.yaml")
    return FlowRow(
        id=flow,
        called=tuple(each.called for each in settings.inbound if each.flow == flow),
        version="" if newest is None else newest.version,
        since=None if newest is None else newest.kept_at,
        edited=newest is None or source != newest.source,
    )


def versions(connection: sqlite3.Connection, flow: str) -> list[VersionShown]:
    """The kept versions, the newest first."""
    return [
        VersionShown(version=each.version, since=each.kept_at, how=each.how.value, who=each.who, note=each.note)
        for each in flow_versions.history(connection, flow)
    ]


def text(connection: sqlite3.Connection | None, settings: Settings, flow: str, version: str | None) -> VersionText:
    """The text of a version, by its first digits; None: of the file as it is now.

    Raises:
        UserError: there is none.
    """
    if version is None:
        source = file_text(settings, flow)
        return VersionText(version="", text=source)
    if connection is None:
        raise UserError(f"no version of the flow {flow} is kept")
    found = flow_versions.find(connection, flow, version)
    return VersionText(version=found.version, text=_decoded(found))


def file_text(settings: Settings, flow: str) -> str:
    """The flow's file as it is now.

    Raises:
        UserError: there is none.
    """
    source = publishing.read(settings.flows / f"{flow}.yaml") if is_safe_id(flow) else None
    if source is None:
        raise FlowError(f"there is no flow {flow!a}")
    return source.decode("utf-8", "replace")


def difference(
    connection: sqlite3.Connection, settings: Settings, flow: str, old: str | None, new: str | None
) -> Difference:
    """Between two versions; ``old`` None: the newest that is kept, ``new`` None: the file.

    Raises:
        UserError: there is no such version.
    """
    if old is None:
        newest = flow_versions.newest(connection, FlowId(flow))
        if newest is None:
            raise FlowError(f"no version of the flow {flow} is kept yet")
        old = newest.version
    before, after = text(connection, settings, flow, old), text(connection, settings, flow, new)
    name = after.version or f"{flow}.yaml"
    lines = difflib.unified_diff(_lines(before.text), _lines(after.text), before.version, name, lineterm="")
    return Difference(old=before.version, new=name, lines=tuple(lines))


def figures(
    connection: sqlite3.Connection, flow: str, begin: datetime, end: datetime, version: str
) -> list[FigureRow]:
    """What callers did in a flow: containment, drop-off, nodes. ``version`` "": of all versions."""
    scope = FlowScope(FlowId(flow), begin, end, version, GOALS)
    return [
        FigureRow(name=each.name, subject=each.subject, value=each.value, unit=each.unit, definition=each.definition)
        for each in flow_figures(connection, scope)
    ]


def _lines(source: str) -> list[str]:
    return [printable(line) for line in source.splitlines()]


def _decoded(found: FlowVersion) -> str:
    return found.source.decode("utf-8", "replace")
