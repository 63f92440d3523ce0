"""Where a switch can dial to by a name: the destinations of the settings, and supervisors' phones; and over which
trunks these and agents' phones are reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from calls.settings import Settings

SUPERVISOR = "supervisor "
"""How the place of a supervisor's phone begins: no destination's name has a space."""


def supervisors_place(supervisor_id: str) -> str:
    """The place of a supervisor's phone."""
    return f"{SUPERVISOR}{supervisor_id}"


def is_supervisors(place: str) -> bool:
    """True for the place of a supervisor's phone."""
    return place.startswith(SUPERVISOR)


def dial_strings(settings: Settings) -> dict[str, str]:
    """The dial string of each place."""
    phones = {supervisors_place(each.id): each.endpoint for each in settings.supervisors}
    return {each.name: each.dial for each in settings.destinations} | phones


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody with a dial string in the settings, by their table and name. ``trunk`` "": over none is said."""

    table: str
    name: str
    dial: str
    switch: str | None
    trunk: str


def reached(settings: Settings) -> Iterator[Reached]:
    """All whom a switch reaches by a dial string, agents, supervisors and destinations."""
    for agent in settings.agents:
        yield Reached("agents", agent.id, agent.endpoint, agent.switch, agent.trunk or "")
    for supervisor in settings.supervisors:
        yield Reached("supervisors", supervisor.id, supervisor.endpoint, supervisor.switch, supervisor.trunk or "")
    for each in settings.destinations:
        yield Reached("destinations", each.name, each.dial, each.switch, each.trunk or "")


def unlined(settings: Settings) -> Iterator[tuple[Reached, str]]:
    """Who is reached by a number that a trunk would dial just so, and is counted on no trunk; with that trunk."""
    for each in reached(settings):
        for trunk in settings.trunks:
            dials = re.escape(trunk.dial).replace(re.escape("{number}"), "[0-9]+")
            if not each.trunk and trunk.switch == each.switch and re.fullmatch(dials, each.dial):
                yield each, trunk.name
                break
