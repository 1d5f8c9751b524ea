"""Corrections as training data: the photos that people put right, with what they said.

images/<name>     the photos, as they are
spaces.json       every space of a photo as a polygon, occupied or not, as `evaluate` reads it
counts.csv        the vehicles per type that a person counted
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parkcore.domain import LABELS, Snapshot
from parkcore.errors import OutputError
from parkcore.ingest import content_id
from parkcore.spaces.ground import moved
from parkcore.spaces.layout import Layout
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import Store

CORRECTED = HistoryFilter(corrected=True)
OCCUPIED = {"occupied": 1, "vacant": 0, "unknown": None}


@dataclass(slots=True)
class Exported:
    """What was written."""

    photos: int = 0
    spaces: int = 0
    """Of photos of which a person put right at least one."""
    counts: int = 0
    """Photos whose vehicles a person counted."""
    gone: int = 0
    """Photos that were left out, as their files are not there any more as they were."""
    _spaces: dict[str, Any] = field(default_factory=dict)
    _counts: list[dict[str, Any]] = field(default_factory=list)


def export_corrections(store: Store, storage: Storage, folder: Path) -> Exported:
    """Write what people corrected into a folder that is not there yet, whole or not at all.

    Raises:
        OutputError: there is nothing to write, or it cannot be written there.
    """
    with _whole_folder(folder) as unfinished:
        return _write(store, storage, unfinished)


def zip_corrections(store: Store, storage: Storage) -> bytes:
    """The same as a ZIP file.

    Raises:
        OutputError: there is nothing to write, or no room for it.
    """
    with tempfile.TemporaryDirectory(prefix="parkcore-") as made:
        folder = Path(made) / "corrections"
        export_corrections(store, storage, folder)
        path = Path(made) / "corrections.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, Path("corrections") / file.relative_to(folder))
        return path.read_bytes()


def _write(store: Store, storage: Storage, folder: Path) -> Exported:
    done = Exported()
    (folder / "images").mkdir()
    for snapshot in store.stream(CORRECTED):
        data = _photo(storage, snapshot)
        if data is None:
            done.gone += 1
            continue
        suffix = Path(snapshot.photo.file).suffix.lower()
        name = f"{snapshot.photo.sha256[:16]}{suffix}"
        if _note(store, snapshot, name, done):
            (folder / "images" / name).write_bytes(data)
            done.photos += 1
    if not done.photos:
        left = f" ({done.gone} corrected photos are no longer there)" if done.gone else ""
        raise OutputError(f"there is no correction to export yet{left}")
    _write_labels(folder, done)
    return done


def _photo(storage: Storage, snapshot: Snapshot) -> bytes | None:
    try:
        data = storage.path(snapshot.photo.file).read_bytes()
    except OSError:
        return None
    return data if content_id(data) == snapshot.photo.sha256 else None


def _note(store: Store, snapshot: Snapshot, name: str, done: Exported) -> bool:
    """Take over what was said of a photo; whether anything was that can be used."""
    correction, before = snapshot.correction, (done.spaces, done.counts)
    if correction is None or snapshot.id is None:
        return False
    judged = store.judged(snapshot.id) if correction.spaces else None
    layout = store.layout_by_id(judged.layout_id) if judged else None
    if judged and layout and not judged.is_elsewhere:
        record = _spaces(snapshot, judged, layout)
        done._spaces[name] = record
        done.spaces += len(record["spaces"])
    if correction.vehicles is not None:
        done._counts.append({"photo": name, **correction.vehicles.as_dict()})
        done.counts += 1
    return before != (done.spaces, done.counts)


def _spaces(snapshot: Snapshot, judged: Judged, layout: Layout) -> dict[str, Any]:
    photo, said = snapshot.photo, snapshot.correction
    outlines = {space.id: moved(space.polygon, judged.homography) for space in layout.spaces}
    return {
        "width": photo.width,
        "height": photo.height,
        "lot": photo.lot_id,
        "camera": photo.camera_id,
        "captured_at": photo.captured_at.isoformat(),
        "spaces": [
            {
                "id": space.id,
                "contour": [
                    [round(x * photo.width, 1), round(y * photo.height, 1)]
                    for x, y in outlines[space.id].tolist()
                ],
                "occupied": OCCUPIED[space.state],
                "by": "hand" if said and space.id in said.spaces else "model",
            }
            for space in judged.judgement.spaces
            if space.id in outlines
        ],
    }


def _write_labels(folder: Path, done: Exported) -> None:
    if done._spaces:
        text = json.dumps(done._spaces, indent=1, ensure_ascii=False)
        (folder / "spaces.json").write_text(text, encoding="utf-8")
    if done._counts:
        with (folder / "counts.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, ("photo", *LABELS))
            writer.writeheader()
            writer.writerows(done._counts)


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill beside `folder`, which takes its place where nothing fails."""
    if folder.exists() and not _is_empty(folder):
        raise OutputError(f"{folder} is there already; name a folder that is not, or an empty one")
    unfinished: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".parkcore-", dir=folder.parent))
        yield unfinished
        unfinished.chmod(0o755)
        with suppress(FileNotFoundError):
            folder.rmdir()
        os.rename(unfinished, folder)  # noqa: PTH104 – fails where a folder was put meanwhile
        unfinished = None
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror})") from error
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
