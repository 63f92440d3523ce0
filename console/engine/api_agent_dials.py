"""The routes of agents who dial: the lead that is shown, and numbers by hand."""

from __future__ import annotations

from fastapi import FastAPI

from calls.ids import AgentId
from console.agent_dials import DialOrder, PreviewShown, SkipOrder
from console.engine.engine import Engine
from console.operations import Done


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""

    @app.get("/v1/agents/{agent_id}/preview")
    async def preview(agent_id: str) -> PreviewShown:
        engine.require_settled()
        return engine.previews.shown(AgentId(agent_id))

    @app.post("/v1/agents/{agent_id}/preview/dial")
    async def dial_shown(agent_id: str) -> Done:
        engine.require_open()
        return await engine.previews.dial(AgentId(agent_id))

    @app.post("/v1/agents/{agent_id}/preview/skip")
    async def skip_shown(agent_id: str, order: SkipOrder) -> Done:
        engine.require_settled()
        return await engine.previews.skip(AgentId(agent_id), order.reason)

    @app.post("/v1/agents/{agent_id}/dial")
    async def dial(agent_id: str, order: DialOrder) -> Done:
        engine.require_open()
        return await engine.agent_dials.dial(AgentId(agent_id), order)
