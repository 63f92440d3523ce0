"""Asterisk keeps the contract: every script on one real Asterisk and one switch, some of them at once."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from calls.switch.port import LegEnded
from console.demo.sipp import Callees, SippHome
from tests.conformance.asterisk import AsteriskUnderTest, Exchange, open_exchange
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.integration.conftest import Trees

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

AT_ONCE = 10
"""Each script has a SIPp of its own: more than this at once is slow to start on two cores."""

CHANNELS = "core show channels concise"
GONE_S = 5.0
RING_MS = (1000, 4000)
"""A person answers after 1 to 4 s: see docs/conformance.md."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the scripts that were chosen for this run came to, by their names; the switch is still up."""

    exchange: Exchange
    outcomes: dict[str, BaseException | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(request: pytest.FixtureRequest, trees: Trees, callees: Callees) -> AsyncIterator[Played]:
    """Plays every script that was chosen, to the end: between two tests nobody would serve the calls of a third."""
    chosen = [script for script in scripts_for(*Need) if _is_chosen(script, request.session.items)]
    turn = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sipp = SippHome(trees.sipp, folder / "sipp")
        people = replace(callees, ring_ms=RING_MS)
        async with open_exchange(trees.asterisk, sipp, people, folder) as exchange:
            plays = (_play(script, exchange, turn) for script in chosen)
            came_to = await asyncio.gather(*plays, return_exceptions=True)
            yield Played(exchange, {script.name: fault for script, fault in zip(chosen, came_to, strict=True)})


def _is_chosen(script: Script, items: list[pytest.Item]) -> bool:
    """Whether the run has a test of this script: one alone must not play all."""
    names = {item.name for item in items if item.path == Path(__file__)}
    return f"test_asterisk_conforms[{script.name}]" in names


async def _play(script: Script, exchange: Exchange, turn: asyncio.Semaphore) -> None:
    async with turn:
        await play(script, AsteriskUnderTest(exchange))


@pytest.mark.parametrize("script", scripts_for(*Need), ids=lambda script: script.name)
async def test_asterisk_conforms(script: Script, played: Played) -> None:
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
