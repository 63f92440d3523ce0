"""``lookup``: ask a source of the settings, a server or a database, and keep what it says in variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema

from ivr import value_path
from ivr.commands import LookedUp, Lookup, LookupFailed
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
    PromptKeys,
    Unexpected,
    VariableName,
    Visit,
    listed,
)
from ivr.trail import Kind
from ivr.turn import Turn
from ivr.value_path import ValuePath


def path(value: object) -> ValuePath:
    """The path of a YAML value.

    Raises:
        PathProblem: it is none.
    """
    return value_path.parse(value if isinstance(value, str) else str(value))


Path = Annotated[
    ValuePath,
    PlainValidator(path),
    WithJsonSchema({"type": "string", "minLength": 1, "examples": ["price", "result.items[0].price"]}),
]


class LookupNode(NodeModel):
    """Ask a source for what it knows, and keep values of the answer.

    ``arguments`` gives the source's placeholders their values, ``into`` names variables and the paths of what they
    take over; on every way but ``next`` these variables are ``none``. The caller hears ``meanwhile`` and then music
    where the answer takes longer than a moment.
    """

    kind: ClassVar[str] = "lookup"
    lookup: Name = Field(description="the name of a look-up in the settings")
    arguments: Annotated[dict[VariableName, Expressed], Field(max_length=20)] = Field(
        default_factory=dict, description="placeholders of the look-up and expressions, such as {order: number}"
    )
    into: Annotated[dict[VariableName, Path], Field(max_length=50)] = Field(
        default_factory=dict, description="variables and paths, such as {price: result.items[0].price}"
    )
    meanwhile: PromptKeys = Field(default=(), description="a list of prompts, such as [main.one_moment]")
    music: Name = Field(default="default", description="the name of a class of music")
    failed: NodeName = Field(description="the node for when nothing could be found out")
    missing: NodeName | None = Field(default=None, description="the node for when there is no such thing")
    timeout: NodeName | None = Field(default=None, description="the node for when the answer did not come in time")
    refused: NodeName | None = Field(default=None, description="the node for when the source may not be asked")
    next: NodeName = Field(description="the node to go on with once it is found")

    @property
    def ways(self) -> dict[str, str]:
        """The ways without an answer and their nodes, ``failed`` where there is no own."""
        named = {"missing": self.missing, "timeout": self.timeout, "refused": self.refused}
        return {"failed": self.failed} | {name: to for name, to in named.items() if to is not None}

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """All by themselves."""
        for name, to in self.ways.items():
            yield Exit((name,), to)
        yield Exit(("next",), self.next)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is said meanwhile."""
        return listed("meanwhile", self.meanwhile)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The source."""
        yield ("lookup",), Need.LOOKUP, self.lookup

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """What is asked for."""
        for name, expression in self.arguments.items():
            yield ("arguments", name), expression

    def sets(self) -> Iterator[tuple[Place, str]]:
        """What is taken over."""
        for name in self.into:
            yield ("into", name), name

    def visit(self, turn: Turn) -> Visit:
        """Ask, and take over what was found."""
        result = yield Lookup(
            self.lookup,
            {name: turn.value(expression) for name, expression in self.arguments.items()},
            {name: path.source for name, path in self.into.items()},
            turn.prompts(self.meanwhile),
            self.music,
        )
        match result:
            case LookedUp(values):
                reason, to = "next", self.next
            case LookupFailed(reason):
                values, ways = {}, self.ways
                reason = reason if reason in ways else "failed"
                to = ways[reason]
            case _:
                raise Unexpected("Lookup", result)
        for name in self.into:
            turn.set(name, values.get(name))
        said = "found" if isinstance(result, LookedUp) else result.reason
        turn.note(Kind.LOOKED_UP, lookup=self.lookup, result=said)
        return Goto(reason, to)
