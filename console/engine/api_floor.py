"""The engine's API for the floor: talks that are listened to, held and handed on, their recording, agents' queues."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field

from calls.errors import UserError
from calls.ids import AgentId, CallId
from calls.switch.port import Seat
from console import operations
from console.engine import desk_audit
from console.engine.consults import Decision
from console.engine.engine import Engine
from console.engine.transfers import Target, To

Who = Annotated[str, Header(alias="X-Callwright-Who")]


class SuperviseOrder(BaseModel):
    """Who is to hear the talk, and how."""

    model_config = ConfigDict(extra="forbid")
    supervisor: str
    mode: Annotated[Seat, Field(description='"listen", "whisper" or "join"')]


class QueuesOrder(BaseModel):
    """The queues that an agent is to serve."""

    model_config = ConfigDict(extra="forbid")
    queues: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=500)]


class RecordingOrder(StrEnum):
    """What is to become of the recording of a talk."""

    PAUSE = "pause"
    RESUME = "resume"


class TransferDecision(StrEnum):
    """What an agent who has asked another one wants."""

    COMPLETE = "complete"
    CANCEL = "cancel"


class TransferOrder(BaseModel):
    """Where the caller is to go: one of them."""

    model_config = ConfigDict(extra="forbid")
    agent: str | None = None
    queue: str | None = None
    destination: str | None = None
    supervisor: str | None = None
    number: str | None = None
    attended: bool = False
    """The agent asks first."""

    def target(self) -> Target:
        """The one that is given.

        Raises:
            UserError: none is, or more than one.
        """
        given = [(to, name) for to in To if (name := getattr(self, to.value)) is not None]
        if len(given) != 1:
            raise UserError("name one of agent, queue, destination, supervisor and number")
        return Target(*given[0])


def add(app: FastAPI, engine: Engine) -> None:
    """Add the routes to ``app``."""

    @app.post("/v1/calls/{call_id}/supervise")
    async def supervise(call_id: str, order: SuperviseOrder, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        said = await engine.supervision.supervise(CallId(call_id), order.supervisor, order.mode, who)
        return operations.Done(said=said)

    @app.put("/v1/agents/{agent_id}/queues")
    async def serve(agent_id: str, order: QueuesOrder, who: Who = "unknown") -> operations.Done:
        return await engine.serving.move(AgentId(agent_id), order.queues, who)

    @app.put("/v1/agents/{agent_id}/own-queues")
    async def choose(agent_id: str, order: QueuesOrder, who: Who = "unknown") -> operations.Done:
        return await engine.serving.choose(AgentId(agent_id), order.queues, who)

    @app.post("/v1/agents/{agent}/recording/{order}")
    async def recording(agent: str, order: RecordingOrder, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        talks = engine.talk_recordings
        work = talks.pause if order is RecordingOrder.PAUSE else talks.resume
        said = await work(AgentId(agent), who)
        await desk_audit.note(engine, agent, f"recording.{order.value}", who)
        return operations.Done(said=said)

    @app.post("/v1/agents/{agent}/transfer")
    async def transfer(agent: str, order: TransferOrder, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        said = await engine.transfers.order(AgentId(agent), order.target(), who, attended=order.attended)
        await desk_audit.note(engine, agent, "transfer", who, to=order.target().to.value)
        return operations.Done(said=said)

    @app.post("/v1/agents/{agent}/transfer/{decision}")
    async def decide(agent: str, decision: TransferDecision, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        said = engine.consults.decide(AgentId(agent), Decision(decision.value))
        await desk_audit.note(engine, agent, f"transfer.{decision.value}", who)
        return operations.Done(said=said)

    @app.post("/v1/agents/{agent}/hold")
    async def hold(agent: str, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        said = await engine.transfers.hold(AgentId(agent))
        await desk_audit.note(engine, agent, "hold", who)
        return operations.Done(said=said)

    @app.post("/v1/agents/{agent}/take-back")
    async def take_back(agent: str, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        said = engine.consults.take_back(AgentId(agent))
        await desk_audit.note(engine, agent, "take_back", who)
        return operations.Done(said=said)

    @app.post("/v1/supervisors/{supervisor}/leave")
    async def leave(supervisor: str, who: Who = "unknown") -> operations.Done:
        engine.require_settled()
        return operations.Done(said=await engine.supervision.leave(supervisor, who))
