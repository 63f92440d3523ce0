"""Distributions of times: how long a phone rings, a talk lasts, a wrap-up takes. All in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]


class Distribution(Protocol):
    """A distribution of seconds, 0 or more."""

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """``count`` independent times."""

    @property
    def mean_s(self) -> float:
        """The mean."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same."""

    value_s: float

    def __post_init__(self) -> None:
        _require(self.value_s >= 0, "value_s: expected 0 or more")

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """``count`` times the value."""
        return np.full(count, self.value_s)

    @property
    def mean_s(self) -> float:
        """The value."""
        return self.value_s


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any time between two, all alike."""

    low_s: float
    high_s: float

    def __post_init__(self) -> None:
        _require(0 <= self.low_s <= self.high_s, "low_s and high_s: expected 0 <= low_s <= high_s")

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """``count`` independent times."""
        return random.uniform(self.low_s, self.high_s, count)

    @property
    def mean_s(self) -> float:
        """The middle."""
        return (self.low_s + self.high_s) / 2


@dataclass(frozen=True, slots=True)
class Exponential:
    """Without memory: what the closed forms of Erlang suppose."""

    mean_s: float

    def __post_init__(self) -> None:
        _require(self.mean_s > 0, "mean_s: expected more than 0")

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """``count`` independent times."""
        return random.exponential(self.mean_s, count)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """The logarithm is normal: many short talks, few long ones. By its own mean and standard deviation."""

    mean_s: float
    sd_s: float

    def __post_init__(self) -> None:
        _require(self.mean_s > 0 and self.sd_s >= 0, "mean_s and sd_s: expected mean_s > 0 and sd_s >= 0")

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """``count`` independent times."""
        variance = math.log1p((self.sd_s / self.mean_s) ** 2)
        return random.lognormal(math.log(self.mean_s) - variance / 2, math.sqrt(variance), count)


@dataclass(frozen=True, slots=True)
class Measured:
    """Times that were measured: each is drawn as often as the others."""

    values_s: tuple[float, ...]

    def __post_init__(self) -> None:
        _require(
            bool(self.values_s) and min(self.values_s) >= 0, "values_s: expected times of 0 or more, one at least"
        )

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """``count`` independent times."""
        return random.choice(np.array(self.values_s, dtype=np.float64), count)

    @property
    def mean_s(self) -> float:
        """The mean of what was measured."""
        return sum(self.values_s) / len(self.values_s)


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise ValueError(words)
