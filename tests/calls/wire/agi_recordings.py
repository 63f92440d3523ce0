"""The recorded FastAGI connections of real switches, and how a test replays them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from calls.wire.agi import Shape
from calls.wire.agi_replies import AgiDecoder, Event

FOLDER = Path(__file__).resolve().parents[2] / "transcripts"
VERSIONS = ("asterisk-16", "asterisk-22")
VALUE_COMMANDS = (b"GET VARIABLE", b"GET FULL VARIABLE", b"DATABASE GET")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one side; none: the end of that side's stream."""

    from_switch: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """One connection."""

    name: str
    chunks: tuple[Chunk, ...]

    @property
    def commands(self) -> list[bytes]:
        """Our lines, each without its line feed."""
        ours = b"".join(chunk.data for chunk in self.chunks if not chunk.from_switch)
        return ours.split(b"\n")[:-1]

    @property
    def from_switch(self) -> bytes:
        """All that the switch sent."""
        return b"".join(chunk.data for chunk in self.chunks if chunk.from_switch)


def read(version: str, name: str) -> Recording:
    lines = (FOLDER / version / f"{name}.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return Recording(
        f"{version}/{name}",
        tuple(Chunk(row["from"] == "switch", base64.b64decode(row["data"])) for row in rows),
    )


def every() -> list[Recording]:
    return [
        read(version, path.stem) for version in VERSIONS for path in sorted((FOLDER / version).glob("agi-*.jsonl"))
    ]


def shape_of(command: bytes) -> Shape:
    return Shape.VALUE if command.upper().startswith(VALUE_COMMANDS) else Shape.RESULT


def replay(recording: Recording) -> list[Event]:
    """The events of a whole recording, both sides in the order in which the relay saw them."""
    decoder = AgiDecoder()
    events: list[Event] = []
    for chunk in recording.chunks:
        if chunk.from_switch:
            events += decoder.feed(chunk.data)
        else:
            for command in chunk.data.split(b"\n")[:-1]:
                decoder.expect(shape_of(command))
    return events


def replay_in_pieces(recording: Recording, size: int) -> list[Event]:
    """The same with the switch's chunks cut into pieces of ``size`` bytes."""
    cut: list[Chunk] = []
    for chunk in recording.chunks:
        if not chunk.from_switch:
            cut.append(chunk)
            continue
        cut += [Chunk(True, chunk.data[at : at + size]) for at in range(0, len(chunk.data), size)]
    return replay(Recording(recording.name, tuple(cut)))
