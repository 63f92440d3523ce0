"""Plays a test of a flow: the caller of its steps, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import assert_never

from calls.errors import Location
from calls.switch.port import Gather, Prompt, Record, Transfer
from ivr.callers import Asked, misfit
from ivr.commands import Command, Enqueue, Listen
from ivr.exchange import MASK
from ivr.faults import did_you_mean
from ivr.flow import Flow
from ivr.script import Act, Comes, Fail, Leave, Pass
from ivr.session import Finished, Session
from ivr.testing.script import (
    Expectation,
    ExpectNode,
    ExpectOutcome,
    ExpectVariable,
    FlowTest,
    Hear,
    Step,
    same_value,
)
from ivr.trail import Instant, Kind, TrailEvent
from ivr.values import in_words
from ivr.walk import Texts, Walk

SHOWN = 6
"""How many prompts a message repeats."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What was not as the test has it, and which step says so."""

    where: Location
    problem: str

    def __str__(self) -> str:
        """``file:line: key: what was expected, and what came``."""
        return f"{self.where}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Ran:
    """One test, played. ``failure``: None where all was as it must be. ``lasted_s``: the call, in virtual time."""

    test: FlowTest
    failure: Failure | None
    trail: tuple[TrailEvent, ...]
    lasted_s: float


class _Failed(Exception):
    def __init__(self, step: Step, problem: str) -> None:
        super().__init__(problem)
        self.failure = Failure(step.where, problem)


def run(test: FlowTest, flow: Flow, texts: Texts) -> Ran:
    """Play ``test`` in ``flow``, without waiting.

    A session that fails is a failure of the test: its outcome says so.
    """
    caller = _Caller(test.steps)
    walk = Walk(flow, caller, texts, Instant(test.at, 0.0), test.context)
    caller.listen(walk.session)
    failure = None
    try:
        for event in walk.events():
            if isinstance(event, Asked):
                caller.hear([(prompt.key, texts(prompt)) for prompt in prompts_of(event.command)])
        if walk.finished is not None:
            caller.end(walk.finished)
    except _Failed as failed:
        failure = failed.failure
    trail = walk.session.trail
    return Ran(test, failure, trail, trail[-1].since_s if trail else 0.0)


def prompts_of(command: Command) -> tuple[Prompt, ...]:
    """All prompts that the caller hears of ``command``, in whatever of its fields they stand."""
    if isinstance(command, Transfer):
        return ()  # what it has is for the destination
    if isinstance(command, Listen):
        return command.gather.prompts
    held = (getattr(command, each.name) for each in fields(command))
    return tuple(each for value in held if isinstance(value, tuple) for each in value if isinstance(each, Prompt))


class _Caller:
    """Does the steps one after another, and looks whether what is expected has come."""

    _session: Session

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = list(steps)
        self._heard: list[tuple[str, str]] = []
        self._heard_from = 0
        """Where what was heard since the last deed, and not asked for yet, begins."""
        self._record_from = 0
        self._last: Step | None = None
        """The last deed, but for letting time pass."""
        self._during: Command | None = None
        """The command during which something was done last."""

    def listen(self, session: Session) -> None:
        """Be the caller of ``session``."""
        self._session = session

    def hear(self, prompts: Sequence[tuple[str, str]]) -> None:
        """Take note of keys and texts."""
        self._heard += prompts

    def act(self, asked: Asked) -> Act | None:
        """See :class:`ivr.walk.Caller`. When the steps are done, the caller hangs up."""
        listens = isinstance(asked.command, Gather | Listen | Enqueue | Transfer | Record)
        while self._steps:
            step = self._steps[0]
            match step.do:
                case ExpectOutcome():
                    self._let_end(step, asked)
                    return None
                case Hear() | ExpectNode() | ExpectVariable() as expected:
                    problem = self._missing(expected)
                    if problem and (not listens or self._goes_on(asked.command)):
                        return None
                    if problem:
                        raise _Failed(step, problem)
                    self._steps.pop(0)
                case deed if misfit(asked, deed) and self._goes_on(asked.command):
                    return None
                case Comes() as deed if deed.answers(asked.command):
                    return self._do(step, deed, asked)
                case deed if listens or isinstance(deed, Leave | Pass | Fail):
                    return self._do(step, deed, asked)
                case _:
                    return None
        return Leave()

    def end(self, finished: Finished) -> None:
        """The call is over: what is left of the steps must be expectations that are met."""
        for step in self._steps:
            match step.do:
                case ExpectOutcome(outcome):
                    problem = f"expected the outcome {outcome}, and it was {finished.outcome} at {finished.last_node}"
                    if finished.outcome != outcome:
                        raise _Failed(step, problem)
                case Hear() | ExpectNode() | ExpectVariable() as expected:
                    if problem := self._missing(expected):
                        raise _Failed(step, problem)
                case _:
                    ended = f"the call had ended ({finished.outcome} at {finished.last_node or 'its start'})"
                    raise _Failed(step, f"{ended} before this step")

    def _do(self, step: Step, deed: Act, asked: Asked) -> Act:
        if wrong := misfit(asked, deed):
            raise _Failed(step, f"does not fit at node {asked.node}: {wrong.partition(';')[0]}")
        self._steps.pop(0)
        self._during = asked.command
        if not isinstance(deed, Pass):
            self._last, self._heard_from, self._record_from = step, len(self._heard), len(self._session.record)
        return deed

    def _goes_on(self, command: Command) -> bool:
        """True where what was done is not at its end, as with the first of several keys: the caller waits."""
        return command is self._during or (isinstance(command, Gather) and not command.prompts)

    def _let_end(self, step: Step, asked: Asked) -> None:
        """Let the call come to its end: the caller is silent. What others do is for the test to say."""
        if isinstance(asked.command, Enqueue | Transfer):
            raise _Failed(step, f"the caller waits at node {asked.node}; say before what comes of it")

    def _missing(self, expected: Expectation) -> str:
        """What of ``expected`` is not so yet, in words; "" where it is."""
        match expected:
            case Hear(items):
                return self._unheard(items)
            case ExpectNode(node):
                came = [str(event.detail["node"]) for event in self._entered()]
                if node in came or node == self._session.node:
                    return ""
                return f"expected to come to the node {node}, and came to {_listed(came)} {self._since()}"
            case ExpectVariable(name, value):
                held = self._session.variables
                if name not in held:
                    return f"there is no variable {name} here{did_you_mean(name, held)}"
                told = MASK if name in self._session.secrets else repr(in_words(held[name]))
                return "" if same_value(value, held[name]) else f"expected {name} to be {value!r}, and it is {told}"
            case ExpectOutcome():
                return ""
            case _:
                assert_never(expected)

    def _unheard(self, items: Sequence[str]) -> str:
        position = self._heard_from
        for item in items:
            found = _find(item, self._heard, position)
            if found is None:
                heard = [key or text for key, text in self._heard[self._heard_from :]]
                return f"expected to hear {item!r}, and heard {_listed(heard)} {self._since()}"
            position = found
        self._heard_from = position
        return ""

    def _entered(self) -> list[TrailEvent]:
        """The nodes that were come to since the last deed; before the first, since the start."""
        return [event for event in self._session.record[self._record_from :] if event.kind is Kind.NODE_ENTERED]

    def _since(self) -> str:
        return "since the call began" if self._last is None else f"since line {self._last.where.line}"


def _find(item: str, heard: Sequence[tuple[str, str]], begin: int) -> int | None:
    """The place behind ``item`` in what was heard from ``begin`` on: a prompt by its key, though it was heard in its
    parts, or words, however the flow has put them together of several prompts. None: it was not heard."""
    for index in range(begin, len(heard)):
        if heard[index][0] == item or heard[index][0].startswith(f"{item}.part-"):
            return index + 1
    wanted = _words(item)
    said: list[str] = []
    for index in range(begin, len(heard)):
        before = max(0, len(said) - len(wanted) + 1)
        said += _words(heard[index][1])
        if any(said[at : at + len(wanted)] == wanted for at in range(before, len(said) - len(wanted) + 1)):
            return index + 1
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "nothing"
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
