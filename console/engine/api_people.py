"""The routes of people: what is held of one, and its erasure."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Annotated, TypeVar

from fastapi import FastAPI, Header

from calls.people import erasing
from calls.records.database import open_readonly
from console import downloads, people
from console.downloads import DownloadOrder, Held
from console.engine.engine import Engine
from console.operations import Done

T = TypeVar("T")

LOOK_S = 600.0
"""How long one statement of the look through the database may take: it reads a whole table."""

ROUNDS = 3
"""How often what was written meanwhile is looked for."""

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.get("/v1/people/{person}")
    async def show(person: str) -> people.PersonShown:
        return await asyncio.to_thread(_read, engine, lambda db: people.show(db, engine.settings, person))

    @app.get("/v1/people/{person}/export")
    async def export(person: str, who: Who = "unknown") -> people.PersonExported:
        found = await asyncio.to_thread(_read, engine, lambda db: people.export(db, engine.settings, person))
        order, now = DownloadOrder(held=Held.PERSON, way="api", person=found.numbers[0]), engine.clock.now()
        await engine.writer.run(lambda db: downloads.write_down(db, order, who, now))
        return found

    @app.post("/v1/people/{person}/erase")
    async def erase(person: str, order: people.EraseOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        return await erase_live(engine, person, order, who)


async def erase_live(engine: Engine, person: str, order: people.EraseOrder, who: str) -> Done:
    """Erase a person beside calls: the long look through the database keeps no record from being written.

    Raises:
        UserError: it is nobody, or the person has a call.
        RecordError, RecordingError: it could not be done.
    """
    settings, now = engine.settings, engine.clock.now()
    planned = await asyncio.to_thread(_read, engine, lambda db: people.plan(db, settings, person))
    done = await engine.writer.run(lambda db: people.erase(db, settings, planned, order, who, now))
    for _ in range(ROUNDS):  # what was written of them between the look and the deed
        found = await asyncio.to_thread(_read, engine, lambda db: erasing.left(db, planned))
        if found is None:
            break
        await engine.writer.run(partial(erasing.clean_up, planned=found))
    engine.writer.empty_log()
    engine.callbacks.moved()
    return done


def _read(engine: Engine, work: Callable[[sqlite3.Connection], T]) -> T:
    with closing(open_readonly(engine.settings.engine.database, LOOK_S)) as connection:
        return work(connection)
