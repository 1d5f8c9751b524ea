"""The rendered sample lots: there to be looked at first, and easy to be rid of."""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from pathlib import Path

from parkcore.domain import Lot
from parkcore.errors import FolderError
from parkcore.folder import find_photos
from parkcore.ingest import content_id
from parkcore.spaces.layout import Layout
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import LAYOUT_FILE, LOT_FILE, Storage
from parkcore.store import Store


def remove_samples(store: Store, storage: Storage) -> int:
    """Delete the sample photos and their snapshots; the number of snapshots that went.

    Only what Parkcore brought goes. A sample lot to which photos or IP cameras of the user's own
    were added stays, with these, as a lot like any other.

    Raises:
        FolderError: a sample cannot be deleted.
    """
    if not storage.root.is_dir():
        raise FolderError(
            f"the storage folder {storage.root} is not there; mount it, or set PARKCORE_STORAGE"
        )
    before = store.count()
    flagged = {lot.id for lot in store.lots() if lot.is_sample}
    described = {file.parent.name for file in storage.root.glob(f"*/{LOT_FILE}")}
    for lot_id in sorted(flagged | described):
        folder = storage.root / lot_id
        was_there = folder.exists()
        try:
            samples = _sample_files(folder / LOT_FILE)
            _delete_files(folder, samples)
        except (OSError, ValueError) as error:
            if lot_id not in flagged:
                continue  # a lot of the user's with a faulty description
            raise FolderError(
                f"the samples in {folder} cannot be deleted: {folder / LOT_FILE}: {error}"
            ) from error
        if lot_id in flagged:
            gone = samples if was_there else _without_file(store, storage, lot_id)
            _forget(store, store.lot(lot_id), gone)
    return before - store.count()


def _without_file(store: Store, storage: Storage, lot_id: str) -> list[str]:
    """The photos of a lot whose folder was deleted by hand, with whatever was in it."""
    return [
        snapshot.photo.sha256
        for snapshot in store.snapshots(HistoryFilter(lot_id=lot_id))
        if not storage.path(snapshot.photo.file).exists()
    ]


def _forget(store: Store, lot: Lot, samples: list[str]) -> None:
    store.delete_snapshots(samples)
    asked = {camera.lot_id for camera in store.ip_cameras()}
    asked |= {lot_id for lot_id, _ in store.unusable_ip_cameras()}
    if lot.id in asked or store.count(HistoryFilter(lot_id=lot.id)):
        store.change_lot(Lot(lot.id, lot.name, lot.capacity))
        _take_spaces_away(store, lot)
    else:
        store.delete_lot(lot.id)


def _take_spaces_away(store: Store, lot: Lot) -> None:
    """Of cameras that are left without a photo, unless the user has marked them anew."""
    for camera in store.cameras(lot.id):
        layout = store.layout(lot.id, camera.id)
        is_ours = layout is not None and layout.version == 1
        if is_ours and not store.count(HistoryFilter(lot.id, camera.id)):
            store.save_layout(lot.id, camera.id, Layout(()), None, based_on=1)


def _sample_files(file: Path) -> list[str]:
    """The SHA-256 of each photo that Parkcore brought, and of the spaces beside them."""
    if not file.is_file():
        return []
    described = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    return [*described.get("sample_photos", []), *described.get("sample_spaces", [])]


def _delete_files(folder: Path, samples: list[str]) -> None:
    if not folder.is_dir():
        return
    if not samples:
        return
    for photo in list(find_photos(folder)):
        if content_id(photo.read_bytes()) in samples:
            photo.unlink()
    for spaces in list(folder.glob(f"*/{LAYOUT_FILE}")):
        if not any(find_photos(spaces.parent)) and content_id(spaces.read_bytes()) in samples:
            spaces.unlink()
    if not any(find_photos(folder)):
        (folder / LOT_FILE).unlink(missing_ok=True)
        for here, _, _ in os.walk(folder, topdown=False):
            with suppress(OSError):  # something of the user's is in it
                Path(here).rmdir()
