"""``emergency``: to a person at once, before all who wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

import calls.switch.port as port
from calls.agents.events import URGENT
from ivr.commands import Enqueue, QueueResult, Served
from ivr.nodes.base import (
    Duration,
    End,
    Exit,
    Goto,
    Name,
    Need,
    NodeModel,
    NodeName,
    Place,
    Taken,
    Unexpected,
    Visit,
)
from ivr.nodes.queue import SERVED
from ivr.nodes.transfer import TRANSFERRED
from ivr.trail import Kind
from ivr.turn import Turn


class Emergency(NodeModel):
    """Bring the caller to an agent before all others, though the queue is full or closed. Nothing is played first.

    After ``max_wait``, or where nobody is logged in, ``transfer`` is rung, a destination of the settings. ``failed``
    is where the caller goes when nobody was reached at all; ``next``, where the caller goes after the talk (without
    it the call ends). Emergency numbers are never dialled by us.
    """

    kind: ClassVar[str] = "emergency"
    reaches_person: ClassVar[bool] = True
    emergency: Name = Field(description="the name of a queue in the settings")
    max_wait: Duration = Field(default="30s", validate_default=True, description="the longest wait, such as 30s")
    transfer: Name | None = Field(default=None, description="the name of a destination in the settings")
    ring: Duration = Field(default="30s", validate_default=True, description="how long it rings, such as 30s")
    failed: NodeName = Field(description="the node for when nobody was reached")
    next: NodeName | None = Field(default=None, description="the node to go on with after the talk")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``failed`` by itself, ``next`` after a talk."""
        yield Exit(("failed",), self.failed)
        if self.next is not None:
            yield Exit(("next",), self.next, Taken.BY_PERSON)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The queue and the destination."""
        yield ("emergency",), Need.QUEUE, self.emergency
        if self.transfer is not None:
            yield ("transfer",), Need.DESTINATION, self.transfer

    def visit(self, turn: Turn) -> Visit:
        """Wait before all others, then ring."""
        began_s = turn.now.mono_s
        turn.note(Kind.QUEUE_ENTERED, queue=self.emergency, priority=URGENT)
        result = yield Enqueue(queue=self.emergency, priority=URGENT, max_wait_s=self.max_wait, urgent=True)
        if not isinstance(result, QueueResult):
            raise Unexpected("Enqueue", result)
        stayed_s = turn.now.mono_s - began_s
        turn.connected_s = None
        if isinstance(result, Served):
            talk_s = result.agent_talk_s
            turn.talk_s += talk_s
            turn.wait_s += max(0.0, stayed_s - talk_s)
            turn.note(Kind.QUEUE_SERVED, queue=self.emergency, talk_s=talk_s)
            return self._after(SERVED)
        turn.wait_s += stayed_s
        turn.note(Kind.QUEUE_LEFT, queue=self.emergency, reason="timeout", wait_s=stayed_s)
        if self.transfer is None:
            return Goto("failed", self.failed)
        turn.note(Kind.TRANSFER_STARTED, destination=self.transfer)
        rung = yield port.Transfer(self.transfer, self.ring)
        match rung:
            case port.Transferred(talk_s):
                turn.talk_s += talk_s
                turn.note(Kind.TRANSFER_ENDED, destination=self.transfer, talk_s=talk_s)
                return self._after(TRANSFERRED)
            case port.TransferFailed(reason):
                turn.note(Kind.TRANSFER_FAILED, destination=self.transfer, reason=reason)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Transfer", rung)

    def _after(self, outcome: str) -> Goto | End:
        return Goto("next", self.next) if self.next is not None else End("end", outcome)
