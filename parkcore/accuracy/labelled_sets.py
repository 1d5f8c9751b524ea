"""Labelled sets of photos, with one of two kinds of truth:

- `spaces.json`: every marked space of a photo as a polygon, occupied or not; scored in
  `evaluate_spaces`. Vehicles outside marked spaces are not labelled in such sets and count
  neither as right nor as wrong.
- `data.yaml` and YOLO boxes of vehicles, read in `labelled_boxes`, scored in `box_figures`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapely import MultiPoint, Polygon

from parkcore.accuracy.labelled_boxes import label_folders, read_boxes, warn_of_chosen
from parkcore.accuracy.set_notes import SetNotes
from parkcore.accuracy.splits import called, split_of
from parkcore.accuracy.truth import Truth
from parkcore.errors import FolderError, NothingLabelled, UnreadablePhoto
from parkcore.images import upright_size
from parkcore.spaces.layout import LEAST_AREA, Layout, Point, Space

log = logging.getLogger(__name__)

SAME_SHAPE = 0.02
"""By so much of its ratio of width to height a photo may differ from what its labels say of it."""


def read_truth(
    folder: Path,
    *,
    split: str | None = None,
    notes: SetNotes | None = None,
    to_measure: bool = False,
) -> list[Truth]:
    """The labelled photos of a data set.

    Args:
        split: only photos of this split: as spaces.json or the folders' names say, else as
            `splits.held_back` does, which is logged where there are no notes. A set that is
            wholly for measuring is all `valid`.
        notes: what is known of the set besides its labels.
        to_measure: only spaces that measure; see `is_drawn`.

    Raises:
        NothingLabelled: there is no labelled photo in it, or none of that split.
        FolderError: there is no truth in it, or it cannot be read.
    """
    folder, notes = folder.resolve(), notes or SetNotes()
    if not folder.is_dir():
        raise FolderError(f"there is no folder {folder}")
    if notes.role == "measure" and called(split) == "train":
        raise NothingLabelled(f"{folder} is for measuring only and has nothing to train on")
    if notes.role == "measure" and called(split) == "valid":
        notes = replace(notes, role="train")
        return read_truth(folder, notes=notes, to_measure=to_measure)
    if (folder / "spaces.json").is_file():
        truths = list(_spaces(folder, split, notes, to_measure))
    elif any(label_folders(folder)):
        truths = list(read_boxes(folder, split, notes))
    else:
        raise FolderError(
            f"{folder} has nothing to measure against; expected images/ with spaces.json, or with"
            " labels/*.txt (YOLO boxes) and data.yaml"
        )
    if not truths:
        of_split = f" of the split {split}; check --split, or go without" if split else ""
        raise NothingLabelled(
            f"there is no labelled photo in {folder}{of_split}"
            + (" (spaces that were put right by hand measure nothing)" if to_measure else "")
        )
    return truths


def is_drawn(space: Mapping[str, Any]) -> bool:
    """Whether a labelled space was not chosen for how it was judged, as those are that people put
    right in a set of `export-training`: what is corrected is what was wrong, and so measures
    nothing."""
    return bool(space.get("asked", space.get("by") != "hand"))


def occupied_of(space: Mapping[str, Any]) -> bool | None:
    """What a labelled space says; None where its truth is not known.

    Raises:
        ValueError: it says anything else than 0, 1 or null.
    """
    if space["occupied"] not in (0, 1, None):
        raise ValueError(f'"occupied" is 0, 1 or null, but got {space["occupied"]!r}')
    return None if space["occupied"] is None else bool(space["occupied"])


def _spaces(folder: Path, split: str | None, notes: SetNotes, to_measure: bool) -> Iterator[Truth]:
    path = folder / "spaces.json"
    try:
        photos = sorted(json.loads(path.read_text(encoding="utf-8")).items())
    except (OSError, ValueError, AttributeError) as error:
        raise FolderError(f"the labels in {path} cannot be read: {error!r}") from error
    chosen = unsaid = 0
    for name, photo in photos:
        try:
            said = called(photo.get("split")) or split_of(Path(name).stem)
            if is_chosen := split is None or called(split) == said:
                yield from _spaces_of(folder / "images" / name, photo, notes, to_measure)
            unsaid += not photo.get("split")
            chosen += is_chosen and not photo.get("split")
        except UnreadablePhoto as error:
            log.warning("%s is left out: %s", name, error)
        except (ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
            raise FolderError(
                f"the labels of {name} in {path} cannot be read: {error!r}"
            ) from error
    if split and notes == SetNotes():
        warn_of_chosen(folder, chosen, unsaid)


def _spaces_of(
    path: Path, photo: dict[str, Any], notes: SetNotes, to_measure: bool
) -> Iterator[Truth]:
    def is_told(space: dict[str, Any]) -> bool:
        return occupied_of(space) is not None and (not to_measure or is_drawn(space))

    if not any(map(is_told, photo["spaces"])):
        return
    if not path.is_file():
        raise FolderError(f"the photo {path} is not there, but has labels")
    pixels = upright_size(path)
    size = (photo["width"], photo["height"]) if "width" in photo else pixels
    check_shape(path, pixels, size)
    marked, known, occupied, missing = [], [], [], 0
    for number, each in enumerate(photo["spaces"]):
        outline = outline_within(each["contour"], size)
        is_known = is_told(each)
        if outline is None:
            missing += is_known
            continue
        marked.append(Space(str(number), outline, each.get("type", "car")))
        if is_known:
            known.append(marked[-1])
            occupied.append(bool(occupied_of(each)))
    if missing:
        log.warning(
            "%s: %d of its spaces lie outside of the photo or are too small to be judged, and are"
            " left out", path.name, missing,
        )  # fmt: skip
    if known:
        yield Truth(
            path,
            layout=Layout(tuple(known), (), pixels),
            occupied=tuple(occupied),
            marked=Layout(tuple(marked), (), pixels),
            imgsz=photo.get("imgsz"),
            light=photo.get("light") or notes.light,
            view=photo.get("view") or notes.view,
        )


def check_shape(path: Path, pixels: tuple[int, int], labelled: tuple[int, int]) -> None:
    """
    Raises:
        FolderError: a photo has another shape than the one that its labels are of.
    """
    if abs(math.log(labelled[0] * pixels[1] / (labelled[1] * pixels[0]))) > SAME_SHAPE:
        raise FolderError(
            f"{path} has {pixels[0]} × {pixels[1]} pixels, upright, but its labels are of a photo"
            f" of {labelled[0]} × {labelled[1]}: one of them was turned or cropped; label it as it"
            " is shown"
        )


def outline_within(contour: Sequence[Point], size: tuple[int, int]) -> tuple[Point, ...] | None:
    """A labelled outline as a layout has it, 0..1: within the photo and around itself. None where
    too little of it is in the photo.

    Args:
        contour: in pixels of a photo of `size`.

    Raises:
        ValueError: it has no area.
    """
    if MultiPoint(contour).convex_hull.geom_type != "Polygon":
        raise ValueError(f"the outline {contour} of a space has no area")
    corners = tuple(
        (min(1.0, max(0.0, x / size[0])), min(1.0, max(0.0, y / size[1]))) for x, y in contour
    )
    shape = Polygon(corners)
    if not shape.is_valid:
        shape = MultiPoint(corners).convex_hull
        if shape.geom_type == "Polygon":
            corners = tuple((float(x), float(y)) for x, y in list(shape.exterior.coords)[:-1])
    return corners if shape.area >= LEAST_AREA else None
