"""Vehicles that stand in no space, in lists and on the photo."""

from __future__ import annotations

import numpy as np
import pytest

from parkcore.colours import SPACE, STRAY
from parkcore.domain import Box, Detection
from parkcore.drawing import draw_spaces, mark_strays
from parkcore.spaces.judgement import judge
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.strays import strays
from parkcore.spaces.verdict import MOVED, Judged, Judgement, SpaceState

SIZE = WIDTH, HEIGHT = 800, 400
LAYOUT = Layout(
    tuple(
        Space(f"A{n}", ((x, 0.25), (x + 0.125, 0.25), (x + 0.125, 0.75), (x, 0.75)))
        for n, x in enumerate((0.125, 0.25, 0.375), start=1)
    ),
    (),
    SIZE,
)


def car(x: float, y: float, *, sure: float = 0.9) -> Detection:
    """A car whose ground is about a space's, with its left upper corner there."""
    return Detection("car", sure, Box(x, y, x + 100, y + 200))


PARKED, DOUBLE, FAR = car(100, 100), car(120, 95, sure=0.6), car(690, 190)


def found(*seen: Detection, homography: np.ndarray | None = None):
    judged = Judged(1, judge(LAYOUT, seen, SIZE, homography=homography), homography)
    return strays(LAYOUT, judged, seen, SIZE)


def test_who_stands_in_no_space_is_listed_from_left_to_right():
    shown = found(FAR, DOUBLE, PARKED)
    assert [(each.number, each.vehicle, each.is_double, each.near) for each in shown] == [
        (1, DOUBLE, True, "A1"),
        (2, FAR, False, "A3"),
    ]
    assert found(PARKED) == found() == ()


def test_the_nearest_space_is_where_a_moved_camera_sees_it():
    mirrored = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    [shown] = found(FAR, homography=mirrored)
    assert shown.near == "A1"


def test_without_spaces_none_is_near():
    judged = Judged(1, Judgement((), outside=(0, 7)))
    [shown] = strays(Layout(()), judged, [FAR], SIZE)
    assert (shown.number, shown.near) == (1, None)


def near(image: np.ndarray, x: int, y: int, colour: str) -> bool:
    wanted = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return bool(np.abs(image[y, x].astype(int) - wanted).max() < 12)


GREY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def test_strays_are_drawn_in_a_colour_and_with_a_number_of_their_own():
    drawn = mark_strays(GREY, found(PARKED, FAR))
    box = FAR.box
    assert near(drawn, int(box.x1), int(box.y1 + 100), STRAY)
    badge = drawn[int(box.y1) - 6 : int(box.y1) + 6, int(box.x1) + 40 : int(box.x1) + 60]
    assert any(near(badge, x, y, STRAY) for y in range(12) for x in range(20))
    assert (badge.max(axis=2) < 60).any()
    assert np.array_equal(drawn[:, :600], GREY[:, :600])
    assert np.array_equal(mark_strays(GREY, ()), GREY)


def judged_as(*states: str, note: str = "") -> Judged:
    spaces = (SpaceState(f"A{n}", s, 0, "", None) for n, s in enumerate(states, start=1))
    return Judged(1, Judgement(tuple(spaces)), None, note)


def outline_colours(image: np.ndarray) -> list[str]:
    """By the state that the left edge of each space has."""
    return [
        next((s for s in SPACE if near(image, int(x * WIDTH) + 1, 150, SPACE[s])), "none")
        for x, _ in (space.polygon[0] for space in LAYOUT.spaces)
    ]


def test_spaces_are_drawn_in_the_colour_of_their_state():
    judged = judged_as("occupied", "vacant", "unknown")
    assert outline_colours(draw_spaces(GREY, LAYOUT, judged)) == ["occupied", "vacant", "unknown"]
    more = draw_spaces(GREY, LAYOUT, judged, states={"A1": "unknown"})
    assert outline_colours(more) == ["unknown", "vacant", "unknown"]


@pytest.mark.parametrize("note, is_drawn", [("", True), ("moved by 1 %", True), (MOVED, False)])
def test_no_space_is_drawn_where_nobody_knows_where_it_is(note, is_drawn):
    drawn = draw_spaces(GREY, LAYOUT, judged_as(*3 * ["unknown"], note=note))
    assert np.array_equal(drawn, GREY) != is_drawn
