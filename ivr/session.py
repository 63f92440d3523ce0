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
``SORRY``       the apology: a fault of ours, or too many steps; after a fault the flow's
                node for it, where it names one and no fault came before
``HANGING_UP``  ``Hangup``
``FINISHED``    nothing; every further call gives the same ``Finished`` again
==============  ====================================================================

A node that raises is our bug: this one call hears an apology, and the traceback is in the trail. Then it comes to the
node that the flow names for that, which leads to a person or a goodbye; without one, or at a second fault, it ends.
Every session ends: a flow that goes round, by whatever mistake, is ended with an apology after :data:`MAX_STEPS`
steps.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from calls.overrides import Override
from calls.switch.port import Answer, EndedBy, Hangup, HungUp, Play, Transfer
from ivr.commands import (
    AgentConnected,
    AgentOffered,
    Ask,
    Command,
    Commit,
    Enqueue,
    FlowReturned,
    Notice,
    OverridesChanged,
    Result,
    RunFlow,
    WaitTold,
)
from ivr.exchange import FORMAT, encoded, masked
from ivr.flow import SORRY, Flow
from ivr.nodes.base import End, Goto, Return, Visit
from ivr.nodes.queue import ABANDONED, SERVED, announcement, tell_wait
from ivr.nodes.transfer import LEFT_IN_TRANSFER
from ivr.trail import Instant, Json, Kind, TrailEvent
from ivr.turn import UNKNOWN, Facts, Scope, Turn
from ivr.values import Value

MAX_STEPS = 1000
"""Nodes entered and commands given in one call. Far above what a person goes through. Source: Twilio Studio's limit
of 1,000 steps an execution."""

FAULT = "fault"
STEP_LIMIT = "step_limit"
HUNG_UP = "hung_up"
RETURNED = "returned"
"""The outcome of a call whose flow returned to nobody."""

MAX_FLOWS = 16
"""How deep flows may call each other. A flow that calls itself is refused on load; this is the last guard."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the call before the flow begins. ``answered``: no ``Answer`` is needed (a dialled call).

    ``draw`` is a number in [0, 1), drawn at random once for the call: what its splits go by. ``overrides``:
    what supervisors have set for opening hours. ``variables``: what variables of the flow hold instead of what it
    declares.
    """

    answered: bool = False
    draw: float = 0.0
    facts: Facts = UNKNOWN
    overrides: Mapping[str, Override] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)


NOTHING_KNOWN = Context()
"""A call of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The session is over. ``outcome``: what it came to; ``last_node``: where; the times add up to its length;
    ``commits``: what is still to be written down, such as the answers of a survey that was left half way."""

    outcome: str
    last_node: str
    menu_s: float
    wait_s: float
    talk_s: float
    commits: tuple[Commit, ...] = ()


class State(Enum):
    """See the table above."""

    ANSWERING = "answering"
    IN_NODE = "in_node"
    SORRY = "sorry"
    HANGING_UP = "hanging_up"
    FINISHED = "finished"


@dataclass(slots=True)
class _Stay:
    """The caller's stay in a flow and in one of its nodes."""

    flow: Flow
    scope: Scope
    node: str = ""
    """The node's name in the trail."""
    visit: Visit | None = None
    entered_s: float = 0.0


class Session:
    """Runs ``flow`` for one call."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._state: State | None = None
        self._turn: Turn | None = None
        self._stay = _Stay(flow, _scope(flow, {}))
        self._callers: list[_Stay] = []
        """The flows that wait for the one that the caller is in to return, the call's own first."""
        self._pending: Command | None = None
        self._pending_since_s = 0.0
        self._steps = 0
        self._failed_before = False
        """True once the call has gone on after a fault of ours."""
        self._finished: Finished | None = None

    @property
    def trail(self) -> tuple[TrailEvent, ...]:
        """All that happened so far."""
        return tuple(event for event in self.record if event.kind is not Kind.EXCHANGE)

    @property
    def record(self) -> tuple[TrailEvent, ...]:
        """The trail, and in it each command with its result: what a call's record keeps, and a replay needs."""
        return tuple(self._turn.trail) if self._turn is not None else ()

    def noted(self, after: int) -> Sequence[TrailEvent]:
        """What :attr:`record` holds after its first ``after`` events."""
        return self._turn.trail[after:] if self._turn is not None else ()

    @property
    def began_s(self) -> float | None:
        """When it began, on the monotonic clock: the seconds of its events count from then. None: it has not yet."""
        return self._turn.began_s if self._turn is not None else None

    @property
    def node(self) -> str:
        """The node the caller is in; "" before the first."""
        return self._turn.node if self._turn is not None else ""

    @property
    def variables(self) -> Mapping[str, Value]:
        """What the variables of the flow hold that the caller is in."""
        return dict(self._stay.scope.variables)

    @property
    def secrets(self) -> frozenset[str]:
        """The variables of which nothing is told or kept."""
        return frozenset(self._stay.scope.secrets)

    def start(self, context: Context, now: Instant) -> Command | Finished:
        """The first command.

        Raises:
            RuntimeError: the session was started before.
        """
        if self._turn is not None:
            raise RuntimeError("a session is started once")
        self._stay = _Stay(self._flow, _scope(self._flow, context.variables))
        self._turn = turn = Turn(self._flow.language, self._stay.scope, context.facts, now, context.draw)
        turn.overrides, turn.phrases = context.overrides, self._flow.phrases
        turn.note(Kind.FLOW_STARTED, flow=self._flow.id, version=self._flow.version, language=self._flow.language)
        turn.note(Kind.EXCHANGE, v=FORMAT, context=encoded(context))
        if context.answered:
            return self._step(turn, None, self._flow.start)
        return self._give(turn, State.ANSWERING, Answer())

    def resume(self, result: Result, now: Instant) -> Command | Finished:
        """The next command after ``result``, the result of the one before."""
        if self._finished is not None:
            return self._finished
        turn = self._at(now)
        self._note_exchange(turn, result)
        if isinstance(result, HungUp):
            return self._gone(turn, result.by, result.cause)
        match self._state:
            case State.ANSWERING:
                return self._step(turn, None, self._flow.start)
            case State.IN_NODE:
                return self._step(turn, result)
            case State.SORRY:
                return self._after_apology(turn)
            case _:
                return self._gone(turn, EndedBy.US, None)

    def notify(self, notice: Notice, now: Instant) -> Command | None:
        """Take note of what happened meanwhile. A command, where one is given, takes the place of the pending one."""
        if self._finished is not None:
            return None
        turn = self._at(now)
        turn.note(Kind.EXCHANGE, v=FORMAT, notice=encoded(notice))
        match notice:
            case AgentOffered(agent_id):
                turn.note(Kind.AGENT_OFFERED, agent=agent_id)
            case AgentConnected(agent_id) if isinstance(self._pending, Enqueue) and turn.connected_s is None:
                turn.connected_s = turn.now.mono_s
                waited_s = turn.connected_s - self._pending_since_s
                turn.note(Kind.AGENT_CONNECTED, agent=agent_id, wait_s=waited_s)
            case AgentConnected():
                pass
            case OverridesChanged(overrides):
                turn.overrides = overrides
            case WaitTold(position, wait_s) if isinstance(self._pending, Enqueue):
                tell_wait(turn, position, wait_s)
                self._pending = replace(self._pending, announce=announcement(turn, self._pending.announcements))
                return self._pending
            case WaitTold():
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

    def _note_exchange(self, turn: Turn, result: Result) -> None:
        """Keep the command that was pending, and its result, for a replay."""
        if self._pending is None:
            return
        if turn.revealed():
            turn.note(Kind.EXCHANGE, v=FORMAT, command=encoded(self._pending), result=encoded(result))
        else:  # what the caller was expected to give may stand in the command
            command: Mapping[str, Json] = {type(self._pending).__name__: {}}
            turn.note(Kind.EXCHANGE, v=FORMAT, command=command, result=masked(result), masked=True)

    def _give(self, turn: Turn, state: State, command: Command) -> Command | Finished:
        """Give ``command``, or an apology where the call has gone on for too many steps."""
        self._steps += 1
        if self._steps > MAX_STEPS and state in (State.ANSWERING, State.IN_NODE):
            return self._too_long(turn)
        self._state, self._pending, self._pending_since_s = state, command, turn.now.mono_s
        return command

    def _begin_visit(self, turn: Turn, name: str) -> None:
        stay = self._stay
        node = stay.flow.nodes[name]
        turn.node = stay.node = f"{stay.scope.prefix}{name}"
        turn.visits += 1
        stay.entered_s = turn.now.mono_s
        turn.note(Kind.NODE_ENTERED, type=node.kind)
        stay.visit = node.visit(turn)

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
                    case RunFlow() as call:
                        self._steps += 1
                        node, result = self._call(turn, call), None
                    case Return(_, word) if self._callers:
                        node, result = None, self._return(turn, word)
                    case Return():
                        turn.settle(RETURNED)
                        return self._hang_up(turn)
                    case End():
                        return self._hang_up(turn)
                    case command:
                        return self._give(turn, State.IN_NODE, command)
        except Exception as problem:  # noqa: BLE001 - the supervisor of one call; the traceback goes into the trail
            self._note_fault(turn, problem)
            return self._sorry(turn, FAULT)
        return self._too_long(turn)

    def _call(self, turn: Turn, call: RunFlow) -> str:
        """Go into another flow; the node that it begins with."""
        if len(self._callers) >= MAX_FLOWS:
            raise RuntimeError(f"flows call each other {MAX_FLOWS} deep")
        flow = self._stay.flow.subflows[call.flow]
        self._callers.append(self._stay)
        self._stay = _Stay(flow, _scope(flow, call.variables, f"{flow.id}/"))
        self._stay.scope.secrets |= call.secrets
        turn.scope = self._stay.scope
        return flow.start

    def _return(self, turn: Turn, word: str) -> FlowReturned:
        """Come back to the flow that called this one."""
        left = self._stay
        self._stay = self._callers.pop()
        turn.scope, turn.node = self._stay.scope, self._stay.node
        return FlowReturned(word, left.scope.variables, frozenset(left.scope.secrets))

    def _ask(self, turn: Turn, result: Result | None) -> Ask | Goto | End | Return:
        """The node's next command, or the way the caller leaves it."""
        visit = self._stay.visit
        if visit is None:
            raise RuntimeError("no node is visited")
        try:
            return next(visit) if result is None else visit.send(result)
        except StopIteration as stop:
            leave = stop.value
        if not isinstance(leave, Goto | End | Return):
            raise TypeError(f"a node was left by {leave!r}")
        self._left(turn, leave.exit)
        if isinstance(leave, End):
            turn.settle(leave.outcome)
        return leave

    def _left(self, turn: Turn, way: str) -> None:
        self._stay.visit = None
        turn.note(Kind.NODE_LEFT, exit=way, took_s=turn.now.mono_s - self._stay.entered_s)

    def _leave_all(self, turn: Turn, way: str) -> None:
        """Close every node that is still visited, that of the innermost flow first."""
        innermost = turn.node
        while True:
            if self._stay.visit is not None:
                self._close(turn, self._stay.visit)
                self._left(turn, way)
            if not self._callers:
                break
            self._return(turn, way)
        turn.node = innermost

    def _close(self, turn: Turn, visit: Visit) -> None:
        try:
            visit.close()
        except Exception as problem:  # noqa: BLE001 - as in _step: it must not keep the others from being closed
            self._note_fault(turn, problem)

    def _sorry(self, turn: Turn, outcome: str) -> Command | Finished:
        """Apologise: the caller is never left in silence by a fault of ours."""
        turn.outcome = outcome
        self._leave_all(turn, outcome)
        return self._give(turn, State.SORRY, Play(turn.prompts((SORRY,))))

    def _note_fault(self, turn: Turn, problem: Exception) -> None:
        """Keep what failed and where; its message may hold any value, so a call with a secret keeps none."""
        if any(stay.scope.secrets for stay in (*self._callers, self._stay)):
            error, told = type(problem).__name__, traceback.format_tb(problem.__traceback__)
        else:
            error, told = f"{type(problem).__name__}: {problem}", traceback.format_exception(problem)
        turn.note(Kind.FAULT, error=error, traceback="".join(told))

    def _after_apology(self, turn: Turn) -> Command | Finished:
        """Go on where the call's own flow says, once; the outcome stays ``fault``."""
        if self._flow.fault is None or self._failed_before or turn.outcome != FAULT:
            return self._hang_up(turn)
        self._failed_before = True
        turn.connected_s = None
        return self._step(turn, None, self._flow.fault)

    def _too_long(self, turn: Turn) -> Command | Finished:
        turn.note(Kind.STEP_LIMIT, steps=self._steps)
        return self._sorry(turn, STEP_LIMIT)

    def _hang_up(self, turn: Turn) -> Command | Finished:
        return self._give(turn, State.HANGING_UP, Hangup())

    def _gone(self, turn: Turn, by: EndedBy, cause: int | None) -> Finished:
        """Close the books."""
        self._account(turn)
        turn.note(Kind.HUNG_UP, by=by.value, cause=cause)
        self._leave_all(turn, HUNG_UP)
        self._state, self._pending = State.FINISHED, None
        menu_s = max(0.0, turn.since_s - turn.wait_s - turn.talk_s)
        outcome = turn.outcome or HUNG_UP
        turn.note(Kind.OUTCOME, outcome=outcome, menu_s=menu_s, wait_s=turn.wait_s, talk_s=turn.talk_s)
        commits = tuple(Commit(effect, key) for key, effect in turn.left_behind.items())
        self._finished = Finished(outcome, turn.node, menu_s, turn.wait_s, turn.talk_s, commits)
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


def _scope(flow: Flow, variables: Mapping[str, Value], prefix: str = "") -> Scope:
    """The scope of a flow that begins with ``variables`` instead of what it declares; those it lacks are left out."""
    given = {name: value for name, value in variables.items() if name in flow.variables}
    variables = {**flow.variables, **given}
    return Scope(flow.extensions, flow.zone, variables, prefix, speech=flow.speech)
