"""How sure a share is that was counted in a sample."""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5% above it: two-sided 95%."""


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float] | None:
    """Wilson's interval for a proportion, 95% by default; None without a trial.

    It stays within 0 and 1, and holds what it says for few trials and shares near 0 or 1 as well, where the usual
    interval does not.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if trials == 0:
        return None
    share = successes / trials
    shrink = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrink
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / shrink
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high
