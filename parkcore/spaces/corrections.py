"""A judgement with what a person says instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from parkcore.spaces.verdict import Judgement, SpaceState


def corrected(
    judgement: Judgement, spaces: Mapping[str, Literal["occupied", "vacant"]]
) -> Judgement:
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
