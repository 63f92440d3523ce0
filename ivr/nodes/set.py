"""``set``: let variables hold what expressions come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from ivr.expressions import Expression
from ivr.nodes.base import Exit, Expressed, Goto, NodeModel, NodeName, Place, VariableName, Visit
from ivr.turn import Turn


class Set(NodeModel):
    """Let each variable hold what its expression comes to, one after another. Then go on to ``next``."""

    kind: ClassVar[str] = "set"
    set: Annotated[dict[VariableName, Expressed], Field(min_length=1, max_length=50)] = Field(
        description="variables and expressions, such as {tries: tries + 1, kind: \"'repair'\"}"
    )
    next: NodeName = Field(description="the node to go on with")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """On to ``next``."""
        yield Exit(("next",), self.next)

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """What the variables come to hold."""
        for name, expression in self.set.items():
            yield ("set", name), expression

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The variables."""
        for name in self.set:
            yield ("set", name), name

    def visit(self, turn: Turn) -> Visit:
        """Set them; no command is given."""
        yield from ()
        for name, expression in self.set.items():
            turn.set(name, turn.value(expression), turn.is_secret(expression))
        return Goto("next", self.next)
