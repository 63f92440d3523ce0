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


def event_of(*headers: tuple[str, str]) -> Event:
    """An event with these headers after its name, which is the first one's value."""
    return Event("\r\n".join(f"{key}: {value}" for key, value in headers))


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


def timed_events(version: str, name: str) -> list[tuple[float, Event]]:
    """The events, each with the seconds since the session began."""
    decoder, timed = Decoder(), []
    for line in (FOLDER / version / f"{name}.jsonl").read_text(encoding="ascii").splitlines():
        row = json.loads(line)
        if row["from"] == "switch":
            frames = decoder.feed(base64.b64decode(row["data"]))
            timed += [(row["t"], frame) for frame in frames if isinstance(frame, Event)]
    return timed


def actions(version: str, name: str) -> list[tuple[float, dict[str, str]]]:
    """What we sent, each action's headers with the seconds since the session began."""
    timed = []
    for line in (FOLDER / version / f"{name}.jsonl").read_text(encoding="ascii").splitlines():
        row = json.loads(line)
        if row["from"] == "us":
            parts = base64.b64decode(row["data"]).decode().split("\r\n\r\n")
            headers = [dict(line.split(": ", 1) for line in part.split("\r\n")) for part in parts if part]
            timed += [(row["t"], each) for each in headers]
    return timed
