"""Whether every legal window keeps the cap: weeks of working days of a small team, whose days are not alike, under
``predictive`` with the aim that it has live.

``python -m tests.bench.pacing_windows`` runs ``predictive`` through forty short days under a window of thirty, and
through ten under one of 24 hours, and says what share was abandoned in each window that ends where a day does, and at
worst in any that holds a thousand answers or more, or 200 where it is of 24 hours.
"""

from __future__ import annotations

import argparse
import random
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from dialer.pace import LIVE_AIM
from dialer.pacing import Abandoned, Connected, Explanation, Observation, Policy, Predictive, Snapshot
from dialer.simulation.run import Run
from dialer.simulation.scenario import HOUR_S, Scenario, Shift, Steps

DAY_S = 24 * HOUR_S
MANY_ANSWERS, MANY_OF_A_DAY = 1000, 200
"""A window of fewer says nothing yet: the first abandoned call may be one of five. One of a day has no more."""

SEED = 7000


def working_days(days: int, agents: int, window_s: float, hours: float = 4.0) -> Scenario:
    """Days that begin between 8 and 14 o'clock, with half the agents or all of them, and an answer rate of 10 to
    50%."""
    chance, shifts, rates = random.Random(SEED), list[Shift](), list[tuple[float, float]]()
    for day in range(days):
        begin = day * DAY_S + HOUR_S * chance.randrange(8, 15)
        shifts.append(Shift(chance.choice((agents, agents, agents // 2)), begin, begin + hours * HOUR_S))
        rates.append((day * DAY_S, chance.uniform(0.1, 0.5)))
    return Scenario(
        tuple(shifts), "working days", days * DAY_S, answer_rate=Steps(tuple(rates)), cap_window_s=window_s
    )


class Watched:
    """A policy whose outcomes are written down: when, and whether nobody was there in time."""

    def __init__(self, inner: Policy, within_s: float) -> None:
        self._inner = inner
        self._within_s = within_s
        self.outcomes: list[tuple[float, bool]] = []

    def observe(self, seen: Observation) -> None:
        """Learn from what happened."""
        match seen:
            case Connected():
                self.outcomes.append((seen.at_s, seen.waited_s > self._within_s))
            case Abandoned():
                self.outcomes.append((seen.at_s, True))
            case _:
                pass
        self._inner.observe(seen)

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now."""
        return self._inner.decide(snapshot)

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._inner.explain()


@dataclass(frozen=True, slots=True)
class Windows:
    """``at_day_ends``: the share abandoned in the window that ends with each day; ``worst``: the greatest of any
    window that holds ``many`` answers. ``occupancy``: of the whole run."""

    at_day_ends: tuple[float, ...]
    worst: float
    many: int
    occupancy: float


def windows(
    outcomes: Sequence[tuple[float, bool]], window_s: float, ends_s: Sequence[float], many: int = MANY_ANSWERS
) -> tuple[list[float], float]:
    """The share abandoned in the window up to each of ``ends_s``, and the greatest at any moment, where it holds
    ``many``."""
    times = [at_s for at_s, _ in outcomes]
    before = [0]
    for _, abandoned in outcomes:
        before.append(before[-1] + abandoned)

    def held(first: int, last: int) -> tuple[int, int]:
        return last - first, before[last] - before[first]

    def up_to(last: int, at_s: float) -> tuple[int, int]:
        return held(bisect_right(times, at_s - window_s), last)

    at_ends = []
    for end_s in ends_s:
        answers, nobody = up_to(bisect_right(times, end_s), end_s)
        at_ends.append(nobody / answers if answers else 0.0)
    came = (up_to(index + 1, at_s) for index, at_s in enumerate(times))
    left = (held(index + 1, bisect_left(times, at_s + window_s)) for index, at_s in enumerate(times))
    shares = (found / answers for answers, found in chain(came, left) if answers >= many)
    return at_ends, max(shares, default=0.0)


def measure(days: int, agents: int, window_s: float, seed: int = SEED) -> Windows:
    """A run of so many days."""
    scenario = working_days(days, agents, window_s)
    predictive = Predictive(
        scenario.abandonment_cap, scenario.connect_within_s, scenario.no_answer_s, LIVE_AIM, scenario.cap_window_s
    )
    policy = Watched(predictive, scenario.connect_within_s)
    tally = Run(scenario, policy, seed).go()
    many = MANY_ANSWERS if window_s > DAY_S else MANY_OF_A_DAY
    at_ends, worst = windows(policy.outcomes, window_s, [each.until_s + HOUR_S for each in scenario.shifts], many)
    return Windows(tuple(at_ends), worst, many, tally.occupancy)


def line(named: str, found: Windows, cap: float = 0.03) -> str:
    """A row of the report."""
    above = sum(each > cap for each in found.at_day_ends)
    last = 100 * found.at_day_ends[-1]
    return (
        f"{named}: {above} of {len(found.at_day_ends)} windows at a day's end above the cap, the greatest"
        f" {100 * max(found.at_day_ends):.2f}%, the last {last:.2f}%; with {found.many} answers or more at worst"
        f" {100 * found.worst:.2f}% at any moment; occupancy {100 * found.occupancy:.1f}%"
    )


def main(arguments: list[str]) -> None:
    """Write the report."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.pacing_windows")
    reader.add_argument("--agents", type=int, default=8)
    reader.add_argument("--days", type=int, default=40)
    asked = reader.parse_args(arguments)
    for named, days, window_s in (("24 h", min(10, asked.days), DAY_S), ("30 days", asked.days, 30 * DAY_S)):
        found = measure(days, asked.agents, window_s)
        sys.stdout.write(f"{line(f'{asked.agents} agents, a window of {named}', found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
