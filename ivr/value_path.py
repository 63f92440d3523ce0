"""Where a value stands in what a look-up found: ``price``, ``result.items[0].price``, ``[0].name``.

Names are parted by dots, places in a list stand in brackets and begin with 0. A name is of letters, digits, ``_``
and ``-``. There is nothing else: no search, no condition, no second path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from calls.text import printable
from ivr.values import BadValue, Value, checked

FIRST = re.compile(r"([A-Za-z0-9_-]{1,64})|\[([0-9]{1,4})\]")
STEP = re.compile(r"\.([A-Za-z0-9_-]{1,64})|\[([0-9]{1,4})\]")
MAX_STEPS = 16
MOST_PLACES = 30
"""Digits before or after the point of a number that is spoken or compared; more is a mistake, or meant to do harm."""


class PathProblem(ValueError):
    """What is written is no path."""


@dataclass(frozen=True, slots=True)
class ValuePath:
    """One path. ``steps``: names, and places in lists."""

    source: str
    steps: tuple[str | int, ...]

    def value_in(self, found: object) -> Value:
        """The value there, ``none`` where the path leads nowhere.

        Raises:
            BadValue: a list or a mapping stands there, or what no variable can hold.
        """
        for step in self.steps:
            match found, step:
                case dict(), str():
                    found = found.get(step)
                case list(), int():
                    found = found[step] if step < len(found) else None
                case _:
                    return None
        match found:
            case str():
                return checked(printable(found))
            case Decimal() if found.is_finite() and not _is_short(found):
                raise BadValue(f"a number has at most {MOST_PLACES} places")
            case _:
                return checked(found)


def parse(source: str) -> ValuePath:
    """The path that is written as ``source``.

    Raises:
        PathProblem: it is none.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(source):
        step = (STEP if at else FIRST).match(source, at)
        if step is None or len(steps) == MAX_STEPS:
            break
        steps.append(step[1] if step[1] is not None else int(step[2]))
        at = step.end()
    if not steps or at < len(source):
        raise PathProblem(f"expected a path such as price or result.items[0].price, not {source[:60]!r}")
    return ValuePath(source, tuple(steps))


def _is_short(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and len(digits) <= MOST_PLACES and abs(exponent) <= MOST_PLACES
