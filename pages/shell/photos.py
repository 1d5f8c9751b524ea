"""Photos for the screen. Apart from `context`, as what is cached here needs a running app."""

from collections.abc import Sequence

import streamlit as st

from pages.shell import context
from parkcore.domain import Detection, Snapshot
from parkcore.drawing import annotate
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode, jpeg
from parkcore.ingest import content_id


def photo_jpeg(snapshot: Snapshot, *, with_boxes: bool) -> bytes | None:
    """A snapshot's photo for the screen; None where its file is gone, changed or unreadable."""
    try:
        data = context.storage().path(snapshot.photo.file).read_bytes()
        if content_id(data) != snapshot.photo.sha256:  # a recorder that rewrites its files
            return None
        boxes = snapshot.detections or () if with_boxes else ()
        return _drawn(snapshot.photo.sha256, with_boxes, data, boxes)
    except (OSError, UnreadablePhoto):
        return None


@st.cache_data(show_spinner=False, max_entries=200)
def _drawn(sha256: str, with_boxes: bool, _data: bytes, _boxes: Sequence[Detection]) -> bytes:
    image = decode(_data, max_megapixels=context.settings().max_megapixels).image
    return jpeg(annotate(image, _boxes) if with_boxes else image, max_side=1280)
