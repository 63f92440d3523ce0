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
        pieces = np.searchsorted(self._edges, after_s, side="right") - 1
        self._ends += np.bincount(np.clip(pieces, 0, len(self._ends) - 1), minlength=len(self._ends))
        self._at_risk_s += self._spent(after_s)
        if self._ends.sum() > MEMORY:
            self._ends /= 2
            self._at_risk_s /= 2

    def _spent(self, lasted_s: Floats) -> Floats:
        """How long each piece was lived through."""
        within = lasted_s[:, None] - self._edges[None, :-1]
        np.maximum(within, 0.0, out=within)
        np.minimum(within, self._widths, out=within)
        spent: Floats = within.sum(axis=0)
        return spent

    def mean_s(self, lasted_s: Floats) -> float:
        """Time at risk over ends: the mean duration, ``lasted_s`` being what is under way. Without it the first to
        end would make all look short."""
        self._learn()
        at_risk_s = self._at_risk_s.sum() + lasted_s.sum() + PRIOR_TIMES * self._prior_s
        return float(at_risk_s / (self._ends.sum() + PRIOR_TIMES))

    def cumulative(self, lasted_s: Floats) -> Floats:
        """The cumulative hazard at the edges, ``lasted_s`` being what is under way."""
        self._learn()
        at_risk_s = self._at_risk_s + self._spent(lasted_s)
        mean = (self._ends.sum() + PRIOR_TIMES) / (at_risk_s.sum() + PRIOR_TIMES * self._prior_s)
        hazard = (self._ends + PRIOR_ENDS) / (at_risk_s + PRIOR_ENDS / mean)
        return np.concatenate(([0.0], np.cumsum(hazard * self._widths)))

    def ends_within(self, cumulative: Floats, lasted_s: Floats, within_s: Floats) -> Floats:
        """``[i, j]``: the chance that what has lasted ``lasted_s[i]`` ends within ``within_s[j]``."""
        before = np.interp(lasted_s, self._edges, cumulative)
        after = np.interp(lasted_s[:, None] + within_s[None, :], self._edges, cumulative)
        return 1.0 - np.exp(before[:, None] - after)

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


class Freeing:
    """Tables: the chance that an agent is free within each of some horizons, by phase and how long it has lasted."""

    TALK_STEP_S, WRAP_STEP_S = 5.0, 1.0
    TALK_GRID = np.arange(0.0, 601.0, TALK_STEP_S)
    WRAP_GRID = np.arange(0.0, 121.0, WRAP_STEP_S)

    def __init__(self, horizons_s: Floats) -> None:
        self._horizons_s = horizons_s
        self._fine_s = float(horizons_s[-1]) / 60
        self._times: Floats = self._fine_s * np.arange(1, 61, dtype=np.float64)
        self.talking = np.zeros((len(self.TALK_GRID), len(horizons_s)))
        self.wrapping = np.zeros((len(self.WRAP_GRID), len(horizons_s)))

    def refresh(self, talk: Hazard, wrap: Hazard, talked_s: Floats, wrapped_s: Floats) -> None:
        """Work the tables out anew from what is learnt, and what is under way."""
        wrap_hazard = wrap.cumulative(wrapped_s)
        self.wrapping = wrap.ends_within(wrap_hazard, self.WRAP_GRID, self._horizons_s)
        talk_ends = talk.ends_within(talk.cumulative(talked_s), self.TALK_GRID, self._times)
        per_step = talk_ends.copy()
        per_step[:, 1:] -= talk_ends[:, :-1]
        rest_s = self._horizons_s[None, :] - self._times[:, None] + self._fine_s / 2
        whole_wrap = wrap.ends_within(wrap_hazard, np.zeros(1), np.maximum(rest_s.ravel(), 0.0))[0]
        free = per_step @ whole_wrap.reshape(rest_s.shape)
        self.talking = np.minimum(np.maximum(free, 0.0), 1.0)

    def talk_rows(self, talked_s: Floats) -> NDArray[np.int64]:
        """The table's rows for talks of so many seconds."""
        return _steps(talked_s, self.TALK_STEP_S, len(self.TALK_GRID) - 1)

    def wrap_rows(self, wrapped_s: Floats) -> NDArray[np.int64]:
        """The table's rows for wrap-ups of so many seconds."""
        return _steps(wrapped_s, self.WRAP_STEP_S, len(self.WRAP_GRID) - 1)


def _steps(times_s: Floats, step_s: float, most: int) -> NDArray[np.int64]:
    """The nearest of so many steps to each time."""
    steps = times_s / step_s
    steps += 0.5
    return np.minimum(steps, most, out=steps).astype(np.int64)
