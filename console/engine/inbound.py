"""Inbound calls: each is led through its flow, to an agent where it asks for one, and to its record."""

from __future__ import annotations

from collections.abc import Callable

from calls import log
from calls.causes import Outcome
from calls.clock import Clock
from calls.ids import FlowId
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.settings import Settings
from calls.switch.port import CallChannel, CallInfo, EndedBy, Hangup, HungUp
from console.engine.books import Books
from console.engine.flows import LiveFlows
from console.engine.hours import OpeningHours
from console.engine.leading import Leading
from console.engine.recorder import CallRecorder
from ivr.flow import Flow
from ivr.session import Context
from ivr.turn import Facts

UNALLOCATED = 1
"""Q.850: what a caller is told who called a number that no flow takes."""

ANYTHING = "*"


class InboundCalls:
    """Runs every inbound call of the engine."""

    def __init__(
        self,
        settings: Settings,
        flows: LiveFlows,
        books: Books,
        leading: Leading,
        hours: OpeningHours,
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        """``draw`` gives a number in [0, 1) at random: what the splits of one call go by."""
        self._routes = {route.called: FlowId(route.flow) for route in settings.inbound}
        self._flows = flows
        self._books = books
        self._leading = leading
        self._hours = hours
        self._clock = clock
        self._draw = draw

    def flow_for(self, called: str) -> Flow | None:
        """The flow that takes calls to ``called``: by its number, with or without ``+``, else the one for all."""
        for route in (called, called.removeprefix("+"), ANYTHING):
            if route in self._routes:
                return self._flows[self._routes[route]]
        return None

    async def run(self, channel: CallChannel) -> None:
        """One call, from its arrival to its record."""
        info = channel.info
        flow = self.flow_for(info.called)
        live = LiveCall(
            call_id=info.call_id,
            direction=Direction.INBOUND,
            switch=info.switch,
            boot_id=info.boot,
            channel=info.channel,
            caller=info.caller,
            called=info.called,
            started_at=self._clock.now(),
            flow=flow.id if flow else None,
            flow_version=flow.version if flow else None,
        )
        recorder = CallRecorder(live, self._clock, Phase.MENU)
        with self._books.open(recorder) as book, log.bound(info.call_id):
            if flow is None:
                log.get().warning("no flow takes this number", called=info.called)
                await channel.perform(Hangup(UNALLOCATED))
                book.close(Outcome.REJECTED, UNALLOCATED, EndedBy.US)
                return
            led = await self._leading.lead(channel, recorder, flow, self._context(info))
            gone = led.gone
            book.close(Outcome.FAILED if led.failed else _outcome(recorder, gone), gone.cause, gone.by)

    def _context(self, info: CallInfo) -> Context:
        facts = Facts(info.caller, info.caller_name, info.called, customer=info.caller, call_id=info.call_id)
        return Context(draw=self._draw(), facts=facts, overrides=self._hours.overrides)


def _outcome(recorder: CallRecorder, gone: HungUp) -> Outcome:
    if recorder.abandoned:
        return Outcome.ABANDONED
    if gone.by is EndedBy.SWITCH:
        return Outcome.PBX_LOST
    if recorder.answered:
        return Outcome.ANSWERED
    return Outcome.CANCELLED if gone.by is EndedBy.CALLER else Outcome.FAILED
