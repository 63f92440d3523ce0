"""``callback``: keep the caller's place in a queue, and call back when it comes up."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import ClassVar

from pydantic import Field

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch, Play
from ivr.commands import Command, Commit, CommitFailed, Committed, Result
from ivr.effects import BookCallback
from ivr.expressions import Expression, parse
from ivr.nodes.base import (
    Exit,
    Expressed,
    Goto,
    Name,
    Need,
    NodeModel,
    NodeName,
    Place,
    SomePromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.voice import YesOrNo
from ivr.trail import Kind
from ivr.turn import QueuePlace, Turn
from ivr.values import in_words

NUMBER = "callback_number"
"""The variable that holds the number, for the prompts to say."""

RIGHT, OTHER = "1", "2"
"""The keys for "that is right" and "another number"."""

CALLERS = parse("call.customer")
"""The number of the person on the line."""

DIGITS = frozenset(range(3, 16))
"""E.164: 15 digits at most."""

FIRST_KEY_S, NEXT_KEY_S = 7.0, 4.0
ASKED = 3
"""How often a caller is asked who says nothing that helps."""


class Callback(NodeModel):
    """Offer to call back, without losing the place in the queue. Then go on to ``next``.

    The caller hears the number and confirms it with 1 or a yes, or keys another one after 2 or a no; without a known
    number it is asked for at once. ``at`` gives another time than as soon as possible: the name of a slot of the
    settings, or ``2026-12-01T09:30``. A caller who has waited in the queue keeps the priority and the skills of that
    wait too. ``failed`` is where the caller goes who confirms none, or who cannot be called back.
    """

    kind: ClassVar[str] = "callback"
    callback: Name = Field(description="the name of a queue in the settings")
    number: Expressed | None = Field(
        default=None, description="an expression that gives the number to begin with; none: the caller's"
    )
    at: Expressed | None = Field(default=None, description="an expression that gives a slot or a time")
    confirm: SomePromptKeys = Field(
        default=("system.callback_confirm",), description="a list of prompts that say the number and ask"
    )
    enter: SomePromptKeys = Field(
        default=("system.callback_enter",), description="a list of prompts that ask for a number"
    )
    booked: SomePromptKeys = Field(
        default=("system.callback_booked",), description="a list of prompts for when it is written down"
    )
    failed: NodeName = Field(description="the node for a caller who is not called back")
    next: NodeName = Field(description="the node to go on with once it is written down")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``next`` needs a caller who keys; ``failed`` by itself."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next, Taken.BY_CALLER)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is asked and said."""
        yield from listed("confirm", self.confirm)
        yield from listed("enter", self.enter)
        yield from listed("booked", self.booked)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The queue, and that the settings call back at all."""
        yield ("callback",), Need.CALLBACK, self.callback

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """The number and the time."""
        if self.number is not None:
            yield ("number",), self.number
        if self.at is not None:
            yield ("at",), self.at

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The number."""
        yield ("callback",), NUMBER

    def visit(self, turn: Turn) -> Visit:
        """Agree on the number, write it down, and say so."""
        number = yield from self._number(turn, in_words(turn.value(self.number or CALLERS)))
        if not number:
            turn.note(Kind.CALLBACK, queue=self.callback, failed="not_confirmed")
            return Goto("failed", self.failed)
        at = "" if self.at is None else in_words(turn.value(self.at))
        place = turn.places.get(self.callback, QueuePlace(turn.now))
        result = yield Commit(BookCallback(number, self.callback, place.since.at, at, place.claim), turn.key)
        match result:
            case Committed():
                turn.places.pop(self.callback, None)
                turn.note(Kind.CALLBACK, queue=self.callback, failed=None)
                yield Play(turn.prompts(self.booked))
                return Goto("next", self.next)
            case CommitFailed(reason):
                turn.note(Kind.CALLBACK, queue=self.callback, failed=reason)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Commit", result)

    def _number(self, turn: Turn, number: str) -> Generator[Command, Result, str]:
        """The number that the caller has confirmed; "" where none was."""
        question = YesOrNo(turn, RIGHT, OTHER, ASKED)
        for _ in range(ASKED):
            if not number:
                number = yield from self._keyed(turn)
                if not number:
                    continue
            turn.set(NUMBER, number)
            plan = KeyPlan(frozenset({RIGHT, OTHER}))
            asked = Gather(turn.prompts(self.confirm), plan, FIRST_KEY_S, NEXT_KEY_S)
            match (yield from question.ask(asked)):
                case True:
                    return number
                case False:
                    number = ""
                case None:
                    pass
        return ""

    def _keyed(self, turn: Turn) -> Generator[Command, Result, str]:
        result = yield Gather(turn.prompts(self.enter), KeyPlan(frozenset(), DIGITS), FIRST_KEY_S, NEXT_KEY_S)
        match result:
            case Match(keys):
                return keys
            case NoMatch() | NoInput():
                return ""
            case _:
                raise Unexpected("Gather", result)
