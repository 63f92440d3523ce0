"""What a picture of a flow shows: a card for each node, and on it a row for each way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from calls.reports.traffic import Traffic
from ivr.flow import Flow
from ivr.graph import Graph
from ivr.nodes.base import Exit, NodeModel, Taken


class Mark(Enum):
    """What a node is to the caller, which its card's colour tells."""

    ASKS = "asks"
    PERSON = "person"
    END = "end"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a node. ``exit`` is its name in trails; ``count``: how many calls went it, None: not asked."""

    exit: str
    label: str
    to: str
    taken: Taken
    count: int | None = None
    share: float | None = None
    """Of the entries to the node; None where there were none."""


@dataclass(frozen=True, slots=True)
class Card:
    """One node. ``about``: the main thing of it, such as its prompts or its queue."""

    name: str
    kind: str
    about: str
    mark: Mark
    is_start: bool
    is_reached: bool
    ways: tuple[Way, ...]
    entries: int | None = None
    drop_offs: int | None = None


def cards(flow: Flow, traffic: Traffic | None = None) -> tuple[Card, ...]:
    """The cards of ``flow``, in the order of its file; with ``traffic``, what calls did."""
    reached = Graph(flow.nodes, flow.extensions).reached(flow.entries)
    return tuple(
        Card(
            name=name,
            kind=node.kind,
            about=_about(node, flow.extensions),
            mark=_mark(node, flow.extensions),
            is_start=name == flow.start,
            is_reached=name in reached,
            ways=tuple(_ways(name, node, flow.extensions, traffic)),
            entries=None if traffic is None else traffic.entries.get(name, 0),
            drop_offs=None if traffic is None else traffic.drop_offs.get(name, 0),
        )
        for name, node in flow.nodes.items()
    )


def exit_name(exit: Exit) -> str:
    """The name of an exit in trails: ``keys.1``."""
    return ".".join(str(part) for part in exit.path)


def _ways(name: str, node: NodeModel, extensions: Mapping[str, str], traffic: Traffic | None) -> list[Way]:
    """The ways out of a node, each once: those of one name to one node are one."""
    entries = traffic.entries.get(name, 0) if traffic is not None else 0
    ways: dict[tuple[str, str], Way] = {}
    for exit in node.exits(dict(extensions)):
        way = exit_name(exit)
        count = None if traffic is None else traffic.ways.get((name, way, exit.to), 0)
        share = None if not count and not entries else (count or 0) / max(entries, 1)
        ways[way, exit.to] = Way(way, _label(exit, extensions), exit.to, exit.taken, count, share)
    return list(ways.values())


def _label(exit: Exit, extensions: Mapping[str, str]) -> str:
    """The way in a word: the key, what is said, or the branch. Of direct dial, the extensions that lead there."""
    if exit.path == ("direct_dial",):
        return ", ".join(digits for digits, to in extensions.items() if to == exit.to)
    return exit.label or str(exit.path[-1])


def _mark(node: NodeModel, extensions: Mapping[str, str]) -> Mark:
    taken = [exit.taken for exit in node.exits(dict(extensions))]
    if node.reaches_person:
        return Mark.PERSON
    if not taken:
        return Mark.END
    return Mark.ASKS if Taken.BY_CALLER in taken else Mark.PLAIN


def _about(node: NodeModel, extensions: Mapping[str, str]) -> str:
    """What stands under the key that names the kind, in a line; what its ways say already is left out."""
    name = next(name for name, field in type(node).model_fields.items() if node.kind in (name, field.alias))
    main = getattr(node, name)
    match main:
        case str():
            return main
        case tuple() | list() if all(isinstance(each, str) for each in main):
            return ", ".join(main)
        case Mapping() if all(exit.path[0] != node.kind for exit in node.exits(dict(extensions))):
            told = [f"{key} {value}" if isinstance(value, str) else str(key) for key, value in main.items()]
            return ", ".join(told)
        case _:
            return ""
