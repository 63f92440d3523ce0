"""The engine's API for what would change a campaign, by its own records: a forecast, and one change that is tried."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Header, Query

from calls.records.database import open_readonly
from console.engine.engine import Engine
from dialer import control
from dialer.simulation import what_if
from dialer.simulation.forecast import forecast
from dialer.simulation.measured import Measurement, measure
from dialer.simulation.what_if import NICE, AsItIs, Superseded, WhatIf

WORKERS = 2
"""Processes of their own: nothing is simulated on the event loop or by the engine."""

TRIED = 3
"""Runs of one change: an answer within seconds, and an interval beside it."""

DAYS = 7.0

FRESH = timedelta(minutes=2)
"""Things as they are, simulated, serve so long for the changes that are tried of a campaign."""

KEPT = 4
"""Campaigns of which that is kept."""

Days = Annotated[float, Query(gt=0, le=366)]
Replications = Annotated[int, Query(ge=2, le=50)]
Pairs = Annotated[list[Annotated[str, Query(max_length=80)]], Query(alias="set", min_length=1, max_length=8)]
Who = Annotated[str, Header(alias="X-Callwright-Who")]


@dataclass(frozen=True, slots=True)
class _Kept:
    until_s: float
    changes: control.Changes
    base: AsItIs


class Simulations:
    """One at a time. Of the changes that somebody tries one after another, the newest alone is simulated."""

    def __init__(self, engine: Engine) -> None:
        self.one = asyncio.Lock()
        self._engine = engine
        self._newest: dict[tuple[str, str], object] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def measured(self, campaign_id: str, days: float) -> tuple[Measurement, control.Changes]:
        """What the campaign's records say, and what is changed of its file. Reads; not for the event loop.

        Raises:
            CampaignError: there is no such campaign, or too little was dialled.
        """
        now = self._engine.clock.now()
        with closing(open_readonly(self._engine.settings.engine.database)) as connection:
            seen = measure(connection, campaign_id, now - timedelta(days=days), now)
            return seen, control.kept(connection, seen.campaign.campaign_id)

    async def tried(self, campaign_id: str, changes: control.Changes, who: str) -> WhatIf:
        """What the changes would bring.

        Raises:
            CampaignError: they do not fit, or see :meth:`measured`.
            Superseded: the same person has tried another one meanwhile.
        """
        ticket = object()
        mine = (campaign_id, who)
        self._newest[mine] = ticket

        def is_wanted() -> bool:
            return self._newest.get(mine) is ticket

        try:
            async with self.one:
                return await asyncio.to_thread(self._simulate, campaign_id, changes, is_wanted)
        finally:
            if is_wanted():
                del self._newest[mine]

    def _simulate(self, campaign_id: str, changes: control.Changes, is_wanted: Callable[[], bool]) -> WhatIf:
        if not is_wanted():
            raise Superseded("another change was tried meanwhile")
        seen, kept = self.measured(campaign_id, DAYS)
        changed = control.changed(seen.campaign, changes)
        control.require_fit(changed, self._engine.settings)
        return what_if.what_if(self._as_it_is(seen, kept, is_wanted), changed, WORKERS, is_wanted)

    def _as_it_is(self, seen: Measurement, changes: control.Changes, is_wanted: Callable[[], bool]) -> AsItIs:
        now_s = self._engine.clock.monotonic_s()
        campaign_id = seen.campaign.id
        held = self._kept.get(campaign_id)
        if held is None or held.until_s < now_s or held.changes != changes:
            base = what_if.as_it_is(seen, TRIED, WORKERS, is_wanted)
            held = self._kept[campaign_id] = _Kept(now_s + FRESH.total_seconds(), changes, base)
            self._kept.move_to_end(campaign_id)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return held.base


def add(app: FastAPI, engine: Engine) -> None:
    """``/v1/campaigns/{campaign_id}/forecast`` and ``/what-if``."""
    simulations = Simulations(engine)

    @app.get("/v1/campaigns/{campaign_id}/forecast")
    async def show(campaign_id: str, days: Days = DAYS, replications: Replications = 4) -> dict[str, object]:
        async with simulations.one:
            seen, _ = await asyncio.to_thread(simulations.measured, campaign_id, days)
            found = await asyncio.to_thread(lambda: forecast(seen, replications, WORKERS, nice=NICE))
        return found.as_json()

    @app.get("/v1/campaigns/{campaign_id}/what-if")
    async def tried(campaign_id: str, pairs: Pairs, who: Who = "unknown") -> dict[str, object]:
        found = await simulations.tried(campaign_id, control.read(pairs), who)
        return found.as_json()
