"""The trunks of a campaign within one transaction: who has room, and which one a lead's call takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from calls.causes import Outcome
from calls.ids import CampaignId, LeadId
from dialer import routes
from dialer.routes import NoRoute, Room, Route

PASSED_BY = timedelta(seconds=20)
"""A lead whose trunks have no room is looked at again after this, so that thousands of them do not keep those behind
them waiting, whose trunks have."""

OTHER_TRUNK = timedelta(seconds=1)
"""One that was congested on a trunk, and waits for another."""


class Routing:
    """What is left of the trunks' room while attempts are begun."""

    def __init__(self, connection: sqlite3.Connection, campaign_id: CampaignId, rooms: Sequence[Room]) -> None:
        self._connection = connection
        self._campaign_id = campaign_id
        self._rooms = {room.trunk.name: room for room in rooms}
        self.waits_for = ""
        """What the first lead waits for that found no trunk."""

    @property
    def free(self) -> int:
        """How many calls may be added on all trunks together."""
        return sum(room.free for room in self._rooms.values())

    def carries(self, number: str) -> bool:
        """Whether one of the trunks carries the number, free or not."""
        return routes.carries((room.trunk for room in self._rooms.values()), number)

    def choose(self, lead_id: LeadId, number: str) -> Route | timedelta:
        """The trunk for the lead's call, or how long it waits where none has room, and :attr:`waits_for` says why."""
        congested_on = self._congested_on(lead_id) if len(self._rooms) > 1 else None
        found = routes.choose(number, tuple(self._rooms.values()), congested_on)
        if isinstance(found, NoRoute):
            self.waits_for = self.waits_for or found.reason
            return PASSED_BY if congested_on is None else OTHER_TRUNK
        return found

    def take(self, route: Route) -> None:
        """A call of the trunk's room is spent."""
        room = self._rooms[route.trunk.name]
        self._rooms[route.trunk.name] = replace(room, free=room.free - 1)

    def _congested_on(self, lead_id: LeadId) -> str | None:
        last = self._connection.execute(
            "SELECT trunk, outcome FROM attempts WHERE campaign_id = ? AND lead_id = ?"
            " AND json_extract(decision, '$.sent') IS NOT 0 ORDER BY intended_at DESC, rowid DESC LIMIT 1",
            (self._campaign_id, lead_id),
        ).fetchone()
        return last[0] if last is not None and last[1] == Outcome.CONGESTION.value else None
