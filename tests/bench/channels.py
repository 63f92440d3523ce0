"""A thousand calls at once on a real Asterisk: Local channels, which are calls in all but their media.

``python -m tests.bench.channels``. Each call is one that the switch makes to itself (AMI ``Originate`` of
``Local/1000@callwright-in/n``): it comes by the installed dialplan, asks a real engine process by FastAGI, and
presses twelve keys of its own. The flow puts them together one by one and holds them against the number of the call;
here the trail of its record is held against the number once more. A variable that came from another call would show
in both.

Behind the engine's turns stands an Asterisk with 2,000 channels on the same cores. A turn is measured by a relay in
front of the engine, from the arrival of Asterisk's line to the departure of the next command: what Asterisk itself
needs is not in it. The same callers then call a plain handler of asyncio, which keeps nothing and records nothing:
what a turn costs at the least.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from console.demo.ports import free_port
from prompts.audio import Audio
from prompts.synthesis import EngineVersion, Utterance
from tests.bench.centre import gauge, listen_elsewhere, metrics, most_at_once, open_centre, timings
from tests.bench.machine import Meter, described, fetch, others_load
from tests.bench.plain_agi import plain_handler
from tests.bench.quantiles import Buckets, quantile
from tests.bench.relay import Turns, relay
from tests.integration.harness import PROJECT, House
from tests.integration.premises import SECRETS, Plan
from tests.integration.raw_wire import RawAmi

CALLS = 1_000
PER_S = 40
"""How many calls come in a second: each costs Asterisk four threads and two connections."""

KEYS = 12
PAUSES = (4, 5, 5, 6, 6, 6, 7, 7, 7, 8, 9, 10)
"""In front of the keys, in half seconds, in an order of its own for each caller: every call lasts the same 44 s."""

UP_S = 12.0
"""How long is measured, from when the last call has come. The first one ends some 19 s after that."""

CONNECTIONS = 2
"""Of one call: the dialplan asks whether the engine lives, and then for the call."""

WITHIN_S = 120.0
LOOK_S = 0.25
RATE_HZ = 8_000

TEXTS = "bench.key: A key.\n"
FLOW = f"""\
language: en
variables: {{mine: "", walked: "", n: 0}}
start: own
nodes:
  own: {{set: {{mine: call.caller}}, next: ask}}
  ask: {{collect: [bench.key], into: key, length: 1, first_key: 30s, failed: lost, next: note}}
  note: {{set: {{walked: walked + key, n: n + 1}}, next: judge}}
  judge:
    branch: {{mine != call.caller: mixed, n < {KEYS}: ask, "walked == right(mine, {KEYS})": whole}}
    otherwise: mixed
  whole: {{hangup: [], outcome: whole}}
  mixed: {{hangup: [], outcome: mixed}}
  lost: {{hangup: [], outcome: lost}}
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """One call: its number, whose last digits are its keys."""

    number: str
    pauses: tuple[int, ...]

    @property
    def keys(self) -> str:
        """What it presses."""
        return self.number[-KEYS:]

    @property
    def script(self) -> str:
        """The same for the application SendDTMF: ``w`` is half a second."""
        return "".join("w" * pause + key for pause, key in zip(self.pauses, self.keys, strict=True))


def callers(count: int) -> list[Caller]:
    """As many, always the same ones, each with keys of its own."""
    draw = random.Random(1000)
    numbers = draw.sample(range(10 ** (KEYS - 1), 10**KEYS), count)
    return [Caller(f"+49{number}", tuple(draw.sample(PAUSES, KEYS))) for number in numbers]


@dataclass(frozen=True, slots=True)
class Held:
    """What the engine's process holds."""

    rss_bytes: int
    files: int
    tasks: int

    @classmethod
    async def of(cls, house: House) -> Held:
        """Now."""
        assert house.engine is not None
        process = Path("/proc") / str(house.engine.pid)
        pages = int((process / "statm").read_text(encoding="ascii").split()[1])
        tasks = gauge(await metrics(house), "callwright_tasks")
        return cls(pages * os.sysconf("SC_PAGESIZE"), len(os.listdir(process / "fd")), int(tasks))


@dataclass(frozen=True, slots=True)
class Span:
    """The time when all calls were up, seen from outside. Times in seconds."""

    turns_s: tuple[float, ...]
    cpu_s: float
    """Of the process that serves the calls."""
    asterisk_cpu_s: float

    @property
    def cpu_a_turn_s(self) -> float:
        """That process's CPU for all that a turn brings."""
        return self.cpu_s / max(len(self.turns_s), 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """One run."""

    calls: int
    engine: Span
    plain: Span
    plain_whole: int
    """Calls that the plain handler served to their end."""
    inside: Buckets
    """The engine's own count of its turns in that time, each from when it had read the line."""
    most_at_once: int
    whole: int
    mixed: int
    """Calls with a variable or a key that is not theirs, by the flow or by the record."""
    before: Held
    up: Held
    after: Held
    channels_up: int
    channels_left: int
    load: float

    @property
    def lost(self) -> int:
        """Calls that did not come to their end."""
        return self.calls - self.whole - self.mixed

    @property
    def left(self) -> tuple[int, int, int]:
        """Channels, tasks and files that are still there after the calls and were not before."""
        tasks, files = self.after.tasks - self.before.tasks, self.after.files - self.before.files
        return self.channels_left, max(0, tasks), max(0, files)

    @property
    def bytes_a_call(self) -> float:
        """Memory of the engine's process."""
        return (self.up.rss_bytes - self.before.rss_bytes) / self.calls

    @property
    def ratio(self) -> float:
        """The engine's CPU a turn to the plain handler's."""
        return self.engine.cpu_a_turn_s / self.plain.cpu_a_turn_s


class Tick:
    """A synthesizer of as good as nothing: the prompt in front of each key is over at once."""

    engine = EngineVersion("tick", "1")

    def speak(self, utterance: Utterance) -> Audio:
        """20 ms of a tone."""
        seconds = np.arange(RATE_HZ // 50, dtype=np.float32) / RATE_HZ
        return Audio((0.1 * np.sin(2 * np.pi * 440.0 * seconds)).astype(np.float32), RATE_HZ)


# --- the calls ----------------------------------------------------------------------------------------------------


async def call_all(house: House, people: list[Caller], per_s: int) -> None:
    """Have the switch make all calls, ``per_s`` in each second."""
    loop = asyncio.get_running_loop()
    async with RawAmi(house.pbx.ports.ami, "callwright", SECRETS.ami_secret) as ami:
        ami.send(Action="Events", EventMask="off")
        began = loop.time()
        for number, each in enumerate(people):
            ami.send(
                Action="Originate",
                ActionID=f"bench-{number}",
                Channel="Local/1000@callwright-in/n",
                Application="SendDTMF",
                Data=each.script,
                CallerID=each.number,
                Timeout="60000",
                Async="true",
            )
            await asyncio.sleep(max(0.0, began + (number + 1) / per_s - loop.time()))  # the rate of the load


async def until(met: Callable[[], Awaitable[bool]], what: str) -> None:
    """Returns when something has come about that nobody tells of.

    Raises:
        TimeoutError: it has not, in time.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await met():  # noqa: ASYNC110 - what comes about on the switch has no event here
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise TimeoutError(f"not within {WITHIN_S:g} s: {what}") from None


async def all_up(house: House, turns: Turns, handler: int, people: list[Caller], per_s: int) -> Span:
    """Make all calls, and measure while all are up. ``handler``: the process that serves them."""
    wanted = turns.connections + CONNECTIONS * len(people)

    async def come() -> bool:
        return turns.connections >= wanted

    coming = asyncio.create_task(call_all(house, people, per_s))
    try:
        await until(come, "all calls have come")
    finally:
        coming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await coming
    meter, first = Meter.of(handler, house.pbx.pid), len(turns.took_s)
    await asyncio.sleep(UP_S)  # the length of the measurement
    return Span(tuple(turns.took_s[first:]), meter.used_s(handler), meter.used_s(house.pbx.pid))


async def channels_left(house: House) -> int:
    """How many channels the switch still has when the calls have had their time to end."""

    async def none() -> bool:
        return not await house.channels()

    with contextlib.suppress(TimeoutError):
        await until(none, "all channels are gone")
    return len(await house.channels())


# --- the measurement ----------------------------------------------------------------------------------------------


async def run(trees: Mapping[str, Path], calls: int = CALLS, per_s: int = PER_S) -> Figures:
    """Both loads, one after the other, on one Asterisk."""
    people = callers(calls)
    plan = Plan(agents=0, local=True, max_calls=2 * calls)
    async with open_centre(trees, plan, FLOW, TEXTS, Tick()) as house:
        port = free_port(socket.SOCK_STREAM)
        listen_elsewhere(house, port)
        async with relay(house.agi_port, port) as turns:
            await house.start_engine()
            assert house.engine is not None
            before, inside = await Held.of(house), await timings(house)
            span = await all_up(house, turns, house.engine.pid, people, per_s)
            inside_after, up, channels_up = await timings(house), await Held.of(house), len(await house.channels())
            left = await channels_left(house)
            await recorded(house, calls)
            after = await Held.of(house)
            if complaints := house.complaints():
                raise AssertionError(f"the engine complained {len(complaints)} times, first: {complaints[0]}")
            await house.close()
        [prompt] = (house.folder.parent / "cache").rglob("bench.key.*.ulaw")
        async with plain_handler(str(prompt.with_suffix("")), KEYS) as (handler, handler_port, end):
            async with relay(house.agi_port, handler_port) as turns:
                plain = await all_up(house, turns, handler, people, per_s)
                left += await channels_left(house)
            plain_whole = await end()
        whole, mixed = judged(people, *trails(house))
        return Figures(
            calls=calls,
            engine=span,
            plain=plain,
            plain_whole=plain_whole,
            inside=inside_after[0].since(inside[0]),
            most_at_once=most_at_once(house),
            whole=whole,
            mixed=mixed,
            before=before,
            up=up,
            after=after,
            channels_up=channels_up,
            channels_left=left,
            load=others_load(),
        )


async def recorded(house: House, calls: int) -> None:
    """Returns when every call has its record, or none was added for a while: what is missing is shown."""

    async def written() -> bool:
        return len(house.records()) >= calls

    with contextlib.suppress(TimeoutError):
        await until(written, "all records are written")


def judged(
    people: Iterable[Caller], collected: Iterable[tuple[str, str]], outcomes: Mapping[str, str]
) -> tuple[int, int]:
    """How many calls came to their end with all that is theirs, and how many with something that is not.

    ``collected``: a call's number and a key that its flow took, in order; ``outcomes``: of the flow, by number.
    """
    walked: dict[str, str] = {}
    for number, key in collected:
        walked[number] = walked.get(number, "") + key
    own = {each.number: each.keys for each in people}
    whole = sum(outcomes.get(number) == "whole" and walked.get(number) == keys for number, keys in own.items())
    mixed = sum(
        outcomes.get(number) == "mixed" or not within(walked.get(number, ""), keys) for number, keys in own.items()
    )
    return whole, mixed + sum(number not in own for number in outcomes)


def within(some: str, keys: str) -> bool:
    """Whether ``some`` is ``keys``, or what is left of them where some were not taken."""
    rest = iter(keys)
    return all(key in rest for key in some)


def trails(house: House) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """What :func:`judged` asks for, from the records."""
    query = "SELECT caller, detail FROM calls JOIN call_events USING (call_id) WHERE kind = ? ORDER BY call_id, seq"
    keys = [(str(row["caller"]), json.loads(str(row["detail"]))["digits"]) for row in house.rows(query, "collected")]
    ends = {str(row["caller"]): json.loads(str(row["detail"]))["outcome"] for row in house.rows(query, "outcome")}
    return keys, ends


def report(figures: Figures) -> list[str]:
    """The lines of the table."""
    engine, plain, inside = figures.engine, figures.plain, figures.inside
    lines = [
        f"Local channels on Asterisk: {figures.calls:,} calls, {figures.most_at_once:,} at once,"
        f" {figures.channels_up:,} channels; {figures.whole:,} whole, {figures.lost} lost, {figures.mixed} mixed up",
    ]
    for what, span in (("engine", engine), ("plain handler", plain)):
        times = [quantile(span.turns_s, share) * 1e3 for share in (0.5, 0.99, 1.0)]
        lines.append(
            f"  turn, {what:<16} p50 {times[0]:.2f} ms, p99 {times[1]:.1f} ms, most {times[2]:.0f} ms of"
            f" {len(span.turns_s):,} turns; CPU a turn {span.cpu_a_turn_s * 1e3:.2f} ms,"
            f" {span.cpu_s / UP_S:.2f} of a core; Asterisk {span.asterisk_cpu_s / UP_S:.2f}"
        )
    before, up, after = figures.before, figures.up, figures.after
    return [
        *lines,
        f"  by the engine itself   p50 {inside.quantile(0.5) * 1e3:.1f} ms, p99 {inside.quantile(0.99) * 1e3:.1f} ms",
        f"  memory a call          {figures.bytes_a_call / 1e3:.1f} kB",
        f"  files, tasks           {before.files}, {before.tasks} before; {up.files:,}, {up.tasks:,} with all calls"
        f" up; {after.files}, {after.tasks} after; {figures.channels_left} channels left",
        f"  the plain handler      {figures.plain_whole:,} of {figures.calls:,} calls whole",
        f"  load of the machine    {figures.load:.1f} in the last minute",
    ]


def main() -> None:
    """Run it and print the table."""
    trees = fetch(PROJECT)
    lines = [described(trees["asterisk"]), *report(asyncio.run(run(trees)))]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
