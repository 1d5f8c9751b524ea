"""Which of the vehicles on a photo a detector found, and which detections found none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from parkcore.accuracy.average_precision import Flags, Floats
from parkcore.domain import LABELS, Box, Detection, Label
from parkcore.geometry import ious, shares_inside

BOX_IOU = 0.5
"""Intersection over union from which a detection is that vehicle."""

Kind: TypeAlias = Label | Literal["vehicle"]
"""A type, or any of them as one."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The detections of one kind on one photo, surest first, those left out that are neither
    right nor wrong."""

    confidences: Floats
    is_right: Flags
    truths: int


@dataclass(frozen=True, slots=True)
class PhotoSeen:
    """What was made of one photo with labelled vehicles."""

    confidence: float
    """From here a detection counts."""
    types: tuple[Label, ...]
    """Of the vehicles that are there."""
    sizes: Floats
    """Square roots of their areas in pixels."""
    found_at: Floats
    """Confidence of the detection that found each, whatever its type; -1 where none did."""
    found_as: tuple[Label | None, ...]
    ranked: dict[Kind, Ranked]
    """Without the types that are not labelled on the photo."""
    is_complete: bool
    light: str = ""
    view: str = ""
    milliseconds: float = 0.0

    @property
    def found(self) -> Flags:
        return self.found_at >= self.confidence

    @property
    def counted(self) -> int:
        return int((self.ranked["vehicle"].confidences >= self.confidence).sum())


def seen(
    boxes: Sequence[Box],
    labels: Sequence[Label],
    detections: Sequence[Detection],
    *,
    confidence: float,
    neutral: Sequence[Box] = (),
    unlabelled: Sequence[Label] = (),
    is_complete: bool = True,
) -> PhotoSeen:
    """Hold what was found on a photo against what is there.

    The surest detection chooses first, the vehicle that it overlaps most of those left, from
    `BOX_IOU`. So leaving out the less sure changes nothing about the others. What found nothing
    is wrong, except in a `neutral` place or of a type that is not labelled.
    """
    detections = sorted(detections, key=lambda d: -d.confidence)
    there, found = _array(boxes), _array([d.box for d in detections])
    overlaps = ious(there, found)
    on_neutral = shares_inside(found, _array(neutral)).max(axis=1, initial=0.0) >= 0.5
    confidences = np.array([d.confidence for d in detections])
    kinds = np.array([d.label for d in detections], dtype=object)
    types = np.array(labels, dtype=object)
    left_out = on_neutral | np.isin(kinds, unlabelled)
    chosen = assign_greedily(overlaps)
    ranked: dict[Kind, Ranked] = {
        "vehicle": _ranked(chosen, confidences, left_out, len(labels)),
    }
    for label in LABELS:
        if label not in unlabelled:
            mine, its = kinds == label, types == label
            within = assign_greedily(overlaps[np.ix_(its, mine)])
            ranked[label] = _ranked(within, confidences[mine], left_out[mine], int(its.sum()))
    found_at, found_as = np.full(len(labels), -1.0), [None] * len(labels)
    for d, t in enumerate(chosen):
        if t >= 0:
            found_at[t], found_as[t] = confidences[d], kinds[d]
    sizes = np.sqrt([box.area for box in boxes])
    return PhotoSeen(
        confidence, tuple(labels), sizes, found_at, tuple(found_as), ranked, is_complete
    )


def _ranked(chosen: Sequence[int], confidences: Floats, left_out: Flags, truths: int) -> Ranked:
    is_right = np.array(chosen, dtype=int).reshape(-1) >= 0
    kept = is_right | ~left_out
    return Ranked(confidences[kept], is_right[kept], truths)


def assign_greedily(overlaps: Floats) -> list[int]:
    """Each detection in turn takes the vehicle left that it overlaps most: its number, or -1.

    Args:
        overlaps: shape (vehicles, detections), 0..1, the surest detection first.
    """
    left = np.ones(len(overlaps), bool)
    chosen = []
    for column in overlaps.T:
        free = np.where(left, column, -1.0)
        best = int(free.argmax()) if len(free) else -1
        if best >= 0 and free[best] >= BOX_IOU:
            left[best] = False
            chosen.append(best)
        else:
            chosen.append(-1)
    return chosen


def _array(boxes: Sequence[Box]) -> Floats:
    return np.array([box.as_tuple() for box in boxes], float).reshape(-1, 4)
