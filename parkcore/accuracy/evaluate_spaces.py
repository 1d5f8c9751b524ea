"""How right spaces are judged, measured on photos whose spaces are known, beside the plain way."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shapely import Polygon, points

from parkcore.accuracy.evaluate import Truth
from parkcore.detect import Detector
from parkcore.domain import Detection
from parkcore.images import decode
from parkcore.spaces.judgement import judge
from parkcore.spaces.layout import Layout
from parkcore.spaces.verdict import Judgement, SpaceState

Judging = Callable[[Layout, Sequence[Detection], tuple[int, int]], Judgement]


@dataclass(slots=True)
class SpaceScore:
    """Sums over the photos of one set."""

    right_occupied: int = 0
    right_vacant: int = 0
    wrong_occupied: int = 0
    wrong_vacant: int = 0
    unknown: int = 0
    count_errors: list[int] = field(default_factory=list)
    in_interval: int = 0
    interval_widths: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def add(self, truth: Truth, judgement: Judgement) -> None:
        for space, occupied in zip(judgement.spaces, truth.occupied, strict=True):
            if space.state == "unknown":
                self.unknown += 1
            elif space.state == "occupied":
                self.right_occupied += occupied
                self.wrong_occupied += not occupied
            else:
                self.right_vacant += not occupied
                self.wrong_vacant += occupied
        count = sum(truth.occupied)
        low, high = judgement.interval
        self.count_errors.append(abs(judgement.occupied - count))
        self.in_interval += low <= count <= high
        self.interval_widths.append(high - low)

    def figures(self) -> dict[str, Any]:
        """Shares 0..1. Accuracy, precision, recall and F1 are of the spaces that were judged."""
        right = self.right_occupied + self.right_vacant
        judged = right + self.wrong_occupied + self.wrong_vacant
        claimed = self.right_occupied + self.wrong_occupied
        there = self.right_occupied + self.wrong_vacant
        photos = len(self.count_errors)
        both = claimed + there
        return {
            "photos": photos,
            "spaces": judged + self.unknown,
            "accuracy": _share(right, judged),
            "accuracy_interval": wilson(right, judged),
            "precision": _share(self.right_occupied, claimed),
            "precision_interval": wilson(self.right_occupied, claimed),
            "recall": _share(self.right_occupied, there),
            "recall_interval": wilson(self.right_occupied, there),
            "f1": _share(2 * self.right_occupied, both),
            "unknown": _share(self.unknown, judged + self.unknown),
            "count_mae": round(statistics.mean(self.count_errors), 4),
            "exact": _share(sum(error == 0 for error in self.count_errors), photos),
            "exact_interval": wilson(sum(error == 0 for error in self.count_errors), photos),
            "interval_coverage": _share(self.in_interval, photos),
            "interval_width": round(statistics.mean(self.interval_widths), 2),
            "milliseconds": round(statistics.median(self.milliseconds), 1),
            "milliseconds_range": [round(f(self.milliseconds), 1) for f in (min, max)],
        }


def score(
    truths: Iterable[Truth],
    detector: Detector,
    confidences: Sequence[float],
    judging: Judging = judge,
) -> list[dict[str, Any]]:
    """The figures of a detector at several confidences, in one pass over the photos.

    The detector's own confidence must be the lowest of them; see `evaluate.evaluate`.
    """
    scores = {confidence: SpaceScore() for confidence in confidences}
    detector.load()
    for truth in truths:
        if truth.layout is None:
            continue
        image = decode(truth.photo.read_bytes(), max_megapixels=500).image
        size = (image.shape[1], image.shape[0])
        started = time.perf_counter()
        detections = detector.detect(image)
        seen_ms = 1000 * (time.perf_counter() - started)
        for confidence, sums in scores.items():
            started = time.perf_counter()
            sure = [d for d in detections if d.confidence >= confidence]
            sums.add(truth, judging(truth.layout, sure, size))
            sums.milliseconds.append(seen_ms + 1000 * (time.perf_counter() - started))
    info = detector.info
    return [
        {"model": info.model, "imgsz": info.imgsz, "confidence": confidence, **sums.figures()}
        for confidence, sums in scores.items()
    ]


def centre_in_polygon(
    layout: Layout, detections: Sequence[Detection], image_size: tuple[int, int]
) -> Judgement:
    """The plain way, as Ultralytics' ParkingManagement judges: a space is occupied where the
    middle of any box lies in it. It knows neither doubt nor intervals."""
    boxes = np.array([d.box.as_tuple() for d in detections]).reshape(-1, 4)
    middles = points((boxes[:, :2] + boxes[:, 2:]) / 2 / image_size)
    states = []
    for space in layout.spaces:
        taken = bool(len(middles)) and bool(Polygon(space.polygon).contains(middles).any())
        p = float(taken)
        states.append(SpaceState(space.id, "occupied" if taken else "vacant", 1.0, "", p))
    return Judgement(tuple(states))


def wilson(successes: int, trials: int, z: float = 1.96) -> list[float] | None:
    """95 % confidence interval of a share (Wilson 1927); None without trials."""
    if not trials:
        return None
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Figures as a Markdown table."""
    head = [
        *("model", "imgsz", "confidence", "judged by", "spaces right (95 %)", "precision"),
        *("recall", "F1", "unknown", "count error a photo", "counts exact"),
        *("truth in interval", "ms a photo"),
    ]
    lines = [head, ["---"] * len(head), *map(_line, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _line(row: dict[str, Any]) -> list[str]:
    low, high = row["accuracy_interval"] or (0, 0)
    return [
        str(row["model"]),
        str(row["imgsz"]),
        f"{row['confidence']:g}",
        row["judged_by"],
        f"{row['accuracy']:.2%} ({low:.1%}–{high:.1%}) of {row['spaces']:,}",
        *(f"{row[key]:.2%}" for key in ("precision", "recall", "f1")),
        f"{row['unknown']:.1%}",
        f"{row['count_mae']:.2f}",
        f"{row['exact']:.0%} of {row['photos']}",
        f"{row['interval_coverage']:.0%} (width {row['interval_width']:.1f})",
        f"{row['milliseconds']:.0f}",
    ]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
