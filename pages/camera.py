from pages.shell.navigation import enter

enter()

import streamlit as st

from pages.shell import context, parts
from parkcore.domain import Occupancy
from parkcore.errors import UnreadablePhoto
from parkcore.ingest import Source, content_id
from parkcore.intake import receive

st.title("Camera snapshot")
st.caption("Take a photo with this device's camera. Browsers allow it on https and on localhost.")

with context.open_store() as store:
    lot, camera_id = parts.choose_place(store, "camera")
    st.session_state.setdefault("shot", 0)
    photo = st.camera_input("Take a photo of the car park", key=f"shot{st.session_state.shot}")
    if photo is None:
        st.stop()
    data = photo.getvalue()
    source = Source(context.storage().root / photo.name, photo.name, lot, camera_id, True)
    kept = store.known(content_id(data))
    if kept is not None:
        parts.snapshot_card(store, kept, "Kept in the history")
        st.stop()
    try:
        with st.spinner("Counting vehicles; the first time the model is loaded …", show_time=True):
            analysis = context.analyser().analyse(data, source)
    except UnreadablePhoto as error:
        st.error(str(error), icon=":material/broken_image:")
        st.stop()
    with st.container(border=True):
        picture, numbers = st.columns([3, 2], gap="medium")
        with picture:
            parts.fresh_photo(analysis.image, analysis.snapshot.detections)
        with numbers:
            parts.occupancy_numbers(Occupancy(analysis.snapshot.vehicles, lot.capacity))
            parts.vehicle_counts(analysis.snapshot.vehicles)
            keep = st.button("Keep this photo", type="primary", icon=":material/save:")
            st.caption("Not kept yet. “Clear photo” above takes another one.")
    if keep:
        got = receive(
            data,
            photo.name,
            lot=lot,
            camera_id=camera_id,
            analyser=context.analyser(),
            storage=context.storage(),
            store=store,
        )
        if got.source is not None:
            context.analyser().ingest(got.source, store)
        st.rerun()
