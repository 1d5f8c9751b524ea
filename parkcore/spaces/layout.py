"""Layouts: the marked spaces and areas of one camera. Pure; coordinates 0..1 of the upright photo.

x to the right, y down; 1 is the photo's full width or height.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, TypeVar, get_args

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Polygon, STRtree, box

Point: TypeAlias = tuple[float, float]
SpaceType = Literal["car", "motorcycle", "disabled", "ev", "reserved"]
SPACE_TYPES: tuple[SpaceType, ...] = get_args(SpaceType)

AreaKind = Literal["count", "ignore"]
"""Vehicles are counted by their ground point, or they are not looked at."""

AREA_KINDS: tuple[AreaKind, ...] = get_args(AreaKind)

LEAST_AREA = 2e-5
"""Share of the photo that a marked polygon has at least: 18 pixels of one with 1280 × 720."""

BEYOND = 0.001001
"""How far a corner may lie outside of the photo: what rounding to pixels does."""

OVERLAP_FROM = 0.3
"""Share of the smaller of two spaces from which their overlap is worth a warning."""

MOST_SPACES = 2000

KEPT_FROM = 0.25
"""Share of a place that must be in the photo for it to be carried over to a new view."""


@dataclass(frozen=True, slots=True)
class Space:
    """One marked place for one vehicle."""

    id: str
    polygon: tuple[Point, ...]
    type: SpaceType = "car"
    group: str = ""

    def __post_init__(self) -> None:
        check_id("space", self.id)
        if self.type not in SPACE_TYPES:
            raise ValueError(
                f"space {self.id}: a type is one of {', '.join(SPACE_TYPES)}, but got {self.type!r}"
            )
        if self.group:
            check_id("group", self.group)
        check_polygon(f"space {self.id}", self.polygon)


@dataclass(frozen=True, slots=True)
class Area:
    """A marked place for any number of vehicles, or one that is not to be looked at."""

    id: str
    polygon: tuple[Point, ...]
    kind: AreaKind = "count"
    capacity: int | None = None

    def __post_init__(self) -> None:
        check_id("area", self.id)
        if self.kind not in AREA_KINDS:
            raise ValueError(
                f"area {self.id}: a kind is one of {', '.join(AREA_KINDS)}, but got {self.kind!r}"
            )
        whole = isinstance(self.capacity, int) and not isinstance(self.capacity, bool)
        if self.capacity is not None and not (whole and 1 <= self.capacity <= 100_000):
            raise ValueError(
                f"area {self.id}: a capacity is 1 to 100,000, a whole number, but got"
                f" {self.capacity!r}"
            )
        check_polygon(f"area {self.id}", self.polygon)


@dataclass(frozen=True, slots=True)
class Layout:
    """All marked places of one camera, as one version of them."""

    spaces: tuple[Space, ...]
    areas: tuple[Area, ...] = ()
    image_size: tuple[int, int] = (1280, 720)
    """Width and height in pixels of the photo it was drawn on."""
    version: int = 0
    """Counts up from 1 for each camera; 0 until it is stored."""
    id: int | None = None
    """None until it is stored."""
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        if min(self.image_size) < 1:
            raise ValueError(f"a photo has 1 pixel or more a side, but got {self.image_size}")
        if len(self.spaces) + len(self.areas) > MOST_SPACES:
            raise ValueError(
                f"a layout has at most {MOST_SPACES:,} spaces and areas, but this has"
                f" {len(self.spaces) + len(self.areas):,}"
            )
        if self.capacity > 1_000_000:
            raise ValueError(
                f"a camera sees at most 1,000,000 spaces, but these are {self.capacity:,}"
            )
        counted = Counter(_names(self))
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ValueError(f"each name may be given once, but these are not: {', '.join(twice)}")

    @property
    def capacity(self) -> int:
        """The spaces, and what the areas that are counted hold."""
        counted = (area.capacity or 0 for area in self.areas if area.kind == "count")
        return len(self.spaces) + sum(counted)


def check_id(kind: str, name: str) -> None:
    if not (isinstance(name, str) and 1 <= len(name) <= 40 and name.isprintable() and name.strip()):
        raise ValueError(f"a {kind}'s name has 1 to 40 printable characters, but got {name!r}")


def check_polygon(what: str, points: tuple[Point, ...]) -> None:
    """
    Raises:
        ValueError: no polygon that can be used; the text says why.
    """
    if not 3 <= len(points) <= 100:
        raise ValueError(f"{what}: a polygon has 3 to 100 corners, but this has {len(points)}")
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError(f"{what}: a corner is not a number: ({x}, {y})")
        if not (-BEYOND <= x <= 1 + BEYOND and -BEYOND <= y <= 1 + BEYOND):
            raise ValueError(
                f"{what}: the corner ({x:.3f}, {y:.3f}) lies outside of the photo, which is 0..1;"
                " was it drawn on a photo of another size?"
            )
    polygon = Polygon(points)
    if not polygon.is_valid:
        raise ValueError(f"{what}: its outline crosses itself; put its corners in order around it")
    if polygon.area < LEAST_AREA * (1 - 1e-3):
        raise ValueError(f"{what}: it is too small to be a place for a vehicle")


def overlapping(layout: Layout) -> list[tuple[str, str]]:
    """Pairs of spaces that lie on one another so far that one vehicle is in both."""
    shapes = [Polygon(space.polygon) for space in layout.spaces]
    found: list[tuple[str, str]] = []
    if not shapes:
        return found
    for one, other in sorted(map(tuple, STRtree(shapes).query(shapes).T.tolist())):
        if one < other:
            shared = shapes[one].intersection(shapes[other]).area
            if shared > OVERLAP_FROM * min(shapes[one].area, shapes[other].area):
                found.append((layout.spaces[one].id, layout.spaces[other].id))
    return found


_Place = TypeVar("_Place", Space, Area)


def carried(
    layout: Layout, homography: npt.NDArray[np.float64], image_size: tuple[int, int]
) -> Layout:
    """A layout where a camera sees it that was moved, as one that is not stored yet.

    Names, types, groups and capacities stay. What is partly in view is cut off at the photo's
    edge, and what is hardly in view is left out.

    Args:
        homography: 3 × 3, takes the layout's places, 0..1, to the new photo's.
        image_size: width and height of the new photo in pixels.
    """
    spaces = (_carried(space, homography) for space in layout.spaces)
    areas = (_carried(area, homography) for area in layout.areas)
    return Layout(tuple(filter(None, spaces)), tuple(filter(None, areas)), image_size)


def lost(before: Layout, after: Layout) -> list[str]:
    """The names of spaces and areas that one layout has and another has not."""
    kept = set(_names(after))
    return [name for name in _names(before) if name not in kept]


def _names(layout: Layout) -> list[str]:
    return [*(space.id for space in layout.spaces), *(area.id for area in layout.areas)]


def _carried(place: _Place, homography: npt.NDArray[np.float64]) -> _Place | None:
    mapped = np.column_stack([place.polygon, np.ones(len(place.polygon))]) @ homography.T
    if (mapped[:, 2] <= 1e-9).any():  # behind the camera
        return None
    corners = mapped[:, :2] / mapped[:, 2:]
    whole = Polygon(corners)
    if not whole.is_valid or not whole.area:
        return None
    inside = corners
    if corners.min() < 0 or corners.max() > 1:
        shown = whole.intersection(box(0, 0, 1, 1))
        if shown.area < KEPT_FROM * whole.area:
            return None
        parts = shown.geoms if isinstance(shown, MultiPolygon) else [shown]
        largest = max(parts, key=lambda part: part.area)
        inside = np.array(largest.exterior.coords)[:-1]
    with suppress(ValueError):  # too small to be marked, as far away as it is now
        return replace(place, polygon=tuple(map(tuple, inside.clip(0, 1).tolist())))
    return None


def subdivide(corners: tuple[Point, Point, Point, Point], number: int) -> list[tuple[Point, ...]]:
    """A row of equal spaces as a camera sees it: its outline divided in perspective.

    The homography that takes the unit square to the outline takes equal strips of the square to
    the spaces (Hartley and Zisserman, Multiple View Geometry, 2nd ed., section 2.3).

    Args:
        corners: start-left, end-left, end-right, start-right: the row runs from the first to the
            second corner, and each space from the left to the right edge.
        number: of spaces, 1 to 500.

    Raises:
        ValueError: the corners are not those of a convex quadrilateral.
    """
    if not 1 <= number <= 500:
        raise ValueError(f"a row has 1 to 500 spaces, but got {number}")
    turns = [
        (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        for (ax, ay), (bx, by), (cx, cy) in (
            (corners[n], corners[(n + 1) % 4], corners[(n + 2) % 4]) for n in range(4)
        )
    ]
    if not (min(turns) > 1e-12 or max(turns) < -1e-12):
        raise ValueError("the four corners of a row must go around it and be convex")
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    # Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), section 2.2.3
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    scale = dx1 * dy2 - dx2 * dy1
    g, h = (dx3 * dy2 - dx2 * dy3) / scale, (dx1 * dy3 - dx3 * dy1) / scale
    a, b = x1 - x0 + g * x1, x3 - x0 + h * x3
    d, e = y1 - y0 + g * y1, y3 - y0 + h * y3

    def at(u: float, v: float) -> Point:
        w = g * u + h * v + 1
        return ((a * u + b * v + x0) / w, (d * u + e * v + y0) / w)

    edges = [(at(n / number, 0), at(n / number, 1)) for n in range(number + 1)]
    return [
        (left, next_left, next_right, right)
        for (left, right), (next_left, next_right) in itertools.pairwise(edges)
    ]
