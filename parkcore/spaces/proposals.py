"""Spaces proposed from where vehicles stood again and again. Pure; nothing is marked by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
from shapely import Polygon

from parkcore.domain import Box
from parkcore.geometry import ious
from parkcore.spaces.ground import ground_parts
from parkcore.spaces.layout import OVERLAP_FROM, Layout, Space

SAME_FROM = 0.55
"""Intersection over union from which two boxes of different photos are of one place."""

LEAST_LOOKS = 3
LEAST_SHARE = 0.08
"""Of the photos: a place that was taken less often may have been somebody driving."""

MOST_BOXES = 4000

ROW = 0.6
"""Places whose middles differ by less than this share of their height stand in one row."""

_Array = npt.NDArray[np.float64]


def propose(
    looks: Sequence[Sequence[Box]], image_size: tuple[int, int], *, taken: Sequence[str] = ()
) -> list[Space]:
    """Numbered spaces where vehicles stood on several photos of one camera.

    The place where most boxes of different photos agree is taken first, as the median of them,
    and what overlaps it is left out; then the next, as in non-maximum suppression.

    Args:
        looks: per photo the vehicles' boxes in pixels.
        image_size: width and height of the photos in pixels.
        taken: names that the spaces must not have.
    """
    looks = _some(looks)
    boxes = np.array([box.as_tuple() for look in looks for box in look]).reshape(-1, 4)
    photo = np.array([number for number, look in enumerate(looks) for _ in look], int)
    if not len(boxes):
        return []
    needed = max(LEAST_LOOKS, round(LEAST_SHARE * len(looks)))
    alike = np.array([ious(box[None], boxes)[0] >= SAME_FROM for box in boxes])
    left = np.ones(len(boxes), bool)
    places: list[_Array] = []
    while left.any():
        support = np.array([len(set(photo[row & left])) if left[n] else 0
                            for n, row in enumerate(alike)])  # fmt: skip
        best = int(support.argmax())
        if support[best] < needed:
            break
        place = np.median(boxes[alike[best] & left], axis=0)
        left &= ious(place[None], boxes)[0] < SAME_FROM / 2
        places.append(place)
    if not places:
        return []
    ordered = np.array(places)[_by_rows(np.array(places))]
    grounds = (ground_parts(ordered) / np.tile(image_size, 2)).clip(0, 1)
    names, found = _names(len(ordered), set(taken)), []
    for x1, y1, x2, y2 in grounds.tolist():
        with suppress(ValueError):  # too small and far away to be marked
            found.append(Space(names[0], ((x1, y1), (x2, y1), (x2, y2), (x1, y2))))
            del names[0]
    return found


def _some(looks: Sequence[Sequence[Box]]) -> Sequence[Sequence[Box]]:
    """As many photos, spread evenly, as can be compared with one another in little time."""
    total = sum(map(len, looks))
    every = math.ceil(total / MOST_BOXES)
    return looks if total <= MOST_BOXES else looks[::every]


def is_free(proposed: Space, layout: Layout) -> bool:
    """Whether no space of a layout is where one is proposed."""
    place = Polygon(proposed.polygon)
    shared = (Polygon(space.polygon).intersection(place).area for space in layout.spaces)
    return bool(max(shared, default=0.0) < OVERLAP_FROM * place.area)


def _by_rows(places: _Array) -> list[int]:
    """From the farthest row to the nearest, each from left to right."""
    middles, heights = (places[:, 1] + places[:, 3]) / 2, places[:, 3] - places[:, 1]
    rows: list[list[int]] = []
    for number in np.argsort(middles).tolist():
        near = rows and abs(middles[number] - np.mean(middles[rows[-1]]))
        if rows and near < ROW * heights[number]:
            rows[-1].append(number)
        else:
            rows.append([number])
    return [number for row in rows for number in sorted(row, key=lambda n: places[n, 0])]


def _names(number: int, taken: set[str]) -> list[str]:
    free = (f"A{n}" for n in range(1, number + len(taken) + 1) if f"A{n}" not in taken)
    return [next(free) for _ in range(number)]
