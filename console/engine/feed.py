"""What the console shows live: a picture of the engine for who listens, whole at first and by its changes after.

Made only while somebody listens. What agents do is sent at once, all else four times a second. A line is encoded once
and handed to every listener; one who does not keep up is given the whole picture again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping

from calls.agents.view import FloorView
from calls.clock import Clock
from calls.ids import AgentId, LeadId
from calls.log import masked
from calls.people.blocked import Flagged
from console.engine.recorder import CallRecorder
from console.engine.status import SwitchShown
from console.engine.supervision import WatchView
from console.picture import Changes, Picture, Record, applied, changes, packed
from dialer.view import CoreView

TICK_S = 0.25
"""How often all of it is looked at: four times a second are enough for a wall, and cost little."""

GATHER_S = 0.02
"""What agents do within this time is sent together: one order often changes several."""

LONGEST_QUEUE = 64
"""Lines that wait for a listener who does not read, before they are dropped for one whole picture."""

BEAT_S = 5.0
"""A line comes at least so often, so that who listens knows that the engine is there."""

Part = Callable[[float], Picture]
"""Gives some sections; its argument is what makes Unix time of the monotonic clock."""


class Listener:
    """Who listens: the lines that are still to be sent."""

    def __init__(self) -> None:
        self.lines: deque[bytes] = deque()
        self.is_behind = True
        """It is to be given the whole picture."""
        self.woken = asyncio.Event()

    def give(self, line: bytes) -> None:
        """One more line."""
        if self.is_behind:
            return
        if len(self.lines) >= LONGEST_QUEUE:
            self.lines.clear()
            self.is_behind = True
        else:
            self.lines.append(line)
        self.woken.set()


class Feed:
    """See the module."""

    def __init__(self, at_once: Part, now_and_then: Part, clock: Clock) -> None:
        """``at_once``: the sections that are looked at after each :meth:`touch`; ``now_and_then``: all others."""
        self._at_once = at_once
        self._now_and_then = now_and_then
        self._clock = clock
        self._listeners: set[Listener] = set()
        self._picture: Picture = {}
        self._seq = 0
        self._touched = asyncio.Event()
        self._shift_s = 0.0
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """An agent has done something, or a call waits."""
        self._touched.set()

    async def lines(self) -> AsyncIterator[bytes]:
        """The picture and its changes, a line of JSON each, until who listens has enough."""
        listener = Listener()
        if not self._listeners:
            self._shift_s = self._clock.now().timestamp() - self._clock.monotonic_s()
            self._look(whole=True)
            self._task = asyncio.get_running_loop().create_task(self._run(), name="feed")
        self._listeners.add(listener)
        try:
            while True:
                if listener.is_behind:
                    listener.is_behind = False
                    yield self._packed("snapshot", self._picture)
                while listener.lines:
                    yield listener.lines.popleft()
                listener.woken.clear()
                if listener.is_behind or listener.lines:
                    continue
                try:
                    async with asyncio.timeout(BEAT_S):
                        await listener.woken.wait()
                except TimeoutError:
                    yield self._packed("beat", {})
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        due_s = self._clock.monotonic_s() + TICK_S
        while True:
            try:
                async with asyncio.timeout(max(0.0, due_s - self._clock.monotonic_s())):
                    await self._touched.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
            self._touched.clear()
            is_due = self._clock.monotonic_s() >= due_s
            if is_due:
                due_s = self._clock.monotonic_s() + TICK_S
            self._look(whole=is_due)

    def _look(self, *, whole: bool) -> None:
        after = {**self._picture, **self._at_once(self._shift_s)}
        if whole:
            after |= self._now_and_then(self._shift_s)
        if not (changed := changes(self._picture, after)):
            return
        self._picture = applied(self._picture, changed)
        self._seq += 1
        line = self._packed("delta", changed)
        for listener in self._listeners:
            listener.give(line)

    def _packed(self, kind: str, content: Changes) -> bytes:
        return packed(kind, self._seq, content, round(self._clock.now().timestamp() * 1000)) + b"\n"


def milliseconds(monotonic_s: float, shift_s: float) -> int:
    """A moment of the monotonic clock in Unix time."""
    return round((monotonic_s + shift_s) * 1000)


def agents_of(
    floor: FloorView,
    asks: Mapping[AgentId, str],
    on_hold: Mapping[AgentId, float],
    looks: Mapping[AgentId, LeadId],
    muted: Collection[AgentId],
    shift_s: float,
) -> dict[str, Record]:
    """The agents. ``queues``: those that each serves; ``wrap_up_ends``: at the latest; ``wants``: what the agent will
    be when free. ``held``: since when the agent's caller is on hold. ``looks``: at what lead each looks before it is
    dialled. ``muted``: the recording of the agent's talk is paused."""
    return {
        each.agent_id: {
            "name": each.name,
            "state": each.state.value,
            "reason": each.reason,
            "since": milliseconds(each.since, shift_s),
            "call": each.call_id,
            "wants": each.wanted.value,
            "wrap_up_ends": None if each.wrap_up_ends is None else milliseconds(each.wrap_up_ends, shift_s),
            "queues": sorted(each.profile.queues),
            "phone": each.phone.value,
            "asks": asks.get(each.agent_id, ""),
            "held": None if each.agent_id not in on_hold else milliseconds(on_hold[each.agent_id], shift_s),
            "looks_at": looks.get(each.agent_id),
            "muted": each.agent_id in muted,
        }
        for each in floor.agents
    }


def queues_of(floor: FloorView, shift_s: float) -> dict[str, Record]:
    """The queues. ``oldest``: since when the call waits that waits for longest."""
    return {
        each.name: {
            "waiting": len(each.waiting),
            "oldest": min((milliseconds(call.since, shift_s) for call in each.waiting), default=None),
            "callbacks": sum(call.virtual for call in each.waiting),
            "logged_in": each.logged_in,
            "free": each.free,
        }
        for each in floor.queues
    }


def calls_of(recorders: Iterable[CallRecorder], now_ms: int) -> dict[str, Record]:
    """The calls under way, numbers masked: they are personal data."""
    return {
        each.live.call_id: {
            "direction": each.live.direction.value,
            "caller": masked(each.live.caller),
            "called": masked(each.live.called),
            "phase": each.phase.value,
            "queue": each.queue,
            "agent": each.agent_id,
            "campaign": each.live.campaign_id,
            "since": min(round(each.live.started_at.timestamp() * 1000), now_ms),
            "switch": each.live.switch,
        }
        for each in recorders
    }


def campaigns_of(core: CoreView) -> dict[str, Record]:
    """The campaigns. ``answered`` and ``abandoned`` are people in the window that ``cap`` is of; ``ended``: attempts
    that are over since the engine began."""
    return {
        each.campaign_id: {
            "name": each.name,
            "queue": each.queue,
            "state": each.state.value,
            "dialling": each.dialling,
            "waiting": each.waiting,
            "talking": each.talking,
            "in_flow": each.in_flow,
            "message": each.message,
            "ready": each.ready,
            "answered": each.answered,
            "abandoned": each.abandoned,
            "cap": each.cap,
            "ended": sum(each.outcomes.values()),
            "reached": each.outcomes.get("answered", 0) + each.outcomes.get("abandoned", 0),
            "refused": sum(each.refused.values()),
            "reason": each.reason,
        }
        for each in core.campaigns
    }


def trunks_of(core: CoreView) -> dict[str, Record]:
    """The trunks. ``health``: what is wrong, "" where nothing is."""
    return {
        each.name: {"lines": each.lines, "in_use": each.in_use, "health": each.health, "switch": each.switch}
        for each in core.trunks
    }


def switches_of(status: Iterable[SwitchShown]) -> dict[str, Record]:
    """The switches. ``down``: why it cannot be reached, ``hold``: why nothing is dialled on it."""
    return {each.name: {"kind": each.kind, "down": each.down, "hold": each.hold} for each in status}


def supervisors_of(watches: Iterable[WatchView], shift_s: float) -> dict[str, Record]:
    """Who listens to whom; ``sits`` is false while the phone rings."""
    return {
        each.supervisor: {
            "mode": each.mode,
            "agent": each.agent_id,
            "call": each.call_id,
            "sits": each.sits,
            "since": milliseconds(each.since_s, shift_s),
        }
        for each in watches
    }


def flags_of(flagged: Iterable[Flagged]) -> dict[str, Record]:
    """What flows would have supervisors look at."""
    return {
        f"{each.call_id} {each.what}"[:200]: {
            "at": round(each.at.timestamp() * 1000),
            "call": each.call_id,
            "number": masked(each.number),
            "what": each.what,
        }
        for each in flagged
    }
