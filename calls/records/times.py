"""Times as the store holds them: UTC, ISO 8601 with microseconds and ``+00:00``, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def as_text(at: datetime) -> str:
    """``at`` for a column that ends in ``_at``.

    Raises:
        ValueError: ``at`` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a time zone cannot be recorded")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")


def as_time(text: str) -> datetime:
    """The aware UTC time in a column that ends in ``_at``.

    Raises:
        ValueError: not such a text.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at if at.tzinfo is UTC else at.astimezone(UTC)
