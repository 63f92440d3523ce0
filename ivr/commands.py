"""What a session asks for and what it is told: the port's own words, and those of the queue.

A session gives one command at a time and takes exactly one result for it. All commands but :class:`Enqueue` go to the
call's channel as they are; ``Enqueue`` is performed by whoever runs the floor of agents (hold the caller, assign an
agent, connect the two).
"""

from __future__ import annotations

from dataclasses import dataclass

from calls.switch.port import (
    Answer,
    Done,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    Match,
    NoInput,
    NoMatch,
    Play,
    Prompt,
    Transfer,
    TransferFailed,
    Transferred,
)


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Let the caller wait for an agent of a queue, and talk. Result: one of :data:`QueueResult`, or ``HungUp``.

    The caller hears ``announce`` when the wait begins and again every ``announce_every_s``, with ``music`` in
    between. ``max_wait_s`` and ``music`` are None where the queue's own settings hold.
    """

    queue: str
    priority: int = 0
    max_wait_s: float | None = None
    music: str | None = None
    announce: tuple[Prompt, ...] = ()
    announce_every_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """An agent took the call; the talk is over and the caller is still there."""

    agent_talk_s: float


@dataclass(frozen=True, slots=True)
class WaitExpired:
    """Nobody was free within the longest wait."""


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """Nobody is logged in for the queue: waiting would be in vain."""


@dataclass(frozen=True, slots=True)
class QueueClosed:
    """The queue takes no callers now: it is closed, or the engine is being drained."""


QueueResult = Served | WaitExpired | NobodyThere | QueueClosed

Command = Answer | Play | Gather | Enqueue | Transfer | Hangup
Result = Done | Match | NoMatch | NoInput | QueueResult | Transferred | TransferFailed | Interrupted | HungUp


@dataclass(frozen=True, slots=True)
class AgentOffered:
    """The call, waiting in a queue, is offered to an agent, whose phone may ring."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class AgentConnected:
    """Agent and caller hear each other: the wait is over and the talk begins."""

    agent_id: str


Notice = AgentOffered | AgentConnected
"""What happens while a command is pending and nobody asked for."""
