"""Fits how sure a judgement is: `python -m tests.benchmarks.calibrate_judgement SET[:SPLIT] …`.

Prints the coefficients of `parkcore.spaces.judgement` from labelled photos whose spaces are known
(`images/` and `spaces.json`), by ridge-regularised logistic regression, and for each bin of
probability how often such spaces were occupied. Fit on other lots than those you measure on.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from shapely import Polygon

from parkcore.accuracy.evaluate import Truth, read_truth
from parkcore.detect import YoloDetector, find_weights, model_folders
from parkcore.geometry import prob_iou
from parkcore.images import decode
from parkcore.settings import load
from parkcore.spaces import ground, judgement

RIDGE = 0.3
BINS = (0, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0001)


def features(truth: Truth, detector: YoloDetector) -> Iterator[tuple[bool, list[float], bool]]:
    """Per space: whether a vehicle fills it, what the regression sees, and the truth."""
    image = decode(truth.photo.read_bytes(), max_megapixels=500).image
    detections = detector.detect(image)
    scale = np.array([image.shape[1], image.shape[0]], float)
    outlines = [np.array(space.polygon) * scale for space in truth.layout.spaces]
    boxes = ground.boxes_of(detections)
    measure = prob_iou(outlines, ground.ground_parts(boxes))
    filling = judgement.assign(measure, np.array([d.confidence for d in detections]))
    left = [v for v in range(len(boxes)) if v not in filling.values()]
    covered = ground.covered(outlines, boxes)
    for number, (outline, occupied) in enumerate(zip(outlines, truth.occupied, strict=True)):
        assert Polygon(outline).area > 0
        if number in filling:
            vehicle = filling[number]
            sure = min(0.99, max(0.01, detections[vehicle].confidence))
            yield True, [1, measure[number, vehicle], np.log(sure / (1 - sure))], occupied
        else:
            best = float(measure[number].max(initial=0.0))
            near = max(0.0, best - 0.5) if covered[number] > 0 else 0.0
            free = float(measure[number, left].max(initial=0.0))
            yield False, [1, free, best, near, covered[number] * best], occupied


def fit(rows: np.ndarray, occupied: np.ndarray) -> np.ndarray:
    """Newton's method on the log likelihood; the intercept is not drawn to zero."""
    ridge = RIDGE * np.diag([0] + [1] * (rows.shape[1] - 1))
    weights = np.zeros(rows.shape[1])
    for _ in range(80):
        p = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (occupied - p) - ridge @ weights
        weights += np.linalg.solve((rows * (p * (1 - p))[:, None]).T @ rows + ridge, gradient)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", metavar="SET[:SPLIT]")
    settings = load()
    detector = YoloDetector(
        find_weights(settings.model, folders=model_folders()),
        confidence=settings.confidence,
        imgsz=settings.imgsz,
    )
    found = []
    for each in parser.parse_args().sets:
        folder, _, split = each.partition(":")
        for truth in read_truth(Path(folder), split=split or None):
            found += features(truth, detector)
    for name, filled in (("FILLED", True), ("EMPTY", False)):
        rows = np.array([row for is_filled, row, _ in found if is_filled == filled], float)
        truth = np.array([o for is_filled, _, o in found if is_filled == filled], float)
        weights = fit(rows, truth)
        print(f"{name} = ({', '.join(f'{weight:.3f}' for weight in weights)})")  # noqa: T201
        p = 1 / (1 + np.exp(-rows @ weights))
        for low, high in itertools.pairwise(BINS):
            here = (low <= p) & (p < high)
            if here.any():
                print(  # noqa: T201
                    f"  {low:.2f}–{min(high, 1):.2f}: {here.sum()} spaces,"
                    f" said {p[here].mean():.3f}, occupied {truth[here].mean():.3f}"
                )


if __name__ == "__main__":
    main()
