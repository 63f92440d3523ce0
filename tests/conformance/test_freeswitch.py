"""The scripts on the FreeSWITCH driver. They take real time, so they are played side by side, and every test tells of
its own script: those of commands each on a switch of its own, whole calls on one switch below one engine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from calls.clock import SystemClock
from tests.calls.switch.freeswitch.fake_event_socket import FakeEventSocket
from tests.conformance.door import Door
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.scripts import engine_scripts_for
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.freeswitch import SLACK_S, FreeSwitchUnderTest, new_switch, ring_in
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script

SCRIPTS = scripts_for(Need.MENU)
CALLS = engine_scripts_for(Need.MENU)

Outcomes = dict[str, BaseException | None]
"""What each script came to."""


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return asyncio.run(_play_all())


async def _play_all() -> Outcomes:
    async with FakeEventSocket() as event_socket:
        switch = new_switch(event_socket)
        with tempfile.TemporaryDirectory(prefix="cw-") as folder:
            premises = Premises(CALLS, Path(folder))
            bench = Bench(premises, switch, partial(ring_in, switch), SLACK_S, SystemClock(), lambda: str(uuid4()))
            async with open_bench(bench):
                door = Door()
                commands = (_in_turn(door, play(script, FreeSwitchUnderTest(event_socket))) for script in SCRIPTS)
                calls = (_in_turn(door, bench.play(script)) for script in CALLS)
                came_to = await asyncio.gather(*commands, *calls, return_exceptions=True)
    names = [script.name for script in (*SCRIPTS, *CALLS)]
    return dict(zip(names, came_to, strict=True))


async def _in_turn(door: Door, playing: Coroutine[None, None, None]) -> None:
    await door.go_through()
    await playing


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_freeswitch_conforms(script: Script, outcomes: Outcomes) -> None:
    fault = outcomes[script.name]
    if fault is not None:
        raise fault


@pytest.mark.parametrize("script", CALLS, ids=lambda script: script.name)
def test_whole_calls_conform_on_freeswitch(script: EngineScript, outcomes: Outcomes) -> None:
    fault = outcomes[script.name]
    if fault is not None:
        raise fault
