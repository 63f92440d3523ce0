"""The engine's own API: HTTP on a Unix socket for the command line and the console, and probes on TCP.

Who may open the socket may do everything: it belongs to the engine's user and has mode 0600.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from calls.agents import events as agents
from calls.agents.roster import UnknownName
from calls.errors import CallwrightError, RecordError, UserError
from calls.floor_settings import check_reason
from calls.ids import AgentId, CampaignId, FlowId
from calls.switch.loopback.callers import KEY_GAP_S, CallerScript, HangUp, Press, Step, Wait
from calls.switch.loopback.switch import LoopbackSwitch
from calls.text import printable
from console import operations
from console.engine import (
    api_accounts,
    api_agent_dials,
    api_alerts,
    api_best_hours,
    api_campaigns,
    api_desk,
    api_downloads,
    api_feed,
    api_floor,
    api_forecast,
    api_leads,
    api_one_lead,
    api_pace,
    api_people,
    api_proof,
    api_reviews,
    api_rules,
    api_shifts,
    desk_audit,
)
from console.engine.engine import Engine
from console.engine.metrics import exposition
from console.engine.status import Status
from dialer import events as ev
from dialer import staffing
from ivr.check import Draft
from ivr.document import MAX_BYTES

Who = Annotated[str, Header(alias="X-Callwright-Who")]
"""Who asks, for the audit: the command line gives the login name."""

Note = Annotated[str, Query(max_length=1000)]
"""Why a flow is changed, for its history and the audit."""


class CampaignOrder(StrEnum):
    """What a campaign may be told."""

    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    STOP = "stop"


class AgentOrder(StrEnum):
    """What an agent may be told."""

    LOGIN = "login"
    LOGOUT = "logout"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    END_CALL = "end-call"


class FlowGiven(BaseModel):
    """A flow file as a person has it: its name names the flow, and messages name the file."""

    model_config = ConfigDict(extra="forbid")
    file: str
    text: Annotated[str, Field(max_length=MAX_BYTES)]


class FlowsGiven(BaseModel):
    """Flows to be published together."""

    model_config = ConfigDict(extra="forbid")
    flows: Annotated[tuple[FlowGiven, ...], Field(min_length=1, max_length=100)]
    note: Annotated[str, Field(max_length=1000)] = ""


class PinUnlock(BaseModel):
    """An account or a caller who may try PINs again."""

    model_config = ConfigDict(extra="forbid")
    who: str


class KeysPressed(BaseModel):
    """Keys pressed one after another, ``at_s`` after the answer."""

    model_config = ConfigDict(extra="forbid")
    at_s: float
    keys: str


class LoopbackCaller(BaseModel):
    """A caller of a loopback switch: whom they call, what they press when, and when they hang up. ``switch``: its
    name; none: the first."""

    model_config = ConfigDict(extra="forbid")
    called: str
    caller: str
    switch: str | None = None
    presses: tuple[KeysPressed, ...] = ()
    hang_up_at_s: float | None = None

    def script(self) -> CallerScript:
        """As the switch plays it."""
        steps: list[Step] = []
        now_s = 0.0
        for press in self.presses:
            steps += [Wait(max(0.0, press.at_s - now_s)), Press(press.keys)]
            now_s = max(now_s, press.at_s) + KEY_GAP_S * (len(press.keys) - 1)
        if self.hang_up_at_s is not None:
            steps += [Wait(max(0.0, self.hang_up_at_s - now_s)), HangUp()]
        return CallerScript(self.called, tuple(steps), self.caller)


def probes(engine: Engine) -> FastAPI:
    """``/livez``, ``/readyz`` and ``/metrics``: all that is shown on TCP."""
    app = FastAPI(title="Callwright probes", openapi_url=None)

    @app.get("/livez", response_class=PlainTextResponse)
    async def livez() -> str:
        return "ok\n"

    @app.get("/readyz", response_class=PlainTextResponse)
    async def readyz(response: Response) -> str:
        reasons = engine.watch.not_ready()
        response.status_code = 503 if reasons else 200
        return "".join(f"{reason}\n" for reason in reasons) or "ok\n"

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(*exposition(engine))

    return app


def control(engine: Engine) -> FastAPI:
    """Everything: the probes, the status, and the changes."""
    app = probes(engine)
    app.title = "Callwright engine"

    @app.exception_handler(CallwrightError)
    async def refused(_request: Request, problem: CallwrightError) -> JSONResponse:
        status = 409 if isinstance(problem, UserError) else 503 if isinstance(problem, RecordError) else 502
        return JSONResponse({"problem": str(problem)}, status)

    @app.exception_handler(UnknownName)
    async def unknown(_request: Request, problem: UnknownName) -> JSONResponse:
        return JSONResponse({"problem": str(problem)}, 404)

    @app.get("/v1/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    @app.get("/v1/status")
    async def status() -> Status:
        return engine.status()

    api_campaigns.add(app, engine)
    _add_campaigns(app, engine)
    api_desk.add(app, engine)
    api_people.add(app, engine)
    api_downloads.add(app, engine)
    api_floor.add(app, engine)
    api_feed.add(app, engine)
    api_agent_dials.add(app, engine)
    api_accounts.add(app, engine)
    _add_agents(app, engine)
    api_leads.add(app, engine)
    api_one_lead.add(app, engine)
    api_best_hours.add(app, engine)
    api_forecast.add(app, engine)
    api_pace.add(app, engine)
    api_rules.add(app, engine)
    api_proof.add(app, engine)
    api_reviews.add(app, engine)
    api_shifts.add(app, engine)
    api_alerts.add(app, engine)
    _add_blocked(app, engine)
    _add_callbacks(app, engine)
    _add_webhooks(app, engine)
    _add_reports(app, engine)
    _add_hours(app, engine)
    _add_pins(app, engine)
    _add_voicemail(app, engine)
    _add_flows(app, engine)
    loopback = {name: each for name, each in engine.switches.drivers.items() if isinstance(each, LoopbackSwitch)}
    if loopback:
        _add_callers(app, loopback)
    return app


def _add_campaigns(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/campaigns/{campaign_id}/start")
    async def start(campaign_id: str, who: Who = "unknown") -> operations.Done:
        engine.require_open()
        campaign = operations.load_campaign(campaign_id, engine.settings)
        with engine.starts.starting(campaign.campaign_id):
            if campaign.file.flow is not None:
                await engine.flows.require(FlowId(campaign.file.flow), who, f"campaign {campaign_id} leads into it")
            now = engine.clock.now()
            started = await operations.register(engine.writer, campaign, who, now)
            engine.require_open()
            engine.dialled.tell(started.event())
            await engine.dialled.states.kept(campaign.campaign_id)
        said = f"campaign {campaign_id} is started: {started.leads} leads on its roll"
        if started.undialled:
            said = f"{said}\nwarning: none of them is to be dialled ({started.undialled})"
        if words := staffing.lacking(campaign, engine.settings):
            said = f"{said}\nwarning: {words}"
        return operations.Done(said=said)

    @app.post("/v1/campaigns/{campaign_id}/{order}")
    async def change(campaign_id: str, order: CampaignOrder, who: Who = "unknown") -> operations.Done:
        if order is CampaignOrder.RESUME:
            engine.require_open()
            engine.starts.require_none(CampaignId(campaign_id))
        engine.require_settled()
        engine.starts.require_list(CampaignId(campaign_id))
        engine.dialled.tell(_CAMPAIGN_EVENTS[order](CampaignId(campaign_id)))
        now = engine.clock.now()
        await engine.writer.run(lambda db: operations.audit_campaign(db, campaign_id, order.value, who, now))
        await engine.dialled.states.kept(CampaignId(campaign_id))
        return operations.Done(said=f"campaign {campaign_id}: {order.value}")


def _add_agents(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/agents/{agent_id}/{order}")
    async def agent(
        agent_id: str,
        order: AgentOrder,
        reason: Annotated[str, Query(max_length=200)] = "",
        in_s: Annotated[float, Query(ge=0, le=86400)] = 0.0,
        who: Who = "unknown",
    ) -> operations.Done:
        engine.require_settled(AgentId(agent_id))
        if order is AgentOrder.END_CALL:
            await engine.end_talk(AgentId(agent_id))
        else:
            if order is AgentOrder.PAUSE:
                check_reason(engine.settings.pause_reasons, reason)
                if in_s:
                    engine.restart.announced.check(AgentId(agent_id))
            at = engine.clock.monotonic_s() + in_s if in_s else None
            engine.floor.tell(_agent_event(order, AgentId(agent_id), reason, at))
        await desk_audit.note(engine, agent_id, order.value, who, reason=reason, in_s=in_s or None)
        when = f" in {in_s:g} s" if in_s and order is AgentOrder.PAUSE else ""
        return operations.Done(said=f"agent {agent_id}: {order.value}{when}")


def _add_hours(app: FastAPI, engine: Engine) -> None:
    @app.put("/v1/hours/{name}")
    async def override(name: str, order: operations.OverrideOrder, who: Who = "unknown") -> operations.Done:
        wanted = operations.override_name(name)
        await engine.hours.set(wanted, order.override(), who)
        return operations.override_set(wanted, order.override())

    @app.delete("/v1/hours/{name}")
    async def clear(name: str, who: Who = "unknown") -> operations.Done:
        wanted = operations.override_name(name)
        return operations.override_cleared(wanted, await engine.hours.clear(wanted, who))


def _add_voicemail(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/voicemail/{message_id}/heard")
    async def heard(message_id: str, who: Who = "unknown") -> operations.Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: operations.hear_message(db, message_id, who, now))

    @app.delete("/v1/voicemail/{message_id}")
    async def delete(message_id: str, who: Who = "unknown") -> operations.Done:
        now, files = engine.clock.now(), engine.recordings.files
        return await engine.writer.run(lambda db: operations.delete_message(db, files, message_id, who, now))


def _add_flows(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/flows/publish")
    async def publish(given: FlowsGiven, who: Who = "unknown") -> operations.Done:
        texts = [Draft(Path(printable(each.file)), each.text.encode()) for each in given.flows]
        return await engine.flows.publish(texts, who, given.note)

    @app.post("/v1/flows/reload")
    async def reload(note: Note = "", who: Who = "unknown") -> operations.Done:
        return await engine.flows.reload(who, note)

    @app.post("/v1/flows/{flow}/rollback")
    async def roll_back(
        flow: str, version: Annotated[str | None, Query()] = None, note: Note = "", who: Who = "unknown"
    ) -> operations.Done:
        return await engine.flows.roll_back(flow, version, who, note)


def _add_blocked(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/blocked")
    async def block(order: operations.BlockOrder, who: Who = "unknown") -> operations.Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: operations.block(db, order, who, now))

    @app.delete("/v1/blocked/{number}")
    async def unblock(number: str, who: Who = "unknown") -> operations.Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: operations.unblock(db, number, who, now))


def _add_callbacks(app: FastAPI, engine: Engine) -> None:
    @app.delete("/v1/callbacks/{callback_id}")
    async def cancel(callback_id: int, who: Who = "unknown") -> operations.Done:
        now = engine.clock.now()
        done = await engine.writer.run(lambda db: operations.cancel_callback(db, callback_id, who, now))
        engine.callbacks.cancelled(callback_id)
        return done


def _add_webhooks(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/webhooks/retry")
    async def retry(message: Annotated[int | None, Query()] = None, who: Who = "unknown") -> operations.Done:
        now = engine.clock.now()
        done = await engine.writer.run(lambda db: operations.retry_messages(db, message, who, now))
        engine.outbox.wake()
        return done


def _add_reports(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/reports/{name}/send")
    async def send(name: str, who: Who = "unknown") -> operations.Done:
        now, settings = engine.clock.now(), engine.settings
        done = await engine.writer.run(lambda db: operations.send_report(db, settings, name, who, now))
        engine.telling.notices.wake()
        return done


def _add_pins(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/pins/unlock")
    async def unlock(order: PinUnlock, who: Who = "unknown") -> operations.Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: operations.unlock_pins(db, order.who, who, now))


def _add_callers(app: FastAPI, loopback: Mapping[str, LoopbackSwitch]) -> None:
    """A loopback switch has no callers of its own: they are asked for here."""

    @app.post("/v1/loopback/calls")
    async def call(caller: LoopbackCaller) -> operations.Done:
        switch = loopback.get(caller.switch or next(iter(loopback)))
        if switch is None:
            raise UserError(f"no loopback switch {caller.switch!r}: there are {', '.join(loopback)}")
        await switch.place_call(caller.script()).over()
        return operations.Done(said="the call has ended")


_CAMPAIGN_EVENTS: dict[CampaignOrder, Callable[[CampaignId], ev.Event]] = {
    CampaignOrder.PAUSE: ev.CampaignPaused,
    CampaignOrder.RESUME: ev.CampaignResumed,
    CampaignOrder.DRAIN: ev.CampaignDraining,
    CampaignOrder.STOP: ev.CampaignStopped,
}


def _agent_event(order: AgentOrder, agent_id: AgentId, reason: str, at: float | None) -> agents.FloorEvent:
    match order:
        case AgentOrder.LOGIN:
            return agents.LogIn(agent_id)
        case AgentOrder.LOGOUT:
            return agents.LogOut(agent_id)
        case AgentOrder.PAUSE:
            return agents.Pause(agent_id, reason, at)
        case AgentOrder.UNPAUSE:
            return agents.Unpause(agent_id)
        case AgentOrder.END_CALL:
            raise AssertionError("is no event of the floor")
