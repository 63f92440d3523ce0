"""The routes of agents' shifts: what supervisors plan, and what adherence is counted by."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Annotated

from fastapi import FastAPI, Header

from calls.records.database import open_readonly
from console import shifting
from console.engine.engine import Engine
from console.operations import Done
from console.shifting import DayOrder, ShiftShown, ShiftsOrder

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.get("/v1/shifts")
    async def planned() -> tuple[ShiftShown, ...]:
        return await asyncio.to_thread(_planned, engine)

    @app.put("/v1/shifts")
    async def bring(order: ShiftsOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: shifting.bring(db, engine.settings, order, who, now))

    @app.put("/v1/agents/{agent}/shifts/{day}")
    async def change(agent: str, day: str, order: DayOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: shifting.change(db, engine.settings, agent, day, order, who, now))


def _planned(engine: Engine) -> tuple[ShiftShown, ...]:
    with closing(open_readonly(engine.settings.engine.database)) as connection:
        return shifting.planned(connection)
