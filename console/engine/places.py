"""Agents who are kept for people while they are being dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.agents.actions import ReachPerson
from calls.agents.events import CallKind, CallWaiting
from calls.ids import AttemptId, CallId
from console.engine.floor import FloorRunner, Offer
from console.engine.tasks import Tasks
from dialer.events import ReserveAgent

PLACE_S = 180.0
"""An agent is kept for an attempt so long at most: longer than one may ring and be listened to."""


class Places:
    """Holds a place of the floor for each attempt that needs one."""

    def __init__(self, floor: FloorRunner, tasks: Tasks) -> None:
        self._floor = floor
        self._tasks = tasks
        self._over: dict[AttemptId, asyncio.Event] = {}

    def keep(self, order: ReserveAgent, there: Callable[[], None]) -> None:
        """Keep an agent for the attempt until :meth:`give_up`; ``there`` is called once one is there, and again when
        the next one is where that one was lost."""
        over = self._over[order.attempt_id] = asyncio.Event()
        self._tasks.start(self._hold(order, over, there), f"agent for {order.attempt_id}")

    def give_up(self, attempt_id: AttemptId) -> None:
        """The attempt is over; one without a place changes nothing."""
        if (over := self._over.pop(attempt_id, None)) is not None:
            over.set()

    async def _hold(self, order: ReserveAgent, over: asyncio.Event, there: Callable[[], None]) -> None:
        place = CallWaiting(
            CallId(order.attempt_id),
            order.queue,
            CallKind.DIALLED,
            max_wait_s=PLACE_S,
            virtual=True,
            needs=order.skills,
            switches=frozenset({order.switch}),
        )
        with self._floor.waiting(place) as offers:
            hears = asyncio.ensure_future(_hear(offers, there))
            try:
                await over.wait()
            finally:
                hears.cancel()


async def _hear(offers: asyncio.Queue[Offer], there: Callable[[], None]) -> None:
    while True:
        if isinstance(await offers.get(), ReachPerson):
            there()
