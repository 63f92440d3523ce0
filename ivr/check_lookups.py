"""What ``check`` finds wrong with look-ups alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.faults import Rule, did_you_mean
from ivr.nodes.base import Place
from ivr.nodes.lookup import LookupNode

Parameters = Mapping[str, frozenset[str] | None]
"""The placeholders of each source; None: it takes any argument."""


def lookup_faults(node: LookupNode, sources: Parameters) -> Iterator[tuple[Place, Rule, str]]:
    """The faults of one look-up, each with its place in the node."""
    wanted = sources.get(node.lookup)
    if wanted is not None:
        for name in node.arguments:
            if name not in wanted:
                problem = f'the look-up "{node.lookup}" has no place for "{name}"{did_you_mean(name, wanted)}'
                yield ("arguments", name), Rule.UNKNOWN_ARGUMENT, problem
        if lacking := sorted(wanted - node.arguments.keys()):
            problem = f'the look-up "{node.lookup}" needs {", ".join(lacking)} as well'
            yield ("arguments",), Rule.UNKNOWN_ARGUMENT, problem
    for name, to in node.ways.items():
        if to == node.next:
            problem = f'goes on with "{to}" as if something had been found; say there what is not known'
            yield (name,), Rule.FAILURE_AS_SUCCESS, problem
