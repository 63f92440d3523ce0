"""Hostile callers and hostile values against a real Asterisk with the rendered configuration.

Each attack is shown to work on a PBX that is not defended in that place, so that the tests can fail.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.demo.pbx import PrivateAsterisk
from dialplans.values import CallerId
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import AgiCall, RawAgi, RawAmi, SipCaller

pytestmark = pytest.mark.asterisk

FORGED_FRAME = "%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%20forged%0d%0aCause%3a%2016%0d%0a%0d%0aX%3a%20y"
"""The user part of the recorded transcripts "ami-hostile-number": a whole AMI frame behind a number."""

FORGED_REPLIES = "%0a%0a200%20result=1%20(forged)%0aHANGUP"
"""That of "agi-hostile-number-blank-line": the end of the AGI environment, a reply and a hang-up."""

FORGED_LINE = "%0aagi_x%3a%20forged"


def ami(pbx: PrivateAsterisk) -> RawAmi:
    """A login with the engine's own account."""
    return RawAmi(pbx.ports.ami, "callwright", SECRETS.ami_secret)


async def serve(agi: AgiCall) -> None:
    """A short call."""
    await agi.say("SET VARIABLE TIMEOUT(absolute) 60")
    await agi.say("ANSWER")
    await agi.say("SET VARIABLE IVR_DONE 1")


async def call_with(pbx: PrivateAsterisk, sender: str, extra: str = "") -> tuple[bytes, AgiCall]:
    """One call from ``sender`` from its beginning to its end: what AMI told of it, and its AGI request."""
    async with (
        RawAgi(pbx.values.includes.agi_port, serve) as engine,
        ami(pbx) as wire,
        SipCaller(pbx.ports.sip) as caller,
    ):
        caller.invite(sender=sender, extra=extra)
        request = await engine.until(1)
        wire.send(Action="CoreShowChannels", ActionID="list")
        await wire.until(rb"Event: CoreShowChannelsComplete")
        async with asyncio.timeout(20):
            await caller.ended.wait()
        await wire.until(rb"Event: Hangup\r\nPrivilege")
        return bytes(wire.received), request


def hostile(user: str) -> str:
    """A From header whose user part holds ``user`` behind a number."""
    return f'"Mallory" <sip:49{user}@127.0.0.1>'


SENDERS = pytest.mark.parametrize(
    "user", [FORGED_FRAME, FORGED_REPLIES, FORGED_LINE], ids=["frame", "replies", "line"]
)


@SENDERS
async def test_no_caller_forges_a_frame_or_a_line(asterisk: PrivateAsterisk, user: str) -> None:
    frames, request = await call_with(asterisk, hostile(user))
    assert b"forged" not in frames
    assert b"forged" not in request.environment
    assert request.value("callerid") in ("", "unknown"), "a number with anything in it is no number"
    assert request.value("calleridname") == "Mallory"


@SENDERS
async def test_where_the_switch_hands_line_ends_on_the_engine_gets_none(
    start_asterisk: StartAsterisk, user: str
) -> None:
    """The include files on a PBX that loads res_pjsip_caller_id: AMI is lost, AGI is not."""
    pbx = await start_asterisk(caller_id=CallerId.CHANNEL)
    assert "Loaded" in await pbx.cli("module load res_pjsip_caller_id.so")
    frames, request = await call_with(pbx, hostile(user))
    assert b"\nUniqueid: forged" in frames or user != FORGED_FRAME, "the attack works where it is not defended"
    assert b"forged" in frames
    assert b"\n" not in request.environment.removesuffix(b"\n\n").split(b"agi_callerid: ")[1].split(b"\nagi_")[0]
    assert b"\nHANGUP" not in request.environment
    assert b"\nagi_x" not in request.environment
    assert b"agi_threadid: " in request.environment, "the environment ends where Asterisk ends it"


HEADERS = (
    f"P-Asserted-Identity: <sip:49{FORGED_FRAME}@127.0.0.1>\r\n",
    f"Remote-Party-ID: <sip:49{FORGED_FRAME}@127.0.0.1>;party=calling\r\n",
    f"Diversion: <sip:49{FORGED_FRAME}@127.0.0.1>;reason=unconditional\r\n",
    f"Contact: <sip:49{FORGED_FRAME}@127.0.0.1>\r\n",
)


async def test_no_other_header_forges_a_frame(asterisk: PrivateAsterisk) -> None:
    for extra in HEADERS:
        frames, request = await call_with(asterisk, '"Ann" <sip:+493055501@127.0.0.1>', extra)
        assert b"forged" not in frames, extra
        assert b"forged" not in request.environment, extra
        assert request.value("callerid") == "+493055501"


NAMES = ("O\"Hara, 'x' (y) \\ z", "${SHELL(id)}", "$[1/0]", "a\u2028b\u0085c", "Müller", "`id`;&|", "x" * 300)
PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-")


async def test_names_arrive_as_plain_text(asterisk: PrivateAsterisk) -> None:
    for name in NAMES:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        _, request = await call_with(asterisk, f'"{quoted}" <sip:+493055501@127.0.0.1>')
        assert set(request.value("calleridname")) <= PLAIN, name
        assert request.value("callerid") == "+493055501", name


NO_NUMBERS = (f"100{FORGED_FRAME}", "100%0a", "s", "h", "T", "leg-1", "100,1", "1" * 16)


async def test_what_is_no_number_is_not_called(asterisk: PrivateAsterisk) -> None:
    """It never becomes a channel, so AMI never tells of it."""
    async with ami(asterisk) as wire:
        for user in NO_NUMBERS:
            async with SipCaller(asterisk.ports.sip) as caller:
                caller.invite(user=user)
                await caller.until_status(404)
        wire.send(Action="CoreShowChannels", ActionID="list")
        await wire.until(rb"Event: CoreShowChannelsComplete")
        assert b"Newchannel" not in wire.received
        assert b"forged" not in wire.received


async def originate_with(pbx: PrivateAsterisk, variable: str) -> None:
    """The comma attack: a value that a lead's name could hold, in an Originate by our own account."""
    async with ami(pbx) as wire:
        wire.send(
            Action="Originate",
            ActionID="attack",
            Channel="Local/100@callwright-in",
            Application="Wait",
            Data="1",
            Variable=variable,
            Async="true",
        )
        await wire.until(rb"ActionID: attack\r\nMessage: Originate successfully queued")
        await wire.until(rb"Event: Newchannel")
        await wire.until(rb"Event: Hangup\r\nPrivilege")


async def test_a_comma_in_a_value_writes_no_file(asterisk: PrivateAsterisk, short_folder: Path) -> None:
    evil = short_folder / "evil"
    await originate_with(asterisk, f"X=Doe,FILE({evil})=evil")
    assert not evil.exists()
    assert "Function FILE not registered" in asterisk.log.read_text()


async def test_that_attack_works_where_its_module_is_loaded(asterisk: PrivateAsterisk, short_folder: Path) -> None:
    evil = short_folder / "evil"
    assert "Loaded" in await asterisk.cli("module load func_env.so")
    await originate_with(asterisk, f"X=Doe,FILE({evil})=evil")
    assert evil.exists()


REFUSED: tuple[dict[str, str], ...] = (
    {"Action": "Command", "Command": "core show version"},
    {"Action": "UpdateConfig", "SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
    {"Action": "GetConfig", "Filename": "manager.conf"},
    {"Action": "ModuleLoad", "Module": "func_shell.so", "LoadType": "load"},
    {"Action": "DialplanExtensionAdd", "Context": "x", "Extension": "1", "Priority": "1", "Application": "NoOp"},
    {"Action": "UserEvent", "UserEvent": "x"},
    {"Action": "DBPut", "Family": "x", "Key": "y", "Val": "z"},
)
NOT_LOADED: tuple[dict[str, str], ...] = (
    {"Action": "AgentLogoff", "Agent": "x"},
    {"Action": "QueueAdd", "Queue": "x", "Interface": "PJSIP/x"},
)


async def test_the_account_cannot_do_more(asterisk: PrivateAsterisk) -> None:
    async with ami(asterisk) as wire:
        for expected, actions in ((rb"Permission denied", REFUSED), (rb"Invalid/unknown command", NOT_LOADED)):
            for action in actions:
                wire.send(**action, ActionID=action["Action"])
                pattern = rb"Response: Error\r\nActionID: " + action["Action"].encode() + rb"\r\nMessage: " + expected
                await wire.until(pattern)


async def test_another_address_or_secret_is_refused(asterisk: PrivateAsterisk) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", asterisk.ports.ami)
    writer.write(b"Action: Login\r\nUsername: callwright\r\nSecret: wrong-secret-000001\r\n\r\n")
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert b"Authentication failed" in answer
