"""Completing labels: truth about spaces decides, teachers propose, what is doubtful is left open.

Where spaces are marked, an occupied one keeps the vehicle that is assigned to it as in
`parkcore.spaces.judgement` (its ground part of one height for every space, as the shipped weights
were taught), or, where nobody proposes one, a box shaped as its neighbours' boxes are; what stands
on a vacant one is dropped. Elsewhere a sure proposal stays, a less sure one becomes a place of
doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.training.sources import Floats, Source, Vehicles
from parkcore.geometry import ious, prob_iou, shares_inside
from parkcore.spaces.ground import ground_parts
from parkcore.spaces.judgement import assign

SURE, DOUBTFUL = 0.35, 0.1
"""Proposals: surer ones are taken for vehicles, from there to here is doubt, below is nothing."""
SURE_ON_VACANT = 0.6
"""From here a proposal on a vacant space is doubt, not error: the photo's labels may be wrong."""
NEIGHBOURS = 5


def complete(source: Source, proposed: Vehicles) -> tuple[Vehicles, Floats]:
    """The vehicles to teach and the places of doubt, shape (n, 4), of one photo."""
    if source.is_complete:
        return source.vehicles, source.doubtful
    proposed = _without_groups(proposed)
    if source.spaces:
        return _by_spaces(source, proposed)
    mine = source.vehicles
    double = ious(proposed.boxes, mine.boxes).max(1, initial=0) > 0.45
    inside = shares_inside(proposed.boxes, mine.boxes).max(1, initial=0) > 0.8
    grey = shares_inside(proposed.boxes, source.doubtful).max(1, initial=0) > 0.5
    new = proposed.where(~(double | inside | grey))
    return _sure_and_doubtful(mine, new, source.doubtful)


def _without_groups(proposed: Vehicles) -> Vehicles:
    """Leave out boxes around several vehicles that were also proposed one by one."""
    likely = proposed.where(proposed.confidences >= 2 * DOUBTFUL)
    within = shares_inside(likely.boxes, proposed.boxes) > 0.75
    return proposed.where(within.sum(0) < 3)  # a likely box lies within itself


def _sure_and_doubtful(
    taught: Vehicles, new: Vehicles, doubtful: Floats
) -> tuple[Vehicles, Floats]:
    between = (new.confidences >= DOUBTFUL) & (new.confidences < SURE)
    return (
        taught.plus(new.where(new.confidences >= SURE)),
        np.vstack([doubtful, new.boxes[between]]),
    )


def _by_spaces(source: Source, proposed: Vehicles) -> tuple[Vehicles, Floats]:
    outlines = [outline for outline, _ in source.spaces]
    occupied = np.array([is_occupied for _, is_occupied in source.spaces])
    measure = prob_iou(outlines, ground_parts(proposed.boxes))
    fills = assign(np.where(occupied[:, None], measure, 0.0), proposed.confidences)
    taken = np.zeros(len(proposed), bool)
    taken[list(fills.values())] = True
    on_vacant = measure[~occupied].max(0, initial=0)
    errors = ~taken & (on_vacant >= 0.35) & (on_vacant > measure[occupied].max(0, initial=0))
    taught = proposed.where(taken)
    # The kind of a vehicle that a teacher hardly saw is not known; nearly all are cars.
    taught = replace(taught, types=np.where(taught.confidences < 0.3, 0, taught.types))
    hulls = np.array([[*o.min(0), *o.max(0)] for o in outlines]).reshape(-1, 4)
    empty_handed = [s for s in np.flatnonzero(occupied).tolist() if s not in fills]
    guessed, open_places = _as_neighbours(hulls, fills, proposed.boxes, empty_handed)
    taught = taught.plus(Vehicles(guessed, np.zeros(len(guessed), np.int64), np.ones(len(guessed))))
    doubted = errors & (proposed.confidences >= SURE_ON_VACANT)
    unsure = np.vstack([open_places, proposed.boxes[doubted], source.doubtful])
    rest = proposed.where(~taken & ~errors)
    near = ious(rest.boxes, taught.boxes).max(1, initial=0) > 0.45
    return _sure_and_doubtful(taught, rest.where(~near), unsure)


def _as_neighbours(
    hulls: Floats, fills: dict[int, int], boxes: Floats, missing: Sequence[int]
) -> tuple[Floats, Floats]:
    """Boxes for occupied spaces where nothing was proposed, shaped as those of the nearest spaces
    that have one; where too few have, the spaces' hulls as places of doubt."""
    if len(fills) < NEIGHBOURS or not missing:
        return np.zeros((0, 4)), hulls[list(missing)].reshape(-1, 4)
    known = hulls[list(fills)]
    size = np.tile(known[:, 2:] - known[:, :2], 2)
    offsets = (boxes[list(fills.values())] - known) / size
    middles = (known[:, :2] + known[:, 2:]) / 2
    guessed = []
    for space in missing:
        hull = hulls[space]
        away = np.hypot(*(middles - (hull[:2] + hull[2:]) / 2).T)
        nearest = np.argsort(away)[:NEIGHBOURS]
        guessed.append(hull + np.median(offsets[nearest], 0) * np.tile(hull[2:] - hull[:2], 2))
    return np.array(guessed), np.zeros((0, 4))
