"""Photos with marked spaces as samples that a classifier of spaces learns from.

A folder is as `parkcore evaluate` reads it: `images/` and `spaces.json`, which says of each image
`{width, height, split, spaces: [{id, occupied: 0 | 1 | null, contour: [[x, y], …] in pixels}]}`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parkcore.accuracy.labelled_sets import check_shape, occupied_of
from parkcore.domain import Image
from parkcore.errors import FolderError, UnreadablePhoto
from parkcore.images import decode
from parkcore.spaces.second_opinion import ENLARGED, SIDE, cut

log = logging.getLogger(__name__)

MARGIN = 1.5
"""A sample is so many times as wide as what the network sees, so that it can be moved about."""

SAMPLE_SIDE = int(SIDE * MARGIN)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One marked space as it was photographed, and what stood there."""

    crop: npt.NDArray[np.uint8]
    """`SAMPLE_SIDE` × `SAMPLE_SIDE` × 4, as `second_opinion.cut` makes it but wider."""
    occupied: bool
    group: str
    """What must not be divided between training and measuring: a lot, a camera's day."""


def camera_day(name: str, photo: dict[str, Any]) -> str:
    """The group of a photo: its camera and day where the set says them, else itself."""
    day = str(photo.get("day") or photo.get("captured_at") or "")[:10]
    return f"{photo.get('lot', '')}/{photo.get('camera', '')}/{day}" if day else name


def _is_for_learning(space: dict[str, Any]) -> bool:
    return occupied_of(space) is not None and space.get("type") != "motorcycle"


def read_samples(
    folder: Path,
    *,
    split: str | None = None,
    group: Callable[[str, dict[str, Any]], str] = camera_day,
) -> list[Sample]:
    """Every space of a folder of which is known whether it is occupied, but for those of
    motorcycles, which are not judged by their crops. Photos that cannot be read are left out.

    Args:
        split: only photos of this `split`; None for all.
        group: of a photo, from its name and what `spaces.json` says of it.

    Raises:
        FolderError: the folder's truth cannot be read.
    """
    try:
        photos = sorted(json.loads((folder / "spaces.json").read_text(encoding="utf-8")).items())
        wanted = [(n, photo) for n, photo in photos if split in (None, photo.get("split"))]
        samples: list[Sample] = []
        for name, photo in wanted:
            known = [space for space in photo["spaces"] if _is_for_learning(space)]
            outlines = [np.array(space["contour"], float) for space in known]
            image = _read(folder / "images" / name) if known else None
            if image is not None:
                size = (image.shape[1], image.shape[0])
                labelled = (photo.get("width", size[0]), photo.get("height", size[1]))
                check_shape(folder / "images" / name, size, labelled)
                scale = np.divide(size, labelled)
                crops = cut(
                    image,
                    [scale * each for each in outlines],
                    side=SAMPLE_SIDE,
                    enlarged=ENLARGED * MARGIN,
                )
                samples += (
                    Sample(crop, bool(occupied_of(space)), group(name, photo))
                    for crop, space in zip(crops, known, strict=True)
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderError(
            f"the marked spaces in {folder} cannot be read: {error!r}; expected spaces.json and"
            " images/ as parkcore export-training writes them"
        ) from error
    return samples


def _read(photo: Path) -> Image | None:
    try:
        return decode(photo.read_bytes(), max_megapixels=500).image
    except (OSError, UnreadablePhoto) as error:
        log.warning("%s is left out: %s", photo, error)
        return None
