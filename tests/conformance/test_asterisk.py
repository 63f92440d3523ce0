"""Asterisk keeps the contract, and an engine above it does what every switch is held to: every script on one real
Asterisk and one switch, side by side.

Their callers press keys by the clock of the wall, each a process of its own, and a machine that does much else lets
some press too late. So the few that did not come to what they must are played again, with the switch to themselves:
what is wrong with us is wrong then too.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from calls.clock import SystemClock
from calls.switch.events import LegEnded
from console.demo.sipp import Callees, SippHome
from tests.conformance.asterisk import SLACK_S, AsteriskExchange, AsteriskUnderTest, open_exchange
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.scripts import engine_scripts_for
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.integration.conftest import Trees

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CHANNELS = "core show channels concise"
GONE_S = 20.0
RING_MS = (1000, 4000)
"""A person answers after 1 to 4 s: see docs/conformance.md."""
EVERY_S = 0.4
"""The scripts of each kind begin so far apart: 140 callers who begin at once are slow to begin."""
AGAIN = 12
"""No more scripts than this are played again: no machine makes more of them late."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the scripts that were chosen for this run came to, by their names; the switch is still up."""

    exchange: AsteriskExchange
    outcomes: dict[str, BaseException | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(request: pytest.FixtureRequest, trees: Trees, callees: Callees) -> AsyncIterator[Played]:
    """Plays every script that was chosen, to the end: between two tests nobody would serve the calls of a third."""
    names = {item.name for item in request.session.items if item.path == Path(__file__)}
    scripts = [script for script in scripts_for(*Need) if f"test_asterisk_conforms[{script.name}]" in names]
    calls = [
        script
        for script in engine_scripts_for(*Need)
        if f"test_whole_calls_conform_on_asterisk[{script.name}]" in names
    ]
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sipp = SippHome(trees.sipp, folder / "sipp")
        people = replace(callees, ring_ms=RING_MS)
        own = [script.name for script in calls]
        async with open_exchange(trees.asterisk, sipp, people, folder, own) as exchange:
            came_to = await _play_all(scripts, calls, exchange)
            late = {name for name, fault in came_to.items() if fault is not None}
            if 0 < len(late) <= AGAIN:
                scripts = [script for script in scripts if script.name in late]
                calls = [script for script in calls if script.name in late]
                came_to |= await _play_all(scripts, calls, exchange)
            yield Played(exchange, came_to)


async def _play_all(
    scripts: list[Script], calls: list[EngineScript], exchange: AsteriskExchange
) -> dict[str, BaseException | None]:
    of_calls, of_commands = await asyncio.gather(_play_calls(calls, exchange), _play_commands(scripts, exchange))
    return of_calls | of_commands


async def _play_commands(scripts: list[Script], exchange: AsteriskExchange) -> dict[str, BaseException | None]:
    plays = (play(script, AsteriskUnderTest(exchange)) for script in scripts)
    return _by_name(scripts, await _one_after_another(plays))


async def _play_calls(scripts: list[EngineScript], exchange: AsteriskExchange) -> dict[str, BaseException | None]:
    """All on one engine, which shares the switch with the scripts of commands."""
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        premises = Premises(scripts, Path(name))
        line = exchange.new_line([premises.called(script) for script in scripts])
        recorded = exchange.pbx.folder.parent / "recordings"
        bench = Bench(premises, line, exchange.ring_in, SLACK_S, SystemClock(), lambda: str(uuid4()), recorded)
        async with open_bench(bench):
            return _by_name(scripts, await _one_after_another(map(bench.play, scripts)))


async def _one_after_another(plays: Iterable[Coroutine[object, object, None]]) -> list[BaseException | None]:
    tasks = []
    for each in plays:
        tasks.append(asyncio.create_task(each))
        await asyncio.sleep(EVERY_S)
    return await asyncio.gather(*tasks, return_exceptions=True)


def _by_name(
    scripts: Sequence[Script | EngineScript], came_to: list[BaseException | None]
) -> dict[str, BaseException | None]:
    return {script.name: fault for script, fault in zip(scripts, came_to, strict=True)}


@pytest.mark.parametrize("script", scripts_for(*Need), ids=lambda script: script.name)
async def test_asterisk_conforms(script: Script, played: Played) -> None:
    fault = played.outcomes[script.name]
    if fault is not None:
        raise fault


@pytest.mark.parametrize("script", engine_scripts_for(*Need), ids=lambda script: script.name)
async def test_whole_calls_conform_on_asterisk(script: EngineScript, played: Played) -> None:
    fault = played.outcomes[script.name]
    if fault is not None:
        raise fault


async def test_each_leg_ended_once_and_nothing_came_for_nobody(played: Played) -> None:
    """Of all scripts of this run together, whatever became of each."""
    exchange = played.exchange
    ends = Counter(event.leg_id for event in exchange.events if isinstance(event, LegEnded))
    assert ends == Counter(exchange.asked)
    assert exchange.strays == []


async def test_no_channel_is_left_on_the_switch(played: Played) -> None:
    left = await played.exchange.pbx.cli(CHANNELS)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_S):
            while True:  # the switch tells nobody: it is asked again
                if not left:
                    break
                await asyncio.sleep(0.1)
                left = await played.exchange.pbx.cli(CHANNELS)
    assert left == ""
