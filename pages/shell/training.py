"""What people said of photos as training data, from the page."""

import streamlit as st

from pages.shell import context
from parkcore.accuracy.training_export import spoken_of, zip_training
from parkcore.store import Store

MOST_MB = 300


def offer(store: Store) -> None:
    """A download of what was said; of very many photos the command line makes a folder."""
    photos = (snapshot.photo for snapshot in spoken_of(store))
    there = (photo for photo in photos if context.storage().path(photo.file).is_file())
    megabytes = sum(photo.size_bytes for photo in there) / 1e6
    if not megabytes:
        return
    if megabytes > MOST_MB:
        st.caption(f"Training data: {megabytes:,.0f} MB of photos; use `parkcore export-training`.")
        return

    def as_zip() -> bytes:
        with context.open_store() as own:
            return zip_training(own, context.storage(), context.settings().zone)

    st.download_button(
        "Training data", as_zip, "parkcore-training.zip", "application/zip",
        icon=":material/model_training:", on_click="ignore", key="training_data",
        help="The photos that were corrected or asked about, with what is right, as"
        " `parkcore evaluate` reads it.",
    )  # fmt: skip
