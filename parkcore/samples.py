"""The rendered sample lots: there to be looked at first, and easy to be rid of."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from parkcore.domain import Lot
from parkcore.errors import FolderError
from parkcore.folder import LOT_FILE, Storage, find_photos
from parkcore.ingest import content_id
from parkcore.store import HistoryFilter, Store


def remove_samples(store: Store, storage: Storage) -> int:
    """Delete the sample photos and their snapshots; the number of snapshots that went.

    Only what Parkcore brought goes. A sample lot to which photos of the user's own were added
    stays, with these, as a lot like any other.

    Raises:
        FolderError: a sample cannot be deleted.
    """
    before = store.count()
    for lot in [lot for lot in store.lots() if lot.is_sample]:
        folder = storage.root / lot.id
        samples = _sample_photos(folder / LOT_FILE)
        try:
            _delete_files(folder, samples)
        except OSError as error:
            raise FolderError(f"the samples in {folder} cannot be deleted: {error}") from error
        store.delete_snapshots(samples)
        if store.count(HistoryFilter(lot_id=lot.id)):
            store.change_lot(Lot(lot.id, lot.name, lot.capacity))
        else:
            store.delete_lot(lot.id)
    return before - store.count()


def _sample_photos(file: Path) -> list[str]:
    return list(tomllib.loads(file.read_text())["sample_photos"]) if file.is_file() else []


def _delete_files(folder: Path, samples: list[str]) -> None:
    if not folder.is_dir():
        return
    for photo in list(find_photos(folder)):
        if content_id(photo.read_bytes()) in samples:
            photo.unlink()
    if not any(find_photos(folder)):
        shutil.rmtree(folder)
