"""The routes of reviews: talks are judged by forms, agents see and answer what was said of theirs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, TypeVar

from fastapi import FastAPI, Header, Path, Query

from calls.ids import SAFE_ID
from calls.parts import Name
from calls.records.database import open_readonly
from calls.scorecards import Scorecard
from console import reviewing
from console.engine.engine import Engine
from console.operations import Done
from console.reviewing import HeardOrder, ReplyOrder, ReviewOrder, ReviewShown, TalkReviewed

T = TypeVar("T")

Who = Annotated[str, Header(alias="X-Callwright-Who")]
Number = Annotated[int, Path(ge=1, le=2**62)]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.get("/v1/scorecards")
    async def forms() -> tuple[Scorecard, ...]:
        return engine.settings.scorecards

    @app.post("/v1/calls/{call_id}/reviews")
    async def give(call_id: str, order: ReviewOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: reviewing.give(db, engine.settings, call_id, order, who, now))

    @app.get("/v1/calls/{call_id}/reviews")
    async def of_talk(
        call_id: str, agent: Annotated[Name | None, Query()] = None, who: Who = "unknown"
    ) -> TalkReviewed:
        return await asyncio.to_thread(_read, engine, lambda db: reviewing.of_talk(db, call_id, agent, who))

    @app.get("/v1/agents/{agent_id}/reviews")
    async def of_agent(agent_id: str) -> tuple[ReviewShown, ...]:
        return await asyncio.to_thread(_read, engine, lambda db: reviewing.of_agent(db, agent_id))

    @app.post("/v1/agents/{agent_id}/reviews/{review_id}/reply")
    async def reply(agent_id: str, review_id: Number, order: ReplyOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: reviewing.reply(db, agent_id, review_id, order, who, now))

    @app.post("/v1/calls/{call_id}/recordings/{name}/heard")
    async def heard(
        call_id: str,
        name: Annotated[str, Path(pattern=rf"^{SAFE_ID.pattern[:-2]}$")],
        order: HeardOrder,
        who: Who = "unknown",
    ) -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: reviewing.heard(db, call_id, name, order, who, now))


def _read(engine: Engine, work: Callable[[sqlite3.Connection], T]) -> T:
    with closing(open_readonly(engine.settings.engine.database)) as connection:
        return work(connection)
