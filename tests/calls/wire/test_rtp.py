"""RTP that is lost, late, doubled, out of order, foreign or damaged: audio stays in order and true in time."""

from __future__ import annotations

import struct
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.wire.g711 import Law, decode
from calls.wire.rtp import (
    LATE_RUN,
    LONGEST_FILL_S,
    MAX_AHEAD,
    MAX_PAYLOAD,
    REORDER_S,
    SAMPLE_BYTES,
    Packet,
    Stream,
    Unused,
    parse,
)

SOURCE = 0x1234_5678
SAMPLES = 160
PACKET_S = 0.02
SILENCE = bytes(SAMPLES * SAMPLE_BYTES)


def payload(number: int) -> bytes:
    """The audio of one packet: its own number, so that it is known wherever it turns up."""
    return struct.pack("!H", number % 2**16) * (SAMPLES // 2)


def heard(number: int) -> bytes:
    return decode(payload(number), Law.MU)


def packet(
    number: int, first: int = 0, *, source: int = SOURCE, kind: int = 0, audio: bytes | None = None, flags: int = 0x80
) -> bytes:
    """The packet of this number in a stream whose first has the sequence number ``first``."""
    header = struct.pack(
        "!BBHII", flags, kind, (first + number) % 2**16, (first * 7 + number * SAMPLES) % 2**32, source
    )
    return header + (payload(number) if audio is None else audio)


def taken(datagrams: list[bytes], stream: Stream | None = None) -> bytes:
    """What a stream gives of datagrams that come 20 ms apart, and after a while of nothing more."""
    stream = stream or Stream()
    found = b"".join(stream.take(each, place * PACKET_S) for place, each in enumerate(datagrams))
    return found + stream.wait_over(len(datagrams) * PACKET_S + 1.0)


# --- packets ----------------------------------------------------------------------------------------------------


def test_a_packet_of_asterisk_s() -> None:
    """The first bytes of one that 16.28 sent."""
    recorded = bytes.fromhex("80004d6b000000a02352e408") + b"\xff" * SAMPLES
    assert parse(recorded) == Packet(0, 0x4D6B, 160, 0x2352E408, b"\xff" * SAMPLES)


def test_what_stands_around_the_payload_is_left_out() -> None:
    header = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 2, 0x80 | 8, 5, 6, 7)
    extension = struct.pack("!HH", 0xBEDE, 1) + b"\x01\x02\x03\x04"
    assert parse(header + b"csrccsrc" + extension + b"audio" + b"\0\0\3") == Packet(8, 5, 6, 7, b"audio")


@given(st.binary(max_size=80), st.integers(0, 0x3F))
@settings(max_examples=1000)
def test_no_bytes_raise(data: bytes, flags: int) -> None:
    for datagram in (data, bytes([0x80 | flags]) + data[1:]):
        found = parse(datagram)
        assert found is None or len(found.payload) <= len(datagram) - 12
        Stream().take(datagram, 0.0)


def test_a_packet_that_is_cut_is_none_or_has_less_audio() -> None:
    whole = struct.pack("!BBHII", 0x90 | 1, 0, 5, 6, 7) + b"csrc" + struct.pack("!HH", 0, 1) + b"ext." + b"audio"
    for size in range(len(whole)):
        found = parse(whole[:size])
        assert found is None or found.payload == b"audio"[: size - 24]
    assert parse(whole[:24]) is not None
    assert parse(struct.pack("!BBHII", 0xA0, 0, 5, 6, 7) + b"audio\xff") is None, "more padding than there is"
    assert parse(struct.pack("!BBHII", 0xA0, 0, 5, 6, 7) + b"audio\x00") is None, "no padding at all"
    assert parse(struct.pack("!BBHII", 0x40, 0, 5, 6, 7) + b"audio") is None, "another version"


# --- streams ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 4_000, 2**16 - 3])
def test_in_order_each_packet_is_given_at_once(first: int) -> None:
    stream = Stream()
    for number in range(300):
        assert stream.take(packet(number, first), number * PACKET_S) == heard(number)
    assert stream.lost_s == 0.0 and not stream.unused


def test_a_timestamp_that_begins_anew_is_no_gap() -> None:
    stream = Stream()
    for number, timestamp in ((1, 2**32 - SAMPLES), (2, 0), (3, SAMPLES)):
        datagram = struct.pack("!BBHII", 0x80, 0, number, timestamp, SOURCE) + payload(number)
        assert stream.take(datagram, number * PACKET_S) == heard(number)


def test_a_law_may_change_and_what_is_no_audio_is_dropped() -> None:
    stream = Stream()
    assert stream.take(packet(0, kind=101, audio=b"\x01\x00\x00\xa0"), 0.0) == b"", "a key before the stream"
    assert stream.take(packet(1), 0.02) == heard(1)
    assert stream.take(packet(2, kind=8), 0.04) == decode(payload(2), Law.A)
    assert stream.take(packet(3, kind=13, audio=b"\x20"), 0.06) == b""
    assert stream.take(packet(4, audio=b""), 0.08) == b""
    assert stream.take(packet(5, audio=bytes(MAX_PAYLOAD + 1)), 0.1) == b""
    assert stream.take(packet(6), 0.12) == SILENCE * 3 + heard(6), "at once: their numbers are known"
    assert stream.unused == {Unused.CODING: 4} and stream.lost_s == 0.0


def test_another_source_is_dropped() -> None:
    assert taken([packet(0), packet(1, source=9), packet(1), packet(2, 500, source=9), packet(2)]) == b"".join(
        map(heard, range(3))
    )


def test_a_packet_that_was_overtaken_is_put_in_its_place() -> None:
    stream = Stream()
    assert stream.take(packet(0), 0.0) == heard(0)
    assert stream.take(packet(2), 0.02) == b""
    assert stream.waits_until_s == 0.02 + REORDER_S
    assert stream.take(packet(3), 0.04) == b""
    assert stream.take(packet(1), 0.05) == heard(1) + heard(2) + heard(3)
    assert stream.waits_until_s is None and stream.lost_s == 0.0


def test_what_does_not_come_in_time_is_silence() -> None:
    stream = Stream()
    stream.take(packet(0), 0.0)
    assert stream.take(packet(2), 0.02) == b""
    assert stream.wait_over(0.02 + REORDER_S - 0.001) == b""
    assert stream.wait_over(0.02 + REORDER_S) == SILENCE + heard(2)
    assert stream.take(packet(1), 0.09) == b"", "too late"
    assert stream.take(packet(2), 0.09) == b"", "for the second time"
    assert stream.take(packet(3), 0.09) == heard(3)
    assert stream.lost_s == pytest.approx(PACKET_S)
    assert stream.unused == {Unused.LATE: 2}


def test_a_double_that_waits_is_dropped() -> None:
    assert taken([packet(0), packet(2), packet(2), packet(1)]) == heard(0) + heard(1) + heard(2)


@pytest.mark.parametrize(("pause_s", "filled"), [(0.1, True), (LONGEST_FILL_S, True), (0.22, False), (30.0, False)])
def test_a_pause_is_filled_where_it_is_short(pause_s: float, *, filled: bool) -> None:
    """As a telephone makes it that sends nothing in silence: the numbers go on, the timestamps do not stand still."""
    pause = round(pause_s * 8_000)
    later = struct.pack("!BBHII", 0x80, 0x80, 1, SAMPLES + pause, SOURCE) + payload(1)
    silence = bytes(pause * SAMPLE_BYTES) if filled else b""
    stream = Stream()
    assert stream.take(packet(0), 0.0) + stream.take(later, pause_s) == heard(0) + silence + heard(1)
    assert stream.lost_s == 0.0


def test_a_long_outage_is_counted_and_not_filled() -> None:
    stream = Stream()
    found = stream.take(packet(0), 0.0) + stream.take(packet(101), 101 * PACKET_S)
    assert found + stream.take(packet(102), 105 * PACKET_S) == heard(0) + heard(101) + heard(102)
    assert stream.lost_s == pytest.approx(100 * PACKET_S)


def test_numbers_that_jump_ahead_are_no_loss_of_more_than_the_time_that_passed() -> None:
    stream = Stream()
    assert taken([packet(0), packet(2_500), packet(2_501)], stream) == heard(0) + heard(2_500) + heard(2_501)
    assert stream.lost_s <= PACKET_S + REORDER_S


def test_a_sender_that_counts_anew_is_followed_after_two_packets() -> None:
    far = MAX_AHEAD + 10
    assert taken([packet(0), packet(far), packet(1), packet(far + 5), packet(2)]) == b"".join(map(heard, range(3)))
    assert taken([packet(0), packet(far), packet(far + 1), packet(far + 2)]) == (
        heard(0) + heard(far + 1) + heard(far + 2)
    )


@pytest.mark.parametrize("behind", [10, 100, MAX_AHEAD - 1])
def test_a_sender_that_begins_anew_behind_is_followed_after_a_run(behind: int) -> None:
    stream, first = Stream(), MAX_AHEAD
    stream.take(packet(first + behind), 0.0)
    found = [stream.take(packet(first + number), number * PACKET_S) for number in range(1, LATE_RUN + 3)]
    assert found == [b""] * (LATE_RUN - 1) + [heard(first + number) for number in range(LATE_RUN, LATE_RUN + 3)]


def test_late_packets_between_those_in_line_begin_nothing_anew() -> None:
    stream = Stream()
    stream.take(packet(100), 0.0)
    for number in range(1, 3 * LATE_RUN):
        assert stream.take(packet(number), number * PACKET_S) == b""
        assert stream.take(packet(100 + number), number * PACKET_S) == heard(100 + number)


def test_who_floods_fills_nothing() -> None:
    stream = Stream()
    stream.take(packet(0), 0.0)
    for number in range(2, MAX_AHEAD):
        stream.take(packet(number), 0.001)
        assert len(stream._waiting) <= 50


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.integers(0, 2**16 - 1), st.sampled_from([0.0, 0.05, 0.2]))
def test_time_is_true_through_loss_and_disorder(seed: int, first: int, loss: float) -> None:
    """Packets 20 ms apart, each up to 50 ms late, some lost, some double: each that came stands where it was said."""
    count, random = 150, Random(seed)
    arrivals: list[tuple[float, int]] = []
    lost = {number for number in range(1, count - 1) if random.random() < loss}
    for number in sorted(set(range(count)) - lost):
        for _ in range(2 if random.random() < 0.05 else 1):
            late_s = 0.0 if number == 0 else random.random() * 0.05
            arrivals.append((number * PACKET_S + late_s, number))
    stream, found = Stream(), bytearray()
    for at_s, number in sorted(arrivals):
        while (until_s := stream.waits_until_s) is not None and until_s <= at_s:
            found += stream.wait_over(until_s)
        found += stream.take(packet(number, first), at_s)
    while (until_s := stream.waits_until_s) is not None:
        found += stream.wait_over(until_s)
    size = len(SILENCE)
    pieces = [bytes(found[place : place + size]) for place in range(0, len(found), size)]
    longest = max((len(run) for run in _runs(lost)), default=0)
    if longest * PACKET_S <= LONGEST_FILL_S:
        assert pieces == [SILENCE if number in lost else heard(number) for number in range(count)]
        assert stream.lost_s == pytest.approx(len(lost) * PACKET_S)
    else:
        assert [piece for piece in pieces if piece != SILENCE] == [
            heard(number) for number in range(count) if number not in lost
        ]


def _runs(numbers: set[int]) -> list[list[int]]:
    """Numbers in runs of those that follow each other."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
