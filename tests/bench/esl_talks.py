"""How soon somebody whom we dialled, and who stays on the line, hears an agent on a real FreeSWITCH.

``CALLWRIGHT_TEST_ESL=host:port:password python -m tests.bench.esl_talks``; docs/conformance.md says what that
FreeSWITCH must have. Agents' legs are up; people answer, several at a time, and each is joined to one of the legs at
once: from the word that the leg has answered to the word that the two hear each other, as we have them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from calls.ids import AttemptId, CallId, LegId
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


async def run() -> list[float]:
    """The seconds of each talk, measured on this machine, now."""
    sipp_tree = fetch(PROJECT)["sipp"]
    real = await find(os.environ)
    answered_at: dict[LegId, float] = {}
    took_s: dict[CallId, float] = {}
    ended: set[LegId] = set()
    free: asyncio.Queue[LegId] = asyncio.Queue()

    def told(event: SwitchEvent) -> None:
        match event:
            case LegAnswered(leg_id):
                answered_at[leg_id] = time.monotonic()
            case CallConnected(call_id):
                took_s[call_id] = time.monotonic() - answered_at[LegId(call_id)]
            case LegEnded(leg_id):
                ended.add(leg_id)

    async def meets_an_agent(channel: CallChannel) -> None:
        leg_id = await free.get()
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
            await until(lambda: answered_at.keys() >= {*agents})
            for leg_id in agents:
                free.put_nowait(leg_id)
            asked = [LegId(f"att-{uuid4().hex[:12]}") for _ in range(DIALS)]
            for leg_id in asked:
                await switch.originate(DialAttempt(AttemptId(leg_id), "+15553010001", TRUNK, "+15550100000", 20.0))
                await asyncio.sleep(EVERY_S)
            await until(lambda: ended >= {*asked}, 40.0)
            for leg_id in agents:
                await switch.hang_up(leg_id)
            await until(lambda: ended >= {*agents})
            await switch.stop()
    return sorted(took_s.values())


def report(took_s: list[float]) -> list[str]:
    """The line."""
    ms = [quantile(took_s, share) * 1e3 for share in (0.5, 0.99)]
    return [
        f"from the answer to the agent on FreeSWITCH: p50 {ms[0]:.0f} ms, p99 {ms[1]:.0f} ms, worst"
        f" {took_s[-1] * 1e3:.0f} ms (aim: 200 ms or less), {len(took_s)} talks of {DIALS}"
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(asyncio.run(run()))) + "\n")
