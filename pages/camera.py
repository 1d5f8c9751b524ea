from pages.shell.navigation import enter

enter()

from pathlib import Path

import streamlit as st

from pages.shell import context, parts
from pages.shell.place import choose_place
from parkcore.domain import Occupancy
from parkcore.errors import UnreadablePhoto
from parkcore.ingest import Analysis, Source, content_id

st.title("Camera snapshot")
st.caption("Take a photo with this device's camera. Browsers allow it on https and on localhost.")


@st.cache_data(show_spinner=False, max_entries=4)
def look(sha256: str, _data: bytes, _source: Source) -> Analysis:
    """One look at a shot, however often the page runs."""
    return context.analyser().analyse(_data, _source)


with context.open_store() as store:
    lot, camera_id = choose_place(store, "camera")
    result = st.container()
    photo = st.camera_input("Take a photo of the car park")
    if photo is None:
        st.stop()
    data = photo.getvalue()
    source = Source(Path(photo.name), photo.name, lot, camera_id, arrived_just_now=True)
    known = store.known(content_id(data))
    with result:
        if known is not None:
            parts.snapshot_card(store, known, "Kept in the history")
            st.stop()
        try:
            with st.spinner("Counting; the first time the model is loaded …", show_time=True):
                analysis = look(content_id(data), data, source)
        except UnreadablePhoto as error:
            st.error(parts.plain(str(error)), icon=":material/broken_image:")
            st.stop()
        picture, numbers = st.columns([3, 2], gap="medium")
        with picture:
            parts.fresh_photo(analysis.image, analysis.snapshot.detections)
        with numbers:
            capacities = store.capacities_with(lot, camera_id)
            occupancy = Occupancy(analysis.snapshot.vehicles, capacities[lot.id, camera_id])
            parts.occupancy_numbers(occupancy)
            parts.vehicle_counts(analysis.snapshot.vehicles)
            keep = st.button("Keep this photo", type="primary", icon=":material/save:")
            st.caption("Not kept yet. “Clear photo” below takes another one.")
    if keep:
        got = context.take_photo(data, photo.name, lot, camera_id, store)
        if got.source is not None:
            context.analyser().ingest(got.source, store)
        st.rerun()
