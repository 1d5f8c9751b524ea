"""`analyse` and `scan`: from photos to counts."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parkcore.cli.words import Name, one_line, say_occupancy, say_spaces, say_when
from parkcore.domain import Snapshot
from parkcore.errors import FolderError, LayoutError, StoreError, UnreadablePhoto
from parkcore.settings import Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.ingest import Analyser, Analysis, Source
    from parkcore.spaces.layout import Layout
    from parkcore.spaces.verdict import Judged
    from parkcore.storage import Storage
    from parkcore.store import Store


@click.command()
@click.argument(
    "photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and photo.")
@click.option("--lot", type=Name("lot"), help="The lot shown; else as the folder says.")
@click.option("--camera", type=Name("camera"), help="Which camera's; else as the folder says.")
@click.option(
    "--layout",
    "layout_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Judge the spaces of this file; else those that are marked for the camera.",
)
@click.option("--save", is_flag=True, help="Record the photos in the history.")
@click.option(
    "--annotate",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each photo with the vehicles marked into this folder.",
)
@click.pass_obj
def analyse(
    settings: Settings,
    photos: tuple[Path, ...],
    as_json: bool,
    lot: str | None,
    camera: str | None,
    layout_file: Path | None,
    save: bool,
    annotate: Path | None,
) -> None:
    """Count the vehicles in photos, or in all photos of a folder, and tell which spaces are free.

    Exit status: 0, 1 if a photo could not be read, 2 for wrong usage.
    """
    from parkcore.ingest import refusal
    from parkcore.wiring import make_analyser, open_storage, open_store

    storage, analyser = open_storage(settings), make_analyser(settings)
    given = None if layout_file is None else _layout(layout_file)
    failed = False
    with open_store(settings) if save else _lots_for_reading(settings) as store:
        for path, source in _sources(photos, storage, lot, camera):
            try:
                analysis = analyser.analyse_file(source, store)
            except (UnreadablePhoto, FileNotFoundError) as error:
                failed = True
                is_gone = isinstance(error, FileNotFoundError)
                if save and not is_gone:
                    store.record_failure(refusal(source, str(error), analyser.now()))
                _report_failure(path, source, "no such file" if is_gone else str(error), as_json)
                continue
            if analysis.snapshot.note:
                click.echo(f"{one_line(str(path))}: {analysis.snapshot.note}", err=True)
            judged = _judged(analysis, given, analyser, store)
            if annotate:
                _write_annotated(annotate, path, analysis, judged, given)
            snapshot = analysis.snapshot
            if save:
                recorded, is_new = _save(analysis, source, analyser, store)
                if given is None:
                    snapshot = recorded
                    judged = judged if is_new else store.judged(recorded.id or 0)
            _report(path, snapshot, judged, source, store, settings, as_json=as_json)
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--retry", is_flag=True, help="Read photos again that could not be read before.")
@click.pass_obj
def scan(settings: Settings, folder: Path | None, retry: bool) -> None:
    """Record every photo of FOLDER that is not known yet (default: the storage folder).

    May be interrupted at any moment, and goes on where it stopped. Exit status: 0, 1 if a photo
    could not be read, 130 if interrupted.
    """
    from parkcore.folder import pending
    from parkcore.folder import scan as scan_photos
    from parkcore.wiring import make_analyser, open_storage, open_store

    root, storage = folder or settings.storage, open_storage(settings)
    with open_store(settings) as store:
        found = pending(root, storage, store, retry=retry)
        analyser = make_analyser(settings)
        bar: Any = click.progressbar(
            length=len(found.sources),
            label="Reading photos",
            item_show_func=lambda name: (name or "")[-40:],
            file=sys.stderr,
        )
        try:
            with bar:
                tally = scan_photos(
                    deque(found.sources),
                    analyser,
                    store,
                    root=root,
                    on_outcome=lambda outcome: bar.update(1, outcome.source.said),
                )
        except KeyboardInterrupt:
            click.echo("Interrupted; run the same command again to go on.", err=True)
            sys.exit(130)
    before = f", {found.failed_before} failed before (read again with --retry)"
    known = tally.known + found.known
    click.echo(
        f"{tally.new} new, {known} known already, {tally.failed} failed"
        f"{before if found.failed_before else ''}"
    )
    for folder_said in found.skipped:
        click.secho(one_line(folder_said), fg="red", err=True)
    for outcome in tally.problems:
        said = outcome.reason or (outcome.snapshot and outcome.snapshot.note)
        colour = "red" if outcome.status == "failed" else "yellow"
        click.secho(f"{outcome.source.said}: {said}", fg=colour, err=True)
    sys.exit(1 if tally.failed or found.skipped else 0)


def _sources(
    given: tuple[Path, ...], storage: Storage, lot: str | None, camera: str | None
) -> Iterator[tuple[Path, Source]]:
    """The photos that were named, those in named folders included, and whose they are."""
    from parkcore.folder import find_photos

    for path in given:
        is_folder = path.is_dir()
        if is_folder and not any(find_photos(path)):
            click.echo(f"{one_line(str(path))}: there is no photo in this folder", err=True)
        for photo in find_photos(path) if is_folder else [path]:
            source = storage.source(photo, base=path if is_folder else None)
            place = storage.lot(lot) if lot else source.lot
            yield (
                photo,
                replace(source, lot=place, camera_id=camera or source.camera_id, layout_file=None),
            )


def _lots_for_reading(settings: Settings) -> Store:
    """The history, for the capacities in it; without it photos can be looked at all the same."""
    from parkcore.store import Store
    from parkcore.wiring import read_store

    try:
        return read_store(settings)
    except StoreError as error:
        click.echo(f"capacities are not known: {error}", err=True)
        return Store.in_memory()


def _save(
    analysis: Analysis, source: Source, analyser: Analyser, store: Store
) -> tuple[Snapshot, bool]:
    """Record a photo; of a known one, give back what was recorded first. Whether it was new comes
    second."""
    recorded, is_new = analyser.keep(analysis, source, store)
    if is_new or recorded.id is None:
        return recorded, is_new
    click.echo(f"{source.said}: known already", err=True)
    return store.snapshot(recorded.id) or recorded, False


def _layout(file: Path) -> Layout:
    from parkcore.cli.layout import read_text
    from parkcore.spaces.layout_files import read_layout

    return read_layout(read_text(file))


def _judged(
    analysis: Analysis, given: Layout | None, analyser: Analyser, store: Store
) -> Judged | None:
    """What a photo says of the spaces of a file, or of those that its camera has.

    Raises:
        LayoutError: the file's layout is of a photo of another shape.
    """
    if given is None:
        return analyser.judged(analysis, store)
    photo, (width, height) = analysis.snapshot.photo, given.image_size
    if abs(photo.width / photo.height / (width / height) - 1) > 0.02:
        raise LayoutError(
            f"the layout is of a photo of {width} × {height} pixels, but this one has"
            f" {photo.width} × {photo.height}: not the same shape; it belongs to another camera"
        )
    return analyser.judge.judge(given, analysis.image, analysis.snapshot.detections or ())


def _report(
    path: Path,
    snapshot: Snapshot,
    judged: Judged | None,
    source: Source,
    store: Store,
    settings: Settings,
    *,
    as_json: bool,
) -> None:
    from parkcore.export import Exporter

    capacities = store.capacity_history().with_lot(source.lot)
    exporter = Exporter(capacities, settings.thresholds, settings.zone)
    if as_json:
        click.echo(json.dumps({**exporter.record(snapshot, judged), "photo": str(path)}))
    else:
        said = say_occupancy(exporter.occupancy(snapshot), settings)
        if judged is not None:
            said = say_spaces(judged.judgement)
        click.echo(f"{one_line(str(path))}: {said}, {say_when(snapshot, settings)}")


def _report_failure(path: Path, source: Source, reason: str, as_json: bool) -> None:
    from parkcore.export import failed_record

    if as_json:
        click.echo(json.dumps(failed_record(str(path), reason, source)))
    else:
        click.secho(f"{one_line(str(path))}: {reason}", fg="red", err=True)


def _write_annotated(
    folder: Path,
    photo: Path,
    analysis: Analysis,
    judged: Judged | None,
    given: Layout | None,
) -> None:
    from parkcore.drawing import annotate, draw_spaces
    from parkcore.images import jpeg

    snapshot = analysis.snapshot
    target = folder / f"{photo.stem[:50]}_{snapshot.photo.sha256[:8]}.jpg"
    marked = annotate(analysis.image, snapshot.detections or ())
    if judged is not None and given is not None:
        marked = draw_spaces(marked, given, judged)
    picture = jpeg(marked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_bytes(picture)
    except OSError as error:
        raise FolderError(f"{target} cannot be written: {error.strerror}") from error
