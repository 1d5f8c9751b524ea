from pages.shell.navigation import enter, explained

enter()

from datetime import timedelta

import streamlit as st

from pages.shell import context, parts
from parkcore import charts, stats
from parkcore.domain import Lot, Snapshot
from parkcore.occupancy import lot_occupancy
from parkcore.samples import remove_samples
from parkcore.store import HistoryFilter, Store


@st.dialog("Remove the samples?")
@explained()
def confirm_removal() -> None:
    st.write("This deletes the rendered sample photos and their history. Your own photos stay.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep them"):
            st.rerun()
        if st.button("Remove", type="primary", key="confirm_removal"):
            with context.open_store() as store:
                remove_samples(store, context.storage())
            st.rerun()


def last_day(store: Store, lot: Lot, latest: Snapshot, capacity: int | None) -> None:
    until = latest.photo.captured_at + timedelta(seconds=1)
    which = HistoryFilter(lot_id=lot.id, since=until - timedelta(days=1), until=until)
    frame = stats.occupancy_over_time(stats.counts_frame(store.counts(which)), {lot.id: capacity})
    if len(frame) > 1:
        st.caption("The 24 hours up to then")
        zone = context.settings().zone
        st.altair_chart(charts.sparkline(frame, capacity, zone), width="stretch")


def show_lot(store: Store, lot: Lot) -> None:
    snapshots = store.latest(lot.id)
    with st.container(border=True):
        parts.heading(lot.name, is_sample=lot.is_sample)
        if not snapshots:
            st.caption("No photo yet.")
            return
        latest = snapshots[0]
        own = {camera.id: camera.capacity for camera in store.cameras(lot.id)}
        views = [(each.vehicles, own[each.photo.camera_id]) for each in snapshots]
        occupancy = lot_occupancy(lot.capacity, views)
        parts.occupancy_numbers(occupancy)
        parts.vehicle_counts(occupancy.vehicles)
        for each in snapshots:
            at, several = each.photo.captured_at, len(snapshots) > 1
            camera = f"{parts.plain(each.photo.camera_id)}: " if several else ""
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(f"{camera}{parts.ago(at)} · {parts.when(at)}", width="content")
                if parts.is_stale(at):
                    st.badge("stale", icon=":material/schedule:", color="red")
        for each in snapshots:
            parts.show_photo(store, each, with_boxes=True)
        last_day(store, lot, latest, occupancy.capacity)
        if occupancy.capacity is None:
            parts.invite_capacity(lot.id)


st.title("How full is it?")


@st.fragment(run_every="30s")
@explained()
def now() -> None:
    with context.open_store() as store:
        lots = store.lots()
        for row in range(0, len(lots), 2):
            for column, lot in zip(st.columns(2, gap="medium"), lots[row : row + 2], strict=False):
                with column:
                    show_lot(store, lot)
    if not lots:
        st.info(
            "There are no photos yet. Upload some, or put them into the storage folder as"
            f" `{context.settings().storage}/LOT/CAMERA/photo.jpg` and scan it.",
            icon=":material/add_a_photo:",
        )
        with st.container(horizontal=True):
            st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
            st.page_link("pages/scan.py", label="Scan the folder", icon=":material/folder_open:")
    elif any(lot.is_sample for lot in lots):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The sample lots are rendered, to show how Parkcore works.", width="content")
            if st.button("Remove samples", type="tertiary", icon=":material/delete:"):
                confirm_removal()


now()
