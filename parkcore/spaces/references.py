"""The photo that a layout is drawn on: the newest one of its camera that can still be read."""

from __future__ import annotations

from parkcore.domain import Image, Snapshot
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode, reference_jpeg
from parkcore.ingest import content_id
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import Store

TRIED = 5


def newest_photo(
    store: Store, storage: Storage, lot_id: str, camera_id: str
) -> tuple[Snapshot, Image] | None:
    """A camera's newest photo that is still there; None where there is none."""
    which = HistoryFilter(lot_id=lot_id, camera_id=camera_id)
    for snapshot in store.snapshots(which, limit=TRIED):
        try:
            data = storage.path(snapshot.photo.file).read_bytes()
            if content_id(data) == snapshot.photo.sha256:
                return snapshot, decode(data, max_megapixels=500).image
        except (OSError, UnreadablePhoto):
            continue
    return None


def newest_jpeg(store: Store, storage: Storage, lot_id: str, camera_id: str) -> bytes | None:
    """The same as JPEG, made smaller where it is large."""
    found = newest_photo(store, storage, lot_id, camera_id)
    return reference_jpeg(found[1]) if found else None
