"""The key figures of a report, from the hours of one lot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from parkcore.domain import LABELS
from parkcore.history import stats
from parkcore.history.rollups import HOUR_S
from parkcore.settings import Settings
from parkcore.store import Store


@dataclass(frozen=True, slots=True)
class Figures:
    """The key figures of a stretch of time, weighted by time. None is what is not known."""

    photos: int
    seen_s: float
    period_s: float
    rated_s: float = 0.0
    """For how long the number of places is known too."""
    mean_rate: float | None = None
    mean_taken: float | None = None
    highest_rate: float | None = None
    highest_rate_at: datetime | None = None
    most: int | None = None
    most_at: datetime | None = None
    busy_s: float | None = None
    """For how long it was busy or full."""
    full_s: float | None = None
    by_type: tuple[float, ...] = ()
    """The mean number of each type, in the order of `LABELS`; empty where nothing was seen."""

    @property
    def coverage(self) -> float:
        """The share that was seen, 0..1."""
        return self.seen_s / self.period_s if self.period_s else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of a lot's time."""

    hours: pd.DataFrame
    """As `stats.hours_frame` makes them, with `held`; those in which the lot is open."""
    within: pd.DatetimeIndex
    """The starts (UTC) of all hours that it is about, seen or not."""
    figures: Figures


def read_stretch(
    store: Store, settings: Settings, lot_id: str, since: datetime, until: datetime
) -> Stretch:
    """The hours that begin from `since` on and before `until`, and what follows from them."""
    zone, opening = settings.zone, settings.opening
    rows = store.hours([lot_id], since, until, held=True)
    hours = stats.during(stats.hours_frame(rows), zone, opening)
    within = stats.site_hours(since, until, zone, opening)
    busy, full = (
        stats.summary(hours, since, until, threshold=threshold, within=within)
        for threshold in (settings.busy_from, settings.full_from)
    )
    period_s = float(HOUR_S * len(within))
    if full.empty or not full.at[0, "seen_s"]:
        return Stretch(hours, within, Figures(int(hours["photos"].sum()), 0.0, period_s))
    return Stretch(hours, within, _figures(full.iloc[0], _known(busy.at[0, "over_s"])))


def _figures(row: pd.Series[Any], busy_s: float | None) -> Figures:
    most = _known(row["most"])
    return Figures(
        int(row["photos"]), float(row["seen_s"]), float(row["period_s"]), float(row["rated_s"]),
        _known(row["mean_rate"]), _known(row["mean_taken"]),
        _known(row["highest_rate"]), _moment(row["highest_rate_at"]),
        None if most is None else int(most), _moment(row["most_at"]),
        busy_s, _known(row["over_s"]),
        tuple(float(row[label]) for label in LABELS),
    )  # fmt: skip


def _known(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)


def _moment(at: Any) -> datetime | None:
    return None if pd.isna(at) else at.to_pydatetime()
