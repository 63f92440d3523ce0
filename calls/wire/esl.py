"""ESL, FreeSWITCH's half: bytes to typed frames, with no socket.

A frame is a block of header lines, a blank line, and, where ``Content-Length`` says so, a body. The block is split
into lines first and each value is unquoted afterwards, never the other way round: a caller's name with ``%0A`` in it
stays one value. Bodies never become headers of their frame.

==========================  =====================  ==============================================================
``Content-Type``            frame                  values
==========================  =====================  ==============================================================
``auth/request``            :class:`AuthRequest`
``command/reply``           :class:`Reply`         raw; the reply to ``connect`` is a whole event, URL-encoded
``api/response``            :class:`ApiReply`      the body, raw
``text/event-plain``        :class:`Event`         headers of their own in the body, URL-encoded, perhaps a body
``text/event-json``         :class:`Event`         one JSON object, not URL-encoded
``text/disconnect-notice``  :class:`Disconnect`    the end, or with ``Content-Disposition: linger`` the end soon
``text/rude-rejection``     :class:`Rejection`     our address may not connect
==========================  =====================  ==============================================================

A raw reply's text may hold a caller's own words (``getvar`` puts a variable there as it is, so that a value with line
feeds forges headers and whole frames). Nothing of ours asks for such a reply, see :mod:`calls.wire.esl_commands`.

Text that is not UTF-8 is decoded with ``surrogateescape``. Source: FreeSWITCH 1.11, mod_event_socket.c and
switch_event.c; the recorded sessions in tests/transcripts/freeswitch-1.11.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from calls.errors import RemoteProtocolError

MAX_HEADER_BYTES = 262_144
"""A header block; a call's own is about 6 kB, and grows with the variables that its dialplan sets."""

MAX_BODY_BYTES = 16 * 1_024 * 1_024
"""A body. The list of 1,000 channels is about 1 MB."""

MAX_HEADERS = 4_096


class Headers:
    """Header lines by name; of two with one name the first counts. Values are unquoted when they are asked for."""

    __slots__ = ("_escaped", "_values")

    def __init__(self, values: dict[str, str], *, escaped: bool = False) -> None:
        self._values = values
        self._escaped = escaped

    def get(self, name: str, default: str = "") -> str:
        """The value of ``name``; ``default`` where there is none."""
        value = self._values.get(name)
        if value is None:
            return default
        return _unquote(value) if self._escaped and "%" in value else value

    def __contains__(self, name: object) -> bool:
        """Whether there is such a header."""
        return name in self._values

    def __len__(self) -> int:
        """How many headers there are."""
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        """Equal where names and unquoted values are."""
        return isinstance(other, Headers) and dict(self.items()) == dict(other.items())

    def __repr__(self) -> str:
        """As a dictionary, for tests' messages."""
        return f"Headers({dict(self.items())!r})"

    __hash__ = None  # type: ignore[assignment]  # equal by value, and holds a dictionary

    def items(self) -> Iterator[tuple[str, str]]:
        """Names and unquoted values, in the order of the wire."""
        return ((name, self.get(name)) for name in self._values)


# --- frames -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """FreeSWITCH asks for the password."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command. ``text`` begins with ``+OK`` or ``-ERR``, but for ``getvar``, which we never say."""

    text: str
    headers: Headers

    @property
    def refused(self) -> bool:
        """The command was not taken."""
        return not self.text.startswith("+OK")


@dataclass(frozen=True, slots=True)
class ApiReply:
    """The answer to an ``api`` command: whatever it printed."""

    text: str

    @property
    def refused(self) -> bool:
        """The command failed, or printed nothing that says that it did not."""
        return self.text.startswith(("-ERR", "-USAGE"))


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on the switch. ``body``: a background job's output and the like."""

    name: str
    headers: Headers
    body: str = ""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The connection ends; ``lingering``: the call has ended, and the connection will when we say ``exit`` or when
    the time that we gave is over. All events of the call have come by then."""

    lingering: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Our address is not on the list of those who may connect."""

    text: str


Frame = AuthRequest | Reply | ApiReply | Event | Disconnect | Rejection

# --- the decoder ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Pending:
    """A frame whose body is still to come."""

    headers: Headers
    content_type: str
    body_bytes: int


@dataclass(slots=True)
class Decoder:
    """Frames from one connection's bytes, however they are cut. After an error the connection is to be closed:
    nobody can tell any more where a frame begins."""

    _buffer: bytearray = field(default_factory=bytearray)
    _pending: _Pending | None = None
    _searched: int = 0
    _failed: bool = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete with ``data``, to be iterated to the end.

        Raises:
            RemoteProtocolError: not ESL, after the frames before the fault.
        """
        if self._failed:
            raise RemoteProtocolError("ESL: bytes after a fault")
        self._buffer += data
        try:
            while (frame := self._next()) is not None:
                yield frame
        except RemoteProtocolError:
            self._failed = True
            self._buffer.clear()
            raise

    @property
    def inside_frame(self) -> bool:
        """Bytes of a frame have come that is not complete: an end of the stream here cuts it off."""
        return self._pending is not None or bool(self._buffer)

    def _next(self) -> Frame | None:
        if self._pending is None:
            self._pending = self._next_block()
        pending = self._pending
        if pending is None or len(self._buffer) < pending.body_bytes:
            return None
        body = bytes(self._buffer[: pending.body_bytes])
        del self._buffer[: pending.body_bytes]
        self._pending = None
        return _frame(pending.content_type, pending.headers, body)

    def _next_block(self) -> _Pending | None:
        """The next whole header block. Blank lines before it have no meaning."""
        buffer = self._buffer
        if buffer.startswith(b"\n"):
            del buffer[: len(buffer) - len(buffer.lstrip(b"\n"))]
            self._searched = 0
        end = buffer.find(b"\n\n", self._searched)
        if end < 0:
            self._searched = max(0, len(buffer) - 1)
            if len(buffer) > MAX_HEADER_BYTES + 1:
                raise RemoteProtocolError(f"ESL: a header block of more than {MAX_HEADER_BYTES} bytes")
            return None
        if end > MAX_HEADER_BYTES:
            raise RemoteProtocolError(f"ESL: a header block of {end} bytes, at most {MAX_HEADER_BYTES}")
        block = bytes(buffer[:end])
        del buffer[: end + 2]
        self._searched = 0
        headers = _headers(block, escaped=block.startswith(b"Event-Name: "))
        content_type = headers.get("Content-Type")
        if not content_type:
            raise RemoteProtocolError("ESL: a frame without Content-Type")
        return _Pending(headers, content_type, _content_length(headers))


def _frame(content_type: str, headers: Headers, body: bytes) -> Frame:
    match content_type:
        case "command/reply":
            return Reply(headers.get("Reply-Text").rstrip("\n"), headers)
        case "text/event-plain":
            return _plain_event(body)
        case "text/event-json":
            return _json_event(body)
        case "api/response":
            return ApiReply(_text(body))
        case "text/disconnect-notice":
            return Disconnect(headers.get("Content-Disposition") == "linger", _text(body))
        case "auth/request":
            return AuthRequest()
        case "text/rude-rejection":
            return Rejection(_text(body))
        case _:
            raise RemoteProtocolError(f"ESL: a frame of type {content_type[:80]!r}, which nobody asked for")


def _headers(block: bytes, *, escaped: bool) -> Headers:
    lines = _text(block).split("\n")
    if len(lines) > MAX_HEADERS:
        raise RemoteProtocolError(f"ESL: {len(lines)} header lines, at most {MAX_HEADERS}")
    values: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise RemoteProtocolError(f"ESL: a header line without a name: {line[:80]!r}")
        values.setdefault(name, value.removeprefix(" "))
    return Headers(values, escaped=escaped)


def _content_length(headers: Headers) -> int:
    if "Content-Length" not in headers:
        return 0
    text = headers.get("Content-Length")
    if not (text.isascii() and text.isdecimal() and len(text) <= 8) or int(text) > MAX_BODY_BYTES:
        raise RemoteProtocolError(f"ESL: Content-Length {text[:40]!r}, expected 0 to {MAX_BODY_BYTES}")
    return int(text)


def _plain_event(data: bytes) -> Event:
    block, _, rest = data.partition(b"\n\n")
    if len(block) > MAX_HEADER_BYTES:
        raise RemoteProtocolError(f"ESL: an event with {len(block)} bytes of headers, at most {MAX_HEADER_BYTES}")
    headers = _headers(block.rstrip(b"\n"), escaped=True)
    body_bytes = _content_length(headers)
    if len(rest) < body_bytes:
        raise RemoteProtocolError(f"ESL: an event's body of {len(rest)} bytes, {body_bytes} were announced")
    return _event(headers, _text(rest[:body_bytes]))


def _json_event(data: bytes) -> Event:
    try:
        pairs = json.loads(_text(data), object_pairs_hook=_flat)
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"ESL: an event that is not JSON: {error}") from error
    if not isinstance(pairs, dict):
        raise RemoteProtocolError("ESL: an event that is not a JSON object")
    body = pairs.pop("_body", "")
    return _event(Headers(pairs), body)


def _flat(pairs: list[tuple[str, object]]) -> dict[str, str]:
    """The members of an event: texts, or lists of texts, which the plain form writes as ``ARRAY::one|:two``."""
    values: dict[str, str] = {}
    for name, value in pairs:
        match value:
            case str():
                values.setdefault(name, value)
            case list() if all(isinstance(each, str) for each in value):
                values.setdefault(name, "ARRAY::" + "|:".join(value))
            case _:
                raise ValueError(f"member {name[:80]!r} is not a text")
    return values


def _event(headers: Headers, body: str) -> Event:
    name = headers.get("Event-Name")
    if not name:
        raise RemoteProtocolError("ESL: an event without a name")
    return Event(name, headers, body)


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="surrogateescape")


def _unquote(value: str) -> str:
    return _text(unquote_to_bytes(value.encode("utf-8", errors="surrogateescape")))
