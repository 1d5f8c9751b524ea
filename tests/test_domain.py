"""The values refuse what cannot be, and count right."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from conftest import NOON
from hypothesis import given
from hypothesis import strategies as st

from parkcore.domain import (
    LABELS,
    Box,
    Camera,
    Detection,
    DetectorInfo,
    Lot,
    Occupancy,
    Photo,
    Vehicles,
)
from parkcore.names import check_capacity, check_name, folder_name

SQUARE = Box(0, 0, 10, 10)


def photo(**changes: object) -> Photo:
    known = {
        "file": "a.jpg",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "width": 640,
        "height": 480,
        "captured_at": NOON,
        "time_source": "now",
        "lot_id": "north",
        "camera_id": "gate",
    }
    return Photo(**{**known, **changes})


@pytest.mark.parametrize(
    "corners",
    [(5, 0, 5, 9), (0, 5, 9, 5), (6, 0, 5, 9), (0, 6, 9, 5), (0, 0, math.nan, 9)],
    ids=["no width", "no height", "left of itself", "above itself", "a corner that is no number"],
)
def test_a_box_has_an_extent(corners):
    with pytest.raises(ValueError, match="x1 < x2 and y1 < y2"):
        Box(*corners)


def test_a_box_knows_its_area_and_corners():
    box = Box(1, 2, 4, 6)
    assert box.area == 12
    assert box.as_tuple() == (1, 2, 4, 6)


@pytest.mark.parametrize(
    "label, confidence, said",
    [
        ("tram", 0.5, "'tram'"),
        ("Car", 0.5, "'Car'"),
        ("car", -0.1, "-0.1"),
        ("car", 1.1, "1.1"),
        ("car", math.nan, "nan"),
    ],
    ids=[
        "a type that is not counted",
        "a type spelled otherwise",
        "less than not sure at all",
        "more than sure",
        "a confidence that is no number",
    ],
)
def test_a_detection_refuses(label, confidence, said):
    with pytest.raises(ValueError, match=said):
        Detection(label, confidence, SQUARE)


@pytest.mark.parametrize("confidence", [0, 1], ids=["not sure at all", "quite sure"])
def test_a_detection_takes_the_ends_of_the_range(confidence):
    assert Detection("car", confidence, SQUARE).confidence == confidence


def test_a_photo_needs_a_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        photo(captured_at=datetime(2026, 5, 4, 10, 0))  # noqa: DTZ001 – that is the point


def test_values_cannot_be_changed():
    with pytest.raises(AttributeError):
        SQUARE.x1 = 3


@pytest.mark.parametrize(
    "labels, counted",
    [
        ([], Vehicles()),
        (["car", "bus", "car"], Vehicles(car=2, bus=1)),
        (list(LABELS), Vehicles(1, 1, 1, 1)),
    ],
    ids=["nothing", "two cars and a bus", "one of each"],
)
def test_vehicles_are_counted_by_type(labels, counted):
    assert Vehicles.count(Detection(label, 0.5, SQUARE) for label in labels) == counted


def test_vehicles_add_up_by_type():
    both = Vehicles(1, 2, 3, 4) + Vehicles(10, 20, 30, 40)
    assert both == Vehicles(11, 22, 33, 44)
    assert both.total == 110
    assert both.as_dict() == {"car": 11, "motorcycle": 22, "bus": 33, "truck": 44}


@pytest.mark.parametrize(
    "vehicles, capacity, rate, free",
    [
        (0, 10, 0, 10),
        (5, 10, 0.5, 5),
        (12, 10, 1.2, -2),
        (5, None, None, None),
    ],
    ids=["empty", "half full", "more vehicles than spaces", "capacity not known"],
)
def test_occupancy(vehicles, capacity, rate, free):
    occupancy = Occupancy(Vehicles(car=vehicles), capacity)
    assert (occupancy.rate, occupancy.free) == (rate, free)


CAPACITIES = pytest.mark.parametrize("capacity", [0, -1, 1_000_001])


@CAPACITIES
def test_a_lot_refuses_the_capacity(capacity):
    with pytest.raises(ValueError, match="from 1 to 1,000,000"):
        Lot("north", "North", capacity)


@CAPACITIES
def test_a_camera_refuses_the_capacity(capacity):
    with pytest.raises(ValueError, match="from 1 to 1,000,000"):
        Camera("north", "gate", capacity)


@pytest.mark.parametrize(
    "capacity", [2.5, math.nan, True], ids=["half a space", "not a number", "a truth value"]
)
def test_a_capacity_is_a_whole_number(capacity):
    with pytest.raises((ValueError, TypeError), match="whole number"):
        check_capacity(capacity)


@pytest.mark.parametrize("capacity", [None, 1, 1_000_000])
def test_a_capacity_may_be(capacity):
    check_capacity(capacity)


@pytest.mark.parametrize(
    "text, name",
    [
        ("north", "north"),
        ("Nördlicher Parkplatz 2", "Nördlicher Parkplatz 2"),
        ("停车场", "停车场"),
        ("🅿️ roof", "🅿️ roof"),
        ("a/b\\c", "a_b_c"),
        ('a:b*c?d"e<f>g|h', "a_b_c_d_e_f_g_h"),
        ("two\nlines\0", "two_lines_"),
        ("..", ""),
        (".hidden", "hidden"),
        (". .hidden", "hidden"),
        ("  spaces  ", "spaces"),
        ("dot.", "dot"),
        ("", ""),
        ("x" * 200, "x" * 80),
    ],
    ids=[
        "a plain name stays",
        "spaces and umlauts stay",
        "Chinese stays",
        "emoji stay",
        "separators are replaced",
        "what Windows forbids is replaced",
        "control characters are replaced",
        "the folder above is no name",
        "a hidden name is shown",
        "a name hidden twice is shown",
        "spaces around go",
        "a dot at the end goes",
        "nothing stays nothing",
        "a long name is cut",
    ],
)
def test_folder_name(text, name):
    assert folder_name(text) == name


@given(st.text() | st.text(" ./\\\n_a"))
def test_a_folder_name_is_a_name_or_nothing(text):
    name = folder_name(text)
    assert folder_name(name) == name
    assert "/" not in name
    assert not name.startswith(".")
    if name:
        check_name("lot", name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".git", "a/b", "a\\b", "a\nb", "a ", " a", "x" * 81],
    ids=[
        "nothing",
        "this folder",
        "the folder above",
        "a hidden folder",
        "a folder in a folder",
        "a folder in a folder on Windows",
        "two lines",
        "a space at the end",
        "a space at the beginning",
        "too long",
    ],
)
def test_a_name_is_refused(name):
    with pytest.raises(ValueError, match="cannot name a lot"):
        Lot(name, "North")
    with pytest.raises(ValueError, match="cannot name a camera"):
        Camera("north", name)


def test_the_detector_is_named_whole():
    assert DetectorInfo("m", "1", 0.2, 640) != DetectorInfo("m", "1", 0.2, 1280)
