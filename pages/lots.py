from pages.shell.navigation import enter

enter()

from dataclasses import replace
from datetime import datetime, time

import streamlit as st

from pages.shell import context, parts, told
from parkcore.domain import Camera, Lot
from parkcore.store import Store

# An emptied field would go back to the number that it had.
UNKNOWN = "0 where it is not known."

st.title("Lots")
st.caption(
    "A lot's id is its folder below the storage folder. Its capacity is the number of spaces that"
    " its photos show."
)


def edit(store: Store, lot: Lot) -> None:
    cameras = store.cameras(lot.id)
    with st.form(f"lot-{lot.id}", border=True):
        parts.heading(lot.name, is_sample=lot.is_sample)
        left, right = st.columns([3, 1])
        name = left.text_input("Name", lot.name, max_chars=80)
        capacity = right.number_input(
            "Capacity (spaces)", 0, 1_000_000, lot.capacity, placeholder="not known", help=UNKNOWN
        )
        own: dict[str, int | None] = {}
        if len(cameras) > 1:
            st.markdown("**Spaces that each camera sees**")
            for camera in cameras:
                own[camera.id] = st.number_input(
                    parts.plain(camera.id), 0, 1_000_000, camera.capacity,
                    placeholder="not known", help=UNKNOWN,
                )  # fmt: skip
        elif cameras:
            st.caption(f"Camera: {parts.plain(cameras[0].id)}")
        else:
            st.caption(f"No photo yet. They belong into `{context.storage().root / lot.id}`.")
        since = capacity_since(lot.id)
        if st.form_submit_button("Save", icon=":material/save:"):
            changed = replace(lot, name=name.strip() or lot.id, capacity=capacity or None)
            store.change_lot(changed, capacity_since=since)
            for camera_id, spaces in own.items():
                store.save_camera(Camera(lot.id, camera_id, spaces or None), capacity_since=since)
            told.keep("saved", name)
            st.rerun()


def capacity_since(lot_id: str) -> datetime | None:
    """From when on a changed capacity holds; None where it always did."""
    zone = context.settings().zone
    with st.expander("When a capacity changed"):
        st.caption("Rates from before a change keep the capacity of their time.")
        changed = st.radio(
            "The new capacity", ["was always right", "holds from this day on"],
            key=f"since-{lot_id}", horizontal=True,
        )  # fmt: skip
        day = st.date_input("Day of the change", "today", key=f"day-{lot_id}", format="YYYY-MM-DD")
    return datetime.combine(day, time(), zone) if changed.startswith("holds") else None


def add(store: Store) -> None:
    with st.form("new-lot", border=True, clear_on_submit=True):
        parts.heading("Add a lot")
        left, right = st.columns([3, 1])
        name = left.text_input("Name of the lot", max_chars=80, placeholder="North car park")
        capacity = right.number_input(
            "Its capacity (spaces)", 1, 1_000_000, None, placeholder="not known"
        )
        if not st.form_submit_button("Add", type="primary", icon=":material/add:"):
            return
    try:
        added = store.ensure_lot(Lot(name.strip(), name.strip(), capacity))
    except ValueError as error:
        st.error(parts.plain(str(error)), icon=":material/error:")
        return
    if not added:
        st.error(f"There is a lot “{parts.plain(name)}” already.", icon=":material/error:")
        return
    st.rerun()


if saved := told.once("saved"):
    st.toast(f"{parts.plain(saved)} saved", icon=":material/check:")
with context.open_store() as store:
    for each in store.lots():
        edit(store, each)
    add(store)
