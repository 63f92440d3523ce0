"""AGI, our half: what we may say to Asterisk about one channel, and the one way it becomes bytes.

Each command is a value whose fields are checked when it is made, so that no text from a caller, no separator of the
dialplan and no second line can reach the switch. There is no raw ``EXEC`` and no free variable name: applications
are the classes of this module, variables the members of :class:`Variable`.

Source: Asterisk, res/res_agi.c (commands and their syntax) and docs.asterisk.org, "Asterisk REST and AGI commands";
limits from the recorded transcripts in tests/transcripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Protocol
from uuid import UUID

from calls.errors import CommandRefused
from calls.recordings import FOLDER

MAX_COMMAND_BYTES = 1_900
"""Line feed included. Asterisk reads a command into a buffer of 2,048 bytes and takes the rest of a longer line for
the next command. Source: AGI_BUF_LEN in res/res_agi.c."""

ALL_KEYS = "0123456789*#ABCD"
"""The keys of DTMF, each of which may stop a prompt. Source: ITU-T Q.23."""

REPLY_MARGIN_S = 5.0
"""How long a reply may take beyond the time that the command itself lasts: hundreds of times what a loaded switch
was seen to need, and short enough that a caller does not wait in silence."""

MAX_PLAY_S = 3_600.0
BEEP_MS = 300
MAX_WAIT_MS = 3_600_000
MAX_TALK_S = 86_400
MAX_WHISPER_S = 120.0
"""What a destination hears before it is joined, and the wait for its key."""
DIGITS = "0123456789"

_SAFE_VALUE = re.compile(r"[A-Za-z0-9_-]{0,64}\Z")
_MUSIC_CLASS = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_DIAL_STRING = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,20}/[A-Za-z0-9_.@:+/-]{1,200}\Z")
"""One endpoint of one technology. Without ``& , ( ) | ^ $ { }`` nothing in it can add a leg or an option."""


class Variable(Enum):
    """The channel variables that we read or set. None holds a caller's text, so each value is of one line."""

    CALL = "CW_CALL"
    DONE = "IVR_DONE"
    DIAL_STATUS = "DIALSTATUS"
    HANGUP_CAUSE = "HANGUPCAUSE"
    BOOT = "CW_BOOT"
    """A global one, by which we know a run of the switch."""


SETTABLE = frozenset({Variable.CALL, Variable.DONE})


class Shape(Enum):
    """What a reply may look like: the decoder holds the switch to it, so that a forged line is found out."""

    RESULT = "200 result=N, and perhaps (word) and endpos"
    VALUE = "200 result=1 (value), where the value may hold anything"


class Command(Protocol):
    """One AGI command."""

    @property
    def shape(self) -> Shape:
        """What its reply looks like."""

    @property
    def deadline_s(self) -> float:
        """How long its reply may take, in seconds."""

    def words(self) -> tuple[str, ...]:
        """The command's words and arguments, not yet quoted."""


def encode(command: Command) -> bytes:
    """The bytes of ``command``: always exactly one line.

    Raises:
        CommandRefused: an argument that has no place on the wire, or too long a line.
    """
    line = (" ".join(_quoted(word) for word in command.words()) + "\n").encode("utf-8", errors="strict")
    if len(line) > MAX_COMMAND_BYTES:
        raise CommandRefused(f"AGI command of {len(line)} bytes, at most {MAX_COMMAND_BYTES} fit")
    return line


def hear_line(host: IPv4Address, port: int, audio_id: UUID) -> bytes:
    """What our relay, through which an EAGI request comes, is told while AGI runs: send the caller's audio there, as
    AudioSocket under this id. It is no AGI and has no reply (``dialplans/relay.py``)."""
    return f"CALLWRIGHT HEAR {host} {port} {audio_id}\n".encode("ascii")


_PLAIN = re.compile(r"[A-Za-z0-9_.@:+/&,()*#=-]+\Z")


def _quoted(word: str) -> str:
    """``word`` as one AGI argument. Nothing is escaped: what would need it is refused."""
    if _PLAIN.match(word):
        return word
    if not word.isprintable() or '"' in word or "\\" in word:
        raise CommandRefused(f"AGI argument with a quote, a backslash or an unprintable character: {word!r}")
    return f'"{word}"'


def _refuse_unless(allowed: bool, what: str) -> None:
    if not allowed:
        raise CommandRefused(f"AGI: {what}")


def _check_path(path: str) -> None:
    """A prompt file: absolute, with no way up, and no ``&``, which joins files."""
    parts = path.split("/")
    fine = path.startswith("/") and len(parts) > 1 and "" not in parts[1:] and not {".", ".."}.intersection(parts)
    _refuse_unless(fine and "&" not in path, f"prompt file {path!r}: expected an absolute path without '..' and '&'")


def _check_recording(path: str) -> None:
    fine = FOLDER.match(path) is not None and not {".", ".."}.intersection(path.split("/"))
    _refuse_unless(fine, f"recording {path!r}: expected an absolute path of letters, digits and _ + @ = ~ . -")


def _check_seconds(what: str, seconds: float, most: float) -> None:
    _refuse_unless(0.0 <= seconds <= most, f"{what} of {seconds} s, expected 0 to {most} s")


@dataclass(frozen=True, slots=True)
class _Quick:
    """What the switch answers at once, with a result."""

    @property
    def shape(self) -> Shape:
        return Shape.RESULT

    @property
    def deadline_s(self) -> float:
        return REPLY_MARGIN_S


@dataclass(frozen=True, slots=True)
class Answer(_Quick):
    """Answer the channel. It takes 0.5 s more where the caller sends no audio."""

    def words(self) -> tuple[str, ...]:
        """``ANSWER``."""
        return ("ANSWER",)


@dataclass(frozen=True, slots=True)
class ChannelStatus(_Quick):
    """Ask for the channel's state: 6 is up. On a dead channel the reply is 511."""

    def words(self) -> tuple[str, ...]:
        """``CHANNEL STATUS``."""
        return ("CHANNEL", "STATUS")


@dataclass(frozen=True, slots=True)
class Hangup(_Quick):
    """Ask the switch to hang up; the channel's cause is what :class:`SetHangupCause` said, else 16."""

    def words(self) -> tuple[str, ...]:
        """``HANGUP``."""
        return ("HANGUP",)


@dataclass(frozen=True, slots=True)
class SetHangupCause(_Quick):
    """Set the Q.850 cause with which the channel will end. The reply is -1, and the channel is still up."""

    cause: int

    def __post_init__(self) -> None:
        _refuse_unless(1 <= self.cause <= 127, f"hangup cause {self.cause}, expected 1 to 127")

    def words(self) -> tuple[str, ...]:
        """``EXEC Hangup <cause>``."""
        return ("EXEC", "Hangup", str(self.cause))


@dataclass(frozen=True, slots=True)
class StreamFile(_Quick):
    """Play a file, without its extension, until its end or one of the ``escape`` keys.

    ``lasts_s`` is how long it plays: the reply is due that much later. The reply's number is the key's, or 0, and its
    ``endpos`` says where the file was left: ``from_sample`` begins there again.
    """

    path: str
    escape: str
    lasts_s: float
    from_sample: int = 0

    def __post_init__(self) -> None:
        _check_path(self.path)
        _refuse_unless(self.from_sample >= 0, f"sample {self.from_sample}")
        _refuse_unless(set(ALL_KEYS).issuperset(self.escape), f"escape keys {self.escape!r}")
        _check_seconds("a prompt", self.lasts_s, MAX_PLAY_S)

    @property
    def deadline_s(self) -> float:
        """The file's length and the margin."""
        return self.lasts_s + REPLY_MARGIN_S

    def words(self) -> tuple[str, ...]:
        """``STREAM FILE <path> <keys>``, and ``<sample>`` where it does not begin with the first."""
        begin = (str(self.from_sample),) if self.from_sample else ()
        return ("STREAM", "FILE", self.path, self.escape, *begin)


@dataclass(frozen=True, slots=True)
class GetKey(_Quick):
    """Play a file, then wait for a key; a key at any moment of both ends it, and none is lost between the two.

    This is ``GET DATA`` for one key. The reply's data is the key; it is empty for ``#``, and the word ``timeout``
    says that there was none. ``lasts_s`` is how long the file plays.

    Source: handle_getdata in res/res_agi.c, ast_app_getdata_full in main/app.c.
    """

    path: str
    timeout_ms: int
    lasts_s: float

    def __post_init__(self) -> None:
        _check_path(self.path)
        _refuse_unless(1 <= self.timeout_ms <= MAX_WAIT_MS, f"a wait of {self.timeout_ms} ms")
        _check_seconds("a prompt", self.lasts_s, MAX_PLAY_S)

    @property
    def deadline_s(self) -> float:
        """The file's length, the wait and the margin."""
        return self.lasts_s + self.timeout_ms / 1_000 + REPLY_MARGIN_S

    def words(self) -> tuple[str, ...]:
        """``GET DATA <path> <ms> 1``."""
        return ("GET", "DATA", self.path, str(self.timeout_ms), "1")


@dataclass(frozen=True, slots=True)
class WaitForDigit(_Quick):
    """Wait for one key. The reply's number is the key's, or 0 when none came."""

    timeout_ms: int

    def __post_init__(self) -> None:
        _refuse_unless(1 <= self.timeout_ms <= MAX_WAIT_MS, f"a wait of {self.timeout_ms} ms")

    @property
    def deadline_s(self) -> float:
        """The wait and the margin."""
        return self.timeout_ms / 1_000 + REPLY_MARGIN_S

    def words(self) -> tuple[str, ...]:
        """``WAIT FOR DIGIT <ms>``."""
        return ("WAIT", "FOR", "DIGIT", str(self.timeout_ms))


@dataclass(frozen=True, slots=True)
class GetVariable(_Quick):
    """Read a channel variable: the reply's value, or None where it is not set."""

    name: Variable

    @property
    def shape(self) -> Shape:
        """A value."""
        return Shape.VALUE

    def words(self) -> tuple[str, ...]:
        """``GET VARIABLE <name>``."""
        return ("GET", "VARIABLE", self.name.value)


@dataclass(frozen=True, slots=True)
class SetVariable(_Quick):
    """Set a channel variable of ours to an id or a flag."""

    name: Variable
    value: str

    def __post_init__(self) -> None:
        _refuse_unless(self.name in SETTABLE, f"variable {self.name.value} is the switch's own")
        _refuse_unless(_SAFE_VALUE.match(self.value) is not None, f"value {self.value!r} of {self.name.value}")

    def words(self) -> tuple[str, ...]:
        """``SET VARIABLE <name> <value>``."""
        return ("SET", "VARIABLE", self.name.value, self.value)


@dataclass(frozen=True, slots=True)
class LimitCall(_Quick):
    """Hang the channel up after ``limit_s`` from now, whatever happens: the dialplan's watchdog, set anew."""

    limit_s: int

    def __post_init__(self) -> None:
        _refuse_unless(1 <= self.limit_s <= MAX_TALK_S, f"a call of {self.limit_s} s")

    def words(self) -> tuple[str, ...]:
        """``SET VARIABLE TIMEOUT(absolute) <s>``."""
        return ("SET", "VARIABLE", "TIMEOUT(absolute)", str(self.limit_s))


@dataclass(frozen=True, slots=True)
class MusicOnHold(_Quick):
    """Play music for whole seconds. A redirect or a hang-up ends it with -1; keys do not."""

    music: str
    for_s: int

    def __post_init__(self) -> None:
        _refuse_unless(_MUSIC_CLASS.match(self.music) is not None, f"music class {self.music!r}")
        _check_seconds("music", self.for_s, MAX_PLAY_S)
        _refuse_unless(self.for_s >= 1, "music of 0 s would never end")

    @property
    def deadline_s(self) -> float:
        """Its length and the margin."""
        return self.for_s + REPLY_MARGIN_S

    def words(self) -> tuple[str, ...]:
        """``EXEC MusicOnHold <class>,<s>``."""
        return ("EXEC", "MusicOnHold", f"{self.music},{self.for_s}")


@dataclass(frozen=True, slots=True)
class SetMusic(_Quick):
    """Play music while further commands run, until it is turned off; None: turn it off. The reply comes at once.

    Source: handle_setmusic in res/res_agi.c.
    """

    music: str | None

    def __post_init__(self) -> None:
        _refuse_unless(self.music is None or _MUSIC_CLASS.match(self.music) is not None, f"class {self.music!r}")

    def words(self) -> tuple[str, ...]:
        """``SET MUSIC ON <class>`` or ``SET MUSIC OFF``."""
        return ("SET", "MUSIC", "OFF") if self.music is None else ("SET", "MUSIC", "ON", self.music)


@dataclass(frozen=True, slots=True)
class Beep(_Quick):
    """Begin a beep of 1 kHz, which needs no sound file. The reply comes at once: it sounds while the next command
    begins, so that nothing is lost between the two."""

    def words(self) -> tuple[str, ...]:
        """``EXEC PlayTones !1000/<ms>``."""
        return ("EXEC", "PlayTones", f"!1000/{BEEP_MS}")


@dataclass(frozen=True, slots=True)
class RecordFile(_Quick):
    """Record the caller into ``path``, a file without its extension, until a key, silence, or ``longest_ms``.

    The reply's word says what ended it: ``dtmf``, ``timeout`` (silence too, with a number that means nothing) or
    ``hangup``; ``endpos`` is its length in samples of 8 kHz. After a silence the last second of it is left in.

    Source: handle_recordfile in res/res_agi.c; agi-menu and agi-hangup-record in tests/transcripts.
    """

    path: str
    end_keys: str
    longest_ms: int
    silence_s: int

    def __post_init__(self) -> None:
        _check_recording(self.path)
        _refuse_unless(set(ALL_KEYS).issuperset(self.end_keys), f"end keys {self.end_keys!r}")
        _refuse_unless(1 <= self.longest_ms <= MAX_WAIT_MS, f"a recording of {self.longest_ms} ms")
        _check_seconds("silence", self.silence_s, MAX_PLAY_S)
        _refuse_unless(self.silence_s >= 1, "silence of 0 s is no silence to Asterisk")

    @property
    def deadline_s(self) -> float:
        """Its greatest length and the margin."""
        return self.longest_ms / 1_000 + REPLY_MARGIN_S

    def words(self) -> tuple[str, ...]:
        """``RECORD FILE <path> wav <keys> <ms> s=<s>``."""
        silence = f"s={self.silence_s}"
        return ("RECORD", "FILE", self.path, "wav", self.end_keys, str(self.longest_ms), silence)


@dataclass(frozen=True, slots=True)
class StartMixMonitor(_Quick):
    """Record the channel, both sides, into ``path`` from now on, whatever becomes of it in the dialplan.

    Only the file is given: MixMonitor's third argument would be a shell command.
    Source: docs.asterisk.org, application MixMonitor.
    """

    path: str

    def __post_init__(self) -> None:
        _check_recording(self.path)

    def words(self) -> tuple[str, ...]:
        """``EXEC MixMonitor <path>``."""
        return ("EXEC", "MixMonitor", self.path)


@dataclass(frozen=True, slots=True)
class Dial(_Quick):
    """Dial an endpoint of the settings and join it to the channel; DIALSTATUS says what became of it.

    Option ``g``: the channel stays with us when the far end hangs up. Option ``S``: no talk is endless, so that
    every reply has a deadline. ``music``: option ``m``, a class of music in the place of ringing. ``whisper``: option
    ``U``, the context of that name on the far end before the two are joined, with files without their extensions and
    the key that takes the call. Source: docs.asterisk.org, application Dial.
    """

    endpoint: str
    ring_timeout_s: int
    talk_limit_s: int = 14_400
    music: str = ""
    whisper: str = ""
    files: tuple[str, ...] = ()
    take_key: str = ""

    def __post_init__(self) -> None:
        _refuse_unless(_DIAL_STRING.match(self.endpoint) is not None, f"dial string {self.endpoint!r}")
        _check_seconds("ringing", self.ring_timeout_s, MAX_PLAY_S)
        _refuse_unless(self.ring_timeout_s >= 1, "ringing for 0 s would never end")
        _refuse_unless(1 <= self.talk_limit_s <= MAX_TALK_S, f"a talk of {self.talk_limit_s} s")
        _refuse_unless(not self.music or _MUSIC_CLASS.match(self.music) is not None, f"music class {self.music!r}")
        _refuse_unless(_SAFE_VALUE.match(self.whisper) is not None, f"context {self.whisper!r}")
        _refuse_unless(bool(self.whisper) is bool(self.files), "a whisper without files, or files without a whisper")
        _refuse_unless(bool(self.files) or not self.take_key, "a key that nobody asks for")
        _refuse_unless(len(self.take_key) <= 1 and self.take_key in DIGITS, f"key {self.take_key!r}")
        for file in self.files:
            _check_recording(file)

    @property
    def deadline_s(self) -> float:
        """Ringing, what is whispered, the longest talk and the margin."""
        return self.ring_timeout_s + self.talk_limit_s + (MAX_WHISPER_S if self.files else 0.0) + REPLY_MARGIN_S

    def words(self) -> tuple[str, ...]:
        """``EXEC Dial <endpoint>,<s>,gS(<s>)m(<class>)U(<context>^<file>&<file>^<key>)``."""
        options = f"gS({self.talk_limit_s})" + (f"m({self.music})" if self.music else "")
        if self.files:
            options += f"U({self.whisper}^{'&'.join(self.files)}^{self.take_key})"
        return ("EXEC", "Dial", f"{self.endpoint},{self.ring_timeout_s},{options}")
