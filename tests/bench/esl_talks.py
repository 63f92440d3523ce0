"""How soon somebody whom we dialled, and who stays on the line, hears an agent on a real FreeSWITCH.

``CALLWRIGHT_TEST_ESL=host:port:password python -m tests.bench.esl_talks``; docs/conformance.md says what that
FreeSWITCH must have. Agents' legs are up; people answer, several at a time, and each is joined to one of the legs at
once: from the word that the leg has answered to the word that the two hear each other, as we have them. In its parts:
until FreeSWITCH has led the answered leg to us and our handler has it, until it asks for the agent, and until the two
are joined; and how late our own event loop was at the most meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from calls.ids import AttemptId, LegId
from calls.switch.events import CallConnected, LegAnswered, LegEnded, SwitchEvent
from calls.switch.port import CallChannel, Connect, DialAttempt, Hangup, RingAgent
from console.demo.sipp import Callees, SippHome
from tests.bench.machine import fetch
from tests.bench.quantiles import quantile
from tests.conformance.freeswitch_real import TRUNK, far_ends, find, new_driver
from tests.conformance.real_premises import until
from tests.integration.harness import PROJECT

AGENTS = 10
DIALS = 100
EVERY_S = 0.7
LOOK_S = 0.005
"""How often the event loop's lateness is looked at."""


@dataclass
class Way:
    """One customer's way to an agent, by moments of the monotonic clock."""

    answered_at: float
    arrived_at: float = 0.0
    """Our handler has the call."""
    asked_at: float = 0.0
    """An agent's leg was free, and is asked for."""
    joined_at: float = 0.0

    @property
    def took_s(self) -> float:
        """All of it."""
        return self.joined_at - self.answered_at

    @property
    def parts_s(self) -> tuple[float, float, float]:
        """Until the call is ours, until a leg is asked for, and until the two are joined."""
        return self.arrived_at - self.answered_at, self.asked_at - self.arrived_at, self.joined_at - self.asked_at


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. ``late_s``: by how much the event loop was late at the most."""

    ways: tuple[Way, ...]
    late_s: float


async def run() -> Figures:
    """Measure on this machine, now."""
    sipp_tree = fetch(PROJECT)["sipp"]
    real = await find(os.environ)
    ways: dict[LegId, Way] = {}
    ended: set[LegId] = set()
    free: asyncio.Queue[LegId] = asyncio.Queue()
    late_s = [0.0]

    async def lags() -> None:
        while True:
            due = time.monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            late_s.append(time.monotonic() - due)

    def told(event: SwitchEvent) -> None:
        match event:
            case LegAnswered(leg_id):
                ways.setdefault(leg_id, Way(time.monotonic()))
            case CallConnected(call_id):
                ways[LegId(call_id)].joined_at = time.monotonic()
            case LegEnded(leg_id):
                ended.add(leg_id)

    async def meets_an_agent(channel: CallChannel) -> None:
        now = time.monotonic()  # the call may be here before the event socket tells of its answer
        way = ways.setdefault(LegId(channel.info.call_id), Way(now))
        way.arrived_at = now
        leg_id = await free.get()
        way.asked_at = time.monotonic()
        await channel.perform(Connect(leg_id))
        free.put_nowait(leg_id)
        await channel.perform(Hangup())

    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        silence = folder / "silence.ulaw"
        await asyncio.to_thread(silence.write_bytes, b"\xff" * 8_000)
        async with far_ends(SippHome(sipp_tree, folder / "sipp"), Callees(silence, silence, (100, 300))) as ports:
            switch = new_driver(real, ports, folder)
            await switch.start(told, meets_an_agent)
            agents = [LegId(f"agent-{uuid4().hex[:12]}") for _ in range(AGENTS)]
            for leg_id in agents:
                await switch.originate(RingAgent(leg_id, ports.phone_of(real), "", 20.0))
            await until(lambda: ways.keys() >= {*agents})
            for leg_id in agents:
                free.put_nowait(leg_id)
            lateness = asyncio.create_task(lags())
            asked = [LegId(f"att-{uuid4().hex[:12]}") for _ in range(DIALS)]
            for leg_id in asked:
                await switch.originate(DialAttempt(AttemptId(leg_id), "+15553010001", TRUNK, "+15550100000", 20.0))
                await asyncio.sleep(EVERY_S)
            await until(lambda: ended >= {*asked}, 40.0)
            lateness.cancel()
            for leg_id in agents:
                await switch.hang_up(leg_id)
            await until(lambda: ended >= {*agents})
            await switch.stop()
    return Figures(tuple(ways[leg_id] for leg_id in asked if ways[leg_id].joined_at), max(late_s))


def report(figures: Figures) -> list[str]:
    """The lines."""
    ways = figures.ways
    worst = max(ways, key=lambda way: way.took_s)
    parts = ("until the call is ours", "until a leg is asked for", "until the two are joined")
    return [
        f"from the answer to the agent on FreeSWITCH: {_ms([way.took_s for way in ways])} (aim: 200 ms or less),"
        f" {len(ways)} talks of {DIALS}",
        *(
            f"  {part}: {_ms([way.parts_s[at] for way in ways])}; of the slowest {worst.parts_s[at] * 1e3:.0f} ms"
            for at, part in enumerate(parts)
        ),
        f"  our event loop was late by {figures.late_s * 1e3:.0f} ms at the most",
    ]


def _ms(took_s: list[float]) -> str:
    ms = [quantile(took_s, share) * 1e3 for share in (0.5, 0.99, 1.0)]
    return f"p50 {ms[0]:.0f} ms, p99 {ms[1]:.0f} ms, worst {ms[2]:.0f} ms"


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(asyncio.run(run()))) + "\n")
