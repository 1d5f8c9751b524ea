"""The accuracy meter as charts: every point with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import altair as alt
import pandas as pd
from altair.typing import ChartType

from parkcore.accuracy.meter import Tally

COLOUR = "#14938A"


def weeks(tallies: Mapping[date, Tally]) -> ChartType:
    """Accuracy by week.

    Args:
        tallies: per Monday.
    """
    data = _frame(tallies)
    mondays = [alt.DateTime(year=d.year, month=d.month, date=d.day, utc=True) for d in tallies]
    axis = alt.Axis(format="%-d %b", values=mondays, labelOverlap="greedy")
    x = alt.X("name:T", title="Week from", axis=axis)
    x = x.scale(type="utc", nice=False, padding=24)
    return _drawn(data, x, alt.Tooltip("name:T", title="Week from", format="%-d %b %Y"))


def groups(tallies: Mapping[str, Tally], title: str) -> ChartType:
    """Accuracy by hours, or by whatever else has names."""
    data = _frame(tallies)
    x = alt.X("name:N", title=title, sort=list(tallies), axis=alt.Axis(labelAngle=0))
    return _drawn(data, x, alt.Tooltip("name:N", title=title))


def _frame(tallies: Mapping[date, Tally] | Mapping[str, Tally]) -> pd.DataFrame:
    rows = []
    for name, tally in tallies.items():
        if tally.interval is not None:
            low, high = tally.interval
            told = pd.Timestamp(name, tz="UTC") if isinstance(name, date) else name
            row = {"name": told, "accuracy": tally.accuracy, "low": low, "high": high}
            rows.append({**row, "judged": tally.judged})
    return pd.DataFrame(rows, columns=["name", "accuracy", "low", "high", "judged"])


def _drawn(data: pd.DataFrame, x: alt.X, named: alt.Tooltip) -> ChartType:
    low = float(data["low"].min()) if len(data) else 0.0
    scale = alt.Scale(domain=[max(0.0, low - 0.05), 1], nice=False, zero=False)
    axis = alt.Axis(format="%", tickCount=5)
    title = "Spaces judged rightly"
    y, least = (
        alt.Y(f"{name}:Q", title=title, scale=scale, axis=axis) for name in ("accuracy", "low")
    )
    base = alt.Chart(data).encode(
        x=x,
        tooltip=[
            named,
            alt.Tooltip("accuracy:Q", title="Right", format=".1%"),
            alt.Tooltip("low:Q", title="At least", format=".1%"),
            alt.Tooltip("high:Q", title="At most", format=".1%"),
            alt.Tooltip("judged:Q", title="Answers"),
        ],
    )
    bars = base.mark_rule(color=COLOUR, strokeWidth=3, opacity=0.45).encode(y=least, y2="high:Q")
    points = base.mark_point(color=COLOUR, filled=True, size=90, opacity=1).encode(y=y)
    return alt.layer(bars, points, height=220)
