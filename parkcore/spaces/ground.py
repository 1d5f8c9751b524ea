"""Where places and vehicles lie on a photo. Pure; in pixels, x to the right and y down.

An outline is a polygon's corners, shape (corners, 2); boxes are x1 y1 x2 y2, shape (n, 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from shapely import Polygon, area, bounds, contains, intersection, points, prepare
from shapely import box as box_polygon

from parkcore.domain import Detection

Floats: TypeAlias = npt.NDArray[np.float64]

GROUND_HEIGHT, GROUND_WIDTH = 0.6, 0.7
"""The part of a vehicle's box that stands on the ground: from below, and in the middle."""

DEEPEST = 1.2
"""A ground part is at most so many times as high on the photo as the space it is held against.
Without this limit cameras that look down by less than 20° miss cars and buses along the kerb and
motorcycles (the scenes in perspective of `tests/test_judgement.py`)."""


def moved(polygon: Sequence[tuple[float, float]], homography: Floats | None) -> Floats:
    """A polygon's corners where a moved camera sees them, shape (corners, 2)."""
    corners = np.array(polygon, float)
    if homography is None:
        return corners
    mapped = np.column_stack([corners, np.ones(len(corners))]) @ homography.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def boxes_of(detections: Sequence[Detection]) -> Floats:
    """The boxes of vehicles, shape (n, 4)."""
    return np.array([each.box.as_tuple() for each in detections], float).reshape(-1, 4)


def ground_parts(boxes: Floats) -> Floats:
    """The part of each vehicle's box that stands on the ground, as boxes, shape (n, 4)."""
    middle, half = (boxes[:, 0] + boxes[:, 2]) / 2, GROUND_WIDTH * (boxes[:, 2] - boxes[:, 0]) / 2
    top = boxes[:, 3] - GROUND_HEIGHT * (boxes[:, 3] - boxes[:, 1])
    return np.stack([middle - half, top, middle + half, boxes[:, 3]], axis=1)


def ground_parts_in(outlines: Sequence[Floats], boxes: Floats) -> Floats:
    """The same for each place that vehicles may stand in, shape (outlines, n, 4).

    Where the camera looks along the ground, or at a vehicle's side, most of its box is its height;
    what it stands on is hardly deeper than the place that it fills.
    """
    parts = np.repeat(ground_parts(boxes)[None], len(outlines), axis=0)
    depths = np.array([DEEPEST * np.ptp(outline[:, 1]) for outline in outlines])
    parts[..., 1] = np.maximum(parts[..., 1], parts[..., 3] - depths[:, None])
    return parts


def ground_points(boxes: Floats) -> Floats:
    """Where vehicles stand: the middle of their ground part, shape (n, 2)."""
    return _middles(ground_parts(boxes))


def standing_in(outline: Floats, boxes: Floats) -> set[int]:
    """The numbers of the vehicles whose ground point lies within an outline: of ground parts that
    are hardly deeper than it is there."""
    shape = Polygon(outline)
    prepare(shape)
    parts = ground_parts(boxes)
    below_and_above = box_polygon(parts[:, 0], shape.bounds[1], parts[:, 2], shape.bounds[3])
    here = bounds(intersection(below_and_above, shape))
    depths = DEEPEST * np.nan_to_num(here[:, 3] - here[:, 1])
    parts[:, 1] = np.maximum(parts[:, 1], parts[:, 3] - depths)
    return set(np.flatnonzero(contains(shape, points(_middles(parts)))).tolist())


def shares_in(outlines: Sequence[Floats], boxes: Floats) -> Floats:
    """The share of each vehicle's ground part that lies in each place, shape (outlines, n)."""
    parts = ground_parts_in(outlines, boxes)
    shares = np.zeros(parts.shape[:2])
    for number, outline in enumerate(outlines):
        (left, top), (right, bottom) = outline.min(0), outline.max(0)
        x1, y1, x2, y2 = parts[number].T
        near = np.flatnonzero((x1 < right) & (x2 > left) & (y1 < bottom) & (y2 > top))
        shapes = box_polygon(*parts[number, near].T)
        shares[number, near] = area(intersection(Polygon(outline), shapes)) / area(shapes)
    return shares


def _middles(parts: Floats) -> Floats:
    return np.asarray((parts[:, :2] + parts[:, 2:]) / 2)


def covered(outlines: Sequence[Floats], boxes: Floats) -> Floats:
    """Per outline the largest share of it that one vehicle covers that stands nearer."""
    shares = np.zeros(len(outlines))
    if not len(boxes):
        return shares
    shapes = box_polygon(*boxes.T)
    for number, outline in enumerate(outlines):
        bottom, height = outline[:, 1].max(), np.ptp(outline[:, 1])
        nearer = shapes[boxes[:, 3] > bottom - 0.1 * height]
        if len(nearer):
            space = Polygon(outline)
            shares[number] = area(intersection(space, nearer)).max() / space.area
    return shares


def in_view(outlines: Sequence[Floats], image_size: tuple[int, int]) -> Floats:
    """Per outline the share of it that lies on a photo of so many pixels."""
    photo = box_polygon(0, 0, *image_size)
    shapes = [Polygon(outline) for outline in outlines]
    return np.array([shape.intersection(photo).area / shape.area for shape in shapes])
