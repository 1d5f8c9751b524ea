"""What people said of spaces as boxes of vehicles, so that the detector can learn from it.

Nobody drew boxes. So the detector's own sure ones are taken, put right by what was said: a space
that is occupied without a vehicle gets one, and one that stands in a space that is free is painted
grey rather than taught, as are the doubtful ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from parkcore.domain import LABELS, Box, Detection, Image, Label
from parkcore.errors import FolderError, UnreadablePhoto
from parkcore.geometry import hull, iou
from parkcore.images import decode, jpeg
from parkcore.spaces.layout import Space
from parkcore.spaces.verdict import Judged
from parkcore.training.own_model import Judging, Told

SURE = 0.4
"""Of a detection's confidence: from here it is taught as it is."""

SAME = 0.3
"""Overlap (IoU) of a detection and a space from which it is the vehicle that stands there."""

APART = 0.05
"""A doubtful box is painted over only where no sure one overlaps it by more."""

GREY = 114
"""What Ultralytics fills with."""

_Boxes = list[tuple[Label, Box]]


def write(told: Iterable[Told], judging: Judging, folder: Path, *, max_megapixels: float) -> Path:
    """Write photos and labels as Ultralytics reads them; the set's `data.yaml`.

    Photos that cannot be read are left out.

    Raises:
        FolderError: none to learn from can be read, or none that is held back.
    """
    for each in told:
        try:
            image = decode(each.photo.read_bytes(), max_megapixels=max_megapixels).image
        except (OSError, UnreadablePhoto):
            continue
        boxes, doubtful = taught(each, *judging(each.layout, image, each.imgsz))
        photo = folder / each.split / "images" / f"{each.photo.stem}.jpg"
        labels = folder / each.split / "labels" / f"{each.photo.stem}.txt"
        for path in (photo, labels):
            path.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(jpeg(painted(image, doubtful), quality=95))
        labels.write_text("".join(_line(*box, image) for box in boxes))
    described = {
        "path": str(folder.absolute()),
        "train": "train/images",
        "val": "valid/images",
        "names": dict(enumerate(LABELS)),
    }
    for split, whose in (("train", "for training"), ("valid", "held back")):
        if not (folder / split).is_dir():
            raise FolderError(f"none of the photos {whose} can be read; are they where they were?")
    data = folder / "data.yaml"
    data.write_text(yaml.safe_dump(described, sort_keys=False))
    return data


def taught(told: Told, detections: Sequence[Detection], judged: Judged) -> tuple[_Boxes, list[Box]]:
    """The boxes to learn from one photo, in pixels, and those to paint over."""
    sure = {n for n, each in enumerate(detections) if each.confidence >= SURE}
    spaces = judged.judgement.spaces
    elsewhere = {space.vehicle for space in spaces if told.said.get(space.id) != "vacant"}
    wrong: set[int] = set()
    added: _Boxes = []
    for state in spaces:
        answer = told.said.get(state.id)
        if answer is None:
            continue
        space, place = _marked(told, state.id)
        here = [n for n, each in enumerate(detections) if iou(each.box, place) >= SAME]
        if answer == "vacant":  # what was found is no vehicle, even if it was judged so already
            wrong |= {n for n in here if n not in elsewhere}
            wrong |= set() if state.vehicle is None else {state.vehicle}
        elif state.vehicle is not None:
            sure.add(state.vehicle)
        elif free := [n for n in here if n not in elsewhere]:
            found = max(free, key=lambda n: iou(detections[n].box, place))
            sure.add(found)
            elsewhere.add(found)  # no vehicle fills two spaces
        else:
            added.append(("motorcycle" if space.type == "motorcycle" else "car", place))
    kept = [(detections[n].label, detections[n].box) for n in sorted(sure - wrong)] + added
    doubtful = [detections[n].box for n in range(len(detections)) if n in wrong or n not in sure]
    apart = [box for box in doubtful if all(iou(box, other) <= APART for _, other in kept)]
    return kept, apart


def painted(image: Image, boxes: Iterable[Box]) -> Image:
    """A copy of an image with boxes filled grey."""
    copy = image.copy()
    for box in boxes:
        x1, y1, x2, y2 = (round(each) for each in box.as_tuple())
        copy[y1:y2, x1:x2] = GREY
    return copy


def _marked(told: Told, space_id: str) -> tuple[Space, Box]:
    """A space, and the upright box around it in pixels."""
    [space] = [each for each in told.layout.spaces if each.id == space_id]
    width, height = told.layout.image_size
    return space, hull([(x * width, y * height) for x, y in space.polygon])


def _line(label: Label, box: Box, image: Image) -> str:
    height, width = image.shape[:2]
    x, y = (box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height
    w, h = (box.x2 - box.x1) / width, (box.y2 - box.y1) / height
    return f"{LABELS.index(label)} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n"
