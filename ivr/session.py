"""One call in a flow: a state machine without sockets, clocks or threads.

::

    session.start(context, now)  -> Command | Finished      once, first
    session.resume(result, now)  -> Command | Finished      the one result of the command given last
    session.notify(notice, now)  -> Command | None          what happens meanwhile and nobody asked for
    session.hangup(now)          -> Finished                the call is gone, at whatever moment

==============  ====================================================================
state           what is pending
==============  ====================================================================
``ANSWERING``   ``Answer``
``IN_NODE``     a command of the node the caller is in
``SORRY``       the apology: a fault of ours, or too many steps
``HANGING_UP``  ``Hangup``
``FINISHED``    nothing; every further call gives the same ``Finished`` again
==============  ====================================================================

A node that raises is our bug: it ends this one call with an apology, and its traceback is in the trail. Every session
ends: a flow that goes round, by whatever mistake, is ended with an apology after :data:`MAX_STEPS` steps.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import Enum

from calls.switch.port import Answer, EndedBy, Hangup, HungUp, Play, Transfer
from ivr.commands import AgentConnected, AgentOffered, Command, Enqueue, Notice, Result
from ivr.flow import SORRY, Flow
from ivr.nodes.base import End, Goto, Visit
from ivr.nodes.queue import ABANDONED, SERVED
from ivr.nodes.transfer import LEFT_IN_TRANSFER
from ivr.trail import Instant, Kind, TrailEvent
from ivr.turn import Turn

MAX_STEPS = 1000
"""Nodes entered and commands given in one call. Far above what a person goes through. Source: Twilio Studio's limit
of 1,000 steps an execution."""

FAULT = "fault"
STEP_LIMIT = "step_limit"
HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the call before the flow begins. ``answered``: no ``Answer`` is needed (a dialled call).

    ``draw`` is a number in [0, 1), drawn at random once for the call: what its splits go by.
    """

    answered: bool = False
    draw: float = 0.0


@dataclass(frozen=True, slots=True)
class Finished:
    """The session is over. ``outcome``: what it came to; ``last_node``: where; the times add up to its length."""

    outcome: str
    last_node: str
    menu_s: float
    wait_s: float
    talk_s: float


class State(Enum):
    """See the table above."""

    ANSWERING = "answering"
    IN_NODE = "in_node"
    SORRY = "sorry"
    HANGING_UP = "hanging_up"
    FINISHED = "finished"


class Session:
    """Runs ``flow`` for one call."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._state: State | None = None
        self._turn: Turn | None = None
        self._visit: Visit | None = None
        self._pending: Command | None = None
        self._pending_since_s = 0.0
        self._entered_s = 0.0
        self._steps = 0
        self._finished: Finished | None = None

    @property
    def trail(self) -> tuple[TrailEvent, ...]:
        """All that happened so far."""
        return tuple(self._turn.trail) if self._turn is not None else ()

    @property
    def node(self) -> str:
        """The node the caller is in; "" before the first."""
        return self._turn.node if self._turn is not None else ""

    def start(self, context: Context, now: Instant) -> Command | Finished:
        """The first command.

        Raises:
            RuntimeError: the session was started before.
        """
        if self._turn is not None:
            raise RuntimeError("a session is started once")
        self._turn = turn = Turn(self._flow.language, self._flow.extensions, now, context.draw)
        turn.note(Kind.FLOW_STARTED, flow=self._flow.id, version=self._flow.version, language=self._flow.language)
        if context.answered:
            return self._step(turn, None, self._flow.start)
        return self._give(turn, State.ANSWERING, Answer())

    def resume(self, result: Result, now: Instant) -> Command | Finished:
        """The next command after ``result``, the result of the one before."""
        if self._finished is not None:
            return self._finished
        turn = self._at(now)
        if isinstance(result, HungUp):
            return self._gone(turn, result.by, result.cause)
        match self._state:
            case State.ANSWERING:
                return self._step(turn, None, self._flow.start)
            case State.IN_NODE:
                return self._step(turn, result)
            case State.SORRY:
                return self._hang_up(turn)
            case _:
                return self._gone(turn, EndedBy.US, None)

    def notify(self, notice: Notice, now: Instant) -> Command | None:
        """Take note of what happened meanwhile. A command, where one is given, takes the place of the pending one."""
        if self._finished is not None:
            return None
        turn = self._at(now)
        match notice:
            case AgentOffered(agent_id):
                turn.note(Kind.AGENT_OFFERED, agent=agent_id)
            case AgentConnected(agent_id) if isinstance(self._pending, Enqueue) and turn.connected_s is None:
                turn.connected_s = turn.now.mono_s
                waited_s = turn.connected_s - self._pending_since_s
                turn.note(Kind.AGENT_CONNECTED, agent=agent_id, wait_s=waited_s)
            case AgentConnected():
                pass
        return None

    def hangup(self, now: Instant, by: EndedBy = EndedBy.CALLER, cause: int | None = None) -> Finished:
        """The call is gone. Safe at any moment, and again and again."""
        if self._finished is not None:
            return self._finished
        return self._gone(self._at(now), by, cause)

    # --- inside -----------------------------------------------------------------------------------------------

    def _at(self, now: Instant) -> Turn:
        if self._turn is None:
            raise RuntimeError("a session is started before all else")
        self._turn.move_to(now)
        return self._turn

    def _give(self, turn: Turn, state: State, command: Command) -> Command | Finished:
        """Give ``command``, or an apology where the call has gone on for too many steps."""
        self._steps += 1
        if self._steps > MAX_STEPS and state in (State.ANSWERING, State.IN_NODE):
            return self._too_long(turn)
        self._state, self._pending, self._pending_since_s = state, command, turn.now.mono_s
        return command

    def _begin_visit(self, turn: Turn, name: str) -> None:
        node = self._flow.nodes[name]
        turn.node = name
        self._entered_s = turn.now.mono_s
        turn.note(Kind.NODE_ENTERED, type=node.kind)
        self._visit = node.visit(turn)

    def _step(self, turn: Turn, result: Result | None, node: str | None = None) -> Command | Finished:
        """Enter ``node``, or hand ``result`` to the one that is visited, and go on to the next command."""
        try:
            while self._steps <= MAX_STEPS:
                if node is not None:
                    self._begin_visit(turn, node)
                match self._ask(turn, result):
                    case Goto() as way:
                        self._steps += 1
                        node, result = way.node, None
                    case End():
                        return self._hang_up(turn)
                    case command:
                        return self._give(turn, State.IN_NODE, command)
        except Exception as problem:  # noqa: BLE001 - the supervisor of one call; the traceback goes into the trail
            told = "".join(traceback.format_exception(problem))
            turn.note(Kind.FAULT, error=f"{type(problem).__name__}: {problem}", traceback=told)
            return self._sorry(turn, FAULT)
        return self._too_long(turn)

    def _ask(self, turn: Turn, result: Result | None) -> Command | Goto | End:
        """The node's next command, or the way the caller leaves it."""
        if self._visit is None:
            raise RuntimeError("no node is visited")
        try:
            return next(self._visit) if result is None else self._visit.send(result)
        except StopIteration as stop:
            leave = stop.value
        if not isinstance(leave, Goto | End):
            raise TypeError(f"a node was left by {leave!r}")
        self._left(turn, leave.exit)
        if isinstance(leave, End):
            turn.settle(leave.outcome)
        return leave

    def _left(self, turn: Turn, way: str) -> None:
        self._visit = None
        turn.note(Kind.NODE_LEFT, exit=way, took_s=turn.now.mono_s - self._entered_s)

    def _sorry(self, turn: Turn, outcome: str) -> Command | Finished:
        """Apologise: the caller is never left in silence by a fault of ours."""
        turn.outcome = outcome
        if self._visit is not None:
            self._left(turn, outcome)
        return self._give(turn, State.SORRY, Play(turn.prompts((SORRY,))))

    def _too_long(self, turn: Turn) -> Command | Finished:
        turn.note(Kind.STEP_LIMIT, steps=self._steps)
        return self._sorry(turn, STEP_LIMIT)

    def _hang_up(self, turn: Turn) -> Command | Finished:
        return self._give(turn, State.HANGING_UP, Hangup())

    def _gone(self, turn: Turn, by: EndedBy, cause: int | None) -> Finished:
        """Close the books."""
        self._account(turn)
        turn.note(Kind.HUNG_UP, by=by.value, cause=cause)
        if self._visit is not None:
            self._visit.close()
            self._left(turn, HUNG_UP)
        self._state, self._pending = State.FINISHED, None
        menu_s = max(0.0, turn.since_s - turn.wait_s - turn.talk_s)
        outcome = turn.outcome or HUNG_UP
        turn.note(Kind.OUTCOME, outcome=outcome, menu_s=menu_s, wait_s=turn.wait_s, talk_s=turn.talk_s)
        self._finished = Finished(outcome, turn.node, menu_s, turn.wait_s, turn.talk_s)
        return self._finished

    def _account(self, turn: Turn) -> None:
        """The times and the outcome of a call that went while it waited, talked or rang."""
        elapsed_s = turn.now.mono_s - self._pending_since_s
        match self._pending:
            case Enqueue() as wait if turn.connected_s is None:
                turn.wait_s += elapsed_s
                turn.note(Kind.QUEUE_LEFT, queue=wait.queue, reason=ABANDONED, wait_s=elapsed_s)
                turn.settle(ABANDONED)
            case Enqueue() as wait:
                talk_s = turn.now.mono_s - (turn.connected_s or 0.0)
                turn.wait_s += elapsed_s - talk_s
                turn.talk_s += talk_s
                turn.note(Kind.QUEUE_SERVED, queue=wait.queue, talk_s=talk_s)
                turn.settle(SERVED)
            case Transfer():
                turn.settle(LEFT_IN_TRANSFER)
            case _:
                pass
