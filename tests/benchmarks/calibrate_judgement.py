"""Fits how sure a judgement is: `python -m tests.benchmarks.calibrate_judgement SET[:SPLIT] …`.

Prints the coefficients of `parkcore.spaces.judgement` from labelled photos whose spaces are known
(`images/` and `spaces.json`), by ridge-regularised logistic regression, and for each bin of
probability how often such spaces were occupied. Fit on other lots than those you measure on.

With `--folds WORK`, where `models.training.classifier` kept its classifiers, it fits those with a
second opinion: each photo's spaces are judged by the classifier that was trained without the
photo's lot, else the joint coefficients would believe it too much. Photos for which there is no
such classifier are left out.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.training.classifier import fold_file, fold_of_photos
from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.truth import Truth
from parkcore.detect import Detector
from parkcore.images import decode
from parkcore.settings import load
from parkcore.spaces import ground, judgement
from parkcore.spaces.second_opinion import SecondOpinion
from parkcore.wiring import make_detector

RIDGE = 0.3
BINS = (0, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0001)


@dataclass(frozen=True, slots=True)
class Row:
    """One space: what is known of it and what was seen."""

    photo: str
    evidence: judgement.Evidence
    opinion: float | None
    occupied: bool

    @property
    def is_filled(self) -> bool:
        return self.evidence.vehicle is not None

    def values(self) -> list[float]:
        """What the regression sees."""
        if self.opinion is None:
            return list(self.evidence.values)
        return [*self.evidence.values, judgement.opinion_log_odds(self.opinion)]


def rows_of(truth: Truth, detector: Detector, second: SecondOpinion | None) -> Iterator[Row]:
    """What is seen of each space of a photo."""
    image = decode(truth.photo.read_bytes(), max_megapixels=500).image
    detections = detector.detect(image)
    assert truth.layout is not None
    outlines = judgement.outlines_of(truth.layout, (image.shape[1], image.shape[0]))
    confidences = np.array([d.confidence for d in detections])
    found, _ = judgement.evidence(outlines, ground.boxes_of(detections), confidences)
    said = second.probabilities(image, outlines).tolist() if second else [None] * len(outlines)
    for seen, opinion, occupied in zip(found, said, truth.occupied, strict=True):
        yield Row(truth.photo.name, seen, opinion, occupied)


def fit(rows: np.ndarray, occupied: np.ndarray) -> np.ndarray:
    """Newton's method on the log likelihood; the intercept is not drawn to zero."""
    ridge = RIDGE * np.diag([0] + [1] * (rows.shape[1] - 1))
    weights = np.zeros(rows.shape[1])
    for _ in range(80):
        p = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (occupied - p) - ridge @ weights
        weights += np.linalg.solve((rows * (p * (1 - p))[:, None]).T @ rows + ridge, gradient)
    return weights


def second_opinions(folder: Path, split: str, work: Path | None) -> dict[str, SecondOpinion]:
    """Per photo the classifier that was trained without its lot."""
    if work is None:
        return {}
    folds = fold_of_photos(folder, split)
    files = {fold: fold_file(work, fold) for fold in set(folds.values())}
    classifiers = {fold: SecondOpinion(file) for fold, file in files.items() if file.exists()}
    return {photo: classifiers[fold] for photo, fold in folds.items() if fold in classifiers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", metavar="SET[:SPLIT]")
    parser.add_argument("--folds", type=Path, metavar="WORK")
    given = parser.parse_args()
    settings = load()
    detector = make_detector(settings)
    found: list[Row] = []
    for each in given.sets:
        folder, _, split = each.partition(":")
        asked = second_opinions(Path(folder), split, given.folds)
        for truth in read_truth(Path(folder), split=split or None):
            second = asked.get(truth.photo.name)
            if second or not given.folds:
                found += rows_of(truth, detector, second)
    tell(found, "_ASKED" if given.folds else "")


def tell(found: list[Row], suffix: str) -> None:
    """Print coefficients and how well they are calibrated."""
    for name, filled in (("FILLED", True), ("EMPTY", False)):
        rows = np.array([row.values() for row in found if row.is_filled == filled], float)
        truth = np.array([row.occupied for row in found if row.is_filled == filled], float)
        weights = fit(rows, truth)
        print(f"{name}{suffix} = ({', '.join(f'{weight:.3f}' for weight in weights)})")  # noqa: T201
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
