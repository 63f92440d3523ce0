"""A broadcast: who answers is led into the campaign's flow, which knows of the lead what its variables ask for."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace

from calls import log
from calls.errors import RecordError
from calls.ids import FlowId, LeadId
from calls.records.durations import Phase
from calls.records.store import LiveCall
from calls.records.writer import Writer
from calls.switch.port import CallChannel, HungUp, Prompt
from calls.text import printable
from console.engine.flows import LiveFlows
from console.engine.hours import OpeningHours
from console.engine.leading import Leading, sorry
from console.engine.recorder import CallRecorder
from dialer.lead_facts import LeadFacts, facts
from ivr.flow import SORRY
from ivr.session import Context
from ivr.turn import Facts
from ivr.values import MAX_TEXT, Value

WITHIN_S = 0.5
"""So long who answered waits for what the store says of them; then the flow goes by what it declares."""

PREFIX = "lead_"
"""What the names of the flow's variables begin with that are filled from the lead."""


class Broadcasts:
    """Leads the people who answer a broadcast."""

    def __init__(
        self,
        flows: LiveFlows,
        leading: Leading,
        hours: OpeningHours,
        writer: Writer,
        draw: Callable[[], float],
        language: str,
    ) -> None:
        """``draw``: see :class:`console.engine.inbound.InboundCalls`. ``language``: of the apology where there is no
        flow."""
        self._flows = flows
        self._leading = leading
        self._hours = hours
        self._writer = writer
        self._draw = draw
        self._language = language

    async def lead(self, channel: CallChannel, recorder: CallRecorder, flow_id: str) -> HungUp:
        """Lead the call through the flow; it has ended when this returns."""
        flow = self._flows.get(FlowId(flow_id))
        if flow is None:
            log.get().error("no such flow for a broadcast", flow=flow_id)
            recorder.note("fault", {"error": f"there is no flow {flow_id}"})
            return await sorry(channel, Prompt(SORRY, self._language))
        recorder.live = replace(recorder.live, flow=flow.id, flow_version=flow.version)
        context = Context(
            answered=True,
            draw=self._draw(),
            facts=_facts_of(recorder.live),
            overrides=self._hours.overrides,
            variables=await self._variables(recorder.live.lead_id),
        )
        recorder.enter(Phase.MENU)
        led = await self._leading.lead(channel, recorder, flow, context)
        return led.gone

    async def _variables(self, lead_id: LeadId | None) -> Mapping[str, Value]:
        if lead_id is None:
            return {}
        try:
            async with asyncio.timeout(WITHIN_S):
                return variables_of(await self._writer.run(lambda connection: facts(connection, lead_id)))
        except (RecordError, TimeoutError) as problem:
            log.get().error("nothing is known of a lead", problem=str(problem) or "late")
            return {}


def _facts_of(live: LiveCall) -> Facts:
    """By the record: of a call of the run before this one the switch does not say whom we had dialled."""
    return Facts(live.caller, "", live.called, customer=live.called, call_id=live.call_id)


def variables_of(lead: LeadFacts) -> dict[str, Value]:
    """What a flow's variables hold of a lead: ``lead_name``, and of a column ``Last order`` ``lead_last_order``.

    It came from a file: text without control characters, cut to what a variable holds. Of two columns of one name
    the first counts.
    """
    found: dict[str, Value] = {}
    for column, value in (("name", lead.name), *lead.fields.items()):
        found.setdefault(f"{PREFIX}{_word(column)}"[:64], printable(value)[:MAX_TEXT])
    return found


def _word(column: str) -> str:
    plain = unicodedata.normalize("NFKD", column.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
