"""AGI, their half: the environment with which Asterisk begins a connection.

A SIP caller can put line feeds into the caller's number on a switch that decodes percent-escapes: lines of the
environment can be forged, and its end too (recorded in tests/transcripts: agi-hostile-number and
agi-hostile-number-blank-line). So the keys must come in Asterisk's own order, each at most once, up to the last: a
forged end lacks the keys that follow the number, a forged known key comes twice or in the wrong place. What a forger
can still add are keys that nobody reads.

Source: setup_env in res/res_agi.c; the order was the same in 16.28 and 22.10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from calls.errors import RemoteProtocolError

MAX_ENVIRONMENT_BYTES = 16_384
"""Real ones have 500 to 900 bytes; each value is cut at some 2,000 by the switch."""

MAX_ENVIRONMENT_LINES = 128
END = b"\n\n"

ORDER = (
    "agi_network",
    "agi_network_script",
    "agi_request",
    "agi_channel",
    "agi_language",
    "agi_type",
    "agi_uniqueid",
    "agi_version",
    "agi_callerid",
    "agi_calleridname",
    "agi_callingpres",
    "agi_callingani2",
    "agi_callington",
    "agi_callingtns",
    "agi_dnid",
    "agi_rdnis",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
)
_PLACE = {key: place for place, key in enumerate(ORDER)}
_LAST = len(ORDER)
_LINE = re.compile(rb"(agi_[a-z0-9_]{1,40}): ?(.*)\Z", re.DOTALL)
_ARGUMENT = re.compile(r"agi_arg_([1-9][0-9]{0,2})\Z")


@dataclass(frozen=True, slots=True)
class Environment:
    """What Asterisk says of the channel. Text is as the switch gave it, hostile, with U+FFFD for broken UTF-8."""

    script: str
    """The request's path without its query string, e.g. ``inbound``."""
    query: str
    """The request's query string as it stands, "" where there is none."""
    channel: str
    unique_id: str
    caller: str
    """"" where the switch says ``unknown``."""
    caller_name: str
    called: str
    """The number dialled, "" where unknown."""
    context: str
    extension: str
    arguments: tuple[str, ...]
    language: str = ""
    version: str = ""
    enhanced: bool = False
    """It is EAGI: the connection is that of our relay, which has the caller's audio."""


def decode(data: bytes) -> Environment:
    """The environment in ``data``, which ends with :data:`END`.

    Raises:
        RemoteProtocolError: it is not what Asterisk writes, or something in it is forged.
    """
    if len(data) > MAX_ENVIRONMENT_BYTES:
        raise RemoteProtocolError(f"AGI environment of more than {MAX_ENVIRONMENT_BYTES} bytes")
    lines = data.removesuffix(END).split(b"\n")
    if len(lines) > MAX_ENVIRONMENT_LINES:
        raise RemoteProtocolError(f"AGI environment of more than {MAX_ENVIRONMENT_LINES} lines")
    values, arguments = _in_order(lines)
    missing = [key for key in ORDER if key not in values]
    if missing:
        raise RemoteProtocolError(f"AGI environment ends before {missing[0]}: cut off or forged")
    script, _, query = values["agi_network_script"].partition("?")
    return Environment(
        script=script,
        query=query,
        channel=values["agi_channel"],
        unique_id=values["agi_uniqueid"],
        caller=_known(values["agi_callerid"]),
        caller_name=_known(values["agi_calleridname"]),
        called=_known(values["agi_dnid"]),
        context=values["agi_context"],
        extension=values["agi_extension"],
        arguments=tuple(arguments),
        language=values["agi_language"],
        version=values["agi_version"],
        enhanced=values["agi_enhanced"] == "1.0",
    )


def _in_order(lines: list[bytes]) -> tuple[dict[str, str], list[str]]:
    """The known keys and the arguments, each in its only place; unknown keys are passed over."""
    values: dict[str, str] = {}
    arguments: list[str] = []
    place = 0
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            raise RemoteProtocolError(f"AGI environment: expected 'agi_key: value', got {line[:60]!r}")
        key, value = match[1].decode("ascii"), match[2].decode("utf-8", errors="replace")
        if (argument := _ARGUMENT.match(key)) is not None:
            if place != _LAST or int(argument[1]) != len(arguments) + 1:
                raise RemoteProtocolError(f"AGI environment: {key} is not in its place")
            arguments.append(value)
        elif key in _PLACE:
            if _PLACE[key] != place:
                raise RemoteProtocolError(f"AGI environment: {key} is not in its place")
            values[key] = value
            place += 1
    return values, arguments


def _known(value: str) -> str:
    return "" if value == "unknown" else value
