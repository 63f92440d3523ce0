"""What reading ESL costs: events per CPU-second, ours against greenswitch's own parser, over recorded bytes.

``python -m tests.bench.esl``. The plain events of all recorded sessions of FreeSWITCH 1.11.1 are read whole, again
and again, the two parsers turn by turn: greenswitch by its ``receive_events``, from a file instead of a socket, which
spares it gevent's; ours in reads of 64 kB, as from a socket. The few of which greenswitch's reader dies (not UTF-8, a
body without headers) are left out. Each finds every event, and what a leg's book reads of it is looked at. CPU time
of this process, the least of several runs; the figure that travels is the ratio.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

from greenswitch.esl import ESLEvent, ESLProtocol

from calls.wire.esl import Decoder, Event
from tests.bench.ami import cpu_s, reads
from tests.calls.wire import esl_recordings as recorded

RUNS = 7
REPEATS = 40
READ = ("Event-Name", "Unique-ID", "Answer-State", "Hangup-Cause")


@dataclass(frozen=True, slots=True)
class Figures:
    """Events of the recordings read per CPU-second."""

    greenswitch_per_s: float
    ours_per_s: float
    ours_whole_per_s: float
    """Every header of every event taken out and unquoted, which nobody needs."""

    @property
    def ratio(self) -> float:
        """Ours to greenswitch's."""
        return self.ours_per_s / self.greenswitch_per_s


class _FromFile(ESLProtocol):  # type: ignore[misc]  # greenswitch has no types
    """greenswitch's reader, on bytes that are there already."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.sock_file = io.BytesIO(data)

    def events(self) -> int:
        """How many there are."""
        self.receive_events()
        found = 0
        while not self._esl_event_queue.empty():
            headers = self._esl_event_queue.get().headers
            name, *_ = [headers.get(key) for key in READ]
            found += name is not None
        return found


def recordings() -> bytes:
    """All plain events of all sessions, one after another, as on the wire."""
    frames = []
    for name in recorded.NAMES:
        for block in recorded.blocks(name):
            if block.get("Content-Type") == "text/event-plain" and _is_read(block.body):
                head = "".join(f"{key}: {value}\n" for key, value in block.lines)
                frames.append(head.encode() + b"\n" + block.body)
    return b"".join(frames)


def _is_read(body: bytes) -> bool:
    """Whether greenswitch's reader outlives it."""
    try:
        ESLEvent(body.decode())
    except (UnicodeDecodeError, AttributeError):
        return False
    return True


def by_greenswitch(data: bytes) -> int:
    """How many events greenswitch finds."""
    return _FromFile(data).events()


def by_us(chunks: list[bytes]) -> int:
    """How many events we find."""
    decoder, found = Decoder(), 0
    for chunk in chunks:
        for frame in decoder.feed(chunk):
            if isinstance(frame, Event):
                name, *_ = [frame.headers.get(key) for key in READ]
                found += name != ""
    return found


def whole_by_us(chunks: list[bytes]) -> int:
    """How many headers we find."""
    decoder = Decoder()
    frames = (frame for chunk in chunks for frame in decoder.feed(chunk))
    return sum(len(dict(frame.headers.items())) for frame in frames if isinstance(frame, Event))


def measure(repeats: int = REPEATS, runs: int = RUNS) -> Figures:
    """Measure on this machine, now."""
    data = recordings() * repeats
    chunks = reads(data)
    found = {"greenswitch": by_greenswitch(data), "ours": by_us(chunks)}
    if found["greenswitch"] != found["ours"]:
        raise AssertionError(f"the parsers do not find the same: {found}")
    least = dict.fromkeys(("greenswitch", "ours", "whole"), float("inf"))
    for _ in range(runs):
        least["greenswitch"] = min(least["greenswitch"], cpu_s(lambda: by_greenswitch(data)))
        least["ours"] = min(least["ours"], cpu_s(lambda: by_us(chunks)))
        least["whole"] = min(least["whole"], cpu_s(lambda: whole_by_us(chunks)))
    return Figures(*(found["ours"] / seconds for seconds in least.values()))


def report(figures: Figures) -> str:
    """The figures as lines."""
    whole = figures.ours_whole_per_s / figures.greenswitch_per_s
    return "\n".join(
        [
            f"ESL events read per CPU-second: greenswitch {figures.greenswitch_per_s:,.0f},"
            f" ours {figures.ours_per_s:,.0f}: {figures.ratio:.1f} times (aim: 2 or more)",
            f"with every header taken out: {figures.ours_whole_per_s:,.0f}, {whole:.1f} times",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(report(measure()) + "\n")
