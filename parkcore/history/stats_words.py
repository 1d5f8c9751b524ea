"""Figures in words, and as records for programs: the page and the command line say the same.

Pure: no I/O, no clock.
"""

from __future__ import annotations

import calendar
import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any, TypeAlias

import pandas as pd

from parkcore.export import unformula
from parkcore.history.stats import PERCENTILES

Figures: TypeAlias = Mapping[Any, Any]
"""A row of `stats.summary` or `stats.by_period`."""

SLOT_S = 300
SHORT_S = 48 * 3600
"""Up to so long, what was seen is told in slots of five minutes, else in percent."""

FIELDS = {
    "photos": "Photos",
    "seen_s": "Seen (s)",
    "period_s": "Length (s)",
    "mean_taken": "Places taken, mean",
    "least": "Fewest taken",
    "most": "Most taken",
    "most_at": "Most taken at ({zone})",
    "mean_rate": "Mean occupancy (%)",
    "lowest_rate": "Lowest occupancy (%)",
    "p10": "10th percentile (%)",
    "p50": "Median (%)",
    "p90": "90th percentile (%)",
    "highest_rate": "Highest occupancy (%)",
    "highest_rate_at": "Highest occupancy at ({zone})",
    "rated_s": "Occupancy known (s)",
    "over_s": "At the threshold or above (s)",
    "car": "Cars, mean",
    "motorcycle": "Motorcycles, mean",
    "bus": "Buses, mean",
    "truck": "Trucks, mean",
}
"""What a record has, and what people read above it; means are over the time that was seen."""

OTHERS = {
    "lot": "Lot", "period": "Period", "start": "From ({zone})", "from": "First day",
    "to": "Last day", "time_zone": "Time zone", "threshold": "Threshold (%)",
}  # fmt: skip
MOMENTS = ("most_at", "highest_rate_at")
WHOLE = ("photos", "least", "most")
RATES = ("mean_rate", "lowest_rate", *PERCENTILES, "highest_rate")


def say_time(seconds: float) -> str:
    """`2 h 30 min`; to the minute, without what is zero."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def say_seen(seen_s: float, period_s: float) -> str:
    """`seen 20 h 55 min of 24 h (251 of 288 five-minute slots)`."""
    if not seen_s:
        return f"not seen ({say_time(period_s)})"
    slots = f"{round(seen_s / SLOT_S):,} of {round(period_s / SLOT_S):,} five-minute slots"
    more = slots if period_s <= SHORT_S else say_share(min(1, seen_s / period_s))
    return f"seen {say_time(seen_s)} of {say_time(period_s)} ({more})"


def percent(rate: float, digits: int = 0) -> str:
    """A rate in percent, rounded down, so that no level is read before it begins."""
    steps = 10**digits
    return f"{math.floor(100 * steps * rate + 1e-6) / steps:.{digits}f} %"


def say_share(share: float) -> str:
    """Of something that is there, though it may be little."""
    return percent(share) if share >= 0.01 else "less than 1 %"


def say_moment(at: datetime, zone: tzinfo) -> str:
    """`Tue 5 May 2026 at 10:15`, on the wall clock."""
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b %Y} at {here:%H:%M}"


def say_peak(row: Figures, zone: tzinfo) -> str:
    """`Fullest on Tue 5 May 2026 at 10:15: 97 %`, of a row of `stats.summary`."""
    if known(row["highest_rate"]):
        at = say_moment(row["highest_rate_at"], zone)
        return f"Fullest on {at}: {percent(row['highest_rate'])}"
    if known(row["most"]):
        vehicles = "1 vehicle" if row["most"] == 1 else f"{row['most']:,.0f} vehicles"
        return f"Most vehicles on {say_moment(row['most_at'], zone)}: {vehicles}"
    return "Nothing was seen"


def say_mean(row: Figures) -> str:
    """`mean 54.3 %, from 3.0 % to 97.5 %`, or the same of vehicles where no rate is known."""
    if known(row["mean_rate"]):
        least, most = percent(row["lowest_rate"], 1), percent(row["highest_rate"], 1)
        return f"mean {percent(row['mean_rate'], 1)}, from {least} to {most}"
    if known(row["mean_taken"]):
        return (
            f"mean {row['mean_taken']:.1f} vehicles, from {row['least']:,.0f} to {row['most']:,.0f}"
        )
    return "not known"


def say_corrected(corrected: int, photos: int) -> str:
    """`3 of 120 photos were corrected by hand`; empty where none was."""
    if not corrected:
        return ""
    were = "was" if corrected == 1 else "were"
    return f"{corrected:,} of {photos:,} photos {were} corrected by hand"


def say_usual_peak(pattern: pd.DataFrame) -> str:
    """`Usually fullest on Tuesdays from 10:00 to 11:00: 91 % on average`, of a lot's
    `stats.week_pattern`; empty where no rate is known."""
    ranked = pattern[pattern["mean_rate"] > 0].nlargest(1, "mean_rate").to_dict("records")
    if not ranked:
        return ""
    [best] = ranked
    day, hour = calendar.day_name[int(best["weekday"])], int(best["hour"])
    hours = f"{hour:02}:00 to {hour + 1:02}:00"
    return f"Usually fullest on {day}s from {hours}: {percent(best['mean_rate'])} on average"


def say_over(row: Figures, threshold: float) -> str:
    """`95 % or more for 2 h 30 min, 8 % of the time that was seen`."""
    if not known(row.get("over_s")):
        return "How full is not known: the number of spaces is not set"
    if not row["over_s"]:
        return f"Never {percent(threshold)} or more"
    share = say_share(row["over_s"] / row["rated_s"])
    return f"{percent(threshold)} or more for {say_time(row['over_s'])}, {share} of the time seen"


def known(value: Any) -> bool:
    return value is not None and not pd.isna(value)


def records(found: pd.DataFrame, zone: tzinfo) -> Iterator[dict[str, Any]]:
    """The rows of `stats.by_period`, or of `stats.summary`, for programs.

    Rates are 0..1; times are those of the site, moments with their distance from UTC; what is
    not known is None. Where no rate is known the percentiles are left out.
    """
    for row in found.to_dict("records"):
        record: dict[str, Any] = {"lot": row["lot"]}
        if "start" in row:
            record["start"] = f"{row['start']:%Y-%m-%dT%H:%M}"
        if not row["rated_s"]:
            row |= dict.fromkeys(PERCENTILES)
        yield record | {name: _plain(name, row.get(name), zone) for name in FIELDS}


def _plain(name: str, value: Any, zone: tzinfo) -> float | str | None:
    if not known(value):
        return None
    if name in MOMENTS:
        return str(value.tz_convert(zone).isoformat(timespec="seconds"))
    if name in WHOLE:
        return int(value)
    return round(float(value), 6 if name in RATES else 2)


def table(rows: Iterable[Figures], zone_name: str) -> Iterator[dict[str, Any]]:
    """Records for people: headings with their units, rates in percent, times without offset."""
    for row in rows:
        yield {
            (FIELDS | OTHERS)[name].format(zone=zone_name): _readable(name, value)
            for name, value in row.items()
        }


def as_csv(rows: Iterable[Figures], zone_name: str) -> str:
    """Records as `table` makes them for people, with a heading."""
    out, writer = io.StringIO(newline=""), None
    for row in table(rows, zone_name):
        if writer is None:
            writer = csv.DictWriter(out, list(row))
            writer.writeheader()
        writer.writerow({name: unformula(value) for name, value in row.items()})
    return out.getvalue()


def _readable(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in RATES or name == "threshold":
        return round(100 * value, 2)
    if name in MOMENTS or name == "start":
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"
    return value
