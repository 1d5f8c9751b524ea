"""What the command line says in one line."""

from __future__ import annotations

import pytest

from parkcore.cli.words import say_spaces
from parkcore.spaces.verdict import AreaCount, Judgement, SpaceState

TAKEN = SpaceState("A1", "occupied", 1.0, "", 1.0, 0)
FREE = SpaceState("A2", "vacant", 1.0, "", 0.0)
NOT_TOLD = SpaceState("A3", "unknown", 0.0, "out of view", None)
BIKES = AreaCount("Bikes", 3, 10)
GRAVEL = AreaCount("Gravel", None, None)


@pytest.mark.parametrize(
    ("judgement", "said"),
    [
        (Judgement((TAKEN, FREE)), "1 free, 1 taken (1 of 2)"),
        (
            Judgement((TAKEN, FREE, NOT_TOLD), outside=(4,)),
            "1 free, 1 taken (1–2 of 3), 1 cannot be told, 1 vehicle in no space",
        ),
        (
            Judgement((FREE,), (BIKES, GRAVEL), outside=(4, 5)),
            "1 free, 0 taken (0 of 1), Bikes: 3 vehicles of 10, Gravel: cannot be told,"
            " 2 vehicles in no space",
        ),
        (Judgement((), (BIKES,)), "Bikes: 3 vehicles of 10"),
    ],
    ids=["spaces", "one not told", "areas beside", "areas alone"],
)
def test_spaces_and_areas_in_one_line(judgement: Judgement, said: str) -> None:
    assert say_spaces(judgement) == said
