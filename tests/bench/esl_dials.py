"""Forty originates a second on a real FreeSWITCH: outcomes, how soon it answers, and what one costs.

``CALLWRIGHT_TEST_ESL=host:port:password python -m tests.bench.esl_dials``; docs/conformance.md says what that
FreeSWITCH must have. Everybody who is dialled is busy (SIPp says 486 after ringing): a leg from its originate to its
end.
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

from calls.ids import AttemptId
from calls.switch.events import LegEnded, SwitchEvent
from calls.switch.port import CallChannel, DialAttempt
from console.demo.sipp import Callees, SippHome
from tests.bench.machine import fetch
from tests.bench.quantiles import quantile
from tests.conformance.freeswitch_real import TRUNK, far_ends, find, new_driver
from tests.conformance.real_premises import until
from tests.integration.harness import PROJECT

PER_S = 40
DIALS = 600
BUSY = 17


@dataclass(frozen=True, slots=True)
class Figures:
    """One run."""

    per_s: float
    answered_s: tuple[float, ...]
    """From each command to FreeSWITCH's word that it was taken."""
    right: int
    """Legs that ended once, as busy."""
    cpu_s: float


async def run() -> Figures:
    """Measure on this machine, now."""
    sipp_tree = fetch(PROJECT)["sipp"]
    real = await find(os.environ)
    events: list[SwitchEvent] = []
    answered_s: list[float] = []

    async def nobody(channel: CallChannel) -> None:
        raise AssertionError(f"somebody has answered: {channel.info}")

    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        silence = folder / "silence.ulaw"
        await asyncio.to_thread(silence.write_bytes, b"\xff" * 8_000)
        async with far_ends(SippHome(sipp_tree, folder / "sipp"), Callees(silence, silence, (100, 300))) as ports:
            switch = new_driver(real, ports, folder)
            await switch.start(events.append, nobody)

            async def dial(attempt_id: AttemptId) -> None:
                asked_at = time.monotonic()
                await switch.originate(DialAttempt(attempt_id, "+15553010005", TRUNK, "+15550100000", 20.0))
                answered_s.append(time.monotonic() - asked_at)

            asked = [AttemptId(f"att-{uuid4().hex[:12]}") for _ in range(DIALS)]
            began, cpu_s, tasks = time.monotonic(), time.process_time(), []
            for at, attempt_id in enumerate(asked, start=1):
                tasks.append(asyncio.create_task(dial(attempt_id)))
                await asyncio.sleep(began + at / PER_S - time.monotonic())
            await asyncio.gather(*tasks)
            took_s = time.monotonic() - began
            await until(lambda: sum(isinstance(each, LegEnded) for each in events) >= DIALS, 30.0)
            cpu_s = time.process_time() - cpu_s
            await switch.stop()
    ended = [each for each in events if isinstance(each, LegEnded) and each.cause == BUSY]
    right = len({each.leg_id for each in ended}) if len(ended) == DIALS else 0
    return Figures(DIALS / took_s, tuple(answered_s), right, cpu_s)


def report(figures: Figures) -> list[str]:
    """The lines."""
    answered = [quantile(figures.answered_s, share) * 1e3 for share in (0.5, 0.99)]
    return [
        f"originates on FreeSWITCH: {figures.per_s:.1f} a second (aim: {PER_S}), {figures.right} of {DIALS} right",
        f"  taken within: p50 {answered[0]:.0f} ms, p99 {answered[1]:.0f} ms",
        f"  our CPU each: {figures.cpu_s / DIALS * 1e3:.1f} ms",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(asyncio.run(run()))) + "\n")
