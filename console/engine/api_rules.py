"""The routes of who may be called: the do-not-call list, imported lists, consents, reassigned numbers."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Header, Query, Request

from calls.parts import Name
from console import consenting, forbidding, reassigning
from console.consenting import ConsentImport, ConsentOrder, WithdrawOrder
from console.engine.engine import Engine
from console.engine.uploads import received
from console.forbidding import ForbidOrder, ListOrder
from console.operations import Done
from console.reassigning import AnswerImport
from dialer import events as ev

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""
    _add_do_not_call(app, engine)
    _add_consents(app, engine)
    _add_reassigned(app, engine)


def _add_do_not_call(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/do-not-call")
    async def forbid(order: ForbidOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        done = await engine.writer.run(lambda db: forbidding.forbid(db, order, who, now))
        engine.dialled.tell(ev.DoNotCallAdded(forbidding.spelled(order.number), order.campaign_id))
        return done

    @app.delete("/v1/do-not-call/{number}")
    async def allow(
        number: str,
        reason: Annotated[str, Query()] = "",
        campaign: Annotated[Name | None, Query()] = None,
        who: Who = "unknown",
    ) -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: forbidding.allow(db, number, reason, campaign, who, now))

    @app.post("/v1/do-not-call-lists")
    async def serve(order: ListOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        given = await asyncio.to_thread(forbidding.checked_list, engine.settings, order, who, now)
        done, stopped = await engine.writer.run(lambda db: forbidding.serve_list(db, given, order.anyway))
        for each in stopped:
            engine.dialled.tell(ev.DoNotCallAdded(each.number, each.campaign_id))
        return done


def _add_consents(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/consents")
    async def give(order: ConsentOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: consenting.give(db, order, who, now))

    @app.post("/v1/consents/withdraw")
    async def withdraw(order: WithdrawOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        done = await engine.writer.run(lambda db: consenting.withdraw(db, order, who, now))
        engine.dialled.tell(ev.DoNotCallAdded(consenting.number_of(order.number)))
        return done

    @app.post("/v1/consents/import")
    async def import_all(request: Request, given: Annotated[ConsentImport, Query()], who: Who = "unknown") -> Done:
        now = engine.clock.now()
        async with received(engine, request) as kept:
            return Done(said=await consenting.import_consents(engine.writer, kept, given, who, now))


def _add_reassigned(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/reassigned/import")
    async def import_all(request: Request, given: Annotated[AnswerImport, Query()], who: Who = "unknown") -> Done:
        now = engine.clock.now()
        async with received(engine, request) as kept:
            answered = await reassigning.import_answers(engine.writer, kept, given, who, now)
        for number in answered.given_up:
            engine.dialled.tell(ev.DoNotCallAdded(number))
        return Done(said=answered.said)
