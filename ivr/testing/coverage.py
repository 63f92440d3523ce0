"""Which nodes of a flow, and which ways out of them, calls have gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from calls.ids import FlowId
from ivr.drawing.cards import exit_name
from ivr.flow import Flow
from ivr.trail import Kind, TrailEvent

Step = tuple[str, str, str]
"""A node, the way out of it, and the node that it leads to."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one flow: what there is, and what was not come to, in the order of the file."""

    flow: FlowId
    nodes: int
    ways: int
    missed_nodes: tuple[str, ...]
    missed_ways: tuple[Step, ...]

    @property
    def node_percent(self) -> float:
        """How many of the nodes were come to."""
        return 100.0 * (1 - len(self.missed_nodes) / self.nodes)

    @property
    def way_percent(self) -> float:
        """How many of the ways were gone; of a flow without ways, all."""
        return 100.0 * (1 - len(self.missed_ways) / self.ways) if self.ways else 100.0


def coverage(flows: Iterable[Flow], trails: Iterable[Sequence[TrailEvent]]) -> list[Coverage]:
    """What ``trails`` have gone of each of ``flows`` and of the flows that they call, by id."""
    known: dict[FlowId, Flow] = {}
    for flow in flows:
        known |= {each.id: each for each in _with_subflows(flow)}
    nodes: set[tuple[FlowId, str]] = set()
    ways: set[tuple[FlowId, Step]] = set()
    for trail in trails:
        _follow(trail, nodes, ways)
    return [_covered(known[flow_id], nodes, ways) for flow_id in sorted(known)]


def _with_subflows(flow: Flow) -> Iterator[Flow]:
    yield flow
    for each in flow.subflows.values():
        yield from _with_subflows(each)


def _follow(trail: Sequence[TrailEvent], nodes: set[tuple[FlowId, str]], ways: set[tuple[FlowId, Step]]) -> None:
    """Add what one trail has gone. The node of a subflow has its id before its name: ``identify/ask``."""
    main = FlowId("")
    left: tuple[FlowId, str, str] | None = None
    for event in trail:
        match event.kind:
            case Kind.FLOW_STARTED:
                main = FlowId(str(event.detail["flow"]))
            case Kind.NODE_ENTERED:
                flow, name = _split(event, main)
                nodes.add((flow, name))
                if left is not None and left[0] == flow:
                    ways.add((flow, (left[1], left[2], name)))
                left = None
            case Kind.NODE_LEFT:
                flow, name = _split(event, main)
                left = (flow, name, str(event.detail["exit"]))
            case _:
                pass


def _split(event: TrailEvent, main: FlowId) -> tuple[FlowId, str]:
    flow, slash, name = str(event.detail["node"]).rpartition("/")
    return FlowId(flow) if slash else main, name


def _covered(flow: Flow, nodes: set[tuple[FlowId, str]], ways: set[tuple[FlowId, Step]]) -> Coverage:
    there = dict.fromkeys(
        (name, exit_name(exit), exit.to)
        for name, node in flow.nodes.items()
        for exit in node.exits(dict(flow.extensions))
    )
    return Coverage(
        flow=flow.id,
        nodes=len(flow.nodes),
        ways=len(there),
        missed_nodes=tuple(name for name in flow.nodes if (flow.id, name) not in nodes),
        missed_ways=tuple(way for way in there if (flow.id, way) not in ways),
    )
