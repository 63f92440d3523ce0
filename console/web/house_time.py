"""Times as the house's clock shows them, that of the reports."""

from __future__ import annotations

from datetime import datetime

from calls.settings import Settings
from console.web.words.formats import FORMATS


class HouseTime:
    """Called with a time, it gives the day and the minute in the house's zone, as ``language`` writes them."""

    def __init__(self, settings: Settings, language: str = "en") -> None:
        self._settings = settings
        self._formats = FORMATS[language]
        self._zone = settings.reports.place()
        self.zone = settings.reports.zone

    def of(self, language: str) -> HouseTime:
        """The same in another language."""
        return HouseTime(self._settings, language)

    def __call__(self, at: datetime) -> str:
        there = at.astimezone(self._zone)
        return f"{self._formats.on(there)} {there:%H:%M}"

    def seconds(self, at: datetime) -> str:
        """The same to the second."""
        there = at.astimezone(self._zone)
        return f"{self._formats.on(there)} {there:%H:%M:%S}"

    def day(self, at: datetime) -> str:
        """The day alone."""
        return self._formats.on(at.astimezone(self._zone))
