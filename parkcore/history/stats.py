"""Hours as figures: how full each lot was per period, weighted by time, and how much was seen.

A mean is that of the time that was seen, not of photos: `sum(taken_s) / sum(seen_s)`. What
nobody saw is left out, and every figure stands beside the seconds that it is made of. Periods
are those of the site's wall clock, so that a day has 23 hours in spring and 25 in autumn.

Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkcore.domain import LABELS
from parkcore.history.opening import OpeningHours
from parkcore.history.rollups import HOUR_S

Period = Literal["hour", "day", "week", "month"]
PERIODS: tuple[Period, ...] = get_args(Period)

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

PERCENTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
SUMS = [
    "photos", "seen_s", *(f"{label}_s" for label in LABELS), "taken_s", "rated_s", "rate_s",
]  # fmt: skip
PEAKS = ["most", "highest_rate"]
_NUMBERS = [*SUMS, "least", *PEAKS]


def hours_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows of `Store.hours` as a frame, in their order.

    Columns: `at` (start of the hour, UTC), `lot`, and those of the rows, of which `most_at` and
    `highest_rate_at` are UTC too; `held` where it was asked for: for how long how much was
    taken, rows of taken, told (NaN where not known) and seconds.
    """
    frame = pd.DataFrame({"at": _moments([row["hour"] for row in rows])})
    frame["lot"] = pd.Series([row["lot_id"] for row in rows], dtype=object)
    for name in _NUMBERS:
        frame[name] = np.array([row[name] for row in rows], float)
    frame["photos"] = frame["photos"].astype(int)
    for name in PEAKS:
        frame[f"{name}_at"] = _moments([row[f"{name}_at"] for row in rows])
    if not rows or "held" in rows[0]:
        frame["held"] = pd.Series(_parsed([row["held"] for row in rows]), dtype=object)
    return frame


def _parsed(texts: Sequence[str]) -> list[Floats]:
    """What `json.loads` would make of each, in a third of the time: a year has 100,000 rows."""
    if not texts:
        return []
    told = ",".join(text for text in texts if text != "[]")
    plain = told.replace("null", "nan").replace("[", "").replace("]", "")
    rows = np.fromstring(plain, sep=",").reshape(-1, 3)
    return np.split(rows, np.cumsum([text.count("[") - 1 for text in texts])[:-1])


def during(hours: pd.DataFrame, zone: tzinfo, opening: OpeningHours | None) -> pd.DataFrame:
    """The hours in which the lots are open; all of them where that is not known."""
    return hours if opening is None else hours[_is_open(hours["at"], zone, opening)]


def site_hours(
    since: datetime, until: datetime, zone: tzinfo, opening: OpeningHours | None = None
) -> pd.DatetimeIndex:
    """The starts (UTC) of the site's hours from `since` on and before `until`, of those in which
    the lots are open: what the figures are about, be it seen or not."""
    every = _moments(np.arange(since.timestamp(), until.timestamp(), HOUR_S))
    return every if opening is None else every[_is_open(pd.Series(every), zone, opening)]


def by_period(
    hours: pd.DataFrame,
    zone: tzinfo,
    period: Period,
    *,
    threshold: float | None = None,
    within: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    """The figures of each lot per hour, day, week (from Monday on) or month of the wall clock.

    Args:
        hours: as `hours_frame` makes them.
        threshold: the rate from which `over_s` counts; needs `held`.
        within: the hours that it is about, as `site_hours` gives them. Then every period of
            these has a row, seen or not, and `period_s` are its hours among them; else only
            those that were seen, with their whole length.

    Returns:
        By lot and time `start` (wall clock, without a zone), `period_s`, and the columns of
        `summary`. The hour that autumn repeats is one of 7,200 s.
    """
    keyed = hours.assign(start=_starts(hours["at"], zone, period))
    found = _figures(keyed, ["lot", "start"], threshold)
    if within is None:
        found["period_s"] = _length_s(found.index.get_level_values("start"), zone, period)
    else:
        starts = _starts(pd.Series(within), zone, period)
        length_s = HOUR_S * starts.value_counts(sort=False).sort_index()
        every: list[Any] = [keyed["lot"].unique(), length_s.index]
        found = found.reindex(pd.MultiIndex.from_product(every, names=["lot", "start"]))
        found["period_s"] = length_s.reindex(found.index.get_level_values("start")).to_numpy(float)
    return _finished(found)


def summary(
    hours: pd.DataFrame,
    since: datetime,
    until: datetime,
    *,
    threshold: float | None = None,
    within: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    """The figures of each lot over a whole range.

    Args:
        threshold: the rate from which `over_s` counts; needs `held`.
        within: the hours that it is about; all from `since` on and before `until` by default.

    Returns:
        Columns `lot`, `photos`, `seen_s` (of `period_s`), `mean_taken`, `mean_rate`, `rated_s`
        (the seconds of which the rate is known), `least`, `most`, `most_at`, `highest_rate`,
        `highest_rate_at` (UTC), and the mean number of each type of vehicle. With `held` also
        `lowest_rate`, `p10`, `p50`, `p90` (the rate, or where none is known what is taken, that
        was not exceeded in so many percent of the time) and `over_s` (for how long the rate was
        the threshold or more). What is not known is NaN.
    """
    found = _figures(hours, ["lot"], threshold)
    whole_s = until.timestamp() - since.timestamp()
    found["period_s"] = whole_s if within is None else float(HOUR_S * len(within))
    return _finished(found)


def week_pattern(hours: pd.DataFrame, zone: tzinfo) -> pd.DataFrame:
    """The mean of each hour of the wall clock's week.

    Returns:
        By `lot`, `weekday` (0 is Monday) and `hour`: `mean_rate`, `mean_taken`, `seen_s`,
        `rated_s`; only where something was seen.
    """
    wall = _wall(hours["at"], zone)
    keyed = hours.assign(weekday=wall.dt.day_of_week, hour=wall.dt.hour)
    sums = keyed.groupby(["lot", "weekday", "hour"])[SUMS].sum()
    sums = sums[sums["seen_s"] > 0]
    means = {
        "mean_rate": sums["rate_s"] / sums["rated_s"],
        "mean_taken": sums["taken_s"] / sums["seen_s"],
    }
    return pd.DataFrame(
        {**means, "seen_s": sums["seen_s"], "rated_s": sums["rated_s"]}
    ).reset_index()


def _figures(hours: pd.DataFrame, keys: list[str], threshold: float | None) -> pd.DataFrame:
    groups = hours.groupby(keys)
    sums = groups[SUMS].sum()
    found = sums[["photos", "seen_s"]].copy()
    found["mean_taken"] = sums["taken_s"] / sums["seen_s"]
    found["mean_rate"] = sums["rate_s"] / sums["rated_s"]
    found["rated_s"] = sums["rated_s"]
    found["least"] = groups["least"].min()
    for name in PEAKS:
        top = groups[name].max()
        is_top = hours[name] == groups[name].transform("max")
        found[name] = top
        found[f"{name}_at"] = hours[is_top].groupby(keys)[f"{name}_at"].min()
    for label in LABELS:
        found[label] = sums[f"{label}_s"] / sums["seen_s"]
    if "held" in hours:
        number: Ints = groups.ngroup().to_numpy().astype(np.int64)
        found = found.assign(**_spread(hours["held"], number, len(found), threshold))
    return found


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    """With zeros instead of nothing where a period was not seen."""
    none = {"photos": 0, "seen_s": 0.0, "rated_s": 0.0}
    return found.fillna(none).astype({"photos": int}).reset_index()


def _spread(
    held: pd.Series[Any], group: Ints, groups: int, threshold: float | None
) -> dict[str, Floats]:
    """Per group what follows from how long each number of taken places was held."""
    told = np.concatenate([np.empty((0, 3)), *held])
    group = np.repeat(group, [len(each) for each in held])
    taken, places, seconds = told.T
    rated = places > 0
    rate, rate_s, rate_of = taken[rated] / places[rated], seconds[rated], group[rated]
    rated_s = _sums(rate_of, rate_s, groups)
    shares = list(PERCENTILES.values())
    lowest, *rates = _quantiles(rate, rate_s, rate_of, rated_s, [0, *shares])
    seen_s = _sums(group, seconds, groups)
    counts = _quantiles(taken, seconds, group, seen_s, shares)
    found = {"lowest_rate": lowest}
    for name, by_rate, by_count in zip(PERCENTILES, rates, counts, strict=True):
        found[name] = np.where(rated_s > 0, by_rate, by_count)
    if threshold is not None:
        over_s = _sums(rate_of, rate_s * (rate >= threshold), groups)
        found["over_s"] = np.where(rated_s > 0, over_s, np.nan)
    return found


def _sums(group: Ints, values: Floats, groups: int) -> Floats:
    return np.bincount(group, values, groups).astype(float)


def _quantiles(
    values: Floats, seconds: Floats, group: Ints, total_s: Floats, shares: Sequence[float]
) -> list[Floats]:
    """For each share the values, one a group, that were not exceeded for this share of the time.

    Args:
        values, seconds, group: as long as each other; the group is a number from 0 on.
        total_s: per group the sum of its seconds; NaN comes out where it is 0.
    """
    if not len(values):
        return [np.full(len(total_s), np.nan) for _ in shares]
    order = np.lexsort((values, group))
    until_s = np.cumsum(seconds[order])
    end_s = np.cumsum(total_s)
    first = np.searchsorted(group[order], np.arange(len(total_s)))
    last = np.append(first[1:], len(values)) - 1
    found = []
    for share in shares:
        place = np.searchsorted(until_s, end_s - (1 - share) * total_s - 1e-3)
        value = values[order][np.clip(place, first, last)]
        found.append(np.where(total_s > 0, value, np.nan))
    return found


def _is_open(at: pd.Series[Any], zone: tzinfo, opening: OpeningHours) -> npt.NDArray[np.bool_]:
    wall = _wall(at, zone)
    week = np.zeros((7, 24), bool)
    for weekday, hour in opening.hours:
        week[weekday, hour] = True
    chosen: npt.NDArray[np.bool_] = week[wall.dt.day_of_week.to_numpy(), wall.dt.hour.to_numpy()]
    return chosen


def _starts(at: pd.Series[Any], zone: tzinfo, period: Period) -> pd.Series[Any]:
    """The beginnings of the wall clock's periods in which moments lie, without a zone."""
    wall = _wall(at, zone)
    if period == "hour":
        hour: pd.Series[Any] = wall.dt.floor("h")
        return hour
    day = wall.dt.normalize()
    past: Any = {"day": 0, "week": day.dt.day_of_week, "month": day.dt.day - 1}[period]
    start: pd.Series[Any] = day - pd.to_timedelta(past, unit="D")
    return start


NEXT: dict[Period, pd.DateOffset] = {
    period: pd.DateOffset(**{f"{period}s": 1})  # type: ignore[arg-type]
    for period in PERIODS
}


def _length_s(starts: pd.Index[Any], zone: tzinfo, period: Period) -> Floats:
    wall = pd.DatetimeIndex(starts)
    length = _utc(wall + NEXT[period], zone) - _utc(wall, zone)
    seconds: Floats = length.total_seconds().to_numpy(float)
    return seconds


def _utc(wall: pd.DatetimeIndex, zone: tzinfo) -> pd.DatetimeIndex:
    """The first moments at which clocks show these times, or later ones where they skip them."""
    first = np.ones(len(wall), bool)
    here = wall.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return here.tz_convert("UTC")


def _wall(at: pd.Series[Any], zone: tzinfo) -> pd.Series[Any]:
    wall: pd.Series[Any] = at.dt.tz_convert(zone).dt.tz_localize(None)
    return wall


def _moments(seconds: Sequence[float | None] | Floats) -> pd.DatetimeIndex:
    """Seconds since 1970 as times; in whole microseconds, which reach farther than 2262."""
    known = np.array(seconds, float)
    micros = np.where(np.isnan(known), 0, known * 1e6).round().astype("int64")
    times = pd.DatetimeIndex(micros.astype("datetime64[us]")).tz_localize("UTC")
    return pd.DatetimeIndex(times.where(~np.isnan(known)))
