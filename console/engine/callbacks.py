"""Calls people back who asked for it: keeps their places in the queues, and dials when an agent is there."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from calls import log, numbers
from calls.agents.actions import ReachPerson, WaitExpired
from calls.agents.events import CallKind, CallWaiting
from calls.callbacks import CallbackSettings, NoSuchTime, window
from calls.clock import Clock
from calls.errors import RecordError
from calls.ids import AgentId, AttemptId, CallId, QueueName
from calls.people import callbacks
from calls.people.callbacks import Booking, Callback, CallbackState
from calls.records.store import LiveCall
from calls.records.writer import Writer
from calls.settings import Settings
from console.engine.dialled import DialledCalls
from console.engine.floor import FloorRunner, Offer
from console.engine.tasks import Tasks
from dialer import callbacks as requests
from dialer.campaign import Campaign
from dialer.compliance import Refused
from dialer.events import BegunAttempt
from ivr.commands import CommitFailed, Committed
from ivr.effects import BookCallback

LOOK_S = 60.0
"""The store is looked at this often though nobody told of anything."""

AGAIN_S = 5.0
"""The same while nothing may be dialled, or after the store failed."""

NOT_ALLOWED, NO_TIME, NOT_OFFERED = "not_allowed", "no_time", "not_offered"
"""Why nobody is called back: the number is none of ours to call, there is no such time, the settings have none."""


class Callbacks:
    """The one owner of the places of people who are to be called back."""

    def __init__(
        self,
        settings: Settings,
        floor: FloorRunner,
        dialled: DialledCalls,
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
        new_id: Callable[[], AttemptId],
        not_ready: Callable[[], tuple[str, ...]],
        reminded: Callable[[], None],
    ) -> None:
        """``not_ready``: why nothing new may be dialled; empty: it may. ``reminded``: webhooks were told of one."""
        self._reminded = reminded
        self._settings = settings.callbacks
        self._region = settings.engine.region
        self._campaigns = _campaigns(self._settings, (QueueName(queue.name) for queue in settings.queues))
        self._floor = floor
        self._dialled = dialled
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._new_id = new_id
        self._not_ready = not_ready
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._bookings: dict[CallId, Booking] = {}
        self._over: dict[AttemptId, asyncio.Event] = {}
        self._news = asyncio.Event()

    def start(self) -> None:
        """Keep places and dial from now on, once what was up before the start is settled."""
        self._tasks.start(self._run(), "callbacks")

    def wake(self) -> None:
        """The store has changed: look at it."""
        self._news.set()

    def cancelled(self, callback_id: int) -> None:
        """It was taken back while it waited: its place goes to the next."""
        if (serving := self._serving.get(callback_id)) is not None:
            serving.cancel()
        self.wake()

    def booking_of(self, call_id: CallId) -> Booking | None:
        """Whose place a call is, from when it waits for an agent; None: it is no callback's."""
        return self._bookings.get(call_id)

    def moved(self) -> None:
        """Callbacks were promised, moved or taken back. A place that is kept for one that has another time by now is
        given up; a person who is being dialled is dialled to the end."""
        self._tasks.start(self._drop_moved(), "callbacks that were moved")

    async def _drop_moved(self) -> None:
        now = self._clock.now()
        open_ones = await self._writer.run(lambda connection: callbacks.callbacks(connection, open_only=True))
        due = {each.callback_id for each in open_ones if each.state is CallbackState.DIALLING or each.due_at <= now}
        for callback_id, serving in list(self._serving.items()):
            if callback_id not in due:
                serving.cancel()
        self.wake()

    def finished(self, attempt_id: AttemptId) -> None:
        """An attempt is over that somebody may have asked for."""
        if (over := self._over.get(attempt_id)) is not None:
            over.set()
        self.wake()

    async def book(self, live: LiveCall, key: str, effect: BookCallback) -> Committed | CommitFailed:
        """Write down what a caller asked for.

        Raises:
            NumberProblem: the number is none.
            RecordError: the store refuses.
        """
        given = self._settings
        if given is None or effect.queue not in self._campaigns:
            return CommitFailed(NOT_OFFERED)
        number = numbers.to_e164(effect.number, self._region)
        if not numbers.is_ordinary(number, given.countries or (self._region or "",)):
            return CommitFailed(NOT_ALLOWED)
        now = self._clock.now()
        try:
            begin, end = window(effect.at, given, now)
        except NoSuchTime as problem:
            log.get().warning("no such time for a callback", problem=str(problem))
            return CommitFailed(NO_TIME)
        booking = Booking(
            call_id=live.call_id,
            key=key,
            number=number,
            queue=QueueName(effect.queue),
            asked_at=now,
            waiting_since=min(now, effect.waiting_since),
            appointment=bool(effect.at),
            window_begin=begin,
            window_end=end,
            max_tries=given.tries,
            retry_after_s=given.retry_after_s,
            claim=effect.claim,
        )
        number_of_it = await self._writer.run(lambda connection: callbacks.book(connection, booking))
        self.wake()
        return Committed(str(number_of_it))

    # --- places -----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                wait_s = await self._look() if not self._not_ready() else AGAIN_S
            except RecordError as problem:
                log.get().error("callbacks cannot be read", problem=str(problem))
                wait_s = AGAIN_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _look(self) -> float:
        """Give places to those who are due; in how many seconds to look again."""
        now = self._clock.now()
        open_ones = await self._writer.run_alone(lambda connection: callbacks.callbacks(connection, open_only=True))
        wait_s = LOOK_S
        for each in open_ones:
            if each.state is not CallbackState.WAITING or each.callback_id in self._serving:
                continue
            remind_at = each.booking.remind_at
            if remind_at is not None and remind_at <= now:
                await self._writer.run(partial(callbacks.remind, each=each, now=now))
                self._reminded()
            elif remind_at is not None:
                wait_s = min(wait_s, (remind_at - now).total_seconds())
            known = each.booking.queue in self._campaigns or each.booking.origin is not None
            if each.booking.window_end <= now or not known:
                await self._close(each, "window" if each.booking.window_end <= now else "no queue")
            elif each.due_at <= now:
                self._serving[each.callback_id] = self._tasks.start(self._serve(each), f"callback {each.callback_id}")
            else:
                wait_s = min(wait_s, (each.due_at - now).total_seconds())
        return max(0.01, wait_s)

    async def _serve(self, callback: Callback) -> None:
        """Keep one place until its person was dialled, or its time is over. After a fault, whichever, it rests before
        the person has a place again."""
        attempt_id = AttemptId(self._new_id())
        over = self._over[attempt_id] = asyncio.Event()
        self._bookings[CallId(attempt_id)] = callback.booking
        rest_s = AGAIN_S
        try:
            place = self._place(callback, attempt_id, await self._switches_for(callback))
            with self._floor.waiting(place) as offers:
                agent_id = await self._agent_there(offers)
                is_dialled = agent_id is not None and await self._dial(callback, attempt_id, agent_id)
                if is_dialled:
                    await over.wait()
            if not is_dialled:
                await self._give_up_or_hand_over(callback)
            rest_s = 0.0
        except RecordError as problem:
            log.get().error("a person could not be called back yet", id=callback.callback_id, problem=str(problem))
        finally:
            self._over.pop(attempt_id, None)
            self._bookings.pop(CallId(attempt_id), None)
            asyncio.get_running_loop().call_later(rest_s, self._release, callback.callback_id)

    async def _give_up_or_hand_over(self, callback: Callback) -> None:
        """Nobody was there in time: anybody of the queue is to make the call; or nobody any more."""
        now = self._clock.now()
        if now >= callback.booking.window_end:
            await self._close(callback, "window")
        elif callback.waits_for is not None and now >= callback.hand_over_at:
            await self._writer.run(partial(callbacks.hand_over, callback_id=callback.callback_id, now=now))

    def _release(self, callback_id: int) -> None:
        self._serving.pop(callback_id, None)
        self.wake()

    async def _switches_for(self, callback: Callback) -> frozenset[str]:
        """Where an agent must be reached whose call this may be: empty where nobody can call, which is found then."""
        campaign = await self._writer.run(partial(self._campaign_for, callback.booking))
        if campaign is None or not self._dialled.has_trunks(campaign):
            return frozenset()
        return self._dialled.core.switches_for(campaign)

    def _place(self, callback: Callback, attempt_id: AttemptId, switches: frozenset[str]) -> CallWaiting:
        booking, now = callback.booking, self._clock.now()
        claim, only = booking.claim, callback.waits_for
        until = booking.window_end if only is None else min(booking.window_end, callback.hand_over_at)
        return CallWaiting(
            call_id=CallId(attempt_id),
            queue=booking.queue,
            kind=CallKind.INBOUND,
            priority=claim.priority,
            max_wait_s=max(0.0, (until - now).total_seconds()),
            skills=claim.skills,
            level=claim.level,
            widen_after_s=claim.widen_after_s,
            since=self._clock.monotonic_s() - max(0.0, (now - booking.waiting_since).total_seconds()),
            virtual=True,
            only=only,
            switches=switches,
        )

    async def _agent_there(self, offers: asyncio.Queue[Offer]) -> AgentId | None:
        """Wait for an agent; None where the time was over first."""
        while True:
            match await offers.get():
                case ReachPerson(_, agent_id):
                    return agent_id
                case WaitExpired():
                    return None

    async def _dial(self, callback: Callback, attempt_id: AttemptId, agent_id: AgentId) -> bool:
        """Begin the attempt and have it dialled; False where it may not be now, which the store keeps."""
        if self._not_ready():
            return False
        campaign = await self._writer.run(partial(self._campaign_for, callback.booking))
        if campaign is None or not self._dialled.has_trunks(campaign):
            await self._close(callback, "no trunk")
            return False
        now = self._clock.now()
        place = self._dialled.place(campaign, self._floor.home_of(agent_id))

        def write(connection: sqlite3.Connection) -> BegunAttempt | Refused:
            requests.register(connection, campaign, now)
            begun = requests.begin(connection, callback, campaign, now, place, attempt_id)
            if isinstance(begun, Refused):
                _keep_refusal(connection, callback, begun, now)
            return begun

        begun = await self._writer.run(write)
        if isinstance(begun, Refused):
            log.get().warning("a person is not called back now", id=callback.callback_id, rule=begun.rule)
            return False
        self._dialled.request(campaign, begun)
        return True

    def _campaign_for(self, booking: Booking, connection: sqlite3.Connection) -> Campaign | None:
        return requests.campaign_for(connection, booking, self._campaigns)

    async def _close(self, callback: Callback, reason: str) -> None:
        now = self._clock.now()
        await self._writer.run(partial(callbacks.close, callback_id=callback.callback_id, reason=reason, now=now))


def _keep_refusal(connection: sqlite3.Connection, callback: Callback, refused: Refused, now: datetime) -> None:
    """Not now: again when the rule may allow it, where that is within the window; else never."""
    if refused.until is None or refused.until > callback.booking.window_end:
        callbacks.close(connection, callback.callback_id, refused.rule, now)
    else:
        callbacks.postpone(connection, callback.callback_id, refused.until, refused.rule)


def _campaigns(settings: CallbackSettings | None, queues: Iterable[QueueName]) -> dict[QueueName, Campaign]:
    return {} if settings is None else {queue: requests.campaign_of(settings, queue) for queue in queues}
