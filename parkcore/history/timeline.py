"""A lot's history in slots of equal length: what forecasts are made of. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

COLUMNS = ["at", "seen_s", "rate", "taken"]
DAY_MIN = 1440
LEAST_SEEN = 0.5
"""A slot counts as seen when it was for at least this share of its length."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What was seen of one lot.

    `slots` has a row for each slot in which something was seen: `at` (its start, UTC), `seen_s`
    (for how long), `rate` and `taken` (means over that time, weighted by time; a rate is NaN
    where no capacity was known).
    """

    slots: pd.DataFrame
    slot_min: int

    @classmethod
    def from_hours(cls, hours: pd.DataFrame) -> Self:
        """Of hourly figures: columns `hour` (UTC), `seen_s`, `mean_rate`, `mean_taken`."""
        names = {"hour": "at", "mean_rate": "rate", "mean_taken": "taken"}
        slots = hours.rename(columns=names).reindex(columns=COLUMNS)
        slots["at"] = pd.to_datetime(slots["at"], utc=True)
        slots[COLUMNS[1:]] = slots[COLUMNS[1:]].astype(float)
        return cls(slots[slots["seen_s"] > 0].sort_values("at", ignore_index=True), 60)

    @classmethod
    def from_points(cls, points: pd.DataFrame, *, slot_min: int = 5) -> Self:
        """Of steps: each point stands until the next, the last one for no time.

        Args:
            points: columns `at` (UTC), `taken`, `rate`; NaN where it is not known from then on.
            slot_min: divides an hour.
        """
        if slot_min < 1 or 60 % slot_min:
            raise ValueError(f"a slot is a whole part of an hour, but got {slot_min} minutes")
        points = points.sort_values("at", kind="stable", ignore_index=True)
        if len(points) < 2:
            return cls(cls.from_hours(pd.DataFrame({"hour": []})).slots, slot_min)
        at_s = _seconds(points["at"])
        edges = _edges(at_s, 60 * slot_min)
        seen_s, taken = _means(at_s, points["taken"].to_numpy(float), edges)
        _, rate = _means(at_s, points["rate"].to_numpy(float), edges)
        starts = pd.to_datetime(edges[:-1].astype("int64"), unit="s", utc=True)
        slots = pd.DataFrame({"at": starts, "seen_s": seen_s, "rate": rate, "taken": taken})
        return cls(slots[slots["seen_s"] > 0].reset_index(drop=True), slot_min)

    @property
    def well_seen(self) -> pd.DataFrame:
        """The slots of which enough was seen, with a rate."""
        enough = self.slots["seen_s"] >= LEAST_SEEN * 60 * self.slot_min
        return self.slots[enough & self.slots["rate"].notna()].reset_index(drop=True)

    def between(self, since: pd.Timestamp | None, until: pd.Timestamp | None) -> Self:
        """The slots that start in [since, until)."""
        at = self.slots["at"]
        is_in = pd.Series(True, index=at.index)
        if since is not None:
            is_in &= at >= since
        if until is not None:
            is_in &= at < until
        return type(self)(self.slots[is_in].reset_index(drop=True), self.slot_min)


@dataclass(frozen=True, slots=True)
class WallClock:
    """Rates by day and slot of the site's wall clock; NaN where they were not seen.

    The hour that autumn repeats is one row of slots (the mean of both), the one that spring
    leaves out is NaN.
    """

    zone: tzinfo
    slot_min: int
    first: pd.Timestamp
    """The day of the first row, without a zone."""
    phase_min: int
    """Minutes past a round slot: UTC hours start at half past in Kolkata."""
    rates: Floats
    """Shape (days, slots of a day)."""

    @property
    def slots_per_day(self) -> int:
        return DAY_MIN // self.slot_min

    @classmethod
    def of(cls, timeline: Timeline, zone: tzinfo, *, without: Collection[date] = ()) -> Self:
        """The rates of the slots that were seen well enough, without the days in `without`."""
        slots, per_day = timeline.well_seen, DAY_MIN // timeline.slot_min
        nothing = np.empty((0, per_day))
        if slots.empty:
            return cls(zone, timeline.slot_min, pd.Timestamp(0), 0, nothing)
        wall = slots["at"].dt.tz_convert(zone).dt.tz_localize(None)
        first = wall.iloc[0].normalize()
        phase_min = int(_minute_of_day(wall)[0]) % timeline.slot_min
        grid = cls(zone, timeline.slot_min, first, phase_min, nothing)
        days, columns = grid.positions(slots["at"])
        rates = _averaged(days, columns, slots, per_day)
        for day in without:
            row = (pd.Timestamp(day) - first).days
            if 0 <= row < len(rates):
                rates[row] = np.nan
        return replace(grid, rates=rates)

    def smoothed(self, minutes: int) -> Self:
        """Each slot as the mean over itself and those before it, as far as they were seen."""
        line = pd.Series(self.rates.ravel())
        means = line.rolling(max(1, minutes // self.slot_min), min_periods=1).mean()
        return replace(self, rates=means.to_numpy().reshape(self.rates.shape))

    def day_of(self, moment: pd.Timestamp) -> int:
        """The row of the local day of a moment; it may lie outside."""
        return (moment.tz_convert(self.zone).tz_localize(None).normalize() - self.first).days

    def positions(self, at: pd.Series[Any] | pd.DatetimeIndex) -> tuple[Ints, Ints]:
        """The rows and columns of moments; rows before the first day are negative."""
        wall = pd.Series(at).dt.tz_convert(self.zone).dt.tz_localize(None)
        days = (wall.dt.normalize() - self.first).dt.days.to_numpy("int64")
        return days, _minute_of_day(wall) // self.slot_min

    def at(self, days: Ints, columns: Ints) -> Floats:
        """The rates there; NaN outside of what was seen."""
        days, columns = np.broadcast_arrays(days, columns)
        inside = (days >= 0) & (days < len(self.rates))
        found: Floats = np.full(days.shape, np.nan)
        found[inside] = self.rates[days[inside], columns[inside]]
        return found


def _averaged(days: Ints, columns: Ints, slots: pd.DataFrame, per_day: int) -> Floats:
    seen_s, rate = slots["seen_s"].to_numpy(), slots["rate"].to_numpy()
    weights, sums = np.zeros((2, days.max() + 1, per_day))
    np.add.at(weights, (days, columns), seen_s)
    np.add.at(sums, (days, columns), seen_s * rate)
    return _divided(sums, weights)


def _divided(sums: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Floats:
    """NaN where there is no weight."""
    means: Floats = np.full(sums.shape, np.nan)
    np.divide(sums, weights, out=means, where=weights > 0)
    return means


def _minute_of_day(wall: pd.Series[Any]) -> Ints:
    minutes: Ints = (60 * wall.dt.hour + wall.dt.minute).to_numpy("int64")
    return minutes


def _seconds(at: pd.Series[Any]) -> Floats:
    return np.asarray((at - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), np.float64)


def _edges(at_s: Floats, slot_s: int) -> Floats:
    first, last = int(at_s[0] // slot_s), int(at_s[-1] // slot_s)
    return slot_s * np.arange(first, last + 2, dtype=np.float64)


def _means(at_s: Floats, values: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """Per slot the seconds in which a step function was known, and its mean over these."""
    held_s = np.diff(at_s) * ~np.isnan(values[:-1])
    known_s = np.concatenate([[0], np.cumsum(held_s)])
    area = np.concatenate([[0], np.cumsum(held_s * np.nan_to_num(values[:-1]))])
    # Both are straight lines between the points, so that interpolating them is exact.
    seen_s = np.diff(np.interp(edges, at_s, known_s)).round(6)
    return seen_s, _divided(np.diff(np.interp(edges, at_s, area)), seen_s)
