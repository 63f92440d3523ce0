"""What a change of a campaign's pace would bring, beside things as they are: the same people, simulated twice.

What is simulated of things as they are is kept by whoever asks, for the next change that is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from calls.errors import UserError
from dialer.campaign import Campaign
from dialer.simulation.forecast import Trial, Variant, pair, variant
from dialer.simulation.measured import Measurement
from dialer.simulation.replications import shared
from dialer.simulation.scenario import HOUR_S
from dialer.simulation.tally import Tally

HOURS, WARM_UP_S = 1.0, 1200.0
"""Of each run: half of what a forecast takes, for an answer while somebody moves a slider."""

NICE = 10
"""Calls go before it: see :func:`dialer.simulation.replications.shared`."""


class Superseded(UserError):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class AsItIs:
    """What was measured, and what comes of it without a change, run by run."""

    measured: Measurement
    tallies: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Things as they are, and with the change. 95% intervals; the gain is against things as they are."""

    measured: Measurement
    now: Variant
    then: Variant

    def as_json(self) -> dict[str, object]:
        """For programs: ``now`` and ``then``, each with talks an hour, occupancy and abandonment."""
        return {
            "campaign": self.measured.campaign.id,
            "dials": self.measured.dials,
            "talks": self.measured.talks,
            "now": _as_json(self.now),
            "then": _as_json(self.then),
        }


def as_it_is(measured: Measurement, replications: int, workers: int, is_wanted: Callable[[], bool]) -> AsItIs:
    """Things as they are, simulated on, ``replications`` (two or more) times.

    Raises:
        Superseded: ``is_wanted`` was False between two runs.
    """
    lasting = replace(measured.scenario, warm_up_s=WARM_UP_S, duration_s=WARM_UP_S + HOURS * HOUR_S)
    found = replace(measured, scenario=lasting)
    return AsItIs(found, _tallies(found, replications, workers, is_wanted))


def what_if(base: AsItIs, changed: Campaign, workers: int, is_wanted: Callable[[], bool]) -> WhatIf:
    """What ``changed`` would bring: the campaign with another pace, cap or number of lines.

    Raises:
        Superseded: see :func:`as_it_is`.
    """
    scenario = replace(
        base.measured.scenario,
        lines=changed.file.max_lines,
        abandonment_cap=changed.file.pacing.cap_within(changed.preset),
    )
    then = replace(base.measured, campaign=changed, scenario=scenario)
    tallies = _tallies(then, len(base.tallies), workers, is_wanted)
    return WhatIf(
        base.measured,
        variant("now", base.tallies, base.tallies, HOURS),
        variant("then", tallies, base.tallies, HOURS),
    )


def _tallies(
    measured: Measurement, replications: int, workers: int, is_wanted: Callable[[], bool]
) -> tuple[Tally, ...]:
    found = []
    runs = shared([Trial(measured, measured.scenario, seed) for seed in range(replications)], workers, NICE)
    try:
        for each in runs:
            if not is_wanted():
                raise Superseded("another change was tried meanwhile")
            found.append(each)
    finally:
        runs.close()
    return tuple(found)


def _as_json(each: Variant) -> dict[str, object]:
    return {
        "talks_per_hour": pair(each.talks_per_hour),
        "occupancy": pair(each.occupancy),
        "abandonment": pair(each.abandonment),
        "gain_per_hour": pair(each.gain_per_hour),
    }
