"""AGI, their half: a connection's bytes decoded, with no socket.

::

    environment --blank line--> idle --expect()--> waiting --reply--> idle
                                 |                    |
                                 +---- HANGUP line ---+      (no change of state; it may come at any moment)

Anything else is :class:`RemoteProtocolError`, after which the decoder refuses every byte: a stream that has lost its
place once is never trusted again. In particular a reply that nobody waits for is a fault, because a caller may have
forged it (HAZARDS: a number with line feeds), and so is what follows a forged end of the environment.

A value is the one thing that has no end of its own: it may hold line feeds, parentheses and whole replies. It ends
with the last ``)`` of what has arrived, as Asterisk writes a reply in one piece. Cut inside, it comes out short and
its rest is a fault at once. The product reads no variable that holds a caller's text: see
:class:`calls.wire.agi.Variable`.

Source: res/res_agi.c; transcripts of 16.28 and 22.10 in tests/transcripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from calls.errors import RemoteProtocolError
from calls.wire import agi_environment
from calls.wire.agi import Shape
from calls.wire.agi_environment import Environment

MAX_REPLY_BYTES = 65_536
"""A value of one variable; Asterisk grows its buffer without a limit, we do not."""

SUCCESS = 200
DEAD_CHANNEL = 511
"""The channel has been hung up. Source: agi_handle_command in res/res_agi.c."""

_HANGUP = b"HANGUP\n"
_RESULT = re.compile(rb"200 result=(-?[0-9A-D*#]{0,255})(?: \(([a-z]{1,20})\))?(?: endpos=(-?[0-9]{1,18}))?\Z")
_VALUE_BEGINS = b"200 result=1 ("
_NO_VALUE = b"200 result=0"
_REFUSAL = re.compile(rb"(5[0-9]{2})([ -])([ -~]{0,200})\Z")
_USAGE_ENDS = re.compile(rb"520 End of proper usage\.\Z")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. ``status`` 200: done; 510: no such command; 511: dead channel; 520: wrong usage."""

    status: int
    data: str = ""
    """What stands after ``result=``: mostly a number, for :class:`calls.wire.agi.GetKey` a key."""
    word: str = ""
    """The word in parentheses, e.g. ``timeout`` or ``hangup``."""
    value: str | None = None
    """A variable's value; None where it is not set."""
    endpos: int | None = None
    """Where a file was left, in samples."""
    message: str = ""
    """The text of a refusal."""

    @property
    def number(self) -> int:
        """``result=`` as a number.

        Raises:
            RemoteProtocolError: it is none.
        """
        try:
            return int(self.data)
        except ValueError:
            raise RemoteProtocolError(f"AGI result {self.data!r}: expected a number") from None


@dataclass(frozen=True, slots=True)
class HangupNotice:
    """The line ``HANGUP``: the channel was hung up, or is about to be moved. A second one may follow."""


Event = Environment | Reply | HangupNotice


class _State(Enum):
    ENVIRONMENT = auto()
    IDLE = auto()
    WAITING = auto()
    BROKEN = auto()


class AgiDecoder:
    """The switch's side of one connection. Feed it what arrives; announce each command with :meth:`expect`."""

    def __init__(self) -> None:
        self._buffer = b""
        self._state = _State.ENVIRONMENT
        self._shape = Shape.RESULT
        self._usage: list[bytes] = []

    @property
    def waiting(self) -> bool:
        """True while a reply is due."""
        return self._state is _State.WAITING

    def expect(self, shape: Shape) -> None:
        """A command was sent, whose reply has this ``shape``.

        Raises:
            RemoteProtocolError: bytes came that no command asked for.
            RuntimeError: our bug: a reply is due already, or the environment is not there yet.
        """
        if self._state is _State.BROKEN:
            raise RemoteProtocolError("AGI connection has lost its place")
        if self._state is not _State.IDLE:
            raise RuntimeError("AGI: one command at a time, after the environment")
        self._state = _State.WAITING
        self._shape = shape

    def feed(self, data: bytes) -> list[Event]:
        """What ``data`` completes, in order.

        Raises:
            RemoteProtocolError: it is not AGI. The events before the fault in ``data`` are lost with it.
        """
        if self._state is _State.BROKEN:
            raise RemoteProtocolError("AGI connection has lost its place")
        self._buffer += data
        events: list[Event] = []
        try:
            while (event := self._next()) is not None:
                events.append(event)
        except RemoteProtocolError:
            self._state = _State.BROKEN
            self._buffer = b""
            raise
        return events

    def _next(self) -> Event | None:
        if self._state is _State.ENVIRONMENT:
            return self._environment()
        if self._buffer.startswith(_HANGUP):
            if not self._usage:
                self._buffer = self._buffer[len(_HANGUP) :]
                return HangupNotice()
        elif not self._usage and _HANGUP.startswith(self._buffer):
            return None
        if self._state is _State.IDLE:
            raise RemoteProtocolError(f"AGI: nobody asked for {self._buffer[:60]!r}")
        return self._reply()

    def _environment(self) -> Environment | None:
        end = self._buffer.find(agi_environment.END)
        if end < 0:
            if len(self._buffer) > agi_environment.MAX_ENVIRONMENT_BYTES:
                raise RemoteProtocolError("AGI environment without an end")
            return None
        cut = end + len(agi_environment.END)
        environment = agi_environment.decode(self._buffer[:cut])
        self._buffer = self._buffer[cut:]
        self._state = _State.IDLE
        return environment

    def _reply(self) -> Reply | None:
        if len(self._buffer) > MAX_REPLY_BYTES:
            raise RemoteProtocolError(f"AGI reply of more than {MAX_REPLY_BYTES} bytes")
        if self._shape is Shape.VALUE and not self._usage and self._buffer.startswith(_VALUE_BEGINS):
            return self._value()
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
            if (reply := self._line(line)) is not None:
                self._state = _State.IDLE
                self._usage = []
                return reply
        return None

    def _value(self) -> Reply | None:
        """A value, which ends with the last parenthesis; HANGUP lines may stand behind it."""
        body = self._buffer
        while body.endswith(b"\n" + _HANGUP):
            body = body[: -len(_HANGUP)]
        if not body.endswith(b")\n") or len(body) < len(_VALUE_BEGINS) + 2:
            return None
        self._buffer = self._buffer[len(body) :]
        self._state = _State.IDLE
        value = body[len(_VALUE_BEGINS) : -2].decode("utf-8", errors="replace")
        return Reply(SUCCESS, data="1", value=value)

    def _line(self, line: bytes) -> Reply | None:
        """The reply that ``line`` ends, or None inside a refusal of several lines."""
        if self._usage:
            self._usage.append(line)
            if sum(map(len, self._usage)) > MAX_REPLY_BYTES:
                raise RemoteProtocolError(f"AGI usage text of more than {MAX_REPLY_BYTES} bytes")
            if _USAGE_ENDS.match(line) is None:
                return None
            return Reply(520, message=b"\n".join(self._usage).decode("utf-8", errors="replace"))
        if self._shape is Shape.RESULT and (result := _RESULT.match(line)) is not None:
            endpos = int(result[3]) if result[3] is not None else None
            return Reply(SUCCESS, result[1].decode("ascii"), (result[2] or b"").decode("ascii"), endpos=endpos)
        if self._shape is Shape.VALUE and line == _NO_VALUE:
            return Reply(SUCCESS, data="0")
        refusal = _REFUSAL.match(line)
        if refusal is None:
            raise RemoteProtocolError(f"AGI: expected a reply, got {line[:60]!r}")
        if refusal[2] == b"-":
            self._usage.append(line)
            return None
        return Reply(int(refusal[1]), message=refusal[3].decode("ascii"))
