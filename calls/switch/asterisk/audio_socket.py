"""Callers' audio by AudioSocket: Asterisk connects to one TCP port of ours, under an id that we chose.

A connection that does not say an id that waits, or says nothing for a while, is closed. When Asterisk ends its leg it
closes the connection, and the other way round: nothing of ours stays on a switch that we cannot ask.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from ipaddress import IPv4Address

from calls import log
from calls.errors import RemoteProtocolError, SwitchUnavailable
from calls.switch.asterisk.inlets import Networks, is_allowed
from calls.switch.backlog import Backlog
from calls.wire.ami_actions import audio_socket_far_end
from calls.wire.audio_socket import Audio, Decoder, End, Id

NAMELESS_S = 2.0
"""How long a connection may take to say its id: Asterisk does so at once."""

MAX_NAMELESS = 64
"""Connections that have not said their id."""

READ_BYTES = 64 * 1024


class AudioSocketInlet:
    """One caller's. See :class:`calls.switch.asterisk.inlets.Inlet`."""

    def __init__(self, id_: uuid.UUID, host: IPv4Address, port: int, server: AudioSocketServer) -> None:
        self.audio = Backlog()
        self.far_end = audio_socket_far_end(host, port, id_)
        self.id = id_
        self.port = port
        self._server = server
        self.connection: _Connection | None = None
        self.connected = asyncio.Event()
        """Set when a connection has said the id."""

    def cut(self) -> None:
        """Asterisk ends its leg when the connection is closed."""
        self.close()

    def close(self) -> None:
        """See :class:`calls.switch.asterisk.inlets.Inlet`."""
        self.audio.end()
        self._server.forget(self)
        if self.connection is not None:
            self.connection.close()


class AudioSocketServer:
    """See :class:`calls.switch.asterisk.inlets.Inlets`. It listens on the first of ``ports`` that can be had."""

    def __init__(
        self, host: IPv4Address, ports: range, allow: Networks, new_id: Callable[[], uuid.UUID] = uuid.uuid4
    ) -> None:
        self.host = host
        self._ports = ports
        self._allow = tuple(allow)
        self._new_id = new_id
        self._server: asyncio.Server | None = None
        self._inlets: dict[uuid.UUID, AudioSocketInlet] = {}
        self._nameless: dict[_Connection, asyncio.TimerHandle] = {}
        self.room = bytearray(READ_BYTES)
        """Where every connection reads into; nothing stays in it from one read to the next."""

    async def start(self) -> None:
        """See :class:`calls.switch.asterisk.inlets.Inlets`."""
        fault: OSError | None = None
        for port in self._ports:
            try:
                loop = asyncio.get_running_loop()
                self._server = await loop.create_server(lambda: _Connection(self), str(self.host), port)
            except OSError as error:
                fault = error
            else:
                return
        raise OSError(f"no TCP port of {self._ports[0]} to {self._ports[-1]} is free for AudioSocket") from fault

    async def open(self) -> AudioSocketInlet:
        """See :class:`calls.switch.asterisk.inlets.Inlets`."""
        if self._server is None:
            raise SwitchUnavailable("the AudioSocket server does not listen")
        port: int = self._server.sockets[0].getsockname()[1]
        id_ = self._new_id()
        inlet = self._inlets[id_] = AudioSocketInlet(id_, self.host, port, self)
        return inlet

    async def stop(self) -> None:
        """See :class:`calls.switch.asterisk.inlets.Inlets`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for inlet in list(self._inlets.values()):
            inlet.close()
        for connection in list(self._nameless):
            connection.close()

    def forget(self, inlet: AudioSocketInlet) -> None:
        """No connection is taken for it any more."""
        self._inlets.pop(inlet.id, None)

    # --- for its connections -----------------------------------------------------------------------------------

    def knocked(self, connection: _Connection, peer: str) -> bool:
        """Whether a connection from ``peer`` is read at all."""
        if not is_allowed(peer, self._allow) or len(self._nameless) >= MAX_NAMELESS:
            log.get().warning("an AudioSocket connection was refused", peer=peer)
            return False
        self._nameless[connection] = asyncio.get_running_loop().call_later(NAMELESS_S, connection.close)
        return True

    def named(self, connection: _Connection, id_: uuid.UUID) -> AudioSocketInlet | None:
        """The inlet that waits for this id."""
        self.left(connection)
        inlet = self._inlets.get(id_)
        if inlet is None or inlet.connection is not None:
            log.get().warning("an AudioSocket connection has no id of ours")
            return None
        inlet.connection = connection
        inlet.connected.set()
        return inlet

    def left(self, connection: _Connection) -> None:
        """It waits for its id no longer."""
        timer = self._nameless.pop(connection, None)
        if timer is not None:
            timer.cancel()


class _Connection(asyncio.BufferedProtocol):
    """One connection of Asterisk's."""

    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server
        self._decoder = Decoder()
        self._inlet: AudioSocketInlet | None = None
        self._transport: asyncio.Transport | None = None

    def close(self) -> None:
        """Close. Again is no error."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: accepted."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        name = transport.get_extra_info("peername")
        if not self._server.knocked(self, str(name[0]) if name else ""):
            self.close()

    def get_buffer(self, sizehint: int) -> bytearray:
        """asyncio: where to read into."""
        return self._server.room

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: bytes came."""
        assert self._transport is not None
        if self._transport.is_closing():
            return
        try:
            for message in self._decoder.feed(bytes(memoryview(self._server.room)[:nbytes])):
                self._take(message)
        except RemoteProtocolError as fault:
            log.get().warning("an AudioSocket connection was closed", fault=str(fault))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: closed, by whom ever."""
        self._server.left(self)
        if self._inlet is not None:
            self._inlet.audio.end()

    def _take(self, message: Id | Audio | End) -> None:
        match message:
            case Id(id_):
                self._inlet = self._server.named(self, id_)
                if self._inlet is None:
                    self.close()
            case Audio(pcm):
                if self._inlet is not None:
                    self._inlet.audio.put(pcm)
            case End():
                self.close()
