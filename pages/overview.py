from pages.shell.navigation import enter, explained

enter()

from datetime import timedelta

import streamlit as st

from pages.shell import context, parts, spaces
from parkcore import charts, health, stats
from parkcore.domain import Lot, Snapshot
from parkcore.filters import HistoryFilter
from parkcore.health import Health
from parkcore.occupancy import View, lot_occupancy
from parkcore.samples import remove_samples
from parkcore.store import Store

SHOWN = 3


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
        if marked := spaces.views(store, lot):
            spaces.numbers(marked)
        else:
            parts.occupancy_numbers(occupancy)
        parts.vehicle_counts(occupancy.vehicles)
        for each in snapshots:
            is_counted = views[each.id] in current
            show_age(each, named=len(snapshots) > 1, is_counted=is_counted)
        for each in snapshots:
            parts.show_photo(store, each, with_boxes=True)
        for view in marked:
            with st.expander(f"Map of the spaces of {parts.plain(view.camera_id)}"):
                spaces.space_map(view)
        last_day(store, lot, snapshots[0])
        if occupancy.capacity is None:
            parts.invite_capacity()


def show_problems(doing: Health) -> None:
    """What needs to be seen to; the rest is on the page Health."""
    for problem in doing.problems[:SHOWN]:
        st.error(parts.plain(problem), icon=":material/error:")
    if doing.problems:
        more = len(doing.problems) - SHOWN
        label = f"{more} more on the page Health" if more > 0 else "More on the page Health"
        st.page_link("pages/health.py", label=label, icon=":material/monitor_heart:")


def show_waiting(doing: Health) -> int:
    """How many photos the watcher still has before it, which is said."""
    waiting = sum(p.state.queue for p in doing.parts if p.name == "watcher" and p.level == "ok")
    if waiting:
        photos = "1 photo is" if waiting == 1 else f"{waiting:,} photos are"
        st.info(f"{photos} waiting to be analysed.", icon=":material/hourglass_top:")
    return waiting


st.title("How full is it?")


@st.fragment(run_every="10s")
@explained()
def now() -> None:
    with context.open_store() as store:
        doing = health.examine(store, context.settings())
        show_problems(doing)
        waiting = show_waiting(doing)
        lots = store.lots()
        for row in range(0, len(lots), 2):
            for column, lot in zip(st.columns(2, gap="medium"), lots[row : row + 2], strict=False):
                with column:
                    show_lot(store, lot)
    if not lots and not waiting:
        st.info(
            "There are no photos yet. Upload some, add an IP camera, or put photos into the"
            f" storage folder as `{context.settings().storage}/LOT/CAMERA/photo.jpg`.",
            icon=":material/add_a_photo:",
        )
        with st.container(horizontal=True):
            st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
            st.page_link("pages/scan.py", label="Scan the folder", icon=":material/folder_open:")
            st.page_link("pages/camera.py", label="Add a camera", icon=":material/videocam:")
    elif any(lot.is_sample for lot in lots):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The sample lots are rendered, to show how Parkcore works.", width="content")
            if st.button("Remove samples", type="tertiary", icon=":material/delete:"):
                confirm_removal()


now()
