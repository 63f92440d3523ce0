"""What passes between the engine and a process that recognises speech: messages <-> bytes, no pipes.

A frame is a length of four bytes (of what follows), a kind of one, a session of four, big endian, and a body: audio
as it is, anything else as JSON. A length beyond :data:`LONGEST`, an unknown kind or a body that is not its kind's is
a fault of the other side, whose bytes are not to be trusted again.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from calls.settings import SpeechModel
from ivr.speech.events import SpeechBegan, SpeechEnded
from ivr.speech.recognizer import Final, Grammar, Partial

LONGEST = 1 << 20
"""Bytes of one frame: a grammar of ten thousand phrases has a third of it."""

_LENGTH = struct.Struct(">I")
_HEAD = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class Load:
    """To the worker, first of all: load this."""

    model: SpeechModel


@dataclass(frozen=True, slots=True)
class Open:
    """To the worker: ``session`` listens for ``grammar`` from now on."""

    session: int
    grammar: Grammar


@dataclass(frozen=True, slots=True)
class Audio:
    """To the worker: what the caller said next."""

    session: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """To the worker: the utterance is over; say what it was."""

    session: int


@dataclass(frozen=True, slots=True)
class Close:
    """To the worker: nobody listens to ``session`` any more."""

    session: int


@dataclass(frozen=True, slots=True)
class Ping:
    """To the worker: show that you live."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """From the worker: the model is loaded."""


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """From the worker: the model cannot be loaded."""

    problem: str


@dataclass(frozen=True, slots=True)
class Taken:
    """From the worker: so many more bytes of audio of ``session`` are done with."""

    session: int
    count: int


@dataclass(frozen=True, slots=True)
class Told:
    """From the worker: what ``session`` heard."""

    session: int
    event: SpeechBegan | SpeechEnded | Partial | Final


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: the engine failed in ``session``, which is over."""

    session: int
    problem: str


@dataclass(frozen=True, slots=True)
class Refused:
    """From the worker: the engine does not hear the grammar of ``session``, which is over before it began."""

    session: int
    problem: str


@dataclass(frozen=True, slots=True)
class Pong:
    """From the worker: it lives."""


ToWorker = Load | Open | Audio | Finish | Close | Ping
FromWorker = Loaded | NotLoaded | Taken | Told | Failed | Refused | Pong
Message = ToWorker | FromWorker


def encode(message: Message) -> bytes:
    """The frame of ``message``.

    Raises:
        ValueError: it is longer than :data:`LONGEST`.
    """
    kind, session, body = _parts(message)
    if _HEAD.size + len(body) > LONGEST:
        raise ValueError(f"a frame of {_HEAD.size + len(body)} bytes, of which {LONGEST} is the most")
    return _LENGTH.pack(_HEAD.size + len(body)) + _HEAD.pack(kind, session) + body


class Decoder:
    """Bytes as they come, to messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now. To be read to its end before the next data.

        Raises:
            ValueError: these bytes are no such frames.
        """
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest)
            if not _HEAD.size <= length <= LONGEST:
                raise ValueError(f"a frame of {length} bytes")
            if len(self._rest) < _LENGTH.size + length:
                return
            frame = bytes(self._rest[_LENGTH.size : _LENGTH.size + length])
            del self._rest[: _LENGTH.size + length]
            kind, session = _HEAD.unpack_from(frame)
            yield _message(kind, session, frame[_HEAD.size :])


def _parts(message: Message) -> tuple[int, int, bytes]:
    match message:
        case Load(model):
            return 1, 0, _json([model.model_dump(mode="json")])
        case Open(session, grammar):
            return (
                2,
                session,
                _json([grammar.language, sorted(grammar.phrases), grammar.repeated, sorted(grammar.around)]),
            )
        case Audio(session, pcm):
            return 3, session, pcm
        case Finish(session):
            return 4, session, b""
        case Close(session):
            return 5, session, b""
        case Ping():
            return 6, 0, b""
        case Loaded():
            return 7, 0, b""
        case NotLoaded(problem):
            return 8, 0, _json([problem])
        case Taken(session, count):
            return 9, session, _json([count])
        case Told(session, event):
            kind, body = _told(event)
            return kind, session, body
        case Failed(session, problem):
            return 14, session, _json([problem])
        case Pong():
            return 15, 0, b""
        case Refused(session, problem):
            return 16, session, _json([problem])
        case _:
            assert_never(message)


def _told(event: SpeechBegan | SpeechEnded | Partial | Final) -> tuple[int, bytes]:
    match event:
        case SpeechBegan(since_s):
            return 10, _json([since_s])
        case SpeechEnded(since_s):
            return 11, _json([since_s])
        case Partial(words, free):
            return 12, _json([words, free])
        case Final(words, free, confidence, likely):
            return 13, _json([words, free, confidence, likely])
        case _:
            assert_never(event)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def _open(session: int, body: bytes) -> Open:
    language, phrases, repeated, around = _of(body)
    grammar = Grammar(_text(language), frozenset(_texts(phrases)), repeated is True, frozenset(_texts(around)))
    return Open(session, grammar)


def _partial(session: int, body: bytes) -> Told:
    words, free = _of(body)
    return Told(session, Partial(_text(words), _opinion(free)))


def _final(session: int, body: bytes) -> Told:
    words, free, confidence, likely = _of(body)
    return Told(session, Final(_text(words), _opinion(free), _number(confidence), likely is True))


def _opinion(value: object) -> str | None:
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValueError("no list")
    return tuple(_text(each) for each in values)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")
    return float(value)


def _of(body: bytes) -> list[Any]:
    value = json.loads(body)
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _only(body: bytes) -> Any:
    (value,) = _of(body)
    return value


_KINDS: Mapping[int, Callable[[int, bytes], Message]] = {
    1: lambda session, body: Load(SpeechModel.model_validate(_only(body))),
    2: _open,
    3: Audio,
    4: lambda session, body: Finish(session),
    5: lambda session, body: Close(session),
    6: lambda session, body: Ping(),
    7: lambda session, body: Loaded(),
    8: lambda session, body: NotLoaded(_text(_only(body))),
    9: lambda session, body: Taken(session, int(_number(_only(body)))),
    10: lambda session, body: Told(session, SpeechBegan(_number(_only(body)))),
    11: lambda session, body: Told(session, SpeechEnded(_number(_only(body)))),
    12: _partial,
    13: _final,
    14: lambda session, body: Failed(session, _text(_only(body))),
    15: lambda session, body: Pong(),
    16: lambda session, body: Refused(session, _text(_only(body))),
}


def _message(kind: int, session: int, body: bytes) -> Message:
    make = _KINDS.get(kind)
    if make is None:
        raise ValueError(f"a frame of kind {kind}")
    try:
        return make(session, body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"a frame of kind {kind} that is none") from error
