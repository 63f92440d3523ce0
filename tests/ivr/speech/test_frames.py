"""What passes between the engine and a worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.settings import SpeechModel
from ivr.speech.events import SpeechBegan, SpeechEnded
from ivr.speech.frames import (
    LONGEST,
    Audio,
    Close,
    Decoder,
    Failed,
    Finish,
    Load,
    Loaded,
    Message,
    NotLoaded,
    Open,
    Ping,
    Pong,
    Refused,
    Taken,
    Told,
    encode,
)
from ivr.speech.recognizer import Final, Grammar, Partial

SESSIONS = st.integers(0, 2**32 - 1)
SECONDS = st.floats(0, 1e6)
TEXTS = st.text(st.characters(codec=None), max_size=50)
"""Lone surrogates too: what an engine tells may hold anything."""
MODELS = st.builds(
    SpeechModel, language=st.sampled_from(["en", "de"]), engine=st.just("vosk"), folder=st.just(Path("/models/en"))
)
EVENTS = st.one_of(
    st.builds(SpeechBegan, SECONDS),
    st.builds(SpeechEnded, SECONDS),
    st.builds(Partial, TEXTS, st.none() | TEXTS),
    st.builds(Final, TEXTS, st.none() | TEXTS, st.floats(0, 1)),
)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Load, MODELS),
    st.builds(Open, SESSIONS, st.builds(Grammar, TEXTS, st.frozensets(TEXTS, max_size=5), st.booleans())),
    st.builds(Audio, SESSIONS, st.binary(max_size=1_000)),
    st.builds(Finish, SESSIONS),
    st.builds(Close, SESSIONS),
    st.just(Ping()),
    st.just(Loaded()),
    st.builds(NotLoaded, TEXTS),
    st.builds(Taken, SESSIONS, st.integers(0, 10**6)),
    st.builds(Told, SESSIONS, EVENTS),
    st.builds(Failed, SESSIONS, TEXTS),
    st.builds(Refused, SESSIONS, TEXTS),
    st.just(Pong()),
)


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (Audio(7, b"\x01\x02"), b"\x00\x00\x00\x07\x03\x00\x00\x00\x07\x01\x02"),
        (Ping(), b"\x00\x00\x00\x05\x06\x00\x00\x00\x00"),
        (
            Open(1, Grammar("en", frozenset(["yes", "no"]), around=frozenset(["please"]))),
            b'\x00\x00\x00\x29\x02\x00\x00\x00\x01["en",["no","yes"],false,["please"]]',
        ),
        (Told(9, Partial("ja, schön")), b'\x00\x00\x00\x18\x0c\x00\x00\x00\x09["ja, sch\xc3\xb6n",null]'),
        (Told(9, Partial("ja", "na")), b'\x00\x00\x00\x10\x0c\x00\x00\x00\x09["ja","na"]'),
        (Told(256, Final("yes")), b'\x00\x00\x00\x1b\x0d\x00\x00\x01\x00["yes",null,1.0,false]'),
    ],
)
def test_a_frame_as_it_is_on_the_pipe(message: Message, frame: bytes) -> None:
    assert encode(message) == frame
    assert list(Decoder().feed(frame)) == [message]


@given(st.lists(MESSAGES, max_size=6), st.data())
def test_messages_come_back_however_they_are_cut(messages: list[Message], data: st.DataObject) -> None:
    stream = b"".join(encode(each) for each in messages)
    decoder, found = Decoder(), list[Message]()
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert found == messages


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    try:
        list(Decoder().feed(data))
    except ValueError:
        pass


@given(st.integers(0, 255), st.recursive(st.none() | st.booleans() | st.floats() | TEXTS, st.lists, max_leaves=6))
def test_a_body_of_another_kind_is_refused_or_is_one(kind: int, body: object) -> None:
    data = json.dumps(body).encode()
    frame = (len(data) + 5).to_bytes(4, "big") + bytes([kind]) + bytes(4) + data
    try:
        (message,) = Decoder().feed(frame)
    except ValueError:
        return
    assert list(Decoder().feed(encode(message))) == [message]


def test_a_frame_beyond_the_longest_is_not_made() -> None:
    longest = Audio(1, bytes(LONGEST - 5))
    assert list(Decoder().feed(encode(longest))) == [longest]
    with pytest.raises(ValueError, match="a frame of"):
        encode(Audio(1, bytes(LONGEST - 4)))


def test_a_frame_beyond_the_longest_is_refused_before_it_is_kept() -> None:
    with pytest.raises(ValueError, match="a frame of"):
        list(Decoder().feed((LONGEST + 1).to_bytes(4, "big")))
