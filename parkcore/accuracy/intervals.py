"""How sure a measured share is. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def clustered_interval(parts: Sequence[float], wholes: Sequence[float]) -> Interval | None:
    """95 % confidence interval of a share, 0..1, whose trials come in clusters, as the spaces of
    one photo do, which are right and wrong together; None without trials.

    Wilson's, with as many independent trials as would tell as much (Korn and Graubard, "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey
    data", 1998): the trials divided by the design effect (Kish, "Survey Sampling", 1965), which
    is how much more the share varies from cluster to cluster than if there were none.

    Args:
        parts: the successes of each cluster.
        wholes: its trials.
    """
    trials, clusters = sum(wholes), sum(whole > 0 for whole in wholes)
    if not trials:
        return None
    share = sum(parts) / trials
    alone = share * (1 - share) / trials
    effect = 1.0
    if clusters > 1 and alone > 0:
        off = sum((p - share * w) ** 2 for p, w in zip(parts, wholes, strict=True))
        effect = max(1.0, clusters / (clusters - 1) * off / trials**2 / alone)
    return wilson_interval(share * trials / effect, trials / effect)


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
