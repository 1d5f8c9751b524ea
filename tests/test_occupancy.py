"""From counts to how full a lot is."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from conftest import NOON

from parkcore.domain import Occupancy, Vehicles
from parkcore.occupancy import (
    Thresholds,
    View,
    camera_capacity,
    lot_capacity,
    lot_occupancy,
)


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


@pytest.mark.parametrize(
    "lot, views, occupancy",
    [
        (40, [seen(10)], Occupancy(cars(10), 40)),
        (40, [seen(10), seen(5, minutes_ago=59)], Occupancy(cars(15), 40)),
        (50, [seen(10, 20), seen(5, 20)], Occupancy(cars(15), 40)),
        (None, [seen(10, 20), seen(5, 15)], Occupancy(cars(15), 35)),
        (None, [seen(10, 20), seen(5)], Occupancy(cars(15), None)),
        (None, [seen(10)], Occupancy(cars(10), None)),
        (10, [seen(8), seen(8)], Occupancy(cars(16), 10)),
        (40, [seen(10), seen(5, minutes_ago=61)], Occupancy(cars(10), None)),
        (40, [seen(10, 20), seen(5, 20, minutes_ago=61)], Occupancy(cars(10), 20)),
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
def test_lot_occupancy(lot, views, occupancy):
    found, current = lot_occupancy(lot, views, valid=timedelta(hours=1))
    assert found == occupancy
    assert sum(view.vehicles.total for view in current) == occupancy.vehicles.total


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
