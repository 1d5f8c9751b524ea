"""History as data frames: what charts and figures are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import pandas as pd

from parkcore.domain import LABELS

LEAST_GAP = pd.Timedelta(hours=1)
USUAL_INTERVALS = 3
"""A line is broken where the next photo comes later than this many usual intervals."""


def counts_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows of `Store.counts` as a frame, oldest first.

    Columns: `at` (UTC), `lot`, `camera`, a column per type of vehicle, `total`.
    """
    frame = pd.DataFrame(rows, columns=["captured_at", "lot_id", "camera_id", *LABELS])
    frame = frame.rename(columns={"captured_at": "at", "lot_id": "lot", "camera_id": "camera"})
    frame["at"] = pd.to_datetime(frame["at"], utc=True, format="ISO8601")
    frame[list(LABELS)] = frame[list(LABELS)].astype(int)
    frame["total"] = frame[list(LABELS)].sum(axis=1)
    return frame.sort_values("at", ignore_index=True)


def gap(times: pd.Series[pd.Timestamp]) -> pd.Timedelta:
    """How long a look stays valid: three times the usual interval, an hour at least."""
    usual = times.drop_duplicates().sort_values().diff().median()
    return LEAST_GAP if pd.isna(usual) else max(LEAST_GAP, USUAL_INTERVALS * usual)


def occupancy_over_time(frame: pd.DataFrame, capacities: Mapping[str, int | None]) -> pd.DataFrame:
    """How many vehicles each lot had at each moment one of its cameras took a photo.

    A lot's cameras are added up; a camera's last look stands for it until `gap` is over. Where
    a camera of the lot has not been seen for longer, the total is not known and left out, and
    a row without figures breaks the line.

    Args:
        frame: as `counts_frame` makes it.
        capacities: per lot.

    Returns:
        Columns `at` (UTC), `lot`, `vehicles`, `rate` (None without a capacity).
    """
    parts = [
        _lot_over_time(lot_frame, str(lot), capacities.get(str(lot)))
        for lot, lot_frame in frame.groupby("lot", sort=True)
    ]
    nothing = frame.rename(columns={"total": "vehicles"}).assign(rate=None).iloc[:0]
    columns = ["at", "lot", "vehicles", "rate"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else nothing[columns]


def _lot_over_time(frame: pd.DataFrame, lot: str, capacity: int | None) -> pd.DataFrame:
    valid = frame.groupby("camera")["at"].agg(gap)
    seen = frame.pivot_table(index="at", columns="camera", values="total", aggfunc="last")
    moments = seen.index.to_series()
    last_look = seen.notna().apply(lambda was_seen: moments.where(was_seen)).ffill()
    age = last_look.rsub(moments, axis=0)
    current = seen.ffill().where(age.le(valid, axis="columns"))
    total = current.sum(axis=1, skipna=False)
    series = pd.DataFrame({"at": total.index, "vehicles": total.to_numpy()})
    longest = valid.max()
    late = series["at"].diff() > longest
    breaks = pd.DataFrame({"at": series["at"].shift()[late] + longest})
    series = pd.concat([series, breaks]).sort_values("at", ignore_index=True)
    series["lot"] = lot
    series["rate"] = series["vehicles"] / capacity if capacity else None
    return series


SUMMARY = ["lot", "seen", "mean", "mean_rate", "most", "most_rate", "most_at"]


def summary(over_time: pd.DataFrame) -> pd.DataFrame:
    """Per lot how full it was over all the time that was seen.

    Means are weighted by time: each look stands until the next, or until the line is broken.

    Args:
        over_time: as `occupancy_over_time` makes it.

    Returns:
        Columns `lot`, `seen` (a duration), `mean`, `mean_rate`, `most`, `most_rate`,
        `most_at`; the mean is that of the looks where none was followed by another.
    """
    rows = []
    for lot, looks in over_time.groupby("lot", sort=True):
        held = looks["at"].diff().shift(-1).where(looks["vehicles"].notna())
        seconds = held.dt.total_seconds().fillna(0)
        known = looks.dropna(subset="vehicles")
        if known.empty:
            continue
        weights = seconds if seconds.sum() else looks["vehicles"].notna().astype(float)
        peak = known.sort_values("vehicles", ascending=False, kind="stable").iloc[0]
        mean = (looks["vehicles"].fillna(0) * weights).sum() / weights.sum()
        mean_rate = (looks["rate"].astype(float).fillna(0) * weights).sum() / weights.sum()
        has_rate = known["rate"].notna().any()
        rows.append(
            {
                "lot": lot,
                "seen": pd.Timedelta(seconds=seconds.sum()),
                "mean": mean,
                "mean_rate": mean_rate if has_rate else None,
                "most": peak["vehicles"],
                "most_rate": peak["rate"],
                "most_at": peak["at"],
            }
        )
    return pd.DataFrame(rows, columns=SUMMARY)


def vehicles_by_type(frame: pd.DataFrame, zone: tzinfo, *, by: str) -> pd.DataFrame:
    """The mean number of vehicles of each type on one lot, by hour or day of the wall clock.

    Periods in which one of the lot's cameras saw nothing are left out: the sum is not known.

    Args:
        frame: as `counts_frame` makes it, of one lot.
        by: `hour` or `day`.

    Returns:
        Columns `at` (start of the period, wall clock), `label`, `vehicles`, `photos`.
    """
    wall = frame["at"].dt.tz_convert(zone)
    start = wall.dt.tz_localize(None).dt.floor("h" if by == "hour" else "D")
    keyed = frame.assign(at=start)
    per_camera = keyed.groupby(["at", "camera"])[list(LABELS)].mean()
    is_whole = keyed.groupby("at")["camera"].nunique() == keyed["camera"].nunique()
    per_period = per_camera.groupby("at").sum()[is_whole]
    photos = keyed.groupby("at").size().rename("photos")
    long = per_period.join(photos).reset_index()
    return long.melt(["at", "photos"], list(LABELS), "label", "vehicles")
