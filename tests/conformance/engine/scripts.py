"""The list of whole calls. Every switch plays those whose needs it can meet; none is skipped on one.

To add one: write the flow and what the caller does, run it on the loopback switch
(``pytest tests/conformance/test_loopback.py -k the-name``), read what came of it, and write that down if it is right.
Callers count from the answer on the wire, which comes half a second before the flow begins where ``Answer`` waits for
media: a key has to fit either way.
"""

from __future__ import annotations

from tests.conformance.engine.campaigns import CAMPAIGNS
from tests.conformance.engine.flow_tests import FLOW_TESTS
from tests.conformance.engine.menus import MENUS
from tests.conformance.engine.nodes import NODES
from tests.conformance.engine.people import AGENTS, TRANSFERS
from tests.conformance.engine.vocabulary import EngineScript
from tests.conformance.vocabulary import Need

ENGINE_SCRIPTS: tuple[EngineScript, ...] = (*MENUS, *NODES, *AGENTS, *TRANSFERS, *CAMPAIGNS, *FLOW_TESTS)


def engine_scripts_for(*needs: Need) -> list[EngineScript]:
    """The whole calls that a switch plays which can meet ``needs``."""
    return [script for script in ENGINE_SCRIPTS if script.needs in needs]
