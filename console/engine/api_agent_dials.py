"""The routes of agents who dial: the lead that is shown, and numbers by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Header

from calls.ids import AgentId
from console.agent_dials import DialOrder, PreviewShown, SkipOrder
from console.engine import desk_audit
from console.engine.engine import Engine
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.get("/v1/agents/{agent_id}/preview")
    async def preview(agent_id: str) -> PreviewShown:
        engine.require_settled()
        return engine.previews.shown(AgentId(agent_id))

    @app.post("/v1/agents/{agent_id}/preview/dial")
    async def dial_shown(agent_id: str, who: Who = "unknown") -> Done:
        engine.require_open()
        done = await engine.previews.dial(AgentId(agent_id))
        await desk_audit.note(engine, agent_id, "preview.dial", who)
        return done

    @app.post("/v1/agents/{agent_id}/preview/skip")
    async def skip_shown(agent_id: str, order: SkipOrder, who: Who = "unknown") -> Done:
        engine.require_settled()
        done = await engine.previews.skip(AgentId(agent_id), order.reason)
        await desk_audit.note(engine, agent_id, "preview.skip", who, reason=order.reason)
        return done

    @app.post("/v1/agents/{agent_id}/dial")
    async def dial(agent_id: str, order: DialOrder, who: Who = "unknown") -> Done:
        engine.require_open()
        done = await engine.agent_dials.dial(AgentId(agent_id), order)
        await desk_audit.note(engine, agent_id, "dial", who)
        return done
