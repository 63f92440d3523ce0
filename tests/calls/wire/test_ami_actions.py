"""AMI encoding: golden bytes, and no field can make a second action."""

from __future__ import annotations

import dataclasses
import hashlib
from ipaddress import IPv4Address
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import CommandRefused
from calls.wire import ami_actions as ami
from tests.calls.wire import ami_transcripts as recorded

DIAL = ami.Originate(
    channel_id="att-1",
    channel="PJSIP/+4930123456@carrier",
    context="callwright-dialled",
    exten="s",
    timeout_s=25.0,
    caller_id="+4930999",
    variables=(("CW_CALL", "att-1"), ("CW_AMD", "1")),
)
HEAR = ami.Overhear(
    channel_id="callwright-hear-1",
    far_end=ami.rtp_far_end(IPv4Address("127.0.0.1"), 20_000),
    context="callwright-hear",
    heard="pbx-1795300156.2",
    timeout_s=1.0,
)

GOLDEN: list[tuple[ami.Action, bytes]] = [
    (ami.Challenge(), b"Action: Challenge\r\nActionID: n-1\r\nAuthType: MD5\r\n\r\n"),
    (
        ami.Login("callwright", "7452ec39d1c302b8bd7052884f4d523e", ("call", "cdr")),
        b"Action: Login\r\nActionID: n-1\r\nAuthType: MD5\r\nUsername: callwright\r\n"
        b"Key: 7452ec39d1c302b8bd7052884f4d523e\r\nEvents: call,cdr\r\n\r\n",
    ),
    (ami.Logoff(), b"Action: Logoff\r\nActionID: n-1\r\n\r\n"),
    (ami.Ping(), b"Action: Ping\r\nActionID: n-1\r\n\r\n"),
    (ami.CoreSettings(), b"Action: CoreSettings\r\nActionID: n-1\r\n\r\n"),
    (ami.CoreStatus(), b"Action: CoreStatus\r\nActionID: n-1\r\n\r\n"),
    (ami.GetGlobal("CW_BOOT"), b"Action: Getvar\r\nActionID: n-1\r\nVariable: CW_BOOT\r\n\r\n"),
    (
        ami.SetGlobal("CW_BOOT", "mark-1"),
        b"Action: Setvar\r\nActionID: n-1\r\nVariable: CW_BOOT\r\nValue: mark-1\r\n\r\n",
    ),
    (
        ami.SetOnChannel("PJSIP/caller-00000002", "CW_RECORD", "call-1-talk-1"),
        b"Action: Setvar\r\nActionID: n-1\r\nChannel: PJSIP/caller-00000002\r\nVariable: CW_RECORD\r\n"
        b"Value: call-1-talk-1\r\n\r\n",
    ),
    (ami.CoreShowChannels(), b"Action: CoreShowChannels\r\nActionID: n-1\r\n\r\n"),
    (
        DIAL,
        b"Action: Originate\r\nActionID: n-1\r\nChannelId: att-1\r\nChannel: PJSIP/+4930123456@carrier\r\n"
        b"Context: callwright-dialled\r\nExten: s\r\nPriority: 1\r\nTimeout: 25000\r\nCallerID: +4930999\r\n"
        b"Variable: CW_CALL=att-1\r\nVariable: CW_AMD=1\r\nEarlyMedia: false\r\nAsync: true\r\n\r\n",
    ),
    (
        ami.Redirect("PJSIP/caller-00000002", "callwright-room", "leg-1"),
        b"Action: Redirect\r\nActionID: n-1\r\nChannel: PJSIP/caller-00000002\r\nContext: callwright-room\r\n"
        b"Exten: leg-1\r\nPriority: 1\r\n\r\n",
    ),
    (
        ami.Hangup("Local/101@ivr-00000001;1", 17),
        b"Action: Hangup\r\nActionID: n-1\r\nChannel: Local/101@ivr-00000001;1\r\nCause: 17\r\n\r\n",
    ),
    (
        ami.ConfbridgeKick("cw-leg-1", "PJSIP/caller-00000002"),
        b"Action: ConfbridgeKick\r\nActionID: n-1\r\nConference: cw-leg-1\r\nChannel: PJSIP/caller-00000002\r\n\r\n",
    ),
    (
        ami.MixMonitorMute("PJSIP/caller-00000002", True),
        b"Action: MixMonitorMute\r\nActionID: n-1\r\nChannel: PJSIP/caller-00000002\r\nDirection: both\r\n"
        b"State: 1\r\n\r\n",
    ),
    (
        ami.StopMixMonitor("PJSIP/caller-00000002"),
        b"Action: StopMixMonitor\r\nActionID: n-1\r\nChannel: PJSIP/caller-00000002\r\n\r\n",
    ),
    (
        ami.PressKey("PJSIP/caller-00000002", "D"),
        b"Action: PlayDTMF\r\nActionID: n-1\r\nChannel: PJSIP/caller-00000002\r\nDigit: D\r\nReceive: true\r\n\r\n",
    ),
    (
        ami.AbsoluteTimeout("callwright-hear-1", 30),
        b"Action: AbsoluteTimeout\r\nActionID: n-1\r\nChannel: callwright-hear-1\r\nTimeout: 30\r\n\r\n",
    ),
    (
        ami.HasModule("chan_rtp"),
        b"Action: Getvar\r\nActionID: n-1\r\nVariable: IFMODULE(chan_rtp.so)\r\n\r\n",
    ),
    (
        HEAR,
        b"Action: Originate\r\nActionID: n-1\r\nChannelId: callwright-hear-1\r\n"
        b"Channel: UnicastRTP/127.0.0.1:20000/c(ulaw)\r\nContext: callwright-hear\r\nExten: s\r\nPriority: 1\r\n"
        b"Timeout: 1000\r\nVariable: CW_HEARS=pbx-1795300156.2\r\nEarlyMedia: false\r\nAsync: true\r\n\r\n",
    ),
    (
        ami.Status("pbx-1795300156.2"),
        b"Action: Status\r\nActionID: n-1\r\nChannel: pbx-1795300156.2\r\n\r\n",
    ),
]


@pytest.mark.parametrize(("action", "data"), GOLDEN, ids=[action.name for action, _ in GOLDEN])
def test_golden_bytes(action: ami.Action, data: bytes) -> None:
    assert ami.encode(action, "n-1") == data


def test_every_action_has_golden_bytes() -> None:
    assert {type(action) for action, _ in GOLDEN} == set(ami.Action.__args__)


@pytest.mark.parametrize("version", recorded.VERSIONS)
def test_md5_key_is_the_one_that_was_accepted(version: str) -> None:
    challenge = recorded.responses(version, "ami-login-md5")[0].get("Challenge")
    sent = recorded.stream(version, "ami-login-md5", "us").decode()
    assert f"Key: {ami.Login.answer('dialer', 'dialer', challenge, ()).key}\r\n" in sent


def test_a_caller_id_may_be_left_out() -> None:
    assert b"CallerID" not in ami.encode(dataclasses.replace(DIAL, caller_id=""), "n-1")


@pytest.mark.parametrize(
    "action",
    [
        ami.Hangup("/^PJSIP/.*$/"),
        ami.Hangup("PJSIP/a-1", 0),
        ami.Hangup("PJSIP/a-1", 128),
        ami.ConfbridgeKick("cw-1", "all"),
        ami.ConfbridgeKick("cw-1", "Participants"),
        ami.ConfbridgeKick("cw-1", ""),
        ami.Redirect("PJSIP/a-1", "callwright-room", "s", 0),
        ami.Redirect("PJSIP/a-1", "callwright,room", "s"),
        ami.Login("call wright", "x", ()),
        ami.Login("callwright", "x", ("call", "all,system")),
        dataclasses.replace(DIAL, channel_id="x" * 65),
        dataclasses.replace(DIAL, channel="PJSIP/500&PJSIP/900@carrier"),
        dataclasses.replace(DIAL, channel="PJSIP/${EXTEN}@carrier"),
        dataclasses.replace(DIAL, channel=""),
        dataclasses.replace(DIAL, caller_id='"Doe" <1>'),
        dataclasses.replace(DIAL, timeout_s=0.0),
        dataclasses.replace(DIAL, timeout_s=float("nan")),
        dataclasses.replace(DIAL, timeout_s=1e9),
        dataclasses.replace(DIAL, variables=(("CW_CALL", "Doe,FILE(/path)=evil"),)),
        dataclasses.replace(DIAL, variables=(("FILE(/path)", "evil"),)),
        dataclasses.replace(DIAL, variables=(("CDR(x)", "1"),)),
        dataclasses.replace(DIAL, variables=(("CW_A", "1"),) * 120),
        dataclasses.replace(HEAR, heard=""),
        dataclasses.replace(HEAR, heard="PJSIP/a-1,w"),
        dataclasses.replace(HEAR, heard="pbx-1,FILE(/path)=evil"),
        dataclasses.replace(HEAR, far_end="PJSIP/+4930123456@carrier"),
        dataclasses.replace(HEAR, far_end="UnicastRTP/127.0.0.1:20000/c(ulaw)v(1)"),
        dataclasses.replace(HEAR, far_end="AudioSocket/127.0.0.1:20000/1/c(slin)"),
        ami.PressKey("PJSIP/a-1", "DD"),
        ami.PressKey("PJSIP/a-1", "E"),
        ami.AbsoluteTimeout("callwright-hear-1", 0),
        ami.HasModule("func_module.so)${X"),
    ],
)
def test_more_than_the_action_is_refused(action: ami.Action) -> None:
    with pytest.raises(CommandRefused):
        ami.encode(action, "n-1")


def test_an_audio_sockets_far_end() -> None:
    connection = UUID("0190a3c1-0000-4000-8000-000000000001")
    far_end = ami.audio_socket_far_end(IPv4Address("10.0.0.7"), 20_000, connection)
    data = ami.encode(dataclasses.replace(HEAR, far_end=far_end), "n-1")
    assert b"\r\nChannel: AudioSocket/10.0.0.7:20000/0190a3c1-0000-4000-8000-000000000001/c(slin)\r\n" in data


@pytest.mark.parametrize("action_id", ["", "a\r\nAction: Logoff", "a b", "x" * 65])
def test_a_bad_action_id_is_refused(action_id: str) -> None:
    with pytest.raises(CommandRefused):
        ami.encode(ami.Ping(), action_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Loose:
    """An action whose author forgot to check its values: the encoder alone must hold."""

    key: str
    value: str
    name: str = "Ping"

    def headers(self) -> ami.Headers:
        return ((self.key, self.value),)


@given(st.sampled_from(sorted(ami.KEYS)) | st.text(max_size=12), st.text(max_size=40))
@settings(max_examples=500, deadline=None)
def test_the_encoder_alone_lets_one_action_through_or_nothing(key: str, value: str) -> None:
    try:
        data = ami.encode(Loose(key, value), "n-1")  # type: ignore[arg-type]
    except CommandRefused:
        return
    assert len(data.split(b"\n")) == 5 and data.endswith(b"\r\n\r\n")
    assert data.split(b"\r\n")[2] == f"{key}: {value}".encode()


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\x00", "\x1b[31m", "\x7f", "\udc80", "a" * 1100])
def test_the_encoder_refuses_what_ends_a_line_or_is_no_text(value: str) -> None:
    with pytest.raises(CommandRefused):
        ami.encode(Loose("Channel", value), "n-1")  # type: ignore[arg-type]


FIELDS = [
    (action, field.name)
    for action, _ in GOLDEN
    for field in dataclasses.fields(action)
    if isinstance(getattr(action, field.name), str)
]
HOSTILE = st.text(max_size=30) | st.tuples(st.text(max_size=8), st.sampled_from(["\r\n", "\n", "\r", "\u2028"])).map(
    lambda parts: f"{parts[0]}{parts[1]}Action: Hangup{parts[1]}Channel: x{parts[1] * 2}"
)


@pytest.mark.parametrize(("action", "name"), FIELDS, ids=[f"{action.name}.{name}" for action, name in FIELDS])
@given(value=HOSTILE)
@settings(max_examples=40, deadline=None)
def test_the_switch_sees_exactly_one_action_whatever_the_field(action: ami.Action, name: str, value: str) -> None:
    """HAZARDS, panoramisk 4: a line end in a value was written as it stood."""
    try:
        changed = dataclasses.replace(action, **{name: value})  # type: ignore[arg-type]
        data = ami.encode(changed, "n-1")
    except CommandRefused:
        return
    lines = data.decode().splitlines()
    assert [line for line in lines if line.startswith("Action:")] == [f"Action: {action.name}"]
    assert lines.count("") == 1 and lines[-1] == ""
    assert data.count(b"\r\n") == data.count(b"\n") == len(lines)


def test_md5_is_over_challenge_and_secret() -> None:
    login = ami.Login.answer("u", "secret", "123", ("call",))
    assert login.key == hashlib.md5(b"123secret", usedforsecurity=False).hexdigest()
