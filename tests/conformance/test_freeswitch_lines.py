"""Numbers that calls are handed on to, or that an agent asks first, take of their trunk's lines on FreeSWITCH.

On the one that is made from recordings, and on a real one where ``CALLWRIGHT_TEST_ESL`` names it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from uuid import uuid4

from calls.clock import SystemClock
from calls.switch.port import EndedBy
from console.demo.sipp import Callees
from tests.calls.switch.freeswitch.fake_caller import Caller
from tests.conformance.centre_to_kill import real_place
from tests.conformance.engine import standing
from tests.conformance.engine.numbers import numbers_take_the_line, premises_in
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.freeswitch import SLACK_S as FAKE_SLACK_S
from tests.conformance.freeswitch import open_fake
from tests.conformance.freeswitch_real import SLACK_S, VARIABLE, new_driver
from tests.conformance.loopback import CreepingClock
from tests.conformance.vocabulary import Act
from tests.console.held_time import HeldTimeLoop, held
from tests.integration.conftest import Trees


async def nobody(called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
    """Callers come otherwise."""
    raise AssertionError(called)


@held
async def test_a_number_has_the_line_of_its_trunk_until_it_is_over(tmp_path: Path) -> None:
    loop, ids = asyncio.get_running_loop(), count(1)
    assert isinstance(loop, HeldTimeLoop)
    premises = premises_in(tmp_path)
    async with open_fake(tmp_path) as exchange:
        called = [premises.called(script) for script in premises.scripts]
        line = exchange.new_line(called)
        bench = Bench(premises, line, nobody, FAKE_SLACK_S, CreepingClock(loop), lambda: f"engine-{next(ids)}")
        writer = bench.engine.writer
        loop.hold_while(lambda: writer.behind_s() > 0)

        async def ring_in(called: str, caller: str) -> Callable[[], Awaitable[None]]:
            calling = asyncio.ensure_future(exchange.freeswitch.call(Caller(called=called, number=caller)))

            async def stop() -> None:
                await calling

            return stop

        async with open_bench(bench):
            await numbers_take_the_line(bench, ring_in, premises)


if VARIABLE in os.environ:

    async def test_a_number_has_the_line_of_its_trunk_on_a_real_freeswitch(trees: Trees, callees: Callees) -> None:
        async with real_place(trees, callees) as place:
            premises = premises_in(place.folder)
            switch = standing.OnePhone(
                new_driver(place.real, place.ports, place.folder), place.ports.phone_of(place.real)
            )
            bench = Bench(premises, switch, nobody, SLACK_S, SystemClock(), lambda: str(uuid4()))
            async with open_bench(bench):
                await numbers_take_the_line(bench, place.ring_in, premises)
