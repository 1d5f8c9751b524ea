"""From counts to how full a lot is."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import NOON
from hypothesis import given
from hypothesis import strategies as st

from parkcore.domain import LABELS, Occupancy, Vehicles
from parkcore.occupancy import (
    LotState,
    Marked,
    Thresholds,
    View,
    camera_capacity,
    lot_capacity,
    lot_state,
)
from parkcore.spaces.verdict import AreaCount, Judgement, SpaceState


@pytest.mark.parametrize(
    "rate, level",
    [
        (None, None),
        (0, "quiet"),
        (0.4999, "quiet"),
        (0.5, "moderate"),
        (0.7999, "moderate"),
        (0.8, "busy"),
        (0.9499, "busy"),
        (0.95, "full"),
        (1, "full"),
        (1.3, "full"),
    ],
    ids=[
        "a rate not known has no level",
        "an empty lot is quiet",
        "just below moderate is quiet",
        "from half on it is moderate",
        "just below busy is moderate",
        "from four fifths on it is busy",
        "just below full is busy",
        "from 95 % on it is full",
        "every space taken is full",
        "more vehicles than spaces is full",
    ],
)
def test_level(rate, level):
    assert Thresholds().level(rate) == level


def test_levels_can_be_set():
    assert Thresholds(0.1, 0.2, 1.2).level(1.1) == "busy"


@pytest.mark.parametrize(
    "rates",
    [(0.8, 0.5, 0.95), (0.5, 0.5, 0.95), (0.5, 0.95, 0.95), (0, 0.5, 0.9), (0.5, math.nan, 0.9)],
    ids=[
        "busy before moderate",
        "moderate and busy at once",
        "busy and full at once",
        "moderate from nothing on",
        "not a number",
    ],
)
def test_levels_must_rise(rates):
    with pytest.raises(ValueError, match="must rise"):
        Thresholds(*rates)


@pytest.mark.parametrize(
    "lot, own, cameras, capacity",
    [
        (40, None, 1, 40),
        (40, 25, 1, 25),
        (40, 25, 3, 25),
        (40, None, 2, None),
        (None, None, 1, None),
        (None, 25, 1, 25),
    ],
    ids=[
        "the only camera sees the whole lot",
        "a camera's own capacity wins",
        "it wins among several cameras too",
        "none of several cameras is known to see it all",
        "nothing is known",
        "only the camera's is known",
    ],
)
def test_camera_capacity(lot, own, cameras, capacity):
    assert camera_capacity(lot, own, cameras) == capacity


def cars(n: int) -> Vehicles:
    return Vehicles(car=n)


def seen(n: int, capacity: int | None = None, *, minutes_ago: float = 0) -> View:
    return View(cars(n), capacity, NOON - timedelta(minutes=minutes_ago))


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "lot, views, vehicles, capacity",
    [
        (40, [seen(10)], 10, 40),
        (40, [seen(10), seen(5, minutes_ago=59)], 15, 40),
        (50, [seen(10, 20), seen(5, 20)], 15, 40),
        (None, [seen(10, 20), seen(5, 15)], 15, 35),
        (None, [seen(10, 20), seen(5)], 15, None),
        (None, [seen(10)], 10, None),
        (10, [seen(8), seen(8)], 16, 10),
        (40, [seen(10), seen(5, minutes_ago=61)], 10, None),
        (40, [seen(10, 20), seen(5, 20, minutes_ago=61)], 10, 20),
    ],
    ids=[
        "one camera against the lot's capacity",
        "several cameras are added up",
        "what the cameras see is what counts",
        "the cameras' capacities are added up",
        "one camera without a capacity makes it unknown",
        "no capacity at all",
        "more vehicles than spaces is not clipped",
        "what a silent camera would see is unknown",
        "the rate is of the part that is seen",
    ],
)
def test_a_lot_whose_vehicles_are_counted(lot, views, vehicles, capacity):
    state = lot_state(lot, views, valid=HOUR)
    assert (state.vehicles, state.capacity) == (cars(vehicles), capacity)
    assert sum(view.vehicles.total for view in state.current) == vehicles
    if capacity is None:
        assert (state.free, state.taken, state.unmeasured, state.rate) == (0, 0, vehicles, None)
    else:
        occupancy = Occupancy(cars(vehicles), capacity)
        assert (state.rate, state.percent) == (occupancy.rate, occupancy.percent)
        assert state.free - state.beyond == occupancy.free
        assert state.between == (vehicles, vehicles)


def space(name: str, sign: str, *, sure: float = 0.95) -> SpaceState:
    """A space that is occupied (o), vacant (v), in doubt (?) or out of view (-)."""
    if sign in "?-":
        return SpaceState(name, "unknown", 0.0, sign, 0.5 if sign == "?" else None)
    state = {"o": "occupied", "v": "vacant"}[sign]
    return SpaceState(name, state, sure, sign, sure if sign == "o" else 1 - sure)


def marked(signs: str, *areas: AreaCount, first: int = 1, minutes_ago: float = 0) -> View:
    """A camera that sees the spaces A1, A2, … and has a car in each that is occupied."""
    spaces = tuple(space(f"A{n}", sign) for n, sign in enumerate(signs, first))
    filled = {each.id: "car" for each in spaces if each.state == "occupied"}
    at = NOON - timedelta(minutes=minutes_ago)
    vehicles = cars(len(filled) + sum(area.vehicles or 0 for area in areas))
    return View(vehicles, len(signs), at, Marked(spaces, areas, filled))


GRAVEL = AreaCount("gravel", 3, 10)


@pytest.mark.parametrize(
    "lot, views, figures",
    [
        (None, [marked("oov")], (1, 2, 0, 3)),
        (None, [marked("oov?-")], (1, 2, 2, 5)),
        (None, [marked("oo"), marked("vv", first=3)], (2, 2, 0, 4)),
        (None, [marked("oo"), marked("ov", first=2)], (1, 2, 0, 3)),
        (None, [marked("oov"), marked("?vv")], (1, 1, 1, 3)),
        (None, [marked("ov", GRAVEL)], (8, 4, 0, 12)),
        (None, [marked("ov", replace(GRAVEL, vehicles=None))], (1, 1, 10, 12)),
        (None, [marked("ov", replace(GRAVEL, capacity=None))], (1, 1, 0, 2)),
        (None, [marked("ov", GRAVEL), marked("", replace(GRAVEL, vehicles=2))], (8, 4, 0, 12)),
        (None, [marked("ov", replace(GRAVEL, vehicles=12))], (1, 13, 0, 12)),
        (None, [marked("ov"), seen(5, 20)], (16, 6, 0, 22)),
        (22, [marked("ov"), seen(5)], (16, 6, 0, 22)),
        (2, [marked("ov"), seen(5)], (1, 1, 0, 2)),
        (None, [marked("ov"), seen(5)], (1, 1, 0, 2)),
        (None, [marked("ov"), marked("vv", first=3, minutes_ago=61)], (1, 1, 0, 2)),
        (None, [marked("ov", minutes_ago=61), seen(5, 20)], (15, 5, 0, 20)),
        (None, [marked("--")], (0, 0, 2, 2)),
    ],
    ids=[
        "one camera",
        "what cannot be told",
        "two cameras of two parts",
        "a space that both see counts once",
        "one knows what the other does not, and they disagree on one",
        "an area is added",
        "one that cannot be told is unknown",
        "one that does not say what it holds is left out",
        "one that both see counts once",
        "one that is more than full hides no free space",
        "a camera without marked spaces is added",
        "against what the lot holds beside the marked spaces",
        "the lot's capacity says nothing of it",
        "nobody knows what it sees",
        "a silent camera is left out",
        "whichever it is",
        "nothing can be told",
    ],
)
def test_a_lot_with_marked_spaces(lot, views, figures):
    state = lot_state(lot, views, valid=HOUR)
    assert (state.free, state.taken, state.unknown, state.capacity) == figures
    low, high = state.between
    assert low <= state.taken <= high <= low + state.unknown + len(state.spaces)


def test_what_does_not_fit_is_said():
    full = replace(GRAVEL, vehicles=12)
    state = lot_state(None, [marked("v", full)], valid=HOUR)
    assert (state.free, state.beyond, state.rate) == (1, 2, 12 / 11)
    state = lot_state(None, [marked("v", replace(GRAVEL, capacity=None)), seen(4)], valid=HOUR)
    assert (state.unmeasured, state.vehicles) == (7, cars(7))


def test_a_vehicle_that_two_cameras_see_in_a_space_counts_once():
    views = [marked("ooo"), marked("ov", first=3)]
    assert lot_state(None, views, valid=HOUR).vehicles == cars(3)
    truck = replace(views[1], marked=replace(views[1].marked, filled_by={"A3": "truck"}))
    views[1] = replace(truck, vehicles=Vehicles(truck=1))
    for order in (views, views[::-1]):
        assert lot_state(None, order, valid=HOUR).vehicles == cars(3)
    views[1] = replace(views[1], vehicles=cars(1))  # a person says that it is a car
    for order in (views, views[::-1]):
        assert lot_state(None, order, valid=HOUR).vehicles == cars(3)


def test_where_vehicles_would_count_but_cannot_be_told_the_places_are_unknown():
    blind = View(cars(0), 20, NOON, Marked((), (), counted=None))
    state = lot_state(None, [blind], valid=HOUR)
    assert (state.free, state.taken, state.unknown, state.capacity) == (0, 0, 20, 20)
    nobody = replace(blind, marked=Marked((), (), counted=0))
    assert lot_state(None, [nobody], valid=HOUR).free == 20


def test_the_interval_of_several_cameras_is_that_of_their_spaces():
    spaces = [tuple(space(f"{c}{n}", "o", sure=0.9) for n in range(50)) for c in "AB"]
    views = [View(cars(0), None, NOON, Marked(each)) for each in spaces]
    assert lot_state(None, views, valid=HOUR).between == (85, 100)
    assert lot_state(None, [*views, seen(7, 9)], valid=HOUR).between == (92, 107)


COUNTS = st.none() | st.integers(0, 30)
CAPACITIES = st.none() | st.integers(1, 20)
SPACES = st.lists(
    st.builds(space, st.sampled_from(["A1", "A2", "A3"]), st.sampled_from("ov?-")),
    max_size=3, unique_by=lambda each: each.id,
).map(tuple)  # fmt: skip
AREAS = st.lists(
    st.builds(AreaCount, st.sampled_from(["C", "D"]), COUNTS, CAPACITIES),
    max_size=2, unique_by=lambda each: each.id,
).map(tuple)  # fmt: skip


def marked_places(spaces, areas, types, counted) -> Marked:
    """With vehicles of these types in the spaces that are occupied."""
    filled = {s.id: types[s.id] for s in spaces if s.state == "occupied" and s.id in types}
    return Marked(spaces, areas, filled, counted)


FILLED = st.dictionaries(st.sampled_from(["A1", "A2", "A3"]), st.sampled_from(LABELS))
LOOKS = st.builds(
    lambda vehicles, capacity, minutes, places: View(
        vehicles, capacity, NOON - timedelta(minutes=minutes), places
    ),
    st.builds(Vehicles, *4 * [st.integers(0, 9)]), CAPACITIES, st.integers(0, 120),
    st.none() | st.builds(marked_places, SPACES, AREAS, FILLED, COUNTS),
)  # fmt: skip


@given(CAPACITIES, st.lists(LOOKS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_cameras_does_not_matter(lot, views, random):
    one = lot_state(lot, views, valid=HOUR)
    other = lot_state(lot, random.sample(views, len(views)), valid=HOUR)

    def sorted_out(state: LotState) -> LotState:
        places = {
            name: tuple(sorted(getattr(state, name), key=lambda each: each.id))
            for name in ("spaces", "areas")
        }
        return replace(state, current=(), **places)

    assert sorted_out(one) == sorted_out(other)


@given(CAPACITIES, st.lists(LOOKS, min_size=1, max_size=5))
def test_the_figures_of_a_lot_add_up(lot, views):
    state = lot_state(lot, views, valid=HOUR)
    assert state.free + state.taken + state.unknown == (state.capacity or 0) + state.beyond
    low, high = state.between
    assert 0 <= low <= state.taken <= high <= state.taken + state.free + state.unknown
    assert (state.rate is None) == (state.told == 0)
    names = [each.id for each in state.spaces]
    assert len(names) == len(set(names))
    if state.rate is not None:
        assert math.floor(100 * state.rate + 1e-9) == state.percent


@pytest.mark.parametrize(
    "areas, counted",
    [((), 30), ((AreaCount("M", 8, None),), 8), ((AreaCount("M", 0, None),), 0)],
    ids=["only areas to be ignored", "an area without a number of places", "an empty one"],
)
def test_vehicles_count_where_nothing_with_places_is_marked(areas, counted):
    view = View(cars(33), 50, NOON, Marked((), areas, counted=counted))
    state = lot_state(None, [view], valid=HOUR)
    assert (state.taken, state.free, state.capacity) == (counted, 50 - counted, 50)
    assert (state.vehicles.total, state.areas) == (33, areas)
    beside = lot_state(None, [view, marked("ov")], valid=HOUR)
    assert (beside.taken, beside.capacity) == (counted + 1, 52)


@given(SPACES, AREAS)
def test_one_camera_says_the_same_as_its_judgement(spaces, areas):
    judgement = Judgement(spaces, areas)
    state = lot_state(None, [View(cars(0), None, NOON, Marked(spaces, areas))], valid=HOUR)
    assert (state.rate, state.told, state.capacity or 0) == (
        judgement.rate, judgement.told, judgement.capacity,
    )  # fmt: skip


@given(SPACES, AREAS, st.integers(2, 4))
def test_the_same_view_twice_changes_nothing(spaces, areas, times):
    view = View(cars(0), None, NOON, Marked(spaces, areas))
    one = lot_state(None, [view], valid=HOUR)
    assert replace(lot_state(None, times * [view], valid=HOUR), current=one.current) == one


@pytest.mark.parametrize(
    "vehicles, capacity, rate, percent, free",
    [
        (16, 10, 1.6, 160, -6),
        (35, 37, 35 / 37, 94, 2),
        (0, 37, 0, 0, 37),
        (5, None, None, None, None),
    ],
    ids=["more than there are", "rounded down", "empty", "no capacity"],
)
def test_what_an_occupancy_says(vehicles, capacity, rate, percent, free):
    occupancy = Occupancy(cars(vehicles), capacity)
    assert (occupancy.rate, occupancy.percent, occupancy.free) == (rate, percent, free)


@pytest.mark.parametrize(
    "own, cameras, capacity",
    [(40, [], 40), (40, [None], 40), (40, [25], 25), (40, [25, None], 40), (None, [5, 6], 11)],
    ids=["no camera", "one that sees all", "one that sees a part", "one unknown", "all known"],
)
def test_lot_capacity(own, cameras, capacity):
    assert lot_capacity(own, cameras) == capacity
