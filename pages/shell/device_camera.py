"""A photo by the camera of the device that shows the page."""

from pathlib import Path

import streamlit as st

from pages.shell import context, parts
from pages.shell.place import choose_place
from parkcore.domain import Lot
from parkcore.errors import UnreadablePhoto
from parkcore.ingest import Analysis, Source, content_id
from parkcore.store import Store


@st.cache_data(show_spinner=False, max_entries=4)
def look(sha256: str, _data: bytes, _source: Source) -> Analysis:
    """One look at a shot, however often the page runs."""
    return context.analyser().analyse(_data, _source)


def show() -> None:
    st.caption("Take a photo with this device's camera. Browsers allow it on https and localhost.")
    with context.open_store() as store:
        place = choose_place(store, "camera")
        result = st.container()
        photo = st.camera_input("Take a photo of the car park")
        if photo is None or place is None:
            return
        lot, camera_id = place
        data = photo.getvalue()
        known = store.known(content_id(data))
        with result:
            if known is not None:
                parts.snapshot_card(store, known, "Kept in the history")
            elif offer(store, data, photo.name, lot, camera_id):
                got = context.take_photo(data, photo.name, lot, camera_id, store)
                if got.source is not None:
                    context.analyser().ingest(got.source, store)
                st.rerun()


def offer(store: Store, data: bytes, name: str, lot: Lot, camera_id: str) -> bool:
    """Show what is on a shot; whether it is to be kept."""
    source = Source(Path(name), name, lot, camera_id, arrived_just_now=True)
    try:
        with st.spinner("Counting; the first time the model is loaded …", show_time=True):
            analysis = look(content_id(data), data, source)
    except UnreadablePhoto as error:
        st.error(parts.plain(str(error)), icon=":material/broken_image:")
        return False
    picture, numbers = st.columns([3, 2], gap="medium")
    with picture:
        parts.fresh_photo(analysis.image, analysis.snapshot.detections)
    with numbers:
        parts.occupancy_numbers(context.exporter(store, lot).occupancy(analysis.snapshot))
        parts.vehicle_counts(analysis.snapshot.vehicles)
        keep = st.button("Keep this photo", type="primary", icon=":material/save:")
        st.caption("Not kept yet. “Clear photo” below takes another one.")
    return keep
