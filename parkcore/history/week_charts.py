"""The usual week as charts: one as a map of its hours, two over each other."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from parkcore.colours import SPACE
from parkcore.history.charts import LOTS, measure, steps, tip

FULLNESS = {0: "#E3F2DC", 0.5: "#B5D99C", 0.8: "#EFAE45", 0.95: "#D9552F", 1: "#8A1420"}
"""From free to full: green to red, and ever darker, for readers who see no colours."""

BEFORE, AFTER = "Before", "After"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
VEHICLES = {0: "#E3EEF9", 0.5: "#8DB8DE", 1: "#1F4E79"}
"""Of a lot whose number of spaces is not known: then many vehicles do not mean that it is full."""

_EVERY = pd.MultiIndex.from_product([range(7), range(24)], names=["weekday", "hour"])


def week_heat(pattern: pd.DataFrame, zone_name: str) -> ChartType:
    """How full one lot is on average at each hour of the week; grey where it was not seen.

    Args:
        pattern: as `stats.week_pattern` makes it, of one lot.
    """
    data = _whole(pattern)
    is_rate = bool(data["mean_rate"].notna().any())
    value = "mean_rate" if is_rate else "mean_taken"
    data["seen_h"] = data["seen_s"].fillna(0) / 3600
    data["label"] = [
        "" if pd.isna(each) else f"{int(100 * each + 1e-9) if is_rate else round(each)}"
        for each in data[value]
    ]
    top = max(1.0, float(data[value].max())) if data[value].notna().any() else 1.0
    shades = FULLNESS if is_rate else VEHICLES
    colour = alt.Color(
        f"{value}:Q",
        title=None,
        scale=alt.Scale(domain=[share * top for share in shades], range=list(shades.values())),
        legend=alt.Legend(format="%" if is_rate else "d", orient="bottom", gradientLength=160),
    )
    base = alt.Chart(data).encode(
        x=alt.X(
            "time:O",
            title=f"Hour of the day, {zone_name}",
            axis=alt.Axis(
                labelAngle=0, labelOverlap="greedy", labelExpr="slice(datum.label, 0, 2)"
            ),
        ),
        y=alt.Y("day:O", title=None, sort=list(WEEKDAYS), axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("day:N", title="Day"),
            alt.Tooltip("time:N", title="From"),
            tip(value, "Mean", is_rate=is_rate),
            alt.Tooltip("seen_h:Q", title="Seen, hours", format=".1f"),
        ],
    )
    is_known = f"isValid(datum.{value})"
    unseen = base.mark_rect(color=SPACE["unknown"], opacity=0.22, cornerRadius=2)
    cells = base.mark_rect(cornerRadius=2).encode(color=colour).transform_filter(is_known)
    text = base.mark_text(fontSize=11, opacity=alt.ExprRef("width < 560 ? 0 : 1")).encode(
        text="label:N",
        color=alt.when(f"datum.{value} > {(0.88 if is_rate else 0.7) * top}")
        .then(alt.value("#FFFFFF"))
        .otherwise(alt.value("#1A2B28")),
    )
    return alt.layer(unseen, cells, text, height=330)


def week_lines(before: pd.DataFrame, after: pd.DataFrame, zone_name: str) -> ChartType:
    """The usual weeks of two periods over each other, of one lot.

    Args:
        before, after: as `stats.week_pattern` makes them.
    """
    weeks = [_whole(pattern) for pattern in (before, after)]
    is_rate = all(week["mean_rate"].notna().any() for week in weeks)
    value = "mean_rate" if is_rate else "mean_taken"
    data = pd.concat([weeks[0].assign(which=BEFORE), weeks[1].assign(which=AFTER)])
    at = 24.0 * data["weekday"] + data["hour"]
    data = data.assign(at=at, end=at + 1, when=data["day"] + " " + data["time"])
    days = alt.Axis(
        values=[24 * day for day in range(7)],
        labelExpr=f"{list(WEEKDAYS)}[datum.value / 24]",
        labelAlign="left",
        labelPadding=6,
    )
    x = alt.X(
        "at:Q",
        title=f"Hour of the week, {zone_name}",
        axis=days,
        scale=alt.Scale(domain=[0, 168], nice=False),
    )
    names, colours = [BEFORE, AFTER], [LOTS[1], LOTS[0]]
    drawn = steps(data[["which", "at", "end", value]], "which", value, instant=1e-3)
    lines = alt.Chart(drawn).mark_line(interpolate="step-after", strokeWidth=2)
    legend = alt.Legend(orient="top")
    dash = alt.Scale(domain=names, range=[[5, 3], [1, 0]])
    shown = lines.encode(
        x=x,
        y=measure(value, is_rate=is_rate, top=data[value].max()),
        color=alt.Color(
            "which:N", title=None, scale=alt.Scale(domain=names, range=colours), legend=legend
        ),
        strokeDash=alt.StrokeDash("which:N", scale=dash, legend=None),
    )
    known = data[data[value].notna()].assign(at=lambda each: each["at"] + 0.5)
    tips = [alt.Tooltip("which:N", title="Days"), alt.Tooltip("when:N", title="From")]
    hints = alt.Chart(known).mark_point(size=60, opacity=0)
    told = hints.encode(x=x, y=f"{value}:Q", tooltip=[*tips, tip(value, "Mean", is_rate=is_rate)])
    return alt.layer(shown, told, height=300)


def _whole(pattern: pd.DataFrame) -> pd.DataFrame:
    """With a row for every hour of the week, seen or not."""
    whole = pattern.set_index(["weekday", "hour"]).reindex(_EVERY).reset_index()
    whole["day"] = [WEEKDAYS[weekday] for weekday in whole["weekday"].astype(int)]
    whole["time"] = [f"{hour:02}:00" for hour in whole["hour"].astype(int)]
    return whole
