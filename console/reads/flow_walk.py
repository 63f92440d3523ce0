"""A walk through a flow in a page: what was typed so far is played from the start each time, up to where the caller
is asked again. So nothing is kept between two steps, and nothing is lost by a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calls.errors import UserError
from calls.ids import is_safe_id
from calls.settings import Settings
from console import building
from console.cli.flows import texts_of
from console.walk_words import asks, described, result_in_words
from ivr.callers import Asked, TypingCaller
from ivr.check import Draft, load
from ivr.session import Context
from ivr.testing.script import MONDAY_NOON
from ivr.trail import Instant
from ivr.walk import Walk
from prompts.library import PromptLibrary

MOST_LINES = 200
MOST_STEPS = 1500
LONGEST_LINE = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: what the caller heard, what was listened for, and what came of it ("" : not yet)."""

    since_s: float
    node: str
    what: str
    texts: tuple[str, ...]
    details: tuple[str, ...]
    result: str = ""


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk so far. ``asks``: what the caller may do now, "" where the call has ended; ``problem``: what was wrong
    with the last line, which is not among ``lines`` then; ``ended``: how, and where."""

    steps: tuple[Step, ...]
    lines: tuple[str, ...]
    asks: str
    problem: str
    ended: str


class _Paused(Exception):
    def __init__(self, asked: Asked, problem: str) -> None:
        super().__init__()
        self.asked = asked
        self.problem = problem


def walk(settings: Settings, flow: str, lines: Sequence[str], at: str = "", draft: str | None = None) -> Walked:
    """Walk ``flow``, or the text ``draft`` in its place, with the caller's ``lines``. ``at``: when the call comes.

    Raises:
        UserError: there is no such flow, it has an error, or too much was typed.
    """
    if not is_safe_id(flow):
        raise UserError(f"there is no flow {flow!a}")
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        raise UserError(f"a walk in the page has up to {MOST_LINES} lines of {LONGEST_LINE} letters: begin anew")
    library = PromptLibrary(settings.prompts)
    path = settings.flows / f"{flow}.yaml"
    drafts = {} if draft is None else {flow: Draft(Path(path.name), draft.encode("utf-8", "replace"))}
    found = load(path, building.known(settings, library), drafts)
    left, used = list(lines), list[str]()

    def ask(asked: Asked, problem: str) -> str:
        if problem or not left:
            raise _Paused(asked, problem)
        used.append(left.pop(0))
        return used[-1]

    walked = Walk(found, TypingCaller(ask), texts_of(settings), Instant(_moment(at), 0.0), Context())
    steps: list[Step] = []
    try:
        for event in walked.events():
            if isinstance(event, Asked):
                steps.append(_step(event))
                if len(steps) > MOST_STEPS:
                    raise UserError("the walk goes on for too long")
            else:
                steps[-1] = _with(steps[-1], result_in_words(event.result))
    except _Paused as paused:
        kept = used[:-1] if paused.problem else used
        return Walked(tuple(steps), tuple(kept), asks(paused.asked.command), paused.problem, "")
    end = walked.finished
    ended = "" if end is None else f"{end.outcome} at {end.last_node}"
    return Walked(tuple(steps), tuple(used), "", "", ended)


def _step(event: Asked) -> Step:
    name = type(event.command).__name__.lower()
    return Step(event.since_s, event.node or "start", name, event.texts, tuple(described(event.command)))


def _with(step: Step, result: str) -> Step:
    return Step(step.since_s, step.node, step.what, step.texts, step.details, result)


def _moment(at: str) -> datetime:
    if not at:
        return MONDAY_NOON
    try:
        return datetime.fromisoformat(at[:19]).replace(tzinfo=UTC)
    except ValueError as problem:
        raise UserError(f"{at!a}: expected a moment such as 2027-03-01T12:00") from problem
