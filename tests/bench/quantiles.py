"""Quantiles of times: of a list of them, and of the engine's own histograms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isinf

from prometheus_client.parser import text_string_to_metric_families


def quantile(times: Sequence[float], share: float) -> float:
    """The least of ``times`` that at least ``share`` of them do not exceed (nearest rank)."""
    return sorted(times)[max(0, ceil(share * len(times)) - 1)]


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram: upper bounds in seconds, infinity last, and how many lie at or below each."""

    counts: tuple[tuple[float, int], ...]

    @classmethod
    def read(cls, exposition: str, name: str) -> Buckets:
        """The histogram ``name`` of a Prometheus text.

        Raises:
            KeyError: there is none.
        """
        for family in text_string_to_metric_families(exposition):
            if family.name == name:
                samples = [each for each in family.samples if each.name == f"{name}_bucket"]
                return cls(tuple((float(each.labels["le"]), int(each.value)) for each in samples))
        raise KeyError(name)

    def since(self, before: Buckets) -> Buckets:
        """What came after ``before``."""
        pairs = zip(self.counts, before.counts, strict=True)
        return Buckets(tuple((bound, count - earlier) for (bound, count), (_, earlier) in pairs))

    @property
    def total(self) -> int:
        """How many there are."""
        return self.counts[-1][1]

    def quantile(self, share: float) -> float:
        """About the quantile: in its bucket as if all lay evenly in it; of the last one, its lower bound."""
        wanted = share * self.total
        lower, below = 0.0, 0
        for bound, count in self.counts:
            if count >= wanted and count > below:
                return lower if isinf(bound) else lower + (bound - lower) * (wanted - below) / (count - below)
            lower, below = bound, count
        return lower
