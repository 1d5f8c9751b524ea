"""The same confidence for all types: how far each has to be shifted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.training.confidences import ENOUGH, THRESHOLD, shifts
from parkcore.accuracy.box_matching import PhotoSeen, seen
from parkcore.domain import Box, Detection, Label

PHOTOS = 12
EACH = 5
"""Vehicles of a photo."""


def log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def photos(label: Label, right_from: float, count: int = PHOTOS) -> list[PhotoSeen]:
    """Each vehicle found by something a little surer than `right_from`; as many things that are
    nothing, a little less sure."""
    made = []
    for number in range(count):
        boxes = [Box(100.0 * n, 0, 100.0 * n + 40, 40) for n in range(EACH)]
        nothing = [Box(100.0 * n, 500, 100.0 * n + 40, 540) for n in range(EACH)]
        sure = right_from + 0.001 * (1 + number % 3)
        found = [Detection(label, sure, box) for box in boxes]
        found += [Detection(label, right_from - 0.05, box) for box in nothing]
        made.append(seen(boxes, [label] * EACH, found, confidence=THRESHOLD))
    return made


@pytest.mark.parametrize("right_from", [0.1, 0.2, 0.5])
def test_a_type_is_shifted_to_where_the_threshold_serves_it(right_from: float) -> None:
    [(label, shift)] = shifts(photos("bus", right_from)).items()
    assert label == "bus"
    shifted = 1 / (1 + np.exp(-log_odds(right_from + 0.002) - shift))
    assert shifted == pytest.approx(THRESHOLD, abs=0.01)


def test_cars_keep_theirs_and_so_does_what_was_hardly_seen() -> None:
    assert shifts(photos("car", 0.5)) == {}
    assert shifts(photos("truck", 0.5, count=ENOUGH // EACH - 1)) == {}


def test_a_type_that_is_never_found_stays_as_it_is() -> None:
    boxes = [Box(100.0 * n, 0, 100.0 * n + 40, 40) for n in range(ENOUGH)]
    blind = seen(boxes, ["motorcycle"] * ENOUGH, [], confidence=THRESHOLD)
    assert shifts([blind]) == {"motorcycle": pytest.approx(0)}
