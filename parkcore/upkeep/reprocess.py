"""Stored photos judged again, by another model or layout, and put into use or back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from parkcore.domain import Detection, Image, Snapshot
from parkcore.errors import RunError, UnreadablePhoto
from parkcore.images import decode
from parkcore.ingest import BLIND, Analyser, content_id
from parkcore.picture import fault
from parkcore.spaces.layout import Layout
from parkcore.spaces.verdict import Judged
from parkcore.storage import Storage
from parkcore.store import Store
from parkcore.upkeep.runs import Outcome, Result, Run, Wanted


def begin(store: Store, analyser: Analyser, wanted: Wanted) -> tuple[Run, bool]:
    """Begin a run, or go on with one of the same that was interrupted; whether it is new.

    Raises:
        UnknownLot: there is no such lot.
        RunError: no photo is recorded there, or no camera has that version of its layout.
        ModelError: the model is missing.
    """
    if wanted.lot_id is not None:
        store.lot(wanted.lot_id)
    if not store.count(wanted.which, most=1):
        raise RunError("no photo is recorded that could be judged again; look at the filters")
    return store.start_run(wanted, analyser.detector.info, _layouts(store, wanted))


def _layouts(store: Store, wanted: Wanted) -> dict[tuple[str, str], int]:
    """Per camera the layout to judge by, for all of the run."""
    found: dict[tuple[str, str], int] = {}
    for camera in store.cameras(wanted.lot_id):
        if wanted.camera_id not in (None, camera.id):
            continue
        layout = store.layout(camera.lot_id, camera.id, wanted.layout_version)
        if layout and layout.id is not None and (layout.spaces or layout.areas):
            found[camera.lot_id, camera.id] = layout.id
    if wanted.layout_version is not None and not found:
        raise RunError(f"no such camera has marked spaces of version {wanted.layout_version}")
    return found


def reprocess(store: Store, storage: Storage, analyser: Analyser, run: Run) -> Iterator[Result]:
    """Judge what a run has still to look at, photo by photo. May be ended at any moment.

    Each verdict is kept before the next photo is looked at; the run is finished at the end.

    Raises:
        ModelError, StoreError: nothing more can be judged or kept.
    """
    analyser.detector.load()
    layouts = {place: store.layout_by_id(each) for place, each in run.layouts.items()}
    for listed in store.run_next(run):
        photo = listed.photo
        layout = layouts.get((photo.lot_id, photo.camera_id))
        result = _judge(_Look(store, storage, analyser, run), listed, layout)
        store.save_result(run, result)
        yield result
    store.finish_run(run)


@dataclass(frozen=True, slots=True)
class _Look:
    """What it takes to judge a photo again."""

    store: Store
    storage: Storage
    analyser: Analyser
    run: Run


def _judge(by: _Look, snapshot: Snapshot, layout: Layout | None) -> Result:
    number = snapshot.id or 0
    started = time.perf_counter()
    image = read_photo(by.storage, by.analyser.max_megapixels, snapshot)
    if isinstance(image, str):
        return Result(number, image)
    imgsz = _analysis_size(by, snapshot)
    detections = _detections(by, snapshot, image, imgsz)
    milliseconds = 1000 * (time.perf_counter() - started)
    judged = None if layout is None else _judged(by, snapshot, layout, (image, detections))
    note = _note(snapshot, image, detections)
    return Result(number, "judged", detections, milliseconds, note, judged, imgsz)


def read_photo(storage: Storage, max_megapixels: float, snapshot: Snapshot) -> Image | Outcome:
    """A snapshot's photo, upright; or what became of it."""
    try:
        data = storage.path(snapshot.photo.file).read_bytes()
    except OSError:
        return "gone"
    if content_id(data) != snapshot.photo.sha256:  # another photo took its name
        return "gone"
    try:
        return decode(data, max_megapixels=max_megapixels).image
    except UnreadablePhoto:
        return "unreadable"


def _analysis_size(by: _Look, snapshot: Snapshot) -> int:
    """The run's, and larger where the photo was: so small are its camera's vehicles."""
    size = by.run.detector.imgsz
    return max(size, snapshot.detector.imgsz) if by.analyser.fits_size else size


def _detections(by: _Look, snapshot: Snapshot, image: Image, imgsz: int) -> tuple[Detection, ...]:
    """What the run's model sees; it need not look again where it was the same already."""
    if snapshot.detector == replace(by.run.detector, imgsz=imgsz):
        whole = by.store.snapshot(snapshot.id or 0)
        return (whole and whole.detections) or ()
    return tuple(by.analyser.detector.detect(image, imgsz))


def _judged(
    by: _Look, snapshot: Snapshot, layout: Layout, seen: tuple[Image, tuple[Detection, ...]]
) -> Judged:
    layout_id = layout.id or 0
    return by.analyser.judge.judge(
        layout,
        *seen,
        reference_jpeg=lambda: by.store.layout_reference(layout_id),
        before=by.store.run_judged_before(by.run, snapshot),
    )


def _note(snapshot: Snapshot, image: Image, detections: tuple[Detection, ...]) -> str:
    """What was doubtful about its time stays so; what can be seen on it is said anew."""
    doubts = [said for said in snapshot.note.split("; ") if said and not said.endswith(BLIND)]
    if not detections and (said := fault(image)):
        doubts.append(f"{said}: {BLIND}")
    return "; ".join(doubts)


def switch_over(store: Store, run_id: int) -> int:
    """Put a run's verdicts in the place of those in use; how many snapshots changed theirs.

    Raises:
        RunError: it cannot be used; see `ReprocessStore.switch_run`. Or spaces were marked or
            changed since, so that a camera would go back to what was marked before.
    """
    run, latest = store.run(run_id), store.layouts()
    if run.wanted.layout_version is None:
        for place in store.run_cameras(run):
            layout = latest.get(place)
            if layout is not None and layout.id != run.layouts.get(place):
                raise RunError(
                    f"the spaces of {'/'.join(place)} were marked or changed after run {run_id}"
                    " began; judge the photos again (the same command), or name the version of the"
                    " spaces with --layout"
                )
    return store.switch_run(run_id, use=True)


def switch_back(store: Store, run_id: int) -> int:
    """Put back what was in use before a run; how many snapshots changed their verdict.

    Raises:
        RunError: as `ReprocessStore.switch_run` says.
    """
    return store.switch_run(run_id, use=False)
