from pages.shell.navigation import enter, explained

enter()

import base64
from datetime import datetime, time, timedelta

import pandas as pd
import streamlit as st

from pages.shell import context, parts
from parkcore.domain import LABELS, Snapshot
from parkcore.filters import HistoryFilter
from parkcore.store import Store

PAGE = 50
TYPES = ("Car", "Moto", "Bus", "Truck")

st.title("History")
zone = context.settings().zone


def choose(store: Store) -> HistoryFilter:
    names = {lot.id: lot.name for lot in store.lots()}
    first, second, third, fourth = st.columns([2, 2, 2, 2])
    lot_id = first.selectbox(
        "Lot", list(names), None, format_func=lambda each: names.get(each, each),
        placeholder="All lots", key="lot", bind="query-params",
    )  # fmt: skip
    cameras = sorted({camera.id for camera in store.cameras(lot_id)})
    camera_id = second.selectbox(
        "Camera", cameras, None, placeholder="All cameras", key="camera", bind="query-params"
    )
    label = third.selectbox(
        "Type", LABELS, None, placeholder="Any vehicle", key="type", bind="query-params"
    )
    text = fourth.text_input("File name", key="text", placeholder="contains …", bind="query-params")
    first, second, _ = st.columns([2, 2, 4])
    since = first.date_input("From", None, key="from", format="YYYY-MM-DD", bind="query-params")
    until = second.date_input("To", None, key="to", format="YYYY-MM-DD", bind="query-params")
    if since and until and since > until:
        st.warning("“From” is after “To”, so nothing can match.", icon=":material/event_busy:")
    return HistoryFilter(
        lot_id,
        camera_id,
        since and datetime.combine(since, time(), zone),
        until and datetime.combine(until + timedelta(days=1), time(), zone),
        label,
        text or None,
    )


def table(store: Store, snapshots: list[Snapshot]) -> pd.DataFrame:
    names = {lot.id: lot.name for lot in store.lots()}
    small = store.thumbnails([snapshot.id for snapshot in snapshots])
    exporter = context.exporter(store)
    rows = []
    for snapshot in snapshots:
        photo, occupancy = snapshot.photo, exporter.occupancy(snapshot)
        jpeg = base64.b64encode(small.get(snapshot.id, b"")).decode()
        rows.append(
            {
                "Photo": f"data:image/jpeg;base64,{jpeg}",
                "Taken": photo.captured_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                "Lot": names[photo.lot_id],
                "Camera": photo.camera_id,
                "Vehicles": snapshot.vehicles.total,
                "Occupancy": occupancy.percent,
                **dict(zip(TYPES, snapshot.vehicles.as_dict().values(), strict=True)),
                "File": photo.file,
            }
        )
    return pd.DataFrame(rows)


@st.dialog("Snapshot", width="large", on_dismiss="rerun")
@explained()
def open_snapshot(snapshot: Snapshot) -> None:
    with_boxes = st.toggle("Show the boxes", True)
    with context.open_store() as store:
        parts.show_photo(store, snapshot, with_boxes=with_boxes)
        parts.occupancy_numbers(context.exporter(store).occupancy(snapshot))
        place = parts.place(store, snapshot)
    parts.vehicle_counts(snapshot.vehicles)
    parts.doubts(snapshot)
    photo, detector = snapshot.photo, snapshot.detector
    st.caption(
        f"{parts.when(photo.captured_at)} ({parts.TIME_FROM[photo.time_source]}) · "
        f"{place} · {parts.plain(photo.file)}"
    )
    st.caption(
        f"{photo.width} × {photo.height} pixels · {parts.plain(detector.model)} version"
        f" {detector.version}, confidence from {detector.confidence:g}, analysis size"
        f" {detector.imgsz} · {snapshot.milliseconds:.0f} ms"
    )


with context.open_store() as store:
    which = choose(store)
    total = store.count(which)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{total:,}** {'snapshot' if total == 1 else 'snapshots'}", width="content")
        exporter = context.exporter(store)

        def as_csv() -> str:
            with context.open_store() as own:
                return exporter.csv(own.snapshots(which, newest_first=False))

        st.download_button(
            "Download as CSV", as_csv, "parkcore-history.csv", "text/csv",
            icon=":material/download:", on_click="ignore", disabled=not total,
        )  # fmt: skip
        pages = max(1, -(-total // PAGE))
        page = st.number_input("Page", 1, pages, 1, width=120) if pages > 1 else 1
    if not total:
        st.info("No snapshot matches.", icon=":material/filter_alt_off:")
        st.stop()
    snapshots = store.snapshots(which, limit=PAGE, offset=PAGE * (page - 1))
    st.session_state.setdefault("opened", 0)
    selection = st.dataframe(
        table(store, snapshots),
        key=f"history-{page}-{st.session_state.opened}",
        hide_index=True,
        row_height=64,
        height=min(720, 38 + 64 * len(snapshots)),
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Photo": st.column_config.ImageColumn(width=90),
            **{name: st.column_config.NumberColumn(width=50) for name in TYPES},
            "Occupancy": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100
            ),
        },
    )
    st.caption("Select a row to see its photo large.")
    if selection.selection.rows:
        st.session_state.opened += 1  # so that closing it does not open it again
        open_snapshot(store.snapshot(snapshots[selection.selection.rows[0]].id))
