"""The recorded ESL sessions of FreeSWITCH 1.11.1, read without the product's own decoder."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "transcripts" / "freeswitch-1.11"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.jsonl")))

Lines = tuple[tuple[str, str], ...]
"""Header lines as they are on the wire: names and values, still quoted."""


def chunks(name: str, side: str = "switch") -> list[bytes]:
    """What ``side`` ("switch" or "us") sent, cut as it arrived."""
    rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="ascii").splitlines()]
    return [base64.b64decode(row["data"]) for row in rows if row["from"] == side and row["data"]]


def stream(name: str, side: str = "switch") -> bytes:
    """All that ``side`` sent."""
    return b"".join(chunks(name, side))


@dataclass(frozen=True, slots=True)
class Block:
    """One frame as on the wire: its header lines, and its body."""

    lines: Lines
    body: bytes

    def get(self, name: str) -> str:
        """The first value of this name, as it stands."""
        return next((value for each, value in self.lines if each == name), "")


def blocks(name: str) -> list[Block]:
    """The whole frames of a session that nobody has forged."""
    return blocks_of(stream(name))


def blocks_of(rest: bytes) -> list[Block]:
    """The whole frames of these bytes."""
    found = []
    while b"\n\n" in rest:
        head, rest = rest.split(b"\n\n", 1)
        lines = lines_of(head)
        size = int(value(lines, "Content-Length") or "0")
        if len(rest) < size:
            break
        found.append(Block(lines, rest[:size]))
        rest = rest[size:]
    return found


def lines_of(head: bytes) -> Lines:
    """Header lines of plain ESL."""
    return tuple(
        (name, value) for name, _, value in (line.partition(": ") for line in head.decode().split("\n")) if name
    )


def events(name: str) -> list[Lines]:
    """The plain events of a session, as on the wire."""
    return [
        lines_of(block.body.partition(b"\n\n")[0])
        for block in blocks(name)
        if block.get("Content-Type") == "text/event-plain"
    ]


def value(lines: Lines, name: str) -> str:
    """The first value of ``name`` in ``lines``, as it stands."""
    return next((each for key, each in lines if key == name), "")
