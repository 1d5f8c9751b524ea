"""What is known of the photos of the open data sets: vehicles, places of doubt, marked spaces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parkcore.accuracy.labelled_boxes import read_boxes
from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.set_notes import SetNotes, read_notes
from parkcore.accuracy.splits import Split
from parkcore.accuracy.truth import Truth
from parkcore.domain import LABELS, Box

Floats = npt.NDArray[np.float64]

NOTES = Path(__file__).with_name("sets.toml")

RENDERED = "rendered"
"""What the set of rendered photos is called."""

UNLABELLED = {"pklot_frames": "UFPR04"}
"""Photos without labels, and what their names must have: the other camera is for measuring."""


@dataclass(frozen=True, slots=True)
class Vehicles:
    """Boxes of vehicles on one photo, in its pixels."""

    boxes: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    """Shape (n, 4): x1, y1, x2, y2."""
    types: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Numbers in `domain.LABELS`, shape (n,)."""
    confidences: Floats = field(default_factory=lambda: np.ones(0))
    """0..1, shape (n,); 1 where a person drew the box."""

    def __len__(self) -> int:
        return len(self.boxes)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Vehicles:
        return Vehicles(self.boxes[chosen], self.types[chosen], self.confidences[chosen])

    def plus(self, other: Vehicles) -> Vehicles:
        return Vehicles(
            np.vstack([self.boxes, other.boxes]),
            np.concatenate([self.types, other.types]),
            np.concatenate([self.confidences, other.confidences]),
        )


@dataclass(frozen=True, slots=True)
class Source:
    """One photo and what people said of it."""

    set_name: str
    photo: Path
    vehicles: Vehicles = field(default_factory=Vehicles)
    doubtful: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    spaces: tuple[tuple[Floats, bool], ...] = ()
    """Outlines in pixels, shape (corners, 2), and whether each is occupied."""
    is_complete: bool = False
    """Every vehicle is labelled; nothing is to be added."""


def read(folder: Path, split: Split = "train") -> Iterator[Source]:
    """The photos of one data set that may be trained on, in the order of their names; or those
    of them that are held back.

    Raises:
        FolderError: the set, or what is noted of it, cannot be read.
    """
    notes = read_notes(NOTES).get(folder.name, SetNotes())
    if notes.role == "measure":
        return
    if folder.name in UNLABELLED:
        if split != "train":
            return
        for photo in sorted(folder.glob(f"*{UNLABELLED[folder.name]}*.jpg")):
            yield Source(folder.name, photo)
        return
    for truth in read_truth(folder, split=split, notes=notes):
        yield _source(folder.name, truth)


def read_rendered(folder: Path) -> Iterator[Source]:
    """Rendered photos: all of them, as none shows a real place; every vehicle of which enough is
    to be seen is labelled, the others are places of doubt.

    Raises:
        FolderError: they cannot be read.
    """
    scenes = json.loads((folder / "scenes.json").read_text())
    for truth in read_boxes(folder, None, SetNotes()):
        if truth.photo.name in scenes:  # else made since the truth was last gathered
            yield _source(RENDERED, truth)


def _source(set_name: str, truth: Truth) -> Source:
    boxes = _array(truth.boxes)
    types = np.array([LABELS.index(label) for label in truth.labels], np.int64)
    spaces: tuple[tuple[Floats, bool], ...] = ()
    if truth.layout:
        size = np.array(truth.layout.image_size, float)
        outlines = (np.array(space.polygon) * size for space in truth.layout.spaces)
        spaces = tuple(zip(outlines, truth.occupied, strict=True))
    return Source(
        set_name,
        truth.photo,
        Vehicles(boxes, types, np.ones(len(boxes))),
        _array(truth.neutral),
        spaces,
        truth.is_complete and not spaces,
    )


def _array(boxes: tuple[Box, ...]) -> Floats:
    return np.array([box.as_tuple() for box in boxes], float).reshape(-1, 4)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
