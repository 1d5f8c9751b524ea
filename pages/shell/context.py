"""What the pages work with, made once per process, and the history, opened per run."""

from collections.abc import Sequence

import streamlit as st

from parkcore import settings as settings_module
from parkcore import wiring
from parkcore.domain import Detection, Lot, Snapshot
from parkcore.drawing import annotate
from parkcore.errors import UnreadablePhoto
from parkcore.export import Exporter
from parkcore.images import decode, jpeg
from parkcore.ingest import Analyser, content_id
from parkcore.intake import Received, receive
from parkcore.job import ScanJob
from parkcore.settings import Settings
from parkcore.storage import Storage
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


@st.cache_resource(show_spinner=False)
def analyser() -> Analyser:
    return wiring.make_analyser(settings())


@st.cache_resource(show_spinner=False)
def scan_job() -> ScanJob:
    """The one scan of this process: every tab starts, sees and cancels the same."""
    return ScanJob(open_store, analyser(), storage())


def take_photo(data: bytes, name: str, lot: Lot, camera_id: str, store: Store) -> Received:
    """Bytes that were handed in: refused, known already, or kept in the storage folder."""
    return receive(
        data,
        name,
        lot=lot,
        camera_id=camera_id,
        analyser=analyser(),
        storage=storage(),
        store=store,
    )


def exporter(store: Store) -> Exporter:
    return Exporter(store.capacities(), settings().thresholds, settings().zone)


def photo_jpeg(snapshot: Snapshot, *, with_boxes: bool) -> bytes | None:
    """A snapshot's photo for the screen; None where its file is gone, changed or unreadable."""
    try:
        data = storage().path(snapshot.photo.file).read_bytes()
        if content_id(data) != snapshot.photo.sha256:  # a recorder that rewrites its files
            return None
        boxes = snapshot.detections or () if with_boxes else ()
        return _drawn(snapshot.photo.sha256, with_boxes, data, boxes)
    except (OSError, UnreadablePhoto):
        return None


@st.cache_data(show_spinner=False, max_entries=200)
def _drawn(sha256: str, with_boxes: bool, _data: bytes, _boxes: Sequence[Detection]) -> bytes:
    image = decode(_data, max_megapixels=settings().max_megapixels).image
    return jpeg(annotate(image, _boxes) if with_boxes else image, max_side=1280)
