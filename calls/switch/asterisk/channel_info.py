"""What a FastAGI request says of its call, made safe; and the first words that we say on each connection."""

from __future__ import annotations

import re

from calls.errors import RemoteProtocolError, SwitchRefused
from calls.ids import AttemptId, BootId, CallId
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.switch.port import CallInfo, Detected
from calls.text import printable
from calls.wire import agi
from calls.wire.agi import Variable
from calls.wire.agi_environment import Environment
from calls.wire.agi_replies import DEAD_CHANNEL

MAX_NAME = 80
"""A caller's name in a record; SIP has no limit, the dialplan's is 80."""

_NUMBER = re.compile(r"\+?[0-9]{1,32}\Z")
_CALLED = re.compile(r"[A-Za-z0-9+*#_.-]{1,64}\Z")
_ENDPOINT = re.compile(r"PJSIP/[A-Za-z0-9_.@-]{1,80}\Z")
_SPECIAL = frozenset({"s", "h", "t", "i", "T"})
"""Extensions of the dialplan's own. Source: docs.asterisk.org, "Special Dialplan Extensions"."""

_DETECTED = {"HUMAN": Detected.HUMAN, "MACHINE": Detected.MACHINE, "NOTSURE": Detected.UNSURE}
"""AMDSTATUS. Source: docs.asterisk.org, application AMD."""


def inbound_info(
    environment: Environment, call_id: CallId, switch: str, boot: BootId, endpoint: str = ""
) -> CallInfo:
    """What is known of an inbound call, to which we have just given ``call_id``. ``endpoint``: the agent's phone that
    dialled a code of ours."""
    dialled = environment.extension if environment.extension not in _SPECIAL else environment.called
    return CallInfo(
        call_id=call_id,
        switch=switch,
        boot=boot,
        channel=printable(environment.unique_id),
        caller=environment.caller if _NUMBER.match(environment.caller) else "",
        caller_name=printable(environment.caller_name)[:MAX_NAME],
        called=dialled if _CALLED.match(dialled) else "",
        endpoint=endpoint,
    )


def endpoint_of(environment: Environment) -> str:
    """The phone that dialled a code of ours: the request's argument, which the dialplan has from the channel driver;
    "" where it is no endpoint."""
    said = environment.arguments[0] if environment.arguments else ""
    return said if _ENDPOINT.match(said) else ""


def dialled_info(
    environment: Environment, attempt_id: AttemptId, number: str, caller_id: str, switch: str, boot: BootId
) -> CallInfo:
    """What is known of the answered leg of one of our attempts.

    ``number`` is the one that was dialled and ``caller_id`` what we showed, both from the attempt, not from the
    switch. The request's arguments are the attempt's id, AMDSTATUS and AMDCAUSE.
    """
    amd = environment.arguments[1] if len(environment.arguments) > 1 else ""
    return CallInfo(
        call_id=CallId(attempt_id),
        switch=switch,
        boot=boot,
        channel=printable(environment.unique_id),
        caller=caller_id,
        caller_name="",
        called=number,
        attempt_id=attempt_id,
        detected=_DETECTED.get(amd, Detected.UNSURE) if amd else Detected.NOT_ASKED,
    )


async def name_call(connection: AgiConnection, call_id: CallId) -> None:
    """Give the channel our id of its call.

    Raises:
        SwitchError: see :meth:`AgiConnection.send`; ``SwitchRefused``: the channel is dead.
    """
    await _done(connection, agi.SetVariable(Variable.CALL, call_id))


async def take_over(connection: AgiConnection, call_id: CallId, limit_s: int) -> None:
    """The first words on every connection: the dialplan's watchdog gets the call's limit, and the channel must say
    that it carries ``call_id``.

    The id is a secret of ours until then. A stream that a caller has put out of step (a forged end of the
    environment, followed by forged replies) cannot give it at the right place.

    Raises:
        RemoteProtocolError: the channel is not that call's, or the stream is forged.
        SwitchError: see :meth:`AgiConnection.send`; ``SwitchRefused``: the channel is dead.
    """
    await _done(connection, agi.LimitCall(limit_s))
    reply = await connection.send(agi.GetVariable(Variable.CALL))
    if reply.value != call_id:
        connection.abort()
        raise RemoteProtocolError(f"AGI: the channel says that it carries call {reply.value!r}, not {call_id}")


async def run_mark(connection: AgiConnection) -> str:
    """By which mark of ours the switch's run, of which the call is, is known; "": it has none (yet).

    Raises:
        SwitchError: see :meth:`AgiConnection.send`.
    """
    return (await connection.send(agi.GetVariable(Variable.BOOT))).value or ""


async def _done(connection: AgiConnection, command: agi.Command) -> None:
    reply = await connection.send(command)
    if reply.status == DEAD_CHANNEL:
        raise SwitchRefused("AGI: the channel has been hung up")
    if reply.status != 200 or reply.data != "1":
        raise SwitchRefused(f"AGI: a variable could not be set: {reply.status} {reply.data}{reply.message}")
