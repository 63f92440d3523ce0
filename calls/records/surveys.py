"""Answers to surveys in the store. Functions of a connection, run inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import NamedTuple

from calls.ids import CallId
from calls.records.times import as_text, as_time


@dataclass(frozen=True, slots=True)
class Answer:
    """One question that a caller was asked. Neither ``value`` nor ``recording``: it was not answered."""

    flow: str | None
    node: str
    survey: str
    question: str
    kind: str
    value: int | None
    recording: str | None


class Answered(NamedTuple):
    """An answer, of which call, and when."""

    call_id: CallId
    at: datetime
    answer: Answer


_COLUMNS = ", ".join(each.name for each in fields(Answer))


def add_answers(
    connection: sqlite3.Connection, call_id: CallId, key: str, answers: Iterable[Answer], now: datetime
) -> None:
    """Keep the answers of one visit. Kept before, nothing changes."""
    connection.executemany(
        f"INSERT INTO survey_answers (call_id, effect_key, position, answered_at, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (call_id, key, position, as_text(now), *astuple(answer))
            for position, answer in enumerate(answers, start=1)
        ],
    )


def answers_between(connection: sqlite3.Connection, begin: datetime, end: datetime) -> Iterator[Answered]:
    """The answers given in ``[begin, end)``, in the order in which they were."""
    rows = connection.execute(
        f"SELECT call_id, answered_at, {_COLUMNS} FROM survey_answers WHERE answered_at >= ? AND answered_at < ?"
        " ORDER BY answered_at, call_id, effect_key, position",
        (as_text(begin), as_text(end)),
    )
    return (Answered(CallId(call_id), as_time(at), Answer(*rest)) for call_id, at, *rest in rows)
