"""Times as the house's clock shows them, that of the reports."""

from __future__ import annotations

from datetime import datetime

from calls.settings import Settings


class HouseTime:
    """Called with a time, it gives the day and the minute in the house's zone."""

    def __init__(self, settings: Settings) -> None:
        self._zone = settings.reports.place()
        self.zone = settings.reports.zone

    def __call__(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def seconds(self, at: datetime) -> str:
        """The same to the second."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
