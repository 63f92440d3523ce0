"""A moment that somebody asks by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _in_utc(given: datetime) -> datetime:
    """In UTC, as the records have it; the first and the last hours of the calendar are in no other zone's."""
    try:
        return given.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("expected a moment within the calendar by UTC") from problem


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""With its zone; kept in UTC."""
