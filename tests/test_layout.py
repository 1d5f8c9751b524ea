"""Layouts: what may be marked, what lies on one another, and rows divided in perspective."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import LineString, Polygon

from parkcore.spaces.layout import (
    LEAST_AREA,
    MOST_SPACES,
    SPACE_TYPES,
    Area,
    Layout,
    Space,
    overlapping,
    subdivide,
)

SQUARE = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2))
NAN, INF = math.nan, math.inf


def at(x: float, y: float = 0.1, side: float = 0.1) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


def circle(corners: int) -> tuple[tuple[float, float], ...]:
    angles = [2 * math.pi * n / corners for n in range(corners)]
    return tuple((0.5 + 0.2 * math.cos(a), 0.5 + 0.2 * math.sin(a)) for a in angles)


# -- what may be marked -------------------------------------------------------------------------

BAD_POLYGONS = {
    "it crosses itself": (((0.1, 0.1), (0.2, 0.2), (0.2, 0.1), (0.1, 0.2)), "crosses itself"),
    "it is a line": (((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)), "crosses itself"),
    "it is one point": (((0.1, 0.1),) * 4, "crosses itself"),
    "it is tiny": (at(0.1, side=0.99 * LEAST_AREA**0.5), "too small"),
    "no corner": ((), "3 to 100 corners, but this has 0"),
    "two corners": (SQUARE[:2], "3 to 100 corners, but this has 2"),
    "too many corners": (circle(101), "3 to 100 corners, but this has 101"),
    "a corner is not a number": (((NAN, 0.1), *SQUARE[1:]), "not a number"),
    "a corner is nowhere": (((0.1, INF), *SQUARE[1:]), "not a number"),
    "left of the photo": (((-0.01, 0.1), *SQUARE[1:]), "outside of the photo"),
    "below the photo": ((SQUARE[0], *at(0.1, 0.92)[1:]), "outside of the photo"),
    "in pixels": (((100, 100), (200, 100), (200, 200), (100, 200)), "outside of the photo"),
}


@pytest.mark.parametrize("polygon, said", BAD_POLYGONS.values(), ids=BAD_POLYGONS.keys())
@pytest.mark.parametrize("kind", [Space, Area], ids=["space", "area"])
def test_a_polygon_that_cannot_be_used_is_refused(kind, polygon, said):
    with pytest.raises(ValueError, match=f"^{kind.__name__.lower()} B 7: .*{said}"):
        kind("B 7", polygon)


@pytest.mark.parametrize(
    "polygon",
    [
        SQUARE[:3],
        SQUARE[::-1],
        circle(100),
        ((0, 0), (1, 0), (1, 1), (0, 1)),
        ((-0.001, 0), (1.001, 0), (1, 1.001)),
        ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.3, 0.2)),
        at(0.1, side=1.01 * LEAST_AREA**0.5),
    ],
    ids=[
        "three corners",
        "the other way round",
        "a hundred corners",
        "the whole photo",
        "a hair over its edge",
        "one that is not convex",
        "just large enough",
    ],
)
def test_a_polygon_that_can_be_used_is_taken(polygon):
    assert Space("A1", polygon).polygon == polygon


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "a\nb", "a\0", None, 7], ids=repr)
@pytest.mark.parametrize("kind", [Space, Area], ids=["space", "area"])
def test_a_name_that_cannot_be_shown_is_refused(kind, name):
    with pytest.raises(ValueError, match="name has 1 to 40 printable characters"):
        kind(name, SQUARE)


@pytest.mark.parametrize("name", ["A1", "x" * 40, "Besucher 3", "駐車場", "<b>&"], ids=repr)
def test_any_name_that_can_be_shown_is_taken(name):
    assert Layout((Space(name, SQUARE),)).spaces[0].id == name


def test_a_type_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"A1: a type is one of car, .*reserved, but got 'lorry'"):
        Space("A1", SQUARE, "lorry")
    assert [Space("A1", SQUARE, each).type for each in SPACE_TYPES] == list(SPACE_TYPES)


def test_a_kind_of_area_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="B: a kind is one of count, ignore, but got 'watch'"):
        Area("B", SQUARE, "watch")


@pytest.mark.parametrize("capacity", [0, -1, 100_001, NAN, 2.5, True], ids=repr)
def test_a_capacity_that_none_has_is_refused(capacity):
    with pytest.raises(ValueError, match="B: a capacity is"):
        Area("B", SQUARE, "count", capacity)


@pytest.mark.parametrize(
    "spaces, areas, twice",
    [
        (["A1", "A2", "A1"], [], "A1"),
        (["A1"], ["B", "B"], "B"),
        (["A1", "B"], ["B"], "B"),
        (["A1", "A1", "A2", "A2"], [], "A1, A2"),
    ],
    ids=["two spaces", "two areas", "a space and an area", "two names twice"],
)
def test_a_name_may_be_given_once(spaces, areas, twice):
    with pytest.raises(ValueError, match=f"these are not: {twice}$"):
        Layout(tuple(Space(s, SQUARE) for s in spaces), tuple(Area(a, SQUARE) for a in areas))


@pytest.mark.parametrize("size", [(0, 720), (1280, 0), (-1, 5)], ids=str)
def test_a_photo_without_pixels_is_refused(size):
    with pytest.raises(ValueError, match="1 pixel or more a side"):
        Layout((), (), size)


def test_there_may_be_so_many_places_and_no_more():
    spaces = tuple(Space(f"A{n}", SQUARE) for n in range(MOST_SPACES))
    assert Layout(spaces).capacity == MOST_SPACES
    with pytest.raises(ValueError, match="at most 2,000 spaces and areas, but this has 2,001"):
        Layout(spaces, (Area("B", SQUARE),))


@pytest.mark.parametrize(
    "spaces, areas, capacity",
    [
        (0, [], 0),
        (3, [], 3),
        (3, [Area("B", SQUARE, "count", 10), Area("C", SQUARE, "count", 5)], 18),
        (3, [Area("B", SQUARE, "count")], 3),
        (3, [Area("B", SQUARE, "ignore", 5)], 3),
    ],
    ids=["nothing", "spaces", "areas hold some too", "one that does not say", "one to ignore"],
)
def test_what_a_layout_holds(spaces, areas, capacity):
    layout = Layout(tuple(Space(f"A{n}", at(0.2 * n)) for n in range(spaces)), tuple(areas))
    assert layout.capacity == capacity


# -- overlap ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spaces, pairs",
    [
        ([], []),
        ([at(0.1)], []),
        ([at(0.1), at(0.2)], []),
        ([at(0.1), at(0.171)], []),
        ([at(0.1), at(0.169)], [("A0", "A1")]),
        ([at(0.1), at(0.1)], [("A0", "A1")]),
        ([at(0.1), at(0.3), at(0.11), at(0.31)], [("A0", "A2"), ("A1", "A3")]),
        ([at(0.1, side=0.5), at(0.3, side=0.02)], [("A0", "A1")]),
        ([at(0.1), at(0.13), at(0.16)], [("A0", "A1"), ("A0", "A2"), ("A1", "A2")]),
    ],
    ids=[
        "no space",
        "one space",
        "side by side",
        "a little over the line",
        "a third over the line",
        "one drawn twice",
        "two pairs",
        "a small one in a large one",
        "each with each",
    ],
)
def test_spaces_that_lie_on_one_another_are_named(spaces, pairs):
    layout = Layout(tuple(Space(f"A{n}", polygon) for n, polygon in enumerate(spaces)))
    assert overlapping(layout) == pairs


def test_a_thousand_spaces_are_compared():
    grid = [at(0.02 * x, 0.04 * y, 0.019) for y in range(25) for x in range(40)]
    layout = Layout(tuple(Space(f"A{n}", polygon) for n, polygon in enumerate(grid)))
    assert overlapping(layout) == []
    doubled = replace(layout, spaces=(*layout.spaces, Space("B", grid[500])))
    assert overlapping(doubled) == [("A500", "B")]


def test_an_area_may_lie_on_spaces():
    assert overlapping(Layout((Space("A1", SQUARE),), (Area("B", SQUARE),))) == []


# -- rows ---------------------------------------------------------------------------------------


@st.composite
def rows(draw):
    """Four corners around a convex outline within the photo, either way round."""
    inward = st.floats(0.6, 1.4)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * [
        [draw(inward), draw(inward)] for _ in range(4)
    ]
    turn = draw(st.floats(0, 2 * math.pi))
    turned = corners @ [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    placed = 0.5 + turned * draw(st.floats(0.05, 0.2)) * [1, draw(st.floats(0.3, 1))]
    if draw(st.booleans()):
        placed = placed[::-1]
    return tuple(map(tuple, placed.tolist()))


NUMBERS = st.integers(1, 40)


@given(rows(), NUMBERS)
def test_a_row_is_cut_into_convex_strips_that_fill_it(corners, number):
    strips = subdivide(corners, number)
    shapes = [Polygon(strip) for strip in strips]
    assert len(strips) == number
    for shape in shapes:
        assert shape.is_valid
        assert shape.convex_hull.area == pytest.approx(shape.area)
    assert sum(shape.area for shape in shapes) == pytest.approx(Polygon(corners).area)
    for (_, far_left, far_right, _), (left, _, _, right) in itertools.pairwise(strips):
        assert (far_left, far_right) == (left, right)
    ends = (strips[0][0], strips[-1][1], strips[-1][2], strips[0][3])
    assert np.array(ends) == pytest.approx(np.array(corners))


@given(rows(), NUMBERS)
def test_the_strips_are_those_of_the_homography(corners, number):
    """Found another way: as the solution of eight linear equations."""
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    equations, values = [], []
    for (u, v), (x, y) in zip(square, corners, strict=True):
        equations += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    homography = np.append(np.linalg.solve(equations, values), 1).reshape(3, 3)

    def seen(u: float, v: float) -> np.ndarray:
        x, y, w = homography @ (u, v, 1)
        return np.array([x / w, y / w])

    for n, strip in enumerate(subdivide(corners, number)):
        near, far = n / number, (n + 1) / number
        expected = [seen(near, 0), seen(far, 0), seen(far, 1), seen(near, 1)]
        assert np.array(strip) == pytest.approx(np.array(expected), abs=1e-9)


@given(rows())
def test_the_middle_of_a_row_is_where_its_diagonals_cross(corners):
    """And not in the middle of its edges, where they are seen in perspective."""
    [(_, left, right, _), _] = subdivide(corners, 2)
    a, b, c, d = corners
    crossing = LineString([a, c]).intersection(LineString([b, d]))
    assert LineString([left, right]).distance(crossing) == pytest.approx(0, abs=1e-9)
    corner = np.array(corners)
    (one_x, one_y), (other_x, other_y) = corner[1] - corner[0], corner[2] - corner[3]
    assume(abs(one_x * other_y - one_y * other_x) > 1e-4)  # the edges run towards each other
    plain = (corner[:2].mean(axis=0), corner[2:].mean(axis=0))
    assert max(np.abs(left - plain[0]).max(), np.abs(right - plain[1]).max()) > 1e-5


@pytest.mark.parametrize(
    "corners, left_edge",
    [
        (((0, 0), (0.4, 0), (0.4, 0.1), (0, 0.1)), [0, 0.1, 0.2, 0.3, 0.4]),
        (
            ((0, 0.6), (0.3, 0), (0.7, 0), (1, 0.6)),
            [0.6, 0.45 / 1.375, 0.3 / 1.75, 0.15 / 2.125, 0],
        ),
    ],
    ids=["seen from above all are alike", "in a row that goes away the far ones are smaller"],
)
def test_four_spaces_of_a_row(corners, left_edge):
    strips = subdivide(corners, 4)
    along = 0 if corners[0][1] == corners[1][1] else 1
    found = [strip[0][along] for strip in strips] + [strips[-1][1][along]]
    assert found == pytest.approx(left_edge)


@pytest.mark.parametrize("number", [0, -3, 501], ids=str)
def test_a_row_of_no_or_too_many_spaces_is_refused(number):
    with pytest.raises(ValueError, match=f"1 to 500 spaces, but got {number}"):
        subdivide(SQUARE, number)


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (1, 1), (1, 0), (0, 1)),
        ((0, 0), (1, 0), (0.2, 0.2), (0, 1)),
        ((0, 0), (0.2, 0), (0.4, 0), (0.6, 0)),
        ((0.2, 0.2),) * 4,
        ((0, 0), (1, 0), (1, 0.5), (1, 1)),
        ((0, 0), (0, 0), (1, 1), (0, 1)),
        ((0, 0), (0.5, 0.5), (1, 1), (0, 1)),
        ((0, 0), (1, 0), (1, 1), (0.5, 0.5)),
    ],
    ids=[
        "crossed over",
        "one corner goes in",
        "a line",
        "a point",
        "the third on the edge",
        "the first twice",
        "the second on the edge",
        "the fourth on the edge",
    ],
)
def test_a_row_that_is_no_quadrilateral_is_refused(corners):
    with pytest.raises(ValueError, match="corners of a row must"):
        subdivide(corners, 3)
