"""``subflow`` and ``return``: go through another flow, and come back from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

import ivr.nodes.base as base
from calls.ids import FlowId
from ivr.commands import FlowReturned, RunFlow
from ivr.expressions import Expression
from ivr.nodes.base import (
    Exit,
    Expressed,
    Goto,
    Name,
    Need,
    NodeModel,
    NodeName,
    Place,
    Taken,
    Unexpected,
    VariableName,
    Visit,
)
from ivr.trail import Kind
from ivr.turn import Turn


class Subflow(NodeModel):
    """Go through another flow of the same folder, and come back at its ``return``.

    ``arguments`` gives the other flow's variables their first values; it sees no other variable of this flow, and its
    own are gone when it returns, but for those that ``into`` takes over. ``returns`` names nodes for the words that
    it returns with, ``next`` the node for all others.
    """

    kind: ClassVar[str] = "subflow"
    subflow: Name = Field(description="the id of another flow, which is its file's name without .yaml")
    arguments: dict[VariableName, Expressed] = Field(
        default_factory=dict, description="variables of the other flow and expressions of this one"
    )
    into: dict[VariableName, VariableName] = Field(
        default_factory=dict, description="variables of this flow and those of the other that they take over"
    )
    returns: Annotated[dict[Name, NodeName], Field(max_length=20)] = Field(
        default_factory=dict, description="words that it returns with, and nodes"
    )
    next: NodeName = Field(description="the node for all other words")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """The words' nodes by what the other flow comes to, ``next`` by itself."""
        for word, to in self.returns.items():
            yield Exit(("returns", word), to, Taken.BY_CONDITION)
        yield Exit(("next",), self.next)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The other flow."""
        yield ("subflow",), Need.FLOW, self.subflow

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """What the other flow's variables begin with."""
        for name, expression in self.arguments.items():
            yield ("arguments", name), expression

    def sets(self) -> Iterator[tuple[Place, str]]:
        """What is taken over."""
        for name in self.into:
            yield ("into", name), name

    def visit(self, turn: Turn) -> Visit:
        """Go through it, and take over what it leaves."""
        given = {name: turn.value(expression) for name, expression in self.arguments.items()}
        secrets = frozenset(name for name, expression in self.arguments.items() if turn.is_secret(expression))
        result = yield RunFlow(FlowId(self.subflow), given, secrets)
        if not isinstance(result, FlowReturned):
            raise Unexpected("RunFlow", result)
        for name, theirs in self.into.items():
            turn.set(name, result.variables.get(theirs), theirs in result.secrets)
        turn.note(Kind.SUBFLOW_RETURNED, flow=self.subflow, word=result.word)
        if result.word in self.returns:
            return Goto(f"returns.{result.word}", self.returns[result.word])
        return Goto("next", self.next)


class Return(NodeModel):
    """Come back to the flow that called this one. In a flow that nobody called the call ends."""

    kind: ClassVar[str] = "return"
    return_: Name = Field(alias="return", description="a word for what it came to, such as paid")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """None in this flow."""
        yield from ()

    def visit(self, turn: Turn) -> Visit:
        """Leave; no command is given."""
        yield from ()
        return base.Return("return", self.return_)
