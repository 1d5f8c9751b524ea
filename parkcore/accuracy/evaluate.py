"""What is known of the photos of a labelled set: the truth that figures are measured against.

Two kinds of truth are read:

- `spaces.json`: every marked space of a photo as a polygon, occupied or not; scored in
  `evaluate_spaces`. Vehicles outside marked spaces are not labelled in such sets and count
  neither as right nor as wrong.
- `data.yaml` with `labels/*.txt`: YOLO boxes of vehicles; scored in `box_figures`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import PIL.Image
import yaml
from shapely import MultiPoint, Polygon

from parkcore.accuracy.photo_light import Light
from parkcore.accuracy.set_notes import SetNotes
from parkcore.accuracy.splits import Split, split_of
from parkcore.domain import Box, Label
from parkcore.errors import FolderError
from parkcore.spaces.layout import Layout, Space


@dataclass(frozen=True, slots=True)
class Truth:
    """One photo and what is known of it: its vehicles' boxes, or its spaces and which of them
    are occupied."""

    photo: Path
    boxes: tuple[Box, ...] = ()
    layout: Layout | None = None
    occupied: tuple[bool, ...] = ()
    labels: tuple[Label, ...] = ()
    """The type of each box."""
    neutral: tuple[Box, ...] = ()
    """What is there is neither right nor wrong when it is found, such as rickshaws."""
    unlabelled: tuple[Label, ...] = ()
    """Vehicles of these types have no box."""
    is_complete: bool = True
    """Whether every vehicle of the other types has a box."""
    light: Light | None = None
    """None where the set does not say it."""
    view: str = ""
    """From where it was taken, where the set says it."""


def read_truth(
    folder: Path, *, split: str | None = None, notes: SetNotes | None = None
) -> list[Truth]:
    """The labelled photos of a data set.

    Args:
        split: only photos of this split: as spaces.json says, else as `splits.held_back` does.
            A set that is wholly for measuring is all `valid`.
        notes: what is known of the set besides its labels.

    Raises:
        FolderError: there is no truth in it, or it cannot be read.
    """
    notes = notes or SetNotes()
    if notes.role == "measure" and split in get_args(Split):
        truths = read_truth(folder, notes=replace(notes, role="train"))
        if split == "train":
            raise FolderError(f"{folder} is for measuring only and has nothing to train on")
        return truths
    try:
        if (folder / "spaces.json").is_file():
            truths = list(_spaces(folder, split, notes))
        elif (folder / "labels").is_dir():
            truths = list(read_boxes(folder, split, notes))
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


def _spaces(folder: Path, split: str | None, notes: SetNotes) -> Iterator[Truth]:
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
                light=photo.get("light") or notes.light,
                view=photo.get("view", ""),
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


def read_boxes(folder: Path, split: str | None, notes: SetNotes) -> Iterator[Truth]:
    """The photos of a set that have labelled boxes, whatever else is known of them."""
    given = next(
        (f for f in (folder / "data.yaml", folder.parent / "data.yaml") if f.is_file()), None
    )
    if given is None:
        raise FolderError(f"{folder} has labels/ but no data.yaml that says what they are called")
    names = yaml.safe_load(given.read_text())["names"]
    names = dict(names if isinstance(names, dict) else enumerate(names))
    types = {number: notes.type_of(name) for number, name in names.items()}
    neutral = {number for number, name in names.items() if notes.is_neutral(name)}
    photos = {photo.stem: photo for photo in (folder / "images").iterdir()}
    for path in sorted((folder / "labels").glob("*.txt")):
        photo = photos.get(path.stem)
        if photo is None or split not in (None, split_of(path.stem)):
            continue
        with PIL.Image.open(photo) as header:
            size = header.size
        rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
        boxes = [(int(row[0]), _yolo_box(row, *size)) for row in rows]
        known = [(label, box) for number, box in boxes if (label := types[number])]
        yield Truth(
            photo,
            tuple(box for _, box in known),
            labels=tuple(label for label, _ in known),
            neutral=tuple(box for number, box in boxes if number in neutral),
            unlabelled=notes.unlabelled,
            is_complete=notes.complete,
            light=notes.light,
        )


def _yolo_box(row: list[str], width: int, height: int) -> Box:
    cx, cy, w, h = map(float, row[1:5])
    return Box(
        (cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height
    )
