"""Where the cards of a flow stand: in layers from left to right, with few crossings and short lines.

Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
Trans. SMC 11 (1981): make the graph acyclic, give each node a layer, order the layers by barycentres, then place.
Lines to one target that run past the same layer run there together.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SWEEPS = 24
"""How often the layers are ordered, and placed, by their neighbours; more changes next to nothing."""
PATIENCE = 100_000
"""How many stops are looked at, all sweeps together: an endless tangle is drawn sooner, and less well."""
LANE = 10.0
"""The height that a line takes in a layer that it runs past."""
STRAIGHT = 8.0
"""How much rather a line is straight than a card near to its neighbours."""


@dataclass(frozen=True, slots=True)
class Box:
    """A card to be placed. ``entry``: how far below its top lines arrive."""

    name: str
    height: float
    entry: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line to be drawn, from ``port`` below the top of ``source`` to the entry of ``target``."""

    source: str
    port: float
    target: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A place in a layer: a card, or (``lane``) where lines to ``name`` run past, ``back`` to an earlier layer."""

    name: str
    layer: int
    lane: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """The layout. ``tops``: of each stop; ``routes``: the stops of each line, its cards at the ends.

    The route of a line back begins in the lane beside its source and ends in the lane beside its target.
    """

    layer: Mapping[str, int]
    tops: Mapping[Stop, float]
    routes: Mapping[Line, tuple[Stop, ...]]
    layers: tuple[tuple[Stop, ...], ...]


def placed(boxes: Sequence[Box], lines: Sequence[Line], start: str, gap: float) -> Placed:
    """Place ``boxes``, in the order in which they were written, at least ``gap`` apart."""
    back = _backward(boxes, lines, start)
    layer = _layers(boxes, [line for line in lines if line not in back])
    routes = {line: tuple(_route(line, layer, line in back)) for line in lines}
    layout = _Layout(boxes, lines, layer, routes, gap)
    layout.order()
    layout.place()
    return Placed(layer, layout.tops, routes, tuple(map(tuple, layout.layers)))


def _backward(boxes: Sequence[Box], lines: Sequence[Line], start: str) -> frozenset[Line]:
    """The lines that lead back to where a caller came from: without them nothing goes round."""
    out: dict[str, list[Line]] = {box.name: [] for box in boxes}
    for each in lines:
        out[each.source].append(each)
    back: set[Line] = set()
    seen: set[str] = set()
    on_way: set[str] = set()
    for root in (start, *out):
        if root in seen:
            continue
        seen.add(root)
        on_way.add(root)
        todo = [(root, iter(out[root]))]
        while todo:
            name, rest = todo[-1]
            line = next(rest, None)
            if line is None:
                on_way.discard(name)
                todo.pop()
            elif line.target in on_way:
                back.add(line)
            elif line.target not in seen:
                seen.add(line.target)
                on_way.add(line.target)
                todo.append((line.target, iter(out[line.target])))
    return frozenset(back)


def _layers(boxes: Sequence[Box], forward: Sequence[Line]) -> dict[str, int]:
    """The layer of each card: one after the last of those that lead to it."""
    layer = {box.name: 0 for box in boxes}
    waiting = {box.name: 0 for box in boxes}
    out: dict[str, list[str]] = {box.name: [] for box in boxes}
    for line in forward:
        waiting[line.target] += 1
        out[line.source].append(line.target)
    ready = [name for name, count in waiting.items() if count == 0]
    while ready:
        name = ready.pop()
        for target in out[name]:
            layer[target] = max(layer[target], layer[name] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return layer


def _route(line: Line, layer: Mapping[str, int], back: bool) -> Iterator[Stop]:
    first, last = layer[line.source], layer[line.target]
    yield Stop(line.source, first)
    passed = range(first, last - 1, -1) if back else range(first + 1, last)
    yield from (Stop(line.target, each, lane=True, back=back) for each in passed)
    yield Stop(line.target, last)


@dataclass(slots=True)
class _Link:
    """Two stops that a line joins, and how far below their tops it touches them."""

    other: Stop
    own: float
    others: float


@dataclass(slots=True)
class _Layout:
    boxes: Sequence[Box]
    lines: Sequence[Line]
    layer: Mapping[str, int]
    routes: Mapping[Line, tuple[Stop, ...]]
    gap: float
    layers: list[list[Stop]] = field(default_factory=list)
    tops: dict[Stop, float] = field(default_factory=dict)
    _before: dict[Stop, list[_Link]] = field(default_factory=dict)
    _after: dict[Stop, list[_Link]] = field(default_factory=dict)
    _beside: dict[Stop, list[_Link]] = field(default_factory=dict)
    _heights: dict[str, float] = field(default_factory=dict)
    _sweeps: int = SWEEPS

    def __post_init__(self) -> None:
        self._heights = {box.name: box.height for box in self.boxes}
        entries = {box.name: box.entry for box in self.boxes}
        stops = dict.fromkeys([Stop(box.name, self.layer[box.name]) for box in self.boxes])
        stops |= dict.fromkeys(stop for line in self.lines for stop in self.routes[line])
        self._sweeps = min(SWEEPS, max(2, PATIENCE // max(len(stops), 1)))
        self.layers = [[] for _ in range(max(self.layer.values(), default=0) + 1)]
        for stop in stops:
            self.layers[stop.layer].append(stop)
            self._before[stop], self._after[stop], self._beside[stop] = [], [], []
        for line in self.lines:
            route = self.routes[line]
            touches = [line.port, *[LANE / 2 for _ in route[1:-1]], entries[line.target]]
            for index in range(len(route) - 1):
                self._join(route[index], touches[index], route[index + 1], touches[index + 1])

    def _join(self, one: Stop, at: float, other: Stop, others_at: float) -> None:
        if one.layer == other.layer:
            self._beside[one].append(_Link(other, at, others_at))
            self._beside[other].append(_Link(one, others_at, at))
            return
        left, right = ((one, at), (other, others_at)) if one.layer < other.layer else ((other, others_at), (one, at))
        self._after[left[0]].append(_Link(right[0], left[1], right[1]))
        self._before[right[0]].append(_Link(left[0], right[1], left[1]))

    # --- the order in each layer ------------------------------------------------------------------------------

    def order(self) -> None:
        """Order every layer by where its neighbours are, and keep what crossed least."""
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(self._sweeps):
            links = self._after if sweep % 2 else self._before
            for layer in reversed(self.layers) if sweep % 2 else self.layers:
                self._sort(layer, links)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _sort(self, layer: list[Stop], links: Mapping[Stop, list[_Link]]) -> None:
        if not layer:
            return
        near = self.layers[max(0, layer[0].layer - 1) : layer[0].layer + 2]
        place = {stop: float(index) for each in near for index, stop in enumerate(each)}
        wanted = {}
        for stop in layer:
            at = [place[link.other] + link.others / self._height(link.other) for link in links[stop]]
            at = at or [place[link.other] + 0.5 for link in self._beside[stop]]
            wanted[stop] = sum(at) / len(at) if at else place[stop]
        layer.sort(key=lambda stop: wanted[stop])

    def _crossings(self) -> int:
        """How many pairs of lines between neighbouring layers cross."""
        count = 0
        for layer in self.layers[:-1]:
            place = {stop: index for index, stop in enumerate(self.layers[layer[0].layer + 1])} if layer else {}
            ends: list[tuple[float, float]] = []
            for index, stop in enumerate(layer):
                for link in self._after[stop]:
                    ends.append((index + link.own / self._height(stop), place[link.other]))
            seen: list[float] = []
            for _, end in sorted(ends):
                count += len(seen) - bisect_left(seen, end + 0.5)
                insort(seen, end)
        return count

    # --- the place in each layer ------------------------------------------------------------------------------

    def place(self) -> None:
        """Place every layer as near to its neighbours as its order allows."""
        for layer in self.layers:
            top = 0.0
            for stop in layer:
                self.tops[stop] = top
                top += self._height(stop) + self.gap
        for sweep in range(self._sweeps):
            links = self._after if sweep % 2 else self._before
            for layer in reversed(self.layers) if sweep % 2 else self.layers:
                self._settle(layer, links)
        lowest = min(self.tops.values(), default=0.0)
        self.tops = {stop: top - lowest for stop, top in self.tops.items()}

    def _settle(self, layer: Sequence[Stop], links: Mapping[Stop, list[_Link]]) -> None:
        wanted, weights = [], []
        offset = 0.0
        for stop in layer:
            joined = links[stop] or self._beside[stop]
            at = [self.tops[link.other] + link.others - link.own for link in joined]
            lanes = any(link.other.lane for link in joined)
            wanted.append((sum(at) / len(at) if at else self.tops[stop]) - offset)
            weights.append(STRAIGHT if stop.lane and lanes else max(1.0, float(len(at))) if at else 0.1)
            offset += self._height(stop) + self.gap
        offset = 0.0
        for stop, settled in zip(layer, _rising(wanted, weights), strict=True):
            self.tops[stop] = settled + offset
            offset += self._height(stop) + self.gap

    def _height(self, stop: Stop) -> float:
        return LANE if stop.lane else self._heights[stop.name]


def _rising(wanted: Iterable[float], weights: Iterable[float]) -> list[float]:
    """The numbers nearest to ``wanted`` (by weighted squares) that never fall.

    Source: M. Ayer et al., "An empirical distribution function for sampling with incomplete information", Ann. Math.
    Statist. 26 (1955): pool adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, mass, count = pools.pop()
            both = mass + pool[1]
            pool = ((mean * mass + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    return [mean for mean, _, count in pools for _ in range(count)]
