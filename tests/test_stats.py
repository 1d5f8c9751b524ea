"""Figures from hours, against tables that were computed by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from conftest import MADRID, NOON
from test_store import record, snapshot

from parkcore.domain import LABELS, Lot
from parkcore.history.opening import OpeningHours
from parkcore.history.stats import (
    by_period,
    during,
    hours_frame,
    site_hours,
    summary,
    week_pattern,
)
from parkcore.store import Store

KOLKATA = ZoneInfo("Asia/Kolkata")
SPRING = datetime(2026, 3, 29, tzinfo=MADRID)
AUTUMN = datetime(2026, 10, 25, tzinfo=MADRID)
MONDAY = datetime(2026, 5, 4, tzinfo=MADRID)


def hour(at: datetime, *held: tuple[int, int | None, float], lot: str = "north", photos: int = 1):
    """A row as `Store.hours` gives it, of stretches of taken, told and minutes, in order."""
    row = {"lot_id": lot, "hour": int(at.timestamp()), "photos": photos}
    stretches = [(taken, told, 60 * minutes) for taken, told, minutes in held]
    row["seen_s"] = sum(seconds for _, _, seconds in stretches)
    row["taken_s"] = sum(taken * seconds for taken, _, seconds in stretches)
    row |= {f"{label}_s": 0 for label in LABELS} | {"car_s": row["taken_s"]}
    rated = [(taken / told, seconds) for taken, told, seconds in stretches if told]
    row["rated_s"] = sum(seconds for _, seconds in rated)
    row["rate_s"] = sum(rate * seconds for rate, seconds in rated)
    row["least"] = min((taken for taken, _, _ in stretches), default=None)
    row["most"], row["most_at"] = peak([(taken, s) for taken, _, s in stretches], at)
    row["highest_rate"], row["highest_rate_at"] = peak(rated, at)
    return row | {"held": json.dumps(stretches)}


def peak(values: list[tuple[float, float]], at: datetime) -> tuple[float | None, float | None]:
    """The highest of some values with their seconds, and when it began."""
    begins, best = at.timestamp(), (None, None)
    for value, seconds in values:
        if best[0] is None or value > best[0]:
            best = value, begins
        begins += seconds
    return best


def after(start: datetime, hours: float) -> datetime:
    """So many real hours later, whatever the clocks do meanwhile."""
    return datetime.fromtimestamp(start.timestamp() + 3600 * hours, UTC)


def days(start: datetime, number: int = 1) -> tuple[datetime, datetime]:
    """From a local midnight to another."""
    return start, start + timedelta(days=number)


def one(rows: list[dict], since: datetime = MONDAY, until: datetime | None = None, **options):
    [figures] = summary(
        hours_frame(rows), since, until or since + timedelta(days=1), **options
    ).to_dict("records")
    return figures


# -- means, peaks, coverage ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held, taken, rate, seen_min",
    [
        ([[(10, 40, 60)]], 10, 0.25, 60),
        ([[(10, 40, 15), (30, 40, 45)]], 25, 0.625, 60),
        ([[(0, 40, 30)], [(40, 40, 60)]], 80 / 3, 2 / 3, 90),
        ([[(10, 40, 1)], [], [(20, 40, 3)]], 17.5, 0.4375, 4),
        ([[(50, 40, 60)]], 50, 1.25, 60),
        ([[(0, 40, 60)]], 0, 0, 60),
        ([[(10, None, 60)]], 10, None, 60),
        ([[(10, None, 30), (30, 40, 30)]], 20, 0.75, 60),
        ([[]], None, None, 0),
    ],
    ids=[
        "one look is its own mean",
        "what stood longer weighs more",
        "an hour that was seen half weighs half",
        "what was not seen has no weight",
        "more vehicles than spaces are not cut off",
        "an empty lot has a rate of zero",
        "without a number of spaces there is no rate",
        "the rate is that of the time for which it is known",
        "a photo that tells nothing is no zero",
    ],
)
def test_means_are_weighted_by_time(held, taken, rate, seen_min) -> None:
    rows = [hour(after(MONDAY, 8 + n), *stretches) for n, stretches in enumerate(held)]
    figures = one(rows)
    for found, expected in ((figures["mean_taken"], taken), (figures["mean_rate"], rate)):
        assert np.isnan(found) if expected is None else found == pytest.approx(expected)
    assert (figures["seen_s"], figures["period_s"]) == (60 * seen_min, 86400)
    assert figures["photos"] == len(held)


def test_the_fullest_and_the_emptiest_moment() -> None:
    rows = [
        hour(after(MONDAY, 8), (10, 40, 30), (38, 40, 30)),
        hour(after(MONDAY, 9), (38, 40, 20), (2, 40, 40)),
        hour(after(MONDAY, 10), (39, 60, 60)),
    ]
    figures = one(rows)
    assert (figures["least"], figures["most"], figures["highest_rate"]) == (2, 39, 0.95)
    assert figures["most_at"] == after(MONDAY, 10)
    assert figures["highest_rate_at"] == after(MONDAY, 8.5)
    assert figures["lowest_rate"] == 0.05


@pytest.mark.parametrize(
    "threshold, minutes", [(0.95, 10), (0.9500001, 0), (0.5, 70), (0.01, 100), (0, 160)]
)
def test_time_over_a_threshold(threshold: float, minutes: float) -> None:
    rows = [
        hour(after(MONDAY, 8), (19, 20, 10), (10, 20, 50)),
        hour(after(MONDAY, 9), (0, 20, 60)),
        hour(after(MONDAY, 10), (1, 20, 30), (10, 20, 10), (99, None, 20)),
    ]
    assert one(rows, threshold=threshold)["over_s"] == 60 * minutes


def test_time_over_a_threshold_is_not_known_without_a_number_of_spaces() -> None:
    assert np.isnan(one([hour(MONDAY, (19, None, 60))], threshold=0.5)["over_s"])


@pytest.mark.parametrize(
    "stretches, p10, p50, p90",
    [
        ([(4, 10, 60)], 0.4, 0.4, 0.4),
        ([(1, 10, 30), (9, 10, 30)], 0.1, 0.1, 0.9),
        ([(9, 10, 29), (1, 10, 31)], 0.1, 0.1, 0.9),
        ([(9, 10, 31), (1, 10, 29)], 0.1, 0.9, 0.9),
        ([(n, 10, 6) for n in (3, 1, 9, 5, 7, 10, 2, 4, 6, 8)], 0.1, 0.5, 0.9),
        ([(1, 10, 5), (5, 10, 50), (9, 10, 5)], 0.5, 0.5, 0.5),
        ([(1, 10, 6), (5, 10, 47), (9, 10, 7)], 0.1, 0.5, 0.9),
        ([(7, None, 30), (30, None, 30)], 7, 7, 30),
        ([], None, None, None),
    ],
    ids=[
        "one value is all of them",
        "half and half",
        "the order does not matter",
        "more than half",
        "ten of equal length",
        "what is rare is beyond the percentiles",
        "a tenth of the time is enough",
        "of what is taken where no rate is known",
        "nothing was seen",
    ],
)
def test_percentiles_are_of_time(stretches, p10, p50, p90) -> None:
    figures = one([hour(after(MONDAY, 8), *stretches)])
    for name, expected in (("p10", p10), ("p50", p50), ("p90", p90)):
        assert np.isnan(figures[name]) if expected is None else figures[name] == expected


def test_lots_are_kept_apart() -> None:
    rows = [
        hour(after(MONDAY, 8), (3, 40, 60)),
        hour(after(MONDAY, 9), (30, 40, 60)),
        hour(after(MONDAY, 8), (8, None, 20), lot="south"),
    ]
    found = summary(hours_frame(rows), *days(MONDAY), threshold=0.7).set_index("lot")
    assert found["mean_taken"].to_dict() == {"north": 16.5, "south": 8}
    assert found["p90"].to_dict() == {"north": 0.75, "south": 8}
    assert found["over_s"]["north"] == 3600 and np.isnan(found["over_s"]["south"])
    assert found["seen_s"].to_dict() == {"north": 7200, "south": 1200}


def test_types_of_vehicles_are_means_over_the_time_seen() -> None:
    rows = [hour(after(MONDAY, 8), (6, 40, 30)) | {"bus_s": 1800, "car_s": 5 * 1800}]
    figures = one(rows)
    assert {label: figures[label] for label in LABELS} == {
        "car": 5, "motorcycle": 0, "bus": 1, "truck": 0,
    }  # fmt: skip


def test_nothing_makes_no_rows() -> None:
    nothing = hours_frame([])
    assert summary(nothing, *days(MONDAY), threshold=0.9).empty
    assert by_period(nothing, MADRID, "day", threshold=0.9).empty
    assert by_period(nothing, MADRID, "day", within=site_hours(*days(MONDAY), MADRID)).empty
    assert week_pattern(nothing, MADRID).empty


# -- periods of the wall clock ---------------------------------------------------------------------


def per(period: str, rows: list[dict], zone=MADRID, **options) -> dict[str, tuple]:
    """Per period its mean of taken places, hours seen and length in hours."""
    found = by_period(hours_frame(rows), zone, period, **options)
    return {
        f"{row.start:%m-%d %H:%M}": (row.mean_taken, row.seen_s / 3600, row.period_s / 3600)
        for row in found.itertuples()
    }


def full_day(start: datetime, hours: int) -> list[dict]:
    """A row for each real hour: 0 taken in the first, 1 in the second, …"""
    return [hour(after(start, n), (n, 50, 60)) for n in range(hours)]


def test_the_day_of_23_hours() -> None:
    rows = full_day(SPRING, 24)  # the last hour is of the next day
    assert per("day", rows) == {"03-29 00:00": (11, 23, 23), "03-30 00:00": (23, 1, 24)}
    hours = per("hour", rows)
    assert [start for start in hours if start < "03-29 04"] == [
        "03-29 00:00", "03-29 01:00", "03-29 03:00",
    ]  # fmt: skip
    assert hours["03-29 03:00"] == (2, 1, 1)


def test_the_day_of_25_hours() -> None:
    rows = full_day(AUTUMN, 26)
    assert per("day", rows) == {"10-25 00:00": (12, 25, 25), "10-26 00:00": (25, 1, 24)}
    hours = per("hour", rows)
    assert len(hours) == 25
    assert hours["10-25 02:00"] == (2.5, 2, 2)
    assert hours["10-25 03:00"] == (4, 1, 1)


@pytest.mark.parametrize("start, length", [(SPRING, 23), (AUTUMN, 25), (MONDAY, 24)])
def test_the_length_of_a_day_counts_its_real_hours(start: datetime, length: int) -> None:
    within = site_hours(*days(start), MADRID)
    assert len(within) == length
    assert one([hour(start, (1, 2, 60))], start)["period_s"] == 3600 * length
    assert one([hour(start, (1, 2, 60))], start, within=within)["period_s"] == 3600 * length


def test_weeks_begin_on_monday_and_the_one_of_spring_is_an_hour_short() -> None:
    rows = [hour(after(MONDAY, -1), (4, 9, 60)), hour(MONDAY, (6, 9, 60))]
    assert per("week", rows) == {"04-27 00:00": (4, 1, 168), "05-04 00:00": (6, 1, 168)}
    assert per("week", [hour(SPRING, (4, 9, 60))]) == {"03-23 00:00": (4, 1, 167)}


def test_months_are_as_long_as_they_are() -> None:
    rows = [hour(datetime(2026, month, 1, tzinfo=MADRID), (month, 9, 60)) for month in (2, 3, 10)]
    assert per("month", rows) == {
        "02-01 00:00": (2, 1, 28 * 24),
        "03-01 00:00": (3, 1, 31 * 24 - 1),
        "10-01 00:00": (10, 1, 31 * 24 + 1),
    }


def test_a_day_ends_at_the_sites_midnight() -> None:
    rows = [hour(datetime(2026, 5, 4, utc, tzinfo=UTC), (utc, 50, 60)) for utc in (21, 22)]
    assert per("day", rows) == {"05-04 00:00": (21, 1, 24), "05-05 00:00": (22, 1, 24)}


def test_hours_that_begin_at_half_past() -> None:
    """Midnight in Kolkata is 18:30 in UTC, and so are the hours."""
    start = datetime(2026, 5, 4, tzinfo=KOLKATA)
    rows = [hour(after(start, n), (n, 50, 60)) for n in range(-1, 2)]
    assert per("hour", rows, KOLKATA) == {
        "05-03 23:00": (-1, 1, 1), "05-04 00:00": (0, 1, 1), "05-04 01:00": (1, 1, 1),
    }  # fmt: skip
    assert per("day", rows, KOLKATA)["05-04 00:00"] == (0.5, 2, 24)
    assert len(site_hours(*days(start), KOLKATA)) == 24


def test_every_period_of_a_range_has_a_row_be_it_seen_or_not() -> None:
    rows = [hour(after(MONDAY, 8), (4, 9, 45)), hour(after(MONDAY, 56), (6, 9, 60))]
    found = by_period(
        hours_frame(rows), MADRID, "day", threshold=0.5,
        within=site_hours(MONDAY, MONDAY + timedelta(days=2, hours=12), MADRID),
    )  # fmt: skip
    assert found["seen_s"].tolist() == [2700, 0, 3600]
    assert found["period_s"].tolist() == [86400, 86400, 43200]
    assert found["photos"].tolist() == [1, 0, 1]
    assert found["mean_rate"].isna().tolist() == [False, True, False]
    assert found["over_s"].isna().tolist() == [False, True, False]


def test_each_period_has_its_own_peak_and_percentiles() -> None:
    rows = [
        hour(after(MONDAY, 8), (4, 10, 30), (9, 10, 30)),
        hour(after(MONDAY, 32), (2, 10, 60)),
        hour(after(MONDAY, 33), (7, 10, 60)),
    ]
    found = by_period(hours_frame(rows), MADRID, "day", threshold=0.7)
    assert found["highest_rate"].tolist() == [0.9, 0.7]
    assert found["highest_rate_at"].tolist() == [after(MONDAY, 8.5), after(MONDAY, 33)]
    assert found["p50"].tolist() == [0.4, 0.2]
    assert found["p90"].tolist() == [0.9, 0.7]
    assert found["over_s"].tolist() == [1800, 3600]


# -- the usual week --------------------------------------------------------------------------------


def test_the_week_is_averaged_by_time() -> None:
    rows = [
        hour(after(MONDAY, 8), (4, 10, 60)),
        hour(after(MONDAY, 8 + 168), (10, 10, 30)),
        hour(after(MONDAY, 9), (2, None, 60)),
        hour(after(MONDAY, 8 + 24)),
    ]
    found = week_pattern(hours_frame(rows), MADRID).set_index(["weekday", "hour"])
    assert found["mean_rate"][0, 8] == pytest.approx(0.6)
    assert found["seen_s"][0, 8] == 5400
    assert found["mean_taken"][0, 9] == 2 and np.isnan(found["mean_rate"][0, 9])
    assert len(found) == 2


def test_eight_in_the_morning_is_eight_in_summer_and_winter() -> None:
    rows = [
        hour(datetime(2026, 1, 5, 8, tzinfo=MADRID), (4, 10, 60)),
        hour(datetime(2026, 7, 6, 8, tzinfo=MADRID), (8, 10, 60)),
    ]
    [row] = week_pattern(hours_frame(rows), MADRID).to_dict("records")
    assert (row["weekday"], row["hour"], row["mean_taken"]) == (0, 8, 6)


# -- opening hours ---------------------------------------------------------------------------------


def test_only_the_opening_hours() -> None:
    opening = OpeningHours.read("mon-fri 7-21, sat 9-14")
    week = [hour(after(MONDAY, n), (n, 200, 60)) for n in range(168)]
    kept = during(hours_frame(week), MADRID, opening)
    within = site_hours(*days(MONDAY, 7), MADRID, opening)
    assert len(kept) == len(within) == 5 * 14 + 5
    figures = one(week, MONDAY, MONDAY + timedelta(days=7), within=within)
    assert figures["period_s"] == 75 * 3600
    found = by_period(kept, MADRID, "day", within=within)
    assert (found["seen_s"] / 3600).tolist() == [14] * 5 + [5]
    assert (found["period_s"] == found["seen_s"]).all()
    assert during(kept, MADRID, None) is kept


@pytest.mark.parametrize("start, open_hours", [(SPRING, 3), (AUTUMN, 5)])
def test_opening_hours_follow_the_clocks(start: datetime, open_hours: int) -> None:
    assert len(site_hours(*days(start), MADRID, OpeningHours.read("0-4"))) == open_hours


# -- from the history ------------------------------------------------------------------------------


def test_from_photos_to_figures() -> None:
    with Store.in_memory() as store:
        north = Lot("north", "North", 10)
        for minutes, cars in ((0, 4), (30, 8), (90, 2)):
            at = NOON + timedelta(minutes=minutes)
            what = snapshot(str(minutes), at=at, labels=("car",) * cars)
            record(store, what, lot=north)
        since, until = NOON - timedelta(hours=2), NOON + timedelta(hours=5)
        hours = hours_frame(store.hours(["north"], since, until, held=True))
    figures = summary(hours, since, until, threshold=0.8).to_dict("records")[0]
    # 12:00 4, 12:30 8, 13:30 2 until it is taken to be over at 14:30
    assert figures["seen_s"] == 2.5 * 3600
    assert figures["mean_taken"] == pytest.approx((0.5 * 4 + 8 + 2) / 2.5)
    assert figures["mean_rate"] == pytest.approx(0.48)
    assert (figures["p10"], figures["p50"], figures["p90"]) == (0.2, 0.4, 0.8)
    assert figures["over_s"] == 3600
    assert figures["highest_rate_at"] == pd.Timestamp(NOON + timedelta(minutes=30))
    assert figures["car"] == pytest.approx(4.8)


def test_hours_that_are_asked_for_without_what_was_held() -> None:
    row = hour(after(MONDAY, 8), (4, 10, 60))
    del row["held"]
    figures = one([row])
    assert figures["mean_rate"] == 0.4
    assert "p50" not in figures


def test_the_end_of_the_calendar_is_no_trouble() -> None:
    """A camera whose clock is wrong may say 1970, or centuries from now."""
    rows = [hour(datetime(year, 1, 1, tzinfo=UTC), (4, 10, 60)) for year in (1970, 2600)]
    assert hours_frame(rows)["at"].dt.year.tolist() == [1970, 2600]
