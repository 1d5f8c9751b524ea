"""What is true of a rendered picture: the vehicles' boxes, how much is seen, the spaces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training.render.fields import Floats, Ints
from models.training.render.lens import Camera
from models.training.render.plan import CLASSES, Scene, Space, Vehicle
from models.training.render.solids import Solid, turn

SKY, GROUND, PROP = 0, 32_001, 32_000
"""Numbers in the picture of numbers; the vehicles are numbered from 1, Blender's end at 32,767."""
SEEN = 0.25
"""A vehicle that shows less of itself is doubtful."""
SMALLEST = (9, 4)
"""Longer and shorter side of the smallest box that is labelled, pixels."""
FLATTEST = 5.0
"""Standard deviation of the grey levels, their noise smoothed, in the flattest box that is
labelled: in a flatter one nobody would see a vehicle by night or in fog."""
FOOTPRINT = {"car": (4.4, 1.8), "motorcycle": (2.0, 0.7), "bus": (11.0, 2.5), "truck": (7.5, 2.4)}


@dataclass(frozen=True)
class Seen:
    """A vehicle as the picture shows it."""

    kind: str
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of what is seen, pixels."""
    visible: float
    """The share of it that is seen: not behind others, not beyond the edge."""
    doubt: str
    """Why it is no label: `hidden`, `small`, `dim`, or nothing."""


def sample(solid: Solid, count: int = 500) -> tuple[Floats, Floats]:
    """Points (count, 3) spread evenly over a solid, and the normals there, of either direction."""
    ends = np.cumsum(solid.sizes)
    fans = []
    for size in np.unique(solid.sizes):
        starts = (ends - solid.sizes)[solid.sizes == size]
        for k in range(1, int(size) - 1):
            fans.append(np.stack([starts, starts + k, starts + k + 1], 1))
    a, b, c = solid.points[solid.corners[np.concatenate(fans)]].transpose(1, 0, 2)
    cross = np.cross(b - a, c - a)
    area = np.linalg.norm(cross, axis=1)
    rng = np.random.default_rng(0)
    which = rng.choice(len(area), count, p=area / area.sum())
    u, v = rng.random((2, count, 1))
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
    points = a[which] + u * (b - a)[which] + v * (c - a)[which]
    return points, cross[which] / np.maximum(area[which], 1e-12)[:, None]


def stand(vehicle: Vehicle) -> Floats:
    """The 3 × 3 matrix that turns and scales a vehicle's own points into its pose."""
    return turn(vehicle.heading, "z") @ turn(vehicle.lean, "x") * vehicle.scale


def seen_vehicles(
    scene: Scene,
    numbers: Ints,
    samples: Mapping[str, tuple[Floats, Floats]],
    picture: NDArray[np.uint8],
) -> dict[int, Seen]:
    """The vehicles of which a pixel or more is seen, by their place in the scene's list.

    numbers: (h, w), what each pixel shows; samples: of each shape, from `sample`;
    picture: (h, w, 3).
    """
    if numbers.shape != picture.shape[:2]:
        raise ValueError(
            f"numbers of {numbers.shape} do not belong to a picture of {picture.shape}"
        )
    grey = _smooth(picture.mean(2))
    seen = {}
    for number, box in boxes(numbers).items():
        if number > len(scene.site.vehicles):
            continue
        vehicle = scene.site.vehicles[number - 1]
        visible = visible_share(scene.camera, vehicle, samples[vehicle.shape], numbers, number)
        left, top, right, bottom = box
        sides = sorted((right - left, bottom - top), reverse=True)
        doubt = ""
        if visible < SEEN:
            doubt = "hidden"
        elif sides[0] < SMALLEST[0] or sides[1] < SMALLEST[1]:
            doubt = "small"
        elif grey[top:bottom, left:right].std() < FLATTEST:
            doubt = "dim"
        seen[number - 1] = Seen(vehicle.kind, box, round(visible, 3), doubt)
    return seen


def _smooth(grey: Floats) -> Floats:
    """The mean of each pixel and its eight neighbours: without it noise would pass for contrast."""
    height, width = grey.shape
    padded = np.pad(grey, 1, mode="edge")
    around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.asarray(np.mean(around, axis=0))


def boxes(numbers: Ints) -> dict[int, tuple[int, int, int, int]]:
    """The box around the pixels of each vehicle's number; right and bottom are exclusive."""
    found: dict[int, tuple[int, int, int, int]] = {}
    ys, xs = np.nonzero((numbers != SKY) & (numbers < PROP))
    if not len(ys):
        return found
    at = numbers[ys, xs]
    order = np.argsort(at, kind="stable")
    ys, xs, at = ys[order], xs[order], at[order]
    values, starts = np.unique(at, return_index=True)
    for value, y, x in zip(
        values.tolist(), np.split(ys, starts[1:]), np.split(xs, starts[1:]), strict=True
    ):
        found[value] = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
    return found


def visible_share(
    camera: Camera,
    vehicle: Vehicle,
    sampled: tuple[Floats, Floats],
    numbers: Ints,
    number: int,
) -> float:
    """How much of a vehicle is seen, 0 to 1: the share of its points, each weighted by how far
    it faces the camera, that no other vehicle and no prop covers and that lie in the picture.
    The ground covers nothing: a pixel of it beside a thin part is the pixel's coarseness."""
    matrix = stand(vehicle)
    points, normals = sampled
    world = points @ matrix.T + [*vehicle.at, 0.0]
    ray = world - camera.place
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    weight = np.abs((ray * (normals @ (matrix / vehicle.scale).T)).sum(1)) + 1e-6
    pixels, depth = camera.project(world)
    x, y = np.floor(pixels).astype(int).T
    height, width = numbers.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    inside &= (depth > 0) | camera.fisheye
    shown = numbers[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    open_to = inside & ((shown == number) | (shown == SKY) | (shown == GROUND))
    return float((weight * open_to).sum() / weight.sum())


def labels(seen: Sequence[Seen], size: tuple[int, int]) -> str:
    """The label file of a picture: `class cx cy w h` a line, as shares of width and height.

    The numbers are those of `folder.NAMES`: after the types comes that of what is doubtful.
    """
    width, height = size
    lines = []
    for one in seen:
        left, top, right, bottom = one.box
        numbers = (
            (left + right) / 2 / width,
            (top + bottom) / 2 / height,
            (right - left) / width,
            (bottom - top) / height,
        )
        name = len(CLASSES) if one.doubt else CLASSES.index(one.kind)
        lines.append(" ".join([str(name), *(f"{v:.6f}" for v in numbers)]))
    return "".join(f"{line}\n" for line in lines)


def seen_spaces(scene: Scene, numbers: Ints, seen: Mapping[int, Seen]) -> list[dict[str, Any]]:
    """The marked spaces that the picture shows well enough to say whether they are free.

    In the form of `spaces.json`: id, occupied (0 or 1) and contour in pixels. Left out are those
    that the edge cuts, that are mostly covered or tiny, on which a vehicle stands only partly,
    or whose vehicle is hidden or lost in the dark.
    """
    found = []
    width, height = scene.camera.size
    for space in scene.site.spaces:
        corners = np.array([[*c, 0.0] for c in space.corners])
        contour, depth = scene.camera.project(corners)
        outside = (contour < 0) | (contour > [width, height])
        if outside.any() or (depth <= 0).any() or _area(contour) < 150:
            continue
        vehicles, partly = _on(space, scene.site.vehicles)
        if partly or any(seen.get(v, NOWHERE).doubt for v in vehicles):
            continue
        grid = np.array([[*p, 0.0] for p in _grid(space, 9)])
        at = np.clip(
            np.floor(scene.camera.project(grid)[0]).astype(int), 0, [width - 1, height - 1]
        )
        shown = numbers[at[:, 1], at[:, 0]]
        own = np.isin(shown, [v + 1 for v in vehicles])
        if ((shown == GROUND) | own).mean() < 0.4:
            continue
        points = [[round(float(x), 1), round(float(y), 1)] for x, y in contour]
        found.append({"id": space.name, "occupied": int(bool(vehicles)), "contour": points})
    return found


NOWHERE = Seen("car", (0, 0, 0, 0), 0.0, "hidden")


def _area(contour: Floats) -> float:
    x, y = contour.T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def _grid(space: Space, count: int) -> Floats:
    """Points (count², 2) all over a space."""
    a, b, c, d = np.array(space.corners)
    share = (np.arange(count) + 0.5) / count
    u, v = (s.reshape(-1, 1) for s in np.meshgrid(share, share))
    return np.asarray((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v)


def _on(space: Space, vehicles: Sequence[Vehicle]) -> tuple[list[int], bool]:
    """The vehicles whose middle is on a space, and whether another covers a part of it."""
    grid, on, partly = _grid(space, 7), [], False
    reach = math.dist(space.corners[0], space.corners[2])
    middle = grid.mean(0)
    edges = [
        np.subtract(b, a)
        for a, b in zip(space.corners, (*space.corners[1:], space.corners[0]), strict=True)
    ]
    for number, vehicle in enumerate(vehicles):
        if math.dist(vehicle.at, middle) > reach + 6:
            continue
        to = [np.subtract(vehicle.at, corner) for corner in space.corners]
        sides = [e[0] * t[1] - e[1] * t[0] > 0 for e, t in zip(edges, to, strict=True)]
        if all(sides) or not any(sides):
            on.append(number)
            continue
        c, s = math.cos(vehicle.heading), math.sin(vehicle.heading)
        away = grid - vehicle.at
        long, wide = FOOTPRINT[vehicle.kind]
        under = np.abs(away @ [c, s]) < long / 2
        under &= np.abs(away @ [-s, c]) < wide / 2
        partly |= bool(under.mean() > 0.08)
    return on, partly
