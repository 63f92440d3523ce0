"""AMI as it goes out: one type for each action, and the one encoder.

Everything that becomes a line passes :func:`encode`, which refuses whatever could end a line or give Asterisk more
than the action it is given. The values of the actions are narrower still: ids, numbers and names of the settings,
never a text from a caller or a lead. (A comma in ``Variable:`` is enough: ``Doe,FILE(/path)=evil`` wrote a file with
the originate class alone.)

Source: https://docs.asterisk.org/Asterisk_20_Documentation/API_Documentation/AMI_Actions/ and main/manager.c.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import ClassVar
from uuid import UUID

from calls.errors import CommandRefused
from calls.ids import SAFE_ID

MAX_LINE = 1024
"""Bytes of one line with its line end: below ``inbuf[1025]`` of main/manager.c, struct mansession_session."""

MAX_HEADERS = 120
"""Lines of one action: below AST_MAX_MANHEADERS (128) of include/asterisk/manager.h; more are dropped unread."""

KEYS = frozenset(
    (
        *("Action", "ActionID", "AuthType", "Username", "Key", "Events"),
        *("Channel", "Context", "Exten", "Priority", "Timeout", "CallerID", "Variable", "Async", "EarlyMedia"),
        *("ChannelId", "Cause", "Conference", "Direction", "State", "Value", "Digit", "Receive"),
    )
)
"""Every header that we ever send."""

CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+@:;/=~-]{0,199}\Z")
"""A channel's name, its unique id or a dial string. No ``& , ( ) | $ { } < >``, nor the ``/`` in front that makes
Hangup take a pattern."""

EVERYBODY = frozenset(("all", "participants"))
"""Words that ConfbridgeKick takes for more than one channel (apps/app_confbridge.c)."""

NUMBER = re.compile(r"\+?[0-9]{1,15}\Z")
"""A caller's number or extension that we show. E.164 numbers have at most 15 digits (ITU-T E.164, section 6.1)."""

VARIABLE = re.compile(r"CW_[A-Z][A-Z0-9_]{0,31}\Z")
"""The variables that we set: our own, so never a function and never one that Asterisk gives a meaning to."""

UNIQUE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,149}\Z")
"""A channel's unique id: the system's name, a time and a count, or an id of ours."""

FAR_END = re.compile(
    r"UnicastRTP/[0-9.]{7,15}:[0-9]{1,5}/c\(ulaw\)\Z"
    r"|AudioSocket/[0-9.]{7,15}:[0-9]{1,5}/[0-9a-f-]{36}/c\(slin\)\Z"
)
"""Where a leg of ours gives what it hears. The parentheses hold a coding, and nothing else has a place there."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""What could end a line, or mean something to a terminal."""

KEY = re.compile(r"[0-9*#A-D]\Z")
"""A key of DTMF."""

MODULE = re.compile(r"[a-z][a-z0-9_]{1,40}\Z")
"""A module's name without its suffix."""

USER = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")
"""A manager account's name: a section of manager.conf."""

Headers = tuple[tuple[str, str], ...]


def _checked(pattern: re.Pattern[str], what: str, text: str) -> str:
    """``text``, where it is what it should be.

    Raises:
        CommandRefused: it is not.
    """
    if pattern.match(text) is None:
        raise CommandRefused(f"{what} {text!r} must not reach the switch")
    return text


def _milliseconds(seconds: float) -> str:
    if not 0 < seconds <= 86_400:
        raise CommandRefused(f"a timeout of {seconds!r} s")
    return str(round(seconds * 1000))


def _cause(cause: int) -> str:
    """Q.850 causes are 1 to 127 (ITU-T Q.850, table 1)."""
    if not 1 <= cause <= 127:
        raise CommandRefused(f"a hangup cause of {cause!r}")
    return str(cause)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Ask for a challenge, so that the secret does not cross the wire."""

    name: ClassVar[str] = "Challenge"

    def headers(self) -> Headers:
        return (("AuthType", "MD5"),)


@dataclass(frozen=True, slots=True)
class Login:
    """Log in with the answer to a challenge. ``events``: the classes of events to be sent, e.g. ``("call",)``."""

    name: ClassVar[str] = "Login"
    user: str
    key: str
    events: tuple[str, ...]

    @classmethod
    def answer(cls, user: str, secret: str, challenge: str, events: tuple[str, ...]) -> Login:
        """The login for ``challenge``. The MD5 is what AMI offers (main/manager.c, ``authenticate``)."""
        digest = hashlib.md5((challenge + secret).encode("utf-8"), usedforsecurity=False)
        return cls(user, digest.hexdigest(), events)

    def headers(self) -> Headers:
        return (
            ("AuthType", "MD5"),
            ("Username", _checked(USER, "the account", self.user)),
            ("Key", _checked(SAFE_ID, "the key", self.key)),
            ("Events", ",".join(_checked(SAFE_ID, "the class of events", each) for each in self.events) or "off"),
        )


@dataclass(frozen=True, slots=True)
class Logoff:
    """Say goodbye; the switch closes."""

    name: ClassVar[str] = "Logoff"

    def headers(self) -> Headers:
        return ()


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a sign of life."""

    name: ClassVar[str] = "Ping"

    def headers(self) -> Headers:
        return ()


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """Ask for the versions."""

    name: ClassVar[str] = "CoreSettings"

    def headers(self) -> Headers:
        return ()


@dataclass(frozen=True, slots=True)
class CoreStatus:
    """Ask when the switch was started."""

    name: ClassVar[str] = "CoreStatus"

    def headers(self) -> Headers:
        return ()


@dataclass(frozen=True, slots=True)
class GetGlobal:
    """Ask for one of our global variables: ``Value`` of the answer, empty where it is not set."""

    name: ClassVar[str] = "Getvar"
    variable: str

    def headers(self) -> Headers:
        return (("Variable", _checked(VARIABLE, "the variable", self.variable)),)


@dataclass(frozen=True, slots=True)
class SetGlobal:
    """Set one of our global variables."""

    name: ClassVar[str] = "Setvar"
    variable: str
    value: str

    def headers(self) -> Headers:
        return (
            ("Variable", _checked(VARIABLE, "the variable", self.variable)),
            ("Value", _checked(SAFE_ID, "the value", self.value)),
        )


@dataclass(frozen=True, slots=True)
class SetOnChannel:
    """Set one of our variables on a channel."""

    name: ClassVar[str] = "Setvar"
    channel: str
    variable: str
    value: str

    def headers(self) -> Headers:
        return (
            ("Channel", _checked(CHANNEL, "the channel", self.channel)),
            ("Variable", _checked(VARIABLE, "the variable", self.variable)),
            ("Value", _checked(SAFE_ID, "the value", self.value)),
        )


@dataclass(frozen=True, slots=True)
class CoreShowChannels:
    """Ask for all channels: a list of CoreShowChannel events."""

    name: ClassVar[str] = "CoreShowChannels"

    def headers(self) -> Headers:
        return ()


@dataclass(frozen=True, slots=True)
class Originate:
    """Dial ``channel`` as ``channel_id`` and, when it is answered, run the dialplan from ``context``.

    Always asynchronous; ``variables`` have safe ids as values.
    """

    name: ClassVar[str] = "Originate"
    channel_id: str
    channel: str
    context: str
    exten: str
    timeout_s: float
    caller_id: str = ""
    variables: tuple[tuple[str, str], ...] = ()

    def headers(self) -> Headers:
        shown = (("CallerID", _checked(NUMBER, "the caller id", self.caller_id)),) if self.caller_id else ()
        return (
            ("ChannelId", _checked(SAFE_ID, "the id", self.channel_id)),
            ("Channel", _checked(CHANNEL, "the channel", self.channel)),
            ("Context", _checked(SAFE_ID, "the context", self.context)),
            ("Exten", _checked(SAFE_ID, "the extension", self.exten)),
            ("Priority", "1"),
            ("Timeout", _milliseconds(self.timeout_s)),
            *shown,
            *(("Variable", _assignment(name, value)) for name, value in self.variables),
            ("EarlyMedia", "false"),
            ("Async", "true"),
        )


def _assignment(name: str, value: str) -> str:
    return f"{_checked(VARIABLE, 'the variable', name)}={_checked(SAFE_ID, 'the value', value)}"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send a channel to another place of the dialplan."""

    name: ClassVar[str] = "Redirect"
    channel: str
    context: str
    exten: str
    priority: int = 1

    def headers(self) -> Headers:
        if not 1 <= self.priority <= 999:
            raise CommandRefused(f"a priority of {self.priority!r}")
        return (
            ("Channel", _checked(CHANNEL, "the channel", self.channel)),
            ("Context", _checked(SAFE_ID, "the context", self.context)),
            ("Exten", _checked(SAFE_ID, "the extension", self.exten)),
            ("Priority", str(self.priority)),
        )


@dataclass(frozen=True, slots=True)
class Hangup:
    """End a channel with a Q.850 cause."""

    name: ClassVar[str] = "Hangup"
    channel: str
    cause: int = 16

    def headers(self) -> Headers:
        return (("Channel", _checked(CHANNEL, "the channel", self.channel)), ("Cause", _cause(self.cause)))


@dataclass(frozen=True, slots=True)
class ConfbridgeKick:
    """Take one channel, by its name, out of a conference room."""

    name: ClassVar[str] = "ConfbridgeKick"
    conference: str
    channel: str

    def headers(self) -> Headers:
        if self.channel.lower() in EVERYBODY:
            raise CommandRefused(f"{self.channel!r} would take everybody out of the room")
        return (
            ("Conference", _checked(SAFE_ID, "the room", self.conference)),
            ("Channel", _checked(CHANNEL, "the channel", self.channel)),
        )


@dataclass(frozen=True, slots=True)
class MixMonitorMute:
    """Let a channel's recording hold silence of both sides, or no longer. Refused where nothing records."""

    name: ClassVar[str] = "MixMonitorMute"
    channel: str
    muted: bool

    def headers(self) -> Headers:
        state = "1" if self.muted else "0"
        return (("Channel", _checked(CHANNEL, "the channel", self.channel)), ("Direction", "both"), ("State", state))


@dataclass(frozen=True, slots=True)
class StopMixMonitor:
    """End a channel's recording. Refused where nothing records. Of the class ``call``: ``MixMonitor``, which begins
    one, needs ``system``, so recordings begin by AGI."""

    name: ClassVar[str] = "StopMixMonitor"
    channel: str

    def headers(self) -> Headers:
        return (("Channel", _checked(CHANNEL, "the channel", self.channel)),)


@dataclass(frozen=True, slots=True)
class PressKey:
    """Press a key in the place of the far end: the channel takes it as one that came from there."""

    name: ClassVar[str] = "PlayDTMF"
    channel: str
    key: str

    def headers(self) -> Headers:
        return (
            ("Channel", _checked(CHANNEL, "the channel", self.channel)),
            ("Digit", _checked(KEY, "the key", self.key)),
            ("Receive", "true"),
        )


@dataclass(frozen=True, slots=True)
class AbsoluteTimeout:
    """Hang a channel up after whole seconds from now, whatever was said of that before."""

    name: ClassVar[str] = "AbsoluteTimeout"
    channel: str
    timeout_s: int

    def headers(self) -> Headers:
        if not 1 <= self.timeout_s <= 86_400:
            raise CommandRefused(f"a limit of {self.timeout_s!r} s")
        return (("Channel", _checked(CHANNEL, "the channel", self.channel)), ("Timeout", str(self.timeout_s)))


@dataclass(frozen=True, slots=True)
class HasModule:
    """Ask whether a module is loaded: ``Value`` of the answer is 1 or 0. Refused where func_module itself is not."""

    name: ClassVar[str] = "Getvar"
    module: str

    def headers(self) -> Headers:
        return (("Variable", f"IFMODULE({_checked(MODULE, 'the module', self.module)}.so)"),)


@dataclass(frozen=True, slots=True)
class Overhear:
    """Let a leg of ours, ``channel_id``, listen to the far end of the channel ``heard`` (its unique id).

    ``far_end`` is where the leg gives what it hears: :func:`rtp_far_end` or :func:`audio_socket_far_end`; ``context``
    is that of our dialplan which does the rest.
    """

    name: ClassVar[str] = "Originate"
    channel_id: str
    far_end: str
    context: str
    heard: str
    timeout_s: float

    def headers(self) -> Headers:
        heard = _checked(UNIQUE_ID, "the channel that is heard", self.heard)
        return (
            ("ChannelId", _checked(SAFE_ID, "the id", self.channel_id)),
            ("Channel", _checked(FAR_END, "the far end", self.far_end)),
            ("Context", _checked(SAFE_ID, "the context", self.context)),
            ("Exten", "s"),
            ("Priority", "1"),
            ("Timeout", _milliseconds(self.timeout_s)),
            ("Variable", f"CW_HEARS={heard}"),
            ("EarlyMedia", "false"),
            ("Async", "true"),
        )


def rtp_far_end(host: IPv4Address, port: int) -> str:
    """Where a leg sends RTP, mu-law."""
    return f"UnicastRTP/{host}:{port}/c(ulaw)"


def audio_socket_far_end(host: IPv4Address, port: int, connection: UUID) -> str:
    """Where a leg connects to by AudioSocket, and under which id."""
    return f"AudioSocket/{host}:{port}/{connection}/c(slin)"


@dataclass(frozen=True, slots=True)
class Status:
    """Ask for one channel: refused ("No such channel") where it is gone."""

    name: ClassVar[str] = "Status"
    channel: str

    def headers(self) -> Headers:
        return (("Channel", _checked(CHANNEL, "the channel", self.channel)),)


Action = (
    Challenge
    | Login
    | Logoff
    | Ping
    | CoreSettings
    | CoreStatus
    | GetGlobal
    | SetGlobal
    | SetOnChannel
    | CoreShowChannels
    | Originate
    | Redirect
    | Hangup
    | ConfbridgeKick
    | MixMonitorMute
    | StopMixMonitor
    | PressKey
    | AbsoluteTimeout
    | HasModule
    | Overhear
    | Status
)


def _line(key: str, value: str) -> bytes:
    """One line with its end.

    Raises:
        CommandRefused: the key is not one of ours, the value holds a control character, or the line is too long.
    """
    if key not in KEYS:
        raise CommandRefused(f"the header {key!r} is not one that we send")
    if CONTROL.search(value) is not None:
        raise CommandRefused(f"{key}: a control character in {value!r}")
    try:
        line = f"{key}: {value}\r\n".encode()
    except UnicodeEncodeError as error:
        raise CommandRefused(f"{key}: {value!r} is no text") from error
    if len(line) > MAX_LINE:
        raise CommandRefused(f"{key}: a line of {len(line)} bytes, at most {MAX_LINE} are sent")
    return line


def encode(action: Action, action_id: str) -> bytes:
    """The bytes of ``action``, whole. ``action_id`` is a safe id that answers carry.

    Raises:
        CommandRefused: something in it must never reach the wire; nothing is to be sent.
    """
    headers = (
        ("Action", action.name),
        ("ActionID", _checked(SAFE_ID, "the action id", action_id)),
        *action.headers(),
    )
    if len(headers) > MAX_HEADERS:
        raise CommandRefused(f"an action of {len(headers)} headers, at most {MAX_HEADERS} are sent")
    return b"".join(_line(key, value) for key, value in headers) + b"\r\n"
