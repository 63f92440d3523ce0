"""``[[scorecards]]``: forms by which talks are judged, and what a form's answers come to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from calls.errors import UserError
from calls.parts import Flag, Name, Part, Title

YES_NO = {"yes": 1.0, "no": 0.0}

NOT_ASKED = ""
"""The answer to a question that the talk gave no occasion for: it counts neither way."""


class ScoreQuestion(Part):
    """One question of a form. ``choices``: what may be answered, and the share of the weight that it earns."""

    name: Name
    ask: Title
    weight: Annotated[float, Field(gt=0, le=1_000, description="a number, more than 0 and at most 1000")] = 1.0
    choices: Annotated[
        dict[Name, Annotated[float, Field(ge=0, le=1, description="a share, 0 to 1")]],
        Field(min_length=2, max_length=10, description="answers and their shares: {yes = 1, partly = 0.5, no = 0}"),
    ] = Field(default_factory=lambda: dict(YES_NO))
    critical: Flag = False
    """An answer that earns nothing fails the whole talk: its score is 0."""


class Scorecard(Part):
    """A form. ``queues``, ``campaigns``: of whose talks it asks; neither: of all."""

    name: Name
    title: Title | None = None
    queues: Annotated[tuple[Name, ...], Field(max_length=100, description="a list of names of queues")] = ()
    campaigns: Annotated[tuple[Name, ...], Field(max_length=100, description="a list of names of campaigns")] = ()
    pass_mark: Annotated[float, Field(ge=0, le=1, description="a share, 0 to 1")] = 0.8
    """A talk with this score, or a higher one, is passed."""
    questions: Annotated[
        tuple[ScoreQuestion, ...],
        Field(min_length=1, max_length=50, description="tables, [[scorecards.questions]]"),
    ]

    @property
    def shown(self) -> str:
        """Its name for people."""
        return self.title or self.name

    def is_for(self, queue: str | None, campaign: str | None) -> bool:
        """Whether it asks of a talk of this queue or campaign."""
        return not (self.queues or self.campaigns) or queue in self.queues or campaign in self.campaigns


@dataclass(frozen=True, slots=True)
class Score:
    """What the answers come to: ``value`` from 0 to 1. ``failed``: the critical questions that were failed."""

    value: float
    passed: bool
    failed: tuple[str, ...]


def score(card: Scorecard, answers: Mapping[str, str]) -> Score:
    """Earned weight / weight of the questions that were asked; 0 where a critical one was failed.

    Raises:
        UserError: an answer is missing, or is none of its question's; or no question was asked.
    """
    unknown = sorted(set(answers) - {each.name for each in card.questions})
    if unknown:
        raise UserError(f"the scorecard {card.name} has no question {unknown[0]!r}")
    earned = possible = 0.0
    failed = []
    for each in card.questions:
        answer = answers.get(each.name)
        if answer is None:
            raise UserError(f"{each.name} has no answer: expected one of {', '.join(each.choices)}, or not asked")
        if answer == NOT_ASKED:
            continue
        if answer not in each.choices:
            raise UserError(f"{each.name} has no answer {answer!r}: expected one of {', '.join(each.choices)}")
        share = each.choices[answer]
        earned += share * each.weight
        possible += each.weight
        if each.critical and share == 0:
            failed.append(each.name)
    if not possible:
        raise UserError("no question was asked: there is nothing to judge by")
    value = 0.0 if failed else earned / possible
    return Score(value, not failed and value >= card.pass_mark, tuple(failed))


def faults(card: Scorecard, queues: tuple[str, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What does not fit: the place in the form, and what is wrong."""
    for name, times in Counter(each.name for each in card.questions).items():
        if times > 1:
            yield ("questions",), f"two questions are named {name}: expected a name of its own for each"
    for place, each in enumerate(card.questions):
        if len(set(each.choices.values())) == 1:
            yield ("questions", place, "choices"), "every answer earns the same: expected at least two shares"
        if each.critical and min(each.choices.values()) > 0:
            yield ("questions", place, "critical"), "no answer earns nothing (0), so that nobody can fail it"
    for name in card.queues:
        if name not in queues:
            known = f"expected some of {', '.join(queues)}" if queues else "there are none: add [[queues]]"
            yield ("queues",), f"no queue is named {name}: {known}"
