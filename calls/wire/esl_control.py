"""ESL, our half: what may be asked of the switch itself, and of any channel by its id.

On the connection that we open: the login, the list of channels, which run of the switch it is, legs. The commands on
one channel may go over that channel's own connection as well. All but the originate are ``api``, which FreeSWITCH
answers with what the command printed, one after another; none of them waits for a far end.

Source: FreeSWITCH 1.11, mod_event_socket.c and mod_commands.c; tests/transcripts/freeswitch-1.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from pydantic import SecretStr

from calls.wire.esl_applications import MAX_S
from calls.wire.esl_commands import Answers, Replied
from calls.wire.esl_words import (
    check_bare_file,
    check_caller_id,
    check_cause,
    check_context,
    check_endpoint,
    check_id,
    check_span,
    refuse_unless,
)

_PASSWORD = re.compile(r"[!-~]{1,128}\Z")
_VALUE = re.compile(r"[A-Za-z0-9_:.-]{0,120}\Z")


@dataclass(frozen=True, slots=True)
class Api:
    """What is answered by an ``api/response``."""

    @property
    def answered_by(self) -> Answers:
        """``api/response``."""
        return Answers.API


@dataclass(frozen=True, slots=True)
class Auth(Replied):
    """The login."""

    password: SecretStr

    def __post_init__(self) -> None:
        fine = _PASSWORD.match(self.password.get_secret_value()) is not None
        refuse_unless(fine, "the password: expected 1 to 128 printable ASCII characters without blanks")

    def lines(self) -> tuple[str, ...]:
        """``auth PASSWORD``."""
        return (f"auth {self.password.get_secret_value()}",)


@dataclass(frozen=True, slots=True)
class CoreUuid(Api):
    """Which run of the switch this is: an id that FreeSWITCH makes when it starts."""

    def lines(self) -> tuple[str, ...]:
        """``api global_getvar core_uuid``."""
        return ("api global_getvar core_uuid",)


@dataclass(frozen=True, slots=True)
class ShowChannels(Api):
    """All channels that live."""

    def lines(self) -> tuple[str, ...]:
        """``api show channels as json``."""
        return ("api show channels as json",)


@dataclass(frozen=True, slots=True)
class Kill(Api):
    """End a channel."""

    channel_id: str
    cause: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_cause(self.cause)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_kill ID CAUSE``."""
        return (f"api uuid_kill {self.channel_id} {self.cause}",)


@dataclass(frozen=True, slots=True)
class Join(Api):
    """Let two channels hear each other, wherever they are; both leave what they run."""

    channel_id: str
    other_id: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_id("channel id", self.other_id)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_bridge ID ID``."""
        return (f"api uuid_bridge {self.channel_id} {self.other_id}",)


class Value(Enum):
    """The channel variables that we set from outside of the channel."""

    SOCKET_RESUME = "socket_resume"
    TRANSFER_AFTER_BRIDGE = "transfer_after_bridge"
    """Where a channel goes when its talk is over: ``extension:dialplan:context``."""
    PARK_ON_CANCEL = "uuid_bridge_park_on_cancel"
    """Whether a channel stays whose partner ended as the two were joined: else FreeSWITCH hangs it up."""
    CONTINUE_ON_FAIL = "continue_on_fail"
    """Whether a call goes on where a transfer's target was not reached."""


@dataclass(frozen=True, slots=True)
class SetValues(Api):
    """Set channel variables; "" takes one away."""

    channel_id: str
    values: tuple[tuple[Value, str], ...]

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        refuse_unless(bool(self.values), "no variable to set")
        for variable, value in self.values:
            refuse_unless(_VALUE.match(value) is not None, f"variable {variable.value}: value {value!r}")

    def lines(self) -> tuple[str, ...]:
        """``api uuid_setvar_multi ID NAME=VALUE;...``."""
        said = ";".join(f"{variable.value}={value}" for variable, value in self.values)
        return (f"api uuid_setvar_multi {self.channel_id} {said}",)


@dataclass(frozen=True, slots=True)
class SendTo(Api):
    """Send a channel to an extension of the dialplan; it leaves what it runs."""

    channel_id: str
    extension: str
    context: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_context(self.extension)
        check_context(self.context)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_transfer ID EXTENSION XML CONTEXT``."""
        return (f"api uuid_transfer {self.channel_id} {self.extension} XML {self.context}",)


@dataclass(frozen=True, slots=True)
class SendLater(Api):
    """Send a channel to an extension of the dialplan after a while, unless :class:`NotLater` comes first. Each is one
    more."""

    channel_id: str
    extension: str
    context: str
    after_s: int

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_context(self.extension)
        check_context(self.context)
        check_span("time", self.after_s, 1, MAX_S)

    def lines(self) -> tuple[str, ...]:
        """``api sched_api +SECONDS GROUP uuid_transfer ID EXTENSION XML CONTEXT``; the group is the channel's own."""
        sent = f"uuid_transfer {self.channel_id} {self.extension} XML {self.context}"
        return (f"api sched_api +{self.after_s} cw-{self.channel_id} {sent}",)


@dataclass(frozen=True, slots=True)
class NotLater(Api):
    """Let a channel stay where it is, whatever :class:`SendLater` or its dialplan said."""

    channel_id: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)

    def lines(self) -> tuple[str, ...]:
        """``api sched_del GROUP``."""
        return (f"api sched_del cw-{self.channel_id}",)


class Spy(Enum):
    """How a leg sits beside another."""

    LISTEN = "listen"
    WHISPER = "whisper"
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class SpyOn(Api):
    """Put a leg beside another one, and on hold in its own place when the other ends.

    ``eavesdrop`` mixes what the spy says into what the other leg's telephone hears (``whisper_bleg``); ``three_way``
    into what it says, too. Both are told each time, for a variable outlives its use.
    """

    channel_id: str
    host_id: str
    spy: Spy

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_id("channel id", self.host_id)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_transfer ID 'APPLICATIONS' inline``."""
        if self.spy is Spy.JOIN:
            steps = f"three_way:{self.host_id},park"
        else:
            whispers = "true" if self.spy is Spy.WHISPER else "false"
            steps = f"set:eavesdrop_enable_dtmf=false,set:eavesdrop_whisper_bleg={whispers}"
            steps += f",eavesdrop:{self.host_id},park"
        return (f"api uuid_transfer {self.channel_id} {steps} inline",)


@dataclass(frozen=True, slots=True)
class Park(Api):
    """Put a leg back into its own place, where it hears nothing."""

    channel_id: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_transfer ID park: inline``."""
        return (f"api uuid_transfer {self.channel_id} park: inline",)


@dataclass(frozen=True, slots=True)
class Tone(Api):
    """Mix a short tone into what a leg hears."""

    channel_id: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_displace ID start tone_stream://... 1 mux``."""
        return (f"api uuid_displace {self.channel_id} start tone_stream://%(250,0,800) 1 mux",)


class Tape(Enum):
    """What is done with a channel's recording."""

    START = "start"
    STOP = "stop"
    MASK = "mask"
    """It holds silence from now on."""
    UNMASK = "unmask"


@dataclass(frozen=True, slots=True)
class TapeCall(Api):
    """Begin, end, mute or go on with the recording of a channel, both sides of it."""

    channel_id: str
    tape: Tape
    file: str

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_bare_file(self.file)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_record ID WHAT PATH``."""
        return (f"api uuid_record {self.channel_id} {self.tape.value} {self.file}",)


_OVERHEARS = (
    "RECORD_READ_ONLY=true,RECORD_WRITE_ONLY=false,RECORD_STEREO=false,RECORD_STEREO_SWAP=false"
    ",RECORD_ANSWER_REQ=false,RECORD_BRIDGE_REQ=false,RECORD_APPEND=false,RECORD_HANGUP_ON_ERROR=false"
    ",RECORD_PRE_BUFFER_FRAMES=0,RECORD_MIN_SEC=0,record_sample_rate=8000,enable_file_write_buffering=false"
)
"""Only what the channel reads, at once and from its first packet on (FreeSWITCH holds the first half second back).
What a dialplan may have set for the recordings of its calls is said again, so that it does not count here.
Source: ``switch_ivr_record_session_event`` in switch_ivr_async.c."""


@dataclass(frozen=True, slots=True)
class Overhear(Api):
    """Write what the far end of a channel says to a WAV file, 8 kHz and mono, packet by packet; what it hears is not
    in it. FreeSWITCH ends it after ``limit_s``, with the channel, and by :class:`TapeCall` with ``STOP``."""

    channel_id: str
    file: str
    limit_s: int

    def __post_init__(self) -> None:
        check_id("channel id", self.channel_id)
        check_bare_file(self.file)
        check_span("limit", self.limit_s, 1, MAX_S)

    def lines(self) -> tuple[str, ...]:
        """``api uuid_record ID start PATH SECONDS {VARIABLES}``."""
        return (f"api uuid_record {self.channel_id} start {self.file} {self.limit_s} {{{_OVERHEARS}}}",)


@dataclass(frozen=True, slots=True)
class Originate(Replied):
    """Dial a leg with an id of ours, and send it to an extension of the dialplan when it has answered. Its reply says
    that it was taken; how it went comes as a ``BACKGROUND_JOB`` with ``job_id``, and as the leg's own events."""

    leg_id: str
    job_id: str
    endpoint: str
    extension: str
    context: str
    ring_s: int
    caller_id: str = ""
    limit_s: int = 0
    """How long the leg may be up, for an extension that ends it then (``cw_limit_s``); 0: nothing is said of it."""
    hold_music: str = ""
    """The ``local_stream`` that whom it talks with hears while its phone's own key has them on hold; "": nothing."""

    def __post_init__(self) -> None:
        check_span("time of a leg", self.limit_s, 0, MAX_S)
        check_id("leg id", self.leg_id)
        check_id("Job-UUID", self.job_id)
        check_endpoint(self.endpoint)
        check_context(self.extension)
        check_context(self.context)
        check_span("ring time", self.ring_s, 1, MAX_S)
        check_caller_id(self.caller_id)
        if self.hold_music:
            check_id("music", self.hold_music)

    def lines(self) -> tuple[str, ...]:
        """``bgapi originate {VARIABLES}ENDPOINT EXTENSION XML CONTEXT``, ``Job-UUID``."""
        values = [f"origination_uuid={self.leg_id}", f"originate_timeout={self.ring_s}", "ignore_early_media=true"]
        if self.caller_id:
            values += [f"origination_caller_id_{each}={self.caller_id}" for each in ("number", "name")]
        if self.limit_s:
            values.append(f"cw_limit_s={self.limit_s}")
        if self.hold_music:
            values.append(f"hold_music=local_stream://{self.hold_music}")
        leg = f"{{{','.join(values)}}}{self.endpoint}"
        return (f"bgapi originate {leg} {self.extension} XML {self.context}", f"Job-UUID: {self.job_id}")
