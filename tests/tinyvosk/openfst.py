"""Writes OpenFst's binary format, type ``vector`` of arcs ``standard``, version 2."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MAGIC = 2125659606
_VERSION = 2
_EXPANDED_MUTABLE = 0x3
SORTED_BY_INPUT = 0x10000000
SORTED_BY_OUTPUT = 0x40000000


@dataclass(frozen=True, slots=True)
class Arc:
    """From one state to ``target``: what it takes and gives (0: nothing) and its cost."""

    taken: int
    given: int
    cost: float
    target: int


@dataclass(slots=True)
class Transducer:
    """States numbered from 0, which is where it starts, their arcs, and the costs of ending in a state."""

    arcs: list[list[Arc]] = field(default_factory=list)
    ends: dict[int, float] = field(default_factory=dict)

    def state(self) -> int:
        """A new state."""
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(self, source: int, target: int, taken: int = 0, given: int = 0, cost: float = 0.0) -> None:
        """Lead from ``source`` to ``target``."""
        self.arcs[source].append(Arc(taken, given, cost, target))

    def written(self, order: int) -> bytes:
        """The file, each state's arcs in ``order``: :data:`SORTED_BY_INPUT` or :data:`SORTED_BY_OUTPUT`."""
        count = sum(map(len, self.arcs))
        out = bytearray(struct.pack("<i", MAGIC) + _text("vector") + _text("standard"))
        out += struct.pack("<iiQqqq", _VERSION, 0, _EXPANDED_MUTABLE | order, 0, len(self.arcs), count)
        for state, arcs in enumerate(self.arcs):
            out += struct.pack("<fq", self.ends.get(state, float("inf")), len(arcs))
            for arc in sorted(arcs, key=lambda arc: arc.taken if order == SORTED_BY_INPUT else arc.given):
                out += struct.pack("<iifi", arc.taken, arc.given, arc.cost, arc.target)
        return bytes(out)


def _text(text: str) -> bytes:
    return struct.pack("<i", len(text)) + text.encode()
