"""What teachers, detectors that are there already, propose on photos; kept in files.

They look at each photo at a high and at a low resolution.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from models.training.sources import Source, Vehicles, digest
from parkcore.detect import load
from parkcore.domain import LABELS, Image
from parkcore.geometry import distinct, ious
from parkcore.images import decode

LARGEST = 1920
SCALES = (1.6, 0.6)
"""How much larger and smaller than it is a teacher looks at a photo, up to so many pixels of its
longer side: small vehicles and near ones."""
SAME = 0.55
"""IoU from which two boxes are one vehicle."""


class Teacher:
    """Detectors whose proposals are pooled."""

    def __init__(self, weights: Sequence[Path]) -> None:
        self._models = [load(path) for path in weights]
        from parkcore.training import mixed_precision

        for each in self._models:
            if mixed_precision.is_worth_it(each.model):
                mixed_precision.in_half(each.model)

    def propose(self, image: Image) -> Vehicles:
        """Vehicles in an RGB image, each once, surest first.

        How sure: the mean of the two looks that are surest of it, so that what a single look
        takes for a vehicle is doubtful.
        """
        longest = max(image.shape[:2])
        sizes = [32 * round(min(LARGEST, scale * longest) / 32) for scale in SCALES]
        looks = [_look(model, image, size) for model in self._models for size in sizes]
        return _agreed(looks)


def _agreed(looks: Sequence[Vehicles]) -> Vehicles:
    pooled = Vehicles()
    for look in looks:
        pooled = pooled.plus(look)
    once = distinct(pooled.boxes, pooled.confidences, SAME)
    found = Vehicles(pooled.boxes[once], pooled.types[once], pooled.confidences[once])
    of_each = np.zeros((len(looks), len(found)))
    for number, look in enumerate(looks):
        same = ious(found.boxes, look.boxes) > SAME
        of_each[number] = np.where(same, look.confidences, 0.0).max(1, initial=0.0)
    best_two = np.sort(of_each, axis=0)[-2:]
    order = np.argsort(-best_two.mean(0), kind="stable")
    agreed = replace(found, confidences=best_two.mean(0))
    return Vehicles(agreed.boxes[order], agreed.types[order], agreed.confidences[order])


def _look(model: object, image: Image, size: int) -> Vehicles:
    names: dict[int, str] = model.names  # type: ignore[attr-defined]
    number = {n: LABELS.index(name) for n, name in names.items() if name in LABELS}
    [result] = model.predict(  # type: ignore[attr-defined]
        image[:, :, ::-1],
        imgsz=size,
        conf=0.06,
        iou=SAME,
        agnostic_nms=True,
        classes=list(number),
        max_det=2000,
        verbose=False,
    )
    boxes = result.boxes
    return Vehicles(
        boxes.xyxy.cpu().numpy().astype(float),
        np.array([number[int(c)] for c in boxes.cls.tolist()], np.int64),
        boxes.conf.cpu().numpy().astype(float),
    )


def look_for_vehicles(sources: list[Source], teachers: list[Path], folder: Path) -> Path:
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


def proposed(source: Source, proposals: Path) -> Vehicles:
    if source.is_complete:
        return Vehicles()
    with np.load(_kept(proposals, source)) as kept:
        return Vehicles(*(kept[name] for name in kept.files))
