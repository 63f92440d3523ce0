"""The figures of the wallboard: counted now and then for everybody who looks, while anybody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta

from calls.errors import RecordError
from calls.records.database import open_readonly
from calls.records.figure import Figure, Scope
from calls.reports.of_scope import figures_of
from calls.settings import Settings
from console.picture import Record
from console.reads import targets
from console.reads.targets import TargetShown

WINDOW = timedelta(hours=24)

ON_THE_WALL = ("service_level",)
"""What is counted from the records for it; the calls and campaigns of now come with the engine's own picture."""

EVERY_S = 5.0


class Figures:
    """``every_s``: how often they are to be counted."""

    def __init__(self, settings: Settings, now: Callable[[], datetime], every_s: float = EVERY_S) -> None:
        self._settings = settings
        self._database = settings.engine.database
        self._now = now
        self.every_s = every_s

    async def count(self) -> Mapping[str, Mapping[str, Record]]:
        """``figures``: those of :data:`ON_THE_WALL`, of the last 24 hours; and ``targets``. None of either, where
        there is no database yet."""
        return await asyncio.to_thread(self._count)

    def _count(self) -> Mapping[str, Mapping[str, Record]]:
        now, house = self._now(), self._settings.reports
        try:
            with closing(open_readonly(self._database)) as connection:
                scope = Scope(now - WINDOW, now, now=now)
                found = shown(figures_of(connection, scope, ON_THE_WALL, house.targets()))
                held = {each.name: _target(each) for each in targets.standings(connection, self._settings, now)}
                return {"figures": found, "targets": held}
        except RecordError:
            return {"figures": {}, "targets": {}}


def _target(each: TargetShown) -> Record:
    return {
        "figure": each.figure,
        "whose": list(each.subject.values()),
        "value": each.value_said if each.value is not None else "",
        "look": each.look,
        "verdict": each.verdict,
        "aim": each.aim_said,
        "alarm": each.alarm_said,
        "window": each.window_said,
        "raised": each.raised_at is not None,
    }


def shown(figures: Iterable[Figure]) -> dict[str, Record]:
    """Each by its name, with its definition."""
    return {
        each.name: {
            "value": None if each.value is None else round(each.value, 6),
            "unit": each.unit,
            "of": each.denominator,
            "definition": each.definition,
        }
        for each in figures
    }
