"""The ESL decoder against recorded sessions, hostile bytes, and every way of cutting a stream."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import RemoteProtocolError
from calls.wire import esl
from calls.wire.esl import ApiReply, AuthRequest, Decoder, Disconnect, Event, Frame, Headers, Rejection, Reply
from tests.calls.wire.esl_recordings import NAMES, blocks, chunks, stream

FORGED = ("outbound-getvar-injection", "outbound-hostile-caller")
"""Sessions in which ``getvar`` put a caller's own lines on the wire. We never say ``getvar``."""

FAITHFUL = tuple(name for name in NAMES if name not in FORGED)


def decode(pieces: Iterable[bytes]) -> tuple[list[Frame], bool, Decoder]:
    """The frames, and whether a fault ended them."""
    decoder, frames = Decoder(), []
    try:
        for piece in pieces:
            for frame in decoder.feed(piece):
                frames.append(frame)
    except RemoteProtocolError:
        return frames, True, decoder
    return frames, False, decoder


def frames_of(name: str) -> list[Frame]:
    return decode(chunks(name))[0]


def events_of(name: str) -> list[Event]:
    return [frame for frame in frames_of(name) if isinstance(frame, Event)]


def replies_of(name: str) -> list[str]:
    return [frame.text for frame in frames_of(name) if isinstance(frame, Reply)]


def api_of(name: str) -> list[str]:
    return [frame.text for frame in frames_of(name) if isinstance(frame, ApiReply)]


# --- every recording --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAITHFUL)
def test_a_recording_is_decoded_whole(name: str) -> None:
    frames, failed, decoder = decode(chunks(name))
    assert not failed
    assert len(frames) == len(blocks(name)) > 0
    assert decoder.inside_frame is (name == "esl-killed")


@pytest.mark.parametrize("name", NAMES)
def test_how_a_recording_is_cut_changes_nothing(name: str) -> None:
    data = stream(name)
    whole = decode([data])[:2]
    assert decode(chunks(name))[:2] == whole
    assert decode(data[at : at + 1] for at in range(len(data)))[:2] == whole


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_recording_gives_the_beginning_of_its_frames(name: str) -> None:
    data = stream(name)
    whole = decode([data])[0]
    for end in [*range(0, len(data), max(1, len(data) // 16)), len(data) - 1]:
        frames, _, _ = decode([data[:end]])
        assert frames == whole[: len(frames)]


@pytest.mark.parametrize("name", FORGED)
def test_what_a_caller_forges_by_getvar_ends_in_a_fault(name: str) -> None:
    frames, failed, decoder = decode(chunks(name))
    assert failed
    assert not any(isinstance(frame, Event) for frame in frames), "a forged event"
    with pytest.raises(RemoteProtocolError, match="after a fault"):
        list(decoder.feed(b"Content-Type: auth/request\n\n"))


# --- what the recordings say ------------------------------------------------------------------------------------


def test_logging_in() -> None:
    frames = frames_of("esl-auth-ok")
    assert frames[0] == AuthRequest()
    assert replies_of("esl-auth-ok")[0] == "+OK accepted"
    assert json.loads(api_of("esl-auth-ok")[2]) == {"row_count": 0}
    assert frames[-1] == Disconnect(False, "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n")


def test_a_wrong_password() -> None:
    _, refused, bye = frames_of("esl-auth-refused")
    assert isinstance(refused, Reply)
    assert (refused.text, refused.refused) == ("-ERR invalid", True)
    assert isinstance(bye, Disconnect)


def test_an_address_that_may_not_connect() -> None:
    assert frames_of("esl-rude-rejection")[0] == Rejection("Access Denied, go away.\n")


def test_a_command_before_the_login() -> None:
    assert replies_of("esl-not-authenticated") == ["-ERR command not found", "+OK bye"]


def test_errors_have_a_reply_each() -> None:
    ours = stream("esl-errors", "us").count(b"\n\n")
    answers = [frame for frame in frames_of("esl-errors") if isinstance(frame, Reply | ApiReply)]
    assert len(answers) == ours
    assert sum(frame.refused for frame in answers) == 14
    assert "-ERR invalid session id [no-such-uuid]" in replies_of("esl-errors")


def test_bodies_are_kept_as_they_are() -> None:
    bodies = api_of("esl-non-utf8")
    assert bodies[0].encode(errors="surrogateescape") == b"\xff\xfe\x80 end"
    assert bodies[1] == "café \u2028 😀"
    assert bodies[2] == "a\n\nContent-Length: 5\n\nb"
    assert bodies[4] == "\r\n"
    (job,) = events_of("esl-non-utf8")
    assert job.name == "BACKGROUND_JOB"
    assert job.body.encode(errors="surrogateescape") == b"job\n\n\xffbody"
    assert job.headers.get("Job-Command-Arg").encode(errors="surrogateescape") == b"job\n\n\xffbody"


def test_live_calls_as_json() -> None:
    counts = [json.loads(text)["row_count"] for text in api_of("esl-show-channels") if text.startswith("{")]
    assert counts[0] == 2
    assert counts[-1] == 0


@pytest.mark.parametrize(
    ("name", "causes", "answers"),
    [
        ("esl-originate-answered-callee-hangs-up", ["NORMAL_CLEARING"], 1),
        ("esl-originate-answered-we-kill", ["NORMAL_CLEARING"], 1),
        ("esl-originate-instant-hangup", ["NORMAL_CLEARING"], 1),
        ("esl-originate-json-events", ["NORMAL_CLEARING"], 1),
        ("esl-originate-busy", ["USER_BUSY"], 0),
        ("esl-originate-no-answer", ["NO_ANSWER"], 0),
        ("esl-originate-503", ["NORMAL_TEMPORARY_FAILURE"], 0),
        ("esl-originate-unallocated", ["UNALLOCATED_NUMBER"], 0),
        ("esl-originate-480", ["NO_USER_RESPONSE"], 0),
        ("esl-bridge", ["NORMAL_CLEARING"] * 2, 2),
        ("esl-shutdown", ["SYSTEM_SHUTDOWN"], 0),
    ],
)
def test_how_calls_ended(name: str, causes: list[str], answers: int) -> None:
    events = events_of(name)
    ended = [event.headers.get("Hangup-Cause") for event in events if event.name == "CHANNEL_HANGUP_COMPLETE"]
    assert ended == causes
    assert sum(event.name == "CHANNEL_ANSWER" for event in events) == answers


def test_one_id_twice() -> None:
    jobs = [event.body for event in events_of("esl-originate-bad") if event.name == "BACKGROUND_JOB"]
    assert len([body for body in jobs if body.startswith("-ERR")]) == 6 - sum(
        text.startswith("-ERR") for text in api_of("esl-originate-bad")
    )
    assert sum(body.startswith("+OK") for body in jobs) == 1
    assert any("DESTINATION_OUT_OF_ORDER" in body for body in jobs)


def test_an_unbridge_may_follow_the_end() -> None:
    names = [event.name for event in events_of("esl-bridge")]
    assert names.index("CHANNEL_HANGUP_COMPLETE") < len(names) - 1 - names[::-1].index("CHANNEL_UNBRIDGE")


def test_keys() -> None:
    keys = [event.headers.get("DTMF-Digit") for event in events_of("esl-dtmf") if event.name == "DTMF"]
    assert keys == ["1", "2", "#", "9"]


def test_agents_of_the_switchs_own_queue() -> None:
    events = events_of("esl-callcenter")
    assert {event.headers.get("Event-Subclass") for event in events} == {"callcenter::info"}
    ends = Counter(
        event.headers.get("CC-Cause") for event in events if event.headers.get("CC-Action") == "member-queue-end"
    )
    assert ends == {"Terminated": 2, "Cancel": 2}


def test_detection_comes_twice() -> None:
    told = Counter(event.headers.get("Event-Subclass") for event in events_of("esl-avmd"))
    assert told["avmd::start"] == told["avmd::beep"] == 2
    beeps = [event for event in events_of("esl-avmd") if event.headers.get("Event-Subclass") == "avmd::beep"]
    assert len({event.headers.get("Event-Sequence") for event in beeps}) == 1


def test_hostile_names_forge_no_header() -> None:
    events = events_of("esl-hostile-callers")
    ended = [event for event in events if event.name == "CHANNEL_HANGUP_COMPLETE"]
    assert len({event.headers.get("Unique-ID") for event in ended}) == 8
    assert all("forged" not in event.headers.get("Unique-ID") for event in events)
    assert {event.headers.get("Hangup-Cause") for event in ended} == {"NORMAL_CLEARING"}
    names = [event.headers.get("Caller-Caller-ID-Name") for event in ended]
    assert any("\u2028" in name for name in names)


def test_the_reply_to_connect_is_unquoted_after_the_split() -> None:
    reply = frames_of("outbound-hostile-caller")[0]
    assert isinstance(reply, Reply)
    assert (reply.text, reply.refused) == ("+OK", False)
    assert "\nUnique-ID: forged" in reply.headers.get("Caller-Caller-ID-Name")
    assert reply.headers.get("Unique-ID") == reply.headers.get("variable_uuid") != "forged"
    assert reply.headers.get("Socket-Mode") == "async"


def test_killed_within_a_body() -> None:
    frames, failed, decoder = decode(chunks("esl-killed"))
    assert not failed and decoder.inside_frame
    assert [type(frame) for frame in frames] == [AuthRequest, Reply, Reply, Event, Event]


def test_a_menu() -> None:
    ended = [event for event in events_of("outbound-ivr") if event.name == "CHANNEL_EXECUTE_COMPLETE"]
    said = [line for line in stream("outbound-ivr", "us").decode().split("\n") if line.startswith("Event-UUID: ")]
    ids = [event.headers.get("Application-UUID") for event in ended]
    assert [f"Event-UUID: {each}" for each in ids[:-1]] == said[:-1], "completions carry our ids"
    keys = "".join(event.headers.get("DTMF-Digit") for event in events_of("outbound-ivr") if event.name == "DTMF")
    assert keys == "42#9"
    assert [frame.lingering for frame in frames_of("outbound-ivr") if isinstance(frame, Disconnect)] == [True, False]


def test_a_broken_playback_says_that_it_was_played() -> None:
    played = [
        event.headers.get("Application-Response")
        for event in events_of("outbound-break")
        if event.headers.get("Application") == "playback"
    ]
    assert played == [*["FILE PLAYED"] * 4, "FILE NOT FOUND"]


@pytest.mark.parametrize("name", ["outbound-caller-hangs-up", "outbound-caller-hangs-up-no-linger"])
def test_the_caller_hangs_up_while_a_file_plays(name: str) -> None:
    events = events_of(name)
    responses = [event.headers.get("Application-Response") for event in events if "Application" in event.headers]
    assert "PLAYBACK ERROR" in responses
    assert (events[-1].name, events[-1].headers.get("variable_sip_hangup_disposition")) == (
        "CHANNEL_HANGUP_COMPLETE",
        "recv_bye",
    )
    lingers = [frame.lingering for frame in frames_of(name) if isinstance(frame, Disconnect)]
    assert lingers == ([False] if name.endswith("no-linger") else [True, False])


def test_json_events() -> None:
    events = events_of("outbound-caller-hangs-up-digits")
    assert [event.headers.get("DTMF-Digit") for event in events if event.name == "DTMF"] == ["4"]
    assert events[-1].headers.get("Hangup-Cause") == "NORMAL_CLEARING"


def test_replies_without_async_come_late() -> None:
    kinds = [type(frame) for frame in frames_of("outbound-sync")]
    assert kinds == [Reply] * 5 + [Event] * 8 + [Disconnect]


def test_a_call_goes_on_after_a_transfer() -> None:
    names = [event.name for event in events_of("outbound-transfer")]
    assert names.index("CHANNEL_UNPARK") < names.index("CHANNEL_HANGUP_COMPLETE")


def test_a_bridge_that_fails() -> None:
    dispositions = [
        event.headers.get("variable_originate_disposition")
        for event in events_of("outbound-bridge")
        if event.name == "CHANNEL_EXECUTE_COMPLETE" and event.headers.get("Application") == "bridge"
    ]
    assert dispositions == ["SUCCESS", "USER_BUSY"]


@pytest.mark.parametrize("name", ["outbound-resume-we-close", "outbound-resume-exit", "outbound-reject"])
def test_short_sessions_end_with_a_notice(name: str) -> None:
    assert isinstance(frames_of(name)[-1], Disconnect)


# --- what no recording has --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length", ["-1", "2147483648", "16777217", "1e3", " 5", "5 ", "0x10", "٣", "", "+5", "99999999999"]
)
def test_a_length_that_is_none(length: str) -> None:
    with pytest.raises(RemoteProtocolError, match="Content-Length"):
        list(Decoder().feed(f"Content-Type: api/response\nContent-Length: {length}\n\n".encode()))


@pytest.mark.parametrize("size", [0, 1, 16 * 1_024 * 1_024])
def test_the_shortest_and_the_longest_body(size: int) -> None:
    head = f"Content-Type: api/response\nContent-Length: {size}\n\n".encode()
    found, more = Decoder().feed(head + b"x" * size + b"Content-Type: auth/request\n\n")
    assert isinstance(found, ApiReply) and len(found.text) == size
    assert isinstance(more, AuthRequest)


def test_stray_blank_lines_have_no_meaning() -> None:
    frames, failed, _ = decode(
        [b"\n", b"\n\nContent-Type: auth/request\n", b"\n\n\n", b"Content-Type: auth/request\n\n"]
    )
    assert (frames, failed) == ([AuthRequest(), AuthRequest()], False)


@pytest.mark.parametrize(
    "data",
    [
        b"Reply-Text: +OK\n\n",
        b"no colon\n\n",
        b": no name\n\n",
        b"Content-Type: text/event-xml\nContent-Length: 0\n\n",
        b"Content-Type: text/event-plain\nContent-Length: 5\n\na: b\n",
        b"Content-Type: text/event-plain\nContent-Length: 43\n\nEvent-Name: X\nContent-Length: 99\n\ntoo short",
        b"Content-Type: text/event-json\nContent-Length: 4\n\n[{}]",
        b"Content-Type: text/event-json\nContent-Length: 3\n\nnul",
        b'Content-Type: text/event-json\nContent-Length: 16\n\n{"Event-Name":1}',
        b'Content-Type: text/event-json\nContent-Length: 8\n\n{"a":{}}',
        b"Content-Type: text/event-json\nContent-Length: 60000\n\n" + b"[" * 60_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\n\n",
        b"x: y\n" * 5_000 + b"\n",
        b"x" * (esl.MAX_HEADER_BYTES + 2),
    ],
)
def test_what_is_not_esl(data: bytes) -> None:
    frames, failed, _ = decode([data])
    assert failed and frames == []


def test_the_frames_before_a_fault_count() -> None:
    frames, failed, _ = decode([b"Content-Type: auth/request\n\nnonsense\n\n"])
    assert (frames, failed) == ([AuthRequest()], True)


def test_the_first_of_two_values_counts() -> None:
    (reply,) = Decoder().feed(b"Content-Type: command/reply\nReply-Text: +OK one\nReply-Text: -ERR two\n\n")
    assert isinstance(reply, Reply)
    assert reply.text == "+OK one"


def test_a_raw_reply_is_not_unquoted() -> None:
    (reply,) = Decoder().feed(b"Content-Type: command/reply\nReply-Text: +OK 100%25\n\n")
    assert isinstance(reply, Reply)
    assert reply.text == "+OK 100%25"


def test_lists_in_json_read_as_in_plain_events() -> None:
    body = b'{"Event-Name":"X","Event-Name":"Y","list":["a","b"],"_body":"text"}'
    (event,) = Decoder().feed(b"Content-Type: text/event-json\nContent-Length: %d\n\n" % len(body) + body)
    assert event == Event("X", Headers({"Event-Name": "X", "list": "ARRAY::a|:b"}), "text")


# --- properties -------------------------------------------------------------------------------------------------

VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "%0AUnique-ID: forged",
        "a\nHangup-Cause: x",
        "\u2028Unique-ID: forged",
        "\r\n\r\n",
        "a\n\nContent-Type: y",
        "%",
        "%%0",
        "+",
    ]
)
NAMES_OF_HEADERS = st.text(st.characters(codec="ascii", categories=["L", "Nd"], include_characters="-_"), min_size=1)


def quoted(text: str) -> str:
    """As FreeSWITCH quotes: whatever is no letter, digit or plain sign."""
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/,"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode())


@given(st.dictionaries(NAMES_OF_HEADERS, VALUES, max_size=8), st.text(max_size=40), st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_an_event_comes_back_whatever_its_values(values: dict[str, str], body: str, cut: int) -> None:
    values = {f"v_{name}": value for name, value in values.items()}
    inner = body.encode(errors="surrogatepass")
    lines = [f"{name}: {quoted(value)}" for name, value in values.items()]
    event = "\n".join(["Event-Name: CUSTOM", *lines, f"Content-Length: {len(inner)}", "", ""]).encode() + inner
    data = f"Content-Length: {len(event)}\nContent-Type: text/event-plain\n\n".encode() + event
    frames, failed, decoder = decode(data[at : at + cut] for at in range(0, len(data), cut))
    assert not failed and not decoder.inside_frame
    (frame,) = frames
    assert isinstance(frame, Event)
    told = dict(frame.headers.items())
    assert told.pop("Event-Name") == "CUSTOM"
    assert told.pop("Content-Length") == str(len(inner))
    assert told == values
    assert frame.body.encode(errors="surrogateescape") == inner


@given(st.lists(st.binary(max_size=200), max_size=8))
@settings(max_examples=200, deadline=None)
def test_garbage_raises_only_the_remote_protocol_error(pieces: list[bytes]) -> None:
    decode(pieces)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_recording_raises_only_the_remote_protocol_error(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["outbound-ivr", "esl-non-utf8", "outbound-caller-hangs-up-digits", "esl-errors"])
    )
    whole = bytearray(stream(name)[:20_000])
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    at = data.draw(st.integers(0, len(whole)))
    frames, failed, _ = decode([bytes(whole)])
    again, failed_again, _ = decode([bytes(whole[:at]), bytes(whole[at:])])
    assert (frames, failed) == (again, failed_again)
    for frame in frames:
        if isinstance(frame, Reply | Event):
            assert all(isinstance(value, str) for _, value in frame.headers.items())
