"""ESL, our half: the applications that run on a channel, each a type whose words are checked when it is made.

Source: FreeSWITCH 1.11, mod_dptools.c; the recorded sessions in tests/transcripts/freeswitch-1.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from calls.ids import is_safe_id
from calls.wire.esl_words import (
    check_bare_file,
    check_caller_id,
    check_endpoint,
    check_file,
    check_id,
    check_span,
    refuse_unless,
)

MAX_S = 86_400
"""The longest that anything of ours may be asked to last: a day."""


class Variable(Enum):
    """The channel variables that we set by an application."""

    PLAYBACK_TERMINATORS = "playback_terminators"
    """The keys that end a playback. Unset, it is ``*``: that key would end a prompt that no key may end."""
    TRANSFER_RINGBACK = "transfer_ringback"
    """What a caller hears while the target of a transfer rings."""


_MUSIC = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the call. On an answered one nothing happens."""

    def words(self) -> tuple[str, str]:
        """``answer``."""
        return "answer", ""


@dataclass(frozen=True, slots=True)
class Set:
    """Set a channel variable to a word."""

    variable: Variable
    value: str

    def __post_init__(self) -> None:
        refuse_unless(is_safe_id(self.value), f"variable {self.variable.value}: value {self.value!r}")

    def words(self) -> tuple[str, str]:
        """``set``."""
        return "set", f"{self.variable.value}={self.value}"


@dataclass(frozen=True, slots=True)
class SetMusic:
    """What a caller hears while the target of a transfer rings: a class of music, or the ringing itself with ""."""

    music: str

    def __post_init__(self) -> None:
        refuse_unless(not self.music or _MUSIC.match(self.music) is not None, f"class of music {self.music!r}")

    def words(self) -> tuple[str, str]:
        """``set transfer_ringback``: a stream, or the tone of a ringing telephone (ETSI TR 101 041-1)."""
        heard = f"local_stream://{self.music}" if self.music else "%(1000,4000,425)"
        return "set", f"{Variable.TRANSFER_RINGBACK.value}={heard}"


@dataclass(frozen=True, slots=True)
class Playback:
    """Play a file."""

    file: str

    def __post_init__(self) -> None:
        check_file(self.file)

    def words(self) -> tuple[str, str]:
        """``playback``."""
        return "playback", self.file


@dataclass(frozen=True, slots=True)
class Music:
    """Play music, a stream that all who hear it share, until it is broken."""

    name: str

    def __post_init__(self) -> None:
        refuse_unless(_MUSIC.match(self.name) is not None, f"class of music {self.name!r}")

    def words(self) -> tuple[str, str]:
        """``playback`` of a ``local_stream``."""
        return "playback", f"local_stream://{self.name}"


@dataclass(frozen=True, slots=True)
class Beep:
    """A short tone: what follows is recorded."""

    def words(self) -> tuple[str, str]:
        """``playback`` of a ``tone_stream``: 0.25 s of 800 Hz."""
        return "playback", "tone_stream://%(250,0,800)"


@dataclass(frozen=True, slots=True)
class Record:
    """Record what the caller says into a file, until a break, or until ``silence_s`` of nothing. ``longest_s`` is a
    safety: it counts whole seconds and is a second late."""

    file: str
    longest_s: int
    silence_s: int
    threshold: int = 200
    """The average of a packet's samples below which it is silence. Telephone noise is below 100, speech over 500."""

    def __post_init__(self) -> None:
        check_bare_file(self.file)
        check_span("length of a recording", self.longest_s, 1, MAX_S)
        check_span("silence that ends a recording", self.silence_s, 1, MAX_S)
        check_span("threshold of silence", self.threshold, 1, 32_767)

    def words(self) -> tuple[str, str]:
        """``record PATH SECONDS THRESHOLD SECONDS``."""
        return "record", f"{self.file} {self.longest_s} {self.threshold} {self.silence_s}"


@dataclass(frozen=True, slots=True)
class WaitForSilence:
    """Wait until the far end, having said something for ``speech`` packets of 20 ms, has been silent for ``silence``
    of them and half a second more; at most ``timeout_ms``."""

    threshold: int
    silence: int
    speech: int
    timeout_ms: int

    def __post_init__(self) -> None:
        check_span("threshold of silence", self.threshold, 1, 32_767)
        check_span("packets of silence", self.silence, 1, 3_000)
        check_span("packets of speech", self.speech, 0, 3_000)
        check_span("time of silence", self.timeout_ms, 1, 60_000)

    def words(self) -> tuple[str, str]:
        """``wait_for_silence THRESHOLD SILENCE SPEECH MS``."""
        return "wait_for_silence", f"{self.threshold} {self.silence} {self.speech} {self.timeout_ms}"


@dataclass(frozen=True, slots=True)
class Dial:
    """Dial another leg and join it to this one; ends when that leg has gone, or never came.

    ``leg_id``: the other leg's id, ours. ``whisper``: the file that the one who answers hears first, and alone.
    ``take_key``: the key that must be pressed in it, or in the five seconds behind it.
    """

    endpoint: str
    leg_id: str
    ring_s: int
    caller_id: str = ""
    whisper: tuple[str, ...] = ()
    take_key: str = ""
    early_media: bool = False
    """The caller hears what the far end sends while it rings."""

    def __post_init__(self) -> None:
        check_endpoint(self.endpoint)
        check_id("leg id", self.leg_id)
        check_span("ring time", self.ring_s, 1, MAX_S)
        check_caller_id(self.caller_id)
        for file in self.whisper:
            check_bare_file(file)
        refuse_unless(self.take_key == "" or self.take_key in "0123456789*#", f"key {self.take_key!r}")
        refuse_unless(not self.take_key or bool(self.whisper), "a key to take a call by, and nothing that says so")

    def words(self) -> tuple[str, str]:
        """``bridge {VARIABLES}ENDPOINT``."""
        values = [f"origination_uuid={self.leg_id}", f"originate_timeout={self.ring_s}"]
        values.append(f"ignore_early_media={'false' if self.early_media else 'true'}")
        if self.caller_id:
            values += [f"origination_caller_id_{each}={self.caller_id}" for each in ("number", "name")]
        if self.take_key:
            heard = "!".join(self.whisper)
            values += [f"group_confirm_key={self.take_key}", f"group_confirm_file=file_string://{heard}"]
            values += ["group_confirm_read_timeout=6000", "group_confirm_cancel_timeout=true"]
        elif self.whisper:
            heard = "!".join(self.whisper)
            values += ["group_confirm_key=exec", f"group_confirm_file=playback file_string://{heard}"]
            values.append("group_confirm_cancel_timeout=true")
        return "bridge", f"{{{','.join(values)}}}{self.endpoint}"


Application = Answer | Set | SetMusic | Playback | Music | Beep | Record | WaitForSilence | Dial
