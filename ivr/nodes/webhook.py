"""``webhook``: tell a server of others what came of the call, such as a complaint, a ticket or an order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from ivr.commands import Commit, CommitFailed, Committed
from ivr.effects import Webhook
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
    Unexpected,
    VariableName,
    Visit,
)
from ivr.trail import Kind
from ivr.turn import Turn

SECRET = "secret"
"""Why a message is not written: something in it is a secret, and what waits to be sent is kept."""


class WebhookNode(NodeModel):
    """Write a message for a webhook down, and go on; it is sent, and sent again, without the caller.

    ``values`` names what it says. ``reference`` is a variable that takes a short number by which the caller may ask
    later. ``failed`` is where the caller goes when it could not be written: nothing will be sent then.
    """

    kind: ClassVar[str] = "webhook"
    webhook: Name = Field(description="the name of a webhook in the settings")
    values: Annotated[dict[VariableName, Expressed], Field(max_length=50)] = Field(
        default_factory=dict, description="names and expressions, such as {kind: '\"repair\"', number: call.customer}"
    )
    reference: VariableName | None = Field(default=None, description="a variable that takes a short number")
    failed: NodeName = Field(description="the node for when it could not be written down")
    next: NodeName = Field(description="the node to go on with once it is written down")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Both by themselves."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The webhook."""
        yield ("webhook",), Need.WEBHOOK, self.webhook

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """What is told."""
        for name, expression in self.values.items():
            yield ("values", name), expression

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The variable of the reference."""
        if self.reference is not None:
            yield ("reference",), self.reference

    def visit(self, turn: Turn) -> Visit:
        """Write it down."""
        if any(turn.is_secret(expression) for expression in self.values.values()):
            turn.note(Kind.WEBHOOK, webhook=self.webhook, reference=None, failed=SECRET)
            return Goto("failed", self.failed)
        values = {name: turn.value(expression) for name, expression in self.values.items()}
        result = yield Commit(Webhook(self.webhook, values), turn.key)
        match result:
            case Committed(reference):
                if self.reference is not None:
                    turn.set(self.reference, reference)
                turn.note(Kind.WEBHOOK, webhook=self.webhook, reference=reference or None, failed=None)
                return Goto("next", self.next)
            case CommitFailed(reason):
                turn.note(Kind.WEBHOOK, webhook=self.webhook, reference=None, failed=reason)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Commit", result)
