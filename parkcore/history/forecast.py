"""What to expect of a lot: the hours ahead, when it will be full, and how often such words came
true.

Pure: no I/O, no clock. Slots are of the site's wall clock, moments are UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np
import pandas as pd

from parkcore.errors import NotEnoughHistory
from parkcore.history.seasonal import (
    HIGH,
    LEAST_WEEKS,
    LOW,
    SMOOTH_MIN,
    WEEKS,
    Outlook,
    outlook,
    week_weights,
    weighted_quantile,
    widening,
)
from parkcore.history.timeline import Floats, Timeline, WallClock
from parkcore.history.usual import seen_weeks

AHEAD = (pd.Timedelta(hours=1), pd.Timedelta(hours=3), pd.Timedelta(days=1))
FARTHEST = pd.Timedelta(days=6)
RECENT = pd.Timedelta(hours=1)
"""A lot that was full so shortly ago is full now."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def forecast(
    timeline: Timeline,
    now: pd.Timestamp,
    zone: tzinfo,
    until: pd.Timestamp,
    *,
    without: Collection[date] = (),
) -> pd.DataFrame:
    """How full the lot will be from the slot of `now` until `until`, 6 days ahead at most.

    Returns:
        Columns `at` (start of the slot, UTC), `expected`, `low`, `high` (80 % range): rates
        from 0 on, NaN at slots seen in fewer than `LEAST_WEEKS` weeks.

    Raises:
        NotEnoughHistory: a day was seen on fewer than `LEAST_WEEKS` of the last `WEEKS` same
            weekdays; seen is a day that shows more than half of the slots that this weekday
            ever showed, so that looking in opening hours only is enough.
    """
    at, expected = _ahead(timeline, now, zone, until, without)
    low, high = expected.range()
    ahead = {"at": at, "expected": expected.expected, "low": low, "high": high}
    return pd.DataFrame(ahead)


@dataclass(frozen=True, slots=True)
class FullBy:
    """When a lot is expected to be full."""

    at: pd.Timestamp | None
    """The middle of the moments (UTC); None where it more likely stays below."""
    earliest: pd.Timestamp | None
    latest: pd.Timestamp | None
    """The 80 % range of the moments, given that it gets full."""
    probability: float
    """That it gets full at all: the share of the past days, recent ones weighing more."""
    full: int
    """On how many of them it would have got full, from where today is now."""
    days: int
    """How many past same weekdays this is judged by; 0 where none was seen at these hours."""
    is_full_now: bool = False

    def text(self, zone: tzinfo) -> str:
        """In words, in the site's time."""
        if self.is_full_now:
            return "full now"
        if not self.days:
            return "not known: these hours were never seen"
        past = f"{self.full} of the last {self.days} such days"
        if self.at is None or self.earliest is None or self.latest is None:
            return f"not expected to be full (on {past} it would be)"
        by, first, last = (
            f"{moment.tz_convert(zone):%H:%M}" for moment in (self.at, self.earliest, self.latest)
        )
        return f"full by about {by} ({first}–{last}), as on {past}"


def full_by(
    timeline: Timeline,
    now: pd.Timestamp,
    zone: tzinfo,
    *,
    threshold: float = 0.95,
    until: pd.Timestamp | None = None,
    without: Collection[date] = (),
) -> FullBy:
    """When the lot will reach `threshold`, until the end of the local day if not told else.

    Each past week says how today may go on: as that week did, from where today is, which fades.
    A lot that is full now is full by now. Slots of five minutes give times to five minutes.

    Raises:
        NotEnoughHistory: as `forecast`.
    """
    now, until = now.tz_convert("UTC"), until if until is not None else end_of_day(now, zone)
    at, ahead = _ahead(timeline, now, zone, until, without)
    known = ~np.isnan(ahead.paths)
    usable = known.sum(axis=1) > known.any(axis=0).sum() / 2
    crosses = ahead.paths >= threshold
    full = crosses.any(axis=1) & usable
    weights = week_weights(ahead.paths)[:, :1]
    probability = float(weights[full].sum() / weights[usable].sum()) if usable.any() else 0.0
    counted = probability, int(full.sum()), int(usable.sum())
    if _is_full(timeline, now, threshold):
        return FullBy(now, now, now, *counted, is_full_now=True)
    if probability < 0.5:
        return FullBy(None, None, None, *counted)
    first = at[crosses[full].argmax(axis=1)]
    after_s = np.maximum((first - now) / pd.Timedelta(seconds=1), 0.0).to_numpy()[:, None]
    middle_s, early_s, late_s = _spread(after_s, weights[full])
    slot = timeline.slot_min
    return FullBy(
        _moment(now, middle_s, slot),
        _moment(now, early_s, slot),
        _moment(now, late_s, slot),
        *counted,
    )


def backtest(
    timeline: Timeline,
    zone: tzinfo,
    *,
    ahead: Sequence[pd.Timedelta] = AHEAD,
    now: pd.Timestamp | None = None,
    days: int | None = 28,
    without: Collection[date] = (),
) -> pd.DataFrame:
    """How wrong the forecast and "same as last week" would have been, on the same slots.

    Every slot that was seen in `LEAST_WEEKS` weeks is forecast from what was known so long before
    its start; nothing later is used.

    Args:
        ahead: up to 6 days.
        now: later slots do not count; the end of what was seen by default.
        days: how many before `now` are tried; None for all.

    Returns:
        Columns `ahead`, `slots` (how many were compared), `error` and `naive_error` (mean
        absolute error in rate, 0.01 is one point), `held` (share of truths in the 80 % range);
        NaN where no slot could be compared.
    """
    _check_reach(max(ahead))
    seen = timeline.between(None, now)
    since = None
    if days is not None and len(seen.slots):
        end = now or seen.slots["at"].iloc[-1] + pd.Timedelta(minutes=seen.slot_min)
        since = end - pd.Timedelta(days=days)
        seen = seen.between(since - pd.Timedelta(weeks=WEEKS + 1), None)
    wall = WallClock.of(seen, zone, without=without)
    tried = seen.between(since, None).well_seen
    rows = [_errors(wall, tried, seen.well_seen["at"], each) for each in ahead]
    return pd.DataFrame(rows, columns=["ahead", "slots", "error", "naive_error", "held"])


def end_of_day(now: pd.Timestamp, zone: tzinfo) -> pd.Timestamp:
    """The next local midnight, in UTC."""
    tomorrow = now.tz_convert(zone).tz_localize(None).normalize() + pd.Timedelta(days=1)
    return tomorrow.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")


def _ahead(
    timeline: Timeline,
    now: pd.Timestamp,
    zone: tzinfo,
    until: pd.Timestamp,
    without: Collection[date],
) -> tuple[pd.DatetimeIndex, Outlook]:
    now, until = now.tz_convert("UTC"), until.tz_convert("UTC")
    if until <= now:
        raise ValueError(f"a forecast ends after now, but got {until}")
    _check_reach(until - now)
    slot = pd.Timedelta(minutes=timeline.slot_min)
    ended = now - slot + pd.Timedelta(microseconds=1)
    known = timeline.between(now - pd.Timedelta(weeks=WEEKS + 1), ended)
    wall = WallClock.of(known, zone, without=without)
    seen = known.well_seen["at"]
    # Hours start at half past where the zone's do, so that the slots are counted from one seen.
    origin = seen.iloc[-1] if len(seen) else now.floor(slot)
    at = pd.date_range(origin + (now - origin) // slot * slot, until, freq=slot, inclusive="left")
    targets = wall.positions(at)
    for day in np.unique(targets[0]):
        _check_history(wall, int(day))
    anchors = wall.positions(pd.DatetimeIndex([origin] * len(at)))
    lead_h = ((at - origin) / pd.Timedelta(hours=1)).to_numpy()
    return at, outlook(wall, targets, wall.smoothed(SMOOTH_MIN), anchors, lead_h)


def _errors(
    wall: WallClock, tried: pd.DataFrame, seen: pd.Series[pd.Timestamp], ahead: pd.Timedelta
) -> tuple[pd.Timedelta, int, float, float, float]:
    at, truth = tried["at"], tried["rate"].to_numpy(float)
    known = at - ahead - pd.Timedelta(minutes=wall.slot_min)
    last_seen = seen.iloc[(seen.searchsorted(known, side="right") - 1).clip(0)]
    lead = pd.DatetimeIndex(at) - pd.DatetimeIndex(last_seen)
    lead_h = (lead / pd.Timedelta(hours=1)).to_numpy(float)
    targets, anchors = wall.positions(at), wall.positions(last_seen)
    said = outlook(wall, targets, wall.smoothed(SMOOTH_MIN), anchors, lead_h)
    low, high = said.range()
    naive = wall.at(targets[0] - 7, targets[1])
    both = ~np.isnan(truth + said.expected + naive + wall.at(*targets))
    if not both.any():
        return ahead, 0, float("nan"), float("nan"), float("nan")
    held = (low <= truth + 1e-9) & (truth - 1e-9 <= high)
    error, naive_error = np.abs(said.expected - truth)[both], np.abs(naive - truth)[both]
    return ahead, int(both.sum()), error.mean(), naive_error.mean(), held[both].mean()


def _check_reach(ahead: pd.Timedelta) -> None:
    if ahead > FARTHEST:
        raise ValueError(f"a forecast reaches {FARTHEST.days} days ahead, but got {ahead}")


def _check_history(wall: WallClock, day: int) -> None:
    weeks = int(np.count_nonzero(seen_weeks(wall, day)))
    if weeks < LEAST_WEEKS:
        name = WEEKDAYS[(wall.first + pd.Timedelta(days=day)).day_of_week]
        more = LEAST_WEEKS - weeks
        raise NotEnoughHistory(
            f"a forecast needs {LEAST_WEEKS} {name}s of the last {WEEKS} weeks that were seen for "
            f"more than half of the day; {weeks or 'none'} of them {'was' if weeks < 2 else 'were'}"
            f". After {more} more {name}{'s' if more > 1 else ''} there will be one"
        )


def _is_full(timeline: Timeline, now: pd.Timestamp, threshold: float) -> bool:
    rate = timeline.between(now - RECENT, now).slots["rate"].dropna()
    return len(rate) > 0 and bool(rate.iloc[-1] >= threshold)


def _spread(after_s: Floats, weights: Floats) -> tuple[float, float, float]:
    """The middle of some moments and their 80 % range."""
    middle, low, high = (weighted_quantile(after_s, weights, q)[0] for q in (0.5, LOW, HIGH))
    wider = widening(np.array([len(after_s)]))[0]
    return middle, middle + wider * (low - middle), middle + wider * (high - middle)


def _moment(now: pd.Timestamp, after_s: float, slot_min: int) -> pd.Timestamp:
    """To the slot, so that it does not look more exact than it is."""
    return max(now, (now + pd.Timedelta(seconds=round(after_s))).round(f"{slot_min}min"))
