"""What is asked of the figures, and what is answered: dimensions, a question, its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from calls.records.figure import Figure
from calls.reports.definitions import USUAL, Definition, Targets

Key = tuple[str, ...]
"""The values of the dimensions by which is asked, in their order."""


class Dimension(StrEnum):
    """By what figures are asked for."""

    DAY = "day"
    HOUR = "60"
    HALF = "30"
    QUARTER = "15"
    HOUR_OF_DAY = "hour"
    WEEKDAY = "weekday"
    DIRECTION = "direction"
    QUEUE = "queue"
    CAMPAIGN = "campaign"
    LIST = "list"
    AGENT = "agent"
    FLOW = "flow"
    VERSION = "version"
    NODE = "node"
    SWITCH = "switch"
    SCORECARD = "scorecard"
    OUTCOME = "outcome"
    DISPOSITION = "disposition"
    CAUSE = "cause"
    REASON = "reason"
    QUESTION = "question"


TIMES = frozenset(
    {
        *(Dimension.DAY, Dimension.HOUR, Dimension.HALF, Dimension.QUARTER),
        *(Dimension.HOUR_OF_DAY, Dimension.WEEKDAY),
    }
)
WEEKDAYS = ("1 Mon", "2 Tue", "3 Wed", "4 Thu", "5 Fri", "6 Sat", "7 Sun")

COLUMNS: Mapping[Dimension, str] = {
    Dimension.DIRECTION: "direction",
    Dimension.QUEUE: "queue",
    Dimension.CAMPAIGN: "campaign_id",
    Dimension.LIST: "list_id",
    Dimension.AGENT: "agent_id",
    Dimension.FLOW: "flow",
    Dimension.VERSION: "flow_version",
    Dimension.NODE: "node",
    Dimension.SWITCH: "switch",
    Dimension.SCORECARD: "scorecard",
    Dimension.OUTCOME: "outcome",
    Dimension.DISPOSITION: "disposition",
    Dimension.CAUSE: "cause",
    Dimension.REASON: "reason",
    Dimension.QUESTION: "question",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: figures of ``[begin, end)``, by dimensions, of what the filters leave.

    ``zone``: whose days, hours and weekdays they are. ``now``: up to when states that go on have lasted.
    """

    begin: datetime
    end: datetime
    figures: tuple[Definition, ...]
    zone: ZoneInfo
    by: tuple[Dimension, ...] = ()
    filters: Mapping[Dimension, str] = field(default_factory=dict)
    targets: Targets = USUAL
    now: datetime | None = None

    @property
    def times(self) -> tuple[Dimension, ...]:
        """Those of the dimensions that are times."""
        return _times(self.by)

    @property
    def wanted(self) -> frozenset[Dimension]:
        """Dimensions and filters but for the times: what a roll-up must have a column for."""
        return frozenset(self.by) - TIMES | frozenset(self.filters)


@cache
def _times(by: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    return tuple(each for each in by if each in TIMES)


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one combination of the dimensions' values."""

    key: Key
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``left_out``: figures that cannot be asked so, an agent having no service level say."""

    question: Question
    figures: tuple[Definition, ...]
    rows: tuple[Row, ...]
    left_out: tuple[Definition, ...]
