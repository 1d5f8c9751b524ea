"""What to expect: hand-computed tables, the wall clock's odd days, refusals, and the back-test."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from conftest import MADRID
from generated_year import KINDS, REAL_KINDS, Kind, as_points, fleet, lot_year
from hypothesis import given
from hypothesis import strategies as st

from parkcore.errors import NotEnoughHistory, ParkcoreError
from parkcore.history.forecast import backtest, end_of_day, forecast, full_by
from parkcore.history.seasonal import EXPLAINED, FADE_H, WEEKS, weighted_quantile
from parkcore.history.timeline import Timeline, WallClock
from parkcore.history.usual import usual
from parkcore.history.what_if import what_if

MONDAY = pd.Timestamp("2026-06-01", tz=MADRID)
KOLKATA = ZoneInfo("Asia/Kolkata")


def hours(
    rate: Callable[[pd.Timestamp], float | None],
    *,
    until: pd.Timestamp = MONDAY,
    days: int = 63,
    zone: ZoneInfo = MADRID,
) -> Timeline:
    """A lot of 100 places that was seen whenever `rate` of the wall clock's hour is a number."""
    first = until.tz_convert(zone) - pd.DateOffset(days=days)
    wall = pd.date_range(first, until, freq="h", inclusive="left")
    rates = [rate(hour) for hour in wall]
    frame = pd.DataFrame({"hour": wall.tz_convert("UTC"), "mean_rate": rates}, dtype=object)
    frame["seen_s"] = [0 if value is None else 3600 for value in rates]
    frame["mean_taken"] = [None if value is None else 100 * value for value in rates]
    return Timeline.from_hours(frame)


def day_curve(hour: pd.Timestamp) -> float:
    """Another rate at each hour, the same on all days."""
    return hour.hour / 50


def points(*steps: tuple[str, float | None], capacity: int | None = 20) -> pd.DataFrame:
    at = pd.to_datetime([f"2026-05-04T{time}Z" for time, _ in steps])
    taken = pd.Series([taken for _, taken in steps], dtype=float)
    return pd.DataFrame({"at": at, "taken": taken, "rate": taken / (capacity or math.nan)})


def mornings(minutes: list[int | None], *, until: pd.Timestamp = MONDAY) -> Timeline:
    """Five-minute slots of the same weekday of past weeks, the newest first: at 20 % until so
    many minutes after the local midnight, then full; None: never."""
    rows = []
    for week, full_after in enumerate(minutes, start=1):
        start = until - pd.DateOffset(weeks=week)
        for at in pd.date_range(start, start + pd.DateOffset(days=1), freq="5min")[:-1]:
            past = 60 * at.hour + at.minute
            rate = 1.0 if full_after is not None and past >= full_after else 0.2
            rows.append({"at": at.tz_convert("UTC"), "taken": 100 * rate, "rate": rate})
        rows.append({"at": start + pd.DateOffset(days=1), "taken": math.nan, "rate": math.nan})
    frame = pd.DataFrame(rows)
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return Timeline.from_points(frame)


# -- slots --------------------------------------------------------------------------------------


def test_steps_become_means_over_the_time_seen():
    steps = points(("08:00:00", 10), ("08:30:00", None), ("08:45:00", 20), ("09:15:00", 0))
    slots = Timeline.from_points(steps, slot_min=60).slots
    assert slots["at"].tolist() == [
        pd.Timestamp("2026-05-04T08:00Z"),
        pd.Timestamp("2026-05-04T09:00Z"),
    ]
    assert slots["seen_s"].tolist() == [2700, 900]
    assert slots["taken"].tolist() == pytest.approx([(30 * 10 + 15 * 20) / 45, 20])
    assert slots["rate"].tolist() == pytest.approx([(30 * 0.5 + 15 * 1.0) / 45, 1])


def test_a_step_inside_a_five_minute_slot_is_weighted():
    slots = Timeline.from_points(points(("08:00:00", 10), ("08:06:00", 20), ("08:10:00", 0))).slots
    assert slots["taken"].tolist() == pytest.approx([10, (1 * 10 + 4 * 20) / 5])
    assert slots["seen_s"].tolist() == [300, 300]


def test_the_order_of_the_points_does_not_matter():
    steps = points(("08:00:00", 10), ("08:06:00", None), ("08:07:00", 4), ("08:20:00", 0))
    expected = Timeline.from_points(steps).slots
    pd.testing.assert_frame_equal(Timeline.from_points(steps.iloc[::-1]).slots, expected)


@pytest.mark.parametrize(
    "steps",
    [[], [("08:00:00", 3)], [("08:00:00", None), ("09:00:00", None)]],
    ids=["nothing", "one look stands for no time", "nothing but gaps"],
)
def test_no_slots(steps):
    timeline = Timeline.from_points(points(*steps))
    assert timeline.slots.empty
    assert timeline.slot_min == 5
    with pytest.raises(NotEnoughHistory):
        forecast(timeline, MONDAY, MADRID, MONDAY + pd.Timedelta(hours=5))
    assert usual(timeline, MADRID, 0)["usual"].isna().all()
    assert backtest(timeline, MADRID)["slots"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("slot_min", [0, -5, 7, 90])
def test_a_slot_is_a_part_of_an_hour(slot_min):
    with pytest.raises(ValueError, match="whole part of an hour"):
        Timeline.from_points(points(("08:00:00", 1)), slot_min=slot_min)


def test_a_barely_seen_slot_says_nothing_of_its_hour():
    steps = points(("08:00:00", 10), ("08:20:00", None), ("09:00:00", 20), ("10:00:00", 0))
    timeline = Timeline.from_points(steps, slot_min=60)
    assert len(timeline.slots) == 2
    assert timeline.well_seen["rate"].tolist() == [1.0]


# -- the wall clock -----------------------------------------------------------------------------


def test_the_day_with_23_hours_lacks_one():
    spring = pd.Timestamp("2026-03-29", tz=MADRID)
    wall = WallClock.of(hours(day_curve, until=spring + pd.DateOffset(days=1), days=2), MADRID)
    assert np.flatnonzero(np.isnan(wall.rates)).tolist() == [24 + 2]
    assert wall.rates[1, [1, 3, 12]].tolist() == pytest.approx([1 / 50, 3 / 50, 12 / 50])


def test_the_hour_that_comes_twice_is_the_mean_of_both():
    autumn = pd.Timestamp("2026-10-25", tz=MADRID)

    def rate(hour: pd.Timestamp) -> float:
        return 0.9 if hour.hour == 2 and hour.utcoffset() == timedelta(hours=2) else 0.1

    wall = WallClock.of(hours(rate, until=autumn + pd.DateOffset(days=1), days=1), MADRID)
    assert wall.rates[0, [1, 2, 3]].tolist() == pytest.approx([0.1, 0.5, 0.1])


@pytest.mark.parametrize("day, count", [("2026-03-29", 23), ("2026-10-25", 25)])
def test_odd_days_are_forecast_by_the_wall_clock(day, count):
    midnight = pd.Timestamp(day, tz=MADRID)
    end = midnight + pd.DateOffset(days=1)
    ahead = forecast(hours(day_curve, until=midnight), midnight, MADRID, end)
    wall = ahead["at"].dt.tz_convert(MADRID)
    assert len(ahead) == count
    assert ahead["expected"].tolist() == pytest.approx([day_curve(hour) for hour in wall])


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_full_by_is_right_on_odd_days(day):
    midnight = pd.Timestamp(day, tz=MADRID)
    said = full_by(mornings([550] * 8, until=midnight), midnight, MADRID)
    assert said.text(MADRID).startswith("full by about 09:10 (09:10–09:10)")


def test_hours_that_start_at_half_past():
    end = pd.Timestamp("2026-06-01 00:30", tz=KOLKATA)
    timeline = hours(lambda hour: hour.hour / 50, until=end, zone=KOLKATA)
    assert usual(timeline, KOLKATA, 2)["minute"].tolist() == [60 * hour + 30 for hour in range(24)]
    now = pd.Timestamp("2026-06-01 00:40", tz=KOLKATA)
    ahead = forecast(timeline, now, KOLKATA, now + pd.Timedelta(hours=3))
    assert ahead["at"].iloc[0] == end
    assert ahead["expected"].tolist() == pytest.approx([0, 1 / 50, 2 / 50, 3 / 50])


# -- the usual day ------------------------------------------------------------------------------


def newer(*rates: float | None) -> Callable[[pd.Timestamp], float | None]:
    """The Mondays before `MONDAY` have these rates, the newest first; other days have 0."""

    def rate(hour: pd.Timestamp) -> float | None:
        if hour.day_of_week:
            return 0.0
        weeks = (MONDAY.date() - hour.date()).days // 7
        return rates[weeks - 1] if 0 < weeks <= len(rates) else None

    return rate


def test_the_usual_curve_by_hand():
    curve = usual(hours(newer(0.9, 0.4, 0.2)), MADRID, 0)
    # Weights 1, 2**-0.5 and 0.5: in order of size the rates stand at 0.25, 0.854 and 1.707 of
    # 2.207; its half, 1.104, lies 0.293 of the way from the second to the third.
    assert curve["usual"].tolist() == pytest.approx([0.4 + 0.5 * 0.2929] * 24, abs=1e-4)
    assert curve["low"].tolist() == pytest.approx([0.2] * 24)
    assert curve["high"].tolist() == pytest.approx([0.9] * 24)
    assert curve["weeks"].tolist() == [3] * 24
    assert curve["minute"].tolist() == list(range(0, 1440, 60))


def test_only_the_last_weeks_count():
    ten = hours(newer(*[0.5] * WEEKS, 1.0, 1.0), days=77)
    curve = usual(ten, MADRID, 0)
    assert curve["weeks"].max() == WEEKS
    assert curve["high"].max() == 0.5


def test_today_is_not_held_against_itself():
    with_today = hours(
        lambda hour: 1.0 if hour >= MONDAY else 0.5, until=MONDAY + pd.Timedelta(hours=10)
    )
    assert usual(with_today, MADRID, 0, before=MONDAY)["high"].max() == 0.5
    assert usual(with_today, MADRID, 0)["high"].iloc[0] > 0.5


def test_an_exception_is_left_out():
    timeline = hours(newer(1.0, *[0.5] * 5))
    curve = usual(timeline, MADRID, 0, without=[date(2026, 5, 25), date(1999, 1, 1)])
    assert curve["high"].max() == 0.5
    assert curve["weeks"].max() == 5


def test_a_slot_that_was_never_seen_has_no_usual():
    curve = usual(hours(lambda hour: 0.5 if 8 <= hour.hour < 20 else None), MADRID, 0)
    assert curve["usual"].notna().tolist() == [8 <= hour < 20 for hour in range(24)]
    assert curve["weeks"].iloc[0] == 0


# -- the hours ahead ----------------------------------------------------------------------------


def test_alike_days_are_forecast_exactly():
    now = MONDAY + pd.Timedelta(hours=9, minutes=20)
    timeline = hours(day_curve, until=now.floor("h"))
    ahead = forecast(timeline, now, MADRID, MONDAY + pd.Timedelta(hours=12))
    assert ahead["at"].dt.tz_convert(MADRID).dt.hour.tolist() == [9, 10, 11]
    for column in ("expected", "low", "high"):
        assert ahead[column].tolist() == pytest.approx([9 / 50, 10 / 50, 11 / 50])


def test_what_today_lies_above_is_carried_on_and_fades():
    now = MONDAY + pd.Timedelta(hours=9)
    timeline = hours(lambda hour: 0.6 if hour >= MONDAY else 0.5, until=now)
    ahead = forecast(timeline, now, MADRID, now + pd.Timedelta(hours=3))
    expected = [0.5 + 0.1 * math.exp(-lead_h / FADE_H) for lead_h in (1, 2, 3)]
    assert ahead["expected"].tolist() == pytest.approx(expected)


def test_an_outage_today_lets_the_distance_fade_on():
    now = MONDAY + pd.Timedelta(hours=9)

    def rate(hour: pd.Timestamp) -> float | None:
        if hour >= MONDAY + pd.Timedelta(hours=5):
            return None
        return 0.6 if hour >= MONDAY else 0.5

    ahead = forecast(hours(rate, until=now), now, MADRID, now + pd.Timedelta(hours=1))
    assert ahead["expected"].tolist() == pytest.approx([0.5 + 0.1 * math.exp(-5 / FADE_H)])


def test_the_range_spans_what_past_days_were_off_and_not_below_zero():
    timeline = hours(newer(0.0, 0.3, 0.05, 0.2, 0.0, 0.3, 0.1, 0.1))
    ahead = forecast(timeline, MONDAY, MADRID, MONDAY + pd.Timedelta(days=1))
    assert (ahead["low"] >= 0).all()
    assert (ahead["low"] < ahead["expected"]).all()
    assert (ahead["high"] > ahead["expected"]).all()


def test_the_range_by_hand():
    ahead = forecast(hours(newer(0.68, 0.58, 0.54)), MONDAY, MADRID, MONDAY + pd.Timedelta(hours=1))
    # Judged by the two others each week was off by 0.1166, −0.0533 and −0.0986; three weeks
    # make that 1.1 + 6 / 9 times as wide.
    found = ahead[["expected", "low", "high"]].iloc[0].tolist()
    wider = 1.1 + 6 / 9
    expected = [0.6093, 0.6093 - wider * 0.0986, 0.6093 + wider * 0.1166]
    assert found == pytest.approx(expected, abs=2e-4)


def test_a_forecast_ends_at_what_fits_unless_more_was_seen():
    now = MONDAY + pd.Timedelta(hours=9)

    def fuller(usual: float, today: float) -> list[float]:
        timeline = hours(lambda hour: today if hour >= MONDAY else usual, until=now)
        ahead = forecast(timeline, now, MADRID, now + pd.Timedelta(hours=1))
        return ahead[["expected", "high"]].iloc[0].tolist()

    assert fuller(0.98, 1.0) == pytest.approx([0.98 + 0.02 * math.exp(-1 / FADE_H)] * 2)
    assert fuller(1.1, 1.0) == pytest.approx([1.1 - 0.1 * math.exp(-1 / FADE_H)] * 2)

    def jump(hour: pd.Timestamp) -> float:
        return 0.5 if hour >= MONDAY else 0.2 if hour.hour < 9 else 0.9

    ahead = forecast(hours(jump, until=now), now, MADRID, now + pd.Timedelta(hours=1))
    assert ahead[["expected", "high"]].iloc[0].tolist() == [1.0, 1.0]


def test_a_missing_week_is_left_out():
    timeline = hours(newer(0.5, None, 0.5, None, 0.5))
    ahead = forecast(timeline, MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4))
    assert ahead["expected"].tolist() == pytest.approx([0.5] * 4)


def test_a_lot_that_is_looked_at_in_opening_hours_only_is_forecast_in_them():
    opened = hours(lambda hour: 0.5 if 10 <= hour.hour < 16 else None)
    ahead = forecast(opened, MONDAY, MADRID, MONDAY + pd.Timedelta(days=1))
    known = ahead.dropna()["at"].dt.tz_convert(MADRID)
    assert known.dt.hour.tolist() == list(range(10, 16))


def test_constantly_full_stays_full():
    timeline = hours(lambda hour: 1.0)
    ahead = forecast(timeline, MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4))
    assert ahead[["expected", "low", "high"]].to_numpy().tolist() == [[1.0] * 3] * 4
    assert full_by(timeline, MONDAY, MADRID).text(MADRID) == "full now"
    found = backtest(timeline, MADRID, days=7)
    assert found["error"].tolist() == [0, 0, 0]
    assert found["held"].tolist() == [1, 1, 1]


def test_captures_of_1970_and_of_the_future_change_nothing():
    timeline = hours(day_curve)
    odd = pd.DataFrame(
        {
            "hour": pd.to_datetime(["1970-01-01T00:00Z", "2026-06-01T09:00Z", "2031-01-01T00:00Z"]),
            "seen_s": 3600.0,
            "mean_rate": 5.0,
            "mean_taken": 500.0,
        }
    )
    slots = pd.concat([timeline.slots, Timeline.from_hours(odd).slots]).sort_values("at")
    end = MONDAY + pd.Timedelta(hours=12)
    pd.testing.assert_frame_equal(
        forecast(Timeline(slots, 60), MONDAY, MADRID, end),
        forecast(timeline, MONDAY, MADRID, end),
    )
    now = MONDAY.tz_convert("UTC")
    pd.testing.assert_frame_equal(
        backtest(Timeline(slots, 60), MADRID, now=now), backtest(timeline, MADRID, now=now)
    )


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rates, there", [((0.5, 0.5), "2 of them were"), ((0.5,), "1 of them was"), ((), "none of")]
)
def test_too_little_history_is_refused_and_says_what_is_there(rates, there):
    with pytest.raises(NotEnoughHistory, match="needs 3 Mondays of the last 8 weeks") as refusal:
        forecast(hours(newer(*rates)), MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4))
    assert there in str(refusal.value)
    assert isinstance(refusal.value, ParkcoreError)


def test_three_same_weekdays_are_enough():
    timeline = hours(newer(0.5, 0.5, 0.5))
    assert len(forecast(timeline, MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4))) == 4


def test_days_of_which_little_was_seen_do_not_count():
    def rate(hour: pd.Timestamp) -> float | None:
        return 0.5 if hour >= MONDAY - pd.DateOffset(weeks=2) or hour.hour < 11 else None

    with pytest.raises(NotEnoughHistory, match="2 of them were"):
        forecast(hours(rate), MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4))


def test_history_that_is_older_than_the_weeks_is_refused():
    later = MONDAY + pd.DateOffset(weeks=6)
    with pytest.raises(NotEnoughHistory):
        forecast(hours(newer(*[0.5] * 8)), later, MADRID, later + pd.Timedelta(hours=4))


def test_exceptions_are_no_history():
    left_out = [date(2026, 5, 25), date(2026, 5, 18)]
    with pytest.raises(NotEnoughHistory):
        forecast(
            hours(newer(0.5, 0.5, 0.5, 0.5)), MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4),
            without=left_out,
        )  # fmt: skip


def test_a_lot_without_a_capacity_has_no_forecast():
    timeline = hours(day_curve)
    timeline.slots["rate"] = math.nan
    with pytest.raises(NotEnoughHistory):
        forecast(timeline, MONDAY, MADRID, MONDAY + pd.Timedelta(hours=4))
    with pytest.raises(NotEnoughHistory, match="capacity"):
        what_if(timeline.slots, MADRID, capacity=None, change=-1)
    assert backtest(timeline, MADRID)["slots"].sum() == 0


@pytest.mark.parametrize("hours_ahead", [0, -1, 24 * 7])
def test_a_forecast_ends_after_now_and_within_a_week(hours_ahead):
    with pytest.raises(ValueError, match="a forecast"):
        forecast(hours(day_curve), MONDAY, MADRID, MONDAY + pd.Timedelta(hours=hours_ahead))


# -- full by ------------------------------------------------------------------------------------


def test_full_by_is_the_middle_of_the_past_days_with_their_range():
    # Nine o'clock and 10, 20 … minutes later; the newest weeks are the earliest. In order their
    # weights stand at 0.5, 1.35, 1.96 … of 3.20, so that the middle is four minutes past 9:10.
    past = mornings([540, 550, 560, 570, 580, 590, 600, 610])
    said = full_by(past, MONDAY, MADRID)
    assert said.at is not None and said.earliest is not None and said.latest is not None
    assert said.at.tz_convert(MADRID).strftime("%H:%M") == "09:15"
    assert said.earliest <= said.at <= said.latest
    assert said.latest.tz_convert(MADRID) > MONDAY + pd.Timedelta(hours=9, minutes=40)
    assert (said.probability, said.full, said.days) == (1.0, 8, 8)
    assert said.text(MADRID).startswith("full by about 09:15 (08:55–")
    assert said.text(MADRID).endswith("as on 8 of the last 8 such days")


def test_a_lot_that_rarely_fills_is_not_expected_to():
    said = full_by(mornings([None, None, None, 540, None, None, 540, None]), MONDAY, MADRID)
    assert said.at is None
    assert (said.full, said.days) == (2, 8)
    assert 0 < said.probability < 0.3
    assert said.text(MADRID) == (
        "not expected to be full (on 2 of the last 8 such days it would be)"
    )


def test_a_threshold_that_is_never_reached():
    said = full_by(mornings([540] * 8), MONDAY, MADRID, threshold=1.2)
    assert (said.at, said.probability, said.full) == (None, 0.0, 0)


def test_full_by_until_noon_does_not_look_further():
    said = full_by(mornings([800] * 8), MONDAY, MADRID, until=MONDAY + pd.Timedelta(hours=12))
    assert said.at is None


def test_full_by_of_a_lot_that_is_looked_at_in_some_hours_only():
    timeline = hours(lambda hour: hour.hour / 10 if 7 <= hour.hour < 11 else None)
    said = full_by(timeline, MONDAY, MADRID)
    assert said.text(MADRID).startswith("full by about 10:00")
    assert said.days == 8
    late = full_by(timeline, MONDAY - pd.Timedelta(hours=9), MADRID)
    assert (late.at, late.days) == (None, 0)
    assert late.text(MADRID) == "not known: these hours were never seen"


def test_the_day_ends_where_midnight_does_not_exist():
    cairo = ZoneInfo("Africa/Cairo")
    now = pd.Timestamp("2026-04-23 20:00", tz=cairo)
    assert end_of_day(now, cairo) == pd.Timestamp("2026-04-24 01:00", tz=cairo)


def test_full_by_refuses_as_the_forecast_does():
    with pytest.raises(NotEnoughHistory):
        full_by(mornings([540, 540]), MONDAY, MADRID)


# -- the back-test ------------------------------------------------------------------------------


def line(kind: Kind, seed: int = 3) -> Timeline:
    return Timeline.from_points(as_points(lot_year(seed, kind, 120, days=200), 120), slot_min=60)


def test_errors_by_hand():
    def rate(hour: pd.Timestamp) -> float:
        return 0.5 if hour < MONDAY - pd.Timedelta(days=7) else 0.7

    found = backtest(hours(rate), MADRID, ahead=[pd.Timedelta(days=1)], days=6)
    # All six days lie in the first week after the change, so that the usual is still the old
    # level. The first slot was forecast before the change; for the others the change was seen
    # in the slot that began 25 hours before, and has faded since.
    assert found["slots"].tolist() == [6 * 24]
    assert found["naive_error"].tolist() == pytest.approx([0.2])
    faded = 0.2 * math.exp(-25 / FADE_H)
    assert found["error"].tolist() == pytest.approx([(0.2 + 143 * (0.2 - faded)) / 144])
    assert found["held"].tolist() == [0]


def test_the_naive_guess_is_that_of_a_week_before():
    rising = hours(lambda hour: 0.02 * ((hour.date() - date(2026, 1, 5)).days // 7))
    assert backtest(rising, MADRID, days=7)["naive_error"].tolist() == pytest.approx([0.02] * 3)


@pytest.mark.parametrize("kind", REAL_KINDS)
def test_it_beats_last_week_on_car_parks(kind):
    found = backtest(line(kind), MADRID, days=None)
    assert (found["slots"] > 1500).all()
    assert (found["error"] < 0.97 * found["naive_error"]).all()


@pytest.mark.parametrize("kind", ["flat", "seasonal"])
def test_it_is_not_worse_where_there_is_nothing_to_learn(kind):
    found = backtest(line(kind), MADRID, days=None)
    assert (found["error"] <= 1.02 * found["naive_error"]).all()


def test_a_change_of_level_is_followed_within_weeks():
    found = backtest(line("broken"), MADRID, days=None)
    assert (found["error"] < 1.5 * found["naive_error"]).all()
    quiet = backtest(line("broken"), MADRID, days=14)
    assert (quiet["error"] < quiet["naive_error"]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_range_holds_about_what_it_claims(kind):
    held = backtest(line(kind), MADRID, days=None)["held"]
    assert held.between(0.72, 0.9).all()


def test_the_back_test_knows_nothing_of_what_came_later():
    whole = line("office")
    now = whole.slots["at"].iloc[0] + pd.Timedelta(days=120)
    changed = whole.slots.copy()
    changed.loc[changed["at"] >= now, "rate"] = 9.0
    pd.testing.assert_frame_equal(
        backtest(Timeline(changed, 60), MADRID, now=now),
        backtest(whole.between(None, now), MADRID, now=now),
    )


def test_each_slot_is_forecast_as_it_would_have_been_then():
    whole = line("office")
    last = whole.well_seen.iloc[-1]
    found = backtest(
        whole.between(None, last["at"] + pd.Timedelta(hours=1)), MADRID,
        ahead=[pd.Timedelta(hours=2)], now=last["at"] + pd.Timedelta(hours=1), days=1,
    )  # fmt: skip
    day = whole.well_seen[whole.well_seen["at"] >= last["at"] - pd.Timedelta(hours=23)]
    errors = []
    for at, rate in zip(day["at"], day["rate"], strict=True):
        now = at - pd.Timedelta(hours=2)
        ahead = forecast(whole, now, MADRID, at + pd.Timedelta(hours=1))
        errors.append(abs(ahead["expected"].iloc[-1] - rate))
    assert found["slots"].iloc[0] == len(errors)
    assert found["error"].iloc[0] == pytest.approx(np.mean(errors))


# -- what if ------------------------------------------------------------------------------------


def test_what_if_by_hand():
    # 100 places: each workday 4 hours with 85 taken and one with all.
    def rate(hour: pd.Timestamp) -> float:
        if hour.day_of_week >= 5:
            return 0.1
        return {9: 0.85, 10: 0.85, 11: 1.0, 12: 0.85, 13: 0.85}.get(hour.hour, 0.3)

    timeline = hours(rate, days=28)
    fewer = what_if(timeline.slots, MADRID, capacity=100, change=-20)
    assert (fewer.now_h, fewer.then_h, fewer.seen, fewer.unseen_h) == pytest.approx((5, 25, 1, 0))
    assert (
        "With 20 spaces fewer it would have been full 25.0 hours a week instead of 5.0 (100 %"
        in fewer.text
    )
    more = what_if(timeline.slots, MADRID, capacity=100, change=1)
    assert (more.now_h, more.then_h) == pytest.approx((5, 0))
    assert "was not seen" in more.text


def test_what_if_fills_an_outage_by_other_weeks_and_leaves_the_night_unknown():
    def rate(hour: pd.Timestamp) -> float | None:
        if hour.hour < 6 or hour.date() == date(2026, 5, 19):
            return None
        return 1.0 if hour.hour == 9 else 0.2

    told = what_if(hours(rate, days=28).slots, MADRID, capacity=100, change=-10)
    assert (told.now_h, told.then_h, told.unseen_h) == pytest.approx((7, 7, 42))
    # 27 of 28 days from six on, and the period starts with the first hour that was seen.
    assert told.seen == pytest.approx(27 * 18 / (28 * 24 - 6))
    assert "42 hours of the week never" in told.text


def test_what_if_is_weighted_by_time():
    steps = points(("08:00:00", 20), ("08:15:00", 5), ("09:00:00", 5))
    told = what_if(Timeline.from_points(steps).slots, UTC, capacity=20, change=-10)
    assert told.now_h == pytest.approx(0.25)
    assert told.unseen_h == 167


def test_what_if_is_exact_with_how_long_each_number_was_held():
    hour = pd.Timestamp("2026-05-04T08:00Z")
    held = pd.DataFrame({"at": [hour] * 3, "taken": [20, 12, 5], "seen_s": [900, 900, 1200]})
    told = what_if(held, UTC, capacity=20, change=-8)
    # Of the 50 minutes that were seen, 15 and 30.
    assert (told.now_h, told.then_h) == pytest.approx((0.3, 0.6))
    assert told.seen == pytest.approx(50 / 60)


def test_what_if_in_lots_that_are_full_from_another_rate_on():
    told = what_if(hours(lambda hour: 0.95).slots, MADRID, capacity=100, change=-2, full_rate=0.95)
    assert (told.now_h, told.then_h) == pytest.approx((168, 168))


@pytest.mark.parametrize("change", [-100, -101])
def test_a_lot_keeps_a_space(change):
    with pytest.raises(ValueError, match="leaves none"):
        what_if(hours(day_curve).slots, MADRID, capacity=100, change=change)


def test_what_if_of_nothing():
    with pytest.raises(NotEnoughHistory, match="nothing was seen"):
        what_if(hours(lambda hour: None).slots, MADRID, capacity=100, change=-1)


# -- its parts ----------------------------------------------------------------------------------


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9), st.integers(0, 5), st.floats(0.01, 0.99))
def test_with_equal_weights_quantiles_are_numpys(values, unknown, share):
    column = np.array([*values, *[math.nan] * unknown])[:, None]
    found = weighted_quantile(column, np.ones_like(column), share)[0]
    assert found == pytest.approx(np.quantile(values, share, method="hazen"))


def test_a_quantile_of_nothing_is_unknown():
    assert np.isnan(weighted_quantile(np.full((3, 2), math.nan), np.ones((3, 2)), 0.5)).all()


def test_the_model_is_explained_in_two_sentences():
    assert EXPLAINED.count(". ") == 1
    assert f"last {WEEKS} same weekdays" in EXPLAINED


# -- the generated year -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_year(kind):
    first, again = (lot_year(4, kind, 80, days=40, cameras=2) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(lot_year(5, kind, 80, days=40, cameras=2))


@pytest.mark.parametrize("kind", KINDS)
def test_a_year_looks_like_what_cameras_give(kind):
    looks = lot_year(2, kind, 80, cameras=2)
    labels = ["car", "motorcycle", "bus", "truck"]
    assert list(looks.columns) == ["captured_at", "camera", *labels]
    assert looks["captured_at"].dt.tz is UTC
    assert (looks[labels] >= 0).all().all()
    for _, camera in looks.groupby("camera"):
        steps = camera["captured_at"].diff().dropna()
        assert (steps > pd.Timedelta(0)).all()
        assert steps.median() == pytest.approx(pd.Timedelta(minutes=5), abs=timedelta(seconds=5))
        assert steps.max() > pd.Timedelta(hours=4)
    rate = as_points(looks, 80)["rate"]
    assert rate.min() >= 0 and 0.5 < rate.max() < 1.1


def test_the_kinds_have_their_days():
    def mean(kind: Kind, weekdays: set[int], hour: int) -> float:
        steps = as_points(lot_year(2, kind, 100, days=120), 100)
        wall = steps["at"].dt.tz_convert(MADRID)
        return steps["rate"][wall.dt.day_of_week.isin(weekdays) & (wall.dt.hour == hour)].mean()

    work, weekend = {0, 1, 2, 3}, {5, 6}
    assert mean("office", work, 11) > 0.75 > 0.2 > mean("office", weekend, 11)
    assert mean("shop", {5}, 18) > mean("shop", {1}, 18) > mean("shop", {6}, 18)
    assert mean("station", work, 10) > mean("station", weekend, 10) + 0.3
    assert mean("residential", work, 21) > mean("residential", work, 12) + 0.3
    assert mean("event", {5}, 21) > mean("event", {0}, 21) + 0.2


def test_holidays_are_like_sundays():
    steps = as_points(lot_year(1, "office", 100, days=10), 100)
    noon = steps[steps["at"].dt.hour == 11].groupby(steps["at"].dt.date)["rate"].mean()
    assert noon[date(2026, 1, 6)] < 0.25 < 0.6 < noon[date(2026, 1, 7)]


def test_without_a_capacity_there_is_no_rate():
    steps = as_points(lot_year(1, "shop", 50, days=5), None)
    assert steps["rate"].isna().all() and steps["taken"].notna().any()


def test_a_fleet_has_all_kinds_under_names_of_their_own():
    lots = list(fleet(lots=8, days=3))
    assert len({name for name, *_ in lots}) == 8
    assert {kind for _, kind, *_ in lots} == set(REAL_KINDS)
    assert [looks["camera"].nunique() for *_, looks in lots] == [2, 1, 1, 1, 1, 1, 1, 2]
    assert lots[0][3]["captured_at"].min() >= datetime(2025, 12, 31, 23, tzinfo=UTC)
