"""The command line: read, ask parkcore, print."""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast

import click

from parkcore.domain import DEFAULT_CAMERA, LABELS, Camera, Label, Lot, Occupancy, Snapshot
from parkcore.errors import FolderError, ParkcoreError, UnreadablePhoto
from parkcore.settings import Settings, load, toml_file


class _Group(click.Group):
    """Turns Parkcore's errors into a message and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ParkcoreError as error:
            raise click.ClickException(str(error)) from error


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """A flag for every setting, named in the help with its environment variable and default."""
    for name, setting in reversed(Settings.model_fields.items()):
        default = "this machine's" if setting.default_factory else setting.default
        command = click.option(
            f"--{name.replace('_', '-')}",
            name,
            metavar="PATH" if setting.annotation is Path else "VALUE",
            help=f"{setting.description}  [PARKCORE_{name.upper()}; default: {default}]",
        )(command)
    return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@_settings_options
@click.version_option(package_name="parkcore", prog_name="parkcore")
@click.pass_context
def cli(ctx: click.Context, **given: str | None) -> None:
    """How full is the car park? Counts vehicles in photos and keeps the history.

    Every setting can be given here, as PARKCORE_<NAME> in the environment, or in parkcore.toml
    (another file: PARKCORE_CONFIG); the first of them wins.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    ctx.obj = load(**{name: value for name, value in given.items() if value is not None})


# -- photos ---------------------------------------------------------------------------------


@cli.command()
@click.argument(
    "photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and photo.")
@click.option("--lot", help="The lot that the photos show; else as their folder says.")
@click.option("--camera", help="The camera that took them; else as their folder says.")
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
    save: bool,
    annotate: Path | None,
) -> None:
    """Count the vehicles in photos, or in all photos of a folder.

    Exit status: 0, 1 if a photo could not be read, 2 for wrong usage.
    """
    from parkcore.export import Exporter, failed_record
    from parkcore.folder import Storage
    from parkcore.ingest import Analyser, Source
    from parkcore.store import Store
    from parkcore.wiring import make_analyser, open_storage, open_store

    storage: Storage = open_storage(settings)
    analyser: Analyser = make_analyser(settings)
    needs_store = save or settings.db.exists()
    if annotate:
        annotate.mkdir(parents=True, exist_ok=True)

    def place(path: Path, base: Path | None) -> Source:
        source = storage.source(path, base=base)
        return replace(
            source,
            lot=storage.lot(_name("lot", lot)) if lot else source.lot,
            camera_id=_name("camera", camera) if camera else source.camera_id,
        )

    def look(source: Source, store: Store) -> Snapshot:
        analysis = analyser.analyse_file(source)
        for doubt in analysis.doubts:
            click.echo(f"{source.said}: {doubt}", err=True)
        if annotate:
            _write_annotated(annotate, source.path, analysis.image, analysis.snapshot)
        if not save:
            return analysis.snapshot
        recorded, is_new = analyser.keep(analysis, source, store)
        if not is_new:
            click.echo(f"{source.said}: known already", err=True)
        return store.snapshot(cast(int, recorded.id)) or recorded

    failed = 0
    with open_store(settings) if needs_store else Store.in_memory() as store:
        for path, base in _photos(photos):
            said = _one_line(str(path))
            source = place(path, base)
            try:
                snapshot = look(source, store)
            except (UnreadablePhoto, FileNotFoundError) as error:
                failed += 1
                reason = "there is no such file" if isinstance(error, OSError) else str(error)
                if as_json:
                    click.echo(json.dumps(failed_record(str(path), reason, source)))
                else:
                    click.secho(f"{said}: {reason}", fg="red", err=True)
                continue
            capacities = store.capacities()
            capacities.setdefault((source.lot.id, source.camera_id), _capacity(store, source.lot))
            exporter = Exporter(capacities, settings.thresholds, settings.zone)
            if as_json:
                click.echo(json.dumps({**exporter.record(snapshot), "photo": str(path)}))
            else:
                occupancy = exporter.occupancy(snapshot)
                click.echo(f"{said}: {_say(occupancy, settings)}, {_when(snapshot, settings)}")
    sys.exit(1 if failed else 0)


@cli.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--retry", is_flag=True, help="Read photos again that could not be read before.")
@click.pass_obj
def scan(settings: Settings, folder: Path | None, retry: bool) -> None:
    """Record every photo of FOLDER that is not known yet (default: the storage folder).

    May be interrupted at any moment, and goes on where it stopped.
    """
    from parkcore.folder import pending
    from parkcore.folder import scan as scan_folder
    from parkcore.wiring import make_analyser, open_storage, open_store

    root = folder or settings.storage
    storage = open_storage(settings)
    with open_store(settings) as store:
        if retry:
            store.forget_failures([failure.file for failure in store.failures()])
        found = pending(root, storage, store)
        queue = deque(found.sources)
        analyser = make_analyser(settings)
        try:
            with click.progressbar(
                length=len(queue), label="Reading photos", item_show_func=_short, file=sys.stderr
            ) as bar:
                tally = scan_folder(
                    queue,
                    analyser,
                    store,
                    root=root,
                    on_outcome=lambda outcome: bar.update(1, outcome.source.said),
                )
        except KeyboardInterrupt:
            click.echo("Interrupted; run the same command again to go on.", err=True)
            sys.exit(130)
    click.echo(
        f"{tally.new} new, {tally.known + found.known} known already, {tally.failed} failed"
        + (
            f", {found.failed_before} failed before (--retry reads them again)"
            * bool(found.failed_before)
        )
    )
    for outcome in tally.problems:
        click.secho(f"{outcome.source.said}: {outcome.reason}", fg="red", err=True)
    sys.exit(1 if tally.failed else 0)


# -- history --------------------------------------------------------------------------------


class _Moment(click.ParamType):
    """A date or a date with a time; a date stands for its beginning, in `--to` for its end."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is not a time; expected 2026-05-04 or 2026-05-04T10:30", param, ctx
            )
        is_end = param is not None and param.name == "until"
        if is_end and len(value) <= len("2026-05-04"):
            return datetime.combine(at.date() + timedelta(days=1), time())
        return at


@cli.command()
@click.option("--lot", help="Only this lot.")
@click.option("--camera", help="Only this camera.")
@click.option(
    "--from", "since", type=_Moment(), help="From this time (2026-05-04 or 2026-05-04T10:30)."
)
@click.option(
    "--to", "until", type=_Moment(), help="Up to this time; a date includes its whole day."
)
@click.option("--type", "label", type=click.Choice(LABELS), help="Only photos with such a vehicle.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line and snapshot.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a heading.")
@click.pass_obj
def history(
    settings: Settings,
    lot: str | None,
    camera: str | None,
    since: datetime | None,
    until: datetime | None,
    label: Label | None,
    form: str | None,
) -> None:
    """Print what was recorded, oldest first."""
    from parkcore.export import Exporter
    from parkcore.store import HistoryFilter
    from parkcore.wiring import open_store

    def here(at: datetime | None) -> datetime | None:
        return at and (at if at.tzinfo else at.replace(tzinfo=settings.zone))

    with open_store(settings) as store:
        if lot is not None:
            store.lot(lot)
        which = HistoryFilter(lot, camera, here(since), here(until), label)
        snapshots = store.snapshots(which, newest_first=False)
        exporter = Exporter(store.capacities(), settings.thresholds, settings.zone)
    if form == "csv":
        click.echo(exporter.csv(snapshots), nl=False)
    elif form == "json":
        for snapshot in snapshots:
            click.echo(json.dumps(exporter.history_record(snapshot)))
    else:
        for snapshot in snapshots:
            photo = snapshot.photo
            place = _one_line(f"{photo.lot_id}/{photo.camera_id}")
            occupancy = exporter.occupancy(snapshot)
            click.echo(f"{_when(snapshot, settings)}  {place}: {_say(occupancy, settings)}")
        if not snapshots:
            click.echo("No snapshots. Record some with: parkcore scan", err=True)


# -- lots -----------------------------------------------------------------------------------


@cli.group()
def lot() -> None:
    """Add lots, list them, set their names and capacities."""


def _capacity_option(of: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--capacity", type=click.IntRange(0), help=f"The number of spaces {of}; 0 for unknown."
    )


@lot.command("add")
@click.argument("lot_id", metavar="LOT")
@click.option("--name", help="The name to show; else LOT itself.")
@_capacity_option("of the lot")
@click.pass_obj
def lot_add(settings: Settings, lot_id: str, name: str | None, capacity: int | None) -> None:
    """Add LOT; its photos go into the folder of that name below the storage folder."""
    from parkcore.wiring import open_storage, open_store

    described = open_storage(settings).lot(_name("lot", lot_id))
    new = replace(described, name=name or described.name, capacity=capacity or described.capacity)
    with open_store(settings) as store:
        if not store.ensure_lot(new):
            raise click.UsageError(f"there is a lot {lot_id!r} already; change it with: lot set")
    click.echo(f"added {_one_line(lot_id)}")


@lot.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and lot.")
@click.pass_obj
def lot_list(settings: Settings, as_json: bool) -> None:
    """List the lots with their capacities and cameras."""
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        lots, cameras = store.lots(), store.cameras()
    for each in lots:
        own = {camera.id: camera.capacity for camera in cameras if camera.lot_id == each.id}
        if as_json:
            click.echo(
                json.dumps(
                    {"id": each.id, "name": each.name, "capacity": each.capacity,
                     "sample": each.is_sample, "cameras": own}
                )
            )  # fmt: skip
        else:
            spaces = f"{each.capacity} spaces" if each.capacity else "capacity not set"
            click.echo(
                f"{_one_line(each.id)}: {_one_line(each.name)}, {spaces},"
                f" cameras: {_one_line(', '.join(own)) or 'none'}"
            )


@lot.command("set")
@click.argument("lot_id", metavar="LOT")
@click.option("--name", help="The name to show.")
@_capacity_option("of the lot, or with --camera those that the camera sees")
@click.option("--camera", help="Set the capacity of this camera of the lot instead.")
@click.pass_obj
def lot_set(
    settings: Settings, lot_id: str, name: str | None, capacity: int | None, camera: str | None
) -> None:
    """Change the name or the capacity of LOT, or the capacity of one of its cameras."""
    from parkcore.wiring import open_store

    if name is None and capacity is None:
        raise click.UsageError("nothing to set; give --name or --capacity")
    with open_store(settings) as store:
        old = store.lot(lot_id)
        if camera is not None and capacity is not None:
            store.save_camera(Camera(lot_id, _name("camera", camera), capacity or None))
            capacity = None
        spaces = old.capacity if capacity is None else capacity or None
        store.change_lot(replace(old, name=name or old.name, capacity=spaces))
    click.echo(f"changed {_one_line(lot_id)}")


@cli.group()
def samples() -> None:
    """The rendered sample photos that Parkcore brings."""


@samples.command("remove")
@click.confirmation_option(prompt="Delete the sample photos and their history?")
@click.pass_obj
def samples_remove(settings: Settings) -> None:
    """Delete the sample photos, their lots and their history; nothing else."""
    from parkcore.samples import remove_samples
    from parkcore.wiring import open_storage, open_store

    with open_store(settings) as store:
        click.echo(f"removed {remove_samples(store, open_storage(settings))} sample snapshots")


# -- the installation -----------------------------------------------------------------------


@cli.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Check model, database, folders and set-up; say what to do about each fault."""
    from parkcore.doctor import examine

    faults = 0
    click.echo(f"settings file: {toml_file()}" + ("" if toml_file().is_file() else " (none)"))
    for check in examine(settings):
        click.secho("✓ " if check.ok else "✗ ", fg="green" if check.ok else "red", nl=False)
        click.echo(f"{check.name}: {check.found}")
        if not check.ok:
            faults += 1
            click.echo(f"  → {check.advice}")
    sys.exit(1 if faults else 0)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", help="Only photos of this split (in sets with spaces.json).")
@click.option("--sizes", default="640,1280", show_default=True, help="Analysis sizes, in pixels.")
@click.option("--confidences", default="0.1,0.15,0.2,0.25", show_default=True, help="Confidences.")
@click.option("--models", help="Models, separated by commas; else the one of the settings.")
@click.option("--every", default=1, show_default=True, help="Look at each n-th photo only.")
@click.pass_obj
def evaluate(
    settings: Settings,
    folder: Path,
    split: str | None,
    sizes: str,
    confidences: str,
    models: str | None,
    every: int,
) -> None:
    """Measure how right the model is on the labelled photos of FOLDER; prints a table.

    FOLDER has spaces.json (every marked space, occupied or not) or labels/*.txt (YOLO boxes).
    """
    from parkcore.detect import YoloDetector, find_weights, model_folders
    from parkcore.evaluate import evaluate as score
    from parkcore.evaluate import markdown, read_truth

    truths = read_truth(folder, split=split)[::every]
    levels = sorted(float(text) for text in confidences.split(","))
    rows: list[dict[str, str]] = []
    for model in (models or settings.model).split(","):
        weights = find_weights(model, folders=model_folders())
        for size in sizes.split(","):
            detector = YoloDetector(weights, confidence=levels[0], imgsz=int(size))
            with click.progressbar(
                truths, label=f"{weights.name} at {size}", file=sys.stderr
            ) as bar:
                rows += score(bar, detector, levels)
    click.echo(f"{len(truths)} photos of {folder.name}{f' ({split})' if split else ''}\n")
    click.echo(markdown(rows))


# -- words ----------------------------------------------------------------------------------


def _photos(given: tuple[Path, ...]) -> Iterator[tuple[Path, Path | None]]:
    from parkcore.folder import find_photos

    for path in given:
        if path.is_dir():
            for photo in find_photos(path):
                yield photo, path
        else:
            yield path, None


def _write_annotated(folder: Path, photo: Path, image: Any, snapshot: Snapshot) -> None:
    from parkcore.drawing import annotate
    from parkcore.images import jpeg

    target = folder / f"{photo.stem}_{snapshot.photo.sha256[:8]}.jpg"
    try:
        target.write_bytes(jpeg(annotate(image, snapshot.detections or ())))
    except OSError as error:
        raise FolderError(f"{target} cannot be written: {error.strerror}") from error


def _capacity(store: Any, lot: Lot) -> int | None:
    """The capacity for a camera that is not known yet: the lot's, while it has no other."""
    known = {each.id: each.capacity for each in store.lots()}
    return known.get(lot.id, lot.capacity) if not store.cameras(lot.id) else None


def _name(kind: str, text: str) -> str:
    from parkcore.domain import check_name

    try:
        check_name(kind, text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return text


def _say(occupancy: Occupancy, settings: Settings) -> str:
    counts = ", ".join(f"{n} {label}" for label, n in occupancy.vehicles.as_dict().items() if n)
    said = f"{occupancy.vehicles.total} vehicles" + (f" ({counts})" if counts else "")
    if occupancy.rate is None:
        return f"{said}, capacity not set"
    over = -min(0, cast(int, occupancy.free))
    level = settings.thresholds.level(occupancy.rate)
    beyond = f", {over} more than there are spaces" if over else ""
    return f"{said} for {occupancy.capacity} spaces, {occupancy.rate:.0%}, {level}{beyond}"


def _when(snapshot: Snapshot, settings: Settings) -> str:
    return f"{snapshot.photo.captured_at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def _short(text: str | None) -> str:
    return (text or "")[-40:]


def main() -> None:
    cli(prog_name="parkcore")
