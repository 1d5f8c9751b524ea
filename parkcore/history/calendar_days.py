"""A month as a calendar: for each day how full a lot was, in figures and in words.

Pure: no I/O, no clock.
"""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Any, Literal

from parkcore.history.stats import by_period, hours_frame
from parkcore.history.stats_words import known, percent, say_seen

By = Literal["mean", "peak"]


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A day of which there are photos, or of which a look of the day before told something."""

    day: date
    photos: int
    seen_s: float
    period_s: float
    mean: float | None = None
    """The rate, 0..1 or more, or what was taken where no number of places is known; None where
    nothing could be told."""
    peak: float | None = None
    peak_at: str = ""
    """On the site's clock, such as 10:15."""
    is_rate: bool = False

    def value(self, by: By) -> float | None:
        return self.mean if by == "mean" else self.peak

    def short(self, by: By) -> str:
        """Such as `63 %`, or `41` where the number of places is not known."""
        value = self.value(by)
        if value is None:
            return "?"
        return percent(value) if self.is_rate else f"{value:,.0f}"

    @property
    def said(self) -> str:
        """Every figure of the day in words."""
        photos = "1 photo" if self.photos == 1 else f"{self.photos:,} photos"
        if self.mean is None:
            return f"nothing can be told, {photos}"
        unit = "" if self.is_rate else " vehicles"
        return (
            f"mean {self.short('mean')}{unit}, most {self.short('peak')}{unit} at {self.peak_at},"
            f" {say_seen(self.seen_s, self.period_s)}, {photos}"
        )


def days_of(rows: Sequence[Mapping[str, Any]], zone: tzinfo) -> dict[date, DayFigures]:
    """The days of one lot of which there is something.

    Args:
        rows: of `Store.hours`.
    """
    found = {}
    for row in by_period(hours_frame(rows), zone, "day").to_dict("records") if rows else ():
        figures = DayFigures(row["start"].date(), row["photos"], row["seen_s"], row["period_s"])
        found[figures.day] = figures
        if not row["seen_s"]:
            continue
        is_rate = known(row["mean_rate"])
        mean, peak = ("mean_rate", "highest_rate") if is_rate else ("mean_taken", "most")
        at = row[f"{peak}_at"].tz_convert(zone)
        found[figures.day] = replace(
            figures, mean=row[mean], peak=row[peak], peak_at=f"{at:%H:%M}", is_rate=is_rate
        )
    return found


def weeks(month: date) -> list[list[date | None]]:
    """The weeks of a month, from Monday on; None for days of other months."""
    each = Calendar().monthdayscalendar(month.year, month.month)
    return [[month.replace(day=day) if day else None for day in week] for week in each]
