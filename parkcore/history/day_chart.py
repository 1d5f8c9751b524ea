"""How full a lot was on one day, from look to look, as a chart; gaps are gaps.

Time is drawn as hours since the day began, with the wall clock's figures at the axis: so the day
of 23 hours, and the one whose clock shows an hour twice, are as long as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo

import altair as alt
import pandas as pd
from altair.typing import ChartType

from parkcore.colours import LEVEL
from parkcore.history.history_view import beginning, end
from parkcore.history.rollups import HOUR_S, Segment

MOST_POINTS = 2_000
"""Of the line; a busier day is drawn by the least and most of equal stretches."""

LINE = "#14938A"
EVERY_H = 3


def day_frame(stretches: Sequence[Segment], day: date, zone: tzinfo) -> pd.DataFrame:
    """The steps of a day's line.

    Args:
        stretches: as `Store.stretches` gives them, in order.

    Returns:
        Columns `hour` (since the day began), `clock` (as people read it), `taken`, `rate` (NaN
        where the number of places is not known); a row of NaN where a gap begins.
    """
    start = beginning(day, zone).timestamp()
    rows: list[tuple[float, str, float | None, float | None]] = []
    before: Segment | None = None
    for each in _thinned(stretches):
        if before is not None and each.start > before.end:
            rows.append(_row(before, before.end, start, zone))
            rows.append((_hour(before.end, start), "", None, None))
        rows.append(_row(each, each.start, start, zone))
        before = each
    if before is not None:
        rows.append(_row(before, before.end, start, zone))
    frame = pd.DataFrame(rows, columns=["hour", "clock", "taken", "rate"])
    return frame.astype({"hour": float, "taken": float, "rate": float})


def _thinned(stretches: Sequence[Segment]) -> Sequence[Segment]:
    """No more than can be drawn: of a busier day the most of each minute."""
    if len(stretches) <= MOST_POINTS:
        return stretches
    kept: dict[int, Segment] = {}
    for each in stretches:
        minute = int(each.start // 60)
        before = kept.get(minute, each)
        most = max(before, each, key=lambda stretch: stretch.taken)
        kept[minute] = replace(most, start=before.start, end=each.end)
    return list(kept.values())


def _row(
    stretch: Segment, at: float, start: float, zone: tzinfo
) -> tuple[float, str, float, float | None]:
    rate = stretch.taken / stretch.told if stretch.told else None
    return _hour(at, start), f"{datetime.fromtimestamp(at, zone):%H:%M}", stretch.taken, rate


def _hour(at: float, start: float) -> float:
    return (at - start) / HOUR_S


def day_curve(
    frame: pd.DataFrame, day: date, zone: tzinfo, *, shown_at: datetime | None = None
) -> ChartType:
    """The line of a day.

    Args:
        frame: as `day_frame` makes it.
        shown_at: when the photo was taken that is shown beside it.
    """
    is_rate = bool(len(frame)) and bool(frame["rate"].notna().any())
    name = "rate" if is_rate else "taken"
    start = beginning(day, zone)
    clocks = _clocks(day, zone)
    labels = "{" + ", ".join(f"'{hour:g}': '{clock}'" for hour, clock in clocks.items()) + "}"
    axis = alt.Axis(
        values=list(clocks), labelExpr=f"({labels})[format(datum.value, '')]", grid=False
    )
    length = _hour(end(day, zone).timestamp(), start.timestamp())
    x = alt.X("hour:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, length], nice=False))
    top = max(1.0, frame[name].max() if frame[name].notna().any() else 1.0)
    y = alt.Y(
        f"{name}:Q",
        title="Occupancy" if is_rate else "Vehicles",
        axis=alt.Axis(format="%") if is_rate else alt.Axis(tickMinStep=1),
        scale=alt.Scale(domain=[0, 1.05 * top], nice=False),
    )
    tips = [
        alt.Tooltip("clock:N", title="From"),
        alt.Tooltip("taken:Q", title="Taken", format=".0f"),
        *([alt.Tooltip("rate:Q", title="Occupancy", format=".0%")] if is_rate else []),
    ]
    base = alt.Chart(frame).encode(x=x, y=y)
    layers = [
        base.mark_area(interpolate="step-after", opacity=0.22, color=LINE),
        base.mark_line(interpolate="step-after", strokeWidth=2, color=LINE),
        base.mark_circle(size=90, opacity=0).encode(tooltip=tips),
    ]
    if is_rate:
        full = alt.Chart(pd.DataFrame({"rate": [1.0]}))
        rule = full.mark_rule(color=LEVEL["full"], strokeDash=[4, 4])
        layers.append(rule.encode(y="rate:Q"))
    if shown_at is not None:
        hour = _hour(shown_at.timestamp(), start.timestamp())
        mark = alt.Chart(pd.DataFrame({"hour": [hour]})).mark_rule(color="#E08A2E", strokeWidth=2)
        layers.append(mark.encode(x="hour:Q"))
    return alt.layer(*layers, height=220)


def _clocks(day: date, zone: tzinfo) -> dict[float, str]:
    """Where on the axis the clock shows every third hour."""
    start = beginning(day, zone)
    found = {}
    for hour in range(0, 24, EVERY_H):
        at = start.replace(hour=hour)
        found[_hour(at.timestamp(), start.timestamp())] = f"{hour:02}:00"
    return {**found, _hour(end(day, zone).timestamp(), start.timestamp()): "24:00"}
