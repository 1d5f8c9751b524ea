"""Data frames as charts.

Times are drawn on the site's wall clock wherever the reader's browser is: Vega shows times in
the browser's zone, so the wall clock is handed over as if it were UTC, on a UTC scale.
"""

from __future__ import annotations

from datetime import tzinfo

import altair as alt
import pandas as pd
from altair.typing import ChartType

from parkcore.colours import LEVEL, VEHICLE
from parkcore.domain import LABELS

_TYPES = alt.Scale(domain=list(LABELS), range=[VEHICLE[label] for label in LABELS])
_UTC = alt.Scale(type="utc")
_TIME = alt.Tooltip("at:T", title="Time", format="%a %-d %b %Y %H:%M", formatType="utc")


def occupancy_lines(frame: pd.DataFrame, names: dict[str, str], zone: tzinfo) -> ChartType:
    """Occupancy over time, a line per lot: the rate where each lot's capacity is known, else
    vehicles.

    Args:
        frame: as `stats.occupancy_over_time` makes it.
        names: per lot the name to show.
    """
    data = frame.assign(at=_wall(frame["at"], zone), name=frame["lot"].map(names))
    known = (
        bool(len(data)) and not data.groupby("lot")["rate"].apply(lambda r: r.isna().all()).any()
    )
    data["rate"] = data["rate"].astype(float)
    value = (
        alt.Y(
            "rate:Q",
            title="Occupancy",
            axis=alt.Axis(format="%"),
            scale=_from_zero(data["rate"], 1),
        )
        if known
        else alt.Y("vehicles:Q", title="Vehicles", scale=_from_zero(data["vehicles"], 1))
    )
    lines = (
        alt.Chart(data)
        .mark_line(point=alt.OverlayMarkDef(size=28, filled=True), interpolate="step-after")
        .encode(
            x=alt.X("at:T", title=None, scale=_UTC, axis=_clock(data["at"])),
            y=value,
            color=alt.Color("name:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=[
                alt.Tooltip("name:N", title="Lot"),
                _TIME,
                alt.Tooltip("vehicles:Q", title="Vehicles", format=".0f"),
                alt.Tooltip("rate:Q", title="Occupancy", format=".0%"),
            ],
        )
    )
    full = alt.Chart(pd.DataFrame({"rate": [1.0] if known else []})).mark_rule(
        color=LEVEL["full"], strokeDash=[4, 4]
    )
    return alt.layer(lines, full.encode(y="rate:Q"), height=320)


def types_bars(frame: pd.DataFrame, *, by: str) -> ChartType:
    """Vehicles by type per hour or day, stacked.

    Args:
        frame: as `stats.vehicles_by_type` makes it.
        by: `hour` or `day`, as there.
    """
    data = frame[frame["vehicles"] > 0].assign(at=lambda f: f["at"].dt.tz_localize("UTC"))
    width = {"hour": "utcyearmonthdatehours", "day": "utcyearmonthdate"}[by]
    chart: ChartType = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X(f"{width}(at):T", title=None, scale=_UTC, axis=_clock(data["at"])),
            y=alt.Y("vehicles:Q", title=f"Vehicles, mean per {by}"),
            color=alt.Color("label:N", title=None, scale=_TYPES, legend=alt.Legend(orient="top")),
            order=alt.Order("label:N"),
            tooltip=[
                alt.Tooltip(f"{width}(at):T", title="From", format="%a %-d %b %Y %H:%M"),
                alt.Tooltip("label:N", title="Type"),
                alt.Tooltip("vehicles:Q", title="Vehicles, mean", format=".1f"),
                alt.Tooltip("photos:Q", title="Photos"),
            ],
        )
        .properties(height=280)
    )
    return chart


def sparkline(frame: pd.DataFrame, capacity: int | None, zone: tzinfo) -> ChartType:
    """One lot's last day, small: vehicles over time below the line of its capacity.

    Args:
        frame: as `stats.occupancy_over_time` makes it, of one lot.
    """
    data = frame.assign(at=_wall(frame["at"], zone))
    scale = _from_zero(data["vehicles"], capacity or 1)
    base = alt.Chart(data).encode(
        x=alt.X("at:T", title=None, scale=_UTC, axis=_clock(data["at"])),
        y=alt.Y("vehicles:Q", title=None, scale=scale, axis=alt.Axis(tickCount=3)),
        tooltip=[
            _TIME,
            alt.Tooltip("vehicles:Q", title="Vehicles", format=".0f"),
        ],
    )
    area = base.mark_area(interpolate="step-after", opacity=0.25, line={"strokeWidth": 2})
    limit = alt.Chart(pd.DataFrame({"capacity": [capacity] if capacity else []})).mark_rule(
        color=LEVEL["full"], strokeDash=[4, 4]
    )
    points = base.mark_circle(size=22, opacity=1)
    return alt.layer(area, points, limit.encode(y="capacity:Q"), height=120)


def _clock(at: pd.Series[pd.Timestamp]) -> alt.Axis:
    """A time axis of the 24-hour clock for hours, of dates for days."""
    days = (at.max() - at.min()).days if len(at) else 0
    form = "%H:%M" if days < 1 else "%a %-d %b %H:%M" if days < 4 else "%-d %b %Y"
    return alt.Axis(format=form, tickCount=5, labelOverlap="greedy", grid=False)


def _wall(at: pd.Series[pd.Timestamp], zone: tzinfo) -> pd.Series[pd.Timestamp]:
    return at.dt.tz_convert(zone).dt.tz_localize(None).dt.tz_localize("UTC")


def _from_zero(values: pd.Series[float], least_top: float) -> alt.Scale:
    top = values.max() if len(values) else None
    return alt.Scale(
        domain=[0, max(least_top, top if top == top and top else 0) * 1.05], nice=False
    )
