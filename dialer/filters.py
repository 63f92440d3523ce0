"""``[filter]`` of a campaign: which leads of its lists it dials. Conditions on values, no code. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field

from calls.parts import Part

Compare = Callable[[Any, Any], bool]
"""Two numbers or two texts, never one of each."""

OPERATORS: dict[str, Compare] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
"""Longer ones first: a condition begins with one of them, or is the text itself."""

Text = Annotated[str, Field(max_length=200)]
Wanted = Annotated[
    Text | tuple[Text, ...] | None,
    Field(
        description='a text in quotes, such as "London", "!= London", ">= 100" or "" for empty, or a list of texts,'
        " one of which it is"
    ),
]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is asked of a lead. ``imported_at`` as in the store; ``fields``: the other columns of its file."""

    tries: int
    last_outcome: str
    imported_at: str
    list: str
    region: str
    priority: int
    fields: Mapping[str, str]


class Filter(Part):
    """Conditions that must all hold. Numbers are compared as such, everything else as text without regard to case."""

    tries: Wanted = None
    """Attempts of this campaign so far."""
    last_outcome: Wanted = None
    """Of this campaign; empty before the first attempt."""
    imported_at: Wanted = None
    """A day or a moment of UTC, such as ``">= 2026-10-01"``."""
    list: Wanted = None
    region: Wanted = None
    """A country such as ``US``, which takes in its states, or a state such as ``US-CA``."""
    priority: Wanted = None
    fields: dict[str, Wanted] = Field(
        default_factory=dict, max_length=50, description="a table of columns, each with its condition"
    )

    @property
    def anything(self) -> bool:
        """True where it refuses no lead."""
        return self == Filter()

    @property
    def changes(self) -> bool:
        """True where an attempt may change what it says of a lead."""
        return self.tries is not None or self.last_outcome is not None


def takes(wanted: Filter, facts: Facts) -> bool:
    """True where the campaign dials a lead of which this is known."""
    return (
        _holds(wanted.tries, str(facts.tries))
        and _holds(wanted.last_outcome, facts.last_outcome)
        and _holds(wanted.imported_at, facts.imported_at)
        and _holds(wanted.list, facts.list)
        and (_holds(wanted.region, facts.region) or _holds(wanted.region, facts.region.partition("-")[0]))
        and _holds(wanted.priority, str(facts.priority))
        and all(_holds(condition, facts.fields.get(name, "")) for name, condition in wanted.fields.items())
    )


def _holds(condition: str | tuple[str, ...] | None, value: str) -> bool:
    if condition is None:
        return True
    if isinstance(condition, str):
        compare, given = _parsed(condition)
        return _compare(compare, value, given)
    return _any(condition, value)


def _any(texts: Iterable[str], value: str) -> bool:
    return any(_compare(operator.eq, value, each) for each in texts)


@lru_cache(maxsize=1024)
def _parsed(condition: str) -> tuple[Compare, str]:
    sign = next((each for each in OPERATORS if condition.startswith(each)), "")
    return OPERATORS[sign or "="], condition.removeprefix(sign).strip()


def _compare(compare: Compare, value: str, given: str) -> bool:
    one, other = _number(value), _number(given)
    if one is not None and other is not None:
        return compare(one, other)
    if compare in (operator.eq, operator.ne):
        return compare(value.strip().casefold(), given.casefold())
    if not value or (other is not None) != (one is not None):
        return False  # what is empty, or no number beside one, is neither more nor less
    return compare(value.strip().casefold(), given.casefold())


@lru_cache(maxsize=4096)
def _number(text: str) -> float | None:
    """The number that ``text`` is; a number beside which nothing else would be equal (nan) is none."""
    try:
        number = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None
    return None if number is None or number != number else number
