"""AMI as it comes in: bytes to frames. No sockets, no clocks; what we send is in :mod:`calls.wire.ami_actions`.

The stream is a banner line, then frames of ``Key: value`` lines, each frame ended by an empty line. Two things make
it dangerous. A value may hold anything that a SIP caller sent, raw line ends among it, so a caller can make whole
frames: the codec cannot know them from real ones, it can only mark a frame whose single headers come twice
(:attr:`Event.tampered`) and leave every further doubt to who knows the ids. And a frame that is only the rest of a
value must never end the connection, or a caller could cut us off: such frames are counted and dropped.

Source: Asterisk 16 and 22, main/manager.c (``append_event``, ``astman_send_response_full``), and the recorded
transcripts of both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from calls.errors import RemoteProtocolError
from calls.text import printable

MAX_LINE = 128 * 1024
"""Bytes of one line. A value can be as long as a SIP message over TCP (65,535 bytes, PJSIP_MAX_PKT_LEN in Asterisk's
build); twice that can only be a fault. A lower limit would let a caller end the connection with a long name."""

MAX_FRAME = 1024 * 1024
"""Bytes of one frame: eight of a channel's values at a SIP message's length each leave half of it free."""

MAX_HEADERS = 32 * 1024
"""Lines of one frame. A SIP message full of escaped line ends (six bytes each) makes 11,000 of them."""

MAX_BANNER = 128
"""Bytes of the greeting; Asterisk's has 28 to 30."""

BANNER = re.compile(rb"Asterisk Call Manager/([0-9]{1,4}(?:\.[0-9]{1,4}){0,3})\Z")
"""Source: main/manager.c, ``session_do``: "Asterisk Call Manager/%s" with AMI_VERSION."""

SINGLE = tuple(
    f"\r\n{name}: "
    for name in ("Event", "Response", "ActionID", "Uniqueid", "Linkedid", "Channel", "DestUniqueid", "Cause")
)
"""Headers that Asterisk writes at most once in a frame: twice means that a value held a line end."""


@dataclass(frozen=True, slots=True)
class Banner:
    """The greeting, once, before all else. ``version``: of AMI, not of Asterisk."""

    version: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What an event and a response have in common.

    A header is looked for when somebody asks for it: of some twenty in an event its readers want three or four, and
    most events are of calls that are not ours. All text handed on is clean (see :func:`calls.text.printable`).
    """

    text: str
    """The lines as they came, with ``\\r\\n`` between them."""

    def get(self, key: str) -> str:
        """The first value of ``key``; "" where there is none."""
        text = self.text
        if text.startswith(key) and text.startswith(": ", len(key)):
            start = len(key) + 2
        else:
            start = text.find(f"\r\n{key}: ") + len(key) + 4
            if start < len(key) + 4:
                return ""
        end = text.find("\r\n", start)
        return printable(text[start:] if end < 0 else text[start:end])

    def all(self, key: str) -> tuple[str, ...]:
        """Every value of ``key`` in order, for those that repeat: Output, Variable, ChanVariable."""
        return tuple(value for name, value in self.headers if name == key)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Every header and its value, in order. Lines that are no header are left out."""
        parts = (line.partition(": ") for line in self.text.split("\r\n"))
        return tuple((printable(key), printable(value)) for key, separator, value in parts if separator)

    @property
    def action_id(self) -> str:
        """The ActionID that this answers; "" where it answers none."""
        return self.get("ActionID")

    @property
    def tampered(self) -> bool:
        """True where a header that comes once came twice: some value held a line end. Believe nothing of it."""
        lines = f"\r\n{self.text}"
        return max(map(lines.count, SINGLE)) > 1

    @property
    def completes_list(self) -> bool:
        """True for the last event of a list."""
        return self.get("EventList") == "Complete"


@dataclass(frozen=True, slots=True)
class Response(Frame):
    """The answer to an action."""

    @property
    def success(self) -> bool:
        """True where the action was taken: Success, or Goodbye to a Logoff."""
        return self.get("Response") in ("Success", "Goodbye")

    @property
    def message(self) -> str:
        """The switch's words."""
        return self.get("Message")

    @property
    def starts_list(self) -> bool:
        """True where events follow that belong to this answer, up to one that :attr:`completes_list`."""
        return self.get("EventList") == "start"


@dataclass(frozen=True, slots=True)
class Event(Frame):
    """Something happened, or one item of a list. OriginateResponse, which has a ``Response:`` too, is an event."""

    @property
    def name(self) -> str:
        """What happened, e.g. ``Hangup``."""
        return self.get("Event")


AmiFrame = Banner | Response | Event


def _text(raw: bytes, eol: bytes) -> str:
    """One frame as text.

    Decoding before the lines are split is the same as after it, and faster: no byte of a line end can be part of a
    longer UTF-8 sequence, valid or not (RFC 3629, section 3).

    Raises:
        RemoteProtocolError: beyond a limit.
    """
    if len(raw) > MAX_FRAME:
        raise RemoteProtocolError(f"a frame of more than {MAX_FRAME} bytes")
    if len(raw) > MAX_HEADERS * 2 and raw.count(eol) >= MAX_HEADERS:
        raise RemoteProtocolError(f"a frame of more than {MAX_HEADERS} headers")
    if len(raw) > MAX_LINE and max(map(len, raw.split(eol))) > MAX_LINE:
        raise RemoteProtocolError(f"a line of more than {MAX_LINE} bytes")
    text = raw.decode("utf-8", "surrogateescape")
    return text if eol == b"\r\n" else text.replace("\n", "\r\n")


@dataclass(slots=True)
class Decoder:
    """Takes bytes as they arrive, gives frames.

    ``wanted`` names the events that somebody needs, by name; every other one is dropped at its first line, at a
    tenth of the cost of reading it. None takes all of them. Responses are always given.

    The line end is the one of the banner. A bare ``\\n`` is read as a line end only where the banner ends in one
    (a test double, a relay): from Asterisk, which writes ``\\r\\n``, a bare ``\\n`` is part of a caller's value.
    """

    wanted: frozenset[str] | None = None
    dropped: int = 0
    """Events that nobody wanted."""
    noise: int = 0
    """Frames that are neither an event nor a response: rests of values that held line ends."""
    _buffer: bytearray = field(default_factory=bytearray)
    _eol: bytes = b""
    _wanted: frozenset[bytes] | None = None

    def __post_init__(self) -> None:
        if self.wanted is not None:
            self._wanted = frozenset(b"Event: " + name.encode("ascii") for name in self.wanted)

    def feed(self, data: bytes) -> list[AmiFrame]:
        """The frames that ``data`` completes.

        Raises:
            RemoteProtocolError: not AMI, or beyond a limit. The decoder is of no further use.
        """
        buffer = self._buffer
        start = max(0, len(buffer) - 3)
        buffer += data
        frames: list[AmiFrame] = []
        if not self._eol:
            banner = self._take_banner()
            if banner is None:
                return frames
            frames.append(banner)
            start = 0
        blank = self._eol * 2
        end = buffer.rfind(blank, start)
        if end >= 0:
            whole = bytes(memoryview(buffer)[:end])
            del buffer[: end + len(blank)]
            self._take_frames(whole.split(blank), frames)
        if len(buffer) > MAX_FRAME:
            raise RemoteProtocolError(f"a frame of more than {MAX_FRAME} bytes")
        return frames

    def end(self) -> int:
        """How many bytes of an unfinished frame the end of the stream has cut off. They are dropped."""
        cut = len(self._buffer)
        self._buffer.clear()
        return cut

    def _take_banner(self) -> Banner | None:
        """The greeting, when it is there whole; it sets the line end.

        Raises:
            RemoteProtocolError: who answers is not an Asterisk manager.
        """
        line, end, _ = self._buffer.partition(b"\n")
        match = BANNER.match(line.removesuffix(b"\r"))
        if len(line) > MAX_BANNER or (end and match is None):
            raise RemoteProtocolError(f"not an Asterisk manager: {printable(line[:40].decode('ascii', 'replace'))!r}")
        if not end or match is None:
            return None
        self._eol = b"\r\n" if line.endswith(b"\r") else b"\n"
        del self._buffer[: len(line) + 1]
        return Banner(match[1].decode("ascii"))

    def _take_frames(self, raws: list[bytes], frames: list[AmiFrame]) -> None:
        eol, wanted = self._eol, self._wanted
        for raw in raws:
            # Asterisk sends a second empty line after some errors ("Uniqueid length exceeds ...").
            if raw.startswith(eol) or raw.endswith(eol):
                raw = raw.removeprefix(eol).removesuffix(eol)
            if raw.startswith(b"Event: "):
                if wanted is None or raw.partition(eol)[0] in wanted:
                    frames.append(Event(_text(raw, eol)))
                else:
                    self.dropped += 1
            elif raw.startswith(b"Response: "):
                frames.append(Response(_text(raw, eol)))
            elif raw:
                self.noise += 1
