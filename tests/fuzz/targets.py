"""What is fuzzed: everything that reads what others wrote. Each target takes any bytes and must be content with them.

A target catches what its input may be refused with; whatever leaves it is a finding. ``python -m tests.fuzz`` drives
them by coverage (atheris), ``test_fuzz.py`` by hypothesis in every run of the tests.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from calls.errors import FlowError, RemoteProtocolError
from calls.wire import ami, esl
from calls.wire.agi import Shape
from calls.wire.agi_environment import Environment
from calls.wire.agi_replies import AgiDecoder, Event, Reply
from ivr.check import Known, check, load
from ivr.expressions import EvaluationError, ExpressionProblem, parse
from ivr.trail import Instant, Kind
from ivr.values import MAX_TEXT, Value, checked
from ivr.walk import walk
from prompts.aloud import read_aloud
from prompts.phrases import Split, compose, slots, split
from prompts.pronunciations import pronunciation_faults
from prompts.spoken import SpokenError
from prompts.texts import text_faults
from tests.fuzz import seeds

SOMETHING_KNOWN = Known(frozenset({"sales"}), frozenset({"alice"}), {"en": frozenset({"main.menu"})})
NOON = Instant(datetime(2026, 5, 4, 10, 0, tzinfo=UTC), 0.0)
VALUES: Mapping[str, Value] = {
    "amount": "12.50",
    "balance": Decimal("-3.20"),
    "kind": "a",
    "n": 3,
    "name": "Ann",
    "order": "4711",
    "vip": True,
    "call.caller": "+4930123",
    "call.time": "09:30",
}
LANGUAGES = ("en", "de", "es", "fr", "pl", "de-AT")


@dataclass(frozen=True, slots=True)
class Target:
    """One of them. ``seeds``: inputs that it takes."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


def flow(data: bytes) -> None:
    """A flow file: every fault has its place, and a flow that is taken leads a caller to an end without a fault."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.yaml"
        path.write_bytes(data)
        refused_with_a_place(path)
        try:
            taken = load(path, Known())
        except FlowError:
            return
        _, trail = walk(taken, "", lambda prompt: prompt.key, NOON)
        assert not [event.detail for event in trail if event.kind is Kind.FAULT]


def refused_with_a_place(path: Path) -> None:
    """Check and load; what is refused is refused by FlowError, which names the file and a line that is in it."""
    lines = len(path.read_text(encoding="utf-8", errors="replace").splitlines())
    for fault in check(path, SOMETHING_KNOWN):
        assert re.search(r":[0-9]+: .*(error|warning): .+ \[[a-z0-9-]+\]\Z", str(fault)), str(fault)
        assert "\n" not in str(fault)
        assert fault.where.line is not None and 1 <= fault.where.line <= lines + 1, str(fault)
    try:
        load(path, SOMETHING_KNOWN)
    except FlowError as refused:
        assert refused.where.file == path
        assert refused.where.line is not None
        assert refused.problem


def expression(data: bytes) -> None:
    """An expression: it is refused, or comes to a value that a variable can hold, or says why it does not."""
    source = data.decode("utf-8", "replace")
    try:
        read = parse(source)
    except ExpressionProblem as problem:
        assert str(problem)
        return
    assert all(name in source for name in read.names)
    try:
        value = read.value(VALUES)
    except EvaluationError as problem:
        assert str(problem)
        return
    assert checked(value) is value


def text(data: bytes) -> None:
    """The text of a prompt with places for values, after a NUL the value of each: refused, or it can be said."""
    language = LANGUAGES[data[0] % len(LANGUAGES)] if data else "en"
    words, _, value = data[1:].decode("utf-8", "replace").partition("\0")
    try:
        found = split("x.y", words, language)
    except ValueError as problem:
        assert str(problem)
        return
    if not isinstance(found, Split):
        assert bool(read_aloud(found, language)) is bool(found)
        return
    assert all(found.fragments.values())
    assert all(read_aloud(each, language) for each in found.fragments.values())
    for said in (value, number(value)):
        values = {slot.name: said for slot in slots(found.phrase)}
        for each in found.phrase:
            try:
                compose((each,), {**values, "currency": "EUR"}, language)
            except SpokenError as problem:
                assert str(problem)


def number(text: str) -> Value:
    """What an expression makes of a number that is written so."""
    return parse("number(n)").value({"n": text[:MAX_TEXT]})


def texts(data: bytes) -> None:
    """A file of prompts' texts, or a pronunciation list: every fault has its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "en.yaml"
        path.write_bytes(data)
        for fault in (*text_faults(Path(folder), ["en"]), *pronunciation_faults(path, ["en"])):
            assert fault.where.file is not None
            assert fault.problem and "\n" not in str(fault)


def agi(data: bytes) -> None:
    """FastAGI, from the environment on, with a command for every reply; results are the same however they are cut.

    The first byte says of which shape the replies are, the second how the rest is cut. A value ends with what has
    arrived, so of values only the exceptions are looked at.
    """
    shape, size, stream = tuple(Shape)[data[:1][0] % len(Shape) if data else 0], _size(data[1:2]), data[2:]
    if shape is Shape.VALUE:
        _agi(stream, shape, size)
    elif _agi(stream, shape, len(stream) + 1)[1] == "":
        assert _agi(stream, shape, size) == _agi(stream, shape, 1)


def _agi(stream: bytes, shape: Shape, size: int) -> tuple[list[Event], str]:
    decoder = AgiDecoder()
    events: list[Event] = []
    try:
        for piece in _pieces(stream, size):
            for event in decoder.feed(piece):
                events.append(event)
                if isinstance(event, Environment | Reply):
                    decoder.expect(shape)
    except RemoteProtocolError as problem:
        assert str(problem)
        return events, "refused"
    for event in events:
        if isinstance(event, Reply):
            try:
                assert isinstance(event.number, int)
            except RemoteProtocolError:
                assert not event.data.lstrip("-").isdecimal()
    return events, ""


def ami_stream(data: bytes) -> None:
    """AMI after its greeting: the same frames however they are cut, and nothing in them that is not clean."""
    size, stream = _size(data[:1]), b"Asterisk Call Manager/5.0.2\r\n" + data[1:]
    whole = _ami(_pieces(stream, len(stream)))
    assert _ami(_pieces(stream, size)) == whole
    for frame in whole:
        if isinstance(frame, ami.Frame):
            assert isinstance(frame.tampered, bool)
            for name, value in frame.headers:
                assert not re.search(r"[\x00-\x1f\x7f]", name + value), (name, value)
    try:
        ami.Decoder().feed(data)
    except RemoteProtocolError as problem:
        assert str(problem)


def _ami(pieces: Iterator[bytes]) -> list[ami.AmiFrame]:
    decoder = ami.Decoder()
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def esl_stream(data: bytes) -> None:
    """ESL: the same frames and the same refusal however they are cut, every value a text."""
    size, stream = _size(data[:1]), data[1:]
    whole = _esl(_pieces(stream, len(stream) + 1))
    assert _esl(_pieces(stream, size)) == whole
    for frame in whole[0]:
        if isinstance(frame, esl.Reply | esl.Event):
            assert all(isinstance(value, str) for _, value in frame.headers.items())


def _esl(pieces: Iterator[bytes]) -> tuple[list[esl.Frame], bool]:
    decoder = esl.Decoder()
    frames: list[esl.Frame] = []
    try:
        for piece in pieces:
            for frame in decoder.feed(piece):
                frames.append(frame)
    except RemoteProtocolError as problem:
        assert str(problem)
        return frames, True
    return frames, False


def _size(data: bytes) -> int:
    return data[0] + 1 if data else 1


def _pieces(stream: bytes, size: int) -> Iterator[bytes]:
    return (stream[at : at + size] for at in range(0, len(stream), size))


TARGETS: Mapping[str, Target] = {
    "flow": Target(flow, seeds.flows),
    "expression": Target(expression, lambda: seeds.EXPRESSIONS),
    "text": Target(text, seeds.text),
    "texts": Target(texts, seeds.texts),
    "agi": Target(agi, seeds.agi),
    "ami": Target(ami_stream, seeds.ami),
    "esl": Target(esl_stream, seeds.esl),
}
