from __future__ import annotations

import pytest

from tests.conformance.loopback import LoopbackUnderTest
from tests.conformance.play import play
from tests.conformance.scripts import scripts_for
from tests.conformance.vocabulary import Need, Script
from tests.virtual_time import run


@pytest.mark.parametrize("script", scripts_for(*Need), ids=lambda script: script.name)
def test_the_loopback_switch_conforms(script: Script) -> None:
    run(play(script, LoopbackUnderTest()))
