"""Figures as charts.

Times are drawn on the site's wall clock wherever the reader's browser is: Vega shows times in
the browser's zone, so the wall clock is handed over as if it were UTC, on a UTC scale. A step is
a period's mean; where nothing was seen the line is broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from parkcore.colours import LEVEL, SPACE, VEHICLE
from parkcore.domain import LABELS
from parkcore.history.stats import NEXT, Period
from parkcore.history.stats_words import say_seen

LOTS = (
    "#14938A", "#E08A2E", "#8E5BD0", "#3B82C4", "#C2557E", "#8A7A3C", "#6B7FD7", "#A65A2E",
    "#5E9CA8", "#8A8F98",
)  # fmt: skip
"""Of the lines of up to ten lots: none of them the green and red of free and occupied, and all of
them legible on white and on black."""

INSTANT = pd.Timedelta(milliseconds=1)
_SHOWN: dict[Period, str] = {
    "hour": "%a %-d %b %Y %H:%M",
    "day": "%a %-d %b %Y",
    "week": "Week from %a %-d %b %Y",
    "month": "%B %Y",
}


def occupancy_lines(frame: pd.DataFrame, names: Mapping[str, str], period: Period) -> ChartType:
    """Occupancy over time, a line per lot: the mean rate where it is known of each lot, else the
    mean of what was taken. One lot alone has its lowest and highest of each period around it.

    Args:
        frame: as `stats.by_period` makes it, with `held`.
        names: per lot the name to show; each another.
    """
    data = _named(frame, names, period)
    is_rate = _has_rates(data)
    mean, least, most = (
        ("mean_rate", "lowest_rate", "highest_rate") if is_rate else ("mean_taken", "least", "most")
    )
    drawn = steps(data[["at", "end", "name", mean, least, most]], "name", mean)
    is_one = data["lot"].nunique() <= 1
    top = data[most if is_one else mean].max()
    y = measure(mean, is_rate=is_rate, top=top)
    base = alt.Chart(drawn).encode(x=_time(data), color=_lots(data, names))
    layers: list[Any] = [_whole(data)]
    if is_one:
        band = base.mark_area(interpolate="step-after", opacity=0.22)
        layers.append(band.encode(y=alt.Y(f"{least}:Q"), y2=f"{most}:Q"))
    layers.append(base.mark_line(interpolate="step-after", strokeWidth=2).encode(y=y))
    if is_rate:
        layers.append(_full_line())
    tips = [tip(mean, "Mean", is_rate=is_rate)]
    tips += [tip(least, "Lowest", is_rate=is_rate), tip(most, "Highest", is_rate=is_rate)]
    layers.append(_hints(data, mean, tips))
    return alt.layer(*layers, height=300 + 7 * data["lot"].nunique())


def sparkline(frame: pd.DataFrame, period: Period = "hour") -> ChartType:
    """One lot, small: its occupancy over time, below the line of its capacity where it is known.

    Args:
        frame: as `stats.by_period` makes it, of one lot.
    """
    data = _named(frame, {}, period)
    is_rate = _has_rates(data)
    mean = "mean_rate" if is_rate else "mean_taken"
    y = measure(mean, is_rate=is_rate, top=data[mean].max(), title=None)
    area = (
        alt.Chart(steps(data[["at", "end", "name", mean]], "name", mean))
        .mark_area(interpolate="step-after", opacity=0.25, line={"strokeWidth": 2}, color=LOTS[0])
        .encode(x=_time(data), y=y)
    )
    tips = [tip(mean, "Mean", is_rate=is_rate)]
    layers = [_whole(data), area, *([_full_line()] if is_rate else []), _hints(data, mean, tips)]
    return alt.layer(*layers, height=120)


def over_bars(frame: pd.DataFrame, names: Mapping[str, str], period: Period) -> ChartType:
    """For how many hours of each period lots were at the threshold or above.

    Args:
        frame: as `stats.by_period` makes it, with a threshold.
    """
    data = _named(frame, names, period).assign(over_h=lambda each: each["over_s"] / 3600)
    y = alt.Y("over_h:Q", title=f"Hours per {period}", scale=_from_zero(data["over_h"].max(), 1))
    tips = [alt.Tooltip("over_h:Q", title="Hours", format=".1f")]
    if data["lot"].nunique() <= 1:
        is_known = data["over_h"].notna()
        apart = data.assign(end=data["end"] - 0.08 * (data["end"] - data["at"]))
        bars = (
            alt.Chart(apart[is_known])
            .mark_rect(color=LEVEL["full"])
            .encode(x=_time(data), x2="end:T", y=y, y2=alt.datum(0), tooltip=_about(tips))
        )
        unseen = alt.Chart(data[~is_known]).mark_rect(color=SPACE["unknown"], opacity=0.22)
        return alt.layer(_whole(data), unseen.encode(x=_time(data), x2="end:T"), bars, height=220)
    drawn = steps(data[["at", "end", "name", "over_h"]], "name", "over_h")
    lines = alt.Chart(drawn).mark_line(interpolate="step-after", strokeWidth=2)
    lines = lines.encode(x=_time(data), y=y, color=_lots(data, names))
    return alt.layer(_whole(data), lines, _hints(data, "over_h", tips), height=220 + 7 * len(names))


def types_bars(frame: pd.DataFrame, period: Period) -> ChartType:
    """The mean number of vehicles of each type per period, stacked, of one lot.

    Args:
        frame: as `stats.by_period` makes it, of one lot.
    """
    data = _named(frame, {}, period)
    wide = data[list(LABELS)]
    upper = wide.cumsum(axis=1)
    long = pd.concat(
        [
            data[["at", "end", "when", "seen"]].assign(
                label=label, vehicles=wide[label], y=upper[label] - wide[label], y2=upper[label]
            )
            for label in LABELS
        ]
    )
    long = long[long["vehicles"] > 0]
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(domain=list(LABELS), range=[VEHICLE[label] for label in LABELS]),
        legend=alt.Legend(orient="top"),
    )
    bars = (
        alt.Chart(long)
        .mark_rect()
        .encode(
            x=_time(data),
            x2="end:T",
            y=alt.Y(
                "y:Q", title=f"Vehicles, mean per {period}", scale=_from_zero(long["y2"].max(), 1)
            ),
            y2="y2:Q",
            color=colour,
            tooltip=_about(
                [
                    alt.Tooltip("label:N", title="Type"),
                    alt.Tooltip("vehicles:Q", title="Vehicles, mean", format=".1f"),
                ]
            )[1:],
        )
    )
    return alt.layer(_whole(data), bars, height=260)


def _named(frame: pd.DataFrame, names: Mapping[str, str], period: Period) -> pd.DataFrame:
    """With the wall clock's times as if of UTC, and words for the hints."""
    at = frame["start"].dt.tz_localize("UTC")
    return frame.assign(
        name=[names.get(lot, lot) for lot in frame["lot"]],
        at=at,
        end=at + NEXT[period],
        when=at.dt.strftime(_SHOWN[period]),
        seen=[
            say_seen(seen_s, period_s)
            for seen_s, period_s in zip(frame["seen_s"], frame["period_s"], strict=True)
        ],
    )


def steps(data: pd.DataFrame, group: str, value: str, *, instant: Any = INSTANT) -> pd.DataFrame:
    """Where each step begins, and where one ends without another that follows at once: there its
    value comes once more, and then nothing.

    Args:
        data: with `at` and `end` of each step, in order; those whose value is not known are gaps.
        group: the column by which lines are kept apart.
        instant: what is next to nothing of the unit of `at`.
    """
    known = data[data[value].notna()]
    following = known.groupby(group)["at"].shift(-1)
    last = known[following != known["end"]]
    ends = last.assign(at=last["end"])
    breaks = ends.assign(at=ends["at"] + instant)
    numbers = [str(name) for name in breaks.select_dtypes("number")]
    breaks = breaks.astype(dict.fromkeys(numbers, float))
    breaks[numbers] = float("nan")
    drawn = pd.concat([known, ends, breaks]).sort_values([group, "at"], kind="stable")
    return drawn.drop(columns="end").reset_index(drop=True)


def _has_rates(data: pd.DataFrame) -> bool:
    """Whether lots can be compared by their rates: there is one of each that was seen."""
    seen = data[data["seen_s"] > 0]
    return not seen.empty and bool(seen.groupby("lot")["mean_rate"].count().gt(0).all())


def _hints(data: pd.DataFrame, value: str, tips: list[alt.Tooltip]) -> alt.Chart:
    """Invisible points in the middle of each step that tell about it."""
    known = data[data[value].notna()]
    middle = known.assign(at=known["at"] + (known["end"] - known["at"]) / 2)
    points = alt.Chart(middle).mark_point(size=120, opacity=0)
    hints: alt.Chart = points.encode(x=_time(data), y=f"{value}:Q", tooltip=_about(tips))
    return hints


def _about(tips: list[alt.Tooltip]) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("name:N", title="Lot"),
        alt.Tooltip("when:N", title="When"),
        *tips,
        alt.Tooltip("seen:N", title="Coverage"),
    ]


def tip(field: str, title: str, *, is_rate: bool) -> alt.Tooltip:
    """A line of a hint: a rate in percent, or a number of places."""
    return alt.Tooltip(f"{field}:Q", title=title, format=".1%" if is_rate else ".1f")


def _lots(data: pd.DataFrame, names: Mapping[str, str]) -> alt.Color:
    """A lot has the same colour in every chart of the same names."""
    colours = dict(zip(names.values(), LOTS, strict=False))
    shown = sorted(set(data["name"]), key=lambda name: list(colours).index(name))
    return alt.Color(
        "name:N",
        title=None,
        scale=alt.Scale(domain=shown, range=[colours[name] for name in shown]),
        legend=alt.Legend(orient="top", columns=3, labelLimit=220) if len(shown) > 1 else None,
    )


def _time(data: pd.DataFrame) -> alt.X:
    """A time axis of the 24-hour clock for hours, of dates for days."""
    if data.empty:
        return alt.X("at:T", title=None, scale=alt.Scale(type="utc"))
    first, last = data["at"].min(), data["end"].max()
    days = (last - first) / pd.Timedelta(days=1)
    form = "%H:%M" if days <= 1.5 else "%a %H:%M" if days < 5 else "%a %-d %b"
    axis = alt.Axis(
        format=form if days < 40 else "%-d %b %Y", tickCount=6, labelOverlap="greedy", grid=False
    )
    return alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _whole(data: pd.DataFrame) -> alt.Chart:
    """Nothing, drawn at both ends, so that the axis covers what was not seen too."""
    ends = pd.DataFrame({"at": [data["at"].min(), data["end"].max()] if len(data) else []})
    whole: alt.Chart = alt.Chart(ends).mark_tick(opacity=0).encode(x=_time(data))
    return whole


def measure(field: str, *, is_rate: bool, top: float, title: str | None = "") -> alt.Y:
    """The axis of how full: rates in percent, or places; up to `top` at least."""
    said = title if title != "" else "Occupancy" if is_rate else "Places taken"
    axis = alt.Axis(format="%" if is_rate else "d", tickCount=5)
    return alt.Y(f"{field}:Q", title=said, axis=axis, scale=_from_zero(top, 1))


def _full_line() -> alt.Chart:
    rule = alt.Chart(pd.DataFrame({"rate": [1.0]})).mark_rule(
        color=LEVEL["full"], strokeDash=[4, 4]
    )
    line: alt.Chart = rule.encode(y="rate:Q")
    return line


def _from_zero(top: float, least_top: float) -> alt.Scale:
    known = top if top == top else 0
    return alt.Scale(domain=[0, max(least_top, known) * 1.05], nice=False)
