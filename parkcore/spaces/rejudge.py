"""Photos that are recorded already, judged by the layout that their camera has now."""

from __future__ import annotations

from collections.abc import Iterator

from parkcore.domain import Snapshot
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode
from parkcore.ingest import Analyser, Analysis, content_id
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import Store


def judge_again(
    store: Store,
    storage: Storage,
    analyser: Analyser,
    lot_id: str,
    camera_id: str,
    *,
    limit: int | None = None,
) -> Iterator[tuple[Snapshot, bool]]:
    """Judge a camera's photos, oldest first, from what was seen on them; nothing is detected anew.

    Args:
        limit: only so many, the newest.

    Yields:
        Each snapshot, and whether its photo is still there to be judged.
    """
    which = HistoryFilter(lot_id=lot_id, camera_id=camera_id)
    for listed in reversed(store.snapshots(which, limit=limit)):
        snapshot = store.snapshot(listed.id) if listed.id is not None else None
        if snapshot is None or snapshot.id is None:
            continue
        try:
            data = storage.path(snapshot.photo.file).read_bytes()
            if content_id(data) != snapshot.photo.sha256:
                raise FileNotFoundError(snapshot.photo.file)
            image = decode(data, max_megapixels=analyser.max_megapixels).image
        except (OSError, UnreadablePhoto):
            yield snapshot, False
            continue
        judged = analyser.judged(Analysis(snapshot, image), store)
        if judged is not None:
            store.save_judged(snapshot.id, judged)
        yield snapshot, judged is not None
