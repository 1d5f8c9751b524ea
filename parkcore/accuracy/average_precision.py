"""Average precision of detections, with an interval by resampling the photos. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

RESAMPLES = 400
SEED = 0


def average_precision(is_right: Flags, truths: float, weights: Floats | None = None) -> float:
    """Area below the precision-recall curve, all points of it, precision being the best at that
    recall or above (Everingham et al., "The PASCAL Visual Object Classes Challenge", as from 2010).

    Args:
        is_right: shape (n,), whether each detection is right, surest first.
        truths: how many there are to be found.
        weights: shape (n,), how often each detection counts; None for once.

    Returns:
        0..1; 0 where there is nothing to be found.
    """
    if truths <= 0 or not len(is_right):
        return 0.0
    weights = np.ones(len(is_right)) if weights is None else weights
    right, all_ = np.cumsum(weights * is_right), np.cumsum(weights)
    precision = np.divide(right, all_, out=np.zeros_like(right), where=all_ > 0)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((best * np.diff(right, prepend=0.0)).sum() / truths)


def resampled(photos: int, measure: Callable[[Floats], float]) -> tuple[float, float] | None:
    """95 % interval of a measure by the bootstrap over photos (Efron 1979, percentiles), seeded,
    as the vehicles of one photo are not independent. None below two photos.

    Args:
        measure: gets how often each photo was drawn, shape (photos,); NaN where those that were
            drawn tell nothing, which is then left out.
    """
    if photos < 2:
        return None
    drawn = np.random.default_rng(SEED).multinomial(
        photos, np.full(photos, 1 / photos), size=RESAMPLES
    )
    told = [value for row in drawn if not math.isnan(value := measure(row.astype(float)))]
    if not told:
        return None
    low, high = np.percentile(told, [2.5, 97.5])
    return float(low), float(high)
