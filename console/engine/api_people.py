"""The routes of people: what is held of one, and its erasure."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Annotated

from fastapi import FastAPI, Header

from calls.records.database import open_readonly
from console import people
from console.engine.engine import Engine
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.get("/v1/people/{person}")
    async def show(person: str) -> people.PersonShown:
        def read() -> people.PersonShown:
            with closing(open_readonly(engine.settings.engine.database)) as connection:
                return people.show(connection, engine.settings, person)

        return await asyncio.to_thread(read)

    @app.post("/v1/people/{person}/erase")
    async def erase(person: str, order: people.EraseOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        now = engine.clock.now()
        done = await engine.writer.run(lambda db: people.erase(db, engine.settings, person, order, who, now))
        engine.writer.empty_log()
        engine.callbacks.moved()
        return done
