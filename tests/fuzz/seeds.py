"""What fuzzing begins with: the examples of the documents, and the recorded sessions of real switches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from calls.wire.agi import Shape
from prompts.spoken import Kind
from tests.calls.wire import agi_recordings, ami_transcripts, esl_recordings

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4_096
"""Bytes of one input, at most: more finds less in the same time."""

EXPRESSIONS = (
    b"balance < 0 and not vip",
    b'kind in ["a", "b"] or call.time >= "09:30"',
    b"1 <= n < 5",
    b"a if b else -c // 2 % 3",
    b'left(text(number(amount) * 1.5), 4) + "x"',
    b"default(order, none) != digits(call.caller)",
)
TEXTS = (
    b"Order {order:digits} costs {price:money EUR}.",
    b"{amount:money currency}, {{really}}, {day:date}!",
    b"Hello {name}; you are number {n:number}.",
)
SAID = (b"4711", b"-12.50", b"2026-12-01", b"09:30", b"+49 30 12", b"true", b"999999999999.99", b"AB-12")
"""Values of texts."""


def flows() -> Iterator[bytes]:
    """The flows that we ship and those of the documents, and each node of them alone in a small flow."""
    for file in sorted((ROOT / "console/demo").rglob("flows/*.yaml")):
        yield file.read_bytes()
    for document in ("docs/flows.md", "docs/nodes.md"):
        for example in re.findall(r"```yaml\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL):
            if example.startswith("language:"):
                yield example.encode()
            else:
                nodes = "".join(f"  {line}\n" for line in example.splitlines())
                yield f"language: en\nstart: goodbye\nnodes:\n{nodes}  goodbye: {{hangup: []}}\n".encode()


def texts() -> Iterator[bytes]:
    """Files of prompts' texts, and values that YAML takes for something else."""
    for value in (b"2026-12-01", b"12", b"0x1f", b"1.5e3", b"true", b"!!bool yes", b"!!omap [a: b]", b"{<<: {c: d}}"):
        yield b"a: text\nb: " + value + b"\n"
    yield b"".join(b"x.%d: '%s'\n" % (index, text) for index, text in enumerate(TEXTS))
    for file in sorted((ROOT / "console/demo").rglob("prompts/*.yaml")):
        yield file.read_bytes()[:LONGEST]


def text() -> Iterator[bytes]:
    """Texts with places for values of each kind, and values for them."""
    for words in (*TEXTS, *(b"It is {n:%s}." % kind.value.encode() for kind in Kind), b"It is {n:money EUR}."):
        for value in SAID:
            yield b"\x00" + words + b"\x00" + value


def agi() -> Iterator[bytes]:
    """What Asterisk sent, and before it what the target reads: the shape of the replies, and the size of a piece."""
    for recording in agi_recordings.every():
        for shape in range(len(Shape)):
            yield bytes((shape, 0)) + recording.from_switch[:LONGEST]


def ami() -> Iterator[bytes]:
    """What Asterisk sent, after the size of a piece."""
    for version, name in ami_transcripts.ALL:
        yield b"\x07" + ami_transcripts.stream(version, name)[:LONGEST]


def esl() -> Iterator[bytes]:
    """What FreeSWITCH sent, after the size of a piece."""
    for name in esl_recordings.NAMES:
        yield b"\x07" + esl_recordings.stream(name)[:LONGEST]
