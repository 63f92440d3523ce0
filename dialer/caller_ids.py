"""Which number the called person sees, of a campaign's pool. Pure.

Who was called before sees the number of that time: they may know it, and call it back. Who is new sees one of their
own area and country, where the pool has one, else of their country, else any; of those that are as near, the one that
was shown least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import phonenumbers

from calls.numbers import NumberProblem, to_e164


def problem_of(number: str) -> str:
    """Why ``number`` cannot be shown; "" where it can: E.164, and valid in its country's plan."""
    try:
        found = to_e164(number, None)
    except NumberProblem as problem:
        return problem.reason
    return "" if found == number else f"expected {found}, the number in E.164"


@lru_cache(maxsize=4096)
def place_of(number: str) -> tuple[int, str]:
    """The country code and the area code of a number in E.164; "": the number has no area, as of a mobile telephone.

    Source: the plans of the countries in ``phonenumbers``.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return 0, ""
    digits = phonenumbers.length_of_geographical_area_code(parsed)
    return int(parsed.country_code or 0), phonenumbers.national_significant_number(parsed)[:digits]


def choose(pool: Sequence[str], number: str, before: str | None, shown: Mapping[str, int]) -> str:
    """The number of ``pool`` (one or more) to be shown to ``number``.

    ``before``: what the person was shown last; ``shown``: how often each of the pool was.
    """
    if before in pool:
        return str(before)
    country, area = place_of(number)
    at_home = [each for each in pool if place_of(each)[0] == country]
    near = [each for each in at_home if area and place_of(each)[1] == area]
    return min(near or at_home or pool, key=lambda each: shown.get(each, 0))
