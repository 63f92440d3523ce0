"""The pages' modules, gathered: each has ``ENTRIES`` for the navigation and ``add``, which adds its routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from console.web import (
    accounts,
    agents_day,
    alerts,
    call_page,
    campaign_parts,
    campaign_wizard,
    campaigns,
    desk_page,
    do_not_call,
    floor_page,
    flows,
    lists,
    live,
    messages,
    metrics,
    one_lead,
    people,
    progress,
    reports,
    reviews,
    shifts,
    staffing,
    system,
    wall,
)
from console.web.navigation import Entry
from console.web.site import Site


class Part(Protocol):
    """The module of a page, or of several."""

    @property
    def ENTRIES(self) -> Sequence[Entry]:
        """Its pages in the navigation."""
        ...

    def add(self, site: Site) -> None:
        """Add its routes."""
        ...


PARTS: Sequence[Part] = (
    wall,
    desk_page,
    floor_page,
    live,
    campaigns,
    campaign_parts,
    campaign_wizard,
    progress,
    lists,
    one_lead,
    flows,
    people,
    call_page,
    messages,
    do_not_call,
    reports,
    reviews,
    staffing,
    shifts,
    agents_day,
    alerts,
    accounts,
    system,
    metrics,
)
"""In the order of the navigation within each group. One line for each module, added at its place."""


def entries() -> tuple[Entry, ...]:
    """All entries of the navigation."""
    return tuple(entry for part in PARTS for entry in part.ENTRIES)
