"""One connection as asyncio sees it: commands with their replies, and events.

Replies come in the order of the commands, and each has a deadline; after a missed one nobody could tell any more
which reply belongs to which command, so the connection is closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from calls.errors import RemoteProtocolError, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.text import printable
from calls.wire.esl import ApiReply, Disconnect, Event, Frame, Reply
from calls.wire.esl_commands import Answers, Command, encode

REPLY_S = 5.0
"""How long a reply may take. FreeSWITCH answers in 1 ms and runs the command afterwards."""


class Link(Protocol):
    """The way down; see :class:`calls.switch.freeswitch.bridge.Bridge`."""

    def write(self, data: bytes) -> None:
        """Send ``data``."""

    def close(self) -> None:
        """Close when all is written."""


@dataclass(slots=True)
class _Due:
    """A reply that has not come."""

    answers: Answers
    future: asyncio.Future[Reply | ApiReply]
    deadline: asyncio.TimerHandle


class EslConnection:
    """See the module. Made and used on the event loop."""

    def __init__(
        self,
        link: Link,
        on_event: Callable[[Event], object],
        on_end: Callable[[SwitchError], object],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._link = link
        self._on_event = on_event
        self._on_end = on_end
        self._due: deque[_Due] = deque()
        self._fault: SwitchError | None = None
        self._over = asyncio.Event()
        self.closed_by_us = False
        """We ended it, and not FreeSWITCH."""

    @property
    def ended(self) -> bool:
        """Nothing can be sent any more."""
        return self._fault is not None

    async def ends_within(self, seconds: float) -> bool:
        """Whether the connection ends within ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    async def ask(self, command: Command, on_sent: Callable[[], None] | None = None) -> str:
        """What FreeSWITCH answered to ``command``. ``on_sent``: called when it is on its way.

        Raises:
            SwitchRefused: it said no: carries its words.
            SwitchUnavailable, SwitchTimeout: no answer came.
        """
        due = self.submit(command)
        if on_sent is not None:
            on_sent()
        answer = await due
        if answer.refused:
            raise SwitchRefused(f"FreeSWITCH: {type(command).__name__}: {printable(answer.text)[:200]}")
        return answer.text

    def submit(self, command: Command) -> asyncio.Future[Reply | ApiReply]:
        """Send ``command``; its reply, or a ``SwitchError``, comes into the future. Nobody needs to wait for it.

        Raises:
            CommandRefused: our bug: it must not go on the wire.
        """
        data = encode(command)
        future: asyncio.Future[Reply | ApiReply] = self._loop.create_future()
        future.add_done_callback(_seen)
        if self._fault is not None:
            future.set_exception(SwitchUnavailable(str(self._fault)))
            return future
        deadline = self._loop.call_later(REPLY_S, self._overdue, command)
        self._due.append(_Due(command.answered_by, future, deadline))
        self._link.write(data)
        return future

    def close(self) -> None:
        """Close when what was sent is written. Again is no error."""
        self.closed_by_us = self.closed_by_us or self._fault is None
        self._end(SwitchUnavailable("ESL: closed by us"))
        self._link.close()

    # --- what the bridge tells ---------------------------------------------------------------------------------

    def received(self, frames: list[Frame]) -> None:
        """See :class:`calls.switch.freeswitch.bridge.Receiver`."""
        for frame in frames:
            if self._fault is not None:
                return
            match frame:
                case Event():
                    self._on_event(frame)
                case Reply():
                    self._answered(Answers.REPLY, frame)
                case ApiReply():
                    self._answered(Answers.API, frame)
                case Disconnect(lingering=True):
                    continue  # from a talk the call's last event comes behind it (seen on 1.11.1)
                case Disconnect():
                    self._end(SwitchUnavailable("ESL: FreeSWITCH ends the connection"))
                    self._link.close()
                case _:
                    self._fail(RemoteProtocolError(f"ESL: {type(frame).__name__} which nobody asked for"))

    def lost(self, fault: SwitchError) -> None:
        """See :class:`calls.switch.freeswitch.bridge.Receiver`."""
        self._end(fault)

    # --- replies -----------------------------------------------------------------------------------------------

    def _answered(self, answers: Answers, reply: Reply | ApiReply) -> None:
        if not self._due or self._due[0].answers is not answers:
            self._fail(RemoteProtocolError(f"ESL: {answers.value}, which was not due"))
            return
        due = self._due.popleft()
        due.deadline.cancel()
        if not due.future.done():
            due.future.set_result(reply)

    def _overdue(self, command: Command) -> None:
        self._fail(SwitchTimeout(f"ESL: no reply to {type(command).__name__} within {REPLY_S} s"))

    def _fail(self, fault: SwitchError) -> None:
        self._end(fault)
        self._link.close()

    def _end(self, fault: SwitchError) -> None:
        """The first reason counts; who waits learns of it."""
        if self._fault is not None:
            return
        self._fault = fault
        self._over.set()
        while self._due:
            due = self._due.popleft()
            due.deadline.cancel()
            if not due.future.done():
                due.future.set_exception(fault)
        self._on_end(fault)


def _seen(future: asyncio.Future[Reply | ApiReply]) -> None:
    """A fault that nobody waits for is no fault of its own: ``on_end`` tells of it."""
    if not future.cancelled():
        future.exception()
