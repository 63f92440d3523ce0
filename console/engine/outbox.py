"""Sends what stands in the outbox: each webhook by itself, so that one that is down keeps up no other and no call."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import assert_never

from pydantic import SecretStr

from calls import log
from calls.clock import Clock
from calls.errors import OutsideError, RecordError
from calls.outside import WebhookSettings
from calls.records import outbox
from calls.records.outbox import Backlog, Kept
from calls.records.published import subscribe
from calls.records.writer import Writer
from console.engine.delivery import Again, GivenUp, Taken, Verdict, headers, judge
from console.engine.outside import Answered, Hosts, Sent
from console.engine.tasks import Tasks

AT_ONCE = 4
"""Messages that are under way to one webhook: enough for a burst of calls, and no flood for a small server."""

LOOK_AGAIN_S = 30.0
"""How often the outbox is looked at though nothing is known to be due: a clock may have been set."""

STORE_AGAIN_S = 5.0


class Outbox:
    """The senders of all webhooks."""

    def __init__(
        self,
        webhooks: Sequence[WebhookSettings],
        hosts: Hosts,
        named: Mapping[str, SecretStr],
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        """``named``: the secrets by their names. ``draw`` gives a number in [0, 1) at random."""
        self._webhooks = {each.name: each for each in webhooks}
        self._hosts = {each.name: hosts.host(each) for each in webhooks}
        self._keys = {each.name: named[each.secret].get_secret_value() for each in webhooks if each.secret}
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._draw = draw
        self._wake = {name: asyncio.Event() for name in self._webhooks}
        self._under_way: dict[str, set[int]] = {name: set() for name in self._webhooks}
        self.backlog: tuple[Backlog, ...] = ()
        """What is not sent, as it was when the outbox was last looked at."""
        self.deliveries: Counter[tuple[str, str]] = Counter()
        """How often a webhook was asked since the start, by its name and what came of it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The webhooks of the settings."""
        return tuple(self._webhooks)

    async def start(self) -> None:
        """Send from now on.

        Raises:
            RecordError: the store does not take which webhooks are told of what.
        """
        wanted = [(each.name, event) for each in self._webhooks.values() for event in each.events]
        await self._writer.run(lambda db: subscribe(db, wanted))
        for name, webhook in self._webhooks.items():
            self._tasks.start(self._serve(webhook), f"webhook {name}")

    def wake(self) -> None:
        """Something may be due: a call has written a message, or a person wants one sent again."""
        for event in self._wake.values():
            event.set()

    def wake_for_events(self) -> None:
        """Something was written that webhooks may be told of by themselves."""
        for name, webhook in self._webhooks.items():
            if webhook.events:
                self._wake[name].set()

    async def _serve(self, webhook: WebhookSettings) -> None:
        wake, under_way = self._wake[webhook.name], self._under_way[webhook.name]
        while True:
            wake.clear()
            wait_s: float | None = LOOK_AGAIN_S
            try:
                found, wait_s = await self._look(webhook.name)
            except RecordError as problem:
                log.get().error("the outbox cannot be read", webhook=webhook.name, problem=str(problem))
                found, wait_s = [], STORE_AGAIN_S
            for kept in found:
                under_way.add(kept.message_id)
                self._tasks.start(self._deliver(webhook, kept), f"message {kept.message_id}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if len(under_way) >= AT_ONCE else wait_s):
                    await wake.wait()

    async def _look(self, name: str) -> tuple[list[Kept], float]:
        """What is due now and can be sent, and how long nothing else will be."""
        now, under_way = self._clock.now(), frozenset(self._under_way[name])
        free = AT_ONCE - len(under_way)
        found = await self._writer.run(lambda db: outbox.due(db, name, now, free, under_way)) if free else []
        busy = under_way | {kept.message_id for kept in found}
        next_at = await self._writer.run(lambda db: outbox.next_due_at(db, name, busy))
        self.backlog = tuple(await self._writer.run(outbox.backlog))
        wait_s = LOOK_AGAIN_S if next_at is None else (next_at - self._clock.now()).total_seconds()
        return found, min(LOOK_AGAIN_S, max(0.0, wait_s))

    async def _deliver(self, webhook: WebhookSettings, kept: Kept) -> None:
        """Send one message. Where its end was not written, by whatever fault, it rests before it is sent again."""
        rest_s = STORE_AGAIN_S
        try:
            said = await self._send(webhook, kept)
            now = self._clock.now()
            verdict = judge(said, kept, now, webhook.give_up_after_s, self._draw())
            await self._note(kept, verdict)
            rest_s = 0.0
        except RecordError as problem:  # it is sent again, and the server knows it by its key
            log.get().error("a message's end was not written", message=kept.message_id, problem=str(problem))
        finally:
            asyncio.get_running_loop().call_later(rest_s, self._release, webhook.name, kept.message_id)

    def _release(self, name: str, message_id: int) -> None:
        self._under_way[name].discard(message_id)
        self._wake[name].set()

    async def _send(self, webhook: WebhookSettings, kept: Kept) -> Answered | OutsideError:
        written = headers(kept, self._keys.get(webhook.name), self._clock.now())
        sent = Sent("POST", webhook.url, kept.message.body.encode(), written)
        try:
            return await self._hosts[webhook.name].ask(sent, webhook.timeout_s)
        except OutsideError as problem:
            return problem

    async def _note(self, kept: Kept, verdict: Verdict) -> None:
        told = log.get().bind(webhook=kept.message.webhook, message=kept.message_id, call_id=kept.message.call_id)
        now, name = self._clock.now(), kept.message.webhook
        match verdict:
            case Taken():
                self.deliveries[name, "taken"] += 1
                work = partial(outbox.note_sent, message_id=kept.message_id, at=now)
            case Again(at, why):
                self.deliveries[name, "failed"] += 1
                told.warning("a message was not taken", why=why, again_at=at.isoformat())
                work = partial(outbox.note_failed, message_id=kept.message_id, why=why, again_at=at)
            case GivenUp(why):
                self.deliveries[name, "dead"] += 1
                told.error("a message is given up: callwright webhooks retry sends it again", why=why)
                work = partial(outbox.note_dead, message_id=kept.message_id, why=why, at=now)
            case _:
                assert_never(verdict)
        await self._writer.run(work)
