"""One confidence for all types: what a detector says of each is shifted until the same threshold
counts each as well as can be.

How sure a detector says that it is differs by type: what it was taught much of, it is surer of. A
threshold per type would have to be set, stored and explained everywhere; so the difference goes
into the weights instead, as log odds on the last biases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.training.sources import Floats, Source, Vehicles
from parkcore.accuracy.box_matching import PhotoSeen, Ranked, seen
from parkcore.accuracy.measuring import FLOOR
from parkcore.detect import YoloDetector
from parkcore.domain import LABELS, Box, Label
from parkcore.images import decode
from parkcore.settings import Settings

THRESHOLD = 0.2
"""Of the main detector by itself. The second one makes what both see surer, so that the setting,
which is of both together, is higher."""
ANALYSIS_SIZE: int = Settings.model_fields["imgsz"].default
ANCHOR: Label = "car"
"""Keeps its confidence: the threshold was chosen for it, on car parks."""
ENOUGH = 30
"""Fewer vehicles of a type tell too little to shift it."""
RESAMPLED = 200


def look(weights: Path, photos: Sequence[tuple[Source, Vehicles, Floats]]) -> list[PhotoSeen]:
    """What a detector finds on photos, held against their completed labels.

    Args:
        photos: each with its vehicles and the places of doubt, shape (n, 4).
    """
    detector = YoloDetector(weights, confidence=FLOOR, imgsz=ANALYSIS_SIZE)
    looked = []
    for source, vehicles, doubtful in photos:
        image = decode(source.photo.read_bytes(), max_megapixels=500).image
        looked.append(
            seen(
                [Box(*box) for box in vehicles.boxes.tolist()],
                [LABELS[number] for number in vehicles.types.tolist()],
                detector.detect(image),
                confidence=THRESHOLD,
                neutral=[Box(*box) for box in doubtful.tolist()],
            )
        )
    return looked


def shifts(photos: Sequence[PhotoSeen], seed: int = 0) -> dict[Label, float]:
    """Log odds to add to what a detector says of each type, so that its F1 is best at THRESHOLD."""
    random = np.random.default_rng(seed)
    found: dict[Label, float] = {}
    for label in LABELS:
        ranked = [photo.ranked[label] for photo in photos if label in photo.ranked]
        if label == ANCHOR or sum(each.truths for each in ranked) < ENOUGH:
            continue
        draws = random.integers(len(ranked), size=(RESAMPLED, len(ranked)))
        best = [_log_odds(_best_confidence([ranked[n] for n in draw])) for draw in draws]
        found[label] = _log_odds(THRESHOLD) - float(np.mean(best))
    return found


def _best_confidence(photos: Sequence[Ranked]) -> float:
    """From where detections count for the best F1."""
    confidences = np.concatenate([photo.confidences for photo in photos])
    is_right = np.concatenate([photo.is_right for photo in photos])
    if not is_right.any():
        return THRESHOLD
    order = np.argsort(-confidences, kind="stable")
    right = np.cumsum(is_right[order])
    claimed = np.arange(1, len(order) + 1)
    f1 = 2 * right / (claimed + sum(photo.truths for photo in photos))
    return float(confidences[order][f1.argmax()])


def _log_odds(share: float) -> float:
    bounded = min(max(share, 0.01), 0.99)
    return math.log(bounded / (1 - bounded))
