"""``collect``: let the caller key or say digits, a number, a date or a code, hear it again and confirm it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from ivr.commands import Command, Deaf, Heard, NotUnderstood, Result
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
from ivr.nodes.digits import CheckDigit, Lengths, lengths, pattern
from ivr.nodes.entries import KEYED_DATE, Rules, Spoken
from ivr.nodes.menu import NOINPUT, NOMATCH, Retries, further_try
from ivr.nodes.voice import IS_THAT_RIGHT, SPEECH, TIMES_ASKED, Voice, YesOrNo, told
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Json, Kind
from ivr.turn import Turn

CONFIRM = "system.confirm"

Lengthy = Annotated[
    Lengths,
    PlainValidator(lengths),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[1-9][0-9]?(-[1-9][0-9]?)?$"}]}),
]
Patterned = Annotated[str, PlainValidator(pattern), WithJsonSchema({"type": "string", "minLength": 1})]


class Collect(NodeModel):
    """Play the prompts, take digits or what is ``spoken``, and put it as a text into a variable.

    An entry is done when it has the greatest length, at ``#``, or when no further key comes for ``next_key``. It is
    taken where its length, the ``pattern`` and the ``check_digit`` are right; else it counts as a wrong key does in a
    menu. With ``read_back`` the caller hears it, and accepts it with the key ``accept`` or a yes, or gives it anew
    with ``again`` or a no. Of a ``secret`` nothing is kept in any trail, log or record, and it is never said. When
    the tries are used up the variable holds nothing and the caller goes to ``failed``.
    """

    kind: ClassVar[str] = "collect"
    collect: SomePromptKeys = Field(description="a list of prompts, such as [order.ask]")
    into: VariableName = Field(description="the variable that takes the digits, such as order")
    length: Lengthy = Field(description='a number of digits such as 6, or a range such as "4-10"')
    pattern: Patterned | None = Field(default=None, description="a pattern of digits, such as [1-9][0-9]{5}")
    spoken: Spoken | None = Field(
        default=None, description="what the caller may say: digits, number, date or spelled", strict=False
    )
    check_digit: CheckDigit = Field(default=CheckDigit.NONE, description="none, luhn or mod97", strict=False)
    secret: bool = Field(default=False, description="true where nothing may be kept of it, or false")
    barge_in: bool = Field(
        default=True, description="true where a key, or the caller's voice, stops the prompts, or false"
    )
    first_key: Duration = Field(
        default="7s", validate_default=True, description="the wait for the first key, such as 7s"
    )
    next_key: Duration = Field(
        default="4s", validate_default=True, description="the wait for each further key, such as 4s"
    )
    read_back: PromptKeys = Field(
        default=(), description="a list of prompts that say the entry, such as [order.said]"
    )
    confirm: SomePromptKeys | None = Field(
        default=None, description="a list of prompts that ask whether it is right, such as [order.right]"
    )
    accept: KeySequence = Field(default="1", description='the key that accepts it, such as "1"')
    again: KeySequence = Field(default="2", description='the key for another try, such as "2"')
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    nomatch: Retries = Field(
        default=(NOMATCH, NOMATCH), description="a list of prompts, one for each try after a wrong entry"
    )
    failed: NodeName = Field(description="the node for when all tries are used up")
    next: NodeName = Field(description="the node to go on with")

    @model_validator(mode="after")
    def _said_with_care(self) -> Self:
        if self.spoken is None:
            return self
        if self.secret:
            raise ValueError("a secret is keyed and never said: take out spoken")
        if not self.read_back:
            raise ValueError("what was said may have been misheard: expected read_back, prompts that say it again")
        digits_only = self.pattern is not None or self.check_digit is not CheckDigit.NONE
        if digits_only and self.spoken in (Spoken.DATE, Spoken.SPELLED):
            raise ValueError("pattern and check_digit are for digits and numbers: take them out")
        if self.spoken is Spoken.DATE and self.length != KEYED_DATE:
            raise ValueError("a date is keyed as year, month and day, such as 20261201: expected length: 8")
        return self

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
            yield from listed("confirm", self.confirm or (CONFIRM,))
        yield from listed("noinput", self.noinput)
        yield from listed("nomatch", self.nomatch)

    def expects(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """What is ``spoken``."""
        if self.spoken is not None:
            kind = SpokenKind(self.spoken)
            yield ("spoken",), Expected(kind, language, least=self.length.least, most=self.length.most)

    def visit(self, turn: Turn) -> Visit:
        """Ask until an entry is right and accepted, or the tries are used up."""
        voice = Voice(turn, next((expected for _, expected in self.expects(turn.language)), None))
        rules = Rules(self.length, self.pattern, self.check_digit, self.spoken)
        before: tuple[str, ...] | None = ()
        silences = misses = 0
        while before is not None:
            turn.set(self.into, None, self.secret)
            result = yield voice.ask(self._ask(turn, before))
            match result:
                case NoInput():
                    silences += 1
                    before = further_try(turn, Kind.NOINPUT, self.noinput, silences)
                    continue
                case NotUnderstood(words) if voice.listens:
                    before = voice.missed(words)
                    continue
                case Deaf(reason) if voice.listens:
                    before = voice.lost(reason)
                    continue
                case Heard(entry) if voice.listens:
                    pass
                case Match(entry) | NoMatch(entry):
                    pass
                case _:
                    raise Unexpected("Gather", result)
            if not (problem := rules.problem(entry)):
                value = rules.value(entry)
                turn.set(self.into, value, self.secret)
                if (yield from self._accepted(turn)):
                    self._note(turn, value, result)
                    return Goto("next", self.next)
                problem = "refused"
            turn.note(Kind.NOT_COLLECTED, into=self.into, problem=problem)
            if isinstance(result, Heard):
                before = voice.missed(result.words, entry)
            else:
                misses += 1
                before = further_try(turn, Kind.NOMATCH, self.nomatch, misses, "" if self.secret else entry)
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

    def _note(self, turn: Turn, value: str, result: Heard | Match | NoMatch) -> None:
        detail: dict[str, Json] = {"into": self.into, "digits": "" if self.secret else value, "length": len(value)}
        if isinstance(result, Heard):
            detail |= {"by": SPEECH, "words": told(result.words)}
            detail |= {"confidence": result.confidence, "sure": result.sure}
        turn.note(Kind.COLLECTED, **detail)

    def _accepted(self, turn: Turn) -> Generator[Command, Result, bool]:
        """Let the caller hear the entry and say whether it is right; who does not is asked once more."""
        if not self.read_back:
            return True
        by_voice = turn.scope.speech and not self.secret
        confirm = self.confirm or ((IS_THAT_RIGHT,) if by_voice else (CONFIRM,))
        asked = turn.prompts((*self.read_back, *confirm))
        plan = KeyPlan(frozenset({self.accept, self.again}))
        gather = Gather(asked, plan, self.first_key, self.next_key, self.barge_in)
        question = YesOrNo(turn, self.accept, self.again, TIMES_ASKED, by_voice=by_voice)
        return (yield from question.settled(gather))
