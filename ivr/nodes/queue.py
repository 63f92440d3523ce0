"""``queue``: wait for an agent, and talk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from calls.agents.events import Claim, Overflow
from calls.ids import QueueName
from calls.switch.port import Prompt
from ivr.commands import (
    BrokeOut,
    Enqueue,
    NobodyThere,
    QueueClosed,
    QueueFull,
    QueueResult,
    Served,
    WaitExpired,
)
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
from ivr.turn import QueuePlace, Turn
from prompts.phrases import slots

POSITION, WAIT = "queue_position", "queue_wait_s"
"""The variables that hold how the wait stands."""

WAIT_STEP_S = 60
"""A wait is told in whole minutes, up: seconds would be a promise."""

WaitKey = Annotated[str, Field(pattern=r"^[0-9*#]$")]
"""A key that ends the wait. One alone: music has no pause in which a second would be waited for."""

SERVED = "served"
ABANDONED = "abandoned"


class OverflowTo(BaseModel):
    """Where a caller may be served too who has waited long."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    after: Duration = Field(description="a duration, such as 60s")
    queue: Name = Field(description="the name of another queue in the settings")


def tell_wait(turn: Turn, position: int, wait_s: float | None) -> None:
    """Let the variables hold how the wait stands."""
    turn.set(POSITION, position)
    turn.set(WAIT, None if wait_s is None else max(1, -int(-wait_s // WAIT_STEP_S)) * WAIT_STEP_S)


def announcement(turn: Turn, keys: Iterable[str]) -> tuple[Prompt, ...]:
    """The prompts of ``keys``; a text that says what is not known is left out, whole."""
    phrases = turn.phrases.get(turn.language, {})
    unknown = {name for name in (POSITION, WAIT) if turn.scope.variables.get(name) is None}
    said = (key for key in keys if unknown.isdisjoint(slot.name for slot in slots(phrases.get(key, ()))))
    return turn.prompts(said)


class Queue(NodeModel):
    """Let the caller wait for an agent of a queue of the settings, and talk.

    ``failed`` is where the caller goes when no talk comes about; ``timeout`` (waited ``max_wait``), ``nobody`` (no
    agent is logged in), ``closed`` and ``full`` may each name another node, and one of ``keys`` leads away at any
    moment of the wait. ``next`` is where the caller goes after the talk (without it the call ends). ``announce`` is
    played when the wait begins and every ``announce_every`` after that; before each ``queue_position`` and
    ``queue_wait_s`` are set. Without ``max_wait`` and ``music`` the queue's own settings hold.
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
    keys: dict[WaitKey, NodeName] = Field(
        default_factory=dict, description="keys that end the wait, and the nodes they lead to"
    )
    skills: Annotated[tuple[Name, ...], Field(max_length=10)] = Field(
        default=(), description="what the agent must be able to do, such as [german]"
    )
    level: int = Field(default=1, ge=1, le=9, description="how well, from 1 to 9")
    widen_after: Duration | None = Field(default=None, description="when any level will do, such as 30s")
    overflow: OverflowTo | None = Field(
        default=None, description="when the agents of another queue may take the call, such as {after: 60s, queue: b}"
    )
    failed: NodeName = Field(description="the node for when no talk came about")
    timeout: NodeName | None = Field(default=None, description="the node for a caller who waited for max_wait")
    nobody: NodeName | None = Field(default=None, description="the node for when no agent is logged in")
    closed: NodeName | None = Field(default=None, description="the node for when the queue is closed")
    full: NodeName | None = Field(default=None, description="the node for when too many wait")
    next: NodeName | None = Field(default=None, description="the node to go on with after the talk")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """The branches without a talk by themselves, ``next`` after a talk."""
        for name, to in self._branches().items():
            if to is not None:
                yield Exit((name,), to)
        for keys, to in self.keys.items():
            yield Exit(("keys", keys), to, Taken.BY_CALLER)
        if self.next is not None:
            yield Exit(("next",), self.next, Taken.BY_PERSON)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """The announcements."""
        return listed("announce", self.announce)

    def _branches(self) -> dict[str, str | None]:
        return {
            "failed": self.failed,
            "timeout": self.timeout,
            "nobody": self.nobody,
            "closed": self.closed,
            "full": self.full,
        }

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The queues and the skills."""
        yield ("queue",), Need.QUEUE, self.queue
        if self.overflow is not None:
            yield ("overflow", "queue"), Need.QUEUE, self.overflow.queue
        for index, skill in enumerate(self.skills):
            yield ("skills", index), Need.SKILL, skill

    def sets(self) -> Iterator[tuple[Place, str]]:
        """How the wait stands, where it is announced."""
        if self.announce:
            yield ("announce",), POSITION
            yield ("announce",), WAIT

    def visit(self, turn: Turn) -> Visit:
        """Wait, and see what became of it."""
        began_s = turn.now.mono_s
        turn.note(Kind.QUEUE_ENTERED, queue=self.queue, priority=self.priority)
        known = turn.places.get(self.queue)
        since = turn.now if known is None else known.since
        skills = frozenset(self.skills)
        turn.places[self.queue] = QueuePlace(since, Claim(self.priority, skills, self.level, self.widen_after))
        over = self.overflow
        result = yield Enqueue(
            queue=self.queue,
            priority=self.priority,
            max_wait_s=self.max_wait,
            music=self.music,
            announce_every_s=self.announce_every,
            announcements=self.announce,
            keys=frozenset(self.keys),
            skills=skills,
            level=self.level,
            widen_after_s=self.widen_after,
            overflow=None if over is None else Overflow(over.after, QueueName(over.queue)),
            waited_s=round(began_s - since.mono_s, 3),
        )
        if not isinstance(result, QueueResult):
            raise Unexpected("Enqueue", result)
        return self._leave(turn, result, turn.now.mono_s - began_s)

    def _leave(self, turn: Turn, result: QueueResult, stayed_s: float) -> Goto | End:
        """The way out after ``result``, ``stayed_s`` seconds after the wait began."""
        turn.connected_s = None
        reason: str
        to: str | None
        match result:
            case Served(talk_s):
                turn.places.clear()
                turn.talk_s += talk_s
                turn.wait_s += max(0.0, stayed_s - talk_s)
                turn.note(Kind.QUEUE_SERVED, queue=self.queue, talk_s=talk_s)
                return Goto("next", self.next) if self.next is not None else End("end", SERVED)
            case BrokeOut(keys):
                reason, to = f"keys.{keys}", self.keys[keys]
            case WaitExpired():
                reason, to = "timeout", self.timeout
            case NobodyThere():
                reason, to = "nobody", self.nobody
            case QueueClosed():
                reason, to = "closed", self.closed
            case QueueFull():
                reason, to = "full", self.full
        turn.wait_s += stayed_s
        turn.note(Kind.QUEUE_LEFT, queue=self.queue, reason=reason.partition(".")[0], wait_s=stayed_s)
        return Goto(reason, to) if to is not None else Goto("failed", self.failed)
