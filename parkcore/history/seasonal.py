"""The seasonal model: what past weeks say of a moment, and how far they were off. Pure.

`EXPLAINED` is the whole of it. Its constants were chosen by the back-test on generated years
(`python -m tests.benchmarks.forecast_backtest`), against the mean instead of the median, other
numbers of weeks and fadings, and scaling instead of shifting. Holt-Winters smoothing with a
weekly season lost in seven of eight series. Weekly averages are a baseline in the field as well,
beside "same as last week".

After a lot's level changed for good, "same as last week" is better in the second and third week:
the back-test beside a forecast says so then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parkcore.history.timeline import Floats, Ints, WallClock

EXPLAINED = (
    "Expected is the middle of the last 8 same weekdays at that time of day, where a week counts "
    "half as much as one two weeks later; what today lies above or below that is carried on and "
    "fades within hours. The range is how far the same forecast was off on those past days: four "
    "days out of five stay within it."
)

WEEKS = 8
LEAST_WEEKS = 3
HALF_LIFE_WEEKS = 2.0
SMOOTH_MIN = 30
"""Today's distance from the usual is the mean over this time before now."""
FADE_H = 6.0
"""In which today's distance shrinks to about a third."""
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected at some slots; `off` and `paths` have the shape (weeks, slots)."""

    expected: Floats
    off: Floats
    """By how much the same forecast was wrong in each past week."""
    paths: Floats
    """Each past week, going on from where today is."""
    ceiling: Floats
    """No forecast is higher: all spaces, or what was seen then in a past week or now."""

    def range(self) -> tuple[Floats, Floats]:
        """Within which four out of five truths lie."""
        wider = widening(np.count_nonzero(~np.isnan(self.off), axis=0))
        weights = week_weights(self.off)
        below = np.minimum(weighted_quantile(self.off, weights, LOW), 0)
        above = np.maximum(weighted_quantile(self.off, weights, HIGH), 0)
        high: Floats = np.minimum(self.expected + wider * above, self.ceiling)
        return np.clip(self.expected + wider * below, 0, None), high


def outlook(
    wall: WallClock,
    targets: tuple[Ints, Ints],
    smooth: WallClock,
    anchors: tuple[Ints, Ints],
    lead_h: Floats,
) -> Outlook:
    """The forecast of each target from what was seen last at its anchor, `lead_h` before.

    Args:
        targets, anchors: rows and columns of the wall clock.
        smooth: `wall` over the last `SMOOTH_MIN`.
    """
    past = wall.at(targets[0] - weeks_back(), targets[1])
    past_anchors = smooth.at(anchors[0] - weeks_back(), anchors[1])
    now, left = smooth.at(*anchors), np.exp(-lead_h / FADE_H)
    weights = week_weights(past)

    def expect(weights: Floats, seen: Floats) -> Floats:
        distance = seen - weighted_quantile(past_anchors, weights, 0.5)
        expected: Floats = weighted_quantile(past, weights, 0.5) + left * np.nan_to_num(distance)
        return expected

    off = np.empty_like(past)
    for week in range(WEEKS):
        others = weights * (np.arange(WEEKS) != week)[:, None]
        off[week] = past[week] - expect(others, past_anchors[week])
    ceiling = np.fmax(np.fmax(1.0, np.fmax.reduce(past, axis=0)), now)
    expected = expect(weights, now).clip(0, ceiling)
    expected[np.count_nonzero(~np.isnan(past), axis=0) < LEAST_WEEKS] = np.nan
    paths = past + left * np.nan_to_num(now - past_anchors)
    return Outlook(expected, off, paths, ceiling)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> Floats:
    """The quantile of each column, NaN left out; between two values it lies on a line.

    A value stands in the middle of its weight, so that the median of equal weights is the usual
    one.
    """
    order = np.argsort(values, axis=0)
    values = np.take_along_axis(values, order, 0)
    weights = np.where(np.isnan(values), 0, np.take_along_axis(weights, order, 0))
    total = weights.sum(axis=0)
    place = np.cumsum(weights, axis=0) - weights / 2 - share * total
    last = np.maximum(np.count_nonzero(~np.isnan(values), axis=0) - 1, 0)
    upper = np.minimum(np.count_nonzero(place < 0, axis=0), last)
    lower = np.maximum(upper - 1, 0)
    columns = np.arange(values.shape[1])
    gap = place[upper, columns] - place[lower, columns]
    above = np.divide(-place[lower, columns], gap, out=np.ones_like(gap), where=gap > 0).clip(0, 1)
    quantile: Floats = values[lower, columns] * (1 - above) + values[upper, columns] * above
    return quantile


def weeks_back() -> Ints:
    return 7 * np.arange(1, WEEKS + 1)[:, None]


def week_weights(values: Floats) -> Floats:
    """Per week and slot; the newest week is first."""
    per_week = 0.5 ** (np.arange(WEEKS) / HALF_LIFE_WEEKS)
    weights: Floats = np.broadcast_to(per_week[:, None], values.shape)
    return weights


def widening(weeks: Ints) -> Floats:
    """So few days understate how far off a forecast can be. Fitted by the back-test: with 3, 4,
    5, 6 and 8 weeks an 80 % range then holds 80 to 83 % of what comes."""
    wider: Floats = 1.1 + 6 / np.maximum(weeks, 1) ** 2
    return wider
