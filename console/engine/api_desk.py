"""The routes of agents' desks: what came of a call, and how long the wrap-up may last."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Header, Query

from calls.agents import events as agents
from calls.ids import AgentId, CallId
from console.desk import AnswersOrder, CorrectionOrder, DispositionOrder
from console.desk_card import CallbackShown, Card
from console.engine import desk_audit
from console.engine.engine import Engine
from console.operations import Done
from console.promises import MoveOrder, PromiseOrder

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.post("/v1/agents/{agent_id}/disposition")
    async def dispose(agent_id: str, order: DispositionOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        done = await engine.desk.dispose(AgentId(agent_id), order)
        await desk_audit.note(engine, agent_id, "disposition", who, call=order.call_id, to=order.disposition)
        return done

    @app.get("/v1/agents/{agent_id}/call")
    async def call(agent_id: str, language: Annotated[str | None, Query(max_length=40)] = None) -> Card | None:
        engine.require_settled()
        return await engine.desk.card(AgentId(agent_id), language)

    @app.post("/v1/agents/{agent_id}/answers")
    async def answer(agent_id: str, order: AnswersOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        done = await engine.desk.answer(AgentId(agent_id), order)
        await desk_audit.note(engine, agent_id, "answers", who, call=order.call_id)
        return done

    @app.post("/v1/agents/{agent_id}/callbacks")
    async def promise(agent_id: str, order: PromiseOrder, who: Who = "unknown") -> Done:
        """By the agent for queues that the agent serves, and that of the call; by somebody else for any."""
        engine.require_settled()
        is_own = await desk_audit.is_own(engine, agent_id, who)
        done = await engine.desk.promise(AgentId(agent_id), order, any_queue=not is_own)
        await desk_audit.note(engine, agent_id, "callback", who, call=order.call_id, at=order.at)
        return done

    @app.get("/v1/agents/{agent_id}/callbacks")
    async def promised(agent_id: str) -> tuple[CallbackShown, ...]:
        return await engine.desk.promised(AgentId(agent_id))

    @app.post("/v1/callbacks/{callback_id}/move")
    async def move(callback_id: int, order: MoveOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        return await engine.desk.move(callback_id, order, who)

    @app.post("/v1/agents/{agent_id}/done")
    async def done(agent_id: str, who: Who = "unknown") -> Done:
        engine.require_settled()
        await engine.desk.require_given(AgentId(agent_id))
        engine.floor.tell(agents.WrapUpDone(AgentId(agent_id)))
        await desk_audit.note(engine, agent_id, "done", who)
        return Done(said=f"agent {agent_id}: done")

    @app.post("/v1/agents/{agent_id}/extend")
    async def extend(agent_id: str, by_s: Annotated[float, Query(gt=0, le=86400)], who: Who = "unknown") -> Done:
        engine.require_settled()
        engine.floor.tell(agents.WrapUpExtended(AgentId(agent_id), by_s))
        await desk_audit.note(engine, agent_id, "extend", who, by_s=by_s)
        left_s = engine.desk.wrap_up_left_s(AgentId(agent_id))
        return Done(said=f"agent {agent_id}: the wrap-up ends in {left_s:.0f} s")

    @app.post("/v1/calls/{call_id}/disposition")
    async def correct(call_id: str, order: CorrectionOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        return await engine.desk.correct(CallId(call_id), order, who)
