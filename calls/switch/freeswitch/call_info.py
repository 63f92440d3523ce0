"""What the reply to ``connect`` says of a call, made safe."""

from __future__ import annotations

import re

from calls.ids import BootId, CallId
from calls.switch.port import CallInfo
from calls.text import printable
from calls.wire.esl import Headers

MAX_NAME = 80
"""A caller's name in a record; SIP has no limit."""

_NUMBER = re.compile(r"\+?[0-9]{1,32}\Z")
_CALLED = re.compile(r"[A-Za-z0-9+*#_.-]{1,64}\Z")


def inbound_info(call: Headers, call_id: CallId, switch: str) -> CallInfo:
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
    )
