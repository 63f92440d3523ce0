"""Judging agents' talks: the orders, who may see what, and what is shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from calls import scorecards
from calls.errors import UserError
from calls.parts import Name
from calls.records import reviews
from calls.records.reviews import Review, Talk
from calls.records.store import add_audit
from calls.scorecards import Scorecard
from calls.settings import Settings
from calls.text import printable
from console.operations import Done

SHOWN = 100
"""Reviews of an agent in one answer."""


class ReviewOrder(BaseModel):
    """Judge a talk. ``agent``: whose, where several talked; None: the last. ``answers``: by question, "" for one that
    the talk gave no occasion for. ``calibration``: to compare reviewers; the agent neither sees it nor is counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    scorecard: Name
    answers: Annotated[dict[Name, Annotated[str, Field(max_length=64)]], Field(max_length=50)]
    note: Annotated[str, Field(max_length=4_000)] = ""
    agent: Name | None = None
    calibration: bool = False


class ReplyOrder(BaseModel):
    """What an agent says to a review, once."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: Annotated[str, Field(min_length=1, max_length=2_000)]


class HeardOrder(BaseModel):
    """Somebody is about to hear a recording of a call, or to take it away as a file. ``way``: ``page`` or ``api``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    what: Literal["hear", "download"]
    way: Literal["page", "api"]


class AnswerShown(BaseModel):
    """One question with what was answered: None: not asked."""

    model_config = ConfigDict(frozen=True)
    question: str
    ask: str
    answer: str | None
    weight: float
    critical: bool
    failed: bool


class ReviewShown(BaseModel):
    """A review. ``score``: 0 to 1."""

    model_config = ConfigDict(frozen=True)
    id: int
    call: str
    agent: str
    scorecard: str
    title: str
    score: float
    passed: bool
    answers: tuple[AnswerShown, ...]
    note: str
    calibration: bool
    reviewer: str
    reviewed_at: datetime
    call_began_at: datetime
    reply: str
    replied_at: datetime | None


class SpreadShown(BaseModel):
    """How far reviewers of one talk are apart by one form. ``spread``: highest - lowest. ``agreed``: by question, the
    share of the reviewers who gave the answer that most gave."""

    model_config = ConfigDict(frozen=True)
    scorecard: str
    reviewers: int
    mean: float
    lowest: float
    highest: float
    spread: float
    agreed: Mapping[str, float]


class TalkReviewed(BaseModel):
    """A talk and what reviewers said. ``waits_for_own``: others have compared themselves by these forms; what they
    said is shown to who has said so too."""

    model_config = ConfigDict(frozen=True)
    call: str
    agent: str
    reviews: tuple[ReviewShown, ...]
    calibrations: tuple[SpreadShown, ...]
    waits_for_own: tuple[str, ...]


def give(
    connection: sqlite3.Connection, settings: Settings, call_id: str, order: ReviewOrder, who: str, now: datetime
) -> Done:
    """Keep a review.

    Raises:
        UserError: no agent talked in such a call, there is no such form or it asks of other talks, an answer does not
            fit, or the same reviewer has judged the talk by it before.
    """
    talk = _talk(connection, call_id, order.agent)
    card = card_of(settings, order.scorecard)
    if not card.is_for(talk.queue, talk.campaign_id):
        raise UserError(f"the scorecard {card.name} is for talks of other queues and campaigns")
    score = scorecards.score(card, order.answers)
    number = reviews.put(
        connection, talk, card, order.answers, score, printable(order.note), order.calibration, who, now
    )
    if number is None:
        raise UserError(f"{who} has judged this talk by {card.name} before")
    detail = {"review": number, "call": talk.call_id, "agent": talk.agent_id, "score": round(score.value, 4)}
    add_audit(connection, now, who, "review.calibrate" if order.calibration else "review.give", detail)
    return Done(said=f"review {number}: {score.value:.0%}{', failed' if not score.passed else ''}")


def reply(
    connection: sqlite3.Connection, agent_id: str, review_id: int, order: ReplyOrder, who: str, now: datetime
) -> Done:
    """Keep what an agent says to a review.

    Raises:
        UserError: it is not one of the agent's, or was answered before.
    """
    if not reviews.reply(connection, review_id, agent_id, printable(order.words), now):
        raise UserError(f"{agent_id} has no review {review_id} that waits for an answer")
    add_audit(connection, now, who, "review.reply", {"review": review_id, "agent": agent_id})
    return Done(said=f"review {review_id}: answered")


def heard(
    connection: sqlite3.Connection, call_id: str, name: str, order: HeardOrder, who: str, now: datetime
) -> Done:
    """Write down who hears the recording ``name`` of a call, before anything of it is given out.

    Raises:
        UserError: no such call has ended.
    """
    if connection.execute("SELECT 1 FROM calls WHERE call_id = ?", (call_id,)).fetchone() is None:
        raise UserError(f"no call {call_id!a} has ended")
    detail = {"call": call_id, "recording": name, "way": order.way}
    add_audit(connection, now, who, f"recording.{order.what}", detail)
    return Done(said=f"the audit has it that {who} hears {name}")


def of_talk(connection: sqlite3.Connection, call_id: str, agent: str | None, who: str) -> TalkReviewed:
    """A talk's reviews, as ``who`` may see them: the scores of a calibration are shown to its reviewers only, so that
    nobody follows another.

    Raises:
        UserError: no agent talked in such a call.
    """
    talk = _talk(connection, call_id, agent)
    found = reviews.of_talk(connection, talk.call_id, talk.agent_id)
    compared: dict[str, list[Review]] = {}
    for each in found:
        if each.calibration:
            compared.setdefault(each.form.name, []).append(each)
    mine = {name for name, given in compared.items() if any(each.reviewer == who for each in given)}
    spreads = []
    for name in sorted(mine):
        if (wide := reviews.spread(compared[name])) is not None:
            spreads.append(
                SpreadShown(
                    scorecard=name,
                    reviewers=wide.reviewers,
                    mean=wide.mean,
                    lowest=wide.lowest,
                    highest=wide.highest,
                    spread=wide.wide,
                    agreed=wide.agreed,
                )
            )
    seen = [each for each in found if not each.calibration or each.form.name in mine]
    return TalkReviewed(
        call=talk.call_id,
        agent=talk.agent_id,
        reviews=shown(seen),
        calibrations=tuple(spreads),
        waits_for_own=tuple(sorted(set(compared) - mine)),
    )


def of_agent(connection: sqlite3.Connection, agent_id: str) -> tuple[ReviewShown, ...]:
    """An agent's reviews, the newest first."""
    return shown(reviews.of_agent(connection, agent_id, SHOWN))


def shown(found: Iterable[Review]) -> tuple[ReviewShown, ...]:
    """As they are given out."""
    return tuple(_shown(each) for each in found)


def card_of(settings: Settings, name: str) -> Scorecard:
    """The form of a name.

    Raises:
        UserError: there is none.
    """
    for each in settings.scorecards:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in settings.scorecards)
    raise UserError(f"no scorecard is named {name}: {f'expected one of {known}' if known else 'add [[scorecards]]'}")


def _talk(connection: sqlite3.Connection, call_id: str, agent: str | None) -> Talk:
    talk = reviews.talk(connection, call_id, agent)
    if talk is None:
        raise UserError(f"in no call {call_id!a} that is over has {agent or 'an agent'} talked")
    return talk


def _shown(review: Review) -> ReviewShown:
    return ReviewShown(
        id=review.review_id,
        call=review.call_id,
        agent=review.agent_id,
        scorecard=review.form.name,
        title=review.form.shown,
        score=review.score,
        passed=review.passed,
        answers=tuple(
            AnswerShown(
                question=each.name,
                ask=each.ask,
                answer=review.answers.get(each.name) or None,
                weight=each.weight,
                critical=each.critical,
                failed=each.name in review.failed,
            )
            for each in review.form.questions
        ),
        note=review.note,
        calibration=review.calibration,
        reviewer=review.reviewer,
        reviewed_at=review.reviewed_at,
        call_began_at=review.began_at,
        reply=review.reply,
        replied_at=review.replied_at,
    )
