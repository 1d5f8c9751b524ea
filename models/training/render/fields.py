"""Signed distance fields, and the mesh of the surface where a field is zero.

A field takes coordinate arrays of one shape (metres) and answers distances of that shape,
negative inside. The mesh is found by naive surface nets (Gibson 1998), then pulled onto the
surface by Newton steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Field = Callable[[Floats, Floats, Floats], Floats]


def blend(a: Floats, b: Floats, width: float) -> Floats:
    """The union of two fields, their seam rounded over a width (Quilez' polynomial minimum)."""
    h = np.maximum(width - np.abs(a - b), 0.0) / width
    return np.asarray(np.minimum(a, b) - h * h * width * 0.25)


def cut(a: Floats, b: Floats, width: float) -> Floats:
    """The intersection of two fields, their edge rounded over a width."""
    return -blend(-a, -b, width)


def fade(x: Floats, start: float, end: float) -> Floats:
    """0 before start, 1 after end, smooth between."""
    t = np.clip((x - start) / (end - start), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def box(
    at: Sequence[Floats], centre: Sequence[float], half: Sequence[float], radius: float = 0.0
) -> Floats:
    """A box with rounded edges, in as many dimensions as there are coordinate arrays."""
    q = [np.abs(p - c) - (h - radius) for p, c, h in zip(at, centre, half, strict=True)]
    beyond = np.sqrt(sum(np.maximum(v, 0) ** 2 for v in q))
    return np.asarray(beyond + np.minimum(np.maximum.reduce(q), 0) - radius)


def ellipsoid(
    x: Floats, y: Floats, z: Floats, centre: Sequence[float], radii: Sequence[float]
) -> Floats:
    """An ellipsoid; its distances are right near the surface only."""
    scaled = [(p - c) / r for p, c, r in zip((x, y, z), centre, radii, strict=True)]
    return (np.sqrt(sum(s**2 for s in scaled)) - 1) * min(radii)


def capsule(
    x: Floats, y: Floats, z: Floats, start: Sequence[float], end: Sequence[float], radius: float
) -> Floats:
    """A rod with round ends."""
    a, d = np.asarray(start, float), np.subtract(end, start)
    t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1] + (z - a[2]) * d[2]) / (d @ d), 0, 1)
    away = (x - a[0] - t * d[0]) ** 2 + (y - a[1] - t * d[1]) ** 2 + (z - a[2] - t * d[2]) ** 2
    return np.asarray(np.sqrt(away) - radius)


def rounded(corners: Sequence[tuple[float, float, float]], steps: int = 7) -> Floats:
    """A polygon (n, 2) from corners (x, z, setback), each rounded by a Bézier arc."""
    points = []
    for i, (x, z, setback) in enumerate(corners):
        corner = np.array([x, z])
        before = np.array(corners[i - 1][:2]) - corner
        after = np.array(corners[(i + 1) % len(corners)][:2]) - corner
        to_before, to_after = np.hypot(*before), np.hypot(*after)
        p = corner + before / to_before * min(setback, 0.49 * to_before)
        q = corner + after / to_after * min(setback, 0.49 * to_after)
        for t in np.linspace(0, 1, steps):
            points.append((1 - t) ** 2 * p + 2 * t * (1 - t) * corner + t * t * q)
    return np.array(points)


def polygon(x: Floats, z: Floats, corners: Floats) -> Floats:
    """The distance from a polygon's edge, in its plane."""
    nearest = np.full(x.shape, 1e9)
    inside = np.zeros(x.shape, bool)
    for i in range(len(corners)):
        a, b = corners[i - 1], corners[i]
        e = b - a
        if e @ e < 1e-12:
            continue
        t = np.clip(((x - a[0]) * e[0] + (z - a[1]) * e[1]) / (e @ e), 0, 1)
        nearest = np.minimum(nearest, (x - a[0] - t * e[0]) ** 2 + (z - a[1] - t * e[1]) ** 2)
        if a[1] != b[1]:
            left = x < (b[0] - a[0]) * (z - a[1]) / (b[1] - a[1]) + a[0]
            inside ^= ((a[1] > z) != (b[1] > z)) & left
    return np.asarray(np.where(inside, -1, 1) * np.sqrt(nearest))


class Profile:
    """A polygon's distance field in a table, looked up bilinearly: what a side view limits."""

    def __init__(self, corners: Floats, step: float = 0.015, margin: float = 0.5) -> None:
        self._step = step
        self._origin = corners.min(0) - margin
        end = corners.max(0) + margin
        xs, zs = (np.arange(a, b, step) for a, b in zip(self._origin, end, strict=True))
        self._table = polygon(*np.meshgrid(xs, zs, indexing="ij"), corners)

    def __call__(self, x: Floats, z: Floats) -> Floats:
        table = self._table
        u = np.clip((x - self._origin[0]) / self._step, 0, table.shape[0] - 1.001)
        v = np.clip((z - self._origin[1]) / self._step, 0, table.shape[1] - 1.001)
        i, j = u.astype(int), v.astype(int)
        u, v = u - i, v - j
        near = table[i, j] * (1 - u) + table[i + 1, j] * u
        far = table[i, j + 1] * (1 - u) + table[i + 1, j + 1] * u
        return np.asarray(near * (1 - v) + far * v)


def surface(
    field: Field, low: Sequence[float], high: Sequence[float], step: float, pulls: int = 2
) -> tuple[Floats, Ints]:
    """Points (n, 3) and quadrilaterals (m, 4) of the surface inside the box from low to high."""
    axes = [np.arange(a - 1.5 * step, b + 2.5 * step, step) for a, b in zip(low, high, strict=True)]
    values = field(*np.meshgrid(*axes, indexing="ij"))
    shape = values.shape
    total = np.zeros((shape[0] - 1, shape[1] - 1, shape[2] - 1, 3))
    count = np.zeros(total.shape[:3])
    quads = []
    for axis in range(3):
        near, far = [slice(None)] * 3, [slice(None)] * 3
        near[axis], far[axis] = slice(0, -1), slice(1, None)
        a, b = values[tuple(near)], values[tuple(far)]
        crossed = (a < 0) != (b < 0)
        at = np.argwhere(crossed)
        if not len(at):
            continue
        place = at.astype(float)
        place[:, axis] += a[crossed] / (a[crossed] - b[crossed])
        side, other = (axis + 1) % 3, (axis + 2) % 3
        within = np.ones(len(at), bool)
        for o in (side, other):
            within &= (at[:, o] > 0) & (at[:, o] < shape[o] - 1)
        corners = []
        for step_side, step_other in ((0, 0), (-1, 0), (-1, -1), (0, -1)):
            cell = at.copy()
            cell[:, side] += step_side
            cell[:, other] += step_other
            kept = tuple(cell[within].T)
            np.add.at(total, kept, place[within])
            np.add.at(count, kept, 1)
            corners.append(cell)
        quads.append((np.stack(corners, 1)[within], (a[crossed] < 0)[within]))
    used = count > 0
    number = np.full(count.shape, -1)
    number[used] = np.arange(used.sum())
    points = total[used] / count[used][:, None] * step + np.array([a[0] for a in axes])
    faces = []
    for cells, outward in quads:
        face = number[cells[..., 0], cells[..., 1], cells[..., 2]]
        face[~outward] = face[~outward][:, ::-1]
        faces.append(face)
    nudge = step * 0.2
    for _ in range(pulls):
        at_points = field(*points.T)
        slope = np.stack(
            [
                (field(*(points + d).T) - field(*(points - d).T)) / (2 * nudge)
                for d in np.eye(3) * nudge
            ],
            1,
        )
        steep = np.maximum((slope**2).sum(1), 0.2)
        points -= np.clip(at_points / steep, -0.5 * step, 0.5 * step)[:, None] * slope
    return points, np.concatenate(faces)
