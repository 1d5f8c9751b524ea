"""Ranges of days, opening hours, and figures in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from conftest import MADRID

from parkcore.history.opening import OpeningHours
from parkcore.history.ranges import Days, fitting, preset, usual, year_before
from parkcore.history.stats_words import (
    percent,
    say_over,
    say_peak,
    say_seen,
    say_time,
    say_usual_peak,
)

TODAY = date(2026, 5, 6)  # a Wednesday
LATEST = date(2026, 3, 1)


@pytest.mark.parametrize(
    "name, first, last",
    [
        ("latest", "2026-02-23", "2026-03-01"),
        ("week", "2026-05-04", "2026-05-06"),
        ("last-week", "2026-04-27", "2026-05-03"),
        ("4-weeks", "2026-04-09", "2026-05-06"),
        ("month", "2026-05-01", "2026-05-06"),
        ("last-month", "2026-04-01", "2026-04-30"),
        ("year", "2026-01-01", "2026-05-06"),
    ],
)
def test_presets(name: str, first: str, last: str) -> None:
    assert preset(name, TODAY, LATEST) == Days(date.fromisoformat(first), date.fromisoformat(last))


def test_the_days_to_compare_with() -> None:
    week = Days(date(2026, 5, 4), date(2026, 5, 10))
    assert week.before() == Days(date(2026, 4, 27), date(2026, 5, 3))
    assert year_before(week).first == date(2025, 5, 5)
    assert year_before(week).first.weekday() == 0


def test_what_is_still_to_come_is_not_part_of_the_range() -> None:
    days = Days(date(2026, 5, 4), date(2026, 5, 10))
    now = datetime(2026, 5, 6, 10, 20, tzinfo=MADRID)
    assert days.until(MADRID, now) == datetime(2026, 5, 6, 11, tzinfo=MADRID)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert days.until(MADRID, later) == datetime(2026, 5, 11, tzinfo=MADRID)
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    assert days.until(MADRID, earlier) == datetime(2026, 5, 11, tzinfo=MADRID)


def test_hours_of_the_present_day_count_right_when_the_clocks_change() -> None:
    """At 10:20 in summer time only nine hours and a bit have passed since midnight."""
    day = Days(date(2026, 3, 29), date(2026, 3, 29))
    now = datetime(2026, 3, 29, 10, 20, tzinfo=MADRID)
    assert day.until(MADRID, now) == datetime(2026, 3, 29, 11, tzinfo=MADRID)


@pytest.mark.parametrize(
    "days, lots, period",
    [(1, 1, "hour"), (10, 10, "hour"), (11, 1, "day"), (365, 1, "day"), (365, 20, "week"),
     (3000, 1, "month"), (110_000, 10, "month")],
)  # fmt: skip
def test_the_period_that_shows_a_range_best(days: int, lots: int, period: str) -> None:
    last = date.fromordinal(date(1900, 1, 1).toordinal() + min(days, 109_000) - 1)
    assert usual(Days(date(1900, 1, 1), last), lots) == period
    assert period in fitting(Days(date(1900, 1, 1), last), lots)


# -- opening hours ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, hours",
    [
        ("mon-fri 7-21", 5 * 14),
        ("mon-fri 7-21, sat 9-14", 5 * 14 + 5),
        ("Mon–Fri 07:00 – 21:00", 5 * 14),
        ("7-21", 7 * 14),
        ("sat-sun", 48),
        ("fri-mon 8-9", 4),
        ("sunday 0-24", 24),
        ("fri 18-2", 8),
        ("mon 8-12, mon 10-14", 6),
    ],
)
def test_opening_hours_are_read(text: str, hours: int) -> None:
    assert len(OpeningHours.read(text).hours) == hours


def test_hours_past_midnight_are_of_the_next_day() -> None:
    opening = OpeningHours.read("sun 22-3")
    assert opening.is_open(6, 23) and opening.is_open(0, 2)
    assert not opening.is_open(6, 2) and not opening.is_open(0, 3)


def test_without_opening_hours_a_lot_is_always_open() -> None:
    assert OpeningHours.read("") is None
    assert OpeningHours.read(" ") is None


@pytest.mark.parametrize(
    "text", ["all day", "mon-fri 7:30-21", "mo 7-9", "mon 9-25", "mon 8-8", "mon 24-8", "mon 7-9,"]
)
def test_what_are_no_opening_hours_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="expected such as: mon-fri 7-21, sat 9-14"):
        OpeningHours.read(text)


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seen_s, period_s, said",
    [
        (75300, 86400, "seen 20 h 55 min of 24 h (251 of 288 five-minute slots)"),
        (90000, 90000, "seen 25 h of 25 h (300 of 300 five-minute slots)"),
        (1800, 3600, "seen 30 min of 1 h (6 of 12 five-minute slots)"),
        (0, 86400, "not seen (24 h)"),
        (8000 * 3600, 8760 * 3600, "seen 8,000 h of 8,760 h (91 %)"),
    ],
)
def test_how_much_was_seen(seen_s: float, period_s: float, said: str) -> None:
    assert say_seen(seen_s, period_s) == said


@pytest.mark.parametrize(
    "rate, said", [(0.9499, "94 %"), (0.95, "95 %"), (0.29, "29 %"), (1.2, "120 %")]
)
def test_percents_are_rounded_down(rate: float, said: str) -> None:
    assert percent(rate) == said


def test_a_mean_is_never_said_to_be_above_the_highest() -> None:
    assert [percent(rate, 1) for rate in (0.8378, 0.8378378, 0.8, 1)] == [
        "83.7 %", "83.7 %", "80.0 %", "100.0 %",
    ]  # fmt: skip


def test_times_to_the_minute() -> None:
    assert [say_time(seconds) for seconds in (0, 59, 3600, 3661, 7140)] == [
        "0 min", "1 min", "1 h", "1 h 1 min", "1 h 59 min",
    ]  # fmt: skip


def test_peaks_in_words() -> None:
    at = pd.Timestamp("2026-05-05T08:15:00Z")
    row = {"highest_rate": 0.975, "highest_rate_at": at, "most": 39, "most_at": at}
    assert say_peak(row, MADRID) == "Fullest on Tue 5 May 2026 at 10:15: 97 %"
    row["highest_rate"] = float("nan")
    assert say_peak(row, MADRID) == "Most vehicles on Tue 5 May 2026 at 10:15: 39 vehicles"
    assert say_peak(dict.fromkeys(row), MADRID) == "Nothing was seen"


def test_the_usual_peak_in_words() -> None:
    week = pd.DataFrame({"weekday": [0, 1], "hour": [9, 23], "mean_rate": [0.5, 0.918]})
    said = "Usually fullest on Tuesdays from 23:00 to 24:00: 91 % on average"
    assert say_usual_peak(week) == said
    assert say_usual_peak(week.assign(mean_rate=float("nan"))) == ""
    assert say_usual_peak(week.iloc[:0]) == ""


@pytest.mark.parametrize(
    "over_s, said",
    [
        (9000, "95 % or more for 2 h 30 min, 25 % of the time seen"),
        (60, "95 % or more for 1 min, less than 1 % of the time seen"),
        (0, "Never 95 % or more"),
        (None, "How full is not known: the number of spaces is not set"),
    ],
)
def test_time_over_the_threshold_in_words(over_s: float | None, said: str) -> None:
    assert say_over({"over_s": over_s, "rated_s": 36000}, 0.95) == said
