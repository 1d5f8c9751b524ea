"""What people said of photos as a data set: what they put right, and what they were asked.

images/<name>     the photos, as they are
spaces.json       the spaces of a photo as polygons with their types, occupied (1) or free (0)
                  where a person said so, by hand or when asked (`by`: hand, check), else null; as
                  `evaluate` reads it.
                  `asked`: it was drawn by chance and a person could tell. These alone measure:
                  what is put right by hand is what was judged wrongly.
                  `split`: every fifth day of a camera is held back (valid)
counts.csv        the vehicles per type that a person counted
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, Literal

from parkcore.domain import LABELS, Correction, Snapshot
from parkcore.errors import OutputError
from parkcore.ingest import content_id
from parkcore.spaces.corrections import same_places
from parkcore.spaces.ground import moved
from parkcore.spaces.layout import Layout
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import Store

CORRECTED = HistoryFilter(corrected=True)
OCCUPIED = {"occupied": 1, "vacant": 0}
HELD_BACK = 5
"""One day of so many is held back."""

By = Literal["hand", "check", "model"]


@dataclass(slots=True)
class Exported:
    """What was written."""

    photos: int = 0
    by_hand: int = 0
    """Spaces that a person put right."""
    by_check: int = 0
    """Spaces that a person was asked about and could tell, those above left out."""
    held_back: int = 0
    """Spaces that were asked about, those above included, on days that are held back."""
    counts: int = 0
    """Photos whose vehicles a person counted."""
    gone: int = 0
    """Photos that were left out, as their files are not there any more as they were."""
    _spaces: dict[str, Any] = field(default_factory=dict)
    _counts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spaces(self) -> int:
        """Spaces that a person spoke of."""
        return self.by_hand + self.by_check


def split_of_day(lot_id: str, camera_id: str, day: date) -> Literal["train", "valid"]:
    """Whether what was said of a camera's day is for training or held back for measuring.

    Every fifth day is held back, by the calendar alone: a day stays on its side whatever is said
    later, so that no model was trained on what it is measured on. Five days and weeks of seven
    meet on every weekday. Cameras begin on days of their own.
    """
    begin = zlib.crc32(f"{lot_id}/{camera_id}".encode())
    return "valid" if (day.toordinal() + begin) % HELD_BACK == 0 else "train"


def export_training(store: Store, storage: Storage, folder: Path, zone: tzinfo) -> Exported:
    """Write what people said into a folder that is not there yet, whole or not at all.

    Args:
        zone: of the site's clock, by which days are told apart.

    Raises:
        OutputError: there is nothing to write, or it cannot be written there.
    """
    with _whole_folder(folder) as unfinished:
        return _write(store, storage, unfinished, zone)


def zip_training(store: Store, storage: Storage, zone: tzinfo) -> bytes:
    """The same as a ZIP file.

    Raises:
        OutputError: there is nothing to write, or no room for it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="parkcore-") as made:
            folder = Path(made) / "training"
            export_training(store, storage, folder, zone)
            path = Path(made) / "training.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
                for file in sorted(folder.rglob("*")):
                    archive.write(file, Path("training") / file.relative_to(folder))
            return path.read_bytes()
    except OSError as error:
        raise OutputError(
            f"the ZIP file cannot be made in {tempfile.gettempdir()} ({error.strerror}); it needs"
            " room for all photos twice there, or in another folder named by TMPDIR"
        ) from error


def spoken_of(store: Store) -> Iterator[Snapshot]:
    """The snapshots of which people said something: corrected ones, then those only asked about."""
    corrected = set()
    for snapshot in store.stream(CORRECTED):
        corrected.add(snapshot.id)
        yield snapshot
    told = (check.snapshot_id for check in store.checks() if check.answer != "unclear")
    for snapshot_id in dict.fromkeys(told):
        if snapshot_id is not None and snapshot_id not in corrected:
            asked_about = store.snapshot(snapshot_id)
            if asked_about is not None:
                yield asked_about


def _write(store: Store, storage: Storage, folder: Path, zone: tzinfo) -> Exported:
    """Those of the samples only where there is nothing else: what is drawn teaches little of what
    is real."""
    done = Exported()
    (folder / "images").mkdir()
    samples = {lot.id for lot in store.lots() if lot.is_sample}
    for of_samples in (False, True):
        if done.photos:
            break
        for snapshot in spoken_of(store):
            if (snapshot.photo.lot_id in samples) is of_samples:
                _take(store, storage, snapshot, folder, done, zone)
    if not done.photos:
        left = f" ({done.gone} photos are no longer there)" if done.gone else ""
        raise OutputError(
            "there is no correction and no answer to export yet; correct a snapshot, or answer on"
            f" the page Accuracy{left}"
        )
    _write_labels(folder, done)
    return done


def _take(
    store: Store,
    storage: Storage,
    snapshot: Snapshot,
    folder: Path,
    done: Exported,
    zone: tzinfo,
) -> None:
    data = _photo(storage, snapshot)
    if data is None:
        done.gone += 1
        return
    suffix = Path(snapshot.photo.file).suffix.lower()
    name = f"{snapshot.photo.sha256[:16]}{suffix}"
    if _note(store, snapshot, name, done, zone):
        (folder / "images" / name).write_bytes(data)
        done.photos += 1


def _photo(storage: Storage, snapshot: Snapshot) -> bytes | None:
    try:
        data = storage.path(snapshot.photo.file).read_bytes()
    except OSError:
        return None
    return data if content_id(data) == snapshot.photo.sha256 else None


def _note(store: Store, snapshot: Snapshot, name: str, done: Exported, zone: tzinfo) -> bool:
    """Take over what was said of a photo; whether anything was that can be used."""
    before = (done.spaces, done.counts)
    number, correction = snapshot.id or 0, snapshot.correction
    judged = store.judged_by_machine(number)
    layout = store.layout_by_id(judged.layout_id) if judged else None
    said = _said(store, snapshot, layout) if layout else {}
    if said and judged and layout and not judged.is_elsewhere:
        record = _spaces(snapshot, judged, layout, said, zone)
        by = [space["by"] for space in record["spaces"] if space["occupied"] is not None]
        if by:
            done._spaces[name] = record
            done.by_hand += by.count("hand")
            done.by_check += by.count("check")
            if record["split"] == "valid":
                done.held_back += sum(space["asked"] for space in record["spaces"])
    if correction and correction.vehicles is not None:
        done._counts.append({"photo": name, **correction.vehicles.as_dict()})
        done.counts += 1
    return before != (done.spaces, done.counts)


@dataclass(frozen=True, slots=True)
class _Said:
    """What is known of a space."""

    occupied: int | None = None
    by: By = "model"
    asked: bool = False


def _said(store: Store, snapshot: Snapshot, layout: Layout) -> dict[str, _Said]:
    """Per space what people said of it; what they put right comes before what they were asked.

    A photo that is judged by another layout by now may have another place by the same name; of
    that nobody spoke.
    """
    said = {
        check.space_id: _Said(OCCUPIED[check.answer], "check", asked=True)
        for check in store.checks_of([snapshot.id or 0])
        if check.answer != "unclear"
        and check.space_id in _same_places(store, check.layout_id, layout)
    }
    correction = snapshot.correction or Correction()
    return said | {
        name: _Said(OCCUPIED[state], "hand", asked=name in said)
        for name, state in correction.spaces.items()
    }


def _same_places(store: Store, layout_id: int | None, layout: Layout) -> set[str]:
    before = layout if layout_id in (None, layout.id) else store.layout_by_id(layout_id or 0)
    return same_places(before, layout) if before else set()


def _spaces(
    snapshot: Snapshot,
    judged: Judged,
    layout: Layout,
    said: dict[str, _Said],
    zone: tzinfo,
) -> dict[str, Any]:
    photo = snapshot.photo
    outlines = {space.id: moved(space.polygon, judged.homography) for space in layout.spaces}
    types = {space.id: space.type for space in layout.spaces}
    day = photo.captured_at.astimezone(zone).date()
    return {
        "width": photo.width,
        "height": photo.height,
        "lot": photo.lot_id,
        "camera": photo.camera_id,
        "captured_at": photo.captured_at.isoformat(),
        "day": day.isoformat(),
        "imgsz": snapshot.detector.imgsz,
        "split": split_of_day(photo.lot_id, photo.camera_id, day),
        "spaces": [
            {
                "id": space.id,
                "type": types[space.id],
                "contour": [
                    [round(x * photo.width, 1), round(y * photo.height, 1)]
                    for x, y in outlines[space.id].tolist()
                ],
                **asdict(said.get(space.id, _Said())),
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
