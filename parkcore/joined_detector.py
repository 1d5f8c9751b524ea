"""Two detectors that look at every photo: one taught car parks, one taught streets.

A small network that learned many small vehicles seen from above has unlearned much of what a
street shows: near vehicles, half-hidden ones, and what only looks like one. A second network, in a
small analysis size, knows that, in a third of the time of the first; `models/parkcore-streets.md`
has what they find together and alone, and what else was tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from parkcore.analysis_size import analysis_size
from parkcore.detect import Detector, each_vehicle_once
from parkcore.domain import Box, Detection, DetectorInfo, Image
from parkcore.geometry import Array, ious

FLOOR = 0.02
"""Detections this sure are still joined: two unsure looks can make one that is sure enough."""

STREET_SIZE = 640
"""Analysis size of the second detector, in pixels of the photo's longer side."""

SAME = 0.5
"""Boxes of the two detectors that overlap by so much (IoU) are one vehicle."""

MISSED = 1.0
"""Log odds that a large detection loses if the second detector has none there."""

SMALL, LARGE = 32.0, 96.0
"""Square roots of areas in pixels, as the second detector sees them (COCO's limits of small and
large objects): below the one nothing follows from its missing a vehicle, above the other all."""


class JoinedDetector:
    """Both detectors' vehicles, each once.

    Args:
        main: decides the analysis size.
        street: looks in its own.
        confidence: joined detections less sure are left out, 0..1. Both detectors should tell what
            they find from `FLOOR`.
    """

    def __init__(self, main: Detector, street: Detector, *, confidence: float) -> None:
        self._main, self._street, self._confidence = main, street, confidence

    @cached_property
    def info(self) -> DetectorInfo:
        main, street = self._main.info, self._street.info
        return DetectorInfo(
            f"{main.model} + {street.model}",
            f"{main.version}+{street.version}",
            self._confidence,
            main.imgsz,
        )

    def load(self) -> None:
        """Load both models.

        Raises:
            ModelError: one of them cannot be loaded.
        """
        self._main.load()
        self._street.load()

    def detect(self, image: Image, imgsz: int | None = None) -> list[Detection]:
        main, street = self._main.detect(image, imgsz), self._street.detect(image)
        height, width = image.shape[:2]
        scale = analysis_size(width, height, self._street.info.imgsz) / max(width, height)
        return [seen for seen in joined(main, street, scale) if seen.confidence >= self._confidence]


def joined(main: Sequence[Detection], street: Sequence[Detection], scale: float) -> list[Detection]:
    """What two detectors found on one photo, each vehicle once, surest first.

    What both found is a vehicle unless both are wrong, 1 - (1 - p)(1 - q) (the noisy-or of Pearl,
    "Probabilistic Reasoning in Intelligent Systems", 1988); its type is that of the surer one, its
    box the mean of both, weighted by their confidences (Solovyev et al., "Weighted boxes fusion",
    2021). What only the first found, so large that the other could hardly miss a vehicle, is less
    sure by up to `MISSED`.

    Args:
        scale: pixels of the photo as `street` sees it, for each of its own.
    """
    overlaps = ious(_boxes(main), _boxes(street))
    found: list[Detection] = []
    paired: set[int] = set()
    for number in np.argsort([-seen.confidence for seen in main], kind="stable").tolist():
        seen = main[number]
        partner = int(overlaps[number].argmax()) if len(street) else 0
        if len(street) and overlaps[number, partner] >= SAME:
            overlaps[:, partner] = 0  # no vehicle is two
            found.append(_both(seen, street[partner]))
            paired.add(partner)
        else:
            found.append(_missed(seen, scale))
    found += [seen for number, seen in enumerate(street) if number not in paired]
    return each_vehicle_once(found)


def _both(one: Detection, other: Detection) -> Detection:
    confidence = 1 - (1 - one.confidence) * (1 - other.confidence)
    box = one.box
    if total := one.confidence + other.confidence:
        shares = np.array([[one.confidence], [other.confidence]]) / total
        box = Box(*(shares * _boxes([one, other])).sum(0).tolist())
    return Detection(max(one, other, key=lambda each: each.confidence).label, confidence, box)


def _missed(seen: Detection, scale: float) -> Detection:
    """A vehicle that the second detector did not find."""
    side = scale * math.sqrt(seen.box.area)
    share = min(1.0, max(0.0, (side - SMALL) / (LARGE - SMALL)))
    likely = seen.confidence * math.exp(-MISSED * share)
    return replace(seen, confidence=likely / (likely + (1 - seen.confidence)))


def _boxes(found: Sequence[Detection]) -> Array:
    return np.array([seen.box.as_tuple() for seen in found], float).reshape(-1, 4)
