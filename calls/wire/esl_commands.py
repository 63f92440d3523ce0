"""ESL, our half: what we may say to FreeSWITCH about one call, and the one way it becomes bytes.

Each command is a value whose fields are checked when it is made, so that no text from a caller, no second line and no
``${...}`` can reach the switch. There is no raw application, no raw API command and no free variable name. What is
missing on purpose is ``getvar``: its reply is the variable's raw value, in which a caller may forge whole frames.

Every application carries an ``Event-UUID`` of ours, which its ``CHANNEL_EXECUTE`` and ``CHANNEL_EXECUTE_COMPLETE``
bring back as ``Application-UUID``: completions are matched by id, never by name or order.

Source: FreeSWITCH 1.11, mod_event_socket.c (commands) and switch_ivr.c (sendmsg); the recorded sessions in
tests/transcripts/freeswitch-1.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from calls.errors import CommandRefused
from calls.wire.esl_applications import Application
from calls.wire.esl_words import check_cause, check_id, refuse_unless

MAX_COMMAND_BYTES = 4_096
"""Both line feeds at the end included; nothing of ours comes near."""

MAX_LINGER_S = 60


class EventName(Enum):
    """The events that we ask for, on a call's own connection or of all channels."""

    EXECUTE = "CHANNEL_EXECUTE"
    EXECUTE_COMPLETE = "CHANNEL_EXECUTE_COMPLETE"
    DTMF = "DTMF"
    CREATE = "CHANNEL_CREATE"
    PROGRESS = "CHANNEL_PROGRESS"
    PROGRESS_MEDIA = "CHANNEL_PROGRESS_MEDIA"
    ANSWER = "CHANNEL_ANSWER"
    PARK = "CHANNEL_PARK"
    BRIDGE = "CHANNEL_BRIDGE"
    HOLD = "CHANNEL_HOLD"
    UNHOLD = "CHANNEL_UNHOLD"
    BUG_START = "MEDIA_BUG_START"
    JOB = "BACKGROUND_JOB"
    HEARTBEAT = "HEARTBEAT"
    HANGUP_COMPLETE = "CHANNEL_HANGUP_COMPLETE"


class Answers(Enum):
    """Which kind of frame answers a command."""

    REPLY = "command/reply"
    API = "api/response"


class Command(Protocol):
    """One ESL command."""

    @property
    def answered_by(self) -> Answers:
        """The kind of frame that answers it."""

    def lines(self) -> tuple[str, ...]:
        """Its lines, of which none is blank."""


def encode(command: Command) -> bytes:
    """The bytes of ``command``: its lines, each ended by one line feed, and the blank line behind them.

    Raises:
        CommandRefused: a line with a control character or a character that some reader takes for a line's end, or
            more than :data:`MAX_COMMAND_BYTES`.
    """
    lines = command.lines()
    for line in lines:
        if not line or not line.isprintable():
            raise CommandRefused(f"ESL {type(command).__name__}: a blank line or an unprintable character: {line!r}")
    data = "\n".join((*lines, "", "")).encode("utf-8", errors="strict")
    if len(data) > MAX_COMMAND_BYTES:
        raise CommandRefused(f"ESL {type(command).__name__} of {len(data)} bytes, at most {MAX_COMMAND_BYTES}")
    return data


@dataclass(frozen=True, slots=True)
class Replied:
    """What is answered by a ``command/reply``."""

    @property
    def answered_by(self) -> Answers:
        return Answers.REPLY


@dataclass(frozen=True, slots=True)
class Connect(Replied):
    """The first command on an outbound connection. Its reply tells all of the call, URL-encoded."""

    def lines(self) -> tuple[str, ...]:
        """``connect``."""
        return ("connect",)


@dataclass(frozen=True, slots=True)
class Exit(Replied):
    """Close the connection. The call goes on in its dialplan where ``socket_resume`` is set, and ends where not."""

    def lines(self) -> tuple[str, ...]:
        """``exit``."""
        return ("exit",)


@dataclass(frozen=True, slots=True)
class Linger(Replied):
    """Keep the connection for so many seconds after the hang-up, so that no event of it is lost."""

    for_s: int

    def __post_init__(self) -> None:
        refuse_unless(
            0 < self.for_s <= MAX_LINGER_S, f"linger {self.for_s}: expected 1 to {MAX_LINGER_S} s, or it never ends"
        )

    def lines(self) -> tuple[str, ...]:
        """``linger SECONDS``."""
        return (f"linger {self.for_s}",)


@dataclass(frozen=True, slots=True)
class Subscribe(Replied):
    """Ask for events, of all channels until :class:`FilterCall` has narrowed them to one."""

    events: tuple[EventName, ...]

    def __post_init__(self) -> None:
        refuse_unless(bool(self.events), "a subscription to no event")

    def lines(self) -> tuple[str, ...]:
        """``event plain NAME ...``."""
        return (" ".join(("event plain", *(event.value for event in self.events))),)


@dataclass(frozen=True, slots=True)
class FilterCall(Replied):
    """Only events of this channel."""

    channel_id: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)

    def lines(self) -> tuple[str, ...]:
        """``filter Unique-ID ID``."""
        return (f"filter Unique-ID {self.channel_id}",)


@dataclass(frozen=True, slots=True)
class HangupCall(Replied):
    """Hang up with a cause by its name, see :mod:`calls.switch.freeswitch.causes`. Before the answer it refuses the
    call with the cause's SIP status."""

    cause: str

    def __post_init__(self) -> None:
        check_cause(self.cause)

    def lines(self) -> tuple[str, ...]:
        """``sendmsg``, call-command ``hangup``."""
        return ("sendmsg", "call-command: hangup", f"hangup-cause: {self.cause}")


@dataclass(frozen=True, slots=True)
class BreakPlayback:
    """End the playback under way; it says that it was played all the same.

    As ``api`` and not ``bgapi``: a background job runs on a thread of its own and might break the next playback. A
    break before the application has begun is forgotten (``CF_BREAK`` is cleared there: switch_core_session.c).
    """

    channel_id: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)

    @property
    def answered_by(self) -> Answers:
        """``api/response``."""
        return Answers.API

    def lines(self) -> tuple[str, ...]:
        """``api uuid_break ID all``."""
        return (f"api uuid_break {self.channel_id} all",)


@dataclass(frozen=True, slots=True)
class Execute(Replied):
    """Run an application on the call. Its reply comes at once; that it has ended comes as an event."""

    application: Application
    event_id: str

    def __post_init__(self) -> None:
        check_id("Event-UUID", self.event_id)

    def lines(self) -> tuple[str, ...]:
        """``sendmsg``, call-command ``execute``."""
        name, argument = self.application.words()
        lines = ("sendmsg", "call-command: execute", f"execute-app-name: {name}", f"Event-UUID: {self.event_id}")
        return (*lines, f"execute-app-arg: {argument}") if argument else lines
