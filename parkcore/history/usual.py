"""A lot's usual days: the curve of a weekday with its spread, and the peaks of the days ahead.

Pure: no I/O, no clock. Slots are of the site's wall clock, moments are UTC.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np
import pandas as pd

from parkcore.history.seasonal import (
    HIGH,
    LEAST_WEEKS,
    LOW,
    week_weights,
    weeks_back,
    weighted_quantile,
)
from parkcore.history.timeline import Bools, Timeline, WallClock

UNLIKE = 0.12
"""A day whose rates are so far from the middle of its weekday, on average, was an exception."""


def usual(
    timeline: Timeline,
    zone: tzinfo,
    weekday: int,
    *,
    before: pd.Timestamp | None = None,
    without: Collection[date] = (),
) -> pd.DataFrame:
    """The usual curve of a weekday over the last `WEEKS` weeks.

    Args:
        weekday: 0 is Monday.
        before: only earlier days count, so that today is compared with others; all by default.
        without: days that were exceptions.

    Returns:
        Columns `minute` (of the wall clock's day), `usual`, `low`, `high` (10th and 90th
        percentile), `weeks` (in how many the slot was seen); rates, NaN where never.
    """
    wall = WallClock.of(timeline, zone, without=without)
    end = wall.day_of(before) if before is not None else len(wall.rates)
    shift = (weekday - (wall.first + pd.Timedelta(days=end)).day_of_week) % 7
    return _curve(wall, end + shift)


@dataclass(frozen=True, slots=True)
class UsualDay:
    """What is usual on a day that comes; rates are None where too little was seen."""

    day: date
    peak: float | None
    """The highest mean of an hour of its usual curve."""
    low: float | None
    high: float | None
    """Of that hour, the 10th and 90th percentile."""
    minute: int | None
    """Of the wall clock's day, at which that hour begins."""
    full: int
    """On how many of the past days it was full at some moment."""
    days: int
    """How many past same weekdays were seen well enough to tell."""


def usual_week(
    mean: Timeline,
    highest: Timeline,
    now: pd.Timestamp,
    zone: tzinfo,
    *,
    threshold: float,
    without: Collection[date] = (),
) -> list[UsualDay]:
    """The usual peaks of today and of the six days after it.

    Args:
        mean, highest: hours, whose `rate` is the mean and the highest of each.
    """
    curves, tops = (WallClock.of(each, zone, without=without) for each in (mean, highest))
    days = range(curves.day_of(now), curves.day_of(now) + 7)
    return [_usual_day(curves, tops, day, threshold) for day in days]


def unlike(
    timeline: Timeline, now: pd.Timestamp, zone: tzinfo, *, without: Collection[date] = ()
) -> list[date]:
    """Which of the last same weekdays were far from the others all day: holidays, closures."""
    wall = WallClock.of(timeline, zone, without=without)
    day = wall.day_of(now)
    past = wall.at(day - weeks_back(), np.arange(wall.slots_per_day))
    weeks = seen_weeks(wall, day)
    if np.count_nonzero(weeks) < LEAST_WEEKS:
        return []
    off = np.abs(past - weighted_quantile(past, np.ones_like(past), 0.5))[weeks]
    mean_off = np.nansum(off, axis=1) / np.count_nonzero(~np.isnan(off), axis=1)
    far = np.flatnonzero(weeks)[mean_off > max(UNLIKE, 3 * float(np.median(mean_off)))]
    return [(wall.first + pd.Timedelta(days=int(day - 7 * (week + 1)))).date() for week in far]


def seen_weeks(wall: WallClock, day: int) -> Bools:
    """Per week back whether the same weekday was seen for more than half of the slots that this
    weekday ever showed: looking in opening hours only is enough."""
    seen: Bools = ~np.isnan(wall.at(day - weeks_back(), np.arange(wall.slots_per_day)))
    enough: Bools = seen.sum(axis=1) > seen.any(axis=0).sum() / 2
    return enough


def _curve(wall: WallClock, day: int) -> pd.DataFrame:
    columns = np.arange(wall.slots_per_day)
    values = wall.at(day - weeks_back(), columns)
    weights = week_weights(values)
    return pd.DataFrame(
        {
            "minute": columns * wall.slot_min + wall.phase_min,
            "usual": weighted_quantile(values, weights, 0.5),
            "low": weighted_quantile(values, weights, LOW),
            "high": weighted_quantile(values, weights, HIGH),
            "weeks": np.count_nonzero(~np.isnan(values), axis=0),
        }
    )


def _usual_day(curves: WallClock, tops: WallClock, day: int, threshold: float) -> UsualDay:
    on = (curves.first + pd.Timedelta(days=day)).date()
    weeks = seen_weeks(curves, day)
    past = tops.at(day - weeks_back(), np.arange(tops.slots_per_day))
    full = int(((past >= threshold).any(axis=1) & weeks).sum())
    curve = _curve(curves, day)
    known = curve[curve["weeks"] >= LEAST_WEEKS]
    if weeks.sum() < LEAST_WEEKS or known.empty:
        return UsualDay(on, None, None, None, None, full, int(weeks.sum()))
    top = known.iloc[int(known["usual"].to_numpy().argmax())]
    peak, low, high = (float(top[name]) for name in ("usual", "low", "high"))
    return UsualDay(on, peak, low, high, int(top["minute"]), full, int(weeks.sum()))
