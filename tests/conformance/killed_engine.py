"""A process with the driver on a real FreeSWITCH, to be killed.

``python -m tests.conformance.killed_engine FOLDER CARRIER PHONE TAKER``: it rings the agent and somebody who never
answers, leads each caller to its step, and says a line on stdout when the agent is there, and when all callers are.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from calls.ids import AttemptId
from calls.switch.events import LegAnswered
from calls.switch.port import DialAttempt, RingAgent
from tests.conformance.freeswitch_real import TRUNK, FarEnds, find, new_driver
from tests.conformance.real_premises import AGENT, STEPS, Stage, until


async def run(folder: Path, ports: FarEnds) -> None:
    """Until it is killed."""
    real = await find(os.environ)
    stage = Stage(new_driver(real, ports, folder))
    await stage.switch.start(stage.events.append, stage.on_call)
    await stage.switch.originate(RingAgent(AGENT, ports.phone_of(real), "", 20.0))
    attempt = DialAttempt(AttemptId(f"att-{AGENT}"), "+15553010006", TRUNK, "+15550100000", 55.0)
    await stage.switch.originate(attempt)
    await until(lambda: stage.told(LegAnswered, AGENT) == 1)
    sys.stdout.write("agent\n")
    sys.stdout.flush()
    await until(lambda: stage.there >= STEPS.keys())
    sys.stdout.write("callers\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), FarEnds(*map(int, sys.argv[2:]))))
