"""How right vehicles are found on photos whose vehicles have boxes. Pure."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from parkcore.accuracy.average_precision import Floats, average_precision, resampled
from parkcore.accuracy.box_matching import Kind, PhotoSeen, Ranked
from parkcore.accuracy.intervals import clustered_interval, wilson_interval
from parkcore.accuracy.slices import Shares, rounded_interval, share_of
from parkcore.domain import LABELS, Label

NOTHING = Ranked(np.zeros(0), np.zeros(0, bool), 0)
"""Of a type that is not labelled on a photo."""


def figures(photos: Sequence[PhotoSeen]) -> dict[str, Any]:
    """Shares 0..1 with their 95 % intervals; None where nothing can be told.

    What needs every vehicle to be labelled, precision, F1 and counts, is of the photos where
    every one is. On others, what is found of the vehicles without a box counts against average
    precision.
    """
    complete = [photo for photo in photos if photo.is_complete]
    there = sum(len(photo.types) for photo in photos)
    kinds: tuple[Kind, ...] = ("vehicle", *LABELS)
    by_kind = {kind: _kind(photos, kind) for kind in kinds}
    types = {kind: row for kind, row in by_kind.items() if kind != "vehicle" and row["vehicles"]}
    as_one = by_kind["vehicle"]
    taken = [
        Counter(
            (truth, taken_for)
            for truth, taken_for, found in zip(
                photo.types, photo.found_as, photo.found, strict=True
            )
            if found
        )
        for photo in photos
    ]
    confusion = sum(taken, Counter[tuple[Label, Label]]())
    matched = [each.total() for each in taken]
    agree = [sum(n for (a, b), n in each.items() if a == b) for each in taken]
    return {
        "photos": len(photos),
        "vehicles": there,
        "complete": len(complete) == len(photos),
        "complete_photos": len(complete),
        "complete_vehicles": sum(len(photo.types) for photo in complete),
        **{key: as_one[key] for key in as_one if key not in {"vehicles", "ap50", "ap50_interval"}},
        "ap50_as_one": as_one["ap50"],
        "ap50_as_one_interval": as_one["ap50_interval"],
        "map50": _rounded(
            statistics.mean(row["ap50"] for row in types.values()) if types else None
        ),
        "map50_interval": rounded_interval(
            resampled(len(photos), _map50(photos, list(types))) if types else None
        ),
        "types": types,
        "type_right": share_of(sum(agree), sum(matched)),
        "type_right_interval": rounded_interval(clustered_interval(agree, matched)),
        "type_confusion": {f"{a} as {b}": n for (a, b), n in confusion.most_common() if a != b},
        **_counts(complete),
        "by": _slices(photos),
        **_times(photos),
    }


def f1_at_least(photos: Iterable[PhotoSeen]) -> float:
    """F1 of any type as one, every detection that found nothing taken as wrong."""
    right = claimed = there = 0
    for photo in photos:
        right += int(photo.found.sum())
        claimed += photo.counted
        there += len(photo.types)
    return 2 * right / max(1, claimed + there)


def _kind(photos: Sequence[PhotoSeen], kind: Kind) -> dict[str, Any]:
    each = [photo.ranked.get(kind, NOTHING) for photo in photos]
    sure = [r.confidences >= photo.confidence for r, photo in zip(each, photos, strict=True)]
    right = [int(r.is_right[s].sum()) for r, s in zip(each, sure, strict=True)]
    truths = [r.truths for r in each]
    complete = [number for number, photo in enumerate(photos) if photo.is_complete]
    claimed = [int(sure[number].sum()) for number in complete]
    right_of_claimed = [right[number] for number in complete]
    truths_complete = sum(truths[number] for number in complete)
    measure = ap50_measure(photos, kind)
    return {
        "vehicles": sum(truths),
        "recall": share_of(sum(right), sum(truths)),
        "recall_interval": rounded_interval(clustered_interval(right, truths)),
        "precision": share_of(sum(right_of_claimed), sum(claimed)),
        "precision_interval": rounded_interval(clustered_interval(right_of_claimed, claimed)),
        "f1": share_of(2 * sum(right_of_claimed), sum(claimed) + truths_complete),
        "ap50": _rounded(measure(np.ones(len(photos)))),
        "ap50_interval": rounded_interval(resampled(len(photos), measure)),
    }


def ap50_measure(photos: Sequence[PhotoSeen], kind: Kind) -> Callable[[Floats], float]:
    """Average precision of a kind over photos, given how often each counts; NaN where it is on
    none of them."""
    each = [photo.ranked.get(kind, NOTHING) for photo in photos]
    confidences = np.concatenate([r.confidences for r in each]) if each else np.zeros(0)
    is_right = np.concatenate([r.is_right for r in each]) if each else np.zeros(0, bool)
    numbers = np.repeat(np.arange(len(each)), [len(r.confidences) for r in each])
    order = np.argsort(-confidences, kind="stable")
    is_right, numbers = is_right[order], numbers[order]
    truths = np.array([r.truths for r in each], float)

    def measure(weights: Floats) -> float:
        there = float(weights @ truths)
        return average_precision(is_right, there, weights[numbers]) if there else math.nan

    return measure


def _map50(photos: Sequence[PhotoSeen], kinds: Sequence[Kind]) -> Callable[[Floats], float]:
    measures = [ap50_measure(photos, kind) for kind in kinds]

    def mean(weights: Floats) -> float:
        each = [value for m in measures if not math.isnan(value := m(weights))]
        return statistics.mean(each) if each else math.nan

    return mean


def _counts(photos: Sequence[PhotoSeen]) -> dict[str, Any]:
    """The error of the count of a photo, over those where every vehicle is labelled."""
    if not photos:
        keys = ("count_mae", "count_mae_interval", "exact", "exact_interval", "error_per_100")
        return dict.fromkeys(keys)
    there = np.array([len(photo.types) for photo in photos])
    errors = np.abs(np.array([photo.counted for photo in photos]) - there)
    exact = int((errors == 0).sum())
    return {
        "count_mae": _rounded(float(errors.mean())),
        "count_mae_interval": rounded_interval(
            resampled(len(photos), lambda weights: float(np.average(errors, weights=weights)))
        ),
        "exact": share_of(exact, len(photos)),
        "exact_interval": rounded_interval(wilson_interval(exact, len(photos))),
        "error_per_100": _rounded(100 * float(errors.sum()) / there.sum()) if there.sum() else None,
    }


def _slices(photos: Sequence[PhotoSeen]) -> dict[str, dict[str, Any]]:
    shares = Shares()
    for photo in photos:
        shares.begin_photo()
        for size, is_found in zip(photo.sizes, photo.found, strict=True):
            shares.add(size, photo.light, photo.view, bool(is_found))
    return shares.table("vehicles", "recall")


def _times(photos: Sequence[PhotoSeen]) -> dict[str, Any]:
    times = [photo.milliseconds for photo in photos]
    return {
        "milliseconds": round(statistics.median(times), 1),
        "milliseconds_range": [round(min(times), 1), round(max(times), 1)],
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None or math.isnan(number) else round(number, 4)
