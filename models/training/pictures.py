"""The training pictures of all sets: how many of what each photo gives, made once."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import yaml

from models.training.completing import complete
from models.training.crops import SIDE, Labelled, packed, windows, worse_light, write
from models.training.pasting import CutOut, cut_outs, pasted
from models.training.proposing import proposed
from models.training.sources import RENDERED, Source, digest
from parkcore.domain import LABELS
from parkcore.images import decode

WINDOWS = {
    "acpds": 7,
    "pklot_frames": 8,
    "aerial_street_vehicles_jekhor": 8,
    "coco_motorcycle_rows": 1,
    "openimages_parked_buses_trucks": 1,
    "rendered": 2,
}
"""Windows of each photo of these sets."""
LARGE_WINDOWS = 6
"""Windows of each rendered photo that is larger than a window."""
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
PASTED = 0.5
"""Share of rendered pictures whose motorcycles are real ones, cut out of photos."""
WORSE_LIGHT = 0.15
"""Share of pictures made darker, hazier or less sharp."""


def _taught(source: Source, proposals: Path) -> Labelled:
    image = decode(source.photo.read_bytes(), max_megapixels=500).image
    return Labelled(image, *complete(source, proposed(source, proposals)))


def _random(seed: int, *names: str) -> np.random.Generator:
    """A generator for one photo, the same whatever was made before."""
    digest = hashlib.sha256(f"{seed}/{'/'.join(names)}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def make_pictures(
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
    cut = cut_outs([s for s in sources if s.set_name != RENDERED]) if RENDERED in sets else []
    for name, members in sets.items():
        with click.progressbar(members, label=f"Pictures of {name}", file=sys.stderr) as bar:
            for source in bar:
                random = _random(seed, name, source.photo.stem)
                for number, picture in enumerate(_singles(source, proposals, cut, random)):
                    _write(picture, folder, f"{name}-{source.photo.stem}-{number}", random)
        _packs(name, members, proposals, cut, folder, seed)
    names = dict(enumerate(LABELS))
    described = {"path": str(folder.absolute()), "train": "images", "val": "images"}
    unfinished = finished.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({**described, "names": names, "made_of": made_of}))
    return unfinished.replace(finished)


def what_of(sources: list[Source], taught_by: str, seed: int) -> str:
    """Changes with what the pictures are made of, so that nothing older is gone on with."""
    photos = [[source.set_name, source.photo.name, *_content(source)] for source in sources]
    how = [WINDOWS, LARGE_WINDOWS, WHOLE, PACKED, PASTED, WORSE_LIGHT]
    return digest_of([photos, taught_by, *how, seed])


def _content(source: Source) -> Iterator[Any]:
    """Of one photo, and of what people said of it."""
    yield digest(source.photo)
    yield source.vehicles.boxes.tolist()
    yield source.vehicles.types.tolist()
    yield source.doubtful.tolist()
    yield source.is_complete
    yield [(outline.tolist(), occupied) for outline, occupied in source.spaces]


def digest_of(values: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]


def _singles(
    source: Source, proposals: Path, cut: Sequence[CutOut], random: np.random.Generator
) -> Iterator[Labelled]:
    photo = _taught(source, proposals)
    for _ in range(WHOLE.get(source.set_name, 0)):
        yield _pasted(source, photo, cut, random)
    is_large = source.set_name == RENDERED and max(photo.image.shape[:2]) > SIDE
    for _ in range(LARGE_WINDOWS if is_large else WINDOWS.get(source.set_name, 0)):
        yield from windows(_pasted(source, photo, cut, random), 1, random)


def _pasted(
    source: Source, photo: Labelled, cut: Sequence[CutOut], random: np.random.Generator
) -> Labelled:
    """Some of the rendered pictures with real motorcycles; other photos as they are."""
    if source.set_name == RENDERED and cut and random.random() < PASTED:
        return pasted(photo, cut, random)
    return photo


def _packs(
    name: str,
    members: list[Source],
    proposals: Path,
    cut: Sequence[CutOut],
    folder: Path,
    seed: int,
) -> None:
    random = _random(seed, name, "packed")
    photos = [_taught(source, proposals) for source in members] if name in PACKED else []
    for number in range(round(PACKED.get(name, 0) * len(photos))):
        four = random.choice(len(photos), 4, replace=len(photos) < 4)
        shown = [_pasted(members[n], photos[n], cut, random) for n in four]
        _write(packed(shown, random), folder, f"{name}-packed-{number}", random)


def _write(picture: Labelled, folder: Path, name: str, random: np.random.Generator) -> None:
    if random.random() < WORSE_LIGHT:
        picture = Labelled(worse_light(picture.image, random), picture.vehicles, picture.doubtful)
    write(picture, folder, name, random)
