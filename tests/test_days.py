"""A month's days and a day's curve, held against what was worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from conftest import MADRID
from test_store import record, snapshot

from parkcore.domain import Lot
from parkcore.history.calendar_days import days_of, weeks
from parkcore.history.day_chart import MOST_POINTS, day_curve, day_frame
from parkcore.history.history_view import beginning, end
from parkcore.history.rollups import Segment
from parkcore.store import Store

DAY = date(2026, 5, 4)
EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)


def look(store: Store, clock: str, cars: int, *, day: date = DAY, lot: Lot | None = None) -> None:
    at = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=MADRID)
    what = snapshot(f"{at}", at=at.astimezone(UTC), labels=("car",) * cars)
    record(store, what, lot=lot or Lot("north", "North", 10))


def days(store: Store) -> dict:
    return days_of(store.hours(["north"], *EVER), MADRID)


def test_a_days_mean_is_weighted_by_time_and_its_peak_has_its_moment(store: Store) -> None:
    look(store, "08:00", 2)
    look(store, "08:30", 9)
    look(store, "08:45", 3)
    found = days(store)[DAY]
    # 30 min of 2, 15 min of 9 and 60 min of 3, of 10 places
    assert found.mean == pytest.approx((30 * 2 + 15 * 9 + 60 * 3) / 105 / 10)
    assert (found.peak, found.peak_at, found.photos) == (0.9, "08:30", 3)
    assert (found.short("mean"), found.short("peak")) == ("35 %", "90 %")
    assert found.said == (
        "mean 35 %, most 90 % at 08:30, seen 1 h 45 min of 24 h (21 of 288 five-minute slots),"
        " 3 photos"
    )


def test_vehicles_where_the_number_of_places_is_not_known(store: Store) -> None:
    look(store, "08:00", 2, lot=Lot("north", "North"))
    found = days(store)[DAY]
    assert not found.is_rate and found.short("mean") == "2"
    assert found.said.startswith("mean 2 vehicles, most 2 vehicles at 08:00, seen 1 h of 24 h")


def test_days_are_those_of_the_site_and_those_not_seen_are_left_out(store: Store) -> None:
    look(store, "23:30", 4)
    look(store, "00:10", 4, day=date(2026, 5, 7))
    found = days(store)
    assert {day: figures.photos for day, figures in found.items()} == {
        date(2026, 5, 4): 1, date(2026, 5, 5): 0, date(2026, 5, 7): 1,
    }  # fmt: skip
    assert found[date(2026, 5, 5)].seen_s == 1800, "the look of the day before stood until then"
    assert days_of([], MADRID) == {}


@pytest.mark.parametrize(
    "day, hours", [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["spring", "autumn"]
)
def test_the_days_on_which_clocks_change_are_as_long_as_they_were(store, day, hours) -> None:
    for clock in ("00:30", "04:00"):
        look(store, clock, 5, day=day)
    assert days(store)[day].period_s == hours * 3600
    stretches = store.stretches("north", beginning(day, MADRID), end(day, MADRID))
    frame = day_frame(stretches, day, MADRID)
    begun = frame.dropna().groupby("clock")["hour"].min()
    assert begun["00:30"] == 0.5 and begun["04:00"] == hours - 20
    axis = day_curve(frame, day, MADRID).to_dict()["layer"][0]["encoding"]["x"]
    assert axis["scale"]["domain"] == [0, hours]
    assert f"'{hours - 24 + 3}': '03:00'" in axis["axis"]["labelExpr"]
    assert f"'{hours}': '24:00'" in axis["axis"]["labelExpr"]


def test_weeks_begin_on_monday() -> None:
    found = weeks(date(2026, 5, 1))
    assert found[0] == [None] * 4 + [date(2026, 5, n) for n in (1, 2, 3)]
    assert [day for week in found for day in week if day] == [
        date(2026, 5, 1) + timedelta(days=n) for n in range(31)
    ]
    assert len(weeks(date(2027, 2, 1))) == 4


def segment(start_s: float, end_s: float, taken: int, told: int | None = 10) -> Segment:
    midnight = beginning(DAY, MADRID).timestamp()
    return Segment(midnight + start_s, midnight + end_s, (taken, 0, 0, 0), taken, told)


def test_the_line_is_broken_where_nothing_was_seen() -> None:
    frame = day_frame([segment(0, 3600, 1), segment(3600, 7200, 2), segment(10800, 14400, 3)],
                      DAY, MADRID)  # fmt: skip
    assert [None if row.taken != row.taken else (row.hour, row.clock, row.rate)
            for row in frame.itertuples()] == [
        (0, "00:00", 0.1), (1, "01:00", 0.2), (2, "02:00", 0.2), None, (3, "03:00", 0.3),
        (4, "04:00", 0.3),
    ]  # fmt: skip
    assert day_frame([], DAY, MADRID).empty


def test_a_day_of_very_many_looks_keeps_its_peaks_and_gaps() -> None:
    looks = [segment(10 * n, 10 * n + 10, n % 5) for n in range(8640) if not 3000 < n < 4000]
    looks[1234] = segment(12340, 12350, 99)
    frame = day_frame(looks, DAY, MADRID)
    assert len(frame) < MOST_POINTS
    assert frame["taken"].max() == 99 and frame["taken"].isna().sum() == 1


def test_a_photo_is_marked_on_the_line_and_nothing_known_is_no_error() -> None:
    at = beginning(DAY, MADRID) + timedelta(hours=6)
    chart = day_curve(day_frame([], DAY, MADRID), DAY, MADRID, shown_at=at).to_dict()
    assert "rule" in str(chart["layer"][-1]["mark"])
    unrated = day_frame([segment(0, 60, 7, None)], DAY, MADRID)
    assert day_curve(unrated, DAY, MADRID).to_dict()["layer"][0]["encoding"]["y"]["title"] == (
        "Vehicles"
    )
