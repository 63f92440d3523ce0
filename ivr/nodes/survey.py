"""``survey``: ask the caller what the call was like."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from calls.switch.port import (
    Gather,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    Prompt,
    Record,
    Recorded,
    RecordEnd,
    RecordingFailed,
)
from ivr.commands import Command, Commit, CommitFailed, Committed, Deaf, Heard, NotUnderstood, Result
from ivr.effects import DropRecording, SurveyAnswer, SurveyAnswers
from ivr.nodes.base import (
    Duration,
    End,
    Exit,
    Goto,
    Name,
    NodeModel,
    NodeName,
    Place,
    PromptKeys,
    SomePromptKeys,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.menu import NOINPUT, NOMATCH
from ivr.nodes.voice import Voice, yes_or_no
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.words import tongue_of
from ivr.trail import Kind
from ivr.turn import Turn

SKIP = "*"
YES, NO = "1", "2"
LEAST_S = 1.0
"""A spoken answer must be longer than this."""

ANSWERED = "surveyed"
"""The outcome of a call that was hung up in a spoken answer."""


class Asks(StrEnum):
    """What kinds of questions there are. In a flow that is answered by voice numbers, yes and no are said too."""

    CSAT = "csat"
    """1 to 5, 5 being the best."""
    NPS = "nps"
    """0 to 10: 1 waits for a second key, or for #."""
    YES_NO = "yes_no"
    """1 is yes and counts as 1, 2 is no and counts as 0."""
    SPOKEN = "spoken"
    """In the caller's own words, recorded."""


VALUES = {
    Asks.CSAT: {str(number): number for number in range(1, 6)},
    Asks.NPS: {str(number): number for number in range(11)},
    Asks.YES_NO: {YES: 1, NO: 0},
}
"""What the keys of an answer count as."""


def _expected(asks: Asks, language: str) -> Expected | None:
    """What is said for an answer by keys; None where we do not know the language's words."""
    if asks is Asks.YES_NO:
        return yes_or_no(language, YES, NO)
    return None if tongue_of(language) is None else Expected(SpokenKind.NUMBER, language)


class Question(BaseModel):
    """One question of a survey."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="a name for reports, such as agent")]
    kind: Annotated[Asks, Field(strict=False, description="csat, nps, yes_no or spoken")]
    ask: SomePromptKeys = Field(description="a list of prompts, such as [survey.agent]")


class Survey(NodeModel):
    """Ask questions one after another. A question is tried ``tries`` times, then it is skipped; so it is by ``*``.

    A spoken answer follows a beep and ends by ``#``, by ``silence`` or after ``longest``. What was answered is kept
    too when the caller hangs up before the end. ``failed`` is where the caller goes when it could not be written.
    """

    kind: ClassVar[str] = "survey"
    survey: Annotated[tuple[Question, ...], Field(min_length=1, max_length=20)] = Field(
        description="a list of questions, such as [{id: agent, kind: csat, ask: [survey.agent]}]"
    )
    name: Name = Field(default="survey", description="a name for reports, such as support")
    tries: Annotated[int, Field(ge=1, le=9)] = Field(default=2, description="a whole number from 1 to 9")
    first_key: Duration = Field(
        default="5s", validate_default=True, description="the wait for the first key, such as 5s"
    )
    next_key: Duration = Field(
        default="2s", validate_default=True, description="the wait for a second key, such as 2s"
    )
    noinput: PromptKeys = Field(default=(NOINPUT,), description="a list of prompts before a try after a silence")
    nomatch: PromptKeys = Field(default=(NOMATCH,), description="a list of prompts before a try after a wrong key")
    longest: Duration = Field(
        default="60s", validate_default=True, description="the longest spoken answer, such as 60s"
    )
    silence: Duration = Field(default="4s", validate_default=True, description="the silence that ends it, such as 4s")
    thanks: PromptKeys = Field(default=(), description="a list of prompts at the end")
    failed: NodeName = Field(description="the node for when the answers could not be written down")
    next: NodeName = Field(description="the node to go on with")

    @model_validator(mode="after")
    def _ids_are_their_own(self) -> Self:
        ids = [question.id for question in self.survey]
        if doubles := sorted({each for each in ids if ids.count(each) > 1}):
            raise ValueError(f"questions with the same id {', '.join(doubles)}: expected an id of its own for each")
        return self

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Both by themselves."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """The questions, and what is said beside them."""
        for index, question in enumerate(self.survey):
            for place, key in enumerate(question.ask):
                yield ("survey", index, "ask", place), key
        for name in ("noinput", "nomatch", "thanks"):
            yield from listed(name, getattr(self, name))

    def hears(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """The numbers, besides."""
        for index, question in enumerate(self.survey):
            if (
                question.kind in (Asks.CSAT, Asks.NPS)
                and (expected := _expected(question.kind, language)) is not None
            ):
                yield ("survey", index), expected

    def visit(self, turn: Turn) -> Visit:
        """Ask, keep, thank."""
        answers: list[SurveyAnswer] = []
        gone = False
        for question in self.survey:
            asked = SurveyAnswer(question.id, question.kind.value)
            turn.left_behind[turn.key] = self._effect(turn, [*answers, asked])
            if question.kind is Asks.SPOKEN:
                answer, gone = yield from self._listen(turn, asked, question)
            else:
                answer = yield from self._keyed(turn, asked, question)
            answers.append(answer)
            turn.left_behind[turn.key] = self._effect(turn, answers)
            turn.note(
                Kind.SURVEY_ANSWER,
                question=question.id,
                asks=question.kind.value,
                value=answer.value,
                recording=answer.recording,
            )
            if gone:
                break
        return (yield from self._keep(turn, answers, gone))

    def _effect(self, turn: Turn, answers: list[SurveyAnswer]) -> SurveyAnswers:
        return SurveyAnswers(self.name, turn.node, tuple(answers))

    def _keyed(self, turn: Turn, asked: SurveyAnswer, question: Question) -> Generator[Command, Result, SurveyAnswer]:
        """The answer by keys; one without a value where there was none."""
        values = VALUES[question.kind]
        plan = KeyPlan(frozenset(values) | {SKIP})
        voice = Voice(turn, _expected(question.kind, turn.language))
        before: tuple[Prompt, ...] = ()
        for _ in range(self.tries):
            prompts = (*before, *turn.prompts(question.ask))
            result = yield voice.ask(Gather(prompts, plan, self.first_key, self.next_key))
            match result:
                case Heard(keys, sure=True) if voice.listens and keys in values:
                    return SurveyAnswer(asked.question, asked.kind, values[keys])
                case Heard(_, words) | NotUnderstood(words) if voice.listens:
                    before = turn.prompts(voice.missed(words))
                case Deaf(reason) if voice.listens:
                    before = turn.prompts(voice.lost(reason))
                case Match(keys) if keys == SKIP:
                    return asked
                case Match(keys):
                    return SurveyAnswer(asked.question, asked.kind, values[keys])
                case NoInput():
                    before = turn.prompts(self.noinput)
                case NoMatch():
                    before = turn.prompts(self.nomatch)
                case _:
                    raise Unexpected("Gather", result)
        return asked

    def _listen(
        self, turn: Turn, asked: SurveyAnswer, question: Question
    ) -> Generator[Command, Result, tuple[SurveyAnswer, bool]]:
        """The spoken answer, and whether the caller has hung up in it. There is one try: silence is an answer too."""
        name = turn.recording("answer")
        result = yield Record(name, turn.prompts(question.ask), self.longest, self.silence, f"#{SKIP}")
        match result:
            case RecordingFailed():
                return asked, False
            case Recorded(_, duration_s, by):
                gone = by is RecordEnd.HANGUP
                if duration_s > LEAST_S:
                    return SurveyAnswer(asked.question, asked.kind, None, name), gone
                yield Commit(DropRecording(name), f"{turn.key}:drop:{asked.question}")
                return asked, gone
            case _:
                raise Unexpected("Record", result)

    def _keep(self, turn: Turn, answers: list[SurveyAnswer], gone: bool) -> Generator[Command, Result, Goto | End]:
        result = yield Commit(self._effect(turn, answers), turn.key)
        failed = None
        match result:
            case Committed():
                turn.left_behind.pop(turn.key, None)
            case CommitFailed(reason):
                failed = reason
            case _:
                raise Unexpected("Commit", result)
        given = sum(answer.given for answer in answers)
        turn.note(Kind.SURVEY_ENDED, survey=self.name, asked=len(answers), answered=given, failed=failed)
        if gone:
            return End("hung_up", ANSWERED)
        if failed is not None:
            return Goto("failed", self.failed)
        if self.thanks:
            yield Play(turn.prompts(self.thanks))
        return Goto("next", self.next)
