"""Today against what is usual and what is expected, as a chart.

Times are the site's wall clock, handed over as if it were UTC, on a UTC scale; see `charts`.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType

from parkcore.colours import LEVEL
from parkcore.errors import NotEnoughHistory
from parkcore.history.charts import LOTS, measure
from parkcore.history.expectation import Expectation

USUAL, TODAY, EXPECTED = "Usual", "Today", "Expected"
COLOURS = {USUAL: "#8A8F98", TODAY: LOTS[0], EXPECTED: LOTS[1]}
DASHES = {USUAL: [6, 3], TODAY: [1, 0], EXPECTED: [2, 2]}
NOW = "#9A6FDD"
HEADROOM = 1.06
"""So that the word above the line of now is above the curves too."""


def today_frame(seen: Expectation) -> pd.DataFrame:
    """The slots of today's wall clock.

    Returns:
        Columns `at` (the middle of the slot, on the wall clock as if of UTC), `clock` (its
        start), `usual`, `usual_low`, `usual_high`, `today`, `expected`, `low`, `high`; rates, NaN
        where not known. The hour that autumn repeats is the mean of both.
    """
    curve = seen.usual()
    start = pd.Timestamp(seen.today, tz="UTC") + pd.to_timedelta(curve["minute"], unit="min")
    frame = pd.DataFrame(
        {
            "usual": curve["usual"].to_numpy(),
            "usual_low": curve["low"].to_numpy(),
            "usual_high": curve["high"].to_numpy(),
        },
        index=pd.DatetimeIndex(start),
    )
    frame["today"] = _by_wall(seen, seen.seen())["rate"]
    try:
        frame = frame.join(_by_wall(seen, seen.ahead()))
    except NotEnoughHistory:
        frame[["expected", "low", "high"]] = np.nan
    frame["clock"] = pd.DatetimeIndex(frame.index).strftime("%H:%M")
    half = pd.Timedelta(minutes=seen.line.slot_min / 2)
    return frame.set_axis(frame.index + half).rename_axis("at").reset_index()


def today_chart(seen: Expectation, data: pd.DataFrame) -> ChartType:
    """The usual curve of this weekday with its spread, what was seen of today, and what is
    expected with its range; lines for now and for full.

    Args:
        data: as `today_frame` makes it.
    """
    day = pd.Timestamp(seen.today, tz="UTC")
    ends = [day, day + pd.Timedelta(days=1)]
    axis = alt.Axis(format="%H:%M", tickCount=8, labelOverlap="parity", grid=False)
    limits = [{"year": at.year, "month": at.month, "date": at.day, "utc": True} for at in ends]
    x = alt.X("at:T", title=None, axis=axis, scale=alt.Scale(type="utc", domain=limits, nice=False))
    rates = data.select_dtypes("number")
    top = max(seen.rules.full_from, float(np.nanmax(rates.to_numpy(), initial=0)))
    y = measure("rate", is_rate=True, top=HEADROOM * max(1, top))
    layers: list[Any] = [
        _band(data, "usual_low", "usual_high", COLOURS[USUAL]).encode(x=x),
        _band(data, "low", "high", COLOURS[EXPECTED]).encode(x=x),
        _lines(data).encode(x=x, y=y),
        *_full(seen.rules.full_from),
        *_now(seen),
        _hints(data).encode(x="at:T"),
    ]
    return alt.layer(*layers, height=340)


def _by_wall(seen: Expectation, slots: pd.DataFrame) -> pd.DataFrame:
    """By the start of the slot on the wall clock as if of UTC, instead of `at`."""
    wall = slots["at"].dt.tz_convert(seen.rules.zone).dt.tz_localize(None).dt.tz_localize("UTC")
    return slots.drop(columns="at").groupby(wall.rename(None)).mean()


def _band(data: pd.DataFrame, low: str, high: str, colour: str) -> alt.Chart:
    known = data[["at", low, high]]
    area = alt.Chart(known).mark_area(color=colour, opacity=0.22)
    band: alt.Chart = area.encode(y=alt.Y(f"{low}:Q"), y2=f"{high}:Q")
    return band


def _lines(data: pd.DataFrame) -> alt.Chart:
    columns = {"usual": USUAL, "today": TODAY, "expected": EXPECTED}
    names = [name for column, name in columns.items() if data[column].notna().any()]
    long = pd.concat(
        [
            data[["at"]].assign(which=name, rate=data[column])
            for column, name in columns.items()
            if name in names
        ]
        or [data[["at"]].assign(which="", rate=np.nan)]
    )
    legend = alt.Legend(orient="top", symbolStrokeWidth=3, symbolSize=260, symbolType="stroke")
    colour = alt.Color(
        "which:N",
        title=None,
        scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names]),
        legend=legend,
    )
    dash = alt.StrokeDash(
        "which:N",
        title=None,
        scale=alt.Scale(domain=names, range=[DASHES[name] for name in names]),
        legend=legend,
    )
    lines: alt.Chart = (
        alt.Chart(long).mark_line(strokeWidth=2.5).encode(color=colour, strokeDash=dash)
    )
    return lines


def _full(full_from: float) -> list[alt.Chart]:
    rule = alt.Chart(pd.DataFrame({"rate": [full_from], "said": ["full"]}))
    line = rule.mark_rule(color=LEVEL["full"], strokeDash=[4, 4]).encode(y="rate:Q")
    text = rule.mark_text(
        color=LEVEL["full"],
        align="right",
        baseline="bottom",
        dy=-3,
        dx=-4,
        fontSize=12,
        fontWeight="bold",
    ).encode(x=alt.value("width"), y="rate:Q", text="said:N")
    return [line, text]


def _now(seen: Expectation) -> list[alt.Chart]:
    wall = seen.present.now.tz_convert(seen.rules.zone).tz_localize(None).tz_localize("UTC")
    said = "newest photo" if seen.present.is_archive else "now"
    is_late = wall.hour >= 20
    rule = alt.Chart(pd.DataFrame({"at": [wall], "said": [f"{said} {wall:%H:%M}"]}))
    line = rule.mark_rule(color=NOW, strokeWidth=1.5).encode(x="at:T")
    text = rule.mark_text(
        color=NOW, align="right" if is_late else "left", baseline="top", dx=-5 if is_late else 5,
        dy=4, fontSize=12, fontWeight="bold",
    ).encode(x="at:T", y=alt.value(0), text="said:N")  # fmt: skip
    return [line, text]


def _hints(data: pd.DataFrame) -> alt.Chart:
    """Invisible rules that tell what is known of each slot."""
    said = pd.DataFrame({"at": data["at"], "clock": data["clock"]})
    columns = {
        "today": ["today"], "expected": ["expected", "low", "high"],
        "usual": ["usual", "usual_low", "usual_high"],
    }  # fmt: skip
    for name, values in columns.items():
        said[name] = [_percent(*row) for row in data[values].to_numpy()]
    tips = [alt.Tooltip("clock:N", title="From")]
    titles = {"today": TODAY, "expected": EXPECTED, "usual": USUAL}
    tips += [alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()]
    hints: alt.Chart = alt.Chart(said).mark_rule(opacity=0, strokeWidth=6).encode(tooltip=tips)
    return hints


def _percent(value: float, low: float | None = None, high: float | None = None) -> str:
    if np.isnan(value):
        return "–"
    spread = "" if low is None or high is None else f" ({100 * low:.0f}–{100 * high:.0f} %)"
    return f"{100 * value:.0f} %{spread}"
