"""A space from near: what somebody sees who is asked about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw

from parkcore.domain import Image
from parkcore.spaces.layout import Point

WIDTH, HEIGHT = 800, 600
SURROUNDINGS = 2.6
"""The picture is so many times as large as the space: a car is told by what is beside it too."""

LEAST_PIXELS = 96
"""Of the photo, across the picture: less is only a blur."""

EDGE, LINE = "#0B1413", "#FFE14D"
"""Neither red nor green: the frame must not say what was judged."""


def close_up(image: Image, outline: Sequence[Point]) -> Image:
    """A space with its surroundings, framed, 800 × 600 pixels or the same shape of the photo.

    Args:
        outline: of the space, 0..1 of the photo's width and height.
    """
    size = (image.shape[1], image.shape[0])
    corners = np.array(outline, float) * size
    left, top, right, bottom = _window(corners, size)
    scale = WIDTH / (right - left)
    picture = PIL.Image.fromarray(image).crop((left, top, right, bottom))
    picture = picture.resize((WIDTH, round(scale * (bottom - top))), PIL.Image.Resampling.BICUBIC)
    draw = PIL.ImageDraw.Draw(picture)
    points = [tuple(point) for point in (scale * (corners - (left, top))).tolist()]
    ring = [*points, points[0], points[1]]  # past the first corner, so that it is closed there
    draw.line(ring, fill=EDGE, width=7, joint="curve")
    draw.line(ring, fill=LINE, width=3, joint="curve")
    return np.asarray(picture)


def _window(corners: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """What of the photo is shown: left, top, right, bottom, inside the photo."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    wide, tall = SURROUNDINGS * (high - low)
    wide = max(wide, tall * WIDTH / HEIGHT, LEAST_PIXELS)
    tall = wide * HEIGHT / WIDTH
    window = []
    for middle, length, limit in zip((low + high) / 2, (wide, tall), size, strict=True):
        length = min(length, limit)
        start = min(max(middle - length / 2, 0), limit - length)
        window.append((round(start), round(start + length)))
    (left, right), (top, bottom) = window
    return left, top, right, bottom
