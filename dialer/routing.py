"""The trunks of a campaign within one transaction: who has room, and which one a lead's call takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Congested:
    """How often a lead was congested: a number once when every trunk that carries it was, one after the other."""

    times: int
    number: str = ""
    """The number that was dialled last; "": none was."""
    trunks: tuple[str, ...] = ()
    """Those on which it was congested, while others that carry it were not tried yet."""
    last_trunk: str = ""
    """Where it was congested last; "": it was not."""

    def turned_away(self, number: str) -> tuple[str, ...]:
        """The trunks that are not to be taken for ``number`` if there are others."""
        if number != self.number or not self.last_trunk:
            return ()
        return self.trunks or (self.last_trunk,)


def congested(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId) -> Congested:
    """What the attempts of the lead say. How many trunks carry a number stands in each, so that a restart changes
    nothing; the attempts of releases before that count by themselves."""
    rows = connection.execute(
        "SELECT number, trunk, outcome, coalesce(json_extract(decision, '$.carriers'), 1) FROM attempts"
        " WHERE campaign_id = ? AND lead_id = ? AND json_extract(decision, '$.sent') IS NOT 0"
        " ORDER BY intended_at, rowid",
        (campaign_id, lead_id),
    )
    tried: dict[str, list[str]] = {}
    times, number, last_trunk = 0, "", ""
    for number, trunk, outcome, carriers in rows:
        mine = tried.setdefault(number, [])
        last_trunk = trunk if outcome == Outcome.CONGESTION.value else ""
        if not last_trunk:
            mine.clear()
            continue
        if trunk in mine:  # no other was there to be tried
            times += 1
            mine.clear()
        mine.append(trunk)
        if len(mine) >= carriers:
            times += 1
            mine.clear()
    others = sum(bool(trunks) for each, trunks in tried.items() if each != number)
    return Congested(times + others, number, tuple(tried.get(number, ())), last_trunk)


class Routing:
    """What is left of the trunks' room while attempts are begun."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        campaign_id: CampaignId,
        rooms: Sequence[Room],
        shares: Mapping[str, int] | None = None,
    ) -> None:
        """``shares``: how many calls each switch may be given at most, where there are several."""
        self._connection = connection
        self._campaign_id = campaign_id
        self._rooms = {room.trunk.name: room for room in rooms}
        self._shares = dict(shares or {})
        self.waits_for = ""
        """What the first lead waits for that found no trunk."""

    @property
    def free(self) -> int:
        """How many calls may be added on all trunks together."""
        free: dict[str | None, int] = {}
        for room in self._rooms.values():
            free[room.trunk.switch] = free.get(room.trunk.switch, 0) + room.free
        return sum(min(count, self._shares.get(switch or "", count)) for switch, count in free.items())

    def carries(self, number: str) -> bool:
        """Whether one of the trunks carries the number, free or not."""
        return routes.carries((room.trunk for room in self._rooms.values()), number)

    def choose(self, lead_id: LeadId, number: str) -> Route | timedelta:
        """The trunk for the lead's call, or how long it waits where none has room, and :attr:`waits_for` says why."""
        congested_on: tuple[str, ...] = ()
        if len(self._rooms) > 1:
            congested_on = congested(self._connection, self._campaign_id, lead_id).turned_away(number)
        found = routes.choose(number, tuple(self._rooms.values()), congested_on)
        if isinstance(found, NoRoute):
            self.waits_for = self.waits_for or found.reason
            return OTHER_TRUNK if congested_on else PASSED_BY
        return found

    def take(self, route: Route) -> None:
        """A call of the trunk's room is spent, and one of its switch's share and turn."""
        room = self._rooms[route.trunk.name]
        self._rooms[route.trunk.name] = replace(room, free=room.free - 1)
        switch = room.trunk.switch
        if (owner := switch or "") in self._shares:
            self._shares[owner] -= 1
        spent = self._shares.get(owner) == 0
        for name, each in self._rooms.items():
            if each.trunk.switch == switch:
                self._rooms[name] = replace(each, free=0 if spent else each.free, turn=each.turn + each.step)
