"""The recorded AMI sessions of tests/transcripts, as bytes of one side or as frames."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from calls.wire.ami import AmiFrame, Decoder, Event, Response

FOLDER = Path(__file__).resolve().parents[2] / "transcripts"
VERSIONS = ("asterisk-16", "asterisk-22")
NAMES = tuple(sorted(path.stem for path in (FOLDER / VERSIONS[0]).glob("ami-*.jsonl")))
ALL = tuple((version, name) for version in VERSIONS for name in NAMES)


def chunks(version: str, name: str, side: str = "switch") -> list[bytes]:
    """What ``side`` ("switch" or "us") sent, cut as it arrived."""
    lines = (FOLDER / version / f"{name}.jsonl").read_text(encoding="ascii").splitlines()
    rows = [json.loads(line) for line in lines]
    return [base64.b64decode(row["data"]) for row in rows if row["from"] == side and row["data"]]


def stream(version: str, name: str, side: str = "switch") -> bytes:
    """All that ``side`` sent."""
    return b"".join(chunks(version, name, side))


def frames(version: str, name: str) -> list[AmiFrame]:
    """All that the switch sent, decoded as it arrived."""
    decoder = Decoder()
    return [frame for chunk in chunks(version, name) for frame in decoder.feed(chunk)]


def events(version: str, name: str) -> list[Event]:
    """The events only."""
    return [frame for frame in frames(version, name) if isinstance(frame, Event)]


def responses(version: str, name: str) -> list[Response]:
    """The responses only."""
    return [frame for frame in frames(version, name) if isinstance(frame, Response)]
