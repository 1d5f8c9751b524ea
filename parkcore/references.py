"""The photo that a layout is drawn on: the newest one of its camera that can still be read."""

from __future__ import annotations

from parkcore.errors import UnreadablePhoto
from parkcore.filters import HistoryFilter
from parkcore.images import decode, jpeg
from parkcore.ingest import content_id
from parkcore.storage import Storage
from parkcore.store import Store

TRIED = 5
MOST_PIXELS_A_SIDE = 1920


def newest_jpeg(store: Store, storage: Storage, lot_id: str, camera_id: str) -> bytes | None:
    """A camera's newest photo as JPEG, made smaller where it is large; None where there is none."""
    which = HistoryFilter(lot_id=lot_id, camera_id=camera_id)
    for snapshot in store.snapshots(which, limit=TRIED):
        try:
            data = storage.path(snapshot.photo.file).read_bytes()
            if content_id(data) == snapshot.photo.sha256:
                image = decode(data, max_megapixels=500).image
                return jpeg(image, max_side=MOST_PIXELS_A_SIDE)
        except (OSError, UnreadablePhoto):
            continue
    return None
