"""One FastAGI connection: Asterisk connects, we give one command at a time and wait for its one reply.

The decoder and the encoder are those of :mod:`calls.wire`; here are only the socket, the deadlines and the order:

- one command at a time: a second :meth:`AgiConnection.send` waits until the first has its reply;
- each reply has a deadline that its command gives; after it the connection is closed, because nobody could tell any
  more which reply belongs to which command;
- the end of the stream fails the pending command at once;
- each turn is measured: how long the switch, having spoken, waits for our next command;
- :meth:`AgiConnection.cut` lets go of the one who waits, while the reply stays due.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from calls.errors import RemoteProtocolError, SwitchError, SwitchTimeout, SwitchUnavailable
from calls.histogram import Histogram
from calls.wire import agi
from calls.wire.agi_environment import Environment
from calls.wire.agi_replies import AgiDecoder, HangupNotice, Reply

READ_BYTES = 128 * 1024
"""What one read takes at most: more than the longest reply. asyncio's own reads make a buffer of 256 kB each time and
give nearly all of it back, which cost 18 us of a read's 20 (seen on Python 3.11)."""


class Cut(Exception):
    """Another command took the place of the one whose reply was awaited."""


class Door(Protocol):
    """Who lets connections in: the server."""

    turns: Histogram
    """How long the switch waited for each of our commands, from its last word."""

    room: bytearray
    """Where every connection reads into; nothing stays in it from one read to the next."""

    def knocked(self, connection: AgiConnection) -> bool:
        """A connection came; False: not to be served, not even read."""

    def entered(self, connection: AgiConnection) -> None:
        """The environment is complete and well formed."""

    def left(self, connection: AgiConnection) -> None:
        """The connection is closed. Called once for each that ``knocked`` let in."""

    def misbehaved(self, connection: AgiConnection, fault: RemoteProtocolError) -> None:
        """The peer does not speak AGI; the connection is being closed."""


class AgiConnection(asyncio.BufferedProtocol):
    """One connection of Asterisk to us, about one channel."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._decoder = AgiDecoder()
        self._transport: asyncio.Transport | None = None
        self._turn = asyncio.Lock()
        self._waiter: asyncio.Future[Reply] | None = None
        self._due: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._fault: SwitchError | None = None
        self._environment: Environment | None = None
        self._inside = False
        self._turn_since: float | None = None
        self.peer = ""
        """The peer's address."""
        self.hung_up = False
        """The line HANGUP came: the channel is gone or is being moved."""
        self.lost = False
        """The switch closed the connection, which it never does while it lives and we have not."""
        self._gone: asyncio.Future[None] = self._loop.create_future()

    @property
    def environment(self) -> Environment:
        """What Asterisk said of the channel."""
        if self._environment is None:
            raise RuntimeError("AGI: the environment has not come yet")
        return self._environment

    @property
    def closed(self) -> bool:
        """Nothing can be sent any more."""
        return self._fault is not None

    async def send(self, command: agi.Command) -> Reply:
        """The reply to ``command``.

        Raises:
            CommandRefused: our bug: it must not go on the wire.
            SwitchUnavailable: the connection is closed, or was before the reply came.
            SwitchTimeout: no reply in time; the connection is closed now.
            RemoteProtocolError: not AGI; the connection is closed now.
            Cut: see :meth:`cut`.
        """
        line = agi.encode(command)
        async with self._turn:
            await self.settled()
            if self._fault is not None or self._transport is None:
                raise self._unavailable()
            self._decoder.expect(command.shape)
            self._due = self._loop.create_future()
            self._waiter = self._loop.create_future()
            self._deadline = self._loop.call_later(command.deadline_s, self._overdue)
            self._transport.write(line)
            if self._turn_since is not None:
                self._door.turns.observe(self._loop.time() - self._turn_since)
                self._turn_since = None
            return await self._waiter

    def tell_relay(self, line: bytes) -> None:
        """Say ``line`` to the relay of an EAGI request, whatever AGI does meanwhile.

        Raises:
            SwitchUnavailable: the connection is closed.
        """
        if self._fault is not None or self._transport is None:
            raise self._unavailable()
        self._transport.write(line)

    async def settled(self) -> None:
        """Waits until no reply is due: it came, or never will because the connection is closed."""
        while self._due is not None:
            await asyncio.shield(self._due)

    @property
    def pending(self) -> bool:
        """A reply is due."""
        return self._due is not None

    async def ended(self) -> None:
        """Waits until the connection is closed, by whom ever."""
        await asyncio.shield(self._gone)

    def cut(self) -> None:
        """Let go of who waits for a reply now: it raises :class:`Cut`. The reply stays due."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Cut())

    def close(self) -> None:
        """Close. Asterisk's dialplan goes on, or moves to where the channel was redirected. Again is no error."""
        self._end(SwitchUnavailable("AGI connection closed by us"))
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close without waiting for what is still to be written."""
        self._end(SwitchUnavailable("AGI connection closed by us"))
        if self._transport is not None:
            self._transport.abort()

    def get_extra_info(self, name: str) -> object:
        """What asyncio's transports know, for the panoramisk handler."""
        return None if self._transport is None else self._transport.get_extra_info(name)

    # --- asyncio's calls ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: accepted."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else ""
        self._inside = self._door.knocked(self)
        if not self._inside:
            self.abort()

    def get_buffer(self, sizehint: int) -> bytearray:
        """asyncio: where to read into."""
        return self._door.room

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: bytes came."""
        data = bytes(memoryview(self._door.room)[:nbytes])
        if self._fault is not None:
            return  # being closed: what still comes, a second HANGUP, has no meaning
        self._turn_since = self._loop.time()
        try:
            for event in self._decoder.feed(data):
                match event:
                    case Reply():
                        self._replied(event)
                    case HangupNotice():
                        self.hung_up = True
                    case Environment():
                        self._environment = event
        except RemoteProtocolError as fault:
            self._end(fault)
            self._door.misbehaved(self, fault)
            self.abort()
            return
        if self._inside and self._environment is not None:
            self._inside = False
            self._door.entered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: closed, by whom ever."""
        self.lost = self._fault is None
        self._end(SwitchUnavailable("AGI connection closed by the switch"))
        self._gone.set_result(None)
        self._door.left(self)

    # --- the reply that is due ---------------------------------------------------------------------------------

    def _replied(self, reply: Reply) -> None:
        waiter = self._waiter
        self._settle()
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)

    def _overdue(self) -> None:
        self._end(SwitchTimeout("AGI: no reply in time"))
        self.abort()

    def _end(self, fault: SwitchError) -> None:
        """The first reason counts; who waits learns of it."""
        if self._fault is not None:
            return
        self._fault = fault
        waiter = self._waiter
        self._settle()
        if waiter is not None and not waiter.done():
            waiter.set_exception(fault)

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        due, self._due, self._waiter, self._deadline = self._due, None, None, None
        if due is not None:
            due.set_result(None)

    def _unavailable(self) -> SwitchUnavailable:
        if isinstance(self._fault, SwitchUnavailable):
            return SwitchUnavailable(str(self._fault))
        return SwitchUnavailable(f"AGI connection closed: {self._fault}")
