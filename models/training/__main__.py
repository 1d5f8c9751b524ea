"""From the open data sets to the detector's weights.

    python -m models.training DATASETS --start yolov8n.pt --work WORK

Teachers propose vehicles on every photo (`completing`), training pictures are made (`crops`),
YOLOv8n is fine-tuned on them (`parkcore.training.fine_tune`), once for each seed; the mean of the
seeds' weights is blended with those they started from. Then what it says of each type is shifted
until one confidence serves all (`confidences`), unless it is joined with another detector, which
was measured to go better without. Last, its 8-bit form is made (`quantise`).
A call that was ended goes on after the last photo that was looked at, or the last epoch; what was
made of other photos, labels, teachers or settings is made anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import numpy as np
import yaml

from models.training.completing import Teacher, complete
from models.training.confidences import look, shifts
from models.training.crops import Labelled, packed, windows, worse_light, write
from models.training.quantise import check_installed, quantise
from models.training.sources import Source, Vehicles, digest, read, read_rendered
from parkcore.accuracy.splits import Split
from parkcore.domain import LABELS, Label
from parkcore.errors import NothingLabelled
from parkcore.images import decode
from parkcore.training.fine_tune import blend, fine_tune, four_types, shift_confidences

WINDOWS = {
    "acpds": 7,
    "pklot_frames": 8,
    "aerial_street_vehicles_jekhor": 8,
    "coco_motorcycle_rows": 1,
    "openimages_parked_buses_trucks": 1,
    "rendered": 1,
}
"""Windows of each photo of these sets."""
WHOLE = {
    "vehicles_openimages": 1,
    "nepal_street_vehicles": 1,
    "rf100_vehicles_highway_cctv": 1,
    "coco_motorcycle_rows": 1,
    "openimages_parked_buses_trucks": 1,
    "rendered": 1,
}
"""How often each photo of these sets is shown whole."""
PACKED = {
    "vehicles_openimages": 0.6,
    "nepal_street_vehicles": 1.0,
    "coco_motorcycle_rows": 2.0,
    "openimages_parked_buses_trucks": 0.5,
    "rf100_vehicles_highway_cctv": 0.3,
    "rendered": 0.5,
}
"""Pictures of four photos for each photo of these sets."""
WORSE_LIGHT = 0.15
"""Share of pictures made darker, hazier or less sharp."""


@click.command()
@click.argument("datasets", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--start", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--teacher", "teachers", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("--rendered", type=click.Path(exists=True, path_type=Path))
@click.option("--only", "chosen", multiple=True, help="Name of a data set; instead of all.")
@click.option("--work", required=True, type=click.Path(path_type=Path))
@click.option("--out", default=Path("models/parkcore-yolov8n.pt"), type=click.Path(path_type=Path))
@click.option("--epochs", default=4, show_default=True)
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    type=int,
    default=(0, 1),
    show_default=True,
    help="Trained once for each; the mean of their weights is taken.",
)
@click.option("--blend", "share", default=0.8, show_default=True, help="Share of the trained part.")
@click.option(
    "--shift/--no-shift",
    "wants_shift",
    default=True,
    show_default=True,
    help="Shift what it says of each type until one confidence serves all.",
)
@click.option("--only-pictures", is_flag=True, help="Stop before training.")
def main(
    datasets: Path,
    start: Path,
    teachers: Sequence[Path],
    rendered: Path | None,
    chosen: Sequence[str],
    work: Path,
    out: Path,
    epochs: int,
    seeds: Sequence[int],
    share: float,
    wants_shift: bool,
    only_pictures: bool,
) -> None:
    """Make the detector's weights from the data sets in the folder DATASETS."""
    if not only_pictures:
        check_installed()
    folders = _folders(datasets, chosen)
    if out.resolve() in {path.resolve() for path in (start, *teachers)}:
        raise click.UsageError(f"{out} would be written over, but is to be learned from; set --out")
    sources = _all(folders, "train")
    held_back = _all(folders, "valid")
    if rendered:
        sources += read_rendered(rendered)
    teacher_files = list(teachers) or [start]
    taught_by = _digest([digest(teacher) for teacher in teacher_files])
    proposals = _proposals(sources, teacher_files, work / f"proposals-{taught_by}")
    first = work / "start.pt"
    four_types(start, first)
    trained = []
    for seed in seeds:
        made_of = _made_of(sources, taught_by, seed)
        dataset = _pictures(sources, proposals, work / f"pictures-{seed}", made_of, seed)
        trained.append(work / f"trained-{_digest([made_of, digest(start), epochs])}.pt")
        if not only_pictures and not trained[-1].is_file():
            click.echo(f"training with seed {seed}", err=True)
            fine_tune(dataset, first, trained[-1], epochs=epochs, seed=seed, progress=_epoch)
    if only_pictures:
        return
    blended = work / "blended.pt"
    blend(first, trained, share, blended)
    log_odds = _shifts(blended, held_back, proposals, teacher_files) if wants_shift else {}
    shift_confidences(blended, log_odds, out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB, SHA-256 {digest(out)}")
    click.echo(f"its 8-bit form: {quantise(out, work / f'pictures-{seeds[0]}', seed=seeds[0])}")


def _folders(datasets: Path, chosen: Sequence[str]) -> list[Path]:
    """The data sets that were chosen; all, where none was."""
    folders = [folder for folder in sorted(datasets.iterdir()) if folder.is_dir()]
    unknown = sorted(set(chosen) - {folder.name for folder in folders})
    if unknown:
        raise click.UsageError(f"{datasets} has no data set {' and no '.join(unknown)}")
    return [folder for folder in folders if not chosen or folder.name in chosen]


def _all(folders: Sequence[Path], split: Split) -> list[Source]:
    """The photos of all sets; some sets have none of a split."""
    sources: list[Source] = []
    for folder in folders:
        with suppress(NothingLabelled):
            sources += read(folder, split)
    return sources


def _epoch(done: int, wanted: int) -> None:
    click.echo(f"epoch {done} of {wanted}", err=True)


def _shifts(
    weights: Path, held_back: Sequence[Source], proposals: Path, teachers: list[Path]
) -> dict[Label, float]:
    """From photos with boxes that are held back from training; lots with spaces stay unseen."""
    boxed = [source for source in held_back if not source.spaces]
    _proposals(boxed, teachers, proposals)
    completed = [(source, *complete(source, _proposed(source, proposals))) for source in boxed]
    found = shifts(look(weights, completed))
    click.echo(f"log odds added: {', '.join(f'{t} {s:+.2f}' for t, s in found.items())}")
    return found


def _proposals(sources: list[Source], teachers: list[Path], folder: Path) -> Path:
    """What the teachers propose on each photo that is not labelled wholly, kept in files."""
    folder.mkdir(parents=True, exist_ok=True)
    todo = [s for s in sources if not s.is_complete and not _kept(folder, s).is_file()]
    if todo:
        teacher = Teacher(teachers)
        with click.progressbar(todo, label="Looking for vehicles", file=sys.stderr) as bar:
            for source in bar:
                image = decode(source.photo.read_bytes(), max_megapixels=500).image
                found = teacher.propose(image)
                unfinished = folder / "unfinished.npz"
                np.savez(unfinished, *(found.boxes, found.types, found.confidences))
                unfinished.replace(_kept(folder, source))
    return folder


def _kept(folder: Path, source: Source) -> Path:
    return folder / f"{source.set_name}-{source.photo.stem}-{digest(source.photo)[:8]}.npz"


def _proposed(source: Source, proposals: Path) -> Vehicles:
    if source.is_complete:
        return Vehicles()
    with np.load(_kept(proposals, source)) as kept:
        return Vehicles(*(kept[name] for name in kept.files))


def _taught(source: Source, proposals: Path) -> Labelled:
    image = decode(source.photo.read_bytes(), max_megapixels=500).image
    return Labelled(image, *complete(source, _proposed(source, proposals)))


def _random(seed: int, *names: str) -> np.random.Generator:
    """A generator for one photo, the same whatever was made before."""
    digest = hashlib.sha256(f"{seed}/{'/'.join(names)}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _pictures(
    sources: list[Source], proposals: Path, folder: Path, made_of: str, seed: int
) -> Path:
    """Make the training pictures; Ultralytics' description of them.

    What an earlier call left there of other photos, such as some that are held back by now, goes.
    """
    finished = folder / "data.yaml"
    if finished.is_file() and yaml.safe_load(finished.read_text()).get("made_of") == made_of:
        return finished
    finished.unlink(missing_ok=True)
    for leftover in ("images", "labels"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    sets: dict[str, list[Source]] = {}
    for source in sources:
        sets.setdefault(source.set_name, []).append(source)
    for name, members in sets.items():
        with click.progressbar(members, label=f"Pictures of {name}", file=sys.stderr) as bar:
            for source in bar:
                random = _random(seed, name, source.photo.stem)
                for number, picture in enumerate(_singles(source, proposals, random)):
                    _write(picture, folder, f"{name}-{source.photo.stem}-{number}", random)
        _packs(name, members, proposals, folder, seed)
    names = dict(enumerate(LABELS))
    described = {"path": str(folder.absolute()), "train": "images", "val": "images"}
    unfinished = finished.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({**described, "names": names, "made_of": made_of}))
    return unfinished.replace(finished)


def _made_of(sources: list[Source], taught_by: str, seed: int) -> str:
    """Changes with what the pictures are made of, so that nothing older is gone on with."""
    photos = [[source.set_name, source.photo.name, *_content(source)] for source in sources]
    return _digest([photos, taught_by, WINDOWS, WHOLE, PACKED, WORSE_LIGHT, seed])


def _content(source: Source) -> Iterator[Any]:
    """Of one photo, and of what people said of it."""
    yield digest(source.photo)
    yield source.vehicles.boxes.tolist()
    yield source.vehicles.types.tolist()
    yield source.doubtful.tolist()
    yield source.is_complete
    yield [(outline.tolist(), occupied) for outline, occupied in source.spaces]


def _digest(values: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]


def _singles(source: Source, proposals: Path, random: np.random.Generator) -> Iterator[Labelled]:
    photo = _taught(source, proposals)
    yield from [photo] * WHOLE.get(source.set_name, 0)
    yield from windows(photo, WINDOWS.get(source.set_name, 0), random)


def _packs(name: str, members: list[Source], proposals: Path, folder: Path, seed: int) -> None:
    random = _random(seed, name, "packed")
    photos = [_taught(source, proposals) for source in members] if name in PACKED else []
    for number in range(round(PACKED.get(name, 0) * len(photos))):
        four = random.choice(len(photos), 4, replace=len(photos) < 4)
        _write(packed([photos[n] for n in four], random), folder, f"{name}-packed-{number}", random)


def _write(picture: Labelled, folder: Path, name: str, random: np.random.Generator) -> None:
    if random.random() < WORSE_LIGHT:
        picture = Labelled(worse_light(picture.image, random), picture.vehicles, picture.doubtful)
    write(picture, folder, name, random)


if __name__ == "__main__":
    main()
