"""A process with an engine and its store on a FreeSWITCH, to be killed with its calls.

``python -m tests.conformance.killed_centre FOLDER CARRIER PHONE TAKER ENGINE_PORT`` starts a run, in a process of its
own, for each line on stdin: ``first`` or ``again``. It says on stdout which process that is, and when it is gone. The
run says when it is ready, the first one when its calls stand at their steps
(:mod:`tests.conformance.engine.standing`), and when none is left. What is imported is imported once.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from calls.clock import SystemClock
from calls.switch.port import EndedBy
from tests.conformance.engine import standing
from tests.conformance.engine.play import Bench
from tests.conformance.engine.premises import Premises
from tests.conformance.freeswitch_real import SLACK_S, FarEnds, find, new_driver
from tests.conformance.vocabulary import Act


async def run(folder: Path, ports: FarEnds, engine_port: int, *, first: bool) -> None:
    """Until no call is left, or it is killed."""
    real = await find(os.environ)
    premises = Premises(standing.SCRIPTS, folder)
    driver = new_driver(real, ports, folder, [standing.RINGING.name], engine_port)
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


def start_runs(words: Sequence[str]) -> None:
    """Runs one after another, as stdin asks for them."""
    folder, (*ports, engine_port) = Path(words[0]), map(int, words[1:])
    for line in sys.stdin:
        process = os.fork()  # nothing but imports has happened here: no thread, no loop, no file
        if process == 0:
            asyncio.run(run(folder, FarEnds(*ports), engine_port, first=line == "first\n"))
            os._exit(0)
        _say(f"run {process}")
        os.waitpid(process, 0)
        _say("gone")


if __name__ == "__main__":
    start_runs(sys.argv[1:])
