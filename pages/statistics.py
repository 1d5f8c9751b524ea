from pages.shell.navigation import enter

enter()

from datetime import datetime, time, timedelta

import pandas as pd
import streamlit as st

from pages.shell import context, parts
from parkcore import charts, stats
from parkcore.filters import HistoryFilter

st.title("Statistics")
zone = context.settings().zone

with context.open_store() as store:
    names = {lot.id: lot.name for lot in store.lots()}
    newest = store.snapshots(limit=1)
if not newest:
    st.info("There is nothing to count yet.", icon=":material/monitoring:")
    st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
    st.stop()

last = newest[0].photo.captured_at.astimezone(zone).date()
left, right = st.columns([3, 2])
lots = left.multiselect(
    "Lots", list(names), list(names), format_func=names.get, key="lots", bind="query-params"
)
days = right.date_input("Days", (last - timedelta(days=6), last), key="days", format="YYYY-MM-DD")
if len(days) != 2 or not lots:
    st.caption("Choose a first and a last day, and at least one lot.")
    st.stop()

since = datetime.combine(days[0], time(), zone)
until = datetime.combine(days[1] + timedelta(days=1), time(), zone)
with context.open_store() as store:
    rows = [
        row
        for lot_id in lots
        for row in store.counts(HistoryFilter(lot_id=lot_id, since=since, until=until))
    ]
    capacities = store.lot_capacities()
if not rows:
    st.info("No photo was taken on these days.", icon=":material/event_busy:")
    st.stop()

frame = stats.counts_frame(rows)
over_time = stats.occupancy_over_time(frame, capacities)

figures = stats.summary(over_time)
st.dataframe(
    pd.DataFrame(
        {
            "Lot": figures["lot"].map(names),
            "Photos": figures["lot"].map(frame["lot"].value_counts()),
            "Seen": [f"{seen.total_seconds() / 3600:.1f} h" for seen in figures["seen"]],
            "Mean": figures["mean"].round(1),
            "Mean occupancy": 100 * figures["mean_rate"].astype(float),
            "Fullest": [parts.when(at.to_pydatetime()) for at in figures["most_at"]],
            "Vehicles then": figures["most"].astype(int),
            "Occupancy then": (100 * figures["most_rate"].astype(float)) // 1,
        }
    ),
    hide_index=True,
    column_config={
        "Mean": st.column_config.NumberColumn(format="%.1f"),
        "Mean occupancy": st.column_config.NumberColumn(format="%.0f %%"),
        "Occupancy then": st.column_config.NumberColumn(format="%.0f %%"),
    },
)
st.caption("Means are weighted by time, over the hours that were seen.")

st.subheader("Occupancy over time")
st.altair_chart(charts.occupancy_lines(over_time, names, zone), width="stretch")
st.caption(
    "Each step is one photo. The line is broken where none was taken for much longer than usual:"
    f" what happened there is not known. Times are those of {context.settings().time_zone}."
)

st.subheader("Vehicles by type")
by = "hour" if (days[1] - days[0]).days < 7 else "day"
for lot_id, lot_frame in frame.groupby("lot"):
    if len(lots) > 1:
        st.markdown(f"**{parts.plain(names[lot_id])}**")
    types = stats.vehicles_by_type(lot_frame, zone, by=by)
    st.altair_chart(charts.types_bars(types, by=by), width="stretch")
