"""Divides ready agents, lines and calls per second between campaigns, by their priorities and weights. Pure.

What is free goes to the campaigns of the highest priority as far as they can use it, then to those of the next one;
calls under way keep what was promised for them whatever the priorities. Of the same priority each campaign has a
clock of its own that goes the faster the more it uses and the lighter it weighs; what is free goes to the campaign
whose clock is behind. So over time the use of those that want more goes by their weights, nobody of them starves, and
what one cannot use goes to the others at once. Who was idle starts at the others' time: nothing is saved up.

Source: start-time fair queueing, Goyal, Vin and Cheng 1996.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from calls.ids import CampaignId

AHEAD = 1800.0
"""A clock is never further ahead of the others than this much use by a weight of the heaviest: who had an agent of
their own for hours does not wait for hours."""

Group = frozenset[CampaignId]
"""The campaigns that something may serve."""


@dataclass(frozen=True, slots=True)
class Party:
    """What a campaign has and could use."""

    campaign_id: CampaignId
    weight: int
    most: int
    """How much more it could use at most, beyond ``promised``."""
    held: int = 0
    """What it uses now."""
    promised: int = 0
    """What is free and was counted on before: it comes first."""
    priority: int = 0
    """Those of a higher one come before it."""


class Clocks:
    """How much each campaign has used by its weight, as far as it matters for whose turn it is."""

    def __init__(self) -> None:
        self._at: dict[CampaignId, float] = {}

    def spend(self, campaign_id: CampaignId, amount: float, weight: int) -> None:
        """It has used ``amount``."""
        if campaign_id in self._at:
            self._at[campaign_id] += amount / weight

    def meet(self, parties: Iterable[Party]) -> None:
        """Those who want something now: whoever did not before starts at the time of the one that is behind. Only
        those of the same priority are held against each other."""
        met: dict[CampaignId, float] = {}
        for level in by_priority(parties):
            wants = {party.campaign_id: party.weight for party in level}
            behind = min((self._at[each] for each in wants if each in self._at), default=0.0)
            longest = AHEAD / max(wants.values())
            for each, weight in wants.items():
                at = max(self._at.get(each, behind), behind)
                met[each] = min(at, behind + longest * _share(weight, wants))
        self._at = met

    def turn(self, party: Party, has: int, step: float) -> float:
        """The smaller, the sooner: its clock once it had one more. ``step``: how much that is."""
        return self._at[party.campaign_id] + (has + 1) * step / party.weight


def by_priority(parties: Iterable[Party]) -> list[list[Party]]:
    """The campaigns of each priority, the highest first."""
    levels: dict[int, list[Party]] = {}
    for party in parties:
        levels.setdefault(party.priority, []).append(party)
    return [levels[priority] for priority in sorted(levels, reverse=True)]


def _share(weight: int, wants: Mapping[CampaignId, int]) -> float:
    """How much slower the heaviest clock goes: a light one may be as many times further ahead."""
    return max(wants.values()) / weight


STEP_S = 60.0
"""A free agent is given as if for so long: several at once go by weight, whatever the clocks say."""


@dataclass(frozen=True, slots=True)
class Division:
    """How ready agents are divided. ``left``: those whom nobody can use now, by the campaigns they may serve."""

    given: Mapping[CampaignId, int]
    left: Mapping[Group, int]

    def ready(self, campaign_id: CampaignId) -> int:
        """How many the campaign may count on: its own, and those whom nobody else can use."""
        left = sum(count for group, count in self.left.items() if campaign_id in group)
        return self.given.get(campaign_id, 0) + left


class Agents:
    """Divides ready agents: each goes to a campaign that he or she may serve. What is used is agent-seconds."""

    def __init__(self) -> None:
        self._clocks = Clocks()
        self._held: dict[CampaignId, tuple[int, int]] = {}
        self._at = 0.0

    def divide(self, ready: Mapping[Group, int], parties: Iterable[Party], now: float) -> Division:
        """How many of ``ready`` each campaign may count on, those that were promised included.

        ``ready``: agents by the campaigns that they may serve. ``now``: seconds, as everywhere.
        """
        wanting = [party for party in parties if party.most > 0 or party.promised > 0 or party.held > 0]
        for campaign_id, (held, weight) in self._held.items():
            self._clocks.spend(campaign_id, held * max(0.0, now - self._at), weight)
        self._at = now
        self._clocks.meet(wanting)
        self._held = {party.campaign_id: (party.held + party.promised, party.weight) for party in wanting}
        giving = _Giving(ready, wanting, self._clocks)
        wants = {party.campaign_id: party.promised for party in wanting}
        giving.give(wants)
        for level in by_priority(wanting):
            wants |= {party.campaign_id: party.promised + party.most for party in level}
            giving.give(wants)
        return Division(giving.given, giving.left)


class Units:
    """Divides what is alike: the lines of a trunk, or the calls of its next second. What is used is calls."""

    def __init__(self) -> None:
        self._clocks = Clocks()

    def divide(self, units: int, parties: Iterable[Party]) -> dict[CampaignId, int]:
        """How many of ``units`` each may use now, at most ``most``."""
        wanting = [party for party in parties if party.most > 0]
        self._clocks.meet(wanting)
        given = {party.campaign_id: 0 for party in wanting}
        for level in by_priority(wanting):
            self._give(max(0, units) - sum(given.values()), level, given)
        for party in wanting:
            self._clocks.spend(party.campaign_id, given[party.campaign_id], party.weight)
        return given

    def _give(self, units: int, level: list[Party], given: dict[CampaignId, int]) -> None:
        """By turns to campaigns of one priority."""
        for _ in range(units):
            open_ = [party for party in level if given[party.campaign_id] < party.most]
            if not open_:
                return
            given[min(open_, key=lambda each: self._clocks.turn(each, given[each.campaign_id], 1.0)).campaign_id] += 1


class _Giving:
    """One division of agents."""

    def __init__(self, ready: Mapping[Group, int], parties: list[Party], clocks: Clocks) -> None:
        self._parties = {party.campaign_id: party for party in parties}
        self._clocks = clocks
        self.left = dict(ready)
        self._from: dict[tuple[Group, CampaignId], int] = {}
        self.given = dict.fromkeys(self._parties, 0)

    def give(self, most: Mapping[CampaignId, int]) -> None:
        """Give until nobody can be given more: ``most`` to each."""
        self._give_at_once(most)
        while True:
            open_ = [each for each in self._parties if self.given[each] < most[each]]
            path = None
            for campaign_id in sorted(open_, key=self._turn):
                path = self._path_to(campaign_id)
                if path is not None:
                    break
            if path is None:
                return
            self._take(path)

    def _give_at_once(self, most: Mapping[CampaignId, int]) -> None:
        """To campaigns that share with nobody who lacks an agent, and that lack no more than there are: no turns."""
        lacks = {each: most[each] - self.given[each] for each in self._parties if self.given[each] < most[each]}
        for group, left in list(self.left.items()):
            here = group & lacks.keys()
            if 0 < sum(lacks[each] for each in here) <= left or len(here) == 1 == len(lacks):
                for campaign_id in here:
                    count = min(lacks[campaign_id], self.left[group])
                    self._move(group, campaign_id, count)
                    lacks[campaign_id] -= count
                    self.given[campaign_id] += count

    def _turn(self, campaign_id: CampaignId) -> float:
        party = self._parties[campaign_id]
        return self._clocks.turn(party, party.held + self.given[campaign_id], STEP_S)

    def _path_to(self, campaign_id: CampaignId) -> list[tuple[Group, CampaignId]] | None:
        """How an agent comes to the campaign: from a group that serves it, or from another campaign which gets one of
        its other groups instead. The steps of it, the campaign's own first; the last group has an agent left."""
        steps: dict[CampaignId, list[tuple[Group, CampaignId]]] = {campaign_id: []}
        queue = [campaign_id]
        while queue:
            at = queue.pop(0)
            free = [group for group, left in self.left.items() if left and at in group]
            if free:
                return [*steps[at], (min(free, key=len), at)]
            for (group, other), count in self._from.items():
                if count and at in group and other not in steps:
                    steps[other] = [*steps[at], (group, at)]
                    queue.append(other)
        return None

    def _take(self, path: list[tuple[Group, CampaignId]]) -> None:
        self.given[path[0][1]] += 1
        for (group, campaign_id), (_, other) in pairwise(path):
            self._from[group, other] -= 1
            self._from[group, campaign_id] = self._from.get((group, campaign_id), 0) + 1
        self._move(*path[-1], 1)

    def _move(self, group: Group, campaign_id: CampaignId, count: int) -> None:
        self._from[group, campaign_id] = self._from.get((group, campaign_id), 0) + count
        self.left[group] -= count
