"""Whose turn it is: the leads of a scenario's lists, those that are tried again before new ones."""

from __future__ import annotations

import heapq
import itertools
from typing import NamedTuple

from dialer.simulation.scenario import HOUR_S, Scenario


class Lead(NamedTuple):
    """Somebody on list number ``of``, who is dialled for the ``tries``-th time."""

    of: int
    tries: int
    number: int
    """Tells leads apart."""


class Roll:
    """The lists side by side by their weights (smooth weighted round robin, as the hopper does)."""

    def __init__(self, scenario: Scenario) -> None:
        self._tries, self._retry_after_s = scenario.tries, scenario.retry_after_s
        self._lists = scenario.lists_or_one
        self._left = [each.leads for each in self._lists]
        self._again: list[list[tuple[float, int, Lead]]] = [[] for _ in self._lists]
        self._credit = [0] * len(self._lists)
        self._count = itertools.count()
        self._strata: dict[tuple[int, int], str] = {}
        """By list and try, of the hour that ends then."""
        self._hour_ends_s = 0.0
        self._numbers = itertools.count()

    def next(self, now: float) -> Lead | None:
        """The lead that is dialled next; None: nobody is due."""
        if len(self._lists) == 1:
            return self._take(0, now)
        open_ = [index for index in range(len(self._lists)) if self._due(index, now)]
        if not open_:
            return None
        for index in open_:
            self._credit[index] += self._lists[index].weight
        best = max(open_, key=lambda index: self._credit[index])
        self._credit[best] -= sum(self._lists[index].weight for index in open_)
        return self._take(best, now)

    def failed(self, lead: Lead, now: float) -> None:
        """Nobody was reached: dialled again later, where the scenario says so."""
        if lead.tries < self._tries:
            self.put(Lead(lead.of, lead.tries + 1, lead.number), now + self._retry_after_s)

    def put(self, lead: Lead, at_s: float) -> None:
        """The lead is due at that time."""
        heapq.heappush(self._again[lead.of], (at_s, next(self._count), lead))

    def next_in_s(self, now: float) -> float | None:
        """In how many seconds somebody is due; 0: now. None: nobody waits for a time."""
        if any(self._due(index, now) for index in range(len(self._lists))):
            return 0.0
        return min((again[0][0] - now for again in self._again if again), default=None)

    def stratum(self, lead: Lead, now: float) -> str:
        """What the lead has in common with others that are answered alike, as the store words it."""
        if not self._hour_ends_s - HOUR_S <= now < self._hour_ends_s:
            self._hour_ends_s = (now // HOUR_S + 1) * HOUR_S
            self._strata.clear()
        key = lead[:2]
        found = self._strata.get(key)
        if found is None:
            name, hour = self._lists[lead.of].name, int(now // HOUR_S)
            found = self._strata[key] = f"{name}, {hour} h, try {lead.tries}"
        return found

    def _due(self, index: int, now: float) -> bool:
        again, left = self._again[index], self._left[index]
        return left is None or left > 0 or bool(again and again[0][0] <= now)

    def _take(self, index: int, now: float) -> Lead | None:
        """The next one of a list; None: nobody on it is due."""
        again = self._again[index]
        if again and again[0][0] <= now:
            return heapq.heappop(again)[2]
        left = self._left[index]
        if left is not None:
            if left <= 0:
                return None
            self._left[index] = left - 1
        return Lead(index, 1, next(self._numbers))
