"""Which spaces are taken: detections against a layout. Pure; no I/O, no clock.

The measure between a space and a vehicle is ProbIoU (Llerena, Zeni, Kristen and Jung, "Gaussian
Bounding Boxes and Probabilistic Intersection-over-Union for Object Detection", 2021): both are
taken as Gaussian distributions, the space's with the mean and covariance of its polygon, the
vehicle's with those of its ground part, the lower 60 % of its box and 70 % of its width, as an
oblique camera sees it, and hardly deeper than the space. Unlike the overlap with the space's hull
or the box centre in the polygon, it stays right where spaces are slanted and cars tall. Measured on
lots that it was not fitted on (ACPDS valid, `parkcore evaluate`), it judges half as many spaces
wrongly as the hull's overlap.

Which vehicle fills which space is one assignment over the whole photo, as large in the sum of
that measure as can be (Crouse, "On implementing 2D rectangular assignment algorithms", 2016, as
in scipy). So no vehicle fills two spaces, and no space has two.

How sure a judgement is, says a logistic regression whose coefficients
`python -m tests.benchmarks.calibrate_judgement` fits: of what the detections say, and of the
second opinion (`second_opinion`) where there is one. In doubt the space is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from parkcore.domain import Detection
from parkcore.geometry import prob_iou
from parkcore.spaces.ground import (
    Floats,
    boxes_of,
    covered,
    ground_parts_in,
    in_view,
    moved,
    shares_in,
    standing_in,
)
from parkcore.spaces.layout import Area, Layout, Space
from parkcore.spaces.verdict import AreaCount, Judgement, SpaceState

FILLS_FROM = 0.5
"""Of the measure: from here a vehicle may fill a space."""

DOUBT = (0.3, 0.7)
"""Between these probabilities of being occupied a space is unknown."""

# Fitted on the training lots of ACPDS and on PKLot's UFPR05. See the module's docstring.
FILLED = (-4.409, 9.668, 0.807)
"""Intercept, measure, log odds of the detection's confidence: for a space that has a vehicle."""

EMPTY = (-4.422, 2.404, 2.365, 4.693, 3.603)
"""Intercept, measure of the best vehicle that fills no space, measure m of the best of all,
max(0, m - 0.5) where a nearer vehicle covers some of the space, m times the share that it covers:
for a space that has none."""

# Fitted on the training lots of ACPDS, with second opinions of classifiers that were trained
# without the lot they were asked about.
FILLED_ASKED = (-2.856, 5.962, 0.654, 0.878)
"""As FILLED; the last is for the log odds of the second opinion."""

EMPTY_ASKED = (-2.232, 1.392, 0.202, 2.324, 0.553, 1.048)
"""As EMPTY; the last is for the log odds of the second opinion."""

DOUBT_ASKED = (0.4, 0.6)
"""As DOUBT, for spaces with a second opinion."""

SURE = 0.98
"""A second opinion is taken for no surer than this, or surer than 1 - SURE that nothing is there:
the classifier has not seen enough to be."""

HIDDEN_FROM = 0.6
"""Share of a space that a nearer vehicle covers from which it is called hidden by it."""

WHOLLY_HIDDEN_FROM = 0.98
"""From here nobody could tell what stands there."""

WITHIN_FROM = 0.8
"""Share of a vehicle's ground part in a space from which it stands in this one alone."""

IN_VIEW_FROM = 0.6
"""Share of a space that must be in the photo for it to be judged."""

OUTSIDE_FROM = 0.4
"""Confidence from which a vehicle in no space and no area is named: most detections that are less
sure and that no marking speaks for are none, on streets and from above."""

_Outlines: TypeAlias = Sequence[tuple[Area, Floats]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the detections say of one space."""

    vehicle: int | None
    """Number of the detection that fills it."""
    values: tuple[float, ...]
    """What FILLED or EMPTY weigh, the leading 1 included."""
    best: float
    """The measure of the vehicle that comes nearest to filling it."""
    covered: float
    """Share of it that a nearer vehicle covers."""
    holds_one: bool
    """A sure vehicle stands in it that fills no space, such as one at the end of a long bay."""

    def probability(self, opinion: float | None) -> float:
        """Of being occupied, with a second opinion where there is one."""
        filled = self.vehicle is not None
        if opinion is None:
            return _sigmoid(np.dot(FILLED if filled else EMPTY, self.values))
        weights = FILLED_ASKED if filled else EMPTY_ASKED
        return _sigmoid(np.dot(weights, (*self.values, opinion_log_odds(opinion))))


def opinion_log_odds(opinion: float) -> float:
    """The log odds of a second opinion, bounded by SURE."""
    return _log_odds(opinion, SURE)


def evidence(
    outlines: Sequence[Floats], boxes: Floats, confidences: Floats
) -> tuple[list[Evidence], Floats]:
    """What detections say of spaces, and the measure between each space and each vehicle.

    Args:
        outlines: each space's corners, in pixels.
        boxes: of the vehicles, n × 4, in pixels.
    """
    measure = prob_iou(outlines, ground_parts_in(outlines, boxes))
    filling = assign(measure, confidences)
    left = [v for v in range(len(boxes)) if v not in filling.values()]
    sure = [v for v in left if confidences[v] >= OUTSIDE_FROM]
    holding = shares_in(outlines, boxes[sure]).max(1, initial=0.0) >= WITHIN_FROM
    found = []
    for s, hidden in enumerate(covered(outlines, boxes)):
        best = float(measure[s].max(initial=0.0))
        if s in filling:
            v = filling[s]
            values: tuple[float, ...] = (1, measure[s, v], _log_odds(confidences[v], 0.99))
        else:
            near = max(0.0, best - 0.5) if hidden > 0 else 0.0
            values = (1, float(measure[s, left].max(initial=0.0)), best, near, hidden * best)
        found.append(Evidence(filling.get(s), values, best, float(hidden), bool(holding[s])))
    return found, measure


def judge(
    layout: Layout,
    detections: Sequence[Detection],
    image_size: tuple[int, int],
    *,
    blind: str = "",
    homography: Floats | None = None,
    opinions: Sequence[float | None] = (),
) -> Judgement:
    """Judge every space of a photo.

    Args:
        detections: in pixels of the photo.
        image_size: width and height of the photo in pixels.
        blind: why nothing can be told of this photo; then every space is unknown.
        homography: 3 × 3, takes places of the layout, 0..1, to where they are on this photo;
            None where the camera has not moved.
        opinions: for each space the second opinion's probability of being occupied, None where
            it was not asked; empty where there is none.
    """
    if blind:
        return _blind(layout, blind)
    scale = np.array(image_size, float)
    outlines = outlines_of(layout, image_size, homography)
    areas = [(area, moved(area.polygon, homography) * scale) for area in layout.areas]
    ignored = _ignored(areas, boxes_of(detections))
    looked_at = [n for n in range(len(detections)) if n not in ignored]
    boxes = boxes_of([detections[n] for n in looked_at])
    confidences = np.array([detections[n].confidence for n in looked_at])
    found, measure = evidence(outlines, boxes, confidences)
    states: list[SpaceState] = []
    asked = opinions or [None] * len(outlines)
    for space, seen, opinion, share in zip(
        layout.spaces, found, asked, in_view(outlines, image_size), strict=True
    ):
        if share < IN_VIEW_FROM:
            states.append(_unknown(space, "out of view"))
        elif seen.vehicle is not None:
            number = looked_at[seen.vehicle]
            states.append(_filled(space, seen, opinion, detections[number], number))
        else:
            states.append(_empty(space, seen, opinion))
    taken = [
        number
        for number, (seen, said) in enumerate(zip(found, states, strict=True))
        if seen.vehicle is not None and said.state != "vacant"
    ]
    stands = {found[number].vehicle for number in taken}
    left = [v for v in range(len(looked_at)) if v not in stands]
    counts, in_areas = _areas(areas, boxes, set(left))
    beside = [v for v in left if v not in in_areas]
    if not outlines and not counts:
        return Judgement((), unmarked=len(beside))
    outside = [v for v in beside if confidences[v] >= OUTSIDE_FROM]
    double = [v for v in outside if measure[taken, v].max(initial=0.0) >= FILLS_FROM]
    return Judgement(
        tuple(states),
        counts,
        tuple(looked_at[v] for v in outside),
        tuple(looked_at[v] for v in double),
    )


def outlines_of(
    layout: Layout, image_size: tuple[int, int], homography: Floats | None = None
) -> list[Floats]:
    """The corners of a layout's spaces in pixels of a photo, moved as the camera has."""
    scale = np.array(image_size, float)
    return [moved(space.polygon, homography) * scale for space in layout.spaces]


def _blind(layout: Layout, reason: str) -> Judgement:
    counted = (area for area in layout.areas if area.kind == "count")
    return Judgement(
        tuple(_unknown(space, reason) for space in layout.spaces),
        tuple(AreaCount(area.id, None, area.capacity) for area in counted),
        unmarked=None,
    )


def _unknown(space: Space, reason: str, probability: float | None = None) -> SpaceState:
    return SpaceState(space.id, "unknown", 0.0, reason, probability)


def _filled(
    space: Space, seen: Evidence, opinion: float | None, vehicle: Detection, number: int
) -> SpaceState:
    p, (low, high) = seen.probability(opinion), DOUBT if opinion is None else DOUBT_ASKED
    reason = f"{vehicle.label} {vehicle.confidence:.2f}"
    if p >= high:
        return SpaceState(space.id, "occupied", p, reason, p, number)
    if opinion is not None and p <= low:
        return SpaceState(
            space.id, "vacant", 1 - p, f"looks free ({1 - p:.2f}) although {reason} was found", p
        )
    return _unknown(space, f"in doubt: {reason} may stand there", p)


def _empty(space: Space, seen: Evidence, opinion: float | None) -> SpaceState:
    p, (low, high) = seen.probability(opinion), DOUBT if opinion is None else DOUBT_ASKED
    if p <= low and seen.holds_one:
        return _unknown(space, "a vehicle stands in it, but fills only a part of it", p)
    if p <= low and seen.covered < WHOLLY_HIDDEN_FROM:
        return SpaceState(space.id, "vacant", 1 - p, "no vehicle", p)
    if opinion is not None and p >= high:
        found = f"looks occupied although no vehicle was found ({p:.2f})"
        return SpaceState(space.id, "occupied", p, found, p)
    if seen.best >= FILLS_FROM:
        reason = "a vehicle stands over it and the space beside"
    elif seen.covered >= HIDDEN_FROM:
        reason = "hidden by another vehicle"
    elif opinion is not None and seen.best == 0:
        reason = "in doubt: no vehicle was found, but it does not look free"
    else:
        reason = "in doubt: a vehicle stands beside or partly on it"
    return _unknown(space, reason, p)


def assign(measure: Floats, confidences: Floats | None = None) -> dict[int, int]:
    """One vehicle for one space, so that the sum of the measure is largest: space → vehicle.

    Pairs below `FILLS_FROM` are none; of two vehicles in one place the surer is taken.
    """
    from scipy.optimize import linear_sum_assignment  # costs every command a third of a second

    surer = 0.0 if confidences is None else 1e-4 * confidences
    gain = np.where(measure >= FILLS_FROM, measure + surer, 0.0)
    pairs = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    return {int(s): int(v) for s, v in pairs if gain[s, v] > 0}


def _ignored(outlines: _Outlines, boxes: Floats) -> set[int]:
    ignored = (standing_in(outline, boxes) for area, outline in outlines if area.kind == "ignore")
    return set[int]().union(*ignored)


def _areas(
    outlines: _Outlines, boxes: Floats, numbers: set[int]
) -> tuple[tuple[AreaCount, ...], set[int]]:
    """What of these vehicles is in each area; one that is in two counts in the first."""
    counts, left = [], set(numbers)
    for area, outline in outlines:
        if area.kind == "count":
            here = standing_in(outline, boxes) & left
            left -= here
            counts.append(AreaCount(area.id, len(here), area.capacity))
    return tuple(counts), numbers - left


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-float(x)))


def _log_odds(p: float, most: float) -> float:
    bounded = min(most, max(1 - most, float(p)))
    return math.log(bounded / (1 - bounded))
