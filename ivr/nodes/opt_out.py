"""``opt_out``: never call a person again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ivr.commands import Commit, CommitFailed, Committed
from ivr.effects import OptOut
from ivr.expressions import Expression
from ivr.nodes.base import Exit, Expressed, Goto, NodeModel, NodeName, Place, Unexpected, Visit
from ivr.trail import Kind
from ivr.turn import Turn
from ivr.values import in_words


class OptOutNode(NodeModel):
    """Put a number on the do-not-call list, at once and for every campaign. Then go on to ``next``.

    ``failed`` is where the caller goes when it could not be written, or the number is none (a caller whose number is
    not known).
    """

    kind: ClassVar[str] = "opt_out"
    opt_out: Expressed = Field(description="an expression that gives the number, such as call.customer")
    failed: NodeName = Field(description="the node for when the number is none, or could not be written down")
    next: NodeName = Field(description="the node to go on with once it is written down")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Both by themselves."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next)

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """The number."""
        yield ("opt_out",), self.opt_out

    def visit(self, turn: Turn) -> Visit:
        """Write it down."""
        number = in_words(turn.value(self.opt_out))
        result = yield Commit(OptOut(number), turn.key)
        match result:
            case Committed():
                turn.note(Kind.OPTED_OUT, failed=None)
                return Goto("next", self.next)
            case CommitFailed(reason):
                turn.note(Kind.OPTED_OUT, failed=reason)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Commit", result)
