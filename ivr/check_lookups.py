"""What ``check`` finds wrong with look-ups alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.faults import Rule, did_you_mean
from ivr.nodes.base import Place
from ivr.nodes.lookup import LookupNode
from ivr.nodes.order import OrderNode

Parameters = Mapping[str, frozenset[str] | None]
"""The placeholders of each source; None: it takes any argument."""


def lookup_faults(node: LookupNode | OrderNode, sources: Parameters) -> Iterator[tuple[Place, Rule, str]]:
    """The faults of one node that looks something up, each with its place in the node."""
    match node:
        case OrderNode(source=str(source)):
            yield from _arguments(source, {node.argument: ("argument",)}, ("argument",), sources.get(source))
        case LookupNode():
            places: dict[str, Place] = {name: ("arguments", name) for name in node.arguments}
            yield from _arguments(node.lookup, places, ("arguments",), sources.get(node.lookup))
            for name, to in node.ways.items():
                if to == node.next:
                    problem = f'goes on with "{to}" as if something had been found; say there what is not known'
                    yield (name,), Rule.FAILURE_AS_SUCCESS, problem
        case _:
            pass


def _arguments(
    source: str, given: Mapping[str, Place], whole: Place, wanted: frozenset[str] | None
) -> Iterator[tuple[Place, Rule, str]]:
    """Arguments that the source does not know, and those that it lacks."""
    if wanted is None:
        return
    for name, place in given.items():
        if name not in wanted:
            problem = f'the look-up "{source}" has no place for "{name}"{did_you_mean(name, wanted)}'
            yield place, Rule.UNKNOWN_ARGUMENT, problem
    if lacking := sorted(wanted - given.keys()):
        problem = f'the look-up "{source}" needs {", ".join(lacking)} as well'
        yield whole, Rule.UNKNOWN_ARGUMENT, problem
