"""Whether a picture shows anything: a black or frozen one must not be taken for an empty lot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from parkcore.domain import Image

SIDE = 320
"""Pictures are judged at about this width, in pixels: noise and sensor size no longer matter."""

BLACK_BELOW = 20
"""Brighter than this (0..255) at least 1 of 100 pixels must be; a lamp or two suffice."""

WHITE_FROM = 250
"""As bright as this at most 9 of 10 pixels may be."""

LEAST_CONTRAST = 4.0
"""Standard deviation of the brightness below which a picture is of one colour."""

MOST_BLUR = 0.6
"""Of `blur`; see `tests/test_picture.py` for what sharp and blurred photos measure."""

SAME_SHARE = 0.97
"""Share of the pixels that must be as before for a picture to be the same."""


def fault(image: Image) -> str | None:
    """What makes it impossible to count on a picture, or None.

    Args:
        image: upright RGB pixels, shape (height, width, 3).
    """
    grey = _small(image)
    if np.percentile(grey, 99) < BLACK_BELOW:
        return "the picture is black"
    if np.percentile(grey, 10) >= WHITE_FROM:
        return "the picture is overexposed: nearly all of it is white"
    if grey.std() < LEAST_CONTRAST:
        return "the picture is of one colour: the lens is covered or there is no signal"
    if blur(grey) > MOST_BLUR:
        return "the picture is blurred"
    return None


def blur(grey: npt.NDArray[np.float32]) -> float:
    """How blurred an image is, 0 (sharp) to 1.

    Crete, Dolmiere, Ladret and Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric" (2007): what a further blur takes away from the
    differences between neighbours; the worse of the two directions counts.

    Args:
        grey: brightness, shape (height, width).
    """
    return max(_blur_along(grey, 0), _blur_along(grey, 1))


def _blur_along(grey: npt.NDArray[np.float32], axis: int) -> float:
    sharp = np.abs(np.diff(grey, axis=axis))
    blurred = np.abs(np.diff(_box_blur(grey, axis, 11), axis=axis))
    total = float(sharp.sum())
    lost = float(np.maximum(0, sharp - blurred).sum())
    return 1.0 if total == 0 else (total - lost) / total


def _box_blur(grey: npt.NDArray[np.float32], axis: int, size: int) -> npt.NDArray[np.float32]:
    pad = [(0, 0), (0, 0)]
    pad[axis] = (size // 2, size // 2)
    padded = np.pad(grey, pad, mode="edge")
    return np.asarray(sliding_window_view(padded, size, axis).mean(axis=-1), np.float32)


def fingerprint(image: Image) -> bytes:
    """Some of a picture's pixels, one byte each: enough to tell whether another is the same."""
    height, width = image.shape[:2]
    rows = np.linspace(0, height - 1, 36).astype(int)
    columns = np.linspace(0, width - 1, 64).astype(int)
    pixels = image[np.ix_(rows, columns)].mean(axis=2)
    return bytes(pixels.round().astype(np.uint8).tobytes())


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two fingerprints are of one and the same picture, apart from a clock drawn in it.

    A live camera's noise changes most pixels from look to look. Black and white ones tell
    nothing, as they stay what they are.
    """
    if len(one) != len(other) or not one:
        return False
    first, second = (np.frombuffer(each, np.uint8).astype(int) for each in (one, other))
    telling = (first > 8) & (first < 247)
    if telling.mean() < 0.1:
        return False
    return bool((np.abs(first - second)[telling] <= 1).mean() >= SAME_SHARE)


def _small(image: Image) -> npt.NDArray[np.float32]:
    """Brightness at about `SIDE` pixels width, each pixel the mean of those it stands for."""
    grey = np.asarray(image.mean(axis=2, dtype=np.float32))
    step = max(1, image.shape[1] // SIDE)
    height, width = (n // step * step for n in grey.shape)
    if not height or not width:
        return grey
    tiles = grey[:height, :width].reshape(height // step, step, width // step, step)
    return np.asarray(tiles.mean(axis=(1, 3)), np.float32)
