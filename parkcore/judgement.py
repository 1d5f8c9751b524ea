"""Which spaces are taken: detections against a layout. Pure; no I/O, no clock.

The measure between a space and a vehicle is ProbIoU (Llerena, Zeni, Kristen and Jung, "Gaussian
Bounding Boxes and Probabilistic Intersection-over-Union for Object Detection", 2021): both are
taken as Gaussian distributions, the space's with the mean and covariance of its polygon, the
vehicle's with those of its ground part, the lower 60 % of its box and 70 % of its width, as an
oblique camera sees it. Unlike the overlap with the space's hull or the box centre in the polygon,
it stays right where spaces are slanted and cars tall. Measured on lots that nothing was chosen on
(ACPDS valid, `parkcore evaluate`), it judges half as many spaces wrongly as the hull's overlap.

Which vehicle fills which space is one assignment over the whole photo, as large in the sum of
that measure as can be (Crouse, "On implementing 2D rectangular assignment algorithms", 2016, as
in scipy). So no vehicle fills two spaces, and no space has two.

How sure a judgement is, says a logistic regression whose coefficients
`python -m tests.benchmarks.calibrate_judgement` fits. In doubt the space is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from shapely import Polygon, area, intersection, points
from shapely import box as box_polygon
from shapely.prepared import prep

from parkcore.domain import Detection
from parkcore.geometry import prob_iou
from parkcore.layout import Layout, Space

State: TypeAlias = Literal["occupied", "vacant", "unknown"]

FILLS_FROM = 0.5
"""Of the measure: from here a vehicle may fill a space."""

GROUND_HEIGHT, GROUND_WIDTH = 0.6, 0.7
"""The part of a vehicle's box that stands on the ground: from below, and in the middle."""

DOUBT = (0.3, 0.7)
"""Between these probabilities of being occupied a space is unknown."""

# Fitted on the training lots of ACPDS and on PKLot's UFPR05. See the module's docstring.
FILLED = (-1.769, 6.854, 0.726)
"""Intercept, measure, log odds of the detection's confidence: for a space that has a vehicle."""

EMPTY = (-4.052, 1.734, 3.056, 2.019, 3.464)
"""Intercept, measure of the best vehicle that fills no space, measure m of the best of all,
max(0, m - 0.5) where a nearer vehicle covers some of the space, m times the share that it covers:
for a space that has none."""

HIDDEN_FROM = 0.6
"""Share of a space that a nearer vehicle covers from which it is called hidden by it."""

WHOLLY_HIDDEN_FROM = 0.98
"""From here nobody could tell what stands there."""

IN_VIEW_FROM = 0.6
"""Share of a space that must be in the photo for it to be judged."""

Z_90 = 1.645
"""Standard normal quantile of an interval that holds the truth 90 times of 100."""

_Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpaceState:
    """One space on one photo, judged by that photo alone."""

    id: str
    state: State
    confidence: float
    """How sure the state is, 0..1; 0 where it is unknown."""
    reason: str
    probability: float
    """Of being occupied, 0..1, whatever the state."""
    vehicle: int | None = None
    """Number of the detection that fills it."""


@dataclass(frozen=True, slots=True)
class AreaCount:
    """Vehicles whose ground point lies in an area, those that fill a space left out."""

    id: str
    vehicles: int | None
    """None where nothing can be told."""
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a photo says of a layout."""

    spaces: tuple[SpaceState, ...]
    areas: tuple[AreaCount, ...] = ()
    outside: tuple[int, ...] = ()
    """Detections in no space and no area, those to be ignored left out."""
    double: tuple[int, ...] = ()
    """Of these, the ones that stand over a space that another vehicle fills."""

    def count(self, state: State) -> int:
        return sum(space.state == state for space in self.spaces)

    @property
    def occupied(self) -> int:
        return self.count("occupied")

    @property
    def vacant(self) -> int:
        return self.count("vacant")

    @property
    def unknown(self) -> int:
        return self.count("unknown")

    @property
    def taken(self) -> int:
        """Occupied spaces, and vehicles in the areas."""
        return self.occupied + sum(area.vehicles or 0 for area in self.areas)

    @property
    def capacity(self) -> int:
        """The spaces that were judged, and what the areas hold that say so."""
        return len(self.spaces) + sum(area.capacity or 0 for area in self.areas)

    @property
    def interval(self) -> tuple[int, int]:
        """Between which numbers of occupied spaces the truth lies, 9 times of 10.

        The spaces are taken as independent, each with its probability: the normal approximation
        of the Poisson binomial distribution. Spaces out of view or on a picture on which nothing
        can be told may be either.
        """
        told = np.array([s.probability for s in self.spaces if s.probability != 0.5])
        blind = len(self.spaces) - len(told)
        mean, spread = told.sum(), Z_90 * math.sqrt(float((told * (1 - told)).sum()))
        low, high = math.floor(mean - spread + 0.5), math.ceil(mean + spread - 0.5)
        low, high = min(low, self.occupied), max(high, self.occupied)
        return max(0, low), min(len(self.spaces), high + blind)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A judgement with what it was made by; what is stored of a photo."""

    layout_id: int
    judgement: Judgement
    homography: _Array | None = None
    """See `judge`; None where the camera has not moved."""
    note: str = ""
    """That the camera has moved and how far, or why that cannot be told."""


def judge(
    layout: Layout,
    detections: Sequence[Detection],
    image_size: tuple[int, int],
    *,
    blind: str = "",
    homography: _Array | None = None,
) -> Judgement:
    """Judge every space of a photo.

    Args:
        detections: in pixels of the photo.
        image_size: width and height of the photo in pixels.
        blind: why nothing can be told of this photo; then every space is unknown.
        homography: 3 × 3, takes places of the layout, 0..1, to where they are on this photo;
            None where the camera has not moved.
    """
    scale = np.array(image_size, float)
    outlines = [moved(space.polygon, homography) * scale for space in layout.spaces]
    if blind:
        counted = [area for area in layout.areas if area.kind == "count"]
        return Judgement(
            tuple(_unknown(space, blind) for space in layout.spaces),
            tuple(AreaCount(area.id, None, area.capacity) for area in counted),
        )
    ignored = _ignored(layout, detections, scale, homography)
    looked_at = [n for n in range(len(detections)) if n not in ignored]
    boxes = np.array([detections[n].box.as_tuple() for n in looked_at]).reshape(-1, 4)
    measure = prob_iou(outlines, ground_parts(boxes))
    filling = assign(measure, np.array([detections[n].confidence for n in looked_at]))
    covered = _covered(outlines, boxes)
    in_view = _in_view(outlines, image_size)
    left = [v for v in range(len(looked_at)) if v not in filling.values()]
    states: list[SpaceState] = []
    for s, space in enumerate(layout.spaces):
        if in_view[s] < IN_VIEW_FROM:
            states.append(_unknown(space, "out of view"))
        elif s in filling:
            v = filling[s]
            states.append(_filled(space, measure[s, v], detections[looked_at[v]], looked_at[v]))
        else:
            best_left = float(measure[s, left].max(initial=0.0))
            states.append(_empty(space, best_left, float(measure[s].max(initial=0.0)), covered[s]))
    rest = [looked_at[v] for v in left]
    areas, in_areas = _areas(layout, detections, rest, scale, homography)
    outside = tuple(n for n in rest if n not in in_areas)
    over_another = {looked_at[v] for v in left if measure[:, v].max(initial=0.0) >= FILLS_FROM}
    return Judgement(tuple(states), areas, outside, tuple(n for n in outside if n in over_another))


def _unknown(space: Space, reason: str) -> SpaceState:
    return SpaceState(space.id, "unknown", 0.0, reason, 0.5)


def _filled(space: Space, measure: float, vehicle: Detection, number: int) -> SpaceState:
    bounded = min(0.99, max(0.01, vehicle.confidence))
    p = _sigmoid(np.dot(FILLED, (1, measure, math.log(bounded / (1 - bounded)))))
    reason = f"{vehicle.label} {vehicle.confidence:.2f}"
    if p < DOUBT[1]:
        return SpaceState(space.id, "unknown", 0.0, f"in doubt: {reason} may stand there", p)
    return SpaceState(space.id, "occupied", p, reason, p, number)


def _empty(space: Space, best_left: float, best: float, covered: float) -> SpaceState:
    near = max(0.0, best - 0.5) if covered > 0 else 0.0
    p = _sigmoid(np.dot(EMPTY, (1, best_left, best, near, covered * best)))
    if p <= DOUBT[0] and covered < WHOLLY_HIDDEN_FROM:
        return SpaceState(space.id, "vacant", 1 - p, "no vehicle", p)
    if best >= FILLS_FROM:
        reason = "a vehicle stands over it and the space beside"
    elif covered >= HIDDEN_FROM:
        reason = "hidden by another vehicle"
    else:
        reason = "in doubt: a vehicle stands beside or partly on it"
    return SpaceState(space.id, "unknown", 0.0, reason, p)


def ground_parts(boxes: _Array) -> _Array:
    """The part of each vehicle's box that stands on the ground, as boxes, shape (n, 4)."""
    middle, half = (boxes[:, 0] + boxes[:, 2]) / 2, GROUND_WIDTH * (boxes[:, 2] - boxes[:, 0]) / 2
    top = boxes[:, 3] - GROUND_HEIGHT * (boxes[:, 3] - boxes[:, 1])
    return np.stack([middle - half, top, middle + half, boxes[:, 3]], axis=1)


def assign(measure: _Array, confidences: _Array | None = None) -> dict[int, int]:
    """One vehicle for one space, so that the sum of the measure is largest: space → vehicle.

    Pairs below `FILLS_FROM` are none; of two vehicles in one place the surer is taken.
    """
    from scipy.optimize import linear_sum_assignment  # costs every command a third of a second

    surer = 0.0 if confidences is None else 1e-4 * confidences
    gain = np.where(measure >= FILLS_FROM, measure + surer, 0.0)
    pairs = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    return {int(s): int(v) for s, v in pairs if gain[s, v] > 0}


def _covered(outlines: Sequence[_Array], boxes: _Array) -> _Array:
    """Per space the largest share of it that one vehicle covers that stands nearer."""
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


def _in_view(outlines: Sequence[_Array], image_size: tuple[int, int]) -> _Array:
    photo = box_polygon(0, 0, *image_size)
    shapes = [Polygon(outline) for outline in outlines]
    return np.array([shape.intersection(photo).area / shape.area for shape in shapes])


def _ground_points(detections: Sequence[Detection], numbers: Sequence[int]) -> _Array:
    """Where vehicles stand: the middle of their ground part, in pixels."""
    boxes = np.array([detections[n].box.as_tuple() for n in numbers]).reshape(-1, 4)
    ground = ground_parts(boxes)
    return np.asarray((ground[:, :2] + ground[:, 2:]) / 2)


def _within(
    polygon: tuple[tuple[float, float], ...],
    detections: Sequence[Detection],
    numbers: Sequence[int],
    scale: _Array,
    homography: _Array | None,
) -> set[int]:
    shape = prep(Polygon(moved(polygon, homography) * scale))
    places = points(_ground_points(detections, numbers))
    return {n for n, place in zip(numbers, places, strict=True) if shape.contains(place)}


def _ignored(
    layout: Layout, detections: Sequence[Detection], scale: _Array, homography: _Array | None
) -> set[int]:
    numbers, found = range(len(detections)), set[int]()
    for each in layout.areas:
        if each.kind == "ignore":
            found |= _within(each.polygon, detections, numbers, scale, homography)
    return found


def _areas(
    layout: Layout,
    detections: Sequence[Detection],
    numbers: Sequence[int],
    scale: _Array,
    homography: _Array | None,
) -> tuple[tuple[AreaCount, ...], set[int]]:
    """What is in each area; a vehicle in two of them counts in the first."""
    counts, taken = [], set[int]()
    for each in layout.areas:
        if each.kind != "count":
            continue
        here = _within(each.polygon, detections, numbers, scale, homography) - taken
        taken |= here
        counts.append(AreaCount(each.id, len(here), each.capacity))
    return tuple(counts), taken


def moved(polygon: Sequence[tuple[float, float]], homography: _Array | None) -> _Array:
    """A polygon's corners where a moved camera sees them, shape (corners, 2)."""
    corners = np.array(polygon, float)
    if homography is None:
        return corners
    mapped = np.column_stack([corners, np.ones(len(corners))]) @ homography.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-float(x)))
