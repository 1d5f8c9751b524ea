"""The charts of a report, drawn without a browser and without the network.

They are for paper: in two widths, with what was not seen in grey. Times are the wall clock as if it
were UTC, as in `charts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd
import vl_convert
from altair.typing import ChartType

from parkcore.colours import LEVEL, VEHICLE
from parkcore.domain import LABELS
from parkcore.reports.report import TYPES, Report

WIDE, NARROW = 700, 330
"""Widths in pixels of the drawing area with its axes: of a page, and of a phone."""

UNSEEN = "#E5E7EB"
EARLIER = "#374151"
HOUR, BAR = pd.Timedelta(hours=1), pd.Timedelta(hours=21)
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
FULLNESS = ["#DCFCE7", "#86C98B", "#F5C451", "#F08A3C", "#DC2626"]
"""From empty to full, from light to dark, so that it reads in black and white too."""

FONT = "Liberation Sans, Arial, sans-serif"
"""The first is part of vl-convert, so that charts are alike on every machine."""

_UTC = alt.Scale(type="utc")


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its heading, and what it shows in a sentence."""

    title: str
    caption: str
    spec: dict[str, Any]

    def svg(self) -> str:
        return vl_convert.vegalite_to_svg(self.spec, allowed_base_urls=[])

    def pdf(self) -> bytes:
        """One page, as large as the chart."""
        return vl_convert.vegalite_to_pdf(self.spec, allowed_base_urls=[])


def charts(report: Report, *, width: int = WIDE) -> list[Chart]:
    """The charts of a report, in their order; none where nothing was seen."""
    if not report.has_figures:
        return []
    kind = report.period.kind
    grey = "Grey is what nobody saw."
    earlier = f"; the dark lines are the {kind} before" if kind == "week" else ""
    what = "occupancy" if report.is_rated else "number of vehicles"
    return [
        _made("Hour by hour", f"The mean {what} of each hour{earlier}. {grey}",
              _curve(report, width), width),
        _made("The week", f"The mean {what} of each weekday and hour. {grey}",
              _heat_map(report, width), width),
        _made("Vehicles by type", "The mean number of each type on each day, over the time that"
              " was seen.", _types(report, width), width),
    ]  # fmt: skip


def _made(title: str, caption: str, chart: ChartType, width: int) -> Chart:
    sized = chart.properties(
        width=width, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    drawn = sized.configure(font=FONT, background="white", aria=False)
    drawn = drawn.configure_view(stroke=None).configure_axis(
        labelFontSize=11, titleFontSize=11, titleFontWeight="normal", gridColor="#EEEEEE",
        labelColor="#333333", titleColor="#333333", domainColor="#999999", tickColor="#999999",
    )  # fmt: skip
    drawn = drawn.configure_legend(labelFontSize=11, orient="top", title=None, symbolType="square")
    return Chart(title, caption, drawn.to_dict())


def _value(report: Report) -> str:
    return "mean_rate" if report.is_rated else "mean_taken"


def _y(report: Report, top: float) -> dict[str, Any]:
    axis = alt.Axis(format="%", tickCount=5) if report.is_rated else alt.Axis(tickCount=5)
    title = "Occupancy" if report.is_rated else "Vehicles"
    scale = alt.Scale(domain=[0, top], nice=False)
    return {"title": title, "axis": axis, "scale": scale}


def _curve(report: Report, width: int) -> ChartType:
    value = _value(report)
    hours = _spans(report.hours, value)
    earlier = _spans(
        report.hours_before.iloc[: 0 if report.period.kind == "month" else None], value
    )
    earlier[["at", "to"]] += pd.Timedelta(days=7)
    earlier = earlier.dropna(subset="value")
    known = pd.concat([hours["value"], earlier["value"]]).max()
    top = max(1.0, float(known)) * 1.02
    seen = hours.dropna(subset="value")
    level = [report.thresholds.level(each) if report.is_rated else None for each in seen["value"]]
    seen = seen.assign(level=pd.Series(level, seen.index, dtype=object))
    x = alt.X("at:T", title=None, scale=_UTC, axis=_days_axis(report, width))
    y = alt.Y("value:Q", **_y(report, top))
    fill, stroke = _level_colour(report)
    layers = [
        alt.Chart(_unseen(hours).assign(top=top))
        .mark_rect(color=UNSEEN)
        .encode(x=x, x2="to:T", y=alt.Y("top:Q", **_y(report, top)), y2=alt.datum(0)),
        alt.Chart(seen).mark_rect(strokeWidth=0.4).encode(  # no white seams between hours
            x=x, x2="to:T", y=y, y2=alt.datum(0), fill=fill, stroke=stroke
        ),
        alt.Chart(earlier).mark_rule(color=EARLIER, strokeWidth=1.2).encode(x=x, x2="to:T", y=y),
    ]  # fmt: skip
    return alt.layer(*layers).properties(height=190)


def _level_colour(report: Report) -> tuple[Any, Any]:
    """Of the inside and of the edge."""
    if not report.is_rated:
        return alt.value(VEHICLE["car"]), alt.value(VEHICLE["car"])
    scale = alt.Scale(domain=list(LEVEL), range=list(LEVEL.values()))
    return alt.Fill("level:N", scale=scale), alt.Stroke("level:N", scale=scale, legend=None)


def _unseen(hours: pd.DataFrame) -> pd.DataFrame:
    """The stretches of which nothing was seen, from `at` to `to`."""
    is_unseen = hours["value"].isna()
    stretch = (is_unseen != is_unseen.shift()).cumsum()
    stretch += (hours["at"] != hours["to"].shift()).cumsum()
    return hours[is_unseen].groupby(stretch).agg({"at": "min", "to": "max"})


def _days_axis(report: Report, width: int) -> alt.Axis:
    day = "%a %-d" if report.period.kind == "week" else "%-d %b"
    every = 1 if report.period.kind == "week" else (4 if width > NARROW else 7)
    first = pd.Timestamp(report.period.first)
    days = (report.period.last - report.period.first).days + 1
    starts = [first + pd.Timedelta(days=number) for number in range(0, days, every)]
    values = [alt.DateTime(year=at.year, month=at.month, date=at.day, utc=True) for at in starts]
    return alt.Axis(values=values, format=day, grid=True, labelAlign="left", labelOverlap=True)


def _spans(hours: pd.DataFrame, value: str) -> pd.DataFrame:
    """Per hour `at`, `to` and `value`, NaN where nothing was seen."""
    start = pd.to_datetime(hours["start"]).dt.tz_localize("UTC")
    return pd.DataFrame({"at": start, "to": start + HOUR, "value": hours[value].astype(float)})


def _heat_map(report: Report, width: int) -> ChartType:
    value = _value(report)
    pattern = report.pattern.assign(value=report.pattern[value].astype(float))
    pattern = pattern.dropna(subset="value")
    pattern["day"] = [WEEKDAYS[day] for day in pattern["weekday"]]
    every = pd.DataFrame([(day, hour) for day in WEEKDAYS for hour in range(24)],
                         columns=["day", "hour"])  # fmt: skip
    top = 1.0 if report.is_rated else max(1.0, float(pattern["value"].max()))
    x = alt.X("hour:O", title="Hour", axis=alt.Axis(labelAngle=0, labelExpr=_FEWER, ticks=False))
    y = alt.Y("day:O", title=None, sort=WEEKDAYS, axis=alt.Axis(ticks=False))
    scale = alt.Scale(domain=[top * share for share in (0, 0.5, 0.8, 0.9, 1)], range=FULLNESS,
                      clamp=True)  # fmt: skip
    form = "%" if report.is_rated else ".0f"
    colour = alt.Color("value:Q", scale=scale, legend=alt.Legend(
        format=form, gradientLength=160, gradientThickness=8))  # fmt: skip
    cells = alt.Chart(pattern).mark_rect(stroke="white", strokeWidth=1)
    layers = [
        alt.Chart(every).mark_rect(color=UNSEEN, stroke="white", strokeWidth=1).encode(x=x, y=y),
        cells.encode(x=x, y=y, color=colour),
    ]
    if width > NARROW:
        said = 100 * pattern["value"] if report.is_rated else pattern["value"]
        shown = pattern.assign(said=said, dark=pattern["value"] > 0.88 * top)
        ink = alt.condition("datum.dark", alt.value("white"), alt.value("#1F2937"))
        numbers = alt.Chart(shown).mark_text(fontSize=9)
        layers.append(numbers.encode(x=x, y=y, text=alt.Text("said:Q", format=".0f"), color=ink))
    return alt.layer(*layers).properties(height=180)


_FEWER = "datum.value % 3 == 0 ? datum.value : ''"


def _types(report: Report, width: int) -> ChartType:
    days = report.days[report.days["seen_s"] > 0]
    start = pd.to_datetime(days["start"]).dt.tz_localize("UTC")
    tops = days[list(LABELS)].cumsum(axis=1)
    parts = [
        pd.DataFrame(
            {"at": start, "to": start + BAR, "type": TYPES[label], "top": tops[label],
             "base": tops[label] - days[label]}
        )
        for label in LABELS
    ]  # fmt: skip
    limits = [
        alt.DateTime(year=at.year, month=at.month, date=at.day, utc=True)
        for at in (report.period.first, report.period.next.first)
    ]
    days_scale = alt.Scale(type="utc", domain=limits, nice=False)
    colours = alt.Scale(domain=list(TYPES.values()), range=[VEHICLE[label] for label in TYPES])
    y_axis = alt.Axis(tickCount=5)
    chart: ChartType = (
        alt.Chart(pd.concat(parts))
        .mark_rect()
        .encode(
            x=alt.X("at:T", title=None, scale=days_scale, axis=_days_axis(report, width)),
            x2="to:T",
            y=alt.Y("base:Q", title="Vehicles, mean", axis=y_axis, scale=alt.Scale(zero=True)),
            y2="top:Q",
            color=alt.Color("type:N", scale=colours),
        )
        .properties(height=160)
    )
    return chart
