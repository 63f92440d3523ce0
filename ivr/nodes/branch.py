"""``branch``: go on by what the variables hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from ivr.expressions import Expression
from ivr.nodes.base import Condition, Exit, Goto, NodeModel, NodeName, Place, Taken, Visit
from ivr.trail import Kind
from ivr.turn import Turn


class Branch(NodeModel):
    """Go to the node of the first condition that holds, or to ``otherwise``."""

    kind: ClassVar[str] = "branch"
    branch: Annotated[dict[Condition, NodeName], Field(min_length=1, max_length=50)] = Field(
        description="conditions and nodes, such as {balance < 0: debt, vip: vip_queue}"
    )
    otherwise: NodeName = Field(description="the node for when no condition holds")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Each by its condition, ``otherwise`` by itself."""
        for condition, to in self.branch.items():
            yield Exit(("branch", condition.source), to, Taken.BY_CONDITION)
        yield Exit(("otherwise",), self.otherwise)

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """The conditions."""
        for condition in self.branch:
            yield ("branch", condition.source), condition

    def visit(self, turn: Turn) -> Visit:
        """Look at the values; no command is given."""
        yield from ()
        for condition, to in self.branch.items():
            if turn.value(condition):
                turn.note(Kind.BRANCH, condition=condition.source, to=to)
                return Goto(f"branch.{condition.source}", to)
        turn.note(Kind.BRANCH, condition=None, to=self.otherwise)
        return Goto("otherwise", self.otherwise)
