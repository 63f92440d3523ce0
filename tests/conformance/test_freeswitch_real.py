"""A real FreeSWITCH keeps the contract: every script on one driver, all of them at once.

Played where ``CALLWRIGHT_TEST_ESL`` names one, see docs/conformance.md. Where it names none there is nothing to play:
the scripts run on the one that is made from recordings."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from console.demo.sipp import Callees, SippHome
from tests.calls.switch.freeswitch.fake_event_socket import PASSWORD, FakeEventSocket
from tests.conformance.freeswitch_real import VARIABLE, Opened, RealFreeSwitchUnderTest, find, open_real
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.integration.conftest import Trees

NEEDS = (Need.MENU, Need.AGENTS, Need.TRANSFER, Need.DIAL, Need.RECORD)
SCRIPTS = scripts_for(*NEEDS) if VARIABLE in os.environ else []
RING_MS = (1000, 4000)


@dataclass(frozen=True, slots=True)
class Played:
    """What the scripts that were chosen for this run came to, by their names; the switch is still up."""

    opened: Opened
    outcomes: dict[str, BaseException | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(request: pytest.FixtureRequest, trees: Trees, callees: Callees) -> AsyncIterator[Played]:
    names = {item.name for item in request.session.items if item.path == Path(__file__)}
    scripts = [script for script in SCRIPTS if f"test_a_real_freeswitch_conforms[{script.name}]" in names]
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sipp = SippHome(trees.sipp, folder / "sipp")
        real = await find(os.environ)
        async with open_real(real, sipp, replace(callees, ring_ms=RING_MS), folder) as opened:
            plays = (
                play(script, RealFreeSwitchUnderTest(opened.exchange, opened.agent_endpoint)) for script in scripts
            )
            came_to = await asyncio.gather(*plays, return_exceptions=True)
            outcomes = {script.name: fault for script, fault in zip(scripts, came_to, strict=True)}
            yield Played(opened, outcomes)


if SCRIPTS:

    @pytest.mark.asyncio(loop_scope="module")
    @pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
    async def test_a_real_freeswitch_conforms(script: Script, played: Played) -> None:
        fault = played.outcomes[script.name]
        if fault is not None:
            raise fault


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
