"""Flows that change while calls are up: a text is checked, kept as a version, written, and then takes new calls.

The files in the folder of flows are the source of what runs. A change is made in this order, so that whatever fails,
the texts that take calls are those on the disk::

    change = prepare(settings, texts, how)    all checks, and the new files written beside the old ones
    change.keep(connection, ...)              one transaction: the versions and the audit
    change.place()                            the new files take the places of the old ones
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calls import log
from calls.errors import FlowError, Location
from calls.ids import FlowId
from calls.records import flow_versions
from calls.records.flow_versions import How
from calls.records.store import add_audit
from calls.settings import Settings
from calls.switch.port import Prompt
from calls.text import printable
from console import building, placing
from dialer import campaign as campaigns
from ivr.check import Draft, load
from ivr.document import MAX_BYTES
from ivr.flow import Flow
from ivr.reading import read_flow
from prompts.library import PromptLibrary
from prompts.phrases import Fragment
from prompts.pieces import find_pieces

NEW_FILE_MODE = 0o644
SHOWN_PROMPTS = 5


@dataclass(frozen=True, slots=True)
class FlowFile:
    """The file of a flow that is given: what was found in it, and the new file beside it, where they differ."""

    flow: Flow
    target: Path
    found: bytes | None
    new: Path | None


@dataclass(frozen=True, slots=True)
class Change:
    """Flows that are right and can take calls.

    ``flows``: those that calls begin with; ``files``: those whose texts are given; ``taken``: the ids of all that
    calls come to; ``stale``: prompts that still speak an older text.
    """

    how: How
    flows: Mapping[FlowId, Flow]
    files: tuple[FlowFile, ...]
    taken: frozenset[FlowId]
    stale: tuple[Prompt, ...]
    folder: Path

    def keep(self, connection: sqlite3.Connection, who: str, now: datetime, note: str) -> tuple[Flow, ...]:
        """Keep versions and audit; gives the flows whose newest version is another now, those of the files first."""
        note = printable(note)
        for each in self.files:
            if each.new is not None and each.found is not None:
                flow_versions.keep_replaced(connection, each.flow.id, each.found, now, who)
        flows = {each.flow.id: each.flow for each in self.files} | _all(self.flows.values())
        return tuple(flow for flow in flows.values() if _keep(connection, flow, self.how, who, now, note))

    def place(self) -> None:
        """Let the new files take their places, all of them or none.

        Raises:
            FlowError: one could not.
        """
        moves = [(each.new, each.target) for each in self.files if each.new is not None]
        if not moves:
            return
        try:
            placing.place(self.folder, moves)
        except OSError as problem:
            kept = ", ".join(each.flow.version for each in self.files if each.new is not None)
            raise FlowError(
                f"the new text is kept as version {kept} and could not be put here: {problem.strerror};"
                " no file has changed",
                Location(Path(problem.filename2 or problem.filename or moves[0][1])),
            ) from problem

    def said(self, changed: Iterable[Flow], then: str) -> str:
        """What was done, in words; ``then`` says what a changed flow does now."""
        news = {flow.id: flow for flow in changed}
        lines = []
        for flow in ({each.flow.id: each.flow for each in self.files} | news).values():
            does = then if flow.id in self.taken else "is kept; no route leads to it, so no call takes it"
            lines.append(
                f"flow {flow.id}: version {flow.version} {does if flow.id in news else 'was the newest already'}"
            )
        if self.stale:
            lines.append(f"{_named(self.stale)} still in the words of an older text: run callwright prompts render")
        return "\n".join(lines)


@contextmanager
def prepared(
    settings: Settings, texts: Sequence[Draft], how: How, live: Mapping[FlowId, Flow] | None = None
) -> Iterator[Change]:
    """A change to ``texts``, checked, with its new files written; those not placed at the end are taken away.

    ``live`` are the flows of the running engine that calls begin with: those that call a changed one change with it,
    and their texts are those that run, whatever somebody has begun to edit. Without an engine, all are those of the
    folder. Blocks: not for an event loop.

    Raises:
        FlowError: a text has an error, needs a prompt that is not rendered, or its file cannot be written.
    """
    given = {text.file.stem: text for text in texts}
    if len(given) < len(texts):
        raise FlowError(f"a flow is given twice, among {', '.join(sorted(given))}")
    library = PromptLibrary(settings.prompts)
    names = building.known(settings, library)
    drafts = _drafts(settings, live or {}) | given
    ids = dict.fromkeys([*given, *(_in_folder(settings) if live is None else _calling(live, given))])
    flows = {flow.id: flow for flow in (load(settings.flows / f"{each}.yaml", names, drafts) for each in ids)}
    wanted = {
        prompt: drafts[flow.id].file
        for flow in flows.values()
        if flow.id in drafts
        for prompt in _wanted(flow, library)
    }
    if lacking := [prompt for prompt in library.missing() if prompt in wanted]:
        problem = f"{_named(lacking)} not rendered: run callwright prompts render, then this again"
        raise FlowError(problem, Location(wanted[lacking[0]]))
    taken = frozenset(_all(flow for flow in (dict(live or {}) | flows).values() if flow.id in _routed(settings)))
    files: list[FlowFile] = []
    try:
        for each in given:
            files.append(_file(settings, flows[FlowId(each)], new=how is not How.RELOAD))
        stale = tuple(prompt for prompt in library.stale() if prompt in wanted)
        yield Change(how, flows, tuple(files), taken, stale, settings.flows)
    finally:
        for file in files:
            if file.new is not None:
                file.new.unlink(missing_ok=True)


def finish_left(settings: Settings) -> None:
    """At an engine's start, before the flows are read: do the rest of a change that was cut off.

    Raises:
        FlowError: it cannot be done.
    """
    try:
        filled = placing.finish_left(settings.flows)
    except (OSError, ValueError) as problem:
        raise FlowError(
            f"a change of flows was cut off and cannot be ended ({problem}): put the files there yourself, take"
            f" {placing.JOURNAL} away, and start again",
            Location(settings.flows),
        ) from problem
    for path in filled:
        log.get().warning("a change of flows was cut off, and is ended now", file=str(path))


def on_disk(settings: Settings) -> tuple[Draft, ...]:
    """The texts of the flows that routes lead to, as they lie in the folder.

    Raises:
        FlowError, SettingsError: one is not there.
    """
    return tuple(Draft(path, read(path) or b"") for path in building.routed(settings).values())


def rolled_back(connection: sqlite3.Connection, settings: Settings, flow: str, version: str | None) -> Draft:
    """The kept text of an earlier version; without ``version`` the text before the newest.

    Raises:
        FlowError: there is none.
    """
    if version is None:
        found = flow_versions.before(connection, flow)
    else:
        found = flow_versions.find(connection, flow, version)
    return Draft(settings.flows / f"{found.flow}.yaml", found.source)


def keep_found(connection: sqlite3.Connection, flows: Iterable[Flow], now: datetime) -> None:
    """At an engine's start: the texts in the folder are what takes calls. What is new is kept as a version."""
    for flow in _all(flows).values():
        _keep(connection, flow, How.START, "engine", now, "")


def given(file: Path) -> Draft:
    """The text in a file that a person names, fit to be sent to an engine.

    Raises:
        FlowError: it is no flow by its writing or its shape.
    """
    reading = read_flow(file)
    if reading.faults:
        raise FlowError(reading.faults[0].problem, reading.faults[0].where)
    return Draft(file, reading.document.raw)


def read(path: Path) -> bytes | None:
    """What is in the flow file ``path``; None where it is not there.

    Raises:
        FlowError: it cannot be read, or is no flow by its length.
    """
    try:
        with path.open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise FlowError(f"cannot be read: {problem.strerror}", Location(path)) from problem
    if len(source) > MAX_BYTES:
        raise FlowError(f"is longer than a flow may be ({MAX_BYTES} bytes): move it away", Location(path))
    return source


def _keep(connection: sqlite3.Connection, flow: Flow, how: How, who: str, now: datetime, note: str) -> bool:
    """Keep a flow as its newest version, with the audit; False where it is that already."""
    was = flow_versions.newest(connection, flow.id)
    if not flow_versions.keep(connection, flow.id, flow.version, flow.source, how, now, who, note):
        return False
    detail = {"flow": flow.id, "version": flow.version, "was": was.version if was else None, "note": note}
    add_audit(connection, now, who, f"flow.{how}", detail)
    return True


def _all(flows: Iterable[Flow]) -> dict[FlowId, Flow]:
    """The flows and all that they call."""
    return {each.id: each for flow in flows for each in flow.with_subflows()}


def _drafts(settings: Settings, live: Mapping[FlowId, Flow]) -> dict[str, Draft]:
    """The texts that run."""
    return {flow.id: Draft(settings.flows / f"{flow.id}.yaml", flow.source) for flow in _all(live.values()).values()}


def _routed(settings: Settings) -> list[str]:
    return [*(route.flow for route in settings.inbound), *sorted(campaigns.flows_named(settings.campaigns))]


def _in_folder(settings: Settings) -> list[str]:
    return [flow for flow in _routed(settings) if (settings.flows / f"{flow}.yaml").is_file()]


def _calling(live: Mapping[FlowId, Flow], changed: Mapping[str, Draft]) -> list[str]:
    """Those of ``live`` that call one of ``changed``."""
    return [flow.id for flow in live.values() if any(each.id in changed for each in flow.with_subflows())]


def _file(settings: Settings, flow: Flow, *, new: bool) -> FlowFile:
    target = Path(os.path.realpath(settings.flows / f"{flow.id}.yaml"))
    found = read(target)
    return FlowFile(flow, target, found, _written(target, flow.source) if new and found != flow.source else None)


def _written(target: Path, source: bytes) -> Path:
    """A new file beside ``target`` with ``source``, on the disk, with the mode of the old one."""
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else NEW_FILE_MODE
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as problem:
        raise _not_writable(target, problem) from problem
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(source)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except OSError as problem:
        os.unlink(name)
        raise _not_writable(target, problem) from problem
    return Path(name)


def _not_writable(target: Path, problem: OSError) -> FlowError:
    return FlowError(
        f"cannot be written here ({problem.strerror}): put the file there yourself, then run callwright ivr reload",
        Location(target),
    )


def _wanted(flow: Flow, library: PromptLibrary) -> Iterator[Prompt]:
    """What must be rendered for a flow; of a text with placeholders its fragments and the pieces of its values."""
    for language in flow.languages:
        for key in flow.prompts():
            phrase = library.phrases[language].get(key)
            if phrase is None:
                yield Prompt(key, language)
            else:
                yield from (Prompt(part.key, language) for part in phrase if isinstance(part, Fragment))
                yield from find_pieces(language, (phrase,), Location())


def _named(prompts: Sequence[Prompt]) -> str:
    first = ", ".join(f"{prompt.key} ({prompt.language})" for prompt in prompts[:SHOWN_PROMPTS])
    more = f" and {len(prompts) - SHOWN_PROMPTS} more" if len(prompts) > SHOWN_PROMPTS else ""
    return f"the prompt {first} is" if len(prompts) == 1 else f"the prompts {first}{more} are"
