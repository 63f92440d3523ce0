"""Why figures cannot be asked for by what a question asks: each has a reason in what it is counted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from calls.reports.cubes import lacking
from calls.reports.definitions import Definition, Source
from calls.reports.question import Answer, Dimension
from calls.reports.tongue import ENGLISH, Tongue


class Why(StrEnum):
    """The reason, by the name of its words on the pages."""

    NO_AGENT = "no_agent"
    ALL_QUEUES = "all_queues"
    SHIFTS = "shifts"
    NO_PAUSE = "no_pause"
    LEADS = "leads"
    OTHER = "other"


WORDS: Mapping[Why, str] = {
    Why.NO_AGENT: "they are counted from calls, with those that no agent took",
    Why.ALL_QUEUES: "an agent is ready for all queues and campaigns at once",
    Why.SHIFTS: "a shift is planned for an agent alone",
    Why.NO_PAUSE: "a pause has no call",
    Why.LEADS: "a lead that was imported belongs to a list; of campaigns those on their rolls are counted",
    Why.OTHER: "what they are counted from does not have it",
}
"""For files, in English."""

_OF_TALKS = frozenset({Source.CALLS, Source.CONNECTS, Source.AGENTS_WAITS})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Figures that are left out for one reason, and by what they are not counted."""

    figures: tuple[Definition, ...]
    by: tuple[Dimension, ...]
    why: Why

    def said(self, tongue: Tongue = ENGLISH) -> str:
        """As a sentence."""
        titles = ", ".join(tongue.figure(each).title for each in self.figures)
        return tongue.left_out(titles, self.by, self.why.value, WORDS[self.why])


def left_out(answer: Answer) -> list[LeftOut]:
    """The figures that the answer leaves out, those of one reason together."""
    found: dict[tuple[tuple[Dimension, ...], Why], list[Definition]] = {}
    for each in answer.left_out:
        by = tuple(sorted(lacking(each, answer.question)))
        found.setdefault((by, _why(each, by)), []).append(each)
    return [LeftOut(tuple(figures), by, why) for (by, why), figures in found.items()]


def _why(definition: Definition, by: tuple[Dimension, ...]) -> Why:
    match definition.source:
        case Source.SHIFTS:
            return Why.SHIFTS
        case Source.TIME | Source.PACE | Source.PACE_SHARED:
            return Why.ALL_QUEUES
        case Source.LEADS:
            return Why.LEADS
        case source if source in _OF_TALKS and by == (Dimension.REASON,):
            return Why.NO_PAUSE
        case Source.CALLS if by == (Dimension.AGENT,):
            return Why.NO_AGENT
        case _:
            return Why.OTHER
