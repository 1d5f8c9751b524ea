"""When a camera is looked at: hours over midnight, weekdays, and the texts that say so."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from conftest import MADRID
from hypothesis import given
from hypothesis import strategies as st

from parkcore.cameras.schedule import WEEKDAYS, Schedule, read_interval, say_interval

WEEK = frozenset(range(7))
WORKDAYS = frozenset(range(5))
MIDNIGHT = time(0)

clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001
some_days = st.frozensets(st.sampled_from(range(7)), min_size=1)


def day(name: str, clock: str) -> datetime:
    """A moment of the week from Monday 4 May 2026 on."""
    hour, minute, *second = map(int, clock.split(":"))
    return datetime(2026, 5, 4 + WEEKDAYS.index(name), hour, minute, *second, tzinfo=MADRID)


NIGHT_OF_FRIDAY = Schedule(60, time(22), time(6), frozenset({4}))
OFFICE = Schedule(60, time(7), time(21, 30), WORKDAYS)


@pytest.mark.parametrize(
    "schedule, at, is_on",
    [
        (Schedule(), day("sun", "03:00"), True),
        (Schedule(weekdays=WORKDAYS), day("fri", "23:59:59"), True),
        (Schedule(weekdays=WORKDAYS), day("sat", "00:00"), False),
        (OFFICE, day("mon", "06:59:59"), False),
        (OFFICE, day("mon", "07:00"), True),
        (OFFICE, day("mon", "21:29:59"), True),
        (OFFICE, day("mon", "21:30"), False),
        (OFFICE, day("sat", "12:00"), False),
        (NIGHT_OF_FRIDAY, day("fri", "21:59:59"), False),
        (NIGHT_OF_FRIDAY, day("fri", "22:00"), True),
        (NIGHT_OF_FRIDAY, day("sat", "00:00"), True),
        (NIGHT_OF_FRIDAY, day("sat", "05:59:59"), True),
        (NIGHT_OF_FRIDAY, day("sat", "06:00"), False),
        (NIGHT_OF_FRIDAY, day("sat", "22:00"), False),
        (NIGHT_OF_FRIDAY, day("fri", "05:00"), False),
        (Schedule(60, time(22), time(6), frozenset({6})), day("mon", "05:00"), True),
        (Schedule(60, time(8), MIDNIGHT), day("mon", "23:59:59"), True),
        (Schedule(60, time(8), MIDNIGHT), day("mon", "00:00"), False),
        (Schedule(60, MIDNIGHT, time(6)), day("mon", "00:00"), True),
        (Schedule(60, time(9), time(9), frozenset({0})), day("mon", "08:00"), True),
        (Schedule(60, time(9), time(9), frozenset({0})), day("tue", "08:00"), False),
    ],
    ids=[
        "always",
        "the last second of the last day",
        "the next day",
        "a second too early",
        "from the first moment on",
        "the last second",
        "no more at the end",
        "not on this day",
        "before the night",
        "when the night begins",
        "midnight belongs to it",
        "so does the next morning",
        "until the end",
        "not the next night",
        "not the morning before it",
        "the night of Sunday ends on Monday",
        "until midnight",
        "and not from it on",
        "from midnight on",
        "equal hours are the whole day",
        "but only of its days",
    ],
)
def test_a_moment_of_the_week(schedule, at, is_on):
    assert schedule.is_on(at) is is_on


@given(clocks, clocks, some_days)
def test_a_week_is_on_for_as_many_hours_as_the_schedule_has(start, end, weekdays):
    schedule = Schedule(60, start, end, weekdays)
    first = datetime(2026, 5, 4)  # noqa: DTZ001 – a wall clock
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    step = 15
    looked = [schedule.is_on(first + timedelta(minutes=n)) for n in range(0, 7 * 24 * 60, step)]
    assert abs(step * sum(looked) - len(weekdays) * (minutes % 1440 or 1440)) <= 7 * step


@given(clocks, clocks, some_days, moments)
def test_what_is_off_one_way_round_is_on_the_other(start, end, weekdays, at):
    """Hours and their complement fill every day, as long as they are those of all days."""
    one, other = Schedule(60, start, end), Schedule(60, end, start)
    assert start == end or one.is_on(at) != other.is_on(at)
    with_rest = [Schedule(60, start, end, days) for days in (weekdays, WEEK - weekdays) if days]
    assert sum(each.is_on(at) for each in with_rest) == one.is_on(at), "each hour has one day"


READ = {
    "an interval alone": (("30s",), Schedule(30)),
    "hours": (("5m", "07:00-21:30"), Schedule(300, time(7), time(21, 30))),
    "an hour of one digit": (("60", "7:00-9:05"), Schedule(60, time(7), time(9, 5))),
    "a dash": (("60", "07:00–21:30"), Schedule(60, time(7), time(21, 30))),
    "spaces": ((" 60 s ", " 07:00 - 08:00 "), Schedule(60, time(7), time(8))),
    "until midnight": (("60", "08:00-24:00"), Schedule(60, time(8), MIDNIGHT)),
    "over midnight": (("60", "22:00-06:00"), Schedule(60, time(22), time(6))),
    "the whole day": (("60", "00:00-24:00"), Schedule(60)),
    "nothing is everything": (("60", " ", ""), Schedule(60)),
    "from day to day": (("1h", "", "mon-fri"), Schedule(3600, weekdays=WORKDAYS)),
    "single days": (("1h", "", "mon,wed"), Schedule(3600, weekdays=frozenset({0, 2}))),
    "spaces between days": (("1h", "", "mon, wed fri"),
                            Schedule(3600, weekdays=frozenset({0, 2, 4}))),
    "over the weekend": (("1h", "", "sat-mon"), Schedule(3600, weekdays=frozenset({5, 6, 0}))),
    "one day as from and to": (("1h", "", "fri-fri"), Schedule(3600, weekdays=frozenset({4}))),
    "both forms": (("1h", "", "mon-tue,sun"), Schedule(3600, weekdays=frozenset({0, 1, 6}))),
    "whole names, any case": (("1h", "", "Monday-FRI"), Schedule(3600, weekdays=WORKDAYS)),
}  # fmt: skip


@pytest.mark.parametrize("words, expected", READ.values(), ids=READ.keys())
def test_a_schedule_is_read(words, expected):
    assert Schedule.read(*words) == expected


def wrong(*words: str) -> pytest.param:
    return pytest.param(words)


@pytest.mark.parametrize(
    "words",
    [
        ("60", "7-9"),
        ("60", "0700-2130"),
        ("60", "07:00"),
        ("60", "07:00-"),
        ("60", "25:00-06:00"),
        ("60", "07:60-08:00"),
        ("60", "07:00-08:00-09:00"),
        ("60", "morning"),
        wrong("60", "7.30-8.30"),
        wrong("60", "07:00,5-08:00"),
        wrong("60", "07:00Z-09:00Z"),
    ],
    ids=lambda words: words[1],
)
def test_hours_that_are_none(words):
    with pytest.raises(ValueError) as refused:
        Schedule.read(*words)
    assert str(refused.value) == f"{words[1]!r} are not hours; expected such as 07:00-21:30"


@pytest.mark.parametrize(
    "words",
    [
        ("60", "", "mo-fr"),
        ("60", "", "0-4"),
        ("60", "", "-fri"),
        ("60", "", "mon to fri"),
        ("60", "", "lunes"),
        wrong("60", "", "mon;tue"),
        wrong("60", "", "mon-fri-sun"),
    ],
    ids=lambda words: words[2],
)
def test_weekdays_that_are_none(words):
    with pytest.raises(ValueError) as refused:
        Schedule.read(*words)
    assert str(refused.value).startswith(f"{words[2]!r} are not weekdays; expected such as mon-fri")


def test_days_know_the_dash_that_hours_know():
    assert Schedule.read("60", "", "mon–fri").weekdays == WORKDAYS


@pytest.mark.parametrize(
    "text, seconds",
    [("30", 30), ("30s", 30), ("5m", 300), ("5 min", 300), ("1h", 3600), (" 1.5H ", 5400)],
)
def test_an_interval_is_read(text, seconds):
    assert read_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5", "1d", "1e3", "nan", "inf", "1:30", "60 seconds"])
def test_an_interval_that_is_none(text):
    with pytest.raises(ValueError) as refused:
        read_interval(text)
    assert str(refused.value) == f"{text!r} is not an interval; expected such as 30s, 5m or 1h"


@given(st.integers(1, 24 * 3600))
def test_an_interval_is_read_as_it_is_said(seconds):
    assert read_interval(say_interval(seconds)) == seconds


@pytest.mark.parametrize("seconds", [0, 0.99, 86_400.5, -60, float("inf"), float("nan")])
def test_an_interval_has_bounds(seconds):
    with pytest.raises(ValueError, match="an interval is 1 second to 24 hours, but got"):
        Schedule(seconds)
    assert [Schedule(each).interval_s for each in (1, 86_400)] == [1, 86_400]


@pytest.mark.parametrize("weekdays", [frozenset(), frozenset({7}), frozenset({0, -1})])
def test_weekdays_have_bounds(weekdays):
    with pytest.raises(ValueError, match=r"one weekday or more, 0 \(Monday\) to 6, but got"):
        Schedule(weekdays=weekdays)


@pytest.mark.parametrize(
    "schedule, said, is_always",
    [
        (Schedule(), "every 1 min", True),
        (Schedule(90), "every 90 s", True),
        (Schedule(1.5), "every 1.5 s", True),
        (Schedule(7200, time(9), time(9)), "every 2 h", True),
        (OFFICE, "every 1 min, 07:00–21:30, Mon Tue Wed Thu Fri", False),
        (Schedule(30, time(22), time(6)), "every 30 s, 22:00–06:00", False),
        (Schedule(weekdays=frozenset({6, 5})), "every 1 min, Sat Sun", False),
    ],
)
def test_a_schedule_in_words(schedule, said, is_always):
    assert str(schedule) == said
    assert schedule.is_always is is_always
