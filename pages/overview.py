from pages.shell.navigation import enter, explained

enter()

from datetime import timedelta

import streamlit as st

from pages.shell import context, parts, spaces
from pages.shell.movement import say_realigned
from parkcore.domain import Lot, Snapshot
from parkcore.history import charts, stats
from parkcore.samples import remove_samples
from parkcore.service import health
from parkcore.service.health import Health
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
    zone, until = context.settings().zone, latest.photo.captured_at
    since = until - timedelta(days=1)
    hours = stats.hours_frame(store.hours([lot.id], since, until))
    if hours["photos"].sum() > 1:
        within = stats.site_hours(hours["at"].iloc[0], until, zone)
        st.caption("The 24 hours up to then")
        chart = charts.sparkline(stats.by_period(hours, zone, "hour", within=within))
        st.altair_chart(chart, width="stretch")


def show_lot(store: Store, lot: Lot) -> None:
    now = spaces.read(store, lot)
    with st.container(border=True):
        parts.heading(lot.name, is_sample=lot.is_sample)
        if now is None:
            st.caption("No photo yet.")
            return
        spaces.numbers(now)
        spaces.ages(now)
        columns = st.columns(min(2, len(now.cameras)))
        for number, camera in enumerate(now.cameras):
            with columns[number % 2]:
                states = spaces.states_for(now, camera)
                parts.show_photo(store, camera.snapshot, with_boxes=True, states=states)
        last_day(store, lot, now.cameras[0].snapshot)
        label = "Which spaces are free" if now.marked else "More of this lot"
        st.page_link(
            "pages/lot.py", label=label, icon=":material/map:", query_params={"lot": lot.id}
        )
        if now.state.capacity is None:
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
say_realigned()


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
