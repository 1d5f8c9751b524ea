from pages.shell.navigation import enter, explained

enter()

from datetime import timedelta

import streamlit as st

from pages.shell import context, parts
from parkcore import charts, stats
from parkcore.domain import Lot, Snapshot
from parkcore.filters import HistoryFilter
from parkcore.occupancy import View, lot_occupancy
from parkcore.samples import remove_samples
from parkcore.store import Store


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


def last_day(store: Store, lot: Lot, latest: Snapshot) -> None:
    until = latest.photo.captured_at + timedelta(seconds=1)
    which = HistoryFilter(lot_id=lot.id, since=until - timedelta(days=1), until=until)
    capacities = store.lot_capacities()
    frame = stats.occupancy_over_time(stats.counts_frame(store.counts(which)), capacities)
    if frame["vehicles"].count() > 1:
        st.caption("The 24 hours up to then")
        chart = charts.sparkline(frame, capacities[lot.id], context.settings().zone)
        st.altair_chart(chart, width="stretch")


def show_age(snapshot: Snapshot, *, named: bool, is_counted: bool) -> None:
    at = snapshot.photo.captured_at
    camera = f"{parts.plain(snapshot.photo.camera_id)}: " if named else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{camera}{parts.ago(at)} · {parts.when(at)}", width="content")
        if parts.is_stale(at):
            st.badge("stale", icon=":material/schedule:", color="red")
        if not is_counted:
            st.badge("not counted: seen too long before", color="gray")


def show_lot(store: Store, lot: Lot) -> None:
    snapshots = store.latest(lot.id)
    with st.container(border=True):
        parts.heading(lot.name, is_sample=lot.is_sample)
        if not snapshots:
            st.caption("No photo yet.")
            return
        own = {camera.id: camera.capacity for camera in store.cameras(lot.id)}
        views = {
            each.id: View(each.vehicles, own[each.photo.camera_id], each.photo.captured_at)
            for each in snapshots
        }
        valid = timedelta(minutes=context.settings().stale_minutes)
        occupancy, current = lot_occupancy(lot.capacity, list(views.values()), valid=valid)
        parts.occupancy_numbers(occupancy)
        parts.vehicle_counts(occupancy.vehicles)
        for each in snapshots:
            is_counted = views[each.id] in current
            show_age(each, named=len(snapshots) > 1, is_counted=is_counted)
        for each in snapshots:
            parts.show_photo(store, each, with_boxes=True)
        last_day(store, lot, snapshots[0])
        if occupancy.capacity is None:
            parts.invite_capacity()


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
