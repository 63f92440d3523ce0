"""``check``: everything that is wrong with a flow file, at once, each with file, line, key and what was expected.

An error keeps the flow from being used; a warning is told and does not. :data:`ivr.faults.RULES` lists the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from calls.errors import FlowError
from ivr.faults import Fault, Rule, Severity, did_you_mean
from ivr.flow import SYSTEM_PROMPTS, Flow, compiled
from ivr.graph import Graph
from ivr.nodes.base import Place
from ivr.nodes.menu import Menu
from ivr.nodes.queue import Queue
from ivr.nodes.transfer import Transfer
from ivr.reading import Reading, read_flow

LONG_MENU = 5
"""Choices that a caller keeps in mind. Source: the complaints in call-centre surveys of menus that are too long."""

SHOWN_ROUND = 8
"""How many nodes of a round a message names."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is outside of the flow. None: not known, and not checked."""

    queues: frozenset[str] | None = None
    destinations: frozenset[str] | None = None
    prompts: Mapping[str, frozenset[str]] | None = None
    """The keys of the prompts by language."""


def check(path: Path, known: Known) -> list[Fault]:
    """All faults of the flow in ``path``, in the order of their lines."""
    return _faults(read_flow(path), known)


def load(path: Path, known: Known) -> Flow:
    """The flow in ``path``, ready to run; its id is the file's name without its suffix.

    Raises:
        FlowError: it has an error. The message is that of the first; :func:`check` gives all.
    """
    reading = read_flow(path)
    errors = [fault for fault in _faults(reading, known) if fault.severity is Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more: callwright ivr check {path})" if len(errors) > 1 else ""
        raise FlowError(f"{errors[0].problem}{more}", errors[0].where)
    if reading.file is None:
        raise RuntimeError(f"{path}: no flow and no fault")
    return compiled(path.stem, reading.document.raw, reading.file)


def _faults(reading: Reading, known: Known) -> list[Fault]:
    faults = [
        *reading.faults,
        *_names(reading),
        *_settings(reading, known),
        *_prompts(reading, known),
        *_keys(reading),
    ]
    if reading.file is not None:
        faults.extend(_ways(reading))
    return sorted(faults, key=lambda fault: fault.where.line or 0)


def _error(reading: Reading, path: Place, rule: Rule, problem: str) -> Fault:
    return Fault(reading.document.location(path), Severity.ERROR, rule, problem)


def _warning(reading: Reading, path: Place, rule: Rule, problem: str) -> Fault:
    return Fault(reading.document.location(path), Severity.WARNING, rule, problem)


def _names(reading: Reading) -> Iterator[Fault]:
    """Ways to nodes that do not exist."""
    ways: list[tuple[Place, str]] = [] if reading.start is None else [(("start",), reading.start)]
    ways += [(("extensions", digits), to) for digits, to in reading.extensions.items()]
    for name, node in reading.nodes.items():
        ways += [(("nodes", name, *exit.path), exit.to) for exit in node.exits({})]
    for path, to in ways:
        if to not in reading.names:
            yield _error(
                reading, path, Rule.UNKNOWN_NODE, f'there is no node "{to}"{did_you_mean(to, reading.names)}'
            )


def _settings(reading: Reading, known: Known) -> Iterator[Fault]:
    """Queues and destinations that the settings do not have."""
    for name, node in reading.nodes.items():
        match node:
            case Queue(queue=queue) if known.queues is not None and queue not in known.queues:
                problem = f'there is no queue "{queue}" in the settings{did_you_mean(queue, known.queues)}'
                yield _error(reading, ("nodes", name, "queue"), Rule.UNKNOWN_QUEUE, problem)
            case Transfer(transfer=to) if known.destinations is not None and to not in known.destinations:
                problem = f'there is no destination "{to}" in the settings{did_you_mean(to, known.destinations)}'
                yield _error(reading, ("nodes", name, "transfer"), Rule.UNKNOWN_DESTINATION, problem)
            case _:
                pass


def _prompts(reading: Reading, known: Known) -> Iterator[Fault]:
    """Prompts that callers of this flow would not hear."""
    language = reading.language
    if known.prompts is None or language is None:
        return
    if language not in known.prompts:
        problem = f'there are no prompts in "{language}"{did_you_mean(language, known.prompts)}'
        yield _error(reading, ("language",), Rule.MISSING_PROMPT, problem)
        return
    there = known.prompts[language]
    for key in SYSTEM_PROMPTS:
        if key not in there:
            problem = f'every flow needs the prompt "{key}", and there is none in {language}; add its text'
            yield _error(reading, ("language",), Rule.MISSING_PROMPT, problem)
    for name, node in reading.nodes.items():
        for path, key in node.prompts():
            if key not in there:
                near = did_you_mean(key, there)
                hint = near if "did you mean" in near else "; add its text"
                problem = f'there is no prompt "{key}" in {language}{hint}'
                yield _error(reading, ("nodes", name, *path), Rule.MISSING_PROMPT, problem)


def _keys(reading: Reading) -> Iterator[Fault]:
    """Menus whose keys get in each other's way, or are too many."""
    dials = False
    written = ("extensions",) in reading.document.lines
    for name, node in reading.nodes.items():
        if not isinstance(node, Menu):
            continue
        place: Place = ("nodes", name)
        if len(node.keys) > LONG_MENU:
            problem = f"offers {len(node.keys)} choices; people remember {LONG_MENU}: split it"
            yield _warning(reading, (*place, "keys"), Rule.LONG_MENU, problem)
        dials = dials or node.direct_dial
        if node.direct_dial and not reading.extensions and (reading.file is not None or not written):
            problem = "direct dial needs extensions; add them at the top of the flow, or take direct_dial out"
            yield _error(reading, (*place, "direct_dial"), Rule.NO_EXTENSIONS, problem)
        yield from _overlaps(reading, place, node)
    if reading.file is not None and reading.extensions and not dials:
        problem = "no menu lets callers dial the extensions; add direct_dial: true to one, or take them out"
        yield _warning(reading, ("extensions",), Rule.UNUSED_EXTENSIONS, problem)


def _overlaps(reading: Reading, place: Place, menu: Menu) -> Iterator[Fault]:
    """Sequences of a menu that begin with another, or are the same."""
    extensions = reading.extensions if menu.direct_dial else {}
    sequences = [*menu.keys, *(digits for digits in extensions if digits not in menu.keys)]
    for keys in menu.keys:
        if keys in extensions:
            problem = f"is a key and an extension: the key goes first, so extension {keys} is never reached here"
            yield _warning(reading, (*place, "keys", keys), Rule.OVERLAPPING_KEYS, problem)
    for keys in sequences:
        longer = sorted(other for other in sequences if other != keys and other.startswith(keys))
        if longer:
            named = ", ".join(longer[:3]) + (", …" if len(longer) > 3 else "")
            why = f"{named} {'begin' if len(longer) > 1 else 'begins'} with it"
            problem = f"{keys} is taken only after {menu.next_key:g}s without a further key, because {why}"
            at: Place = (*place, "keys", keys) if keys in menu.keys else ("extensions", keys)
            yield _warning(reading, at, Rule.OVERLAPPING_KEYS, problem)


def _ways(reading: Reading) -> Iterator[Fault]:
    """What only the whole graph shows."""
    graph = Graph(reading.nodes, reading.extensions)
    rounds = graph.endless()
    for nodes in rounds:
        way = " -> ".join((*nodes, nodes[0]) if len(nodes) <= SHOWN_ROUND else (*nodes[:SHOWN_ROUND], "…"))
        problem = f"a caller who presses nothing goes round for ever: {way}; lead one of them to a person or a hangup"
        yield _error(reading, ("nodes", nodes[0]), Rule.ENDLESS_LOOP, problem)
    persons = graph.leading_to(name for name, node in reading.nodes.items() if node.reaches_person)
    reached = graph.reached(reading.start or "")
    whole = all(fault.rule != Rule.UNKNOWN_NODE for fault in _names(reading))
    for name, node in reading.nodes.items():
        if name not in reached and whole:
            yield _warning(
                reading, ("nodes", name), Rule.UNREACHABLE, "no call comes here; lead a way to it or take it out"
            )
        elif name not in persons and isinstance(node, Menu):
            problem = "no way leads from this menu to a person; add a key for a queue or a transfer"
            yield _warning(reading, ("nodes", name), Rule.NO_PERSON, problem)
