"""The loopback switch keeps the contract, and so do whole calls on an engine above it; in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.engine.scripts import engine_scripts_for
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.loopback import LoopbackUnderTest, play_call
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.console.held_time import held
from tests.virtual_time import run


@pytest.mark.parametrize("script", scripts_for(*Need), ids=lambda script: script.name)
def test_the_loopback_switch_conforms(script: Script) -> None:
    run(play(script, LoopbackUnderTest()))


@pytest.mark.parametrize("script", engine_scripts_for(*Need), ids=lambda script: script.name)
@held
async def test_whole_calls_conform_on_the_loopback_switch(script: EngineScript, tmp_path: Path) -> None:
    await play_call(script, tmp_path)
