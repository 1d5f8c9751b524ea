"""Hours from looks, against tables computed by hand and against looking at every minute."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import NOON
from hypothesis import given
from hypothesis import strategies as st
from test_occupancy import CAPACITIES, LOOKS

from parkcore.history.rollups import (
    HOUR_S,
    IN_SERVICE_S,
    Look,
    Shared,
    absences,
    hours,
    segments,
)
from parkcore.occupancy import View, lot_state

MIN = 60
HOLD = 60 * MIN


def look(minute: float, taken: int, *, camera: str = "gate", told: int | None = 10, **more):
    vehicles = more.pop("vehicles", (taken, 0, 0, 0))
    return Look(minute * MIN, camera, vehicles, taken, told, **more)


def rolled(looks: list[Look], *, cameras: int = 1, phase_s: int = 0):
    looks = sorted(looks, key=lambda each: each.at)
    absent = absences(((each.camera_id, each.at) for each in looks), hold_s=HOLD)
    made = segments(looks, absent, hold_s=HOLD, begun=[-math.inf] * cameras)
    return {hour.start // MIN: hour for hour in hours(made, looks, phase_s=phase_s)}


def test_a_mean_is_weighted_by_how_long_each_look_stood() -> None:
    hour = rolled([look(0, 2), look(45, 6), look(60, 0)])[0]
    assert (hour.photos, hour.seen_s) == (2, 3600)
    assert hour.taken_s / hour.seen_s == 2 * 0.75 + 6 * 0.25
    assert hour.rate_s / hour.rated_s == pytest.approx(0.3)
    assert (hour.least, hour.most, hour.most_at) == (2, 6, 45 * MIN)
    assert (hour.highest_rate, hour.highest_rate_at) == (0.6, 45 * MIN)
    assert hour.held == {(2, 10): 45 * MIN, (6, 10): 15 * MIN}


def test_a_look_stands_for_an_hour_at_most_and_then_nothing_is_known() -> None:
    found = rolled([look(30, 4), look(300, 8)])
    assert {start: hour.seen_s for start, hour in found.items()} == {
        0: 1800, 60: 1800, 300: 3600,
    }  # fmt: skip
    assert found[60].photos == 0 and found[60].taken_s == 4 * 1800


def test_hours_begin_where_the_site_says() -> None:
    found = rolled([look(30, 4), look(75, 6)], phase_s=30 * MIN)
    assert {start: (hour.photos, hour.seen_s) for start, hour in found.items()} == {
        30: (2, 3600), 90: (0, 45 * MIN),
    }  # fmt: skip


def test_cameras_are_added_and_known_only_together() -> None:
    looks = [look(0, 2), look(20, 3, camera="roof"), look(40, 5)]
    found = rolled([*looks, look(200, 1)], cameras=2)
    # roof comes into service at minute 20 and goes at 80; gate sees nothing from 100 to 200
    assert found[0].held == {(2, 10): 20 * MIN, (5, 20): 20 * MIN, (8, 20): 20 * MIN}
    assert found[60].held == {(8, 20): 20 * MIN, (5, 10): 20 * MIN}


def test_while_a_camera_in_service_sees_nothing_the_total_is_not_known() -> None:
    gate = [look(minute, 1) for minute in range(0, 300, 30)]
    found = rolled([*gate, look(0, 7, camera="roof"), look(240, 7, camera="roof")], cameras=2)
    assert {start: hour.seen_s for start, hour in found.items()} == {
        0: 3600, 60: 0, 120: 0, 180: 0, 240: 3600, 300: 1800,
    }  # fmt: skip
    assert [found[start].photos for start in (60, 120)] == [2, 2]


def test_an_absence_that_began_with_a_look_before_the_window_counts_too() -> None:
    gate = look(241, 1)
    absent = absences([("roof", 182 * MIN), ("roof", 301 * MIN)], hold_s=HOLD)
    found = list(segments([gate], absent, hold_s=HOLD, begun=[-math.inf] * 2))
    assert [(each.start / MIN, each.end / MIN) for each in found] == [(241, 242)]


def test_a_camera_that_is_silent_for_weeks_is_no_part_of_the_lot() -> None:
    late = (IN_SERVICE_S + 2 * HOUR_S) / MIN
    looks = [look(0, 7, camera="roof"), look(late, 7, camera="roof"), look(600, 1), look(630, 1)]
    found = rolled(looks, cameras=2)
    assert found[600].held == {(1, 10): 3600}
    assert found[0].held == {(7, 10): 3600}


def test_the_lots_own_capacity_serves_while_all_of_its_cameras_are_seen() -> None:
    own = {"told": None, "lot_capacity": 50}
    looks = [look(0, 2, **own), look(30, 3, camera="roof", **own)]
    assert rolled(looks, cameras=2)[0].held == {(2, None): 1800, (5, 50): 1800}


def test_a_look_that_can_tell_nothing_ends_what_was_seen_before() -> None:
    hour = rolled([look(0, 4), look(15, 0, vehicles=None), look(45, 2)])[0]
    assert hour.held == {(4, 10): 900, (2, 10): 900}
    assert (hour.photos, hour.seen_s) == (3, 1800)


def seen_by(camera: str, view: View, lot: int | None) -> Look:
    """What the hours are told of what a camera saw, where other cameras may see the same."""
    vehicles = tuple(view.vehicles.as_dict().values())
    if view.counted is not None:
        return Look(0, camera, vehicles, view.counted, view.capacity, lot)
    alone = lot_state(None, [view], valid=timedelta(0))
    spaces = {space.id: space.state for space in view.marked.spaces}
    shared = Shared(spaces, view.marked.areas, view.marked.filled_by)
    return Look(
        0, camera, vehicles if alone.told else None, alone.taken, alone.told, lot,
        alone.capacity or 0, shared,
    )  # fmt: skip


@given(CAPACITIES, st.lists(LOOKS, min_size=1, max_size=4))
def test_the_hours_add_up_cameras_as_the_overview_does(lot, views) -> None:
    looks = [
        seen_by(f"camera {n}", replace(view, seen_at=NOON), lot) for n, view in enumerate(views)
    ]
    state = lot_state(lot, [replace(view, seen_at=NOON) for view in views], valid=timedelta(0))
    found = list(segments(looks, [], hold_s=HOLD, begun=[-math.inf] * len(looks)))
    if any(look.vehicles is None for look in looks):
        assert not found
        return
    assert [each.vehicles for each in found] == [tuple(state.vehicles.as_dict().values())]
    if state.told:
        assert [(each.taken, each.told) for each in found] == [(state.taken, state.told)]
    else:
        counted = sum(view.counted or 0 for view in views)
        assert [each.taken for each in found] == [state.taken + counted]
        assert not found[0].told


def test_vehicles_of_a_camera_without_marks_are_not_held_against_the_places_of_another() -> None:
    marked = look(0, 8, marked=10, lot_capacity=10)
    beside = look(0, 5, camera="roof", told=None, lot_capacity=10)
    assert rolled([marked, beside], cameras=2)[0].held == {(8, 10): 3600}


def test_no_looks_are_no_hours() -> None:
    assert rolled([]) == {}


def by_the_minute(looks: list[Look], cameras: set[str], minutes: range):
    """Taken places in every minute, by looking for it; None where it is not known."""
    for minute in minutes:
        at, total = minute * MIN, 0
        seen = 0
        for camera in cameras:
            own = sorted((x for x in looks if x.camera_id == camera), key=lambda x: x.at)
            before = [x for x in own if x.at <= at]
            after = [x for x in own if x.at > at]
            if before and at - before[-1].at < HOLD:
                total, seen = total + before[-1].taken, seen + 1
            elif before and after and after[0].at - before[-1].at <= IN_SERVICE_S:
                total = None
                break
        yield total if seen else None


MOMENTS = st.tuples(st.integers(0, 24 * 60), st.sampled_from(["gate", "roof", "back"]))


@given(st.dictionaries(MOMENTS, st.integers(0, 9), max_size=25))
def test_hours_are_what_looking_at_every_minute_gives(chosen) -> None:
    looks = [look(at, taken, camera=camera) for (at, camera), taken in chosen.items()]
    found = rolled(looks, cameras=3)
    values = list(by_the_minute(looks, {"gate", "roof", "back"}, range(27 * 60)))
    for start in range(0, 27 * 60, 60):
        known = [value for value in values[start : start + 60] if value is not None]
        hour = found.get(start)
        assert (hour.seen_s if hour else 0) == MIN * len(known)
        if known:
            assert hour.taken_s == MIN * sum(known)
            assert (hour.least, hour.most) == (min(known), max(known))
            assert hour.most_at == MIN * (start + values[start : start + 60].index(hour.most))
            assert sum(hour.held.values()) == hour.seen_s
