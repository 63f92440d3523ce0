"""One AMI connection: panoramisk's Manager and protocol, with its faults closed.

What panoramisk does for us: it opens the connection, keeps the table of the actions that wait for an answer, and
brings answer and action together. What it gets wrong (HAZARDS, panoramisk 4, 5, 7 to 12, 14) is replaced here: bytes
are decoded by :class:`calls.wire.ami.Decoder` and written by :func:`calls.wire.ami_actions.encode`; nothing is
queued while there is no connection and nothing is ever sent twice; a lost connection fails what was pending; every
wait has a deadline. A link is used for one connection and then thrown away, so nothing can be carried over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from panoramisk import Manager
from panoramisk.actions import Action as LibraryAction
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from calls import log
from calls.errors import NotSent, RemoteProtocolError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.wire.ami import Banner, Decoder, Event, Frame, Response
from calls.wire.ami_actions import Action, CoreShowChannels, Status, encode

MAX_UNSENT = 256 * 1024
"""Bytes that may wait for the switch to read them: about 700 originates. More means that it does not read."""

MAX_PENDING = 2000
"""Actions that may wait for an answer."""

MAX_LIST = 50_000
"""Events of one list, each a channel: far beyond what one Asterisk carries."""

READ_BYTES = 64 * 1024
"""What one read takes at most, some hundred events: callers have their turn between two reads. (asyncio's own reads
take four times as much, into a buffer that they make anew each time.)"""

LISTS = (CoreShowChannels, Status)
"""Actions that are answered by a list of events."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the switch answered: its response, and the events of a list without the one that ends it."""

    response: Response
    events: tuple[Event, ...] = ()


class _Message(Message):  # type: ignore[misc]  # panoramisk has no types
    """A frame of ours in the shape by which panoramisk finds the action that it answers."""

    def __init__(self, frame: Frame) -> None:
        super().__init__({"ActionID": frame.action_id, "Response": frame.get("Response")})
        self.frame = frame


class _Pending(LibraryAction):  # type: ignore[misc]
    """An action on its way, written by our encoder and completed by our rules (HAZARDS 4, 11)."""

    def __init__(self, action: Action, action_id: str) -> None:
        self._text = encode(action, action_id).decode("utf-8")
        super().__init__({"Action": action.name, "ActionID": action_id}, as_list=isinstance(action, LISTS))
        self.items: list[Event] = []
        """Of a list. They stay events: a message of panoramisk's for each of thousands is time of every caller's."""

    def __str__(self) -> str:
        return self._text

    @property
    def multi(self) -> bool:
        """A list, once the switch has taken the action. An error to it is a single answer."""
        return bool(self.as_list) and self.responses[0].frame.success

    @property
    def completed(self) -> bool:
        last: Frame = self.responses[-1].frame
        return last.completes_list or not self.multi

    def takes(self, event: Event) -> bool:
        """Whether the event is an item of the list, which is kept then; neither what ends the list nor what came
        before it began."""
        if not self.responses or event.completes_list:
            return False
        if len(self.items) >= MAX_LIST:
            raise RemoteProtocolError(f"a list of more than {MAX_LIST} events")
        self.items.append(event)
        return True

    def add_message(self, message: _Message) -> bool:
        if not self.responses and not isinstance(message.frame, Response):
            return False  # an event before the response is no part of the answer
        return bool(super().add_message(message))


class _Protocol(AMIProtocol, asyncio.BufferedProtocol):  # type: ignore[misc]
    """Bytes in and out of one connection, for :class:`AmiLink`."""

    encoding = "utf-8"
    responses: dict[str, _Pending]
    closed: bool

    def __init__(self, link: AmiLink, decoder: Decoder) -> None:
        self._link = link
        self._decoder = decoder
        self._room = bytearray(READ_BYTES)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self._link

    def get_buffer(self, sizehint: int) -> bytearray:
        """asyncio: where to read into."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: bytes came."""
        self.data_received(bytes(memoryview(self._room)[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Decode over the borders of chunks (HAZARDS 8) in linear time (14); events of no action are dispatched."""
        if self.closed:
            return
        try:
            for frame in self._decoder.feed(data):
                self._take(frame)
        except RemoteProtocolError as error:
            self._link.close_because(f"not the protocol: {error}")

    def _take(self, frame: Banner | Frame) -> None:
        match frame:
            case Banner():
                self._link.greeted.set()
            case Event() if frame.name == "OriginateResponse" or frame.action_id not in self.responses:
                self._link.dispatch(frame)  # an OriginateResponse carries an ActionID, and is news (HAZARDS 11)
            case Event() if self.responses[frame.action_id].takes(frame):
                pass
            case Event() | Response():
                self.handle_message(_Message(frame))
            case _:
                raise AssertionError(frame)

    def eof_received(self) -> None:
        cut = self._decoder.end()
        self._link.close_because("the switch closed the connection" + (" within a message" if cut else ""))

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.close_because(f"connection lost: {exc}" if exc else "connection closed")

    def close(self) -> None:
        """Fail what is pending and keep none of it for later (HAZARDS 7, 12)."""
        for action in self.responses.values():
            if not action.future.done():
                action.future.set_exception(SwitchUnavailable(f"{self._link.reason}; the command may have run"))
                action.future.exception()  # whoever waits still gets it; nobody waiting is no fault
        self.responses.clear()
        if not self.closed:
            self.closed = True
            self.transport.abort()


class AmiLink(Manager):  # type: ignore[misc]
    """One connection, from its opening to its end.

    ``on_event`` gets each event that answers no action, through the loop, so that an exception in it is logged by
    the loop's handler and cannot end the connection (HAZARDS 11). ``wanted`` names the events that are read at all
    (9). ``nonce`` begins every ActionID: nobody who cannot see it can forge an answer.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        wanted: frozenset[str],
        on_event: Callable[[Event], None],
        nonce: str,
    ) -> None:
        decoder = Decoder(wanted)
        super().__init__(
            host=host, port=port, loop=asyncio.get_running_loop(), protocol_factory=lambda: _Protocol(self, decoder)
        )
        self.callbacks.clear()  # panoramisk registers its replay of what was not answered
        self.patterns.clear()
        self.greeted = asyncio.Event()
        self.ended = asyncio.Event()
        self.reason = ""
        self._on_event = on_event
        self._nonce = nonce
        self._count = 0

    # --- in place of panoramisk's -----------------------------------------------------------------------------

    def connection_made(self, f: asyncio.Task[tuple[asyncio.Transport, AMIProtocol]]) -> None:
        """Keep the connection. Whoever opened it has the error of one that failed: no retry for ever (HAZARDS 10)."""
        if not f.cancelled() and f.exception() is None:
            self.protocol = f.result()[1]

    def connection_lost(self, exc: object) -> None:
        """Nothing: the protocol tells :meth:`close_because`, and a link never connects again (HAZARDS 10)."""

    def dispatch(self, event: Event) -> None:
        """Hand an event on; which ones are wanted was decided at their first line (HAZARDS 9)."""
        self.loop.call_soon(self._on_event, event)

    # --- ours -------------------------------------------------------------------------------------------------

    async def open(self, deadline_s: float) -> None:
        """Connect and wait for the greeting.

        Raises:
            SwitchUnavailable: nobody there, or who is there is no Asterisk manager.
            SwitchTimeout: no greeting within ``deadline_s``.
        """
        try:
            async with asyncio.timeout(deadline_s):
                await self.connect()
                await self._first(self.greeted, self.ended)
        except TimeoutError as error:
            self.close_because("no greeting")
            raise SwitchTimeout(f"{self._where}: no greeting within {deadline_s:g} s") from error
        except OSError as error:
            raise SwitchUnavailable(f"{self._where}: {error}") from error
        if self.ended.is_set():
            raise SwitchUnavailable(f"{self._where}: {self.reason}")

    def next_action_id(self) -> str:
        """An ActionID that nobody else can guess and that comes once."""
        self._count += 1
        return f"{self._nonce}-{self._count}"

    async def ask(
        self,
        action: Action,
        deadline_s: float,
        action_id: str | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> Reply:
        """Send ``action`` once and wait for its whole answer. ``on_sent`` is called when it is on its way.

        Raises:
            SwitchRefused: the switch said no.
            SwitchTimeout: no answer within ``deadline_s``: the action may have run or may run yet.
            NotSent: not connected, or the switch does not read.
            SwitchUnavailable: the connection ended before the answer.
            CommandRefused: nothing was sent.
        """
        pending = _Pending(action, action_id or self.next_action_id())
        self._check_open()
        answer: asyncio.Future[_Message | list[_Message]] = self.send_action(pending, as_list=pending.as_list)
        if on_sent is not None:
            on_sent()
        try:
            # asyncio.wait looks at the future itself at the deadline: an answer that came while the loop stood
            # still counts.
            await asyncio.wait((answer,), timeout=deadline_s)
            if not answer.done():
                raise SwitchTimeout(f"no answer to {action.name} within {deadline_s:g} s; it may have run")
            reply = _reply(answer.result(), pending.items)
        finally:
            if self.protocol.responses.pop(pending.id, None) is not None:
                answer.cancel()
        if not reply.response.success:
            raise SwitchRefused(f"{action.name}: {reply.response.message}")
        return reply

    def close_because(self, reason: str) -> None:
        """End the connection, for good. What is pending fails with ``reason``; a second call changes nothing."""
        if self.ended.is_set():
            return
        self.reason = reason
        self.ended.set()
        if self.protocol is not None:
            self.protocol.close()
        log.get().debug("ami link ended", reason=reason)

    @property
    def pending(self) -> int:
        """How many actions wait for an answer."""
        return len(self.protocol.responses) if self.protocol is not None else 0

    @property
    def _where(self) -> str:
        return f"AMI at {self.config['host']}:{self.config['port']}"

    def _check_open(self) -> None:
        """Raises: NotSent: nothing can be sent (HAZARDS 10: it was an AttributeError, or a queue)."""
        if self.protocol is None or self.ended.is_set():
            raise NotSent(f"{self._where}: not connected; nothing was sent")
        if self.protocol.transport.get_write_buffer_size() > MAX_UNSENT or self.pending >= MAX_PENDING:
            raise NotSent(f"{self._where}: the switch does not read what is sent; nothing was sent")

    @staticmethod
    async def _first(*events: asyncio.Event) -> None:
        waiters = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()


def _reply(result: _Message | list[_Message], items: list[Event]) -> Reply:
    response = (result[0] if isinstance(result, list) else result).frame
    if not isinstance(response, Response):
        raise RemoteProtocolError("an answer that begins with an event")
    return Reply(response, tuple(items))
