"""What the switch's configuration is made from: values that are checked before they reach a template.

Asterisk's configuration gives a meaning to commas, semicolons, brackets, ``$`` and ends of lines, and offers no
quoting that holds everywhere. So nothing is ever quoted here: a value that could mean anything is refused.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path

from calls.errors import Location, SettingsError
from calls.switch.asterisk.config import HEARING_LIMIT_S

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}\Z")
"""Names of contexts, accounts, endpoints and profiles. Asterisk's own limit for a context is 79 characters, and
ours get a suffix."""

SECRET = re.compile(r"[A-Za-z0-9_~.-]{16,128}\Z")
"""A secret or token: letters that mean nothing in a configuration file, an AGI URL or an AMI header."""

PLACE = re.compile(r"[A-Za-z0-9_-]{1,79},[A-Za-z0-9_+*#-]{1,79},[0-9]{1,5}\Z")
"""A place of the dialplan, "context,extension,priority"."""

CODES = re.compile(r"[*#0-9]{1,6}\Z")
"""What a code begins with: keys of a telephone, none of which means anything in a pattern of extensions.conf."""

FOLDER = re.compile(r"(/[A-Za-z0-9_+@=~.-]+)+\Z")
"""An absolute path. Spaces and colons are left out: no file of Asterisk's quotes them."""


RELAY = "relay"
"""The first part of the names of the relay's files, which no file of Asterisk's includes."""


def refuse(key: str, expected: str) -> SettingsError:
    """The error for a value of ``key``. The value itself is left out: it may be a secret."""
    return SettingsError(f"cannot be written into the switch's configuration: expected {expected}", Location(key=key))


def matches(key: str, value: str, pattern: re.Pattern[str], expected: str) -> None:
    """Refuse a value that does not match."""
    if not pattern.match(value):
        raise refuse(key, expected)


def within(key: str, value: int, least: int, most: int) -> None:
    """Refuse a number outside its limits."""
    if not least <= value <= most:
        raise refuse(key, f"a number from {least} to {most}")


def folder(key: str, value: Path) -> None:
    """Refuse a path that is not absolute, climbs, or has a character that a configuration file gives a meaning to."""
    if not FOLDER.match(str(value)) or ".." in value.parts:
        raise refuse(key, "an absolute path of letters, digits and _ + @ = ~ . -")


def address(key: str, value: str) -> None:
    """Refuse what is not an IPv4 address: a name would be looked up while a call waits."""
    try:
        ipaddress.IPv4Address(value)
    except ValueError as error:
        raise refuse(key, "an IPv4 address") from error


def network(key: str, value: str) -> None:
    """Refuse what is not an IPv4 network."""
    try:
        ipaddress.IPv4Network(value)
    except ValueError as error:
        raise refuse(key, "an IPv4 network, as 127.0.0.1/32") from error


class CallerId(Enum):
    """Where an inbound call's caller number is taken from."""

    CHANNEL = "channel"
    """From the channel, filtered: for a PBX that sets it, whichever technology the call came by."""

    HEADER = "header"
    """From the SIP From header, filtered: for a PBX that runs without res_pjsip_caller_id.so. That module hands raw
    line ends on from a caller's number to AMI before any dialplan runs (seen on 16.28 and 22.10)."""


@dataclass(frozen=True, slots=True)
class Amd:
    """Answering-machine detection, in milliseconds where a time is meant.

    The figures told 12 of 12 people and 12 of 12 machines apart with spoken greetings on 16.28. The order of the
    fields is the order of AMD()'s arguments.

    Source: https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Applications/AMD/
    """

    initial_silence_ms: int = 2500
    greeting_ms: int = 1500
    after_greeting_silence_ms: int = 800
    total_analysis_ms: int = 5000
    shortest_word_ms: int = 100
    between_words_silence_ms: int = 50
    most_words: int = 3
    silence_threshold: int = 256
    longest_word_ms: int = 5000

    def __post_init__(self) -> None:
        for each in fields(self):
            within(f"amd.{each.name}", getattr(self, each.name), 0, 60_000)

    @property
    def arguments(self) -> str:
        """The arguments of AMD()."""
        return ",".join(str(getattr(self, each.name)) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Includes:
    """The values of the files that go beside an administrator's own configuration.

    Raises:
        SettingsError: a value that must not reach a configuration file; the key names the field.
    """

    agi_token: str
    ami_secret: str
    sorry: Path
    """The prompt of the fallback, without its suffix, in the switch's format."""
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    ami_user: str = "callwright"
    ami_permit: tuple[str, ...] = ("127.0.0.1/32",)
    """Networks from which the account may log in."""
    prefix: str = "callwright"
    fallback: str | None = None
    """Where a call goes after the fallback's prompt, "context,extension,priority"; None: it is hung up."""
    caller_id: CallerId = CallerId.CHANNEL
    take_over_s: int = 8
    """How long the engine may take from the AGI request to its first command before the fallback speaks."""
    call_limit_s: int = 4 * 3600
    """A customer's call ends after this, whatever goes wrong."""
    leg_limit_s: int = 16 * 3600
    """An agent's leg ends after this: a working day and a margin."""
    hear_limit_s: int = HEARING_LIMIT_S
    """A leg by which the engine hears a caller ends after this, unless the engine puts it off. At most what the
    engine holds the leg's port back for: a leg that lived longer would be heard as the next caller."""
    music: Path | None = None
    """A folder of music files for waiting callers, class ``callwright``; None: no class of ours."""
    relay: Path | None = None
    """Where the relay's program will lie, beside the rendered files, named ``relay_<prefix>``: by it callers are
    heard where Asterisk can do no better (``dialplans/relay.py``). None: the dialplan knows of none."""
    python: Path = Path("/usr/bin/python3")
    """What runs the relay on Asterisk's machine: Python 3.7 or later."""
    amd: Amd = Amd()
    recordings: Path | None = None
    """The folder of recordings, the same for Asterisk and the engine; None: no talk is recorded by its room."""
    codes: str = "*9"
    """What the codes begin with that agents dial on their own phones."""

    def __post_init__(self) -> None:
        matches("agi_token", self.agi_token, SECRET, "16 to 128 letters, digits and _ ~ . -")
        matches("ami_secret", self.ami_secret, SECRET, "16 to 128 letters, digits and _ ~ . -")
        matches("ami_user", self.ami_user, NAME, "a letter, then letters, digits, _ and -")
        matches("prefix", self.prefix, NAME, "a letter, then letters, digits, _ and -")
        folder("sorry", self.sorry)
        if self.music is not None:
            folder("music", self.music)
        if self.recordings is not None:
            folder("recordings", self.recordings)
        folder("python", self.python)
        if self.relay is not None:
            folder("relay", self.relay)
            if self.relay.name != f"{RELAY}_{self.prefix}":
                raise refuse("relay", f"a file named {RELAY}_{self.prefix}")
        if self.fallback is not None:
            matches("fallback", self.fallback, PLACE, '"context,extension,priority"')
        matches("codes", self.codes, CODES, "1 to 6 of the keys 0 to 9, * and #")
        address("agi_host", self.agi_host)
        within("agi_port", self.agi_port, 1, 65535)
        within("take_over_s", self.take_over_s, 1, 60)
        within("call_limit_s", self.call_limit_s, 60, 24 * 3600)
        within("leg_limit_s", self.leg_limit_s, 60, 7 * 24 * 3600)
        within("hear_limit_s", self.hear_limit_s, 1, HEARING_LIMIT_S)
        for permitted in self.ami_permit:
            network("ami_permit", permitted)

    @property
    def permits(self) -> tuple[str, ...]:
        """``ami_permit`` as manager.conf writes networks."""
        return tuple(ipaddress.ip_network(each).with_netmask for each in self.ami_permit)
