"""A policy for checks against closed forms: a Poisson stream of dials that looks at nothing."""

from __future__ import annotations

from itertools import count

import numpy as np

from dialer.pacing.model import Explanation, Observation, Policy, Snapshot
from dialer.simulation.distributions import Constant, Distribution, Exponential, Uniform
from dialer.simulation.paced import PolicyMaker
from dialer.simulation.scenario import Scenario, Shift, always

WARM_UP_S, MEASURED_S = 1000.0, 8000.0


class Stream:
    """Dials at ``rate_per_s``. Rung for a uniform time of whole seconds, its answers are a Poisson process."""

    def __init__(self, rate_per_s: float, seed: int) -> None:
        self._rate_per_s = rate_per_s
        self._random = np.random.default_rng((1909, seed))

    def observe(self, seen: Observation) -> None:
        """Nothing."""

    def decide(self, snapshot: Snapshot) -> int:
        """The dials of one second."""
        return int(self._random.poisson(self._rate_per_s))

    def explain(self) -> Explanation:
        """A stream has no reasons."""
        return Explanation("a stream")


def stream(rate_per_s: float) -> PolicyMaker:
    """Makes streams that are independent of each other."""
    seeds = count()

    def make(scenario: Scenario) -> Policy:
        return Stream(rate_per_s, next(seeds))

    return make


def queue(agents: int, handling_s: float, patience: Distribution) -> Scenario:
    """Everybody answers; what a classic queue is."""
    return Scenario(
        (Shift(agents),),
        duration_s=WARM_UP_S + MEASURED_S,
        warm_up_s=WARM_UP_S,
        answer_rate=always(1.0),
        machine_share=always(0.0),
        ring=Uniform(0.0, 10.0),
        talk=Exponential(handling_s),
        wrap_up=Constant(0.0),
        patience=patience,
    )
