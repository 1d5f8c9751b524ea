"""Photos that come from outside the storage folder: checked at the door, then kept in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parkcore.capture_time import capture_time, time_in_name
from parkcore.domain import Lot, Snapshot
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode
from parkcore.ingest import Analyser, Source, content_id, refusal
from parkcore.names import folder_name
from parkcore.storage import Storage
from parkcore.store import Store


@dataclass(frozen=True, slots=True)
class Received:
    """What became of bytes that were handed in: refused, known already, or kept."""

    name: str
    sha256: str
    reason: str | None = None
    """Why they were refused; None where they are a photo."""
    known: Snapshot | None = None
    source: Source | None = None
    """Where the photo is kept now, to be analysed next."""
    repeated: bool = False
    """Handed in twice at once."""


def receive(
    data: bytes,
    name: str,
    *,
    lot: Lot,
    camera_id: str,
    analyser: Analyser,
    storage: Storage,
    store: Store,
) -> Received:
    """Check bytes that were handed in, and put a new photo into the storage folder.

    From then on nothing can be lost: a scan finds what was not analysed at once. What is not a
    photo is recorded as a failure and not kept.

    Raises:
        FolderError: the storage folder cannot be written.
        StoreError: the history cannot be read or written.
    """
    sha256 = content_id(data)
    known = store.known(sha256)
    if known is not None:
        return Received(name, sha256, known=known)
    unique = f"{name} (upload {sha256[:8]})"
    refused = Source(Path(name), unique, lot, camera_id)
    try:
        decoded = decode(data, max_megapixels=analyser.max_megapixels)
    except UnreadablePhoto as error:
        failure = refusal(refused, str(error), analyser.now(), in_storage=False)
        store.record_failure(failure)
        return Received(name, sha256, reason=str(error))
    taken = capture_time(
        exif=decoded.taken_at, path=name, mtime=None, now=analyser.now(), zone=analyser.zone
    )
    stem, kept_as = name.rpartition(".")[0] or name, name
    if taken.source == "filename" and time_in_name(folder_name(stem), analyser.zone) != taken.at:
        # What of the name can name a file would say another time.
        kept_as = f"{taken.at:%Y%m%dT%H%M%S.%f}Z_{name}"
    source = storage.add(
        data,
        kept_as,
        lot=lot,
        camera_id=camera_id,
        at=taken.at.astimezone(analyser.zone),
        sha256=sha256,
    )
    return Received(name, sha256, source=source)
