"""Reading back what a policy saved: JSON values of known types, and refusals that name what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

Kept = Mapping[str, object]
"""One part of a saved state."""


def part(state: Kept, key: str) -> Kept:
    """The table ``key``."""
    found = state.get(key)
    if not isinstance(found, dict):
        raise _wrong(key, "a table", found)
    return cast(Kept, found)


def number(state: Kept, key: str) -> float:
    """The number ``key``."""
    found = state.get(key)
    if not _is_number(found):
        raise _wrong(key, "a number", found)
    return cast(float, found)


def whole(state: Kept, key: str) -> int:
    """The whole number ``key``."""
    found = state.get(key)
    if isinstance(found, bool) or not isinstance(found, int):
        raise _wrong(key, "a whole number", found)
    return found


def flag(state: Kept, key: str) -> bool:
    """The truth value ``key``."""
    found = state.get(key)
    if not isinstance(found, bool):
        raise _wrong(key, "true or false", found)
    return found


def numbers(state: Kept, key: str, size: int | None = None) -> list[float]:
    """The list of numbers ``key``, of ``size`` where one is given."""
    found = state.get(key)
    if not isinstance(found, list) or not all(_is_number(each) for each in found):
        raise _wrong(key, "a list of numbers", found)
    if size is not None and len(found) != size:
        raise _wrong(key, f"{size} numbers", len(found))
    return cast(list[float], list(found))


def listed(state: Kept, key: str) -> list[object]:
    """The list ``key``."""
    found = state.get(key)
    if not isinstance(found, list):
        raise _wrong(key, "a list", found)
    return found


def _is_number(value: object) -> bool:
    """JSON as Python reads it has NaN and infinities, with which nothing can be decided."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(key: str, expected: str, found: object) -> ValueError:
    return ValueError(f"saved pacing state: {key}: expected {expected}, found {str(found)[:60]}")
