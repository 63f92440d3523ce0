"""Where a switch can dial to by a name: the destinations of the settings, and supervisors' phones."""

from __future__ import annotations

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
