"""``collect``: let the caller key digits, hear them again and confirm them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from ivr.commands import Command, Result
from ivr.nodes.base import (
    Duration,
    Exit,
    Goto,
    KeySequence,
    NodeModel,
    NodeName,
    Place,
    PromptKeys,
    SomePromptKeys,
    Taken,
    Unexpected,
    VariableName,
    Visit,
    listed,
)
from ivr.nodes.digits import CHECKS, CheckDigit, Lengths, lengths, pattern
from ivr.nodes.menu import NOINPUT, NOMATCH, Retries, further_try
from ivr.trail import Kind
from ivr.turn import Turn

CONFIRM = "system.confirm"

Lengthy = Annotated[
    Lengths,
    PlainValidator(lengths),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[1-9][0-9]?(-[1-9][0-9]?)?$"}]}),
]
Patterned = Annotated[str, PlainValidator(pattern), WithJsonSchema({"type": "string", "minLength": 1})]


class Collect(NodeModel):
    """Play the prompts, take digits, and put them as a text into a variable.

    An entry is done when it has the greatest length, at ``#``, or when no further key comes for ``next_key``. It is
    taken where its length, the ``pattern`` and the ``check_digit`` are right; else it counts as a wrong key does in a
    menu. With ``read_back`` the caller hears it, and accepts it with the key ``accept`` or keys it anew with
    ``again``. Of a ``secret`` nothing is kept in any trail, log or record. When the tries are used up the variable
    holds nothing and the caller goes to ``failed``.
    """

    kind: ClassVar[str] = "collect"
    collect: SomePromptKeys = Field(description="a list of prompts, such as [order.ask]")
    into: VariableName = Field(description="the variable that takes the digits, such as order")
    length: Lengthy = Field(description='a number of digits such as 6, or a range such as "4-10"')
    pattern: Patterned | None = Field(default=None, description="a pattern of digits, such as [1-9][0-9]{5}")
    check_digit: CheckDigit = Field(default=CheckDigit.NONE, description="none, luhn or mod97", strict=False)
    secret: bool = Field(default=False, description="true where nothing may be kept of it, or false")
    barge_in: bool = Field(default=True, description="true where a key stops the prompt, or false")
    first_key: Duration = Field(
        default="7s", validate_default=True, description="the wait for the first key, such as 7s"
    )
    next_key: Duration = Field(
        default="4s", validate_default=True, description="the wait for each further key, such as 4s"
    )
    read_back: PromptKeys = Field(
        default=(), description="a list of prompts that say the entry, such as [order.said]"
    )
    confirm: SomePromptKeys = Field(default=(CONFIRM,), description="a list of prompts that ask whether it is right")
    accept: KeySequence = Field(default="1", description='the key that accepts it, such as "1"')
    again: KeySequence = Field(default="2", description='the key for another try, such as "2"')
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    nomatch: Retries = Field(
        default=(NOMATCH, NOMATCH), description="a list of prompts, one for each try after a wrong entry"
    )
    failed: NodeName = Field(description="the node for when all tries are used up")
    next: NodeName = Field(description="the node to go on with")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``next`` needs a caller who keys; ``failed`` by itself."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next, Taken.BY_CALLER)

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The entry."""
        yield ("into",), self.into

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is asked, said again and asked then."""
        yield from listed("collect", self.collect)
        yield from listed("read_back", self.read_back)
        if self.read_back:
            yield from listed("confirm", self.confirm)
        yield from listed("noinput", self.noinput)
        yield from listed("nomatch", self.nomatch)

    def visit(self, turn: Turn) -> Visit:
        """Ask until an entry is right and accepted, or the tries are used up."""
        before: tuple[str, ...] | None = ()
        silences = misses = 0
        while before is not None:
            turn.set(self.into, None, self.secret)
            result = yield self._ask(turn, before)
            match result:
                case NoInput():
                    silences += 1
                    before = further_try(turn, Kind.NOINPUT, self.noinput, silences)
                    continue
                case Match(keys) | NoMatch(keys):
                    problem = self._problem(keys)
                case _:
                    raise Unexpected("Gather", result)
            if not problem:
                turn.set(self.into, keys, self.secret)
                if (yield from self._accepted(turn)):
                    turn.note(Kind.COLLECTED, into=self.into, digits="" if self.secret else keys, length=len(keys))
                    return Goto("next", self.next)
                problem = "refused"
            misses += 1
            turn.note(Kind.NOT_COLLECTED, into=self.into, problem=problem)
            before = further_try(turn, Kind.NOMATCH, self.nomatch, misses, "" if self.secret else keys)
        turn.set(self.into, None, self.secret)
        return Goto("failed", self.failed)

    def _ask(self, turn: Turn, before: tuple[str, ...]) -> Gather:
        if self.secret:
            turn.conceal()
        return Gather(
            turn.prompts((*before, *self.collect)),
            KeyPlan(frozenset(), frozenset(range(self.length.least, self.length.most + 1))),
            self.first_key,
            self.next_key,
            self.barge_in,
        )

    def _problem(self, keys: str) -> str:
        """What is wrong with an entry, in a word; "" where nothing is."""
        if not keys.isdecimal() or not self.length.least <= len(keys) <= self.length.most:
            return "length"
        if self.pattern is not None and re.fullmatch(self.pattern, keys) is None:
            return "pattern"
        return "" if CHECKS[self.check_digit](keys) else "check_digit"

    def _accepted(self, turn: Turn) -> Generator[Command, Result, bool]:
        """Let the caller hear the entry and say whether it is right; who does not is asked once more."""
        if not self.read_back:
            return True
        plan = KeyPlan(frozenset({self.accept, self.again}))
        for _ in range(2):
            asked = turn.prompts((*self.read_back, *self.confirm))
            result = yield Gather(asked, plan, self.first_key, self.next_key, self.barge_in)
            match result:
                case Match(keys):
                    return keys == self.accept
                case NoMatch() | NoInput():
                    continue
                case _:
                    raise Unexpected("Gather", result)
        return False
