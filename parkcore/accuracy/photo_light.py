"""How light a photo is: day, dusk or night. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np

from parkcore.domain import Image

Light: TypeAlias = Literal["day", "dusk", "night"]
LIGHTS: tuple[Light, ...] = get_args(Light)

NIGHT_BELOW, DUSK_BELOW = 70.0, 82.0
"""Median luminance, 0..255. Chosen by eye on the darkest sixty photos of ACPDS."""
LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""
EVERY = 4


def light_of(image: Image) -> Light:
    """How light a photo is by its own pixels: the median luminance of every fourth of them each
    way, as lamps and headlights light few pixels, and fog and rain change it little.

    It tells how dark the picture is, not the hour: a well-lit car park that the camera exposes
    long may be taken for dusk or day, a dark garage for night.

    Args:
        image: RGB, shape (height, width, 3).
    """
    middle = float(np.median(image[::EVERY, ::EVERY] @ np.array(LUMINANCE)))
    return "night" if middle < NIGHT_BELOW else "dusk" if middle < DUSK_BELOW else "day"
