"""A report as somebody asks for it, by words: the same in a page's address, on the command line and in a schedule."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from calls.errors import UserError
from calls.reports.asking import ask
from calls.reports.definitions import Section, of_section
from calls.reports.question import COLUMNS, Answer, Dimension, Question
from calls.reports.settings import ReportSettings

E = TypeVar("E", Section, Dimension)

LONGEST = timedelta(days=400)
"""A report may be about so long a time at most."""

EARLIEST, LATEST = date(1971, 1, 1), date(2999, 12, 31)
"""Quarters are counted from 1970; near the last day that Python knows its zones overflow."""

MOST_ROWS = 50_000
"""More rows nobody reads, and they would take the memory of all."""

SECTIONS: Mapping[Section, tuple[Dimension, ...]] = {
    Section.INBOUND: (Dimension.QUEUE, Dimension.FLOW, Dimension.AGENT, Dimension.CAMPAIGN, Dimension.DIRECTION),
    Section.FLOWS: (Dimension.FLOW, Dimension.VERSION, Dimension.QUEUE, Dimension.DIRECTION),
    Section.NODES: (Dimension.NODE, Dimension.FLOW, Dimension.VERSION),
    Section.OUTBOUND: (Dimension.CAMPAIGN, Dimension.LIST),
    Section.MACHINES: (Dimension.CAMPAIGN, Dimension.QUEUE, Dimension.SWITCH),
    Section.SALES: (Dimension.AGENT, Dimension.CAMPAIGN, Dimension.QUEUE),
    Section.AGENTS: (Dimension.AGENT, Dimension.REASON, Dimension.QUEUE, Dimension.CAMPAIGN, Dimension.DIRECTION),
    Section.ENDINGS: (
        *(Dimension.DISPOSITION, Dimension.OUTCOME, Dimension.CAUSE, Dimension.QUEUE, Dimension.CAMPAIGN),
        *(Dimension.FLOW, Dimension.DIRECTION),
    ),
    Section.CALLBACKS: (Dimension.QUEUE, Dimension.CAMPAIGN),
    Section.LEADS: (Dimension.LIST, Dimension.CAMPAIGN),
    Section.SURVEYS: (Dimension.QUESTION, Dimension.QUEUE, Dimension.AGENT, Dimension.FLOW, Dimension.CAMPAIGN),
    Section.SWITCHES: (Dimension.SWITCH, Dimension.QUEUE, Dimension.CAMPAIGN, Dimension.DIRECTION),
    Section.QUALITY: (Dimension.AGENT, Dimension.QUEUE, Dimension.CAMPAIGN, Dimension.SCORECARD),
}
"""By what each section may be asked, besides the times."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of ``[begin, end)``, whole days of the house."""

    section: Section
    begin: datetime
    end: datetime
    by: tuple[Dimension, ...]
    filters: Mapping[Dimension, str]


def read(words: Mapping[str, str], by: tuple[str, ...], settings: ReportSettings, now: datetime) -> Asked:
    """What the words ask: ``section``, ``from`` and ``to`` (days of the house, both within; by default the last seven
    with today), and a filter by the name of its dimension.

    Raises:
        UserError: says which word is wrong and what was expected.
    """
    section = _one_of(Section, words.get("section") or "inbound", "section")
    known = ("section", "from", "to", *(each.value for each in COLUMNS))
    strange = next((each for each in words if each not in known), None)
    if strange is not None:
        raise UserError(f"nothing is counted by {strange!r}: expected one of {', '.join(known[3:])}")
    zone = settings.place()
    today = now.astimezone(zone).date()
    last = _day(words.get("to"), "to") or today
    first = _day(words.get("from"), "from") or last - timedelta(days=6)
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    if not begin < end:
        raise UserError(f"from {first} to {last}: expected the earlier day first")
    if end - begin > LONGEST:
        raise UserError(f"from {first} to {last}: expected {LONGEST.days} days at most")
    dimensions = tuple(dict.fromkeys(_one_of(Dimension, each, "by") for each in by if each))
    filters = {each: words[each.value] for each in COLUMNS if words.get(each.value)}
    for each in (*(one for one in dimensions if one in COLUMNS), *filters):
        if each not in SECTIONS[section]:
            own = ", ".join(one.value for one in SECTIONS[section])
            raise UserError(f"{section.value} are not counted by {each.value}: expected a time, or {own}")
    return Asked(section, begin, end, dimensions, filters)


def answer(connection: sqlite3.Connection, asked: Asked, settings: ReportSettings, now: datetime) -> Answer:
    """The figures.

    Raises:
        UserError: they would be too many rows.
    """
    question = Question(
        begin=asked.begin,
        end=asked.end,
        figures=of_section(asked.section, by_campaign=Dimension.CAMPAIGN in {*asked.by, *asked.filters}),
        zone=settings.place(),
        by=asked.by,
        filters=asked.filters,
        targets=settings.targets(),
        now=now,
    )
    return ask(connection, question, MOST_ROWS)


def _one_of(kind: type[E], word: str, key: str) -> E:
    try:
        return kind(word)
    except ValueError:
        raise UserError(f"{key} {word!r}: expected one of {', '.join(each.value for each in kind)}") from None


def _day(word: str | None, key: str) -> date | None:
    if not word:
        return None
    try:
        found = date.fromisoformat(word)
    except ValueError:
        raise UserError(f"{key} {word!r}: expected a day such as 2026-05-31") from None
    if not EARLIEST <= found <= LATEST:
        raise UserError(f"{key} {word!r}: expected a day from {EARLIEST} to {LATEST}")
    return found
