"""A layout as a plan that can be read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkcore.spaces.floor_plan import MARGIN, TALL, WIDE, floor_plan
from parkcore.spaces.layout import Area, Layout, Space, subdivide

SIZE = (1280, 720)


def row(letter: str, y: float, height: float, width: float, number: int) -> list[Space]:
    """Spaces of a row as an oblique camera sees it, in the middle of the photo."""
    left, right, top, bottom = 0.5 - width / 2, 0.5 + width / 2, y, y + height
    corners = ((left + 0.01, top), (right - 0.01, top), (right, bottom), (left, bottom))
    return [
        Space(f"{letter}{n}", polygon)
        for n, polygon in enumerate(subdivide(corners, number), start=1)
    ]


def perspective(number: int = 8) -> Layout:
    """Three rows; the farthest is a fifth as tall as the nearest."""
    rows = [("A", 0.2, 0.05, 0.3), ("B", 0.35, 0.1, 0.5), ("C", 0.6, 0.25, 0.9)]
    return Layout(tuple(s for each in rows for s in row(*each, number)), (), SIZE)


def test_every_row_gets_the_same_height_and_its_spaces_the_same_width():
    plan = floor_plan(perspective())
    heights = {place.of.id[0]: place.height for place in plan.places}
    assert list(heights.values()) == pytest.approx(3 * [TALL], rel=0.05)
    widths = {place.of.id[0]: place.width for place in plan.places}
    assert list(widths.values()) == pytest.approx(3 * [WIDE], rel=0.2)


def test_no_space_lies_over_another():
    for one, other in itertools.combinations(floor_plan(perspective()).places, 2):
        across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
        down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
        assert min(across, down) < 3


def test_driving_lanes_take_little():
    rows = [*row("A", 0.1, 0.1, 0.8, 4), *row("B", 0.8, 0.1, 0.8, 4)]
    plan = floor_plan(Layout(tuple(rows), (), SIZE))
    lane = plan.height - 2 * MARGIN - 2 * TALL
    assert 0 < lane < 0.4 * 6 * TALL


def test_areas_are_shown_where_they_are_counted():
    square = ((0.1, 0.9), (0.2, 0.9), (0.2, 0.95), (0.1, 0.95))
    areas = (Area("gravel", square, "count", 4), Area("road", square, "ignore"))
    layout = perspective()
    plan = floor_plan(Layout(layout.spaces, areas, SIZE))
    [gravel] = [place for place in plan.places if not place.is_space]
    assert gravel.of.id == "gravel"
    assert gravel.top > max(place.top for place in plan.places if place.is_space)
    [alone] = floor_plan(Layout((), areas, SIZE)).places
    assert alone.width > 0


def test_an_empty_layout_has_an_empty_plan():
    assert floor_plan(Layout(())).places == ()


@given(
    st.lists(
        st.tuples(
            st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.006, 0.1), st.floats(0.006, 0.1)
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_every_space_lies_on_the_plan(boxes):
    spaces = tuple(
        Space(f"A{n}", ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))
        for n, (x, y, w, h) in enumerate(boxes)
    )
    plan = floor_plan(Layout(spaces, (), SIZE))
    assert [place.of for place in plan.places] == list(spaces)
    for place in plan.places:
        assert MARGIN - 1e-6 <= place.left <= plan.width - MARGIN - place.width + 1e-6
        assert MARGIN - 1e-6 <= place.top <= plan.height - MARGIN - place.height + 1e-6
        assert place.width > 0
        assert place.height > 0
    below = sorted(zip(spaces, plan.places, strict=True), key=lambda each: each[0].polygon[0][1])
    tops = [place.top for _, place in below]
    assert tops == pytest.approx(sorted(tops))
