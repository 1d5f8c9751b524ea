"""A judgement with what a person says instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shapely import Polygon

from parkcore.domain import Said
from parkcore.spaces.layout import Layout, Point
from parkcore.spaces.verdict import Judgement, SpaceState

SAME = 0.8
"""Outlines of one name that overlap by so much (IoU) are one place: a corner was put right."""


def same_places(before: Layout, now: Layout) -> set[str]:
    """The names that mean the same place in two layouts of a camera: what people said of a space
    of the one they said of that of the other. A name may be given to another place when the
    spaces are marked anew."""
    places = {space.id: space.polygon for space in before.spaces}
    return {
        space.id
        for space in now.spaces
        if space.id in places and _is_one(places[space.id], space.polygon)
    }


def _is_one(outline: Sequence[Point], other: Sequence[Point]) -> bool:
    """Whether two outlines, 0..1, are of one place; neither crosses itself in a layout."""
    if tuple(outline) == tuple(other):
        return True
    one, two = Polygon(outline), Polygon(other)
    shared = one.intersection(two).area
    return bool(shared >= SAME * (one.area + two.area - shared))


def corrected(judgement: Judgement, spaces: Mapping[str, Said]) -> Judgement:
    """The judgement with the spaces that a person put right; what was judged stays in the reason.

    Args:
        spaces: by name; names that the judgement does not have are passed over.
    """

    def put_right(space: SpaceState) -> SpaceState:
        said = spaces.get(space.id)
        if said is None:
            return space
        probability = 1.0 if said == "occupied" else 0.0
        reason = f"corrected by hand; judged {space.state}: {space.reason}"
        vehicle = space.vehicle if said == "occupied" else None
        return SpaceState(space.id, said, 1.0, reason, probability, vehicle)

    return replace(judgement, spaces=tuple(map(put_right, judgement.spaces)))
