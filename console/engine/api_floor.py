"""The engine's API for supervisors: whom they listen to."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field

from calls.ids import CallId
from calls.switch.port import Seat
from console import operations
from console.engine.engine import Engine

Who = Annotated[str, Header(alias="X-Callwright-Who")]


class SuperviseOrder(BaseModel):
    """Who is to hear the talk, and how."""

    model_config = ConfigDict(extra="forbid")
    supervisor: str
    mode: Annotated[Seat, Field(description='"listen", "whisper" or "join"')]


def add(app: FastAPI, engine: Engine) -> None:
    """Add the routes to ``app``."""

    @app.post("/v1/calls/{call_id}/supervise")
    async def supervise(call_id: str, order: SuperviseOrder, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        said = await engine.supervision.supervise(CallId(call_id), order.supervisor, order.mode, who)
        return operations.Done(said=said)

    @app.post("/v1/supervisors/{supervisor}/leave")
    async def leave(supervisor: str, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        return operations.Done(said=await engine.supervision.leave(supervisor, who))
