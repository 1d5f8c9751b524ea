"""How sure a measured share is. Pure."""

from __future__ import annotations

import math
from typing import TypeAlias

Interval: TypeAlias = tuple[float, float]

Z_95 = 1.96
"""Standard normal quantile of an interval that holds the truth 95 times of 100."""


def wilson_interval(successes: float, trials: float) -> Interval | None:
    """95 % confidence interval of a share, 0..1 (Wilson, "Probable inference, the law of
    succession, and statistical inference", 1927); None without trials."""
    if not trials:
        return None
    share, spread = successes / trials, Z_95 * Z_95 / trials
    middle = (share + spread / 2) / (1 + spread)
    root = math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    half = Z_95 * root / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def difference_interval(
    first: tuple[int, int], second: tuple[int, int]
) -> tuple[float, float] | None:
    """95 % confidence interval of the second share less the first, each of (successes, trials):
    Newcombe, "Interval estimation for the difference between independent proportions", 1998,
    method 10, which joins the two Wilson intervals. None where one of them has no trials."""
    one, two = wilson_interval(*first), wilson_interval(*second)
    if one is None or two is None:
        return None
    p1, p2 = first[0] / first[1], second[0] / second[1]
    low = p2 - p1 - math.hypot(p2 - two[0], one[1] - p1)
    high = p2 - p1 + math.hypot(two[1] - p2, p1 - one[0])
    return low, high


def trials_needed(share: float, *, half_width: float) -> int:
    """How many trials make the Wilson interval of a share, 0..1, no wider than ± `half_width`."""

    def half(number: int) -> float:
        low, high = wilson_interval(share * number, number) or (0.0, 1.0)
        return (high - low) / 2

    low, high = 1, 2
    while half(high) > half_width:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if half(middle) <= half_width else (middle, high)
    return high
