"""The scripts on the FreeSWITCH driver. They take real time, so they are played side by side, each on a switch of
its own, and every test tells of its own script."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.freeswitch import FreeSwitchUnderTest
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script

SCRIPTS = scripts_for(Need.MENU)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, BaseException | None]:
    """What each script came to."""

    async def play_all() -> list[BaseException | None]:
        plays = (play(script, FreeSwitchUnderTest()) for script in SCRIPTS)
        return await asyncio.gather(*plays, return_exceptions=True)

    names = [script.name for script in SCRIPTS]
    return dict(zip(names, asyncio.run(play_all()), strict=True))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_freeswitch_conforms(script: Script, outcomes: dict[str, BaseException | None]) -> None:
    fault = outcomes[script.name]
    if fault is not None:
        raise fault
