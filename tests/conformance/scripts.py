"""The list of conformance scripts. Every driver plays those whose needs it can meet; none is skipped on one."""

from __future__ import annotations

from tests.conformance.agents import AGENTS
from tests.conformance.dialled import DIALLED, TRANSFERS
from tests.conformance.menus import MENUS
from tests.conformance.recordings import RECORDINGS
from tests.conformance.vocabulary import Need, Script
from tests.conformance.voices import HEARD, STOPS

SCRIPTS: tuple[Script, ...] = (*MENUS, *STOPS, *HEARD, *AGENTS, *TRANSFERS, *DIALLED, *RECORDINGS)


def scripts_for(*needs: Need) -> list[Script]:
    """The scripts that a driver plays which can meet ``needs``."""
    return [script for script in SCRIPTS if script.needs in needs]
