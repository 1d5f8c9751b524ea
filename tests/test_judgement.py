"""Which spaces are taken: hand-made scenes, and what holds on any photo."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parkcore.domain import LABELS, Box, Detection
from parkcore.spaces.ground import moved, standing_in
from parkcore.spaces.judgement import FILLS_FROM, IN_VIEW_FROM, assign, evidence, judge
from parkcore.spaces.layout import Area, Layout, Space
from parkcore.spaces.verdict import AreaCount, Judgement, SpaceState
from parkcore.sqlite.records import figures_row

TAKEN = SpaceState("A1", "occupied", 0.9, "seen", 0.9)

SIZE = WIDTH, HEIGHT = 1280, 720


def rectangle(x1: float, y1: float, x2: float, y2: float):
    """Corners 0..1 of a rectangle given in pixels."""
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    return tuple((x / WIDTH, y / HEIGHT) for x, y in corners)


# A row of five spaces of 100 × 120 pixels, and one that lies behind the third.
ROW = tuple(
    Space(f"A{n}", rectangle(100 * n, 400, 100 * n + 100, 520)) for n in range(1, 6)
)  # fmt: skip
BEHIND = Space("B3", rectangle(300, 280, 400, 400))
LAYOUT = Layout((*ROW, BEHIND))


def seen(label: str, confidence: float, *corners: float) -> Detection:
    return Detection(label, confidence, Box(*corners))


def car(place: float, *, up: float = 0, sure: float = 0.9) -> Detection:
    """A car in a space of the row, 1 the leftmost; halves stand on the line."""
    middle = 100 * place + 50
    return seen("car", sure, middle - 55, 385 - up, middle + 55, 515 - up)


FULL = [car(n) for n in range(1, 6)]
VAN = seen("truck", 0.9, 295, 285, 405, 515)
BUS = seen("bus", 0.9, 190, 260, 510, 525)
SKEWED = seen("car", 0.9, 100, 560, 200, 660)


def states(judgement: Judgement) -> dict[str, str]:
    return {space.id: space.state for space in judgement.spaces}


def taken(judgement: Judgement) -> set[str]:
    return {space.id for space in judgement.spaces if space.state == "occupied"}


# -- scenes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "detections, filled",
    [
        ([], {}),
        ([car(3)], {"A3": 0}),
        (FULL, {"A1": 0, "A2": 1, "A3": 2, "A4": 3, "A5": 4}),
        ([car(3), car(3, up=120)], {"A3": 0, "B3": 1}),
        ([car(3.3)], {"A3": 0}),
        ([car(2.7)], {"A3": 0}),
        ([VAN], {"A3": 0}),
        ([VAN, car(3, up=120)], {"A3": 0, "B3": 1}),
        ([car(3, sure=0.3)], {"A3": 0}),
        ([seen("motorcycle", 0.9, 380, 380, 420, 420)], {}),
        ([seen("motorcycle", 0.39, 330, 380, 370, 420)], {}),
        ([SKEWED], {}),
        ([car(3.2), car(4.2), car(5.2)], {"A3": 0, "A4": 1, "A5": 2}),
    ],
    ids=[
        "an empty lot",
        "one car",
        "a full row",
        "one behind the other",
        "a car over the right line takes one space",
        "a car over the left line takes one space",
        "a tall van does not fill the space behind it",
        "behind a tall van stands a car",
        "one that is hardly seen",
        "something small on the line",
        "something small in it that is hardly sure",
        "a car that drives by",
        "all stand a little too far to the right",
    ],
)
def test_a_scene(detections, filled):
    judgement = judge(LAYOUT, detections, SIZE)
    assert {s.id: s.vehicle for s in judgement.spaces if s.state == "occupied"} == filled
    assert {s.state for s in judgement.spaces if s.id not in filled} <= {"vacant"}
    assert judgement.occupied == judgement.taken == len(filled)
    assert judgement.vacant == judgement.capacity - len(filled)
    for space in judgement.spaces:
        if space.id in filled:
            vehicle = detections[space.vehicle]
            assert space.reason == f"{vehicle.label} {vehicle.confidence:.2f}"
        else:
            assert (space.reason, space.vehicle) == ("no vehicle", None)


def test_a_car_on_the_line_takes_one_of_two_spaces():
    judgement = judge(LAYOUT, [car(3.5)], SIZE)
    assert taken(judgement) in ({"A3"}, {"A4"})
    low, high = judgement.interval
    assert low <= 1 <= high < 3


@pytest.mark.parametrize(
    "detections, outside, double",
    [
        ([car(3)], (), ()),
        ([SKEWED], (0,), ()),
        ([car(3), SKEWED], (1,), ()),
        ([*FULL, car(3.5)], (5,), (5,)),
        ([car(2.75), car(3.25)], (1,), (1,)),
        ([car(3), car(3.05, sure=0.4)], (1,), (1,)),
    ],
    ids=[
        "none",
        "one that drives by",
        "one parks and one drives by",
        "one stands between two that are parked",
        "two share a space",
        "one is seen twice",
    ],
)
def test_vehicles_in_no_space_are_listed(detections, outside, double):
    judgement = judge(LAYOUT, detections, SIZE)
    if len(outside) == 1 and len(detections) == 2 and double:  # either may be the one too many
        assert len(judgement.outside) == 1
        assert judgement.double == judgement.outside
    else:
        assert (judgement.outside, judgement.double) == (outside, double)


ROAD = Area("road", rectangle(600, 400, 900, 600), "ignore")
COUNTED = replace(ROAD, kind="count")


@pytest.mark.parametrize(
    "layout", [LAYOUT, Layout((), (COUNTED,))], ids=["spaces are marked", "an area is"]
)
def test_what_is_hardly_sure_is_not_said_to_stand_in_no_space(layout):
    doubtful = replace(SKEWED, confidence=0.39)
    surer = seen("car", 0.4, 300, 560, 400, 660)
    judgement = judge(layout, [surer, doubtful], SIZE)
    assert judgement.outside == (0,)


def test_where_only_areas_to_be_ignored_are_marked_all_others_count_and_none_is_astray():
    layout = Layout((), (ROAD,))
    on_the_road = seen("car", 0.9, 620, 420, 700, 500)
    doubtful = replace(SKEWED, confidence=0.3)
    judgement = judge(layout, [on_the_road, car(1), doubtful], SIZE)
    assert (judgement.counted, judgement.outside, judgement.double) == (2, (), ())
    assert judge(layout, [on_the_road], SIZE).counted == 0
    blind = judge(layout, [], SIZE, blind="the picture is black")
    assert blind.counted is None, "nobody can tell is not nobody there"


@pytest.mark.parametrize(
    "detections, space, reason",
    [
        ([BUS], "B3", "hidden by another vehicle"),
        ([seen("truck", 0.9, 295, 215, 405, 515)], "B3", "vehicle"),
        ([seen("bus", 0.9, 180, 390, 420, 520)], "A3", "stands over it and the space beside"),
        ([car(3.3, sure=0.02)], "A3", "in doubt: car 0.02 may stand there"),
        (
            [seen("motorcycle", 0.9, 330, 380, 370, 420)],
            "A3",
            "stands in it, but fills only a part",
        ),
    ],
    ids=[
        "hidden by a bus in front of it",
        "a lorry rises over it",
        "a bus takes the next one too",
        "hardly anything to see",
        "something small in it",
    ],
)
def test_in_doubt_a_space_is_unknown(detections, space, reason):
    [found] = [s for s in judge(LAYOUT, detections, SIZE).spaces if s.id == space]
    assert found.state == "unknown"
    assert reason in found.reason
    assert (found.confidence, found.vehicle) == (0, None)


@pytest.mark.parametrize("cars", [1, 2])
def test_a_bay_for_a_bus_is_not_free_where_cars_stand_in_it(cars):
    bay = Space("bay", rectangle(100, 400, 700, 520))
    found = [seen("car", 0.9, 110, 410, 230, 515), seen("car", 0.8, 260, 410, 380, 515)][:cars]
    [space] = judge(Layout((bay,)), found, SIZE).spaces
    assert space.state == "unknown"
    assert space.reason == "a vehicle stands in it, but fills only a part of it"


def test_a_blind_photo_tells_nothing():
    area = Area("C", rectangle(600, 400, 900, 600), "count", 10)
    judgement = judge(replace(LAYOUT, areas=(area,)), FULL, SIZE, blind="the picture is black")
    assert {(s.state, s.reason, s.confidence) for s in judgement.spaces} == {
        ("unknown", "the picture is black", 0)
    }
    assert judgement.interval == (0, 6)
    assert judgement.outside == judgement.double == ()
    assert judgement.capacity == replace(LAYOUT, areas=(area,)).capacity


def area_counts(*vehicles: int | None, capacity: int | None = 5) -> tuple[AreaCount, ...]:
    return tuple(AreaCount(f"C{n}", count, capacity) for n, count in enumerate(vehicles))


@pytest.mark.parametrize(
    "probabilities, areas, told, rate",
    [
        ([1, 1, 0, 0], (), 4, 0.5),
        ([1, 0, None, 0.5], (), 2, 0.5),
        ([None], (), 0, None),
        ([], (), 0, None),
        ([1, 0], area_counts(4), 7, 5 / 7),
        ([1, 0], area_counts(None), 2, 0.5),
        ([1, 0], area_counts(4, capacity=None), 2, 0.5),
        ([None], area_counts(7), 5, 7 / 5),
        ([], area_counts(4, capacity=None), 0, None),
    ],
    ids=[
        "every space is told",
        "those that are not told are left out",
        "nothing is told",
        "there is nothing to tell",
        "an area counts with what it holds",
        "an area that was not counted is left out",
        "so is one that does not say what it holds",
        "an area may hold more than it has room for",
        "only such an area",
    ],
)
def test_the_rate_is_of_what_could_be_told(probabilities, areas, told, rate):
    judgement = Judgement(with_probabilities(*probabilities).spaces, areas)
    assert (judgement.told, judgement.rate) == (told, rate)


@pytest.mark.parametrize(
    "areas, counts, left_outside",
    [
        ([Area("C", rectangle(50, 540, 300, 700), "count", 10)], [AreaCount("C", 1, 10)], 0),
        ([Area("C", rectangle(50, 540, 300, 590))], [AreaCount("C", 0, None)], 1),
        ([Area("C", rectangle(0, 350, 1280, 720))], [AreaCount("C", 1, None)], 0),
        (
            [Area("C", rectangle(50, 540, 300, 700)), Area("D", rectangle(60, 550, 290, 690))],
            [AreaCount("C", 1, None), AreaCount("D", 0, None)],
            0,
        ),
        ([Area("road", rectangle(50, 540, 300, 700), "ignore")], [], 0),
        (
            [
                Area("C", rectangle(50, 540, 300, 700)),
                Area("road", rectangle(50, 540, 300, 700), "ignore"),
            ],
            [AreaCount("C", 0, None)],
            0,
        ),
    ],
    ids=[
        "who stands in it is counted",
        "who only reaches into it is not",
        "who fills a space is not counted again",
        "who stands in two counts once",
        "who is to be ignored is not outside either",
        "who is to be ignored counts in no area",
    ],
)
def test_areas(areas, counts, left_outside):
    judgement = judge(replace(LAYOUT, areas=tuple(areas)), [car(3), SKEWED], SIZE)
    assert list(judgement.areas) == counts
    assert len(judgement.outside) == left_outside
    assert taken(judgement) == {"A3"}
    assert judgement.taken == 1 + sum(area.vehicles for area in counts)
    assert judgement.capacity == replace(LAYOUT, areas=tuple(areas)).capacity


def test_who_is_to_be_ignored_fills_no_space():
    road = Area("road", rectangle(290, 390, 410, 530), "ignore")
    judgement = judge(replace(LAYOUT, areas=(road,)), FULL, SIZE)
    assert taken(judgement) == {"A1", "A2", "A4", "A5"}
    assert [space.vehicle for space in judgement.spaces if space.vehicle is not None] == [
        0, 1, 3, 4,
    ]  # fmt: skip


def test_a_layout_without_spaces_counts_areas_only():
    layout = Layout((), (Area("C", rectangle(50, 540, 300, 700)),))
    judgement = judge(layout, [SKEWED, car(3)], SIZE)
    assert judgement.areas == (AreaCount("C", 1, None),)
    assert (judgement.outside, judgement.interval) == ((1,), (0, 0))


# -- a camera that has moved --------------------------------------------------------------------


def shift(x: float, y: float) -> np.ndarray:
    """A homography that moves by so many pixels."""
    return np.array([[1, 0, x / WIDTH], [0, 1, y / HEIGHT], [0, 0, 1]])


@pytest.mark.parametrize("by", [(0, 0), (80, -40), (-60, 100)], ids=str)
def test_spaces_follow_the_camera(by):
    there = [
        replace(d, box=Box(d.box.x1 + x, d.box.y1 + y, d.box.x2 + x, d.box.y2 + y))
        for d in FULL[:3]
        for x, y in [by]
    ]
    followed = judge(LAYOUT, there, SIZE, homography=shift(*by))
    assert taken(followed) == {"A1", "A2", "A3"}
    area = replace(LAYOUT, areas=(Area("C", rectangle(0, 380, 450, 530), "ignore"),))
    assert taken(judge(area, there, SIZE, homography=shift(*by))) == set()
    if by != (0, 0):
        assert taken(judge(LAYOUT, there, SIZE)) != {"A1", "A2", "A3"}


def test_corners_are_moved_in_perspective():
    homography = np.array([[1.1, 0.02, -0.03], [0.01, 0.95, 0.05], [0.08, -0.05, 1.0]])
    corners = np.array(ROW[2].polygon)
    expected = cv2.perspectiveTransform(corners[None], homography)[0]
    assert moved(ROW[2].polygon, homography) == pytest.approx(expected)
    assert moved(ROW[2].polygon, None) == pytest.approx(corners)


@pytest.mark.parametrize(
    "right, out",
    [
        (WIDTH - 501, set()),
        (WIDTH - 600 + 100 * (1 - IN_VIEW_FROM) - 1, set()),
        (WIDTH - 600 + 100 * (1 - IN_VIEW_FROM) + 1, {"A5"}),
        (WIDTH - 399, {"A5", "A4"}),
        (2 * WIDTH, {"A1", "A2", "A3", "A4", "A5", "B3"}),
    ],
    ids=["all in view", "enough of it", "too little of it", "two are gone", "all are gone"],
)
def test_what_is_out_of_view_is_unknown(right, out):
    right = min(right, WIDTH - 601) if not out and right == WIDTH - 501 else right
    judgement = judge(LAYOUT, [], SIZE, homography=shift(right, 0))
    assert {s.id for s in judgement.spaces if s.reason == "out of view"} == out
    assert {s.id for s in judgement.spaces if s.state == "unknown"} == out
    assert judgement.interval[1] >= len(out)


# -- the interval -------------------------------------------------------------------------------


def likely(probability: float | None) -> str:
    if probability is None or 0.3 <= probability <= 0.7:
        return "unknown"
    return "occupied" if probability > 0.7 else "vacant"


def with_probabilities(*probabilities: float | None) -> Judgement:
    return Judgement(
        tuple(SpaceState(str(n), likely(p), 0, "", p) for n, p in enumerate(probabilities))
    )


@pytest.mark.parametrize(
    "probabilities, interval",
    [
        ([], (0, 0)),
        ([0, 0, 0], (0, 0)),
        ([1, 1, 0], (2, 2)),
        ([None, None, None], (0, 3)),
        ([1, 1, None], (2, 3)),
        ([1, 1, 0.5], (2, 3)),
        ([0.5] * 100, (0, 58)),
        ([0.9] * 100, (85, 100)),
        ([0.1] * 100, (0, 15)),
        ([0.9] * 50 + [0.1] * 50, (45, 55)),
        ([0.6] * 100, (0, 68)),
    ],
    ids=[
        "no space",
        "surely empty",
        "surely two",
        "nothing is known",
        "one is out of view",
        "one is in doubt",
        "doubt is not the same as out of view",
        "all most likely taken",
        "all most likely free",
        "half and half",
        "what is counted lies inside too",
    ],
)
def test_the_interval(probabilities, interval):
    assert with_probabilities(*probabilities).interval == interval


# -- on any photo -------------------------------------------------------------------------------


@st.composite
def scenes(draw, most_vehicles: int = 8):
    """A slanted grid of spaces, an area or two, and vehicles somewhere."""
    columns, rows = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    slant, width, height = (draw(st.floats(*of)) for of in [(-40, 40), (50, 160), (40, 150)])
    spaces = []
    for row, column in itertools.product(range(rows), range(columns)):
        x, y = 150 + column * width + slant, 100 + row * height
        corners = ((x, y), (x + width, y), (x + width - slant, y + height), (x - slant, y + height))
        polygon = tuple((a / WIDTH, b / HEIGHT) for a, b in corners)
        spaces.append(Space(f"A{len(spaces)}", polygon))
    areas = draw(
        st.sets(st.sampled_from([
            Area("C", rectangle(0, 500, 1280, 720), "count", 9),
            Area("road", rectangle(0, 0, 300, 200), "ignore"),
        ]))
    )  # fmt: skip
    vehicles = draw(
        st.lists(
            st.builds(
                lambda x, y, w, h, label, sure: seen(label, sure, x, y, x + w, y + h),
                st.floats(0, 1000),
                st.floats(0, 500),
                st.floats(20, 250),
                st.floats(20, 250),
                st.sampled_from(LABELS),
                st.floats(0, 1),
            ),
            max_size=most_vehicles,
            unique_by=lambda vehicle: vehicle.box,
        )
    )
    return Layout(tuple(spaces), tuple(areas), SIZE), vehicles


@given(scenes())
def test_each_vehicle_counts_once_and_each_space(scene):
    layout, vehicles = scene
    judgement = judge(layout, vehicles, SIZE)
    assert [space.id for space in judgement.spaces] == [space.id for space in layout.spaces]
    fillers = [space.vehicle for space in judgement.spaces if space.vehicle is not None]
    assert max(Counter(fillers).values(), default=0) <= 1
    assert all((s.state == "occupied") == (s.vehicle is not None) for s in judgement.spaces)
    assert not {*fillers} & {*judgement.outside}
    assert {*judgement.double} <= {*judgement.outside} <= {*range(len(vehicles))}
    in_areas = sum(area.vehicles for area in judgement.areas)
    assert len(fillers) + in_areas + len(judgement.outside) <= len(vehicles)


@given(scenes())
def test_the_figures_add_up(scene):
    layout, vehicles = scene
    judgement = judge(layout, vehicles, SIZE)
    number = len(layout.spaces)
    assert judgement.occupied + judgement.vacant + judgement.unknown == number
    low, high = judgement.interval
    assert 0 <= low <= judgement.occupied <= high <= number
    assert judgement.capacity == layout.capacity
    for space in judgement.spaces:
        assert space.probability is None or 0 <= space.probability <= 1
        assert 0 <= space.confidence <= 1
        assert (space.confidence == 0) == (space.state == "unknown")
        assert space.reason


@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_detections_does_not_matter(scene, random):
    layout, vehicles = scene
    order = list(range(len(vehicles)))
    random.shuffle(order)
    one = judge(layout, vehicles, SIZE)
    other = judge(layout, [vehicles[n] for n in order], SIZE)
    for first, second in zip(one.spaces, other.spaces, strict=True):
        there = None if second.vehicle is None else order[second.vehicle]
        assert (first.state, first.reason, first.vehicle) == (second.state, second.reason, there)
        assert first.probability == pytest.approx(second.probability)
    assert {*one.outside} == {order[n] for n in other.outside}
    assert {*one.double} == {order[n] for n in other.double}
    assert (one.areas, one.interval) == (other.areas, other.interval)


@pytest.mark.parametrize("surest_first", [True, False], ids=str)
def test_of_two_boxes_in_one_place_the_surer_fills_it(surest_first):
    """Otherwise the order would matter after all."""
    twice = [car(3), car(3, sure=0.2)]
    [space] = [
        s for s in judge(LAYOUT, twice[:: 1 if surest_first else -1], SIZE).spaces if s.id == "A3"
    ]
    assert space.reason == "car 0.90"


def scaled(vehicles: list[Detection], factor: float) -> list[Detection]:
    return [
        replace(vehicle, box=Box(*(factor * value for value in vehicle.box.as_tuple())))
        for vehicle in vehicles
    ]


@given(scenes(), st.sampled_from([0.25, 0.5, 2, 4]))
def test_scaling_the_photo_does_not_change_states(scene, factor):
    layout, vehicles = scene
    size = (int(factor * WIDTH), int(factor * HEIGHT))
    one = judge(layout, vehicles, SIZE)
    other = judge(layout, scaled(vehicles, factor), size)
    for first, second in zip(one.spaces, other.spaces, strict=True):
        assert (first.state, first.reason, first.vehicle) == (
            second.state, second.reason, second.vehicle,
        )  # fmt: skip
        assert first.probability == pytest.approx(second.probability)
    assert (one.outside, one.double, one.areas) == (other.outside, other.double, other.areas)


@pytest.mark.parametrize("factor", [0.35, 1.5, 3], ids=str)
def test_a_scene_in_another_size(factor):
    size = (round(factor * WIDTH), round(factor * HEIGHT))
    scene = [*FULL[:3], VAN, SKEWED]
    other = judge(LAYOUT, scaled(scene, factor), size)
    assert states(other) == states(judge(LAYOUT, scene, SIZE))


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
        lambda shape: arrays(float, shape, elements=st.floats(0, 1).map(lambda x: round(x, 3)))
    )
)
def test_no_other_assignment_is_better(measure):
    """Compared with every assignment that there is."""
    gain = np.where(measure >= FILLS_FROM, measure, 0)
    wide = gain if gain.shape[0] <= gain.shape[1] else gain.T
    best = max(
        math.fsum(wide[row, column] for row, column in enumerate(columns))
        for columns in itertools.permutations(range(wide.shape[1]), wide.shape[0])
    )
    found = assign(measure)
    assert len({*found.values()}) == len(found)
    assert all(measure[s, v] >= FILLS_FROM for s, v in found.items())
    assert math.fsum(measure[s, v] for s, v in found.items()) == pytest.approx(best)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_thousand_spaces_and_three_hundred_vehicles(seed):
    random = np.random.default_rng(seed)
    grid = [
        rectangle(32 * x, 28 * y, 32 * x + 30, 28 * y + 27) for y in range(25) for x in range(40)
    ]
    layout = Layout(tuple(Space(f"A{n}", polygon) for n, polygon in enumerate(grid)))
    chosen = random.choice(1000, 300, replace=False)
    vehicles = []
    for y, x in zip(*divmod(chosen, 40), strict=True):
        vehicles.append(seen("car", 0.9, 32 * x, 28 * y - 10, 32 * x + 30, 28 * y + 26))
    judgement = judge(layout, vehicles, SIZE)
    filled = {space.id: space.vehicle for space in judgement.spaces if space.vehicle is not None}
    assert filled == {f"A{place}": n for n, place in enumerate(chosen.tolist())}
    low, high = judgement.interval
    assert low <= 300 <= high


@pytest.mark.parametrize(
    "judgement, states, in_areas, room",
    [
        (Judgement((), ()), "", 0, 0),
        (Judgement((), (), unmarked=2), "", 2, 0),
        (Judgement((), (), unmarked=None), "", None, 0),
        (Judgement((), (AreaCount("M", 8, None),), outside=(0,)), "", 8, 0),
        (Judgement((), (AreaCount("M", None, None),)), "", None, 0),
        (Judgement((), (AreaCount("M", 8, 6), AreaCount("N", 3, None))), "", 8, 6),
        (Judgement((), (AreaCount("M", None, 6), AreaCount("N", 3, None))), "", None, 0),
        (Judgement((TAKEN,), (AreaCount("M", 8, None),)), "o", None, 0),
        (Judgement((TAKEN,), (AreaCount("M", 8, None), AreaCount("N", 2, 5))), "o", 2, 5),
    ],
    ids=[
        "nothing is marked that counts, and nobody there",
        "only areas to be ignored",
        "the same on a black picture",
        "an area without places alone",
        "the same, and nothing can be told",
        "beside one with places it has none",
        "that one cannot be told",
        "beside spaces it has none",
        "beside both",
    ],
)
def test_areas_without_places_add_nothing_to_those_of_others(judgement, states, in_areas, room):
    row = figures_row(judgement)
    assert row == {"states": states, "in_areas": in_areas, "area_room": room}


# -- seen in perspective ------------------------------------------------------------------------

# Metres: width and length of a space, width, length and height of what stands in it.
CARS = (2.5, 5.0), (1.8, 4.4, 1.5)
BUSES = (3.6, 14.0), (2.5, 12.0, 3.2)
MOTORCYCLES = (1.2, 2.4), (0.8, 2.1, 1.2)


def corners_of(place: tuple[float, float], size: tuple[float, float], turn: float) -> np.ndarray:
    """A rectangle's corners on the ground, shape (4, 2), in metres."""
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array(size) / 2
    c, s = math.cos(turn), math.sin(turn)
    return half @ np.array([[c, s], [-s, c]]) + place


def seen_from(elevation: float, distance: float, points: np.ndarray, height: float) -> np.ndarray:
    """Points that high above the ground as a camera sees them that looks down at the origin."""
    pitch = math.radians(elevation)
    up, ahead = distance * math.tan(pitch), points[:, 1] + distance
    depth = ahead * math.cos(pitch) + (up - height) * math.sin(pitch)
    below = (up - height) * math.cos(pitch) - ahead * math.sin(pitch)
    return np.column_stack([640 + 1000 * points[:, 0] / depth, 360 + 1000 * below / depth])


@dataclass(frozen=True)
class Scene:
    """Two rows of spaces, two thirds full, from a camera on a roof or one that hardly looks down;
    in pixels."""

    rows: list[np.ndarray]
    outlines: list[np.ndarray]
    boxes: np.ndarray
    standing: list[int]
    """The number of each vehicle's space, the first seven in the first row."""


def scene_of(space, vehicle, lengthwise: bool, turned: float, elevation: float) -> Scene:
    width, length, height = vehicle
    step, depth = space[::-1] if lengthwise else space
    turn = math.radians(turned)
    along = turn + (math.pi / 2 if lengthwise else 0)
    view = functools.partial(seen_from, elevation, 12 * max(step, depth) ** 0.5)

    def middle(row: float, place: float) -> tuple[float, float]:
        c, s = math.cos(turn), math.sin(turn)
        return c * place * step - s * row * depth, s * place * step + c * row * depth

    outlines, boxes, standing = [], [], []
    for number, (row, place) in enumerate(itertools.product(range(2), range(-3, 4))):
        here = middle(row, place)
        outlines.append(view(corners_of(here, space, along), 0))
        if number % 3 != 1:
            base = view(corners_of(here, (width, length), along), 0)
            roof = view(corners_of(here, (0.85 * width, 0.85 * length), along), height)
            shown = [base, roof]
            boxes.append([*np.min(shown, axis=(0, 1)), *np.max(shown, axis=(0, 1))])
            standing.append(number)
    rows = [view(corners_of(middle(row, 0), (7 * step, depth), turn), 0) for row in range(2)]
    return Scene(rows, outlines, np.array(boxes), standing)


at_elevations = pytest.mark.parametrize("elevation", [8, 12, 20, 35, 55], ids="{}°".format)
of_vehicles = pytest.mark.parametrize(
    ("space", "vehicle", "lengthwise"),
    [(*CARS, False), (*CARS, True), (*BUSES, True), (*MOTORCYCLES, False)],
    ids=["cars abreast", "cars in line", "buses in line", "motorcycles"],
)


@at_elevations
@pytest.mark.parametrize("turned", [0, 15, 30, 45], ids="row at {}°".format)
@of_vehicles
def test_every_vehicle_is_in_its_own_space(space, vehicle, lengthwise, turned, elevation):
    scene = scene_of(space, vehicle, lengthwise, turned, elevation)
    found, _ = evidence(scene.outlines, scene.boxes, np.full(len(scene.boxes), 0.9))
    filled = {number: seen.vehicle for number, seen in enumerate(found) if seen.vehicle is not None}
    assert filled == {number: n for n, number in enumerate(scene.standing)}


@at_elevations
@pytest.mark.parametrize("turned", [0, 15], ids="row at {}°".format)
@of_vehicles
def test_every_vehicle_is_in_its_own_row(space, vehicle, lengthwise, turned, elevation):
    """An area for each row."""
    scene = scene_of(space, vehicle, lengthwise, turned, elevation)
    first, second = (standing_in(row, scene.boxes) for row in scene.rows)
    assert first == {n for n, number in enumerate(scene.standing) if number < 7}
    assert second == {n for n, number in enumerate(scene.standing) if number >= 7}
