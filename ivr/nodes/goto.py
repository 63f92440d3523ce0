"""``goto``: go on with another node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

import ivr.nodes.base as base
from ivr.nodes.base import Exit, NodeModel, NodeName, Visit
from ivr.turn import Turn


class Goto(NodeModel):
    """Go on with another node: a second name for it, to be led elsewhere later in one place."""

    kind: ClassVar[str] = "goto"
    goto: NodeName = Field(description="the node to go on with")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """The node."""
        yield Exit(("goto",), self.goto)

    def visit(self, turn: Turn) -> Visit:
        """Go there; no command is given."""
        yield from ()
        return base.Goto("goto", self.goto)
