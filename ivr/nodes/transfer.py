"""``transfer``: join the caller to a destination of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

import calls.switch.port as port
from ivr.nodes.base import Duration, End, Exit, Goto, Name, Need, NodeModel, NodeName, Place, Taken, Unexpected, Visit
from ivr.trail import Kind
from ivr.turn import Turn

TRANSFERRED = "transferred"
LEFT_IN_TRANSFER = "left_in_transfer"


class Transfer(NodeModel):
    """Ring a destination by its name in the settings and join it to the caller.

    ``failed`` is where the caller goes when it is busy or does not answer; ``next``, where the caller goes when the
    talk is over (without it the call ends).
    """

    kind: ClassVar[str] = "transfer"
    reaches_person: ClassVar[bool] = True
    transfer: Name = Field(description="the name of a destination in the settings")
    ring: Duration = Field(default="20s", validate_default=True, description="how long it rings, such as 20s")
    failed: NodeName = Field(description="the node for when nobody was reached")
    next: NodeName | None = Field(default=None, description="the node to go on with after the talk")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``failed`` by itself, ``next`` after a talk."""
        yield Exit(("failed",), self.failed)
        if self.next is not None:
            yield Exit(("next",), self.next, Taken.BY_PERSON)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The destination."""
        yield ("transfer",), Need.DESTINATION, self.transfer

    def visit(self, turn: Turn) -> Visit:
        """Ring, and see what became of it."""
        turn.note(Kind.TRANSFER_STARTED, destination=self.transfer)
        result = yield port.Transfer(self.transfer, self.ring)
        match result:
            case port.Transferred(talk_s):
                turn.talk_s += talk_s
                turn.note(Kind.TRANSFER_ENDED, destination=self.transfer, talk_s=talk_s)
                return Goto("next", self.next) if self.next is not None else End("end", TRANSFERRED)
            case port.TransferFailed(reason):
                turn.note(Kind.TRANSFER_FAILED, destination=self.transfer, reason=reason)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Transfer", result)
