"""The figures of the wallboard: counted now and then for everybody who looks, while anybody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta

from calls.errors import RecordError
from calls.records.database import open_readonly
from calls.records.figure import Figure, Scope
from calls.records.figures import Targets, all_figures
from calls.settings import Settings
from console.picture import Record

WINDOW = timedelta(hours=24)

EVERY_S = 5.0


class Figures:
    """``every_s``: how often they are to be counted."""

    def __init__(self, settings: Settings, now: Callable[[], datetime], every_s: float = EVERY_S) -> None:
        self._database = settings.engine.database
        self._now = now
        self.every_s = every_s

    async def count(self) -> Mapping[str, Record]:
        """The figures of the last 24 hours; none, where there is no database yet."""
        return await asyncio.to_thread(self._count)

    def _count(self) -> Mapping[str, Record]:
        now = self._now()
        try:
            with closing(open_readonly(self._database)) as connection:
                return shown(all_figures(connection, Scope(now - WINDOW, now, now=now), Targets()))
        except RecordError:
            return {}


def shown(figures: Iterable[Figure]) -> dict[str, Record]:
    """Each by its name, with its definition; those that are of one agent or one node are not a wall's."""
    return {
        each.name: {
            "value": None if each.value is None else round(each.value, 6),
            "unit": each.unit,
            "of": each.denominator,
            "definition": each.definition,
        }
        for each in figures
        if not each.subject
    }
