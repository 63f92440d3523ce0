"""A policy by its name, and how the core drives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from calls.errors import ScenarioError
from dialer.pacing import POLICIES, Explanation, Observation, Policy, Snapshot, make_policy
from dialer.simulation.as_campaign import Mode
from dialer.simulation.oracles import RingOutcomesKnown, TalkEndsKnown
from dialer.simulation.scenario import Scenario

OWN: dict[str, Mode] = {
    "progressive": "progressive",
    "power": "power",
    "predictive": "predictive",
    "zero-abandon": "zero-abandon",
}
"""Policies that the core drives as live."""

ZERO_ABANDON = "zero-abandon"

ORACLES: dict[str, Callable[[float, float, float], Policy]] = {
    "oracle_talk_ends": TalkEndsKnown,
    "oracle_ring_outcomes": RingOutcomesKnown,
}
"""Upper bounds, which see a part of what is to come on the fast path."""

NAMES = (*POLICIES, ZERO_ABANDON, *ORACLES)

PERIOD_S = 0.999
"""Others are asked once a second."""


class OnceASecond:
    """Another's policy, which takes each asking for a second passed: the core also asks, when attempts stand in the
    store, whether they may still go."""

    def __init__(self, inner: Policy) -> None:
        self._inner = inner
        self._asked_s: float | None = None
        self._dials = 0

    def observe(self, seen: Observation) -> None:
        """Learn from what happened."""
        self._inner.observe(seen)

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        if self._asked_s is None or snapshot.at_s - self._asked_s >= PERIOD_S:
            self._asked_s = snapshot.at_s
            self._dials = self._inner.decide(snapshot)
        return min(self._dials, snapshot.lines_free)

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._inner.explain()


@dataclass(frozen=True, slots=True)
class Pace:
    """A policy by its name."""

    name: str

    @property
    def needs_core(self) -> bool:
        """True where only the core can drive it."""
        return self.name == ZERO_ABANDON

    @property
    def foresees(self) -> bool:
        """True where only the fast path can tell it what it wants to know."""
        return self.name in ORACLES

    @property
    def mode(self) -> Mode:
        """How the core drives it."""
        return OWN.get(self.name, "predictive")

    def make(self, scenario: Scenario) -> Policy:
        """A new policy for the scenario's cap and times."""
        if self.foresees:
            return ORACLES[self.name](scenario.abandonment_cap, scenario.connect_within_s, scenario.no_answer_s)
        return policy_of("progressive" if self.needs_core else self.name, scenario)

    def for_core(self, scenario: Scenario) -> Policy:
        """The same as the core is to ask it."""
        policy = self.make(scenario)
        return policy if self.name in OWN else OnceASecond(policy)


PolicyMaker = Callable[[Scenario], Policy]


def policy_of(name: str, scenario: Scenario) -> Policy:
    """A new policy of this name for the scenario's cap and times."""
    return make_policy(
        name,
        abandonment_cap=scenario.abandonment_cap,
        connect_within_s=scenario.connect_within_s,
        no_answer_s=scenario.no_answer_s,
        window_s=scenario.cap_window_s,
    )


def paces(names: list[str]) -> list[Pace]:
    """The policies of these names.

    Raises:
        ScenarioError: no such policy, one asked for twice, or none.
    """
    for name in names:
        if name not in NAMES:
            raise ScenarioError(f"policy {name}: expected one of {', '.join(sorted(NAMES))}")
    if not names or len(set(names)) != len(names):
        raise ScenarioError("expected one policy or more, none of them twice")
    return [Pace(name) for name in names]
