"""Measures on boxes and polygons. Pure; coordinates in any one unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from parkcore.domain import Box

Point: TypeAlias = tuple[float, float]


def intersection(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    return max(width, 0.0) * max(height, 0.0)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1 (Jaccard index)."""
    shared = intersection(a, b)
    return shared / (a.area + b.area - shared)


def hull(polygon: Sequence[Point]) -> Box:
    """The smallest upright box around a polygon.

    Raises:
        ValueError: the polygon has no extent.
    """
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return Box(min(xs), min(ys), max(xs), max(ys))
