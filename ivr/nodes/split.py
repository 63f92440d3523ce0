"""``split``: send a share of the callers one way and the rest another, to compare the ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Annotated, ClassVar

from pydantic import Field

from ivr.nodes.base import Exit, Goto, NodeModel, NodeName, Visit
from ivr.trail import Kind
from ivr.turn import Turn

Share = Annotated[int, Field(ge=1, le=1000, description="a share, a whole number from 1 to 1000, such as 50")]

BELOW_ONE = 1.0 - 2.0**-53
"""The greatest float below 1."""


class Split(NodeModel):
    """Draw one of the nodes, each with the chance of its share of the sum. The caller hears nothing.

    A call that comes here again goes the way it went before. Several splits of one flow are drawn independently.
    """

    kind: ClassVar[str] = "split"
    split: dict[NodeName, Share] = Field(
        min_length=2, description="two or more nodes and their shares, such as {menu_a: 50, menu_b: 50}"
    )

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Each arm by itself."""
        for to in self.split:
            yield Exit(("split", to), to)

    def visit(self, turn: Turn) -> Visit:
        """Draw, or remember; no command is given."""
        yield from ()
        if turn.node not in turn.arms:
            turn.arms[turn.node], turn.draw = drawn(self.split, turn.draw)
        arm = turn.arms[turn.node]
        turn.note(Kind.SPLIT, arm=arm)
        return Goto(f"split.{arm}", arm)


def drawn(shares: Mapping[str, int], draw: float) -> tuple[str, float]:
    """The arm that ``draw``, uniform in [0, 1), falls into, and a draw for the next split.

    Where in its arm the draw fell is uniform in [0, 1) again, whatever the arm: one number serves all splits of a
    call, and they are independent. A float has 53 bits, and a split of two halves uses up one.
    """
    tops = dict(zip(shares, accumulate(shares.values()), strict=True))
    at = draw * sum(shares.values())
    arm = next((arm for arm, top in tops.items() if at < top), list(shares)[-1])  # at may be rounded up to the sum
    inside = (at - tops[arm] + shares[arm]) / shares[arm]
    return arm, min(max(inside, 0.0), BELOW_ONE)
