"""Measures on boxes and polygons. Pure; coordinates in any one unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from parkcore.domain import Box

Point: TypeAlias = tuple[float, float]
Array: TypeAlias = npt.NDArray[np.float64]


def intersection(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    return max(width, 0.0) * max(height, 0.0)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1 (Jaccard index)."""
    shared = intersection(a, b)
    return shared / (a.area + b.area - shared)


def ious(a: Array, b: Array) -> Array:
    """Intersection over union of every box with every other: shapes (n, 4), (m, 4) → (n, m)."""
    shared = _shared(a, b)
    return np.asarray(shared / (_areas(a)[:, None] + _areas(b)[None] - shared))


def shares_inside(a: Array, b: Array) -> Array:
    """Share of each of the first boxes that lies in each of the second, shape (n, m)."""
    return np.asarray(_shared(a, b) / _areas(a)[:, None])


def distinct(boxes: Array, confidences: Array, most: float) -> list[int]:
    """Each thing once, surest first: the numbers of the boxes that overlap no surer one by more
    than `most` (IoU). Greedy non-maximum suppression.

    Args:
        boxes: shape (n, 4).
        confidences: shape (n,).
    """
    kept: list[int] = []
    for number in np.argsort(-confidences, kind="stable").tolist():
        if (ious(boxes[[number]], boxes[kept]) <= most).all():
            kept.append(number)
    return kept


def _shared(a: Array, b: Array) -> Array:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=2))


def _areas(boxes: Array) -> Array:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


def hull(polygon: Sequence[Point]) -> Box:
    """The smallest upright box around a polygon.

    Raises:
        ValueError: the polygon has no extent.
    """
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return Box(min(xs), min(ys), max(xs), max(ys))


def prob_iou(outlines: Sequence[Array], boxes: Array) -> Array:
    """ProbIoU between polygons and upright boxes, 0..1: as if both were Gaussian distributions of
    their mean and covariance (Llerena, Zeni, Kristen and Jung, 2021).

    Args:
        outlines: each of shape (corners, 2), in pixels.
        boxes: x1, y1, x2, y2 in pixels, shape (n, 4), or (polygons, n, 4) where they differ by
            the polygon that they are compared with.

    Returns:
        Shape (polygons, n).
    """
    boxes = np.broadcast_to(boxes, (len(outlines), *boxes.shape[-2:]))
    if not boxes.size:
        return np.zeros(boxes.shape[:2])
    means, spreads = map(np.array, zip(*map(moments, outlines), strict=True))
    middles = (boxes[..., :2] + boxes[..., 2:]) / 2
    box_spreads = np.zeros((*boxes.shape[:2], 2, 2))
    box_spreads[..., 0, 0] = (boxes[..., 2] - boxes[..., 0]) ** 2 / 12
    box_spreads[..., 1, 1] = (boxes[..., 3] - boxes[..., 1]) ** 2 / 12
    both = (spreads[:, None] + box_spreads) / 2
    box_sizes = box_spreads[..., 0, 0] * box_spreads[..., 1, 1]
    apart = middles - means[:, None]
    distance = np.einsum("sbi,sbij,sbj->sb", apart, np.linalg.inv(both), apart) / 8
    sizes = np.sqrt(np.linalg.det(spreads)[:, None] * box_sizes)
    shape = np.log(np.linalg.det(both) / sizes) / 2
    return np.asarray(np.exp(-(distance + shape)))


def moments(outline: Array) -> tuple[Array, Array]:
    """Mean and covariance of a polygon's area (Steger, "On the Calculation of Arbitrary Moments of
    Polygons", 1996), a little widened, so that a line is not flat."""
    x, y = outline.T
    nx, ny = np.roll(outline, -1, axis=0).T
    cross = x * ny - nx * y
    total = cross.sum() / 2
    mean = np.array([((x + nx) * cross).sum(), ((y + ny) * cross).sum()]) / (6 * total)
    xx = ((x * x + x * nx + nx * nx) * cross).sum() / (12 * total) - mean[0] ** 2
    yy = ((y * y + y * ny + ny * ny) * cross).sum() / (12 * total) - mean[1] ** 2
    xy = ((x * ny + 2 * x * y + 2 * nx * ny + nx * y) * cross).sum() / (24 * total)
    xy -= mean[0] * mean[1]
    widened = 1e-6 * max(xx + yy, 1e-12)
    return mean, np.array([[xx + widened, xy], [xy, yy + widened]])
