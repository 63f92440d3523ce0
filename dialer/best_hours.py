"""``[order] best_hour``: in which hour a lead is best tried, by when people of its list answered. Pure.

An hour's share of answers is learnt from what was counted in the list, and the less there is of that, the more from
what was counted in the campaign, and that from all campaigns: each level begins at the shape of the one above it, at
its own height. So one lucky call makes no best hour, and a new list goes by what is known already.

A lead whose turn it is waits for a better hour only where that hour is better by more than what is uncertain, is
open, and comes within a day of its turn. A part of the leads never waits: what is never tried is never learnt.

Source: empirical Bayes shrinkage of rates, Efron and Morris, "Stein's paradox in statistics", 1977.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt

from calls.hours import time_zone
from calls.records.best_hours import HOURS, Day, hour_of

HELD_AT_MOST = timedelta(hours=24)
"""From its turn on no lead waits longer than this for an hour: each hour of the day has come by then."""

HOUR_WEIGHT = 20.0
"""What the level above says of an hour counts as so many attempts."""

HEIGHT_WEIGHT = 10.0
"""That a level is as high as the one above it counts as so many expected answers."""

SURE = 1.0
"""So many standard deviations a better hour is above the one that is now."""

TRIED = 20
"""Attempts in an hour before it is waited for: what nobody has tried is as good as all hours together, and may not be
so."""

BETTER = 1.1
"""And its share of answers so many times as high: a wait for less is not worth it."""

AS_GOOD = 0.9
"""The first hour is waited for whose share is this part of the best one's."""

TRIED_ANYWAY = 10
"""One lead of so many never waits, so that other hours are tried as well."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of attempts that a person answers, and how uncertain it is: a standard deviation. ``tried``: attempts
    in that hour, of the level that has the most."""

    mean: float
    deviation: float
    tried: int = 0


Shares = tuple[Share, ...]
"""One for each of the 24 local hours."""


def shares(levels: Sequence[Day]) -> Shares:
    """What is to be expected in each hour. ``levels``: what was counted, from all together to the list."""
    total = sum(tally.attempts for tally in levels[0])
    mean = (sum(tally.answers for tally in levels[0]) + 1) / (total + 2)
    found: Shares = (Share(mean, 0.0),) * HOURS
    for level in levels:
        found = _learn(found, level)
    return found


def _learn(above: Shares, level: Day) -> Shares:
    expected = sum(tally.attempts * share.mean for tally, share in zip(level, above, strict=True))
    answers = sum(tally.answers for tally in level)
    height = (answers + HEIGHT_WEIGHT) / (expected + HEIGHT_WEIGHT)
    found = []
    for tally, share in zip(level, above, strict=True):
        prior = min(1.0, share.mean * height)
        trials = tally.attempts + HOUR_WEIGHT
        mean = (tally.answers + HOUR_WEIGHT * prior) / trials
        found.append(Share(mean, sqrt(mean * (1 - mean) / (trials + 1)), max(share.tried, tally.attempts)))
    return tuple(found)


def tried_anyway(lead_id: str, tries: int) -> bool:
    """True for the part of the leads, another one at each try, that does not wait."""
    drawn = hashlib.blake2b(f"{lead_id} {tries}".encode(), digest_size=4).digest()
    return int.from_bytes(drawn) % TRIED_ANYWAY == 0


def wait_until(
    expected: Shares, zones: Sequence[str], now: datetime, until: datetime, is_open: Callable[[datetime], bool]
) -> datetime | None:
    """When a person is to be tried who could be tried ``now``; None: now.

    ``zones``: where they may be; where those disagree about the hour nothing is waited for. ``until``: the latest
    that they may be tried; ``is_open``: whether they may be called at a time.
    """
    here = hour_of(zones, now)
    if here is None:
        return None
    present = expected[here]
    better = [
        (at, expected[hour].mean)
        for at, hour in _hours_to_come(zones, now, until)
        if _is_better(expected[hour], present) and is_open(at)
    ]
    best = max((mean for _, mean in better), default=0.0)
    return next((at for at, mean in better if mean >= AS_GOOD * best), None)


def _is_better(there: Share, present: Share) -> bool:
    apart = there.mean - present.mean
    unsure = sqrt(there.deviation**2 + present.deviation**2)
    return there.tried >= TRIED and there.mean >= BETTER * present.mean and apart > SURE * unsure


def _hours_to_come(zones: Sequence[str], now: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """When each next hour of the wall clock begins, in UTC, and which it is; not where the zones disagree."""
    local = now.astimezone(time_zone(zones[0]))
    begun = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    first = now.astimezone(UTC) - begun
    times = [first + timedelta(hours=ahead) for ahead in range(1, HOURS + 1)]
    return [(at, hour) for at in times if at <= until and (hour := hour_of(zones, at)) is not None]
