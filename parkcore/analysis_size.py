"""How large a photo is looked at: chosen per camera from how small its vehicles are. Pure.

A photo that the model sees in too few pixels loses its far vehicles; one seen in too many costs
time and, where near vehicles fill it, finds less. What a camera's vehicles measure is known from
its marked spaces or its last snapshots; so each camera gets the smallest size at which nearly all
of them are large enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from parkcore.domain import Box

ENLARGE = 1.5
"""Photos are enlarged by no more than this: beyond it the model finds less, not more."""

WANTED = 32.0
"""Pixels, the square root of a vehicle's area, from which the model finds nearly all it is shown.
See `models/README.md`."""

SMALL = 0.1
"""The size of a camera's small vehicles is this quantile of all."""

SIZES = (640, 768, 896, 1024, 1152, 1280, 1536, 1920, 2560, 3200, 3840)
"""The analysis sizes to choose from, in pixels of the longer side."""

WHOLE = 1920
"""Above this size a photo is looked at in parts: what the model was never shown as a whole."""

PART = 1280
"""Pixels of a part's sides, in the size that the photo is looked at."""

OVERLAP = 256
"""Pixels that neighbouring parts share: a smaller vehicle lies whole in one of them."""

ENOUGH = 12
"""So many vehicles or spaces tell how large a camera's are."""


def analysis_size(width: int, height: int, imgsz: int) -> int:
    """The longer side, in pixels, at which a photo is looked at: `imgsz`, less where the photo
    would have to be enlarged too much; a multiple of 32, the model's coarsest grid."""
    wanted = min(imgsz, ENLARGE * max(width, height))
    return max(32, 32 * math.ceil(wanted / 32))


def fitting_size(vehicle_sizes: Sequence[float], photo_size: tuple[int, int], *, now: int) -> int:
    """The analysis size for a camera.

    Args:
        vehicle_sizes: square roots of the areas of its vehicles or spaces, in pixels of its photos.
        photo_size: width and height of its photos in pixels.
        now: the size so far; kept where too little is known, and where the other is next to it,
            so that a camera does not go to and fro.
    """
    if len(vehicle_sizes) < ENOUGH:
        return now
    small = float(np.quantile(np.asarray(vehicle_sizes, float), SMALL))
    longest = max(photo_size)
    most = max(SIZES[0], ENLARGE * longest)
    wanted = min(WANTED / small * longest, most, SIZES[-1])
    chosen = next(size for size in SIZES if size >= min(wanted, SIZES[-1]))
    if now in SIZES and abs(SIZES.index(chosen) - SIZES.index(now)) <= 1:
        return now
    return chosen


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
