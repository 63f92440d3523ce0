"""The FreeSWITCH driver keeps the contract, and an engine above it does what every switch is held to: every script on
one FreeSWITCH made from recordings and one driver, all of them at once, in held time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from calls.ids import LegId
from calls.switch.events import LegEnded
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.scripts import engine_scripts_for
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.exchange import Exchange
from tests.conformance.freeswitch import SLACK_S, FreeSwitchUnderTest, open_fake
from tests.conformance.loopback import CreepingClock
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.console.held_time import HeldTimeLoop

NEEDS = (Need.MENU, Need.HEAR, Need.AGENTS, Need.TRANSFER, Need.DIAL, Need.RECORD)
SCRIPTS = scripts_for(*NEEDS)
CALLS = engine_scripts_for(*NEEDS)

Faults = dict[str, BaseException | None]
"""What each script came to."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the scripts of this run came to, by their names, and what was left."""

    outcomes: Faults
    ends: Counter[LegId]
    asked: set[LegId]
    strays: list[str]
    left: list[str]
    """Channels that live still."""


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    names = {item.name for item in request.session.items if item.path == Path(__file__)}
    scripts = [each for each in SCRIPTS if f"test_freeswitch_conforms[{each.name}]" in names]
    calls = [each for each in CALLS if f"test_whole_calls_conform_on_freeswitch[{each.name}]" in names]
    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        yield runner.run(_play_all(scripts, calls, tmp_path_factory.mktemp("cw")))


async def _play_all(scripts: list[Script], calls: list[EngineScript], folder: Path) -> Played:
    async with open_fake(folder, [each.name for each in calls]) as exchange:
        came_to = await asyncio.gather(_play_calls(calls, exchange, folder), _play_commands(scripts, exchange))
        ends = Counter(event.leg_id for event in exchange.events if isinstance(event, LegEnded))
        left = sorted(exchange.freeswitch.channels)
    return Played(came_to[0] | came_to[1], ends, exchange.asked, exchange.strays, left)


async def _play_commands(scripts: list[Script], exchange: Exchange) -> Faults:
    plays = (play(script, FreeSwitchUnderTest(exchange)) for script in scripts)
    return _by_name(scripts, await asyncio.gather(*plays, return_exceptions=True))


async def _play_calls(scripts: list[EngineScript], exchange: Exchange, folder: Path) -> Faults:
    """All on one engine, which shares the switch with the scripts of commands."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HeldTimeLoop)
    ids = count(1)
    premises = Premises(scripts, folder)
    line = exchange.new_line([premises.called(script) for script in scripts])
    clock = CreepingClock(loop)
    bench = Bench(premises, line, exchange.ring_in, SLACK_S, clock, lambda: f"engine-{next(ids)}")
    writer = bench.engine.writer
    loop.hold_while(lambda: writer.behind_s() > 0)
    async with open_bench(bench):
        return _by_name(scripts, await asyncio.gather(*map(bench.play, scripts), return_exceptions=True))


def _by_name(scripts: Sequence[Script | EngineScript], came_to: list[BaseException | None]) -> Faults:
    return {script.name: fault for script, fault in zip(scripts, came_to, strict=True)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_freeswitch_conforms(script: Script, played: Played) -> None:
    fault = played.outcomes[script.name]
    if fault is not None:
        raise fault


@pytest.mark.parametrize("script", CALLS, ids=lambda script: script.name)
def test_whole_calls_conform_on_freeswitch(script: EngineScript, played: Played) -> None:
    fault = played.outcomes[script.name]
    if fault is not None:
        raise fault


def test_each_leg_ended_once_and_nothing_came_for_nobody(played: Played) -> None:
    assert played.ends == Counter(played.asked)
    assert played.strays == []


def test_no_channel_is_left_on_the_switch(played: Played) -> None:
    assert played.left == []
