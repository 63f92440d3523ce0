"""Replies: every recorded connection whole, byte by byte and truncated; forgeries; garbage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import RemoteProtocolError
from calls.wire.agi import Shape
from calls.wire.agi_environment import ORDER, Environment
from calls.wire.agi_replies import MAX_REPLY_BYTES, AgiDecoder, Event, HangupNotice, Reply
from tests.calls.wire import agi_recordings
from tests.calls.wire.agi_recordings import Chunk, Recording, replay, replay_in_pieces

FORGED = "agi-hostile-number-blank-line"
VALUES = "agi-variables"
ALL = agi_recordings.every()
WHOLE = [recording for recording in ALL if not recording.name.endswith(FORGED)]
ONE_LINERS = [recording for recording in WHOLE if not recording.name.endswith(VALUES)]
VERSIONS = pytest.mark.parametrize("version", agi_recordings.VERSIONS)
ENVIRONMENT = ("\n".join(f"{key}: x" for key in ORDER) + "\n\n").encode()


def by_name(recordings: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", recordings, ids=lambda recording: recording.name)


def replies(events: list[Event]) -> list[Reply]:
    return [event for event in events if isinstance(event, Reply)]


def waiting(shape: Shape = Shape.RESULT) -> AgiDecoder:
    """A decoder after its environment, with one command on its way."""
    decoder = AgiDecoder()
    decoder.feed(ENVIRONMENT)
    decoder.expect(shape)
    return decoder


def test_both_versions_are_recorded() -> None:
    assert len(ALL) >= 44 and {recording.name.split("/")[0] for recording in ALL} == set(agi_recordings.VERSIONS)


@by_name(WHOLE)
def test_every_command_has_its_reply(recording: Recording) -> None:
    events = replay(recording)
    assert isinstance(events[0], Environment)
    assert len(replies(events)) == len(recording.commands)
    hangups = recording.from_switch.count(b"\nHANGUP\n")
    assert sum(isinstance(event, HangupNotice) for event in events) >= min(hangups, 1)


@by_name(WHOLE)
def test_however_the_stream_is_cut_it_says_the_same(recording: Recording) -> None:
    if recording.name.endswith(VALUES):
        with pytest.raises(RemoteProtocolError):
            replay_in_pieces(recording, 1)  # a value with ")" before a line feed: short, then a fault; never shifted
        return
    whole = replay(recording)
    for size in (1, 7, 100):
        assert replay_in_pieces(recording, size) == whole


@by_name(ONE_LINERS)
def test_cut_off_at_every_byte_it_says_the_beginning(recording: Recording) -> None:
    whole = replay(recording)
    for at in range(sum(len(chunk.data) for chunk in recording.chunks if chunk.from_switch)):
        events = replay(truncated(recording, at))
        assert events == whole[: len(events)]


def truncated(recording: Recording, at: int) -> Recording:
    """The recording up to ``at`` bytes of the switch."""
    kept: list[Chunk] = []
    for chunk in recording.chunks:
        if chunk.from_switch:
            kept.append(Chunk(True, chunk.data[:at]))
            at -= len(chunk.data)
            if at <= 0:
                break
        else:
            kept.append(chunk)
    return Recording(recording.name, tuple(kept))


@VERSIONS
def test_a_forged_end_of_the_environment_is_never_trusted(version: str) -> None:
    recording = agi_recordings.read(version, FORGED)
    for size in (1, 50, 10_000):
        decoder = AgiDecoder()
        with pytest.raises(RemoteProtocolError):
            for at in range(0, len(recording.from_switch), size):
                assert decoder.feed(recording.from_switch[at : at + size]) == []
        with pytest.raises(RemoteProtocolError, match="lost its place"):
            decoder.feed(b"200 result=1\n")
        with pytest.raises(RemoteProtocolError, match="lost its place"):
            decoder.expect(Shape.RESULT)


def test_a_whole_forged_environment_is_found_by_what_follows() -> None:
    """The number holds all later keys, a blank line and replies; the true rest then comes unasked."""
    position = ORDER.index("agi_callerid")
    forged = "\n".join(f"{key}: forged" for key in ORDER[position:]) + "\n\n200 result=1\n"
    true_rest = "\n".join(f"{key}: x" for key in ORDER[position + 1 :]) + "\n\n"
    data = ("\n".join(f"{key}: x" for key in ORDER[:position]) + "\n" + forged + true_rest).encode()
    with pytest.raises(RemoteProtocolError):
        AgiDecoder().feed(data)
    decoder = AgiDecoder()
    end = data.index(b"\n\n") + 2
    decoder.feed(data[:end])  # even where the rest comes after our first command
    decoder.expect(Shape.RESULT)
    with pytest.raises(RemoteProtocolError, match="nobody asked"):
        decoder.feed(data[end:])


@VERSIONS
def test_the_menu_of_the_recording(version: str) -> None:
    recording = agi_recordings.read(version, "agi-menu")
    said = dict(zip(recording.commands, replies(replay(recording)), strict=True))
    by_text = {command.decode(): reply for command, reply in said.items()}
    assert by_text["CHANNEL STATUS"] == Reply(200, "6")
    assert by_text["GET VARIABLE nosuch"].value is None
    assert by_text["GET FULL VARIABLE ${CALLERID(num)}"].value == "4930111"
    assert by_text['STREAM FILE /var/lib/pbx/sounds/menu2s "1234#"'].number == ord("2")
    assert by_text['STREAM FILE /var/lib/pbx/sounds/nosuchfile "#"'] == Reply(200, "-1", endpos=0)
    assert by_text["GET DATA /var/lib/pbx/sounds/menu2s 5000 4"] == Reply(200, "1234")
    assert by_text["GET DATA /var/lib/pbx/sounds/menu2s 1500 8"] == Reply(200, "77", "timeout")
    assert by_text["GET DATA /var/lib/pbx/sounds/ok1s 300 4"] == Reply(200, "", "timeout")
    assert by_text["WAIT FOR DIGIT 4000"].number == ord("#")
    assert by_text["GET VARIABLE PLAYBACKSTATUS"].value == "FAILED"
    assert by_text["EXEC NoSuchApp x"].number == -2


@VERSIONS
def test_usage_of_several_lines_is_one_reply(version: str) -> None:
    recording = agi_recordings.read(version, "agi-errors")
    said = replies(replay(recording))
    assert len(said) == len(recording.commands) and {reply.status for reply in said} == {200, 510, 520}
    usage = next(reply for reply in said if reply.status == 520)
    assert usage.message.count("\n") >= 2 and usage.message.endswith("520 End of proper usage.")


@VERSIONS
def test_a_dead_channel_says_so(version: str) -> None:
    events = replay(agi_recordings.read(version, "agi-dead-channel"))
    assert isinstance(events[2], HangupNotice)
    assert [reply.status for reply in replies(events)].count(511) == 8


@VERSIONS
def test_a_hangup_line_before_a_reply_is_not_the_reply(version: str) -> None:
    """HAZARDS, panoramisk 2: every later reply was shifted by one."""
    events = replay(agi_recordings.read(version, "agi-hangup-wait-for-digit"))
    assert [type(event) for event in events[-5:]] == [Reply, HangupNotice, Reply, Reply, HangupNotice]
    assert events[-2] == Reply(200, "1", value="1")


@VERSIONS
def test_values_of_several_lines_come_whole(version: str) -> None:
    recording = agi_recordings.read(version, VALUES)
    values = [reply.value for reply in replies(replay(recording)) if reply.value is not None]
    assert 'line one\nline "two" (2)\n)"\' end' in values
    assert "x\n200 result=1 (forged)" in values and "200 result=0" in values and "(unbalanced" in values
    assert "" in values and max(map(len, values)) == 1_023  # the switch cuts a longer one


def test_a_timeout_keeps_its_word() -> None:
    """HAZARDS, panoramisk 13."""
    assert waiting().feed(b"200 result= (timeout)\n") == [Reply(200, "", "timeout")]


def test_a_value_that_reads_hangup_is_a_value() -> None:
    """HAZARDS, panoramisk 13."""
    assert waiting(Shape.VALUE).feed(b"200 result=1 (hangup)\nHANGUP\n") == [
        Reply(200, "1", value="hangup"),
        HangupNotice(),
    ]


def test_a_value_waits_for_its_end() -> None:
    decoder = waiting(Shape.VALUE)
    assert decoder.feed(b"200 result=1 (one\n") == [] and decoder.waiting
    assert decoder.feed(b"two)\nHANG") == []
    assert decoder.feed(b"UP\n") == [Reply(200, "1", value="one\ntwo"), HangupNotice()]


def test_no_value_where_a_result_is_due() -> None:
    """A forged value cannot swallow what follows it: only a command that asks for a value takes one."""
    with pytest.raises(RemoteProtocolError):
        waiting().feed(b"200 result=1 (forged value)\n")


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"200\n",
        b"200 result=1 \n",
        b"200 result=1 (\n",
        b"100 result=0 Trying...\n",
        b"300 result=0\n",
        b"agi_calleridname: Mallory\n",
        b"HANGUP \n",
        b"200 result=1\r\n",
        b"510 \x1b[31m\n",
    ],
)
def test_what_is_no_reply_is_a_fault(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        waiting().feed(line)


def test_a_reply_without_an_end_is_bounded() -> None:
    for shape, begin in ((Shape.RESULT, b""), (Shape.VALUE, b"200 result=1 ("), (Shape.RESULT, b"520-Usage\n")):
        decoder = waiting(shape)
        decoder.feed(begin)
        with pytest.raises(RemoteProtocolError, match="more than"):
            for _ in range(MAX_REPLY_BYTES // 1_000 + 2):
                decoder.feed(b"x" * 999 + (b"\n" if begin.startswith(b"520") else b"x"))


def test_an_environment_without_an_end_is_bounded() -> None:
    decoder = AgiDecoder()
    with pytest.raises(RemoteProtocolError, match="without an end"):
        for _ in range(40):
            decoder.feed(b"agi_x: " + b"y" * 600 + b"\n")


def test_one_command_at_a_time() -> None:
    with pytest.raises(RuntimeError):
        AgiDecoder().expect(Shape.RESULT)
    with pytest.raises(RuntimeError):
        waiting().expect(Shape.RESULT)


def test_a_result_is_a_number_or_their_fault() -> None:
    assert waiting().feed(b"200 result=-1\n") == [Reply(200, "-1")]
    with pytest.raises(RemoteProtocolError, match="expected a number"):
        _ = Reply(200, "#").number


@given(st.binary(max_size=200), st.sampled_from(list(Shape)), st.integers(1, 20))
@settings(max_examples=300)
def test_garbage_raises_only_remote_protocol_error(data: bytes, shape: Shape, size: int) -> None:
    decoder = waiting(shape)
    try:
        for at in range(0, len(data), size):
            decoder.feed(data[at : at + size])
    except RemoteProtocolError:
        pass


PIECES = st.sampled_from(
    [
        b"200 result=",
        b"1",
        b" (",
        b")",
        b"\n",
        b"HANGUP\n",
        b"timeout",
        b" endpos=",
        b"-1",
        b"520-",
        b"520 End",
        b"511 ",
    ]
)


@given(st.lists(PIECES, max_size=20), st.sampled_from(list(Shape)))
@settings(max_examples=300)
def test_near_misses_raise_only_remote_protocol_error(pieces: list[bytes], shape: Shape) -> None:
    decoder = waiting(shape)
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                if isinstance(event, Reply):
                    decoder.expect(shape)
    except RemoteProtocolError:
        pass


@given(st.text(max_size=200), st.integers(0, 3))
def test_a_value_in_one_piece_comes_back_as_it_was(value: str, hangups: int) -> None:
    """Forged replies and newlines included, as long as it does not itself end like a value and a HANGUP line."""
    data = b"200 result=1 (" + value.encode() + b")\n" + b"HANGUP\n" * hangups
    events = waiting(Shape.VALUE).feed(data)
    assert events == [Reply(200, "1", value=value), *[HangupNotice()] * hangups]
