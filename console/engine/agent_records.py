"""What the store keeps of agents while they work: their states, their legs, and how long each wrap-up took."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial

from calls import log
from calls.agents.actions import StateChanged
from calls.agents.states import AgentState
from calls.clock import Clock
from calls.ids import AgentId, BootId, CallId, LegId
from calls.records import store
from calls.records.store import AgentStateChange
from calls.records.writer import Writer


class AgentRecords:
    """Of one engine's agents."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._wrapping: dict[AgentId, CallId] = {}

    def keep(self, change: StateChanged) -> None:
        """Write a change of an agent's state down."""
        row = AgentStateChange(
            change.agent_id, change.state, self._clock.now(), change.previous_s, change.reason, change.call_id
        )
        over = self._wrapped_up(change)

        def write(connection: sqlite3.Connection) -> None:
            store.add_agent_state(connection, row)
            if over is not None:
                store.note_wrap_up(connection, over, change.previous_s)

        self._write(write, f"state of {change.agent_id}")

    def keep_leg(self, agent_id: AgentId, leg_id: LegId, switch: str, boot: BootId, *, is_up: bool) -> None:
        """Write down that an agent's leg is rung, or is gone."""
        now, name = self._clock.now(), f"leg of {agent_id}"
        if is_up:
            self._write(lambda connection: store.add_agent_leg(connection, leg_id, agent_id, switch, boot, now), name)
        else:
            self._write(lambda connection: store.remove_agent_leg(connection, leg_id), name)

    def _wrapped_up(self, change: StateChanged) -> CallId | None:
        """The call whose wrap-up this change ends."""
        if change.previous is AgentState.WRAP_UP:
            return self._wrapping.pop(change.agent_id, None)
        if change.state is AgentState.WRAP_UP and change.call_id is not None:
            self._wrapping[change.agent_id] = change.call_id
        return None

    def _write(self, work: Callable[[sqlite3.Connection], object], name: str) -> None:
        written = self._writer.put(work)
        if written is None:
            log.get().error("what an agent does was not written: the store is closed", what=name)
        else:
            written.add_done_callback(partial(_written, name))


def _written(name: str, done: asyncio.Future[object]) -> None:
    if not done.cancelled() and (problem := done.exception()) is not None:
        log.get().error("what an agent does was not written", what=name, exc_info=problem)
