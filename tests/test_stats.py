"""History as figures: gaps stay gaps, cameras add up, and means are weighted by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from conftest import MADRID

from parkcore.domain import LABELS
from parkcore.stats import counts_frame, gap, occupancy_over_time, summary, vehicles_by_type

MIDNIGHT = datetime(2026, 5, 4, tzinfo=UTC)


def look(hour: float, cars: int, *, lot="north", camera="gate", day=MIDNIGHT, **others) -> dict:
    at = day + timedelta(hours=hour)
    counts = {**dict.fromkeys(LABELS, 0), "car": cars, **others}
    return {
        "captured_at": at.isoformat(timespec="microseconds"),
        "lot_id": lot,
        "camera_id": camera,
        **counts,
    }


def line(looks: list[dict], capacity: int | None = None, lot: str = "north") -> list:
    """Hour and vehicles of each point, None where the line is broken."""
    over_time = occupancy_over_time(counts_frame(looks), {lot: capacity})
    return [
        (
            (at - pd.Timestamp(MIDNIGHT)).total_seconds() / 3600,
            None if pd.isna(vehicles) else vehicles,
        )
        for at, vehicles in zip(over_time["at"], over_time["vehicles"], strict=True)
    ]


# -- frames -------------------------------------------------------------------------------------


def test_a_frame_is_sorted_and_summed():
    frame = counts_frame([look(9, 3, bus=2), look(8, 1)])
    assert list(frame.columns) == ["at", "lot", "camera", *LABELS, "total"]
    assert frame["total"].tolist() == [1, 5]
    assert frame["at"].dt.tz is not None
    assert frame["at"].is_monotonic_increasing


def test_nothing_makes_empty_frames():
    frame = counts_frame([])
    assert len(frame) == 0
    over_time = occupancy_over_time(frame, {})
    assert list(over_time.columns) == ["at", "lot", "vehicles", "rate"]
    assert len(over_time) == 0
    assert len(vehicles_by_type(frame, MADRID, by="hour")) == 0
    figures = summary(over_time)
    assert len(figures) == 0
    assert {"lot", "seen", "mean", "most"} <= set(figures.columns)


def test_the_rows_of_a_store_are_taken(store):
    assert len(counts_frame(store.counts())) == 0


@pytest.mark.parametrize(
    "hours, valid",
    [
        ([], 1),
        ([8], 1),
        ([8, 8.1, 8.2, 8.3], 1),
        ([8, 9, 10], 3),
        ([8, 8.25, 8.5, 20], 1),
        ([8, 14], 18),
        ([8, 8, 8, 10], 6),
    ],
    ids=[
        "no photo",
        "one photo",
        "every six minutes: an hour at least",
        "hourly: three hours",
        "one long gap does not count",
        "two photos only",
        "cameras at the same moment count once",
    ],
)
def test_how_long_a_look_stays_valid(hours, valid):
    times = pd.Series([pd.Timestamp(MIDNIGHT) + pd.Timedelta(hours=h) for h in hours])
    assert gap(pd.to_datetime(times, utc=True)) == pd.Timedelta(hours=valid)


# -- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "looks, points",
    [
        ([look(8, 3)], [(8, 3)]),
        ([look(9, 5), look(8, 3)], [(8, 3), (9, 5)]),
        (
            [look(8, 3), look(8.5, 4), look(9, 5), look(20, 6)],
            [(8, 3), (8.5, 4), (9, 5), (10.5, None), (20, 6)],
        ),
        (
            [look(8, 3), look(9, 5), look(12, 6)],
            [(8, 3), (9, 5), (12, 6)],
        ),
        ([look(8, 0), look(9, 0)], [(8, 0), (9, 0)]),
        ([look(8, 3), look(8, 9)], [(8, 9)]),
    ],
    ids=[
        "one photo is one point",
        "photos are put in order",
        "a gap breaks the line where the last look lost its worth",
        "a short pause does not",
        "an empty lot is a line at zero",
        "of two photos at one moment the later counts",
    ],
)
def test_one_cameras_line(looks, points):
    assert line(looks) == points


@pytest.mark.parametrize(
    "looks, points",
    [
        (
            [look(8, 3), look(8, 10, camera="roof"), look(9, 4), look(9, 11, camera="roof")],
            [(8, 13), (9, 15)],
        ),
        (
            [
                look(8, 3),
                look(8.25, 10, camera="roof"),
                look(8.5, 4),
                look(8.75, 11, camera="roof"),
            ],
            [(8, None), (8.25, 13), (8.5, 14), (8.75, 15)],
        ),
        (
            [
                look(8, 3),
                look(8, 10, camera="roof"),
                look(8.5, 4),
                look(9, 5),
                look(9.5, 6),
                look(10, 7),
                look(10, 9, camera="roof"),
            ],
            [(8, 13), (8.5, 14), (9, 15), (9.5, 16), (10, 16)],
        ),
        (
            [look(8, 3), look(8, 10, camera="roof"), *(look(8 + n / 4, n) for n in range(1, 9))],
            [(8, 13)]
            + [(8 + n / 4, 10 + n if n <= 4 else None) for n in range(1, 9)],
        ),
    ],
    ids=[
        "two cameras at the same moments add up",
        "a camera's last look stands for it",
        "it stands as long as looks are valid",
        "a camera that fell silent makes the total unknown",
    ],
)  # fmt: skip
def test_several_cameras_add_up(looks, points):
    assert line(looks) == points


def test_lots_are_kept_apart():
    frame = counts_frame([look(8, 3), look(9, 30), look(8, 8, lot="south")])
    over_time = occupancy_over_time(frame, {"north": 40, "south": None})
    assert over_time["lot"].tolist() == ["north", "north", "south"]
    assert over_time["rate"].tolist()[:2] == [0.075, 0.75]
    assert pd.isna(over_time["rate"].iloc[2])


def test_more_vehicles_than_spaces_are_not_cut_off():
    frame = counts_frame([look(8, 50)])
    assert occupancy_over_time(frame, {"north": 40})["rate"].tolist() == [1.25]


# -- figures ------------------------------------------------------------------------------------


def figures(looks: list[dict], capacity: int | None = 40) -> dict:
    over_time = occupancy_over_time(counts_frame(looks), {"north": capacity})
    [row] = summary(over_time).to_dict("records")
    return row


@pytest.mark.parametrize(
    "looks, mean, hours",
    [
        ([look(8, 10)], 10, 0),
        ([look(8, 10), look(10, 30)], 10, 2),
        ([look(8, 0), look(9, 40), look(12, 0)], 30, 4),
        ([look(8, 10), look(8.5, 10), look(9, 10), look(9.5, 40), look(20, 0)], 25, 3),
        ([look(8, 40), look(8.5, 40), look(9, 40), look(20, 0)], 40, 2.5),
    ],
    ids=[
        "one look is its own mean",
        "the last look has no time of its own",
        "a look that stood longer weighs more",
        "before a gap a look weighs as long as it is valid",
        "the gap itself is not counted",
    ],
)
def test_the_mean_is_weighted_by_time(looks, mean, hours):
    row = figures(looks)
    assert row["mean"] == pytest.approx(mean)
    assert row["mean_rate"] == pytest.approx(mean / 40)
    assert row["seen"] == pd.Timedelta(hours=hours)


def test_the_mean_of_looks_that_stood_for_no_time():
    """Two lots' worth of single looks: nothing to weigh by."""
    row = figures([look(8, 10), look(8, 20, camera="roof")])
    assert row["mean"] == 30


def test_the_fullest_moment():
    row = figures([look(8, 10), look(9, 38), look(10, 12)])
    assert row["lot"] == "north"
    assert (row["most"], row["most_rate"]) == (38, 0.95)
    assert row["most_at"] == pd.Timestamp(MIDNIGHT + timedelta(hours=9))


def test_a_lot_that_was_always_empty_has_a_rate_of_zero():
    row = figures([look(8, 0), look(9, 0)])
    assert (row["mean"], row["mean_rate"], row["most"], row["most_rate"]) == (0, 0, 0, 0)


def test_without_a_capacity_there_is_no_rate():
    row = figures([look(8, 10), look(9, 20)], capacity=None)
    assert row["mean"] == 10
    assert pd.isna(row["mean_rate"])
    assert pd.isna(row["most_rate"])


def test_a_lot_that_was_never_seen_whole_is_no_zero():
    """One camera for an hour, another a week later: the lot's total was never known."""
    looks = [look(8 + n / 10, 5) for n in range(10)]
    looks.append(look(8, 7, camera="roof", day=MIDNIGHT + timedelta(days=7)))
    over_time = occupancy_over_time(counts_frame(looks), {"north": 40})
    assert over_time["vehicles"].isna().all()
    found = summary(over_time)
    assert found.empty or found["mean"].isna().all()


def test_two_cameras_a_moment_apart_are_one_look():
    """What counts is how often each camera looks, not how close they follow each other."""
    looks = [look(8 + 2 * n, 5) for n in range(4)] + [
        look(8.002 + 2 * n, 7, camera="roof") for n in range(4)
    ]
    over_time = occupancy_over_time(counts_frame(looks), {"north": 40})
    assert over_time["vehicles"].dropna().tolist() == [12] * 7


# -- the wall clock -----------------------------------------------------------------------------


def per_period(looks: list[dict], by: str) -> dict:
    frame = vehicles_by_type(counts_frame(looks), MADRID, by=by)
    cars = frame[frame["label"] == "car"]
    form = "%d %H" if by == "hour" else "%d"
    return dict(zip(cars["at"].dt.strftime(form), cars["vehicles"], strict=True))


@pytest.mark.parametrize(
    "looks, by, expected",
    [
        ([look(8, 4), look(8.5, 6)], "hour", {"04 10": 5}),
        ([look(8, 4), look(9, 6)], "hour", {"04 10": 4, "04 11": 6}),
        ([look(8, 4), look(9, 6)], "day", {"04": 5}),
        ([look(21.9, 4), look(22.1, 6)], "day", {"04": 4, "05": 6}),
        ([look(8, 4), look(8.5, 6), look(8, 10, camera="roof")], "hour", {"04 10": 15}),
        (
            [look(8, 4), look(9, 6), look(8, 10, camera="roof")],
            "hour",
            {"04 10": 14},
        ),
    ],
    ids=[
        "looks in one hour are averaged",
        "hours are kept apart",
        "looks of one day are averaged",
        "the day ends at the site's midnight",
        "cameras are averaged each and added up",
        "an hour that one camera did not see is left out",
    ],
)
def test_vehicles_per_period(looks, by, expected):
    assert per_period(looks, by) == expected


def test_every_type_has_its_row():
    frame = vehicles_by_type(counts_frame([look(8, 3, bus=2)]), MADRID, by="hour")
    assert dict(zip(frame["label"], frame["vehicles"], strict=True)) == {
        "car": 3,
        "motorcycle": 0,
        "bus": 2,
        "truck": 0,
    }
    assert set(frame["photos"]) == {1}


@pytest.mark.parametrize(
    "day, hours, expected",
    [
        (
            datetime(2026, 3, 29, tzinfo=UTC),
            [0, 1, 2],
            {"29 01": 0, "29 03": 1, "29 04": 2},
        ),
        (
            datetime(2025, 10, 26, tzinfo=UTC),
            [0, 1, 2],
            {"26 02": 0.5, "26 03": 2},
        ),
    ],
    ids=["an hour is left out in spring", "an hour comes twice in autumn"],
)
def test_the_days_when_clocks_change(day, hours, expected):
    assert per_period([look(hour, hour, day=day) for hour in hours], "hour") == expected


def test_a_day_of_25_hours_is_seen_for_25_hours():
    day = datetime(2025, 10, 25, 22, tzinfo=UTC)  # midnight in Madrid
    row = figures([look(hour, 10, day=day) for hour in range(26)])
    assert row["seen"] == pd.Timedelta(hours=25)
    assert row["mean"] == 10
