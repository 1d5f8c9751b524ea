"""How large a photo is looked at: larger where a camera's vehicles are small. Pure.

A photo that the model sees in too few pixels loses its far vehicles. What a camera's vehicles
measure is known from its marked spaces and its last snapshots; so a camera whose small vehicles
would be too small gets a larger analysis size, as far as its photos have the pixels. None gets a
smaller one: measured on car parks with near vehicles that gained time and lost accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from parkcore.domain import Box
from parkcore.geometry import Point, hull

ENLARGE = 1.5
"""Photos are enlarged by no more than this: beyond it the model finds less, not more."""

WANTED = 24.0
"""Pixels, the square root of a vehicle's area: of smaller ones the model finds clearly fewer."""

SMALL = 0.1
"""The size of a camera's small vehicles is this quantile of all."""

SIZES = (960, 1280, 1600, 1920, 2560, 3200, 3840)
"""The larger analysis sizes to choose from, in pixels of the longer side."""

WHOLE = 1920
"""Above this size a photo is looked at in parts: what the model was never shown as a whole."""

PART = 1280
"""Pixels of a part's sides, in the size that the photo is looked at."""

OVERLAP = 256
"""Pixels that neighbouring parts share: a smaller vehicle lies whole in one of them."""

LARGE = OVERLAP // 2
"""Pixels of the longer side from which vehicles are taken from a look at the photo as a whole too.
Smaller ones lie in one of the parts with room around them; as a whole the photo shows them blurred,
and they are found twice or where there is none (`models/README.md` has the figures)."""

ENOUGH = 12
"""So many vehicles or spaces tell how large a camera's are."""


def analysis_size(width: int, height: int, imgsz: int) -> int:
    """The longer side, in pixels, at which a photo is looked at: `imgsz`, less where the photo
    would have to be enlarged too much; a multiple of 32, the model's coarsest grid."""
    wanted = min(imgsz, ENLARGE * max(width, height))
    return max(32, 32 * math.ceil(wanted / 32))


def space_sizes(polygons: Iterable[Sequence[Point]], photo_size: tuple[int, int]) -> list[float]:
    """Square roots of the areas of spaces' upright hulls: about what a vehicle in them measures.

    Args:
        polygons: as shares of the photo.
        photo_size: width and height in pixels, in which the sizes are.
    """
    return [math.sqrt(hull(each).area * photo_size[0] * photo_size[1]) for each in polygons]


def fitting_size(
    vehicle_sizes: Sequence[float], photo_size: tuple[int, int], *, least: int, now: int
) -> int:
    """The analysis size for a camera.

    Args:
        vehicle_sizes: square roots of the areas of its vehicles or spaces, in pixels of its photos.
        photo_size: width and height of its photos in pixels.
        least: the size that is set, in pixels of the longer side.
        now: the size so far; kept where it is next to the fitting one, so that a camera does not
            go to and fro.
    """
    longest = max(photo_size)
    if len(vehicle_sizes) < ENOUGH or longest <= least:
        return least
    small = float(np.quantile(np.asarray(vehicle_sizes, float), SMALL))
    steps = [least, *(size for size in SIZES if least < size <= longest)]
    wanted = WANTED / small * longest
    fitting = next((size for size in steps if size >= wanted), steps[-1])
    is_near = now in steps and abs(steps.index(now) - steps.index(fitting)) <= 1
    return now if is_near and now >= fitting else fitting


def parts(width: int, height: int, side: int, overlap: int) -> Iterator[tuple[int, int, int, int]]:
    """Squares that cover a photo, as left, top, right, bottom; neighbours share at least
    `overlap` pixels, those at the end of a row lie flush with the photo's edge."""
    for top in _starts(height, side, overlap):
        for left in _starts(width, side, overlap):
            yield left, top, min(left + side, width), min(top + side, height)


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    count = math.ceil((length - overlap) / (side - overlap))
    return [round(n * (length - side) / (count - 1)) for n in range(count)]


def touches_seam(
    box: Box, part: tuple[int, int, int, int], photo_size: tuple[int, int], margin: float
) -> bool:
    """Whether a box ends at an inner edge of a part: then the vehicle goes on beyond it."""
    left, top, right, bottom = part
    return (
        (left > 0 and box.x1 - left < margin)
        or (top > 0 and box.y1 - top < margin)
        or (right < photo_size[0] and right - box.x2 < margin)
        or (bottom < photo_size[1] and bottom - box.y2 < margin)
    )
