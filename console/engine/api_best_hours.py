"""``/v1/lists/{name}/hours``: in which local hours people of a list answered."""

from __future__ import annotations

import asyncio
from contextlib import closing

from fastapi import FastAPI

from calls.records.database import open_readonly
from console.engine.engine import Engine
from dialer.leads.answer_hours import AnswerHour, answer_hours


def add(app: FastAPI, engine: Engine) -> None:
    """The route."""

    @app.get("/v1/lists/{name}/hours")
    async def show(name: str, campaign: str | None = None) -> list[AnswerHour]:
        def look() -> list[AnswerHour]:
            with closing(open_readonly(engine.settings.engine.database)) as connection:
                return answer_hours(connection, name, campaign)

        return await asyncio.to_thread(look)
