"""A process with an engine and its store on a real FreeSWITCH, to be killed with its calls.

``python -m tests.conformance.killed_centre first|again FOLDER CARRIER PHONE TAKER``: it says on stdout when it is
ready, the first run when its calls stand at their steps (:mod:`tests.conformance.engine.standing`), and when none is
left.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

from calls.clock import SystemClock
from calls.switch.port import EndedBy
from tests.conformance.engine import standing
from tests.conformance.engine.play import Bench
from tests.conformance.engine.premises import Premises
from tests.conformance.freeswitch_real import SLACK_S, FarEnds, find, new_driver
from tests.conformance.vocabulary import Act


async def run(folder: Path, ports: FarEnds, *, first: bool) -> None:
    """Until no call is left, or it is killed."""
    real = await find(os.environ)
    premises = Premises(standing.SCRIPTS, folder)
    driver = new_driver(real, ports, folder, [standing.RINGING.name])
    switch = standing.OnePhone(driver, ports.phone_of(real))
    bench = Bench(premises, switch, _nobody, SLACK_S, SystemClock(), lambda: str(uuid4()))
    if first:
        await bench.start()
        await bench._start_campaign(standing.RINGING, premises.called(standing.RINGING))
    else:
        await bench.engine.start()
        await standing.until(lambda: not bench.engine.watch.not_ready())
    _say("ready")
    if first:
        await standing.until(lambda: standing.all_stand(bench, premises))
        _say("stand")
    await standing.until(lambda: standing.is_settled(premises), 120.0)
    _say("settled")
    await asyncio.Event().wait()


async def _nobody(called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
    """Callers ring in from elsewhere."""
    raise AssertionError(called)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[2]), FarEnds(*map(int, sys.argv[3:])), first=sys.argv[1] == "first"))
