"""A thing made of parts: points, faces and what each face is made of. Knows no Blender."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from models.training.render.fields import Field, Floats, Ints, surface

MASKS = ("glass", "trim", "head", "tail", "door", "hood")
"""Fields at a car body's points; its paint ends where one of them is negative."""


@dataclass(frozen=True)
class Solid:
    """A finished mesh: points (n, 3) in metres, faces of three or more corners."""

    points: Floats
    corners: Ints
    """All faces' corners one after another: indices of points."""
    sizes: Ints
    """How many corners each face has."""
    stuffs: tuple[str, ...]
    """The names of the materials."""
    stuff: Ints
    """Which of them each face is made of."""
    smooth: Ints
    masks: Mapping[str, Floats]


def turn(angle: float, axis: str) -> Floats:
    """The 3 × 3 matrix of a turn about an axis, counter-clockwise against its direction."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array(
        {
            "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
            "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        }[axis]
    )


class Builder:
    """Collects parts into one solid. A vehicle looks along x, its left is +y, up is +z."""

    def __init__(self) -> None:
        self._points: list[Floats] = []
        self._faces: list[Ints] = []
        self._stuff: list[tuple[int, int]] = []
        self._smooth: list[tuple[int, int]] = []
        self._masks: list[dict[str, Floats]] = []
        self._names: list[str] = []
        self._count = 0
        self._frame: tuple[Floats, Floats] | None = None

    @contextmanager
    def turned(self, matrix: Floats, about: Sequence[float]) -> Iterator[None]:
        """What is added inside is turned about a point, such as a fork about its head."""
        self._frame = (matrix, np.asarray(about, float))
        yield
        self._frame = None

    def add(
        self,
        points: ArrayLike,
        faces: ArrayLike,
        stuff: str,
        *,
        smooth: bool = True,
        masks: Mapping[str, Floats] | None = None,
    ) -> None:
        """Add points (n, 3) and faces (m, k), all of one stuff."""
        at, corners = np.asarray(points, float), np.asarray(faces, int)
        if self._frame is not None:
            matrix, about = self._frame
            at = (at - about) @ matrix.T + about
        if stuff not in self._names:
            self._names.append(stuff)
        self._points.append(at)
        self._faces.append(corners + self._count)
        self._stuff.append((self._names.index(stuff), len(corners)))
        self._smooth.append((int(smooth), len(corners)))
        given = masks or {}
        self._masks.append({name: given.get(name, np.ones(len(at))) for name in MASKS})
        self._count += len(at)

    def grow(
        self, field: Field, low: Sequence[float], high: Sequence[float], stuff: str, step: float
    ) -> None:
        """Add the surface of a field."""
        self.add(*surface(field, low, high, step), stuff)

    def box(
        self,
        centre: Sequence[float],
        half: Sequence[float],
        stuff: str,
        matrix: Floats | None = None,
    ) -> None:
        """Add a box."""
        signs = [[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
        points = np.array(signs, float) * half
        if matrix is not None:
            points = points @ matrix.T
        faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
        self.add(points + np.asarray(centre, float), faces, stuff, smooth=False)

    def lathe(
        self,
        profile: Sequence[tuple[float, float]],
        around: int,
        stuff: str,
        at: Sequence[float],
        *,
        axis: str = "y",
        flip: bool = False,
        smooth: bool = True,
    ) -> None:
        """Turn pairs of radius and place along the axis about that axis."""
        radius, along = np.asarray(profile, float).T
        angle = np.arange(around) * 2 * np.pi / around
        rings = np.stack(
            [
                np.outer(radius, np.cos(angle)),
                np.repeat((-along if flip else along)[:, None], around, 1),
                np.outer(radius, np.sin(angle)),
            ],
            -1,
        ).reshape(-1, 3)
        order = {"y": [0, 1, 2], "x": [1, 0, 2], "z": [0, 2, 1]}[axis]
        points = rings[:, order] + np.asarray(at, float)
        self.add(points, _tube_faces(len(radius), around), stuff, smooth=smooth)

    def tube(
        self, path: ArrayLike, radius: float | Sequence[float], stuff: str, around: int = 6
    ) -> None:
        """A pipe along a path."""
        line = np.asarray(path, float)
        radii = np.broadcast_to(radius, len(line))
        rings = []
        angle = np.arange(around) * 2 * np.pi / around
        for i, point in enumerate(line):
            ahead = line[min(i + 1, len(line) - 1)] - line[max(i - 1, 0)]
            ahead = ahead / (np.linalg.norm(ahead) + 1e-9)
            side = np.cross(ahead, [0, 0, 1] if abs(ahead[2]) < 0.9 else [1, 0, 0])
            side /= np.linalg.norm(side)
            other = np.cross(ahead, side)
            rings.append(
                point + radii[i] * (np.outer(np.cos(angle), side) + np.outer(np.sin(angle), other))
            )
        self.add(np.concatenate(rings), _tube_faces(len(line), around), stuff)

    def finish(self) -> Solid:
        """The solid of all parts so far; an error where there is none."""
        if not self._points:
            raise ValueError("a solid needs at least one part; none was added")
        sizes = [np.full(len(f), f.shape[1]) for f in self._faces]
        return Solid(
            points=np.concatenate(self._points),
            corners=np.concatenate([f.ravel() for f in self._faces]),
            sizes=np.concatenate(sizes),
            stuffs=tuple(self._names),
            stuff=np.concatenate([np.full(n, v) for v, n in self._stuff]),
            smooth=np.concatenate([np.full(n, v) for v, n in self._smooth]),
            masks={name: np.concatenate([m[name] for m in self._masks]) for name in MASKS},
        )


def _tube_faces(rings: int, around: int) -> Ints:
    i, j = (a.ravel() for a in np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij"))
    k = (j + 1) % around
    faces = [i * around + j, i * around + k, (i + 1) * around + k, (i + 1) * around + j]
    return np.stack(faces, 1)


def wheel(
    build: Builder, at: tuple[float, float], radius: float, width: float, side: int, spokes: int = 5
) -> None:
    """A car's or lorry's wheel at (x, y): tyre, rim and spokes; side is 1 on the left, -1 right."""
    rim, half, centre = radius * 0.66, width / 2, (at[0], at[1], radius)
    flip = side < 0
    tyre = [(rim, -half * 0.8), (radius * 0.97, -half), (radius, 0), (radius * 0.97, half)]
    build.lathe([*tyre, (rim, half * 0.9)], 24, "tyre", centre, flip=flip)
    build.lathe([(rim, half * 0.92), (rim * 0.9, half * 0.5)], 24, "rim", centre, flip=flip)
    build.lathe([(rim * 0.92, half * 0.3), (0.001, half * 0.3)], 24, "dark", centre, flip=flip)
    for i in range(spokes):
        angle = 2 * math.pi * i / spokes
        middle = (
            at[0] + math.cos(angle) * rim * 0.5,
            at[1] + side * half * 0.6,
            radius + math.sin(angle) * rim * 0.5,
        )
        build.box(middle, (rim * 0.48, half * 0.15, rim * 0.13), "rim", turn(-angle, "y"))
