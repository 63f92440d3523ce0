"""The relay: one small process a call, by which an Asterisk that can do no better lets its caller be heard.

Asterisk starts it by ``EAGI(<this file>,<arguments>,<request>)``: AGI on standard input and output, and the caller's
audio, 8 kHz and 16 bits, on file descriptor 3. It carries AGI between Asterisk and the engine's AGI port, byte for
byte, behind the two lines with which Asterisk itself begins a request to there. One line is meant for it and goes no
further: ``CALLWRIGHT HEAR <address> <port> <id>``. From then on the audio goes to that port, as AudioSocket, until
the engine closes it; before and after that it is read and thrown away.

It ends with either side of the AGI, and with the call at the latest :data:`LINGERS_S` after it. It imports nothing
but the interpreter's own modules and runs on any Python from 3.7 on: it is copied to where Asterisk is.

Beside it lies ``<this file>.conf``: the engine's address, its AGI port and the token of the requests, each on a line
``name = value``. Ends with 1 where the engine is not there: AGISTATUS is FAILURE then.

Source: launch_script, run_agi and eagi_exec in res/res_agi.c.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys

AUDIO = 3
CONNECTS_S = 3.0
"""How long a connection to the engine may take; a call waits meanwhile."""

LINGERS_S = 60
"""A call that has ended waits so long at most for the engine to see it."""

EMPTIES_S = 1.0
"""While nobody hears, the audio's pipe is emptied this often: it holds four seconds."""

MOST_WAITING = 32_000
"""Bytes of audio, two seconds, that an engine may leave unread: one that is later than that hears no more."""

READ_BYTES = 16_384
MOST_LINE = 4_096
"""Bytes of a line of the engine's: AGI's own are shorter than 2,048."""

MARK = b"CALLWRIGHT HEAR "
ID, PCM = b"\x01", b"\x10"
"""Kinds of AudioSocket's messages; calls/wire/audio_socket.py reads them."""


def main() -> int:
    """The exit code."""
    at = settings(sys.argv[0] + ".conf")
    woken, wakes = os.pipe()
    for end in (woken, wakes, AUDIO):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGHUP, lambda *_: None)
    try:
        engine = socket.create_connection((at["host"], int(at["port"])), CONNECTS_S)
    except OSError:
        return 1
    engine.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = "agi_network: yes\nagi_network_script: {}?token={}\n".format(sys.argv[-1], at["secret"])
    engine.settimeout(None)
    engine.sendall(request.encode("ascii"))
    Relay(engine, woken).run()
    return 0


def settings(path: str) -> dict[str, str]:
    """The values of the file beside this one."""
    with open(path, encoding="ascii") as file:
        pairs = [line.partition("=") for line in file if "=" in line]
    return {name.strip(): value.strip() for name, _, value in pairs}


class Relay:
    """One call."""

    def __init__(self, engine: socket.socket, woken: int) -> None:
        """``woken`` can be read when a signal came."""
        self._engine = engine
        self._woken = woken
        self._line = b""
        self._hearer: socket.socket | None = None
        self._waiting = b""
        self._silent = False
        """Asterisk gives no audio any more."""
        self._poll = select.poll()
        for end in (0, woken, engine.fileno()):
            self._poll.register(end, select.POLLIN)

    def run(self) -> None:
        """Carry until either side of the AGI has ended."""
        try:
            while all(self._take(end, events) for end, events in self._ready()):
                pass  # what was not taken after an end is of no use
        except (BrokenPipeError, ConnectionResetError):
            return

    def _ready(self) -> list[tuple[int, int]]:
        """What can be read; the audio only where somebody hears it, for 50 times a second is not nothing."""
        if self._hearer is not None:
            return self._poll.poll()
        ready = self._poll.poll(EMPTIES_S * 1_000)
        self._empty()
        return ready

    def _empty(self) -> None:
        """Throw away what was said."""
        while not self._silent:
            try:
                self._silent = not os.read(AUDIO, 4 * READ_BYTES)
            except BlockingIOError:
                return

    def _take(self, end: int, events: int) -> bool:
        """Do what ``end`` is ready for; False where the AGI is over."""
        if end == 0:
            said = os.read(0, READ_BYTES)
            self._engine.sendall(said)
            return bool(said)
        if end == self._engine.fileno():
            return self._from_engine(self._engine.recv(READ_BYTES))
        if end == self._woken:
            os.read(self._woken, READ_BYTES)
            signal.alarm(LINGERS_S)
            self._engine.sendall(b"HANGUP\n")
        elif end == AUDIO:
            self._hear()
        elif self._hearer is not None and end == self._hearer.fileno():
            if events & ~select.POLLOUT and closed(self._hearer):
                self._deaf()
            self._to_hearer(b"")
        return True

    def _from_engine(self, said: bytes) -> bool:
        self._line += said
        *lines, self._line = self._line.split(b"\n")
        for line in lines:
            if line.startswith(MARK):
                self._open(line[len(MARK) :])
            else:
                write_all(1, line + b"\n")
        return bool(said) and len(self._line) <= MOST_LINE

    def _open(self, place: bytes) -> None:
        """Let the engine hear at ``place``; where that cannot be it hears nothing, and knows."""
        self._deaf()
        self._empty()
        if self._silent:
            return
        try:
            host, port, name = place.decode("ascii").split()
            hearer = socket.create_connection((host, int(port)), CONNECTS_S)
        except (OSError, ValueError):
            return
        hearer.setblocking(False)
        self._hearer = hearer
        self._poll.register(hearer.fileno(), select.POLLIN)
        self._poll.register(AUDIO, select.POLLIN)
        self._to_hearer(framed(ID, bytes.fromhex(name.replace("-", ""))))

    def _deaf(self) -> None:
        hearer, self._hearer, self._waiting = self._hearer, None, b""
        if hearer is not None:
            self._poll.unregister(hearer.fileno())
            self._poll.unregister(AUDIO)
            hearer.close()

    def _hear(self) -> None:
        """Take what the caller says. Its end is not the AGI's."""
        try:
            pcm = os.read(AUDIO, READ_BYTES)
        except BlockingIOError:  # thrown away meanwhile
            return
        if not pcm:
            self._silent = True
            self._deaf()
        elif self._hearer is not None:
            self._to_hearer(framed(PCM, pcm))

    def _to_hearer(self, frame: bytes) -> None:
        """Send what waits and ``frame``, as far as the engine takes it."""
        hearer = self._hearer
        if hearer is None:
            return
        self._waiting += frame
        try:
            self._waiting = self._waiting[hearer.send(self._waiting) :]
        except BlockingIOError:
            pass
        except OSError:
            self._deaf()
            return
        if len(self._waiting) > MOST_WAITING:
            self._deaf()
            return
        self._poll.modify(hearer.fileno(), select.POLLIN | (select.POLLOUT if self._waiting else 0))


def framed(kind: bytes, body: bytes) -> bytes:
    """One message of AudioSocket."""
    return kind + len(body).to_bytes(2, "big") + body


def closed(hearer: socket.socket) -> bool:
    """Whether its other side has closed. An event may be that of a socket before it, with the same number."""
    try:
        return not hearer.recv(READ_BYTES)
    except BlockingIOError:
        return False
    except OSError:
        return True


def write_all(end: int, data: bytes) -> None:
    """Write all of ``data``."""
    while data:
        data = data[os.write(end, data) :]


if __name__ == "__main__":
    sys.exit(main())
