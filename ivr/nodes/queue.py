"""``queue``: wait for an agent, and talk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ivr.commands import Enqueue, NobodyThere, QueueClosed, QueueResult, Served, WaitExpired
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
    PromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.trail import Kind
from ivr.turn import Turn

SERVED = "served"
ABANDONED = "abandoned"


class Queue(NodeModel):
    """Let the caller wait for an agent of a queue of the settings, and talk.

    ``failed`` is where the caller goes when no talk comes about; ``timeout`` (waited ``max_wait``), ``nobody`` (no
    agent is logged in) and ``closed`` may each name another node. ``next`` is where the caller goes after the talk
    (without it the call ends). ``announce`` is played when the wait begins and every ``announce_every`` after that.
    Without ``max_wait`` and ``music`` the queue's own settings hold.
    """

    kind: ClassVar[str] = "queue"
    reaches_person: ClassVar[bool] = True
    queue: Name = Field(description="the name of a queue in the settings")
    priority: int = Field(default=0, ge=0, le=100, description="a whole number from 0 to 100; higher goes first")
    max_wait: Duration | None = Field(default=None, description="the longest wait, such as 3m")
    music: Name | None = Field(default=None, description="the name of a class of music")
    announce: PromptKeys = Field(default=(), description="a list of prompts, such as [queue.hold_on]")
    announce_every: Duration = Field(
        default="60s", validate_default=True, description="the time between announcements, such as 60s"
    )
    failed: NodeName = Field(description="the node for when no talk came about")
    timeout: NodeName | None = Field(default=None, description="the node for a caller who waited for max_wait")
    nobody: NodeName | None = Field(default=None, description="the node for when no agent is logged in")
    closed: NodeName | None = Field(default=None, description="the node for when the queue is closed")
    next: NodeName | None = Field(default=None, description="the node to go on with after the talk")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """The branches without a talk by themselves, ``next`` after a talk."""
        branches = {"failed": self.failed, "timeout": self.timeout, "nobody": self.nobody, "closed": self.closed}
        for name, to in branches.items():
            if to is not None:
                yield Exit((name,), to)
        if self.next is not None:
            yield Exit(("next",), self.next, Taken.BY_PERSON)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """The announcements."""
        return listed("announce", self.announce)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The queue."""
        yield ("queue",), Need.QUEUE, self.queue

    def visit(self, turn: Turn) -> Visit:
        """Wait, and see what became of it."""
        began_s = turn.now.mono_s
        turn.note(Kind.QUEUE_ENTERED, queue=self.queue, priority=self.priority)
        result = yield Enqueue(
            queue=self.queue,
            priority=self.priority,
            max_wait_s=self.max_wait,
            music=self.music,
            announce=turn.prompts(self.announce),
            announce_every_s=self.announce_every,
        )
        if not isinstance(result, QueueResult):
            raise Unexpected("Enqueue", result)
        return self._leave(turn, result, turn.now.mono_s - began_s)

    def _leave(self, turn: Turn, result: QueueResult, stayed_s: float) -> Goto | End:
        """The way out after ``result``, ``stayed_s`` seconds after the wait began."""
        turn.connected_s = None
        match result:
            case Served(talk_s):
                turn.talk_s += talk_s
                turn.wait_s += max(0.0, stayed_s - talk_s)
                turn.note(Kind.QUEUE_SERVED, queue=self.queue, talk_s=talk_s)
                return Goto("next", self.next) if self.next is not None else End("end", SERVED)
            case WaitExpired():
                reason, to = "timeout", self.timeout
            case NobodyThere():
                reason, to = "nobody", self.nobody
            case QueueClosed():
                reason, to = "closed", self.closed
        turn.wait_s += stayed_s
        turn.note(Kind.QUEUE_LEFT, queue=self.queue, reason=reason, wait_s=stayed_s)
        return Goto(reason, to) if to is not None else Goto("failed", self.failed)
