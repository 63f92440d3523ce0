"""Sends what is to be told to people: mails by the server of the settings, reports by the webhooks' outbox.

One after the other: they are few, and nobody waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Protocol

from calls import log
from calls.clock import Clock
from calls.errors import OutsideError, OutsideRefused, RecordError, UserError
from calls.mail import Attachment, Mail, MailSettings
from calls.records import notices, outbox
from calls.records.database import open_readonly
from calls.records.notices import Kind, Notice, Standing
from calls.records.outbox import Message
from calls.records.writer import Writer
from console.engine.tasks import Tasks

FIRST_AGAIN_S = 60.0
LONGEST_AGAIN_S = 3_600.0
"""The wait before another try doubles from the one to the other: a server may hold off who comes back at once
(greylisting), and one that was down for a night has not been asked thousands of times."""

LOOK_AGAIN_S = 30.0
STORE_AGAIN_S = 5.0


class Sends(Protocol):
    """The way to the server of mails."""

    def send(self, mail: Mail) -> None:
        """Return once the server has it. Raises ``OutsideError``."""


class Told:
    """What a notice says: to a mail's reader, or ``body`` to a webhook."""

    __slots__ = ("attachments", "body", "subject", "text")

    def __init__(
        self, subject: str, text: str, attachments: tuple[Attachment, ...] = (), body: str | None = None
    ) -> None:
        self.subject = subject
        self.text = text
        self.attachments = attachments
        self.body = body


Words = Callable[[sqlite3.Connection, Notice], Told]
"""What a notice says, from a reading connection. Raises ``UserError`` where it can never be said."""


class Notices:
    """Of one engine."""

    def __init__(
        self,
        mail: MailSettings | None,
        mailer: Sends | None,
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
        sent_to_webhook: Callable[[], object],
    ) -> None:
        """``sent_to_webhook`` hears that a message stands in the outbox."""
        self._mail = mail
        self._mailer = mailer
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._sent_to_webhook = sent_to_webhook
        self._words: dict[Kind, Words] = {}
        self._wake = asyncio.Event()
        self.standing: tuple[Standing, ...] = ()
        """What is not sent, as it was when it was last looked at."""
        self.results: Counter[tuple[str, str]] = Counter()
        """What came of the tries since the start, by kind."""

    def say(self, kind: Kind, words: Words) -> None:
        """Who knows what notices of this kind say."""
        self._words[kind] = words

    def start(self) -> None:
        """Send from now on."""
        self._tasks.start(self._serve(), "notices")

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            try:
                wait_s = await self._look()
            except RecordError as problem:
                log.get().error("what is to be told cannot be read or noted", problem=str(problem))
                wait_s = STORE_AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    async def _look(self) -> float:
        """Send what is due; how long nothing else will be."""
        while (notice := await self._writer.run(partial(notices.due, at=self._clock.now()))) is not None:
            await self._send(notice)
        old = self._clock.now() - timedelta(days=notices.KEPT_DAYS)
        await self._writer.run(partial(notices.forget, before=old))
        self.standing = tuple(await self._writer.run(notices.standing))
        next_at = await self._writer.run(notices.next_due_at)
        wait_s = LOOK_AGAIN_S if next_at is None else (next_at - self._clock.now()).total_seconds()
        return min(LOOK_AGAIN_S, max(0.0, wait_s))

    async def _send(self, notice: Notice) -> None:
        try:
            told = await asyncio.to_thread(self._said, notice)
        except UserError as problem:
            await self._give_up(notice, str(problem))
            return
        except (RecordError, sqlite3.Error) as problem:  # as one that took longer than its time: others need not wait
            await self._try_again(notice, f"the records were not read: {problem}")
            return
        try:
            if notice.webhook is not None:
                await self._hand_over(notice, notice.webhook, told.body or "")
            else:
                await self._post(notice, told)
        except (UserError, OutsideRefused) as problem:
            await self._give_up(notice, str(problem))
        except OutsideError as problem:
            await self._try_again(notice, str(problem))
        else:
            self.results[notice.kind.value, "sent"] += 1
            log.get().info("sent", kind=notice.kind.value, name=notice.name, ref=notice.ref)

    def _said(self, notice: Notice) -> Told:
        words = self._words.get(notice.kind)
        if words is None:
            raise UserError("nothing says any more what was to be told")
        with contextlib.closing(open_readonly(self._writer.path)) as connection:
            return words(connection, notice)

    async def _hand_over(self, notice: Notice, webhook: str, body: str) -> None:
        """From here on the outbox sees to it; both are written together."""
        now = self._clock.now()
        message = Message(notice.key, webhook, "", notice.kind.value, body)

        def write(connection: sqlite3.Connection) -> None:
            outbox.put(connection, message, now)
            notices.note_sent(connection, notice, now)

        await self._writer.run(write)
        self._sent_to_webhook()

    async def _post(self, notice: Notice, told: Told) -> None:
        if self._mail is None or self._mailer is None:
            raise UserError("the settings have no server for mails any more: [mail]")
        mail = Mail(
            recipient=notice.recipient,
            subject=told.subject,
            text=told.text,
            message_id=f"{notice.key}@{self._mail.domain}",
            at=notice.created_at,
            attachments=told.attachments,
        )
        await asyncio.to_thread(self._mailer.send, mail)
        await self._writer.run(partial(notices.note_sent, notice=notice, at=self._clock.now()))

    async def _try_again(self, notice: Notice, why: str) -> None:
        now = self._clock.now()
        again_at = now + timedelta(seconds=min(LONGEST_AGAIN_S, FIRST_AGAIN_S * 2.0 ** min(notice.tries, 20)))
        give_up_after_s = self._mail.give_up_after_s if self._mail is not None else 0.0
        if again_at > notice.since_at + timedelta(seconds=give_up_after_s):
            await self._give_up(notice, f"not taken since {notice.since_at:%Y-%m-%d %H:%M} UTC; last: {why}")
            return
        self.results[notice.kind.value, "failed"] += 1
        log.get().warning(
            "not sent", kind=notice.kind.value, name=notice.name, why=why, again_at=again_at.isoformat()
        )
        await self._writer.run(partial(notices.note_failed, notice=notice, why=why, again_at=again_at))

    async def _give_up(self, notice: Notice, why: str) -> None:
        self.results[notice.kind.value, "dead"] += 1
        told = log.get().bind(kind=notice.kind.value, name=notice.name, ref=notice.ref)
        told.error("given up: callwright report send sends a report again", why=why)
        await self._writer.run(partial(notices.note_dead, notice=notice, why=why, at=self._clock.now()))
