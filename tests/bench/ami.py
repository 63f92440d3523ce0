"""What reading AMI costs: events per CPU-second, ours against panoramisk's own parser, over recorded bytes.

``python -m tests.bench.ami``. The recorded sessions of both Asterisk versions are read whole, again and again, in
reads of 64 kB, the two parsers turn by turn (but for one session with forged frames, on which panoramisk fails with
an AttributeError). Each takes every event, and what a leg's book reads of it is looked at. CPU time of this process,
the least of several runs; the figure that travels between machines is the ratio.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from panoramisk.ami_protocol import AMIProtocol

from calls.switch.asterisk import desk, legs
from calls.wire.ami import Decoder, Event
from tests.calls.wire import ami_transcripts as recorded

RUNS = 7
REPEATS = 20
READ_BYTES = 64 * 1024
TOO_MUCH_FOR_PANORAMISK = "ami-hostile-number"
READ = ("Event", "Privilege", "Uniqueid", "ChannelState")
GREETING = b"Asterisk Call Manager/5.0.4\r\n"


@dataclass(frozen=True, slots=True)
class Figures:
    """Events of the recordings read per CPU-second."""

    panoramisk_per_s: float
    ours_per_s: float
    ours_whole_per_s: float
    """Every header of every event taken out, which nobody needs."""
    ours_filtered_per_s: float
    """As the switch uses it: events that nobody wants are dropped at their first line."""

    @property
    def ratio(self) -> float:
        """Ours to panoramisk's, both reading everything."""
        return self.ours_per_s / self.panoramisk_per_s


class _Counter:
    """What panoramisk's protocol hands its events to."""

    save_stream = None

    def __init__(self) -> None:
        self.events = 0

    def dispatch(self, message: dict[str, str]) -> None:
        """Look at what every user of an event looks at."""
        name, *_ = [message.get(key) for key in READ]
        self.events += name is not None

    def connection_lost(self, reason: object) -> None:
        """The recordings hold Shutdown events; panoramisk ends there, this goes on."""


class _Transport:
    def close(self) -> None:
        """Nothing to close."""


def recordings() -> bytes:
    """All sessions one after another, without their greetings, cut frames dropped."""
    whole = []
    for version, name in recorded.ALL:
        if name == TOO_MUCH_FOR_PANORAMISK:
            continue
        body = recorded.stream(version, name).split(b"\r\n", 1)[1]
        whole.append(body[: body.rfind(b"\r\n\r\n") + 4])
    return b"".join(whole)


def reads(data: bytes) -> list[bytes]:
    """``data`` as a socket would give it under load."""
    return [data[at : at + READ_BYTES] for at in range(0, len(data), READ_BYTES)]


def by_panoramisk(chunks: list[bytes]) -> int:
    """How many events panoramisk finds."""
    counter = _Counter()
    protocol = AMIProtocol()
    protocol.connection_made(_Transport())
    protocol.factory, protocol.encoding = counter, "utf8"
    for chunk in chunks:
        protocol.data_received(chunk)
    return counter.events


def by_us(chunks: list[bytes], wanted: frozenset[str] | None = None) -> int:
    """How many events we find, among all or among those that are wanted."""
    decoder = Decoder(wanted)
    decoder.feed(GREETING)
    events = 0
    for chunk in chunks:
        for frame in decoder.feed(chunk):
            if isinstance(frame, Event):
                name, *_ = [frame.get(key) for key in READ]
                events += name is not None
    return events


def whole_by_us(chunks: list[bytes]) -> int:
    """How many headers we find."""
    decoder = Decoder()
    decoder.feed(GREETING)
    frames = (frame for chunk in chunks for frame in decoder.feed(chunk))
    return sum(len(dict(frame.headers)) for frame in frames if isinstance(frame, Event))


def measure() -> Figures:
    """Measure on this machine, now."""
    chunks = reads(recordings() * REPEATS)
    total = sum(isinstance(frame, Event) for frame in Decoder().feed(GREETING + recordings())) * REPEATS
    wanted = legs.WANTED | desk.WANTED
    found = {"panoramisk": by_panoramisk(chunks), "ours": by_us(chunks)}
    # panoramisk also takes responses for events where a recorded value forges an "Event:" line into them.
    if not 0 <= found["panoramisk"] - found["ours"] <= found["ours"] // 100:
        raise AssertionError(f"the parsers do not find the same: {found}")
    least = dict.fromkeys(("panoramisk", "ours", "whole", "filtered"), float("inf"))
    for _ in range(RUNS):
        least["panoramisk"] = min(least["panoramisk"], cpu_s(lambda: by_panoramisk(chunks)))
        least["ours"] = min(least["ours"], cpu_s(lambda: by_us(chunks)))
        least["whole"] = min(least["whole"], cpu_s(lambda: whole_by_us(chunks)))
        least["filtered"] = min(least["filtered"], cpu_s(lambda: by_us(chunks, wanted)))
    return Figures(*(total / seconds for seconds in least.values()))


def cpu_s(work: Callable[[], int]) -> float:
    """CPU seconds of ``work``."""
    began = time.process_time()
    work()
    return time.process_time() - began


def report(figures: Figures) -> str:
    """The figures as lines."""
    return "\n".join(
        [
            f"AMI events read per CPU-second: panoramisk {figures.panoramisk_per_s:,.0f},"
            f" ours {figures.ours_per_s:,.0f}: {figures.ratio:.1f} times",
            f"with every header taken out: {figures.ours_whole_per_s:,.0f},"
            f" {figures.ours_whole_per_s / figures.panoramisk_per_s:.1f} times",
            f"with the switch's own filter of events: {figures.ours_filtered_per_s:,.0f},"
            f" {figures.ours_filtered_per_s / figures.panoramisk_per_s:.1f} times",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(report(measure()) + "\n")
