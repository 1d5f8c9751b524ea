"""The figures of each period as a table, and the same to take along."""

import pandas as pd
import streamlit as st

from pages.shell.stats_figures import show_table
from parkcore.history.questions import Answer
from parkcore.history.stats import Period
from parkcore.history.stats_words import as_csv, percent, say_time

MOST_ON_PAPER = 100
"""Rows that are printed whole, each in its own line; of more, paper shows the first ones."""
RATES = {
    "Mean": "mean_rate",
    "Lowest": "lowest_rate",
    "p10": "p10",
    "Median": "p50",
    "p90": "p90",
    "Highest": "highest_rate",
}


def show_periods(answer: Answer, names: dict[str, str], period: Period) -> None:
    """A row for each lot and period, and the same to take along."""
    found = answer.by_period(period)
    form = {"hour": "%Y-%m-%d %H:%M", "month": "%Y-%m"}.get(period, "%Y-%m-%d")
    zone = answer.question.zone
    is_rate = found["mean_rate"].notna().any()
    columns = {"From": found["start"].dt.strftime(form), "Lot": found["lot"].map(names)}
    if len(answer.question.lot_ids) == 1:
        del columns["Lot"]
    if is_rate:
        rated = found["rated_s"] > 0
        for heading, name in RATES.items():
            columns[f"{heading} (%)"] = (100 * found[name]).where(rated)
        at = found["highest_rate_at"].dt.tz_convert(zone)
        columns["Highest at"] = at.dt.strftime("%Y-%m-%d %H:%M")
        over = f"At {percent(answer.question.threshold)} or more (h)"
        columns[over] = (found["over_s"] / 3600).round(2)
    if found["mean_rate"].isna().ne(found["mean_taken"].isna()).any():
        columns |= {
            "Mean (vehicles)": found["mean_taken"],
            "Fewest": found["least"],
            "Most": found["most"],
        }
    columns["Photos"] = found["photos"]
    columns["Seen"] = [
        f"{say_time(seen_s)} of {say_time(period_s)}"
        for seen_s, period_s in zip(found["seen_s"], found["period_s"], strict=True)
    ]
    form = {f"{name} (%)": st.column_config.NumberColumn(format="%.1f") for name in RATES}
    table = pd.DataFrame(columns)
    with st.container(key="not_on_paper_table" if len(table) <= MOST_ON_PAPER else None):
        st.dataframe(
            table,
            hide_index=True,
            height=38 + 35 * (len(table) if len(table) <= 31 else 12),
            column_config=form | {"Mean (vehicles)": st.column_config.NumberColumn(format="%.1f")},
            placeholder="–",
        )
    if len(table) <= MOST_ON_PAPER:
        shown = table.round(1).astype(object).where(table.notna(), "–").astype(str)
        show_table(shown.to_dict("records"), only_on_paper=True)
    st.download_button(
        "Download as CSV", lambda: as_csv(answer.records(period), str(zone)),
        "parkcore-statistics.csv", "text/csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
