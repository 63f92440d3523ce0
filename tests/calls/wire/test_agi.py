"""AGI commands: golden bytes, and nothing that could become a second command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CommandRefused
from calls.wire import agi
from calls.wire.agi import Variable

GOLDEN: list[tuple[agi.Command, bytes]] = [
    (agi.Answer(), b"ANSWER\n"),
    (agi.ChannelStatus(), b"CHANNEL STATUS\n"),
    (agi.Hangup(), b"HANGUP\n"),
    (agi.SetHangupCause(17), b"EXEC Hangup 17\n"),
    (agi.StreamFile("/var/lib/pbx/sounds/ok1s", "", 1.7), b'STREAM FILE /var/lib/pbx/sounds/ok1s ""\n'),
    (agi.StreamFile("/var/lib/pbx/sounds/menu2s", "1234#", 2.4), b"STREAM FILE /var/lib/pbx/sounds/menu2s 1234#\n"),
    (
        agi.StreamFile("/var/lib/pbx/sounds/menu2s", "D", 2.4, 8_000),
        b"STREAM FILE /var/lib/pbx/sounds/menu2s D 8000\n",
    ),
    (agi.StreamFile("/home/jürgen/call centre/a", "", 1.0), 'STREAM FILE "/home/jürgen/call centre/a" ""\n'.encode()),
    (agi.GetKey("/p/a", 4000, 3.0), b"GET DATA /p/a 4000 1\n"),
    (agi.WaitForDigit(4000), b"WAIT FOR DIGIT 4000\n"),
    (agi.GetVariable(Variable.DIAL_STATUS), b"GET VARIABLE DIALSTATUS\n"),
    (agi.SetVariable(Variable.DONE, "1"), b"SET VARIABLE IVR_DONE 1\n"),
    (agi.SetVariable(Variable.CALL, ""), b'SET VARIABLE CW_CALL ""\n'),
    (agi.LimitCall(14_400), b"SET VARIABLE TIMEOUT(absolute) 14400\n"),
    (agi.MusicOnHold("default", 30), b"EXEC MusicOnHold default,30\n"),
    (agi.SetMusic("jazz"), b"SET MUSIC ON jazz\n"),
    (agi.SetMusic(None), b"SET MUSIC OFF\n"),
    (agi.Beep(), b'EXEC PlayTones "!1000/300"\n'),
    (agi.RecordFile("/var/rec/m-1", "#*", 60_000, 4), b"RECORD FILE /var/rec/m-1 wav #* 60000 s=4\n"),
    (agi.RecordFile("/var/rec/m-1", "", 800, 1), b'RECORD FILE /var/rec/m-1 wav "" 800 s=1\n'),
    (agi.StartMixMonitor("/var/rec/call-1.wav"), b"EXEC MixMonitor /var/rec/call-1.wav\n"),
    (agi.Dial("PJSIP/+4930123@carrier", 20), b"EXEC Dial PJSIP/+4930123@carrier,20,gS(14400)\n"),
    (
        agi.Dial("PJSIP/a", 20, 60, "jazz", "callwright-whisper", ("/p/en/a", "/p/en/b"), "1"),
        b'EXEC Dial "PJSIP/a,20,gS(60)m(jazz)U(callwright-whisper^/p/en/a&/p/en/b^1)"\n',
    ),
    (agi.Dial("Local/100@desk/n", 5, 60), b"EXEC Dial Local/100@desk/n,5,gS(60)\n"),
]


@pytest.mark.parametrize(("command", "line"), GOLDEN, ids=lambda value: type(value).__name__)
def test_golden_bytes(command: agi.Command, line: bytes) -> None:
    assert agi.encode(command) == line


@pytest.mark.parametrize(
    ("command", "deadline_s"),
    [
        (agi.Answer(), agi.REPLY_MARGIN_S),
        (agi.StreamFile("/p/a", "", 2.5), 2.5 + agi.REPLY_MARGIN_S),
        (agi.GetKey("/p/a", 4_000, 2.5), 6.5 + agi.REPLY_MARGIN_S),
        (agi.WaitForDigit(4_000), 4.0 + agi.REPLY_MARGIN_S),
        (agi.MusicOnHold("default", 30), 30.0 + agi.REPLY_MARGIN_S),
        (agi.RecordFile("/r/a", "#", 30_000, 4), 30.0 + agi.REPLY_MARGIN_S),
        (agi.Dial("PJSIP/a", 20, 100), 120.0 + agi.REPLY_MARGIN_S),
    ],
)
def test_the_reply_is_due_when_the_command_has_run_its_time(command: agi.Command, deadline_s: float) -> None:
    assert command.deadline_s == deadline_s


def test_dial_takes_one_endpoint_and_no_options_of_its_own() -> None:
    for dial in (
        "PJSIP/500&PJSIP/900",
        "PJSIP/a,30,U(x)",
        "PJSIP/a|30",
        "PJSIP/${X}",
        "PJSIP/a^b",
        "PJSIP",
        "PJSIP/a\n",
    ):
        with pytest.raises(CommandRefused):
            agi.Dial(dial, 20)


@pytest.mark.parametrize(
    "path",
    ["welcome", "../etc/passwd", "/p/../etc/passwd", "/p/./a", "/p//a", "/p/a&/etc/passwd", "/", "", "/p/"],
)
def test_a_prompt_is_an_absolute_path_that_never_goes_up(path: str) -> None:
    with pytest.raises(CommandRefused):
        agi.StreamFile(path, "", 1.0)
    with pytest.raises(CommandRefused):
        agi.GetKey(path, 1_000, 1.0)


@pytest.mark.parametrize(
    "path", ['/p/a"b', "/p/a\\b", "/p/a\nHANGUP", "/p/a\x00", "/p/\u2028", "/p/\udcff", "/p/a\x7f"]
)
def test_what_cannot_be_quoted_is_refused(path: str) -> None:
    with pytest.raises(CommandRefused):
        agi.encode(agi.StreamFile(path, "", 1.0))


def test_the_switch_own_variables_cannot_be_set() -> None:
    for name in Variable:
        if name not in agi.SETTABLE:
            with pytest.raises(CommandRefused, match="switch's own"):
                agi.SetVariable(name, "1")


def test_numbers_out_of_range_are_refused() -> None:
    for make in (
        lambda: agi.SetHangupCause(0),
        lambda: agi.SetHangupCause(128),
        lambda: agi.LimitCall(0),
        lambda: agi.WaitForDigit(0),
        lambda: agi.WaitForDigit(agi.MAX_WAIT_MS + 1),
        lambda: agi.MusicOnHold("default", 0),
        lambda: agi.MusicOnHold("default", 100_000),
        lambda: agi.MusicOnHold("a,1", 5),
        lambda: agi.SetMusic("a b"),
        lambda: agi.Dial("PJSIP/a", 0),
        lambda: agi.Dial("PJSIP/a", 20, 0),
        lambda: agi.StreamFile("/p/a", "", -1.0),
        lambda: agi.StreamFile("/p/a", "", float("nan")),
        lambda: agi.StreamFile("/p/a", "x", 1.0),
        lambda: agi.StreamFile("/p/a", "D", 1.0, -1),
        lambda: agi.GetKey("/p/a", 0, 1.0),
    ):
        with pytest.raises(CommandRefused):
            make()


def test_a_line_fits_the_switch_buffer_to_the_byte() -> None:
    rest = len(agi.encode(agi.StreamFile("/" + "a" * 100, "", 1.0))) - 100
    longest = agi.MAX_COMMAND_BYTES - rest
    assert len(agi.encode(agi.StreamFile("/" + "a" * longest, "", 1.0))) == agi.MAX_COMMAND_BYTES
    with pytest.raises(CommandRefused, match="at most 1900"):
        agi.encode(agi.StreamFile("/" + "a" * (longest + 1), "", 1.0))


ANY_TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(
    ['a" HANGUP "', "a\nHANGUP", "x\r\n", "a&b", "${X}"]
)


@given(ANY_TEXT, ANY_TEXT, st.integers(-5, 5_000), st.floats())
def test_whatever_is_given_one_command_is_one_line_or_refused(text: str, other: str, number: int, s: float) -> None:
    makers = (
        lambda: agi.StreamFile("/" + text, other, s),
        lambda: agi.GetKey("/" + text, number, s),
        lambda: agi.SetVariable(Variable.CALL, text),
        lambda: agi.MusicOnHold(text, number),
        lambda: agi.Dial("PJSIP/" + text, number),
        lambda: agi.Dial(text, number, number),
    )
    for make in makers:
        try:
            line = agi.encode(make())
        except CommandRefused:
            continue
        assert line.endswith(b"\n") and line.count(b"\n") == 1 and len(line) <= agi.MAX_COMMAND_BYTES
        assert line.decode()[:-1].isprintable() and b"\\" not in line
        assert line.count(b'"') % 2 == 0
        words = arguments(line)
        assert words[: len(words) - 1] == list(make().words())[: len(words) - 1]
        assert words == list(make().words())


def arguments(line: bytes) -> list[str]:
    """What Asterisk's parse_args makes of a line, for lines that escape nothing."""
    words: list[str] = []
    quoted, started, word = False, False, ""
    for letter in line.decode().removesuffix("\n"):
        if letter == '"':
            quoted, started = not quoted, True
        elif letter == " " and not quoted:
            if started:
                words.append(word)
            started, word = False, ""
        else:
            started, word = True, word + letter
    return [*words, word] if started else words


@pytest.mark.parametrize(
    "path",
    [
        "/rec/a.wav,b,rm",
        "/rec/a b.wav",
        "/rec/../etc/a.wav",
        "/rec/./a.wav",
        "rec/a.wav",
        "/rec/a&b.wav",
        "/rec/a|b.wav",
        "/rec/${SHELL(id)}.wav",
        "/rec/^{SHELL(id)}.wav",
        "/rec/a\n.wav",
        "/rec/a\0.wav",
        "/rec//a.wav",
        "/rec/%2e%2e/a.wav",
        "",
    ],
)
def test_a_recording_is_one_file_and_never_an_option_or_a_command(path: str) -> None:
    with pytest.raises(CommandRefused):
        agi.StartMixMonitor(path)
    with pytest.raises(CommandRefused):
        agi.RecordFile(path, "#", 1_000, 1)


def test_a_recording_has_an_end() -> None:
    for broken in ({"longest_ms": 0}, {"silence_s": 0}, {"end_keys": "x"}, {"longest_ms": 10_000_000}):
        given = {"path": "/rec/a", "end_keys": "#", "longest_ms": 1_000, "silence_s": 1} | broken
        with pytest.raises(CommandRefused):
            agi.RecordFile(**given)  # type: ignore[arg-type]  # one value is wrong on purpose
