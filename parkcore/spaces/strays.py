"""Vehicles that stand in no space: which, and where. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely import Point, Polygon, distance

from parkcore.domain import Detection
from parkcore.spaces.ground import boxes_of, ground_points, moved
from parkcore.spaces.layout import Layout
from parkcore.spaces.verdict import Judged


@dataclass(frozen=True, slots=True)
class Stray:
    """A vehicle in no space and no area, sure enough to be named; see `Judgement.outside`."""

    number: int
    """Counts up from 1 on each photo, from left to right, so that it is found there."""
    vehicle: Detection
    is_double: bool
    """It stands over a space that another vehicle fills."""
    near: str | None
    """The space that it stands nearest to; None where there is none."""


def strays(
    layout: Layout, judged: Judged, detections: Sequence[Detection], image_size: tuple[int, int]
) -> tuple[Stray, ...]:
    """The vehicles of a photo that stand in no space.

    Args:
        detections: those that were judged, in pixels of the photo.
        image_size: width and height of the photo in pixels.
    """
    judgement = judged.judgement
    outside = [n for n in judgement.outside if n < len(detections)]
    outside.sort(key=lambda n: detections[n].box.as_tuple())
    places = ground_points(boxes_of([detections[n] for n in outside]))
    shapes = [
        Polygon(moved(space.polygon, judged.homography) * np.array(image_size, float))
        for space in layout.spaces
    ]
    return tuple(
        Stray(number, detections[n], n in judgement.double, _nearest(layout, shapes, place))
        for number, (n, place) in enumerate(zip(outside, places, strict=True), start=1)
    )


def _nearest(layout: Layout, shapes: Sequence[Polygon], place: np.ndarray) -> str | None:
    if not shapes:
        return None
    return layout.spaces[int(distance(shapes, Point(place)).argmin())].id
