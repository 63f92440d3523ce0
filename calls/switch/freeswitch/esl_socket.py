"""The part that every connection to FreeSWITCH has in common, on the hub's thread, whoever opened it.

greenswitch keeps the session's life and the list of commands that wait for a reply. Ours: what is read and decoded,
what may be sent, every deadline, and the end.

===============================================  =================================================================
greenswitch 0.0.19                               here
===============================================  =================================================================
EOF, also inside a body: a ``send`` that never   the reader ends on EOF and on any fault, fails what waits, and
returns, or a loop that freezes the hub          the connection is closed
``send`` with no deadline, ``sock.send``,        :meth:`Wire.ask`: typed commands, ``sendall``, a deadline each
second commands in an argument
values unquoted before lines are split           :class:`calls.wire.esl.Decoder`
handlers one after another on an unbounded       no handlers: frames go to asyncio, bounded
queue
fds kept by ``makefile`` after ``close``         :meth:`Wire.stop` closes both
===============================================  =================================================================
"""

from __future__ import annotations

import socket as native
from typing import Any, Protocol

import gevent
from gevent.event import AsyncResult
from gevent.queue import Queue
from gevent.socket import socket
from greenswitch.esl import NotConnectedError, OutboundSessionHasGoneAway

from calls import log
from calls.errors import RemoteProtocolError, SwitchError, SwitchTimeout, SwitchUnavailable
from calls.wire.esl import Decoder, Disconnect, Frame, Reply
from calls.wire.esl_commands import Command, encode

READ_BYTES = 65_536
WRITE_S = 5.0
"""How long one write may wait for room in the socket. A FreeSWITCH that does not read its own commands is stuck."""

MOST_WAITING = 64
"""Writes that wait. A call has one or two commands under way, never as many as this."""

MOST_EARLY = 64
"""Frames that may come before asyncio takes over: a hang-up's events at most."""

KEEPALIVE_S = 30
"""A peer that is gone without a word (a machine that lost its power) is found after 30 s and three probes of 10 s."""


class Upwards(Protocol):
    """Where frames go when asyncio has taken over; see :class:`calls.switch.freeswitch.bridge.Bridge`."""

    def hand_up(self, frames: list[Frame]) -> None:
        """Frames came."""

    def hand_up_end(self, fault: SwitchError) -> None:
        """The connection is at its end."""


class Wire:
    """See the module. Stands before a class of greenswitch's. All of its methods are for the hub's thread."""

    most_waiting = MOST_WAITING
    peer: str
    reply_s: float
    sock: socket
    sock_file: Any  # greenswitch has no types
    connected: bool
    _run: bool
    _commands_sent: list[AsyncResult[Reply]]
    _receive_events_greenlet: gevent.Greenlet | None

    def set_up(self, peer: str, reply_s: float) -> None:
        """Before greenswitch's constructor, which may start the reader. ``reply_s``: what a reply may take."""
        self.peer = peer
        self.reply_s = reply_s
        self._decoder = Decoder()
        self._early: list[Frame] = []
        self._upwards: Upwards | None = None
        self._outbox: Queue[bytes | None] = Queue()
        self._finishing = False
        self._fault: SwitchError | None = None

    def start_event_handlers(self) -> None:
        """greenswitch, when there is a socket: only the reader is started. Events are asyncio's."""
        _tune(self.sock)
        self._receive_events_greenlet = gevent.spawn(self.receive_events)

    # --- commands before asyncio takes over --------------------------------------------------------------------

    def ask(self, command: Command) -> Reply:
        """The reply to ``command``.

        Raises:
            NotConnectedError, OutboundSessionHasGoneAway: the connection has ended.
            SwitchTimeout: no reply within ``reply_s``, however many bytes came.
            OSError: it could not be written.
        """
        if not self.connected:
            raise NotConnectedError
        answer: AsyncResult[Reply] = AsyncResult()
        self._commands_sent.append(answer)
        self._write(encode(command))
        answer.wait(self.reply_s)
        if not answer.ready():
            raise SwitchTimeout(f"ESL: no reply to {type(command).__name__} within {self.reply_s} s")
        reply: Reply = answer.get()
        return reply

    # --- asyncio's connection ----------------------------------------------------------------------------------

    def hand_over(self, upwards: Upwards) -> None:
        """From here on frames go to ``upwards``, those that came meanwhile first; and :meth:`serve` writes."""
        self._upwards = upwards
        if self._early:
            upwards.hand_up(self._early)
        if self._fault is not None:
            upwards.hand_up_end(self._fault)

    def serve(self) -> None:
        """Write what asyncio puts, until it or the peer ends the connection."""
        while (data := self._outbox.get()) is not None:
            try:
                self._write(data)
            except (OSError, SwitchTimeout) as error:
                self._end(SwitchUnavailable(f"ESL: not written: {error}"))
                return

    def put(self, data: bytes) -> None:
        """Write ``data`` behind what waits. Too much waiting ends the connection, loudly."""
        if self._finishing:
            return
        if self._outbox.qsize() < self.most_waiting:
            self._outbox.put(data)
            return
        log.get().error("ESL: FreeSWITCH does not read; the connection is closed", peer=self.peer)
        self._end(SwitchUnavailable("ESL: too much waits to be written"))
        self.sock.close()  # wakes the write that is stuck

    def finish(self) -> None:
        """Close when all is written. Again is no error."""
        if not self._finishing:
            self._finishing = True
            self._outbox.put(None)

    # --- reading -----------------------------------------------------------------------------------------------

    def receive_events(self) -> None:
        """The reader: until the end of the stream, a fault, or :meth:`stop`."""
        fault: SwitchError = SwitchUnavailable("ESL: closed by us")
        try:
            while data := self.sock.recv(READ_BYTES):
                self._take(data)
            cut = ", within a frame" if self._decoder.inside_frame else ""
            fault = SwitchUnavailable(f"ESL: closed by FreeSWITCH{cut}")
        except OSError as error:
            fault = SwitchUnavailable(f"ESL: {error}")
        except RemoteProtocolError as error:
            fault = error
        finally:
            self._end(fault)

    def _take(self, data: bytes) -> None:
        frames: list[Frame] = []
        try:
            for frame in self._decoder.feed(data):
                if self._commands_sent:
                    self._answer(frame)
                else:
                    frames.append(frame)
        finally:
            if frames:
                self._deliver(frames)

    def _answer(self, frame: Frame) -> None:
        """A frame while a command of :meth:`ask` waits: its reply, or the end."""
        match frame:
            case Reply():
                self._commands_sent.pop(0).set(frame)
            case Disconnect():
                return
            case _:
                raise RemoteProtocolError(f"ESL: {type(frame).__name__} where a reply was due")

    def _deliver(self, frames: list[Frame]) -> None:
        if self._upwards is not None:
            self._upwards.hand_up(frames)
            return
        self._early += frames
        if len(self._early) > MOST_EARLY:
            raise RemoteProtocolError("ESL: events that nobody asked for")

    def _write(self, data: bytes) -> None:
        with gevent.Timeout(WRITE_S, SwitchTimeout(f"ESL: nothing was written for {WRITE_S} s")):
            self.sock.sendall(data)

    # --- the end -----------------------------------------------------------------------------------------------

    def _end(self, fault: SwitchError) -> None:
        """The first reason counts: asyncio, and what waits here, learn of it."""
        if self._fault is not None:
            return
        self._fault = fault
        self.connected = False
        for answer in self._commands_sent:
            answer.set_exception(OutboundSessionHasGoneAway(str(fault)))
        self._commands_sent.clear()
        if self._upwards is not None:
            self._upwards.hand_up_end(fault)
        self.finish()

    def stop(self) -> None:
        """Close, and free every descriptor and greenlet. Again is no error."""
        self._run = False
        self._end(SwitchUnavailable("ESL: closed by us"))
        for each in (self.sock_file, self.sock):
            if each is not None:
                each.close()
        reader = self._receive_events_greenlet
        if reader is not None and reader is not gevent.getcurrent():
            reader.kill(block=False)


def _tune(sock: socket) -> None:
    sock.setsockopt(native.SOL_SOCKET, native.SO_KEEPALIVE, 1)
    sock.setsockopt(native.IPPROTO_TCP, native.TCP_KEEPIDLE, KEEPALIVE_S)
    sock.setsockopt(native.IPPROTO_TCP, native.TCP_KEEPINTVL, 10)
    sock.setsockopt(native.IPPROTO_TCP, native.TCP_KEEPCNT, 3)
    sock.setsockopt(native.IPPROTO_TCP, native.TCP_NODELAY, 1)
