"""Photos for the screen. Apart from `context`, as what is cached here needs a running app."""

from collections.abc import Sequence

import streamlit as st

from pages.shell import context
from parkcore.domain import Detection, Snapshot
from parkcore.drawing import annotate, draw_spaces
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode, jpeg
from parkcore.ingest import content_id
from parkcore.judgement import Judged
from parkcore.layout import Layout


def photo_jpeg(
    snapshot: Snapshot, *, with_boxes: bool, judged: Judged | None, layout: Layout | None
) -> bytes | None:
    """A snapshot's photo for the screen; None where its file is gone, changed or unreadable.

    With the boxes of its vehicles, or where its spaces were judged, with these in green, red and
    grey and the boxes of those vehicles only that stand in none.
    """
    try:
        data = context.storage().path(snapshot.photo.file).read_bytes()
        if content_id(data) != snapshot.photo.sha256:  # a recorder that rewrites its files
            return None
    except OSError:
        return None
    boxes = snapshot.detections or () if with_boxes else ()
    marked = (layout, judged) if with_boxes and judged and layout else None
    if marked:
        boxes = [boxes[n] for n in judged.judgement.outside if n < len(boxes)]
    try:
        key = layout.id if marked else 0
        return _drawn(snapshot.photo.sha256, with_boxes, key, data, boxes, marked)
    except UnreadablePhoto:
        return None


@st.cache_data(show_spinner=False, max_entries=200)
def _drawn(
    sha256: str,
    with_boxes: bool,
    layout_id: int,
    _data: bytes,
    _boxes: Sequence[Detection],
    _marked: tuple[Layout, Judged] | None,
) -> bytes:
    image = decode(_data, max_megapixels=context.settings().max_megapixels).image
    if _marked:
        image = draw_spaces(image, *_marked)
    return jpeg(annotate(image, _boxes) if with_boxes else image, max_side=1280)
