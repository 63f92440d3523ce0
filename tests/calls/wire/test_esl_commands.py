"""The ESL encoder: golden bytes, and that nothing makes two lines of one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import CommandRefused
from calls.wire.esl_applications import Answer, Playback, Set, Variable
from calls.wire.esl_commands import (
    MAX_COMMAND_BYTES,
    Answers,
    BreakPlayback,
    Command,
    Connect,
    EventName,
    Execute,
    Exit,
    FilterCall,
    HangupCall,
    Linger,
    Subscribe,
    encode,
)
from tests.calls.wire.esl_recordings import stream

GOLDEN = [
    (Connect(), b"connect\n\n", "outbound-ivr"),
    (Linger(2), b"linger 2\n\n", "outbound-break"),
    (
        Subscribe((EventName.EXECUTE_COMPLETE, EventName.HANGUP_COMPLETE)),
        b"event plain CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP_COMPLETE\n\n",
        "outbound-break",
    ),
    (
        FilterCall("09f9b4c7-2db2-4f46-b66d-64d8a988682e"),
        b"filter Unique-ID 09f9b4c7-2db2-4f46-b66d-64d8a988682e\n\n",
        "outbound-break",
    ),
    (
        Execute(Answer(), "5fa28035-0da4-43eb-806a-d589387d6203"),
        b"sendmsg\ncall-command: execute\nexecute-app-name: answer\n"
        b"Event-UUID: 5fa28035-0da4-43eb-806a-d589387d6203\n\n",
        "outbound-ivr",
    ),
    (
        Execute(Playback("/var/lib/pbx/sounds/prompt.wav"), "69ceb2ae-e56a-40e8-aad4-d8ffa669700e"),
        b"sendmsg\ncall-command: execute\nexecute-app-name: playback\n"
        b"Event-UUID: 69ceb2ae-e56a-40e8-aad4-d8ffa669700e\nexecute-app-arg: /var/lib/pbx/sounds/prompt.wav\n\n",
        "outbound-ivr",
    ),
    (
        HangupCall("USER_BUSY"),
        b"sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n",
        "outbound-reject",
    ),
    (Exit(), b"exit\n\n", "outbound-ivr"),
]


@pytest.mark.parametrize(("command", "expected", "recording"), GOLDEN, ids=lambda each: type(each).__name__)
def test_commands_are_what_freeswitch_took(command: Command, expected: bytes, recording: str) -> None:
    assert encode(command) == expected
    assert expected in stream(recording, "us"), "these very bytes were taken by a real one"


def test_a_break_is_an_api_command() -> None:
    assert encode(BreakPlayback("a-b")) == b"api uuid_break a-b all\n\n"
    assert BreakPlayback("a-b").answered_by is Answers.API
    assert b"bgapi uuid_break 09f9b4c7-2db2-4f46-b66d-64d8a988682e all\n\n" in stream("outbound-break", "us")


def test_no_key_ends_a_prompt_by_itself() -> None:
    command = Execute(Set(Variable.PLAYBACK_TERMINATORS, "none"), "id-1")
    assert b"\nexecute-app-arg: playback_terminators=none\n\n" in encode(command)


@pytest.mark.parametrize(
    "file",
    [
        "relative.wav",
        "",
        "/",
        "/a//b.wav",
        "/a/../b.wav",
        "/a/./b.wav",
        "/a/${b}.wav",
        "/a\n/b.wav",
        "/a!b.wav",
        "/a@@8000",
        "{rate=1}/a.wav",
        "/a/[b].wav",
        "http://host/a.wav",
        "/a/b,c.wav",
        "/a/b\u2028c.wav",
        "/a/b.wav\n",
        "/a/é.wav",
    ],
)
def test_files_that_may_not_be_played(file: str) -> None:
    with pytest.raises(CommandRefused):
        Playback(file)


def test_files_that_may() -> None:
    for file in ("/var/lib/call wright/prompts/en/main.welcome.wav", "/a/b-c_d+e=f@g.wav"):
        assert Playback(file).words() == ("playback", file)


@pytest.mark.parametrize("seconds", [0, -1, 61])
def test_a_linger_without_an_end(seconds: int) -> None:
    with pytest.raises(CommandRefused):
        Linger(seconds)


def test_a_subscription_to_nothing_is_refused() -> None:
    with pytest.raises(CommandRefused):
        Subscribe(())


HOSTILE = st.text(max_size=30) | st.sampled_from(["a\n\nexit", "a b", "${x}", "a\u2028b", "x\r\ny: z", "a;b", "\x00"])


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_whatever_is_encoded_is_one_command(text: str) -> None:
    for make in (
        lambda: HangupCall(text),
        lambda: FilterCall(text),
        lambda: BreakPlayback(text),
        lambda: Execute(Answer(), text),
        lambda: Execute(Set(Variable.PLAYBACK_TERMINATORS, text), "id"),
        lambda: Execute(Playback(f"/{text}"), "id"),
    ):
        try:
            command: Command = make()
        except CommandRefused:
            continue
        data = encode(command)
        assert data.endswith(b"\n\n")
        assert data.count(b"\n\n") == 1
        assert len(data.splitlines()) == len(command.lines()) + 1
        assert re.fullmatch(rb"[ -~\n]+", data)
        assert b"${" not in data


class _Raw:
    """A command whose lines nobody has checked."""

    def __init__(self, *lines: str) -> None:
        self._lines = lines

    @property
    def answered_by(self) -> Answers:
        return Answers.REPLY

    def lines(self) -> tuple[str, ...]:
        return self._lines


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_the_encoder_itself_lets_no_line_through_that_is_two(lines: list[str]) -> None:
    try:
        data = encode(_Raw(*lines))
    except CommandRefused:
        return
    assert data.decode().split("\n") == [*lines, "", ""]
    assert data.decode().splitlines() == [*lines, ""]


def test_a_command_that_is_too_long_is_refused() -> None:
    with pytest.raises(CommandRefused, match="at most"):
        encode(_Raw("x" * MAX_COMMAND_BYTES))
