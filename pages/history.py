from pages.shell.navigation import enter

enter()

import streamlit as st

from pages.shell import context, history_days, snapshot_table
from pages.shell.choosing import lot_names
from pages.shell.history_address import arrive, back_to_first, key, leave, put, view
from parkcore.domain import LABELS
from parkcore.history.history_view import HistoryView
from parkcore.store import Store

SHOWN = {"days": ":material/calendar_month: Days", "table": ":material/table_rows: Table"}
ONLY = {"corrected": "Corrected", "deleted": "Deleted"}


def choose_place(store: Store) -> None:
    """Which lot and camera; days are those of one lot."""
    names = lot_names(store.lots())
    is_days = view().show == "days"
    if view().lot not in names:
        put(lot=next(iter(names), None) if is_days else None)
    first, second, third = st.columns([2, 2, 3], vertical_alignment="bottom")
    with third:
        st.segmented_control(
            "Show", list(SHOWN), format_func=SHOWN.get, key=key("show"), required=True,
            label_visibility="collapsed", on_change=back_to_first,
        )  # fmt: skip
    first.selectbox(
        "Lot", list(names), None, format_func=lambda each: names.get(each, each), key=key("lot"),
        placeholder="All lots", on_change=back_to_first,
    )  # fmt: skip
    cameras = sorted({camera.id for camera in store.cameras(view().lot)})
    if view().camera not in cameras:
        put(camera=None)
    second.selectbox(
        "Camera", cameras, None, placeholder="All cameras", key=key("camera"),
        on_change=back_to_first,
    )  # fmt: skip


def choose_snapshots() -> None:
    """What only the table can be narrowed down by."""
    with st.container(horizontal=True):
        for name, label in (("since", "From"), ("until", "To")):
            st.date_input(
                label, None, key=key(name), format="YYYY-MM-DD", width=140,
                on_change=back_to_first,
            )  # fmt: skip
        st.selectbox(
            "Type", LABELS, None, placeholder="Any vehicle", key=key("type"), width=140,
            on_change=back_to_first,
        )  # fmt: skip
        st.selectbox(
            "Only", list(ONLY), None, format_func=ONLY.get, placeholder="All", key=key("only"),
            width=140, on_change=back_to_first,
        )  # fmt: skip
        st.text_input(
            "File name", key=key("text"), placeholder="contains …", on_change=back_to_first
        )


def show(store: Store, chosen: HistoryView) -> None:
    if chosen.show == "days":
        history_days.show(store, chosen)
        return
    choose_snapshots()
    snapshot_table.show(store, view())


st.title("History")
arrive()
with context.open_store() as store:
    if not store.lots():
        st.info("There are no photos yet.", icon=":material/add_a_photo:")
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
        st.stop()
    choose_place(store)
    show(store, view())
leave(view())
