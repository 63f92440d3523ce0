"""How soon an agent is free again: the hazards of talk and wrap-up, by how long they have lasted.

A hazard is piecewise constant: ends over time at risk in each piece. What is still under way counts with the time it
has lasted so far (it is censored, not left out).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.kept import Kept, numbers

Floats = NDArray[np.float64]

TALK_EDGES = (0.0, 3.0, 6.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 75.0, 90.0, 110.0, 130.0, 160.0, 200.0, 250.0,
              300.0, 400.0, 600.0, 1e6)  # fmt: skip
WRAP_EDGES = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 18.0, 22.0, 27.0, 33.0, 40.0, 60.0, 120.0, 1e6)

PRIOR_TALK_S, PRIOR_WRAP_S = 120.0, 15.0
PRIOR_ENDS = 0.5
"""Pseudo-ends in each piece, at the mean hazard."""
PRIOR_TIMES = 3.0
"""Pseudo-talks behind the mean hazard."""

MEMORY = 3000.0
"""Ends and times at risk are halved at this many ends."""


class Hazard:
    """The hazard of one phase."""

    def __init__(self, edges: tuple[float, ...], prior_s: float) -> None:
        self._edges = np.array(edges)
        self._widths = np.diff(self._edges)
        self._ends = np.zeros(len(self._widths))
        self._at_risk_s = np.zeros(len(self._widths))
        self._prior_s = prior_s
        self._new: list[float] = []

    def ended(self, after_s: float) -> None:
        """One ended after so many seconds."""
        self._new.append(after_s)

    def _learn(self) -> None:
        """Count what has ended since the last time."""
        if not self._new:
            return
        after_s, self._new = np.array(self._new), []
        self._ends += np.bincount(_pieces(self._edges, after_s), minlength=len(self._ends))
        self._at_risk_s += self._spent(after_s)
        if np.add.reduce(self._ends) > MEMORY:
            self._ends /= 2
            self._at_risk_s /= 2

    def _spent(self, lasted_s: Floats) -> Floats:
        """How long each piece was lived through."""
        within = lasted_s[:, None] - self._edges[None, :-1]
        np.maximum(within, 0.0, out=within)
        np.minimum(within, self._widths, out=within)
        spent: Floats = np.add.reduce(within)
        return spent

    def mean_s(self, lasted_s: Floats) -> float:
        """Time at risk over ends: the mean duration, ``lasted_s`` being what is under way. Without it the first to
        end would make all look short."""
        self._learn()
        at_risk_s = np.add.reduce(self._at_risk_s) + np.add.reduce(lasted_s) + PRIOR_TIMES * self._prior_s
        return float(at_risk_s / (np.add.reduce(self._ends) + PRIOR_TIMES))

    def cumulative(self, lasted_s: Floats) -> Floats:
        """The cumulative hazard at the edges, ``lasted_s`` being what is under way."""
        self._learn()
        at_risk_s = self._at_risk_s + self._spent(lasted_s)
        ends, times_s = np.add.reduce(self._ends), np.add.reduce(at_risk_s)
        mean = (ends + PRIOR_TIMES) / (times_s + PRIOR_TIMES * self._prior_s)
        hazard = (self._ends + PRIOR_ENDS) / (at_risk_s + PRIOR_ENDS / mean)
        found = np.zeros(len(self._edges))
        np.add.accumulate(hazard * self._widths, out=found[1:])
        return found

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        self._learn()
        return {"ends": self._ends.tolist(), "at_risk_s": self._at_risk_s.tolist()}

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._ends = np.array(numbers(state, "ends", len(self._ends)))
        self._at_risk_s = np.array(numbers(state, "at_risk_s", len(self._at_risk_s)))
        self._new = []


class Ends:
    """The chance that what has lasted so long ends within such a time, for times that stay the same."""

    def __init__(self, edges: tuple[float, ...], lasted_s: Floats, within_s: Floats) -> None:
        self._edges = np.array(edges)
        self._widths = np.diff(self._edges)
        self._before = self._place(lasted_s[:, None])
        self._after = self._place(lasted_s[:, None] + within_s[None, :])

    def _place(self, times_s: Floats) -> tuple[NDArray[np.int64], Floats]:
        pieces = _pieces(self._edges, times_s)
        return pieces, times_s - self._edges[pieces]

    def chances(self, cumulative: Floats) -> Floats:
        """``[i, j]``: of what has lasted ``lasted_s[i]``, within ``within_s[j]``; ``cumulative``: the cumulative
        hazard at the edges, a line between them."""
        slopes = np.diff(cumulative) / self._widths
        (before, so_far_s), (after, by_then_s) = self._before, self._after
        chances: Floats = slopes.take(after)
        chances *= by_then_s
        chances += cumulative.take(after)
        np.subtract(slopes.take(before) * so_far_s + cumulative.take(before), chances, chances)
        np.exp(chances, chances)
        return np.subtract(1.0, chances, chances)


class Freeing:
    """Tables: the chance that an agent is free within each of some horizons, by phase and how long it has lasted."""

    TALK_STEP_S, WRAP_STEP_S = 5.0, 1.0
    TALK_GRID = np.arange(0.0, 601.0, TALK_STEP_S)
    WRAP_GRID = np.arange(0.0, 121.0, WRAP_STEP_S)

    def __init__(self, horizons_s: Floats) -> None:
        fine_s = float(horizons_s[-1]) / 60
        times: Floats = fine_s * np.arange(1, 61, dtype=np.float64)
        rest_s = horizons_s[None, :] - times[:, None] + fine_s / 2
        self._talk_ends = Ends(TALK_EDGES, self.TALK_GRID, times)
        self._wrap_ends = Ends(WRAP_EDGES, self.WRAP_GRID, horizons_s)
        self._whole_wraps = Ends(WRAP_EDGES, np.zeros(1), np.maximum(rest_s.ravel(), 0.0))
        """For each time at which a talk may end: a wrap-up in what is left of each horizon."""
        self.talking = np.zeros((len(self.TALK_GRID), len(horizons_s)))
        self.wrapping = np.zeros((len(self.WRAP_GRID), len(horizons_s)))

    def refresh(self, talk: Hazard, wrap: Hazard, talked_s: Floats, wrapped_s: Floats) -> None:
        """Work the tables out anew from what is learnt, and what is under way."""
        wrap_hazard = wrap.cumulative(wrapped_s)
        self.wrapping = self._wrap_ends.chances(wrap_hazard)
        talk_ends = self._talk_ends.chances(talk.cumulative(talked_s))
        per_step = talk_ends.copy()
        per_step[:, 1:] -= talk_ends[:, :-1]
        free = per_step @ self._whole_wraps.chances(wrap_hazard).reshape(talk_ends.shape[1], -1)
        np.maximum(free, 0.0, out=free)
        self.talking = np.minimum(free, 1.0, out=free)


def _pieces(edges: Floats, times_s: Floats) -> NDArray[np.int64]:
    """Between which edges each time lies."""
    pieces = edges.searchsorted(times_s, side="right")
    pieces -= 1
    np.maximum(pieces, 0, out=pieces)
    return np.minimum(pieces, len(edges) - 2, out=pieces)
