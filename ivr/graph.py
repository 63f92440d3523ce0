"""What a flow looks like as a graph: what is reached, what goes round for ever, what leads to an end or a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ivr.nodes.base import NodeModel, Taken


class Graph:
    """The nodes of a flow and the ways between them. Ways to nodes that do not exist are left out."""

    def __init__(self, nodes: Mapping[str, NodeModel], extensions: Mapping[str, str]) -> None:
        known = dict(extensions)
        self._ways: dict[str, list[str]] = {}
        self._by_itself: dict[str, list[str]] = {}
        self._unasked: dict[str, list[str]] = {}
        for name, node in nodes.items():
            exits = [exit for exit in node.exits(known) if exit.to in nodes]
            self._ways[name] = [exit.to for exit in exits]
            self._by_itself[name] = [exit.to for exit in exits if exit.taken is Taken.BY_ITSELF]
            self._unasked[name] = [exit.to for exit in exits if exit.taken in (Taken.BY_ITSELF, Taken.BY_CONDITION)]

    def reached(self, entries: Iterable[str]) -> frozenset[str]:
        """The nodes that a call which comes to one of ``entries`` may come to."""
        return _closure(self._ways, (name for name in entries if name in self._ways))

    def leading_to(self, goals: Iterable[str]) -> frozenset[str]:
        """The nodes from which some way leads to one of ``goals``; the goals are among them."""
        back: dict[str, list[str]] = {name: [] for name in self._ways}
        for name, targets in self._ways.items():
            for target in targets:
                back[target].append(name)
        return _closure(back, goals)

    def endless(self) -> list[tuple[str, ...]]:
        """Every round that a caller may go who does nothing, as the nodes of one such round in their order."""
        return _rounds(self._by_itself)

    def conditional(self) -> list[tuple[str, ...]]:
        """The rounds that such a caller goes as long as conditions hold; those of :meth:`endless` among them."""
        return _rounds(self._unasked)


def _rounds(ways: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """One round of every group of nodes that lead to each other."""
    groups = _components(ways)
    return [_round(ways, frozenset(group)) for group in groups if len(group) > 1 or group[0] in ways[group[0]]]


def _closure(ways: Mapping[str, Sequence[str]], start: Iterable[str]) -> frozenset[str]:
    """``start`` and all that can be come to from there."""
    seen = set(start)
    todo = list(seen)
    while todo:
        for target in ways[todo.pop()]:
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return frozenset(seen)


def _round(ways: Mapping[str, Sequence[str]], members: frozenset[str]) -> tuple[str, ...]:
    """One round inside a strongly connected group: walk on inside it until a node comes twice."""
    order = [name for name in ways if name in members]
    path = [order[0]]
    while True:
        target = next(target for target in ways[path[-1]] if target in members)
        if target in path:
            return tuple(path[path.index(target) :])
        path.append(target)


def _components(ways: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The strongly connected groups of nodes, without recursion.

    Source: R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups: list[list[str]] = []
    for root in ways:
        if root in index:
            continue
        work = [(root, 0)]
        while work:
            name, position = work.pop()
            if position == 0:
                index[name] = low[name] = len(index)
                stack.append(name)
                on_stack.add(name)
            targets = ways[name]
            if position > 0:
                low[name] = min(low[name], low[targets[position - 1]])
            while position < len(targets) and targets[position] in index:
                if targets[position] in on_stack:
                    low[name] = min(low[name], index[targets[position]])
                position += 1
            if position < len(targets):
                work.append((name, position + 1))
                work.append((targets[position], 0))
            elif low[name] == index[name]:
                groups.append(_popped(stack, on_stack, name))
    return groups


def _popped(stack: list[str], on_stack: set[str], name: str) -> list[str]:
    """Take a whole group off the stack."""
    start = stack.index(name)
    group = stack[start:]
    del stack[start:]
    on_stack.difference_update(group)
    return group
