"""A real FreeSWITCH keeps the contract: every script on one driver, all of them at once.

Played where ``CALLWRIGHT_TEST_ESL`` names one, see docs/conformance.md. Where it names none there is nothing to play:
the scripts run on the one that is made from recordings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import pytest
import pytest_asyncio

from calls.clock import SystemClock
from calls.switch.events import LegEnded
from console.demo.sipp import Callees, SippHome
from dialplans.freeswitch import render
from tests.calls.switch.freeswitch.fake_event_socket import PASSWORD, FakeEventSocket
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.scripts import engine_scripts_for
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.exchange import Exchange
from tests.conformance.freeswitch_real import (
    SLACK_S,
    VARIABLE,
    Opened,
    RealFreeSwitchUnderTest,
    find,
    open_real,
)
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.dialplans.test_freeswitch import DIALPLAN, VALUES
from tests.integration.conftest import Trees

NEEDS = (Need.MENU, Need.HEAR, Need.AGENTS, Need.TRANSFER, Need.DIAL, Need.RECORD)
THERE_IS_ONE = VARIABLE in os.environ
RING_MS = (1000, 4000)
GONE_S = 20.0
AT_ONCE = int(os.environ.get("CALLWRIGHT_TEST_ESL_AT_ONCE", "16"))
"""Scripts of each kind that are played at the same time: a SIPp each, beside FreeSWITCH and us."""

NO_CHANNELS = {"row_count": 0}

Faults = dict[str, BaseException | None]
"""What each script came to."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the scripts that were chosen for this run came to, by their names; the switch is still up."""

    opened: Opened
    outcomes: Faults


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(request: pytest.FixtureRequest, trees: Trees, callees: Callees) -> AsyncIterator[Played]:
    names = {item.name for item in request.session.items if item.path == Path(__file__)}
    scripts = [each for each in scripts_for(*NEEDS) if f"test_a_real_freeswitch_conforms[{each.name}]" in names]
    calls = [
        each
        for each in engine_scripts_for(*NEEDS)
        if f"test_whole_calls_conform_on_a_real_freeswitch[{each.name}]" in names
    ]
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sipp = SippHome(trees.sipp, folder / "sipp")
        real = await find(os.environ)
        own = [each.name for each in calls]
        async with open_real(real, sipp, replace(callees, ring_ms=RING_MS), folder, own) as opened:
            came_to = await asyncio.gather(
                _play_calls(calls, opened.exchange, folder), _play_commands(scripts, opened.exchange)
            )
            yield Played(opened, came_to[0] | came_to[1])


async def _play_commands(scripts: list[Script], exchange: Exchange) -> Faults:
    door = asyncio.Semaphore(AT_ONCE)
    plays = (_in_turn(door, partial(_play, script, exchange)) for script in scripts)
    came_to = await asyncio.gather(*plays, return_exceptions=True)
    return {script.name: fault for script, fault in zip(scripts, came_to, strict=True)}


async def _play(script: Script, exchange: Exchange) -> None:
    await play(script, RealFreeSwitchUnderTest(exchange))


async def _play_calls(scripts: list[EngineScript], exchange: Exchange, folder: Path) -> Faults:
    """All on one engine, which shares the switch with the scripts of commands."""
    premises = Premises(scripts, folder)
    line = exchange.new_line([premises.called(script) for script in scripts])
    recorded = folder / "recordings"
    bench = Bench(premises, line, exchange.ring_in, SLACK_S, SystemClock(), lambda: str(uuid4()), recorded)
    async with open_bench(bench):
        door = asyncio.Semaphore(AT_ONCE)
        plays = (_in_turn(door, partial(bench.play, script)) for script in scripts)
        came_to = await asyncio.gather(*plays, return_exceptions=True)
    return {script.name: fault for script, fault in zip(scripts, came_to, strict=True)}


async def _in_turn(door: asyncio.Semaphore, playing: Callable[[], Awaitable[None]]) -> None:
    async with door:
        await playing()


if THERE_IS_ONE:

    @pytest.mark.asyncio(loop_scope="module")
    @pytest.mark.parametrize("script", scripts_for(*NEEDS), ids=lambda script: script.name)
    async def test_a_real_freeswitch_conforms(script: Script, played: Played) -> None:
        fault = played.outcomes[script.name]
        if fault is not None:
            raise fault

    @pytest.mark.asyncio(loop_scope="module")
    @pytest.mark.parametrize("script", engine_scripts_for(*NEEDS), ids=lambda script: script.name)
    async def test_whole_calls_conform_on_a_real_freeswitch(script: EngineScript, played: Played) -> None:
        fault = played.outcomes[script.name]
        if fault is not None:
            raise fault

    @pytest.mark.asyncio(loop_scope="module")
    async def test_each_leg_ended_once_and_nothing_came_for_nobody(played: Played) -> None:
        exchange = played.opened.exchange
        ends = Counter(event.leg_id for event in exchange.events if isinstance(event, LegEnded))
        assert ends == Counter(exchange.asked)
        assert exchange.strays == []

    async def test_freeswitch_reads_our_dialplan_as_it_is_written() -> None:
        """By its own parser: the same conditions and actions, in the same order."""
        real = await find(os.environ)
        read = ElementTree.fromstring(await real.api("xml_locate dialplan context name callwright"))
        (written,) = ElementTree.fromstring(render(VALUES)[DIALPLAN]).iter("context")
        assert shape_of(read) == shape_of(written)

    @pytest.mark.asyncio(loop_scope="module")
    async def test_no_channel_is_left_on_the_switch(played: Played) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GONE_S):
                while True:  # the switch tells nobody: it is asked again
                    left = json.loads(await played.opened.real.api("show channels as json"))
                    if left == NO_CHANNELS:
                        break
                    await asyncio.sleep(0.1)
        assert left == NO_CHANNELS


def shape_of(context: ElementTree.Element) -> list[tuple[str, ...]]:
    """Everything in a dialplan but what its actions are given: that has ports and secrets in it."""
    named = ("name", "field", "expression", "application", "continue", "break")
    return [(each.tag, *(each.get(key, "") for key in named)) for each in context.iter()]


async def test_what_is_asked_of_a_freeswitch_is_its_sip_profile() -> None:
    status = (
        "<profiles><profile><name>internal</name><type>profile</type>"
        "<data>sip:mod_sofia@127.0.0.1:5080</data><state>RUNNING (0)</state></profile></profiles>"
    )
    async with FakeEventSocket() as event_socket:
        event_socket.api = {"sofia xmlstatus": status}.__getitem__
        real = await find({VARIABLE: f"127.0.0.1:{event_socket.port}:{PASSWORD}"})
    assert (real.profile, real.sip_port) == ("internal", 5080)
    assert real.esl.password.get_secret_value() == PASSWORD
