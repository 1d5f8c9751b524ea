"""Measures on boxes hold for any boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parkcore.domain import Box
from parkcore.geometry import distinct, hull, intersection, iou, ious, shares_inside

WHERE = st.floats(-1e4, 1e4).map(lambda x: round(x, 2))
POINTS = st.lists(st.tuples(WHERE, WHERE), min_size=3, max_size=12)


@st.composite
def boxes(draw):
    x, y = draw(WHERE), draw(WHERE)
    width, height = (draw(st.floats(0.5, 5e3)) for _ in "xy")
    return Box(x, y, x + width, y + height)


@given(boxes(), boxes())
def test_the_shared_area_is_in_both(a, b):
    shared = intersection(a, b)
    assert 0 <= shared <= min(a.area, b.area) * (1 + 1e-9)
    assert shared == intersection(b, a)


@given(boxes(), boxes())
def test_iou_is_a_share_and_the_same_both_ways(a, b):
    assert 0 <= iou(a, b) <= 1 + 1e-9
    assert iou(a, b) == pytest.approx(iou(b, a))


@given(boxes())
def test_iou_with_itself_is_one(box):
    assert iou(box, box) == pytest.approx(1)


@given(boxes(), boxes(), st.sampled_from("xy"))
def test_boxes_side_by_side_share_nothing(a, b, axis):
    beside = (
        Box(a.x2, b.y1, a.x2 + b.x2 - b.x1, b.y2)
        if axis == "x"
        else Box(b.x1, a.y2, b.x2, a.y2 + b.y2 - b.y1)
    )
    assert intersection(a, beside) == 0
    assert iou(a, beside) == 0


@pytest.mark.parametrize(
    "other, shared, overlap",
    [
        (Box(0, 0, 10, 10), 100, 1),
        (Box(5, 0, 15, 10), 50, 50 / 150),
        (Box(2, 2, 4, 4), 4, 0.04),
        (Box(10, 0, 20, 10), 0, 0),
        (Box(11, 11, 20, 20), 0, 0),
    ],
    ids=["the same", "half beside", "a small one inside", "touching", "apart"],
)
def test_overlap_with_a_square_of_ten(other, shared, overlap):
    square = Box(0, 0, 10, 10)
    assert intersection(square, other) == shared
    assert iou(square, other) == pytest.approx(overlap)


@given(POINTS)
def test_a_hull_holds_every_point_and_no_more(points):
    xs, ys = zip(*points, strict=True)
    assume(len(set(xs)) > 1 and len(set(ys)) > 1)
    box = hull(points)
    assert all(box.x1 <= x <= box.x2 and box.y1 <= y <= box.y2 for x, y in points)
    assert {box.x1, box.x2} <= set(xs)
    assert {box.y1, box.y2} <= set(ys)


@pytest.mark.parametrize(
    "polygon",
    [[], [(1, 1)], [(1, 1), (1, 5)], [(3, 3)] * 4],
    ids=["no point", "one point", "a line", "one point four times"],
)
def test_a_polygon_without_extent_is_refused(polygon):
    with pytest.raises(ValueError):
        hull(polygon)


def test_overlaps_of_many_are_those_of_two():
    a = [Box(0, 0, 10, 10), Box(5, 5, 20, 30)]
    b = [Box(0, 0, 10, 5), Box(4, 4, 12, 12), Box(50, 50, 60, 60)]
    arrays = [np.array([box.as_tuple() for box in boxes], float) for boxes in (a, b)]
    assert ious(*arrays) == pytest.approx(np.array([[iou(x, y) for y in b] for x in a]))
    shares = [[intersection(x, y) / x.area for y in b] for x in a]
    assert shares_inside(*arrays) == pytest.approx(np.array(shares))
    assert ious(arrays[0], np.zeros((0, 4))).shape == (2, 0)


@pytest.mark.parametrize("most, kept", [(0.6, [1, 2]), (0.95, [1, 0, 2]), (0.0, [1, 2])])
def test_each_thing_once_surest_first(most, kept):
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 11], [20, 0, 30, 10]], float)
    assert distinct(boxes, np.array([0.5, 0.9, 0.4]), most) == kept


def test_of_nothing_nothing_is_left():
    assert distinct(np.zeros((0, 4)), np.zeros(0), 0.5) == []
