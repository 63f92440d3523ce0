"""What every figure of the reports is made of: its value and how it came about, and which calls it is about."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from calls.ids import CampaignId, QueueName
from calls.records.times import as_text

Number = int | float


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``unit`` is ``ratio``, ``s``, ``calls``, ``attempts`` or ``leads``; ``subject`` the node or agent
    that it is about, "" for all. A count has no denominator and is its own value."""

    name: str
    value: float | None
    unit: str
    numerator: Number
    denominator: Number | None
    definition: str
    subject: str = ""

    def of(self, subject: str) -> Figure:
        """The same of a node or an agent."""
        return replace(self, subject=subject)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls: those that began in ``[begin, end)``, of one campaign or one queue where these are named.

    What belongs to no campaign or queue (menus, agents' time) is not narrowed by them. ``now``: when the figures are
    made, up to which what has not ended yet has lasted, though never beyond ``end``; None: they are made at ``end``.
    """

    begin: datetime
    end: datetime
    campaign: CampaignId | None = None
    queue: QueueName | None = None
    now: datetime | None = None

    def parameters(self) -> dict[str, str | Number | None]:
        """For the statements below."""
        return {
            "begin": as_text(self.begin),
            "end": as_text(self.end),
            "until": as_text(self.end if self.now is None else min(self.now, self.end)),
            "campaign": self.campaign,
            "queue": self.queue,
        }


def ratio(
    name: str, numerator: Number, denominator: Number, definition: str, unit: str = "ratio", subject: str = ""
) -> Figure:
    """A figure of a numerator and a denominator; of none it has no value."""
    value = numerator / denominator if denominator else None
    return Figure(name, value, unit, numerator, denominator, definition, subject)


def counted(name: str, number: Number, unit: str, definition: str, subject: str = "") -> Figure:
    """A figure that is a count."""
    return Figure(name, float(number), unit, number, None, definition, subject)


def select(
    connection: sqlite3.Connection, statement: str, parameters: Mapping[str, str | Number | None]
) -> list[sqlite3.Row]:
    """The rows of a statement; they answer to column names."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(statement, parameters).fetchall()


def one(connection: sqlite3.Connection, statement: str, parameters: Mapping[str, str | Number | None]) -> sqlite3.Row:
    """The one row that an aggregate without groups always gives."""
    return select(connection, statement, parameters)[0]
