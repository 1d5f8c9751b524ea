"""How right a detector is, measured on photos with known truth.

Two kinds of truth are read:

- `spaces.json`: every marked space of a photo as a polygon, occupied or not; scored in
  `evaluate_spaces`. Vehicles outside marked spaces are not labelled in such sets and count
  neither as right nor as wrong.
- `data.yaml` with `labels/*.txt`: YOLO boxes of vehicles (boxes of other things are passed
  over), matched one to one at IoU 0.5, whatever the type.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.Image
import yaml
from shapely import MultiPoint, Polygon

from parkcore.detect import Detector
from parkcore.domain import Box, Detection
from parkcore.errors import FolderError
from parkcore.geometry import iou
from parkcore.images import decode
from parkcore.spaces.layout import Layout, Space

_VEHICLE = re.compile(
    r"(?<![a-z])(car|van|minivan|taxi|jeep|ambulance|bus|minibus|truck|lorry|motor|bike|scooter)",
    re.I,
)
"""What the sets call their vehicles."""
BOX_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Truth:
    """One photo and what is known of it: its vehicles' boxes, or its spaces and which of them
    are occupied."""

    photo: Path
    boxes: tuple[Box, ...] = ()
    layout: Layout | None = None
    occupied: tuple[bool, ...] = ()


@dataclass(slots=True)
class Score:
    """Sums over the photos of one set of boxes at one confidence."""

    truths: int = 0
    found: int = 0
    claimed: int = 0

    def add(self, truth: Truth, detections: Sequence[Detection]) -> None:
        boxes = [detection.box for detection in detections]
        self.truths += len(truth.boxes)
        self.claimed += len(boxes)
        self.found += len(match(truth.boxes, boxes, BOX_IOU))

    def row(self) -> dict[str, str]:
        """The figures for a table, each with what it is a share of."""
        return {
            "vehicles found": f"{self.found / max(1, self.truths):.1%} of {self.truths}",
            "detections that match": f"{self.found / max(1, self.claimed):.1%} of {self.claimed}",
        }


def match(truths: Sequence[Box], boxes: Sequence[Box], least: float) -> dict[int, int]:
    """Pair truths with boxes one to one, best overlap first: truth number → box number."""
    pairs = sorted(
        (
            (overlap, t, b)
            for t, truth in enumerate(truths)
            for b, box in enumerate(boxes)
            if (overlap := iou(truth, box)) >= least
        ),
        reverse=True,
    )
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, t, b in pairs:
        if t not in matched and b not in used:
            matched[t] = b
            used.add(b)
    return matched


def read_truth(folder: Path, *, split: str | None = None) -> list[Truth]:
    """The labelled photos of a data set.

    Raises:
        FolderError: there is no truth in it, or it cannot be read.
    """
    try:
        if (folder / "spaces.json").is_file():
            truths = list(_spaces(folder, split))
        elif (folder / "labels").is_dir():
            truths = list(_labels(folder))
        else:
            raise FolderError(f"{folder} has neither spaces.json nor labels/ to measure against")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise FolderError(f"the labels in {folder} cannot be read: {error!r}") from error
    missing = [truth.photo for truth in truths if not truth.photo.is_file()]
    if missing:
        raise FolderError(f"the photo {missing[0]} is not there, but has labels")
    if not truths:
        raise FolderError(f"there is no labelled photo in {folder}; check --split")
    return truths


def _spaces(folder: Path, split: str | None) -> Iterator[Truth]:
    for name, photo in sorted(json.loads((folder / "spaces.json").read_text()).items()):
        known = [s for s in photo["spaces"] if s["occupied"] is not None]
        if known and split in (None, photo.get("split")):
            size = _size(photo, folder / "images" / name)
            spaces = (
                Space(str(n), _polygon(space["contour"], size)) for n, space in enumerate(known)
            )
            yield Truth(
                folder / "images" / name,
                layout=Layout(tuple(spaces), (), size),
                occupied=tuple(space["occupied"] == 1 for space in known),
            )


def _size(photo: dict[str, Any], path: Path) -> tuple[int, int]:
    if "width" in photo and "height" in photo:
        return photo["width"], photo["height"]
    with PIL.Image.open(path) as header:
        return header.size


def _polygon(contour: Any, size: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    """A labelled outline as one that can be used: within the photo and around itself."""
    corners = tuple(
        (min(1.0, max(0.0, x / size[0])), min(1.0, max(0.0, y / size[1]))) for x, y in contour
    )
    if Polygon(corners).is_valid:
        return corners
    hull = MultiPoint(corners).convex_hull
    return tuple((float(x), float(y)) for x, y in list(hull.exterior.coords)[:-1])


def _labels(folder: Path) -> Iterator[Truth]:
    names = yaml.safe_load((folder / "data.yaml").read_text())["names"]
    names = names if isinstance(names, dict) else dict(enumerate(names))
    vehicles = {number for number, name in names.items() if _VEHICLE.search(name)}
    photos = {photo.stem: photo for photo in (folder / "images").iterdir()}
    for labels in sorted((folder / "labels").glob("*.txt")):
        if photo := photos.get(labels.stem):
            with PIL.Image.open(photo) as header:
                size = header.size
            rows = [line.split() for line in labels.read_text().splitlines()]
            boxes = [_yolo_box(row, *size) for row in rows if int(row[0]) in vehicles]
            if boxes:
                yield Truth(photo, tuple(boxes))


def _yolo_box(row: list[str], width: int, height: int) -> Box:
    cx, cy, w, h = map(float, row[1:5])
    return Box(
        (cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height
    )


def evaluate(
    truths: Iterable[Truth],
    detector: Detector,
    confidences: Sequence[float],
) -> list[dict[str, str]]:
    """Score a detector at several confidences in one pass; a table row for each.

    The detector's own confidence must be the lowest of them: leaving out the less sure
    afterwards is the same as never asking for them, as suppression goes from sure to unsure.
    """
    scores = {confidence: Score() for confidence in confidences}
    milliseconds: list[float] = []
    detector.load()
    for truth in truths:
        image = decode(truth.photo.read_bytes(), max_megapixels=500).image
        started = time.perf_counter()
        detections = detector.detect(image)
        milliseconds.append(1000 * (time.perf_counter() - started))
        for confidence, score in scores.items():
            score.add(truth, [d for d in detections if d.confidence >= confidence])
    middle, least, most = (f(milliseconds) for f in (statistics.median, min, max))
    return [
        {
            "model": detector.info.model,
            "imgsz": str(detector.info.imgsz),
            "confidence": f"{confidence:g}",
            **score.row(),
            "ms a photo: median (least–most)": f"{middle:.0f} ({least:.0f}–{most:.0f})",
        }
        for confidence, score in scores.items()
    ]


def markdown(rows: Sequence[dict[str, str]]) -> str:
    """Rows of equal keys as a Markdown table."""
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([row[key] for key in head] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
