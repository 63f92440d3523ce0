"""Plays whole calls on a real engine above any switch."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import structlog

from calls import log
from calls.agents import events as ag
from calls.clock import Clock
from calls.ids import AgentId, CallId, LegId
from calls.records import store
from calls.records.database import open_readonly
from calls.switch.events import CallConnected, LegRinging
from calls.switch.port import EndedBy, Switch
from console import imports, operations
from console.engine.engine import Engine
from console.imports import Import
from dialer import campaign as campaigns
from dialer import events as ev
from tests.conformance.engine.judge import Seen, differences
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.sound import wrong_sound
from tests.conformance.engine.vocabulary import CampaignScript, EngineScript, FlowScript
from tests.conformance.engine.watched import Watched
from tests.conformance.play import DEADLINE_S
from tests.conformance.vocabulary import Act
from tests.ivr.speech.inline import InlineRecognition

LOOK_S = 0.25
"""How often the store and the floor are asked for what nobody tells."""

FAILURES = ("a task failed", "a call's handler failed", "the handler of a call failed")
"""What the log may not have: failures that no call's record shows."""

RingIn = Callable[[str, str, tuple[Act, ...]], Awaitable[EndedBy]]
"""One caller calls a number, from a number of their own, acts, and is gone: CALLER where the caller hung up first."""


class Bench:
    """An engine with its store above ``switch``, on which the scripts of ``premises`` are played at the same time."""

    def __init__(
        self,
        premises: Premises,
        switch: Switch,
        ring_in: RingIn,
        slack_s: float,
        clock: Clock,
        new_id: Callable[[], str],
        recorded: Path | None = None,
    ) -> None:
        """``recorded``: the folder in which the switch records sound; None: it records none."""
        self._recorded = recorded
        self.switch = Watched(switch)
        self.engine = Engine(
            premises.settings,
            self.switch,
            premises.flows,
            clock,
            new_id,
            lambda: 0.5,
            hosts=premises.outside(),
            recognition=InlineRecognition(),
        )
        self._premises = premises
        self._ring_in = ring_in
        self._slack_s = slack_s
        self._clock = clock

    async def start(self) -> None:
        """Return when the engine may dial and every agent is where the scripts have them."""
        await self.engine.start()
        await _until(lambda: not self.engine.watch.not_ready())
        agents = [(_agent_of(script), script.agent) for script in self._premises.scripts if script.agent]
        for agent_id, _ in agents:
            self.engine.floor.tell(ag.LogIn(agent_id))
        await _until(lambda: all(self._state(agent_id) == "ready" for agent_id, _ in agents))
        for agent_id, agent in agents:
            if agent.is_away:
                self.engine.floor.tell(ag.Pause(agent_id, "away"))

    async def stop(self) -> None:
        """Log everybody out, so that their legs end, and stop."""
        for agent in self.engine.settings.agents:
            self.engine.floor.tell(ag.LogOut(AgentId(agent.id)))
        await _until(lambda: not self._rows("SELECT 1 FROM agent_legs"))
        await self.engine.stop()

    async def play(self, script: EngineScript) -> None:
        """Play ``script`` and check everything.

        Raises:
            AssertionError: names all that is not as it must be.
        """
        called = self._premises.called(script)
        helping = asyncio.ensure_future(self._agent_acts(script, called))
        seen_by_caller: EndedBy | None = None
        try:
            async with asyncio.timeout(DEADLINE_S):
                match script:
                    case FlowScript():
                        seen_by_caller = await self._ring_in(called, self._premises.caller(script), script.caller)
                    case CampaignScript():
                        await self._start_campaign(script, called)
                seen = await self._seen(called)
        finally:
            helping.cancel()
        if helping.done() and not helping.cancelled():
            helping.result()
        wrong = [*differences(script, self._premises, self._slack_s, seen)]
        if seen_by_caller not in (None, script.record.ended_by):
            wrong.append(f"the caller saw a hang-up by {seen_by_caller}")
        if isinstance(script, CampaignScript) and script.is_told_on_recording and self._recorded is not None:
            wrong += wrong_sound(self._recorded / f"{seen.record.recording}.wav")
        assert not wrong, "\n".join([script.name, *wrong])

    # --- people ------------------------------------------------------------------------------------------------

    async def _agent_acts(self, script: EngineScript, called: str) -> None:
        """What the script's agent does in the call."""
        agent = script.agent
        if agent is None:
            return
        if agent.goes_at_the_ring:
            await self.switch.until(lambda: self._rings(called))
            self.engine.floor.tell(ag.Pause(_agent_of(script), "gone"))
        if agent.holds_after_s is not None:
            await self.switch.until(lambda: self._talks(called) >= 1)
            await asyncio.sleep(agent.holds_after_s)
            await self.engine.transfers.hold(_agent_of(script))
            if agent.takes_back_after_s is None:
                return
            await asyncio.sleep(agent.takes_back_after_s)
            self.engine.consults.take_back(_agent_of(script))
        talks = 0 if agent.holds_after_s is None else 1
        while agent.ends_talk_after_s is not None:
            talks += 1
            await self.switch.until(lambda least=talks: self._talks(called) >= least)  # type: ignore[misc]
            await asyncio.sleep(agent.ends_talk_after_s)
            await self.engine.end_talk(_agent_of(script))

    def _talks(self, called: str) -> int:
        call = self.switch.calls.get(called)
        return sum(call is not None and event == CallConnected(call.call_id) for event in self.switch.events)

    def _rings(self, called: str) -> bool:
        """Whether the dialled phone rings."""
        rows = self._rows("SELECT attempt_id FROM attempts WHERE number = ?", called)
        return bool(rows) and LegRinging(LegId(str(rows[0][0]))) in self.switch.events

    async def _start_campaign(self, script: CampaignScript, called: str) -> None:
        engine, now = self.engine, self._clock.now()
        lead = f"Phone,State\n{called},{script.state}\n".encode()
        await imports.import_leads(
            engine.writer, io.BytesIO(lead), Import(list=script.name, file="a.csv"), "test", now
        )
        campaign = campaigns.load(self._premises.campaign(script), engine.settings)
        await operations.register(engine.writer, campaign, "test", now)
        engine.dialled.tell(ev.CampaignStarted(campaign, 0, 0))

    def _state(self, agent_id: AgentId) -> str:
        return next(each.state for each in self.engine.status().agents if each.id == agent_id)

    # --- the store ---------------------------------------------------------------------------------------------

    async def _seen(self, called: str) -> Seen:
        """What came of the call, once its record is there and its agent's wrap-up in it."""
        ended = "SELECT call_id FROM calls WHERE called = ? AND (agent_id IS NULL OR wrap_up_s IS NOT NULL)"
        await _until(lambda: bool(self._rows(ended, called)))
        attempts = self._rows(
            "SELECT attempt_id, state, outcome, cause, try_number, trunk FROM attempts WHERE number = ?", called
        )
        forbidden = frozenset(row[0] for row in self._rows("SELECT number FROM do_not_call"))
        with _reading(self.engine.settings.engine.database) as connection:
            live = connection.execute("SELECT 1 FROM live_calls WHERE called = ?", (called,)).fetchall()
            rows = connection.execute("SELECT call_id FROM calls WHERE called = ?", (called,)).fetchall()
            assert len(rows) == 1 and not live, f"{len(rows)} records, and {len(live)} of a live call"
            call_id = CallId(rows[0][0])
            record = store.call_record(connection, call_id)
            assert record is not None
            events = store.call_events(connection, call_id)
        return Seen(self.switch.asked[called], record, events, attempts, forbidden)

    def _rows(self, sql: str, *values: str) -> list[tuple[object, ...]]:
        with _reading(self.engine.settings.engine.database) as connection:
            return [tuple(row) for row in connection.execute(sql, values)]


def _agent_of(script: EngineScript) -> AgentId:
    return AgentId(script.name)


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110 - the store and the floor tell nobody
            await asyncio.sleep(LOOK_S)


@contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    connection = open_readonly(database)
    try:
        yield connection
    finally:
        connection.close()


@asynccontextmanager
async def open_bench(bench: Bench) -> AsyncIterator[Bench]:
    """``bench``, started, and stopped at the end.

    Raises:
        AssertionError: something failed beside the calls; the log says what.
    """
    written = io.StringIO()
    log.configure(written, "warning")  # as JSON: structlog's own colours take a traceback half a second
    try:
        await bench.start()
        try:
            yield bench
        finally:
            await bench.stop()
    finally:
        structlog.reset_defaults()
    failed = [line for line in written.getvalue().splitlines() if any(words in line for words in FAILURES)]
    assert not failed, "\n".join(failed)
