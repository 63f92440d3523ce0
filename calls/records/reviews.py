"""Reviews of agents' talks: kept, answered and read. Functions of a connection; those that write run inside a
transaction of the writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from calls.records.times import as_text, as_time
from calls.scorecards import Score, Scorecard


@dataclass(frozen=True, slots=True)
class Talk:
    """A call that an agent talked in."""

    call_id: str
    agent_id: str
    queue: str | None
    campaign_id: str | None
    direction: str
    began_at: datetime
    talk_s: float
    disposition: str | None
    recording: str | None
    reviews: int


@dataclass(frozen=True, slots=True)
class Review:
    """One review. ``form`` is the scorecard as it was; ``failed``: critical questions. ``calibration``: by it
    reviewers of the same talk compare themselves; it says nothing of the agent."""

    review_id: int
    call_id: str
    agent_id: str
    form: Scorecard
    answers: Mapping[str, str]
    score: float
    passed: bool
    failed: tuple[str, ...]
    note: str
    calibration: bool
    reviewer: str
    reviewed_at: datetime
    began_at: datetime
    reply: str
    replied_at: datetime | None


def put(
    connection: sqlite3.Connection,
    talk: Talk,
    card: Scorecard,
    answers: Mapping[str, str],
    score: Score,
    note: str,
    calibration: bool,
    reviewer: str,
    now: datetime,
) -> int | None:
    """Keep a review; its number. None: the reviewer has judged this talk by this form before."""
    row = connection.execute(
        "INSERT INTO reviews (call_id, agent_id, scorecard, form, answers, score, passed, failed, note, calibration,"
        " reviewer, reviewed_at, began_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING review_id",
        (
            *(talk.call_id, talk.agent_id, card.name, card.model_dump_json(), json.dumps(dict(answers))),
            *(score.value, score.passed, json.dumps(score.failed), note, calibration, reviewer),
            *(as_text(now), as_text(talk.began_at)),
        ),
    ).fetchone()
    return None if row is None else int(row[0])


def reply(connection: sqlite3.Connection, review_id: int, agent_id: str, words: str, now: datetime) -> bool:
    """The agent's answer to a review. False: the agent has no such review, or answered it before."""
    changed = connection.execute(
        "UPDATE reviews SET reply = ?, replied_at = ?"
        " WHERE review_id = ? AND agent_id = ? AND NOT calibration AND replied_at IS NULL",
        (words, as_text(now), review_id, agent_id),
    )
    return changed.rowcount == 1


_COLUMNS = (
    "review_id, call_id, agent_id, form, answers, score, passed, failed, note, calibration, reviewer, reviewed_at,"
    " began_at, reply, replied_at"
)


def of_talk(connection: sqlite3.Connection, call_id: str, agent_id: str) -> list[Review]:
    """Every review of a talk, the oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM reviews WHERE call_id = ? AND agent_id = ? ORDER BY review_id", (call_id, agent_id)
    )
    return [_review(row) for row in rows]


def of_agent(connection: sqlite3.Connection, agent_id: str, most: int) -> list[Review]:
    """The newest reviews of an agent, without those by which reviewers compare themselves."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM reviews WHERE agent_id = ? AND NOT calibration"
        " ORDER BY reviewed_at DESC, review_id DESC LIMIT ?",
        (agent_id, most),
    )
    return [_review(row) for row in rows]


def latest(connection: sqlite3.Connection, most: int) -> list[Review]:
    """The newest reviews of all agents, without those by which reviewers compare themselves."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM reviews WHERE NOT calibration ORDER BY review_id DESC LIMIT ?", (most,)
    )
    return [_review(row) for row in rows]


_TALKS = (
    "SELECT call_id, agent_id, queue, campaign_id, direction, started_at, talk_s, disposition, recording,"
    " (SELECT count(*) FROM reviews WHERE reviews.call_id = calls.call_id AND NOT calibration)"
    " FROM calls WHERE agent_id IS NOT NULL"
)


def talk(connection: sqlite3.Connection, call_id: str, agent_id: str | None = None) -> Talk | None:
    """A call that an agent talked in: the last of its agents, or the one who is named; None: there is no such."""
    row = connection.execute(f"{_TALKS} AND call_id = ?", (call_id,)).fetchone()
    if row is None or agent_id in (None, row[1]):
        return None if row is None else _talk(row)
    other = connection.execute(
        "SELECT queue, campaign_id, disposition FROM contacts WHERE call_id = ? AND agent_id = ?", (call_id, agent_id)
    ).fetchone()
    if other is None:
        return None
    return _talk((call_id, agent_id, other[0], other[1], row[4], row[5], row[6], other[2], row[8], row[9]))


def talks(
    connection: sqlite3.Connection, since: datetime, agent: str = "", without_reviews: bool = True, most: int = 50
) -> list[Talk]:
    """The newest talks since then, of one agent or of all; ``without_reviews``: only those that nobody judged yet."""
    unjudged = "NOT EXISTS (SELECT 1 FROM reviews WHERE reviews.call_id = calls.call_id AND NOT calibration)"
    rows = connection.execute(
        f"{_TALKS} AND started_at >= ? AND (? = '' OR agent_id = ?) AND (? OR {unjudged})"
        " ORDER BY started_at DESC LIMIT ?",
        (as_text(since), agent, agent, not without_reviews, most),
    )
    return [_talk(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Spread:
    """How far reviewers of the same talk are apart. ``agreed``: by question, the share of the reviewers who gave the
    answer that most gave."""

    reviewers: int
    mean: float
    lowest: float
    highest: float
    agreed: Mapping[str, float]

    @property
    def wide(self) -> float:
        """From the lowest score to the highest."""
        return self.highest - self.lowest


def spread(reviews: Iterable[Review]) -> Spread | None:
    """Of reviews of one talk by one form; None: there are less than two."""
    found = list(reviews)
    if len(found) < 2:
        return None
    scores = [each.score for each in found]
    agreed = {}
    for question in found[-1].form.questions:
        given = [each.answers.get(question.name) for each in found]
        agreed[question.name] = max(given.count(each) for each in given) / len(given)
    return Spread(len(found), sum(scores) / len(scores), min(scores), max(scores), agreed)


def _talk(row: tuple[object, ...] | sqlite3.Row) -> Talk:
    call_id, agent_id, queue, campaign, direction, started, talk_s, disposition, recording, reviewed = row
    return Talk(
        str(call_id),
        str(agent_id),
        None if queue is None else str(queue),
        None if campaign is None else str(campaign),
        str(direction),
        as_time(str(started)),
        float(str(talk_s)),
        None if disposition is None else str(disposition),
        None if recording is None else str(recording),
        int(str(reviewed)),
    )


def _review(row: tuple[object, ...] | sqlite3.Row) -> Review:
    number, call, agent, form, answers, score, passed, failed, note, compared, who, at, began, reply_, replied = row
    return Review(
        int(str(number)),
        str(call),
        str(agent),
        Scorecard.model_validate_json(str(form)),
        json.loads(str(answers)),
        float(str(score)),
        bool(passed),
        tuple(json.loads(str(failed))),
        str(note),
        bool(compared),
        str(who),
        as_time(str(at)),
        as_time(str(began)),
        str(reply_),
        None if replied is None else as_time(str(replied)),
    )
