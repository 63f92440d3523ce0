"""AMI decoding: limits, hostile values, and every recorded session of both versions."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import RemoteProtocolError
from calls.text import printable
from calls.wire.ami import MAX_FRAME, MAX_HEADERS, MAX_LINE, AmiFrame, Banner, Decoder, Event, Frame, Response
from tests.calls.wire import ami_transcripts as recorded

BANNER = b"Asterisk Call Manager/5.0.4\r\n"


def decode(data: bytes, wanted: frozenset[str] | None = None) -> list[AmiFrame]:
    return Decoder(wanted).feed(data)


def after_banner(data: bytes) -> list[AmiFrame]:
    return decode(BANNER + data)[1:]


def one_event(data: bytes) -> Event:
    (frame,) = after_banner(data)
    assert isinstance(frame, Event)
    return frame


class TestBanner:
    def test_is_given_once(self) -> None:
        assert decode(BANNER) == [Banner("5.0.4")]

    def test_may_arrive_byte_by_byte(self) -> None:
        decoder = Decoder()
        assert [frame for byte in BANNER for frame in decoder.feed(bytes([byte]))] == [Banner("5.0.4")]

    @pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n", b"Asterisk Call Manager/\r\n", b"x" * 200])
    def test_somebody_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(RemoteProtocolError, match="not an Asterisk manager"):
            decode(data)

    def test_a_bare_line_feed_ends_lines_where_the_banner_has_one(self) -> None:
        frames = decode(b"Asterisk Call Manager/11.0.0\nEvent: Hangup\nUniqueid: a\n\nEvent: Ne")
        assert frames == [Banner("11.0.0"), Event("Event: Hangup\r\nUniqueid: a")]


class TestFrames:
    def test_event(self) -> None:
        frame = one_event(b"Event: Hangup\r\nUniqueid: att-1\r\nAccountCode: \r\nCause: 16\r\n\r\n")
        assert (frame.name, frame.get("Uniqueid"), frame.get("AccountCode"), frame.get("None")) == (
            *("Hangup", "att-1", ""),
            "",
        )
        assert not frame.tampered

    def test_response(self) -> None:
        (frame,) = after_banner(b"Response: Error\r\nActionID: a1\r\nMessage: No such channel\r\n\r\n")
        assert isinstance(frame, Response)
        assert (frame.success, frame.action_id, frame.message) == (False, "a1", "No such channel")

    def test_originate_response_is_an_event(self) -> None:
        frame = one_event(b"Event: OriginateResponse\r\nActionID: a1\r\nResponse: Failure\r\n\r\n")
        assert (frame.name, frame.get("Response"), frame.tampered) == ("OriginateResponse", "Failure", False)

    def test_repeated_headers_are_kept_in_order(self) -> None:
        (frame,) = after_banner(b"Response: Success\r\nOutput: a\r\nOutput: \r\nX: 1\r\nOutput: b: c\r\n\r\n")
        assert isinstance(frame, Response)
        assert (frame.all("Output"), frame.all("X"), frame.all("Y")) == (("a", "", "b: c"), ("1",), ())

    def test_list_marks(self) -> None:
        first, last = after_banner(
            b"Response: Success\r\nEventList: start\r\n\r\nEvent: XComplete\r\nEventList: Complete\r\n\r\n"
        )
        assert isinstance(first, Response) and isinstance(last, Event)
        assert first.starts_list and last.completes_list

    def test_a_second_empty_line_is_no_frame(self) -> None:
        frames = after_banner(b"Response: Error\r\nMessage: too long\n\r\n\r\n\r\nEvent: Hangup\r\n\r\n\r\n\r\n")
        assert [type(frame) for frame in frames] == [Response, Event]
        assert isinstance(frames[0], Response) and frames[0].message == "too long"

    def test_unwanted_events_are_dropped_by_their_first_line(self) -> None:
        decoder = Decoder(frozenset(("Hangup",)))
        data = BANNER + b"Event: Newexten\r\nA: \xff\r\n\r\nEvent: Hangup\r\n\r\nEvent: HangupRequest\r\n\r\n"
        assert decoder.feed(data + b"Response: Success\r\n\r\n") == [
            *(Banner("5.0.4"), Event("Event: Hangup")),
            Response("Response: Success"),
        ]
        assert decoder.dropped == 2


class TestHostileValues:
    def test_a_character_cut_in_two_by_tcp_is_whole(self) -> None:
        """HAZARDS, panoramisk 8: each chunk was decoded by itself."""
        data = BANNER + "Event: Newchannel\r\nCallerIDName: Zoë 日本\r\n\r\n".encode()
        for cut in range(len(data)):
            decoder = Decoder()
            (_, frame) = decoder.feed(data[:cut]) + decoder.feed(data[cut:])
            assert isinstance(frame, Event) and frame.get("CallerIDName") == "Zoë 日本"

    def test_unicode_line_separators_are_no_line_ends(self) -> None:
        name = "a\u2028Event: Hangup\u2029Cause: 1\x85Uniqueid: forged"
        frame = one_event(f"Event: Newchannel\r\nCallerIDName: {name}\r\nUniqueid: x\r\n\r\n".encode())
        assert (frame.name, frame.get("Uniqueid"), frame.tampered) == ("Newchannel", "x", False)
        assert frame.get("CallerIDName") == "aEvent: HangupCause: 1Uniqueid: forged"

    def test_bare_line_ends_and_controls_are_stripped_not_believed(self) -> None:
        frame = one_event(
            b"Event: Newchannel\r\nCallerIDNum: 4\nUniqueid: f\x1b[3\r1m\x00\xff\r\nUniqueid: x\r\n\r\n"
        )
        assert frame.get("CallerIDNum") == "4Uniqueid: f[31m\ufffd"
        assert frame.get("Uniqueid") == "x" and not frame.tampered

    def test_a_frame_split_by_its_value_is_marked(self) -> None:
        frame = one_event(b"Event: Newchannel\r\nCallerIDNum: 4\r\nEvent: Hangup\r\nUniqueid: forged\r\n\r\n")
        assert frame.tampered

    def test_the_rest_of_a_value_is_noise_and_no_error(self) -> None:
        decoder = Decoder()
        assert decoder.feed(BANNER + b"CallerIDName: x\r\n\r\n: \r\n\r\n\x00\r\n\r\n") == [Banner("5.0.4")]
        assert decoder.noise == 3

    def test_a_name_as_long_as_a_sip_message_is_no_error(self) -> None:
        frame = one_event(b"Event: Newchannel\r\nCallerIDName: " + b"n" * 65_535 + b"\r\n\r\n")
        assert len(frame.get("CallerIDName")) == 65_535


class TestLimits:
    def test_line(self) -> None:
        with pytest.raises(RemoteProtocolError, match="line"):
            after_banner(b"Event: X\r\nA: " + b"a" * MAX_LINE + b"\r\n\r\n")

    def test_headers(self) -> None:
        with pytest.raises(RemoteProtocolError, match="headers"):
            after_banner(b"Event: X\r\n" + b"A: b\r\n" * MAX_HEADERS + b"\r\n")

    @pytest.mark.parametrize("first", [b"Event: X\r\n", b"Response: X\r\n"])
    def test_frame(self, first: bytes) -> None:
        body = (b"A: " + b"a" * 60_000 + b"\r\n") * 18
        with pytest.raises(RemoteProtocolError, match="bytes"):
            after_banner(first + body + b"\r\n")

    def test_a_frame_without_end(self) -> None:
        decoder = Decoder()
        decoder.feed(BANNER + b"Event: X\r\n")
        with pytest.raises(RemoteProtocolError, match="bytes"):
            for _ in range(MAX_FRAME // 50_000 + 1):
                decoder.feed(b"a" * 50_000)

    def test_a_large_frame_in_small_pieces_takes_linear_time(self) -> None:
        """HAZARDS, panoramisk 14: a message of 4 MB took 1.1 s. Eight times the pieces: well below 64 times."""

        def seconds(size: int) -> float:
            decoder, piece = Decoder(), b"A: " + b"a" * 95 + b"\r\n"
            decoder.feed(BANNER + b"Event: X\r\n")
            began = time.process_time()
            for _ in range(size):
                decoder.feed(piece)
            assert len(decoder.feed(b"\r\n")) == 1
            return time.process_time() - began

        assert seconds(8000) < 24 * max(seconds(1000), 0.002)


class TestEnd:
    def test_between_frames(self) -> None:
        decoder = Decoder()
        decoder.feed(BANNER + b"Event: X\r\n\r\n")
        assert decoder.end() == 0

    def test_within_a_frame_the_rest_is_dropped(self) -> None:
        decoder = Decoder()
        decoder.feed(BANNER + b"Event: Hangup\r\nUniq")
        assert decoder.end() == 19


@pytest.mark.parametrize(("version", "name"), recorded.ALL)
class TestRecorded:
    def test_cut_makes_no_difference(self, version: str, name: str) -> None:
        """Whole, as it arrived, and byte by byte: the same frames."""
        data = recorded.stream(version, name)
        whole = decode(data)
        assert whole == recorded.frames(version, name)
        decoder = Decoder()
        assert whole == [frame for byte in data for frame in decoder.feed(bytes([byte]))]

    def test_agrees_with_a_plain_reading(self, version: str, name: str) -> None:
        """The first lines of what stands between empty lines are all there, in order."""
        parts = [part.strip(b"\r\n") for part in recorded.stream(version, name).split(b"\r\n\r\n")]
        parts[0] = parts[0].split(b"\r\n", 1)[-1]
        ended = parts[:-1]
        firsts = [part.split(b"\r\n")[0] for part in ended if part.startswith((b"Event: ", b"Response: "))]
        assert [
            f"{'Event' if isinstance(frame, Event) else 'Response'}: {frame.get(type(frame).__name__)}".encode()
            for frame in recorded.frames(version, name)
            if isinstance(frame, Frame)
        ] == firsts

    def test_truncated_gives_what_was_whole(self, version: str, name: str) -> None:
        """Cut anywhere: no exception, and a prefix of the frames."""
        data = recorded.stream(version, name)
        whole = decode(data)
        for cut in range(0, len(data), max(1, len(data) // 60)):
            frames = decode(data[:cut])
            assert frames == whole[: len(frames)]

    def test_filter_gives_the_same_events(self, version: str, name: str) -> None:
        wanted = frozenset(("Hangup", "OriginateResponse", "CoreShowChannelsComplete"))
        expected = [
            frame for frame in recorded.frames(version, name) if not isinstance(frame, Event) or frame.name in wanted
        ]
        assert decode(recorded.stream(version, name), wanted) == expected

    def test_all_text_is_clean(self, version: str, name: str) -> None:
        for frame in recorded.frames(version, name):
            if isinstance(frame, Frame):
                values = [value for _, value in frame.headers]
                assert all(value == printable(value) for value in values)
                assert "".join(values).encode()
                for key, _ in frame.headers:
                    assert frame.get(key) == frame.all(key)[0]


@pytest.mark.parametrize("version", recorded.VERSIONS)
class TestRecordedOutcomes:
    """What transcripts/README.md says of each session, as far as it is the codec's to see."""

    def test_login(self, version: str) -> None:
        replies = recorded.responses(version, "ami-login-ok")
        assert [reply.action_id for reply in replies if not reply.success] == ["a6", "a8"]
        assert replies[0].success and replies[-1].get("Response") == "Goodbye"
        by_id = {reply.action_id: reply for reply in replies}
        assert by_id["a6"].all("Output")[0].startswith("No such command")
        assert len(by_id["a5"].all("Output")) == 2

    def test_md5_login(self, version: str) -> None:
        assert [reply.success for reply in recorded.responses(version, "ami-login-md5")] == [True] * 4

    def test_login_refused(self, version: str) -> None:
        (reply,) = recorded.responses(version, "ami-login-refused")
        assert (reply.success, reply.message) == (False, "Authentication failed")

    def test_not_logged_in(self, version: str) -> None:
        replies = recorded.responses(version, "ami-not-logged-in")
        assert [reply.message for reply in replies[:2]] == ["Permission denied"] * 2
        assert replies[-1].get("Response") == "Goodbye" and replies[-1].action_id == ""

    def test_lists_complete(self, version: str) -> None:
        events = recorded.events(version, "ami-status")
        rows = [event.action_id for event in events if event.name == "CoreShowChannel"]
        idle, busy = (event for event in events if event.name == "CoreShowChannelsComplete")
        assert idle.completes_list and busy.completes_list
        assert [idle.get("ListItems"), busy.get("ListItems")] == ["0", "5"]
        assert rows == [busy.action_id] * 5
        members = [event for event in events if event.name in ("QueueMember", "QueueMemberStatus")]
        assert any("lunch" in (event.get("PausedReason"), event.get("Reason")) for event in members)

    def test_user_events(self, version: str) -> None:
        events = [event for event in recorded.events(version, "ami-userevent") if event.name == "UserEvent"]
        assert len(events) == 4
        assert any("forged" in event.all("Uniqueid") for event in events)

    def test_forged_frames_in_a_number_are_marked_or_have_no_privilege(self, version: str) -> None:
        """A whole frame can be made by a value. Real ones of this session begin with Event and Privilege."""
        events = recorded.events(version, "ami-hostile-number")
        forged = [event for event in events if "forged" in event.all("Uniqueid")]
        assert len(forged) >= 5 and all(event.tampered for event in forged)
        whole = [event for event in events if event.name == "Hangup" and not event.tampered]
        assert whole and all(event.get("Privilege") == "" for event in whole)

    def test_calls_of_hostile_callers_all_end(self, version: str) -> None:
        events = [event for event in recorded.events(version, "ami-hostile-callers") if event.get("Privilege")]
        began = {event.get("Uniqueid") for event in events if event.name == "Newchannel"}
        ended = {event.get("Uniqueid") for event in events if event.name == "Hangup"}
        assert began == ended and len(began) == 13  # eleven callers and the two halves of one Local call

    def test_shutdown(self, version: str) -> None:
        (event,) = (e for e in recorded.events(version, "ami-graceful-shutdown") if e.name == "Shutdown")
        assert event.get("Shutdown") == "Cleanly"
        refused = [
            reply.message for reply in recorded.responses(version, "ami-graceful-shutdown") if not reply.success
        ]
        assert refused == ["Asterisk is shutting down"] * 2

    def test_stopped_without_a_word(self, version: str) -> None:
        assert [r.success for r in recorded.responses(version, "ami-stop-now")] == [True]
        assert not any(event.name == "Shutdown" for event in recorded.events(version, "ami-stop-now"))

    def test_killed_within_a_frame(self, version: str) -> None:
        decoder = Decoder()
        frames = decoder.feed(recorded.stream(version, "ami-killed"))
        assert decoder.end() > 0
        began = {event.get("Uniqueid") for event in frames if isinstance(event, Event) and event.name == "Newchannel"}
        assert {"att-kill-1", "att-kill-2"} <= began
        assert not any(isinstance(frame, Event) and frame.name == "Hangup" for frame in frames)


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=300, deadline=None)
def test_garbage_raises_only_the_remote_protocol_error(data: bytes, greeted: bool) -> None:
    decoder = Decoder()
    try:
        decoder.feed(BANNER + data if greeted else data)
    except RemoteProtocolError:
        assert not greeted


VALUE = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=30)
KEY = st.from_regex(r"\A[A-Z][A-Za-z-]{0,12}\Z").filter(lambda key: key not in ("Event", "Response"))


@given(st.lists(st.tuples(KEY, VALUE), max_size=8), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read(headers: list[tuple[str, str]], cut: int) -> None:
    """Any headers, cut in two anywhere."""
    data = BANNER + "".join(f"{k}: {v}\r\n" for k, v in [("Event", "X"), *headers]).encode() + b"\r\n"
    decoder = Decoder()
    (_, frame) = decoder.feed(data[:cut]) + decoder.feed(data[cut:])
    assert isinstance(frame, Event)
    for key in {key for key, _ in headers}:
        assert frame.all(key) == tuple(value for name, value in headers if name == key)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"A: b", b"Event: X", b"\xc3", b"\xa9"]), max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_cut_of_any_line_ends_gives_the_same(parts: list[bytes]) -> None:
    data = BANNER + b"".join(parts)
    decoder = Decoder()
    assert decode(data) == [frame for byte in data for frame in decoder.feed(bytes([byte]))]
