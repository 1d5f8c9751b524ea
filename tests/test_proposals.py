"""Spaces proposed from where vehicles stood again and again."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.geometry import box as rectangle

from parkcore.domain import Box
from parkcore.spaces.ground import ground_parts
from parkcore.spaces.layout import Layout, Space, overlapping
from parkcore.spaces.proposals import LEAST_LOOKS, propose

SIZE = (1280, 720)

# Three rows as an oblique camera sees them: the far one smaller, each a little aslant.
FAR = [Box(300 + 62 * n, 100 + 2 * n, 358 + 62 * n, 144 + 2 * n) for n in range(6)]
MIDDLE = [Box(200 + 104 * n, 250 + 3 * n, 298 + 104 * n, 324 + 3 * n) for n in range(6)]
NEAR = [Box(60 + 165 * n, 480 - 4 * n, 215 + 165 * n, 600 - 4 * n) for n in range(6)]
PLACES = FAR + MIDDLE + NEAR


def look(places: list[Box], random: np.random.Generator, jitter: float = 0.03) -> list[Box]:
    """Vehicles in these places, none exactly as before, in any order."""
    seen = []
    for n in random.permutation(len(places)):
        x1, y1, x2, y2 = places[n].as_tuple()
        spread = jitter * np.array([x2 - x1, y2 - y1] * 2)
        seen.append(Box(*(np.array([x1, y1, x2, y2]) + random.normal(0, spread)).tolist()))
    return seen


def day(
    places: list[Box], number: int, seed: int, *, taken: float = 1.0, jitter: float = 0.03
) -> list[list[Box]]:
    random = np.random.default_rng(seed)
    return [
        look([place for place in places if random.random() < taken], random, jitter)
        for _ in range(number)
    ]


def assert_at(spaces: list[Space], places: list[Box]) -> None:
    """Each space is where its vehicle stood, in the order of the places."""
    assert len(spaces) == len(places)
    for space, place in zip(spaces, places, strict=True):
        found = Polygon([(x * SIZE[0], y * SIZE[1]) for x, y in space.polygon])
        [ground] = ground_parts(np.array([place.as_tuple()]))
        expected = rectangle(*ground)
        shared = found.intersection(expected).area
        assert shared > 0.75 * (found.area + expected.area - shared)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_where_vehicles_stand_again_and_again_is_proposed_once(seed):
    spaces = propose(day(PLACES, 24, seed, taken=0.6), SIZE)
    assert [space.id for space in spaces] == [f"A{n}" for n in range(1, 19)]
    assert_at(spaces, PLACES)
    assert overlapping(Layout(tuple(spaces), (), SIZE)) == []
    assert {space.type for space in spaces} == {"car"}


def test_the_order_of_photos_and_of_vehicles_does_not_matter():
    looks = day(PLACES, 12, 1, taken=0.7)
    turned = [seen[::-1] for seen in looks[::-1]]
    one, other = propose(looks, SIZE), propose(turned, SIZE)
    assert_at(one, PLACES)
    assert_at(other, PLACES)


@pytest.mark.parametrize(
    "looks, number",
    [
        ([], 0),
        ([[]], 0),
        ([[], [], []], 0),
        ([[PLACES[0]]], 0),
        ([[PLACES[0]]] * (LEAST_LOOKS - 1), 0),
        ([[PLACES[0]]] * LEAST_LOOKS, 1),
        ([[PLACES[0]] * 5], 0),
        ([[PLACES[0]]] * 4 + [[]] * 6, 1),
        ([[PLACES[0]]] * 4 + [[]] * 96, 0),
        ([[place] for place in PLACES], 0),
    ],
    ids=[
        "no photo",
        "nothing on a photo",
        "nothing on any",
        "one car once",
        "one car too seldom",
        "one car often enough",
        "one photo on which a car is seen several times",
        "a place that is taken now and then",
        "a place that is hardly ever taken",
        "each time another place",
    ],
)
def test_what_is_enough_to_propose(looks, number):
    assert len(propose(looks, SIZE)) == number


def test_a_car_that_drove_by_is_not_proposed():
    """It is on each photo, but never where it was."""
    looks = day(NEAR, 12, 3)
    for number, seen in enumerate(looks):
        seen.append(Box(20 + 95 * number, 640, 140 + 95 * number, 710))
    assert_at(propose(looks, SIZE), NEAR)


def test_a_place_beside_one_that_is_taken_more_often_is_proposed_too():
    looks = day(NEAR[:1], 20, 4) + day(NEAR[1:2], 5, 5)
    assert_at(propose(looks, SIZE), NEAR[:2])


@pytest.mark.parametrize(
    "taken, names",
    [
        ([], ["A1", "A2", "A3"]),
        (["A2", "B1"], ["A1", "A3", "A4"]),
        (["A1", "A2", "A3"], ["A4", "A5", "A6"]),
    ],
    ids=["none", "one of them", "all of them"],
)
def test_names_that_are_taken_are_left_out(taken, names):
    found = propose(day(NEAR[:3], 5, 6), SIZE, taken=taken)
    assert [space.id for space in found] == names


def test_a_place_at_the_edge_stays_within_the_photo():
    looks = day([Box(-20, 640, 150, 760)], 6, 7, jitter=0.01)
    [space] = propose(looks, SIZE)
    assert all(0 <= value <= 1 for corner in space.polygon for value in corner)


@pytest.mark.parametrize(
    "place, size",
    [(Box(100, 100, 106, 106), SIZE), (Box(100, 100, 119, 119), (3840, 2160))],
    ids=["in the distance", "in the distance on a large photo"],
)
def test_what_is_too_small_to_mark_is_not_proposed(place, size):
    near = Box(500, 500, 600, 600)
    found = propose([[place, near]] * 5, size)
    assert [space.id for space in found] == ["A1"]
    assert found[0].polygon[2] == pytest.approx((585 / size[0], 600 / size[1]))


def test_many_photos_do_not_need_memory_for_each_pair_of_boxes():
    """A day of a large lot has tens of thousands of them."""
    looks = day(PLACES, 140, 8)
    tracemalloc.start()
    spaces = propose(looks, SIZE)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert_at(spaces, PLACES)
    assert most < 100e6
