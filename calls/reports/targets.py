"""``[[targets]]``: what a figure is to be, past what it is an alarm, and what that means of a figure. Pure but for
:func:`measure`, which reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated

from pydantic import Field

from calls.mail import Address
from calls.parts import Count, Name, Part
from calls.records.figure import Figure
from calls.records.notices import WEBHOOK
from calls.reports.asked import SECTIONS
from calls.reports.asking import ask
from calls.reports.cubes import is_counted_by
from calls.reports.definitions import BY_NAME, Definition, Section
from calls.reports.question import Dimension, Question
from calls.reports.settings import ReportSettings

Number = Annotated[float, Field(description="a number: of shares 0 to 1, of times seconds")]
FITTING = tuple(each for each in BY_NAME.values() if each.section is not Section.NODES and not each.money)


class Target(Part):
    """One of them. ``queue``, ``campaign``, ``agent``, ``flow``: whose figure; none: all calls'.

    ``window_minutes``: the figure is that of the latest so many. ``least``: of fewer calls (the denominator; of a
    count, itself) nothing is judged.
    """

    name: Name
    figure: Name
    queue: Name | None = None
    campaign: Name | None = None
    agent: Name | None = None
    flow: Name | None = None
    aim: Number
    alarm: Number
    """Past it on the side away from the aim, an alert is raised."""
    clear: Number | None = None
    """Back at it an alert is cleared; none: half-way from the alarm to the aim."""
    window_minutes: Annotated[int, Field(ge=1, le=43_200, description="minutes, 1 to 43200 (30 days)")] = 60
    least: Count = 10
    to: Annotated[tuple[Address, ...], Field(max_length=50, description="a list of mail addresses")] = ()
    webhook: Name | None = None

    @property
    def definition(self) -> Definition:
        """What the figure means."""
        return BY_NAME[self.figure]

    @property
    def subject(self) -> dict[str, str]:
        """Whose figure it is, by the names of the dimensions."""
        named = {"queue": self.queue, "campaign": self.campaign, "agent": self.agent, "flow": self.flow}
        return {key: value for key, value in named.items() if value is not None}

    @property
    def low_is_bad(self) -> bool:
        """Whether it is to be the higher the better."""
        return self.alarm < self.aim

    @property
    def clear_at(self) -> float:
        """Back at what value an alert is over."""
        return (self.aim + self.alarm) / 2 if self.clear is None else self.clear

    def is_past(self, value: float, bound: float) -> bool:
        """Whether ``value`` is on the bad side of ``bound``."""
        return value < bound if self.low_is_bad else value > bound

    def verdict_of(self, value: float) -> Verdict:
        """What is to be said of a value that there is enough to judge by."""
        if self.is_past(value, self.alarm):
            return Verdict.ALARM
        return Verdict.MISSED if self.is_past(value, self.aim) else Verdict.MET


class Verdict(Enum):
    """What a figure says of its target. The value is how it looks."""

    MET = "good"
    MISSED = "warn"
    ALARM = "bad"
    UNKNOWN = ""
    """Nothing, or too little, to judge by."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A target's figure at a moment."""

    target: Target
    figure: Figure

    @property
    def volume(self) -> float:
        """By how many the figure is judged."""
        of = self.figure.numerator if self.figure.denominator is None else self.figure.denominator
        return float(of)

    @property
    def verdict(self) -> Verdict:
        """What is to be said of it."""
        value = self.figure.value
        if value is None or self.volume < self.target.least:
            return Verdict.UNKNOWN
        return self.target.verdict_of(value)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing at all happened in the window."""
        return self.figure.denominator == 0

    @property
    def is_back(self) -> bool:
        """Whether an alert is over by its figure."""
        value = self.figure.value
        known = value is not None and self.volume >= self.target.least
        return known and not self.target.is_past(value or 0.0, self.target.clear_at)


def measure(connection: sqlite3.Connection, target: Target, house: ReportSettings, now: datetime) -> Standing:
    """The target's figure at ``now``: of its window, up to now."""
    question = Question(
        begin=now - timedelta(minutes=target.window_minutes),
        end=now,
        figures=(target.definition,),
        zone=house.place(),
        filters={Dimension(key): value for key, value in target.subject.items()},
        targets=house.targets(),
        now=now,
    )
    (row,) = ask(connection, question).rows
    return Standing(target, row.figures[0])


def said(value: float | None, unit: str) -> str:
    """A value of a figure as people read it."""
    if value is None:
        return "none"
    if unit == "ratio":
        return f"{value:.1%}"
    return f"{value:,.{0 if value % 1 == 0 else 1}f}{' s' if unit == 's' else ''}"


def faults(
    target: Target, queues: Collection[str], agents: Collection[str], webhooks: Collection[str], *, has_mail: bool
) -> Iterator[tuple[str, str]]:
    """What does not fit: the key, and what is wrong."""
    definition = BY_NAME.get(target.figure)
    if definition is None or definition not in FITTING:
        names = ", ".join(each.name for each in FITTING)
        yield "figure", f"{target.figure} is no figure that can have a target: expected one of {names}"
        return
    for key in target.subject:
        if Dimension(key) not in SECTIONS[definition.section]:
            own = ", ".join(each.value for each in SECTIONS[definition.section])
            yield key, f"{target.figure} is not counted by {key}, only by {own}"
            return
    if not is_counted_by(definition, map(Dimension, target.subject)):
        words = " and ".join(target.subject)
        yield (
            list(target.subject)[-1],
            f"{target.figure} is not counted by {words}: an agent has no service level, say",
        )
    if target.agent is not None and target.agent not in agents:
        known = f"expected one of {', '.join(agents)}" if agents else "there are none: add [[agents]]"
        yield "agent", f"no agent is named {target.agent}: {known}"
    if target.queue is not None and target.queue not in queues:
        known = f"expected one of {', '.join(queues)}" if queues else "there are none: add [[queues]]"
        yield "queue", f"no queue is named {target.queue}: {known}"
    if target.aim == target.alarm:
        yield "alarm", "expected another value than that of aim: on its bad side"
    elif not min(target.aim, target.alarm) <= target.clear_at <= max(target.aim, target.alarm):
        yield "clear", f"expected a value from alarm ({target.alarm:g}) to aim ({target.aim:g})"
    if target.to and not has_mail:
        yield "to", "mails need a server: add [mail] with host and from"
    if target.webhook is not None and target.webhook not in webhooks:
        known = f"expected one of {', '.join(webhooks)}" if webhooks else "there are none: add [[webhooks]]"
        yield "webhook", f"no webhook is named {target.webhook}: {known}"


def recipients(target: Target) -> tuple[str, ...]:
    """To whom, as the store has it."""
    return (*dict.fromkeys(target.to), *([] if target.webhook is None else [f"{WEBHOOK}{target.webhook}"]))
