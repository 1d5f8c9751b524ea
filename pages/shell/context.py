"""What the pages work with, made once per process, and the history, opened per run."""

import streamlit as st

from parkcore import settings as settings_module
from parkcore import wiring
from parkcore.drawing import annotate
from parkcore.export import Exporter
from parkcore.folder import Storage
from parkcore.images import decode, jpeg
from parkcore.ingest import Analyser
from parkcore.job import ScanJob
from parkcore.settings import Settings
from parkcore.store import Store


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    return settings_module.load()


def open_store() -> Store:
    """The history. SQLite connections do not cross threads, so every run opens its own."""
    return wiring.open_store(settings())


@st.cache_resource(show_spinner=False)
def storage() -> Storage:
    return wiring.open_storage(settings())


@st.cache_resource(show_spinner="Looking for the model …")
def analyser() -> Analyser:
    return wiring.make_analyser(settings())


@st.cache_resource(show_spinner=False)
def scan_job() -> ScanJob:
    """The one scan of this process: every tab starts, sees and cancels the same."""
    return ScanJob(open_store, analyser(), storage())


def exporter(store: Store) -> Exporter:
    return Exporter(store.capacities(), settings().thresholds, settings().zone)


@st.cache_data(show_spinner=False, max_entries=200)
def photo_jpeg(snapshot_id: int, *, with_boxes: bool, max_side: int = 1280) -> bytes | None:
    """A snapshot's photo for the screen; None where its file is gone from the disk."""
    with open_store() as store:
        snapshot = store.snapshot(snapshot_id)
    try:
        data = storage().path(snapshot.photo.file).read_bytes()
    except OSError:
        return None
    image = decode(data, max_megapixels=settings().max_megapixels).image
    return jpeg(annotate(image, snapshot.detections) if with_boxes else image, max_side=max_side)
