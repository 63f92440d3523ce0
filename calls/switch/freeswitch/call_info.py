"""What the reply to ``connect`` says of a call, made safe."""

from __future__ import annotations

import re
from enum import Enum

from calls.ids import AttemptId, BootId, CallId
from calls.switch.port import CallInfo
from calls.text import printable
from calls.wire.esl import Headers

MAX_NAME = 80
"""A caller's name in a record; SIP has no limit."""

ROUTE_VARIABLE = "cw_route"
"""The channel variable with which a dialplan says by which of its extensions a call comes."""

_NUMBER = re.compile(r"\+?[0-9]{1,32}\Z")
_CALLED = re.compile(r"[A-Za-z0-9+*#_.-]{1,64}\Z")
_USER = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


class Route(Enum):
    """The extensions of our dialplan from which a call comes to us."""

    IN = "in"
    AGENTS = "agents"
    """A code that was dialled on an agent's own telephone."""
    DIALLED = "dialled"
    BACK = "back"
    """From a talk."""


def route_of(call: Headers) -> Route:
    """How the call comes; a dialplan that does not say it has callers."""
    try:
        return Route(call.get(f"variable_{ROUTE_VARIABLE}") or Route.IN.value)
    except ValueError:
        return Route.IN


def endpoint_of(call: Headers) -> str:
    """The telephone that dialled a code of ours, as the settings name it: the user as whom it has logged in to
    FreeSWITCH; "" where it has not."""
    user = call.get("variable_user_name")
    logged_in = call.get("variable_sip_authorized") == "true"
    return f"user/{user}" if logged_in and _USER.match(user) else ""


def inbound_info(call: Headers, call_id: CallId, switch: str, endpoint: str = "") -> CallInfo:
    """What is known of an inbound call, to which we have just given ``call_id``. Its ``Unique-ID`` is a safe id."""
    caller = call.get("Caller-Caller-ID-Number")
    called = call.get("Caller-Destination-Number")
    return CallInfo(
        call_id=call_id,
        switch=switch,
        boot=BootId(printable(call.get("Core-UUID"))[:64]),
        channel=call.get("Unique-ID"),
        caller=caller if _NUMBER.match(caller) else "",
        caller_name=printable(call.get("Caller-Caller-ID-Name"))[:MAX_NAME],
        called=called if _CALLED.match(called) else "",
        endpoint=endpoint,
    )


def dialled_info(call: Headers, attempt_id: AttemptId, number: str, caller_id: str, switch: str) -> CallInfo:
    """What is known of the answered leg of one of our attempts. ``number`` is the one that was dialled and
    ``caller_id`` what we showed, both from the attempt, not from the switch."""
    return CallInfo(
        call_id=CallId(attempt_id),
        switch=switch,
        boot=BootId(printable(call.get("Core-UUID"))[:64]),
        channel=call.get("Unique-ID"),
        caller=caller_id,
        caller_name="",
        called=number,
        attempt_id=attempt_id,
    )
