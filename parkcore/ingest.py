"""One photo becomes one recorded snapshot: the only place where the edges meet."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

from parkcore.analysis_size import fitting_size, space_sizes
from parkcore.capture_time import capture_time
from parkcore.detect import Detector
from parkcore.domain import Failure, Image, Lot, Photo, Snapshot, Vehicles
from parkcore.errors import LayoutConflict, LayoutError, UnreadablePhoto
from parkcore.images import BYTES_PER_PIXEL, decode, reference_jpeg, thumbnail
from parkcore.moved_photos import was_moved
from parkcore.picture import fault
from parkcore.spaces.judging import Judge
from parkcore.spaces.layout_files import read_layout
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import FileStamp, Store

log = logging.getLogger(__name__)

LOOKS_TO_FIT = 10
"""A camera's last photos whose vehicles tell its analysis size."""

BLIND = "that no vehicle was found need not mean that there is none"


@dataclass(frozen=True, slots=True)
class Source:
    """A photo still to be read: where it is, and what its place says about it."""

    path: Path
    file: str
    """How it is recorded: below the storage folder relative to it, elsewhere absolute."""
    lot: Lot
    camera_id: str
    arrived_just_now: bool = False
    """An upload: its modification time says when it arrived, not when it was taken."""
    layout_file: Path | None = None
    """Of a sample: where the spaces of its camera are described."""

    @property
    def said(self) -> str:
        """The file's name fit for one line of a terminal or page, whatever is in it."""
        return "".join(c if c.isprintable() else "�" for c in self.file)


@dataclass(frozen=True, slots=True)
class Analysis:
    """A photo with what was seen on it, not recorded yet."""

    snapshot: Snapshot
    image: Image


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo."""

    status: Literal["new", "known", "failed", "gone"]
    source: Source
    snapshot: Snapshot | None = None
    reason: str | None = None
    raced: bool = False
    """Another process recorded the same photo while this one was looking at it."""


@dataclass(frozen=True, slots=True)
class Analyser:
    """What it takes to turn bytes into an `Analysis`."""

    detector: Detector
    zone: tzinfo
    max_megapixels: float
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    fits_size: bool = False
    """Whether cameras whose vehicles are small are looked at in a larger analysis size."""
    judge: Judge = field(default_factory=Judge)

    def analyse(
        self,
        data: bytes,
        source: Source,
        *,
        mtime: datetime | None = None,
        imgsz: int | None = None,
    ) -> Analysis:
        """Look at a photo.

        Args:
            imgsz: the analysis size; None for the detector's own.

        Raises:
            UnreadablePhoto: it cannot be read whole.
            ModelError: the model cannot be loaded.
        """
        self.detector.load()  # not part of what a photo costs
        started = time.perf_counter()
        decoded = decode(data, max_megapixels=self.max_megapixels)
        taken = capture_time(
            exif=decoded.taken_at, path=source.file, mtime=mtime, now=self.now(), zone=self.zone
        )
        detections = tuple(self.detector.detect(decoded.image, imgsz))
        photo = Photo(
            file=source.file,
            sha256=content_id(data),
            size_bytes=len(data),
            width=decoded.width,
            height=decoded.height,
            captured_at=taken.at,
            time_source=taken.source,
            lot_id=source.lot.id,
            camera_id=source.camera_id,
        )
        doubts = [*taken.doubts]
        if not detections and (said := fault(decoded.image)):
            doubts.append(f"{said}: {BLIND}")
        milliseconds = 1000 * (time.perf_counter() - started)
        snapshot = Snapshot(
            photo,
            Vehicles.count(detections),
            replace(self.detector.info, imgsz=imgsz or self.detector.info.imgsz),
            milliseconds,
            detections,
            note="; ".join(doubts),
        )
        return Analysis(snapshot, decoded.image)

    def analyse_file(self, source: Source, store: Store) -> Analysis:
        """Look at a photo on disk, in the size that fits its camera as far as the history tells.

        Raises:
            UnreadablePhoto: it cannot be read whole; permissions and size included.
            FileNotFoundError: it is not there (any more).
        """
        data, stat = self._read(source.path)
        imgsz = self._camera_size(source, store)
        return self.analyse(data, source, mtime=_mtime(source, stat), imgsz=imgsz)

    def ingest(self, source: Source, store: Store) -> Outcome:
        """Read, judge and record one photo on disk; a bad one is recorded as a failure.

        Raises:
            ModelError, StoreError: nothing can be judged or recorded at present.
        """
        try:
            data, stat = self._read(source.path)
        except FileNotFoundError:
            return Outcome("gone", source)
        except UnreadablePhoto as error:
            return self._failed(source, str(error), store, None)
        stamp = FileStamp.of(stat)
        known = store.known(content_id(data))
        if known:
            moved = was_moved(known.photo, source.path, source.file, store)
            store.remember_file(source.file, stamp, known.photo.sha256, moved=moved)
            return Outcome("known", source, known)
        try:
            imgsz = self._camera_size(source, store)
            analysis = self.analyse(data, source, mtime=_mtime(source, stat), imgsz=imgsz)
        except UnreadablePhoto as error:
            return self._failed(source, str(error), store, stamp)
        before = store.file_content(source.file)
        grew = before is not None and content_id(data[: before[0]]) == before[1]
        snapshot, is_new = self.keep(
            analysis, source, store, stamp, supersedes=before[1] if before and grew else None
        )
        return Outcome("new" if is_new else "known", source, snapshot, raced=not is_new)

    def keep(
        self,
        analysis: Analysis,
        source: Source,
        store: Store,
        stamp: FileStamp | None = None,
        *,
        supersedes: str | None = None,
    ) -> tuple[Snapshot, bool]:
        """Record an analysis; a known photo stays as it is. Whether it was new comes second.

        Args:
            supersedes: the content of the same file when it was not written to its end yet.
        """
        small = thumbnail(analysis.image)
        _mark_spaces(analysis, source, store)
        judged = self.judged(analysis, store)
        return store.record(
            analysis.snapshot,
            small,
            lot=source.lot,
            stamp=stamp,
            judged=judged,
            supersedes=supersedes,
        )

    def judged(self, analysis: Analysis, store: Store) -> Judged | None:
        """What a photo says of its camera's spaces; None where none are marked."""
        photo = analysis.snapshot.photo
        layout = store.layout(photo.lot_id, photo.camera_id)
        if layout is None or layout.id is None or not (layout.spaces or layout.areas):
            return None
        layout_id = layout.id
        before = store.latest_judged(layout_id, limit=1, before=photo.captured_at)
        return self.judge.judge(
            layout,
            analysis.image,
            analysis.snapshot.detections or (),
            reference_jpeg=lambda: store.layout_reference(layout_id),
            before=before[0][1] if before else None,
        )

    def _camera_size(self, source: Source, store: Store) -> int | None:
        """The analysis size for the next photo of a camera; None for the detector's own."""
        place = source.lot.id, source.camera_id
        last = store.snapshots(HistoryFilter(*place), limit=1) if self.fits_size else []
        if not last:
            return None
        photo = last[0].photo
        layout = store.layout(*place)
        polygons = [space.polygon for space in layout.spaces] if layout else []
        spaces = space_sizes(polygons, (photo.width, photo.height))
        looks = store.vehicles_seen(*place, limit=LOOKS_TO_FIT)
        vehicles = [math.sqrt(seen.box.area) for look in looks for seen in look]
        return fitting_size(
            spaces + vehicles,
            (photo.width, photo.height),
            least=self.detector.info.imgsz,
            now=last[0].detector.imgsz,
        )

    def _read(self, path: Path) -> tuple[bytes, os.stat_result]:
        limit = int(self.max_megapixels * 1e6 * BYTES_PER_PIXEL)
        try:
            stat = path.stat()
            if not path.is_file() and not path.is_dir():
                raise UnreadablePhoto(
                    "this is a pipe or device, not a file; remove it from the folder"
                )
            if stat.st_size > limit:
                raise UnreadablePhoto(
                    f"the file has {stat.st_size / 1e6:,.0f} MB, more than a photo within the limit"
                    f" can have ({limit / 1e6:,.0f} MB); raise PARKCORE_MAX_MEGAPIXELS if it is one"
                )
            return path.read_bytes(), stat
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnreadablePhoto(
                f"the file cannot be read ({error.strerror}); check its permissions and its disk"
            ) from error

    def _failed(
        self, source: Source, reason: str, store: Store, stamp: FileStamp | None
    ) -> Outcome:
        store.record_failure(refusal(source, reason, self.now()), stamp)
        return Outcome("failed", source, reason=reason)


def _mark_spaces(analysis: Analysis, source: Source, store: Store) -> None:
    """Give the camera of a sample its described spaces, before its first photo is judged."""
    place, file = (source.lot.id, source.camera_id), source.layout_file
    if file is None or not file.is_file() or store.layout(*place) is not None:
        return
    try:
        layout = read_layout(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, LayoutError) as error:
        log.warning("the spaces of the sample %s/%s are not marked: %s", *place, error)
        return
    reference = reference_jpeg(analysis.image)
    with suppress(LayoutConflict):  # another process has done it in this moment
        store.save_layout(*place, layout, reference, based_on=0, lot=source.lot)


def _mtime(source: Source, stat: os.stat_result) -> datetime | None:
    """When the file was modified, where that may be when the photo was taken."""
    if source.arrived_just_now:
        return None
    try:
        return datetime.fromtimestamp(stat.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):  # a file system can hold times beyond ours
        return None


def refusal(source: Source, reason: str, at: datetime, *, in_storage: bool = True) -> Failure:
    """The failure to record for a photo that could not be read."""
    return Failure(source.file, source.lot.id, source.camera_id, reason, at, in_storage=in_storage)


def content_id(data: bytes) -> str:
    """A photo's identity: the SHA-256 of its bytes."""
    return hashlib.sha256(data).hexdigest()
