"""From counts to how full a lot is."""

from __future__ import annotations

import math

import pytest

from parkcore.domain import Occupancy, Vehicles
from parkcore.occupancy import Thresholds, camera_capacity, lot_occupancy


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


@pytest.mark.parametrize(
    "lot, views, occupancy",
    [
        (40, [], Occupancy(Vehicles(), 40)),
        (None, [], Occupancy(Vehicles(), None)),
        (40, [(cars(10), None)], Occupancy(cars(10), 40)),
        (
            40,
            [(cars(10), 20), (Vehicles(bus=2), 20)],
            Occupancy(Vehicles(car=10, bus=2), 40),
        ),
        (50, [(cars(10), 20), (cars(5), 20)], Occupancy(cars(15), 50)),
        (None, [(cars(10), 20), (cars(5), 15)], Occupancy(cars(15), 35)),
        (None, [(cars(10), 20), (cars(5), None)], Occupancy(cars(15), None)),
        (None, [(cars(10), None)], Occupancy(cars(10), None)),
        (10, [(cars(8), None), (cars(8), None)], Occupancy(cars(16), 10)),
    ],
    ids=[
        "no camera yet",
        "no camera and no capacity",
        "one camera against the lot's capacity",
        "several cameras are added up",
        "the lot's capacity wins over its cameras'",
        "the cameras' capacities are added up",
        "one camera without a capacity makes it unknown",
        "no capacity at all",
        "more vehicles than spaces is not clipped",
    ],
)
def test_lot_occupancy(lot, views, occupancy):
    assert lot_occupancy(lot, views) == occupancy


def test_more_vehicles_than_spaces_shows():
    occupancy = lot_occupancy(10, [(cars(16), None)])
    assert occupancy.rate == 1.6
    assert occupancy.free == -6
