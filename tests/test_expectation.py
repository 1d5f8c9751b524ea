"""What to expect of a lot, from its history: figures that are known beforehand, and refusals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import MADRID
from made_weeks import CAPACITY, NOW, ODD, looks, record, taken

from parkcore.errors import NotEnoughHistory, UnknownLot
from parkcore.history import expect_charts
from parkcore.history import expectation_words as words
from parkcore.history.expectation import Expectation, Rules, expect
from parkcore.history.forecast import backtest
from parkcore.history.space_change import change_spaces
from parkcore.store import Store

RULES = Rules(MADRID, 0.95)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("expectation") / "parkcore.db"
    record(path, looks())
    return path


@pytest.fixture
def seen(db: Path) -> Expectation:
    with Store.open(db) as store:
        return expect(store, "yard", NOW, RULES)


@contextmanager
def another(
    path: Path, cars: Callable[[pd.Timestamp], int | None] = taken, **options: object
) -> Iterator[Store]:
    """A history of other looks."""
    record(path / "parkcore.db", looks(cars, **options))
    with Store.open(path / "parkcore.db") as store:
        yield store


def at(time: str) -> pd.Timestamp:
    return pd.Timestamp(f"{NOW:%Y-%m-%d} {time}", tz=MADRID)


# -- today --------------------------------------------------------------------------------------


def test_full_by_and_what_that_rests_on(seen: Expectation) -> None:
    full = seen.full()
    assert words.say_full(seen, full).startswith("Full by about 09:10 (")
    assert (full.full, full.days) == (7, 8)
    assert "each of the last 8 Tuesdays, it would get full after 7 of them; the newest count" in (
        words.say_basis(seen, full)
    )


def test_today_is_compared_with_the_usual_at_this_time(seen: Expectation) -> None:
    found = seen.compared()
    assert found is not None
    assert (found.rate, found.usual) == pytest.approx((0.32, 0.20))
    assert words.say_compared(seen) == "32 % taken: 12 points fuller than usual at this time"


def test_not_expected_to_be_full_and_how_often_it_was(tmp_path: Path) -> None:
    wednesday = NOW + pd.DateOffset(days=1)
    with another(tmp_path, until=wednesday) as store:
        seen = expect(store, "yard", wednesday, RULES)
    said = words.say_full(seen, seen.full())
    assert said == "Not expected to be full today (it was on 1 of 8 Wednesdays)"


def test_most_days_but_not_the_newest_ones(tmp_path: Path) -> None:
    """Five of eight weeks, of which the newest three count 2.2 of 3.2."""

    def cars(wall: pd.Timestamp) -> int:
        is_full = wall < NOW - pd.DateOffset(days=22) and wall.hour >= 9
        return 100 if is_full else 20

    with another(tmp_path, cars) as store:
        seen = expect(store, "yard", NOW, RULES)
    assert words.say_full(seen, seen.full()) == (
        "Rather not full today: a chance of 31 % (it was on 5 of 8 Tuesdays)"
    )
    assert "after 5 of them; the newest count most, which makes a chance of 31 %." in (
        words.say_basis(seen, seen.full())
    )


@pytest.mark.parametrize(
    "time, said",
    [
        ("10:00", "Full now, since 09:10"),
        ("20:00", "Not expected to be full again today"),
    ],
)
def test_a_lot_that_is_full_or_was(tmp_path: Path, time: str, said: str) -> None:
    def cars(wall: pd.Timestamp) -> int:
        is_full = wall.day_of_week == 1 and 550 <= 60 * wall.hour + wall.minute < 1080
        return 100 if is_full else 20

    with another(tmp_path, cars, until=at(time)) as store:
        seen = expect(store, "yard", at(time), RULES)
    assert words.say_full(seen, seen.full()) == said
    if time == "20:00":
        assert "It was full today from 09:10, for 8 h 50 min in all." in words.say_basis(
            seen, seen.full()
        )


def test_the_usual_curve_and_the_hours_ahead(seen: Expectation) -> None:
    curve = seen.usual().set_index("minute")
    assert curve.loc[[420, 720, 1260], "usual"].tolist() == pytest.approx([0.2, 1.0, 0.2])
    assert curve["weeks"].max() == 8
    ahead = seen.ahead()
    wall = ahead["at"].dt.tz_convert(MADRID)
    assert (wall.iloc[0], wall.iloc[-1]) == (at("07:30"), at("23:55"))
    evening = ahead.loc[wall.dt.hour == 22, ["expected", "low", "high"]]
    # What today lies above the usual has all but faded.
    assert (evening["expected"] - 0.2).between(0, 0.02).all()
    assert (evening["low"] <= evening["expected"]).all()
    assert (evening["expected"] <= evening["high"]).all()


def test_a_day_that_was_an_exception_is_found_and_can_be_left_out(db: Path) -> None:
    with Store.open(db) as store:
        with_it = expect(store, "yard", NOW, RULES)
        without = expect(store, "yard", NOW, replace(RULES, without=frozenset({ODD.date()})))
    assert with_it.unlike() == [ODD.date()]
    assert words.say_unlike(ODD.date()) == "Tue 21 Apr 2026 was unlike the other Tuesdays."
    assert without.unlike() == []
    assert (without.full().full, without.full().days) == (7, 7)
    assert without.week()[0].days == 7
    noon = without.usual().set_index("minute").loc[720]
    assert noon[["low", "high"]].tolist() == pytest.approx([1, 1])


def test_leaving_out_today_leaves_what_is_seen_now(db: Path, seen: Expectation) -> None:
    with Store.open(db) as store:
        without = expect(store, "yard", NOW, replace(RULES, without=frozenset({NOW.date()})))
    pd.testing.assert_frame_equal(without.ahead(), seen.ahead())
    assert without.full() == seen.full()


# -- the week ahead, and how good it is ---------------------------------------------------------


def test_the_week_ahead(seen: Expectation) -> None:
    week = {f"{day.day:%a}": day for day in seen.week()}
    assert list(week) == ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]
    assert seen.week()[0].day == date(2026, 6, 2)
    assert words.say_day(week["Thu"]) == "70 % from 10:00 (70–70 %)"
    assert words.say_full_days(week["Tue"]) == "full on 7 of 8 Tuesdays"
    assert words.say_full_days(week["Wed"]) == "full on 1 of 8 Wednesdays"
    assert words.say_full_days(week["Sat"]) == "full on 0 of 8 Saturdays"
    assert words.say_day(week["Sun"]) == "20 % from 00:00 (20–20 %)"


def test_the_back_test_is_that_of_its_hours_and_names_where_it_is_worse(seen: Expectation) -> None:
    found = seen.back_test()
    pd.testing.assert_frame_equal(found, backtest(seen.mean, MADRID, now=seen.present.now))
    row = next(found.itertuples())
    assert words.say_error(row) == (
        f"Over the last 28 days the forecast for 1 h ahead was off by {100 * row.error:.1f} points"
        f" on average; “same as last week” by {100 * row.naive_error:.1f}; the range held the truth"
        f" {100 * row.held:.0f} % of the time."
    )
    found["error"], found["naive_error"] = [0.03, 0.05, 0.06], [0.04, 0.05, 0.01]
    assert words.say_worse(found) == (
        "For 3 h and 24 h ahead it was no better than “same as last week”: look at last week"
        " instead."
    )
    assert words.say_worse(found.iloc[:1]) == ""


# -- what is there ------------------------------------------------------------------------------


def test_three_days_are_refused_with_what_there_is_to_do(tmp_path: Path) -> None:
    with another(tmp_path, since=NOW - pd.DateOffset(days=3)) as store:
        seen = expect(store, "yard", NOW, RULES)
        with pytest.raises(NotEnoughHistory, match=r"needs 7 days that were seen; there are 4"):
            change_spaces(store, "yard", NOW, RULES, change=-1, weeks=13)
    for tell in (seen.full, seen.ahead, lambda: words.record(seen)):
        with pytest.raises(NotEnoughHistory, match="After 3 more Tuesdays there will be one"):
            tell()
    assert seen.usual()["usual"].isna().all()
    assert words.say_compared(seen) == ("32 % taken; what is usual at this time is not known yet")
    assert {words.say_day(day) for day in seen.week()} == {"not known yet"}
    row = next(seen.back_test().itertuples())
    assert words.say_error(row) == "How good the forecast for 1 h ahead is, is not known yet."
    assert "today" in expect_charts.today_frame(seen)


def test_an_archive_takes_the_newest_photos_day_as_today(db: Path, seen: Expectation) -> None:
    with Store.open(db) as store:
        archive = expect(store, "yard", NOW + pd.DateOffset(days=200), RULES)
    assert archive.present.is_archive and not seen.present.is_archive
    assert archive.present.now == archive.present.newest == NOW
    assert archive.today == NOW.date()
    assert words.say_present(archive).startswith("The newest photo is of Tue 2 Jun 2026 at 07:30:")
    assert words.say_present(seen) == ""
    assert archive.full() == seen.full()


def test_an_outage_of_hours_is_said(db: Path) -> None:
    with Store.open(db) as store:
        late = expect(store, "yard", at("11:00"), RULES)
    assert not late.present.is_archive
    assert late.compared() is None
    assert words.say_compared(late) == (
        "How full it is now is not known: the newest photo is of Tue 2 Jun 2026 at 07:30"
    )
    assert late.ahead()["at"].iloc[0] <= at("11:00")


def test_captures_of_1970_and_of_the_future_change_nothing(
    tmp_path: Path, seen: Expectation
) -> None:
    odd = pd.to_datetime(["1970-01-01T00:00Z", "2026-06-02T09:00Z", "2031-01-01T00:00Z"])
    extra = looks().iloc[:3].assign(captured_at=odd, car=99)
    record(tmp_path / "parkcore.db", pd.concat([looks(), extra], ignore_index=True))
    with Store.open(tmp_path / "parkcore.db") as store:
        found = expect(store, "yard", NOW, RULES)
    assert found.present == seen.present
    pd.testing.assert_frame_equal(found.ahead(), seen.ahead())


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    record(tmp_path / "parkcore.db", looks(until=NOW - pd.DateOffset(weeks=8)), capacity=None)
    with Store.open(tmp_path / "parkcore.db") as store:
        with pytest.raises(UnknownLot):
            expect(store, "nowhere", NOW, RULES)
        with pytest.raises(NotEnoughHistory, match="number of spaces"):
            expect(store, "yard", NOW, RULES)
        with pytest.raises(NotEnoughHistory, match="capacity"):
            change_spaces(store, "yard", NOW, RULES, change=-1, weeks=13)
        with pytest.raises(NotEnoughHistory, match="no photo of this lot"):
            expect(store, "yard", pd.Timestamp("2020-01-01", tz=MADRID), RULES)


def test_photos_that_were_thinned_leave_the_hours(tmp_path: Path, seen: Expectation) -> None:
    with another(tmp_path) as store:
        fine = expect(store, "yard", NOW, RULES)
        db = sqlite3.connect(tmp_path / "parkcore.db")
        with db:
            db.execute("delete from snapshots where captured_at < '2026-06-01'")
        db.close()
        coarse = expect(store, "yard", NOW, RULES)
    assert (fine.line.slot_min, coarse.line.slot_min) == (5, 60)
    assert words.say_full(coarse, coarse.full()).startswith("Full by about 10:00 (")
    pd.testing.assert_frame_equal(coarse.back_test(), seen.back_test())


# -- odd days of the clock ----------------------------------------------------------------------


@pytest.mark.parametrize("day, hours", [("2026-03-29", 23), ("2026-10-25", 25)])
def test_odd_days_are_those_of_the_wall_clock(tmp_path: Path, day: str, hours: int) -> None:
    midnight = pd.Timestamp(day, tz=MADRID)
    noon = pd.Timestamp(f"{day} 12:00", tz=MADRID)

    def cars(wall: pd.Timestamp) -> int:
        return 100 if wall.day_of_week == 6 and wall.hour >= 15 else wall.hour

    with another(
        tmp_path, cars, since=midnight - pd.DateOffset(weeks=5), until=noon, minutes=30
    ) as store:
        start = expect(store, "yard", midnight + pd.Timedelta(minutes=1), RULES)
        seen = expect(store, "yard", noon, RULES)
    assert start.midnight == midnight
    assert len(start.ahead()) == 12 * hours
    assert words.say_full(seen, seen.full()) == "Full by about 15:00 (15:00–15:00)"
    frame = expect_charts.today_frame(seen)
    assert len(frame) == 288
    by_clock = frame.set_index("clock")
    assert by_clock.loc["01:00", "today"] == pytest.approx(0.01)
    assert by_clock.loc["11:00", "today"] == pytest.approx(0.11)
    assert by_clock.loc["02:30", "today"] == pytest.approx(0.02) or hours == 23
    assert pd.isna(by_clock.loc["02:30", "today"]) == (hours == 23)
    assert by_clock.loc["16:00", "expected"] == pytest.approx(1, abs=0.01)


# -- what if ------------------------------------------------------------------------------------


def test_what_if_by_hand(db: Path) -> None:
    with Store.open(db) as store:
        fewer = change_spaces(store, "yard", NOW, RULES, change=-27, weeks=4)
        more = change_spaces(store, "yard", NOW, RULES, change=10, weeks=4)
    # Tuesdays from 09:10 to 18:00, and one of four Wednesdays.
    full_h = (1 + 1 / 4) * (8 + 50 / 60)
    # 95 % of 73 spaces are 69.35: then it is full on all five working days.
    assert fewer.found.now_h == pytest.approx(full_h, abs=0.01)
    assert fewer.found.then_h == pytest.approx(5 * (8 + 50 / 60), abs=0.01)
    assert fewer.found.capacity == CAPACITY
    assert (fewer.first, fewer.last) == (date(2026, 5, 5), date(2026, 6, 2))
    assert more.found.then_h == 0
    assert words.say_changed(fewer, RULES) == (
        "Tue 5 May 2026 – Tue 2 Jun 2026. Now there are 100 spaces, and the lot is full when"
        " 95 % of them are taken."
    )


def test_what_if_leaves_days_out(db: Path) -> None:
    rules = replace(RULES, without=frozenset({date(2026, 5, 13)}))
    with Store.open(db) as store:
        found = change_spaces(store, "yard", NOW, rules, change=-1, weeks=4).found
    assert found.now_h == pytest.approx(8 + 50 / 60, abs=0.01)


def test_what_if_goes_by_the_spaces_of_the_newest_day(tmp_path: Path) -> None:
    with another(tmp_path) as store:
        lot = store.lot("yard")
        since = NOW - pd.DateOffset(days=2)
        store.change_lot(replace(lot, capacity=80), capacity_since=since.to_pydatetime())
        found = change_spaces(store, "yard", NOW, RULES, change=-1, weeks=4).found
        with pytest.raises(ValueError, match="of 80 spaces a change by -80 leaves none"):
            change_spaces(store, "yard", NOW, RULES, change=-80, weeks=4)
    assert found.capacity == 80


# -- the chart ----------------------------------------------------------------------------------


def test_the_chart_is_on_the_sites_wall_clock_and_small(seen: Expectation) -> None:
    frame = expect_charts.today_frame(seen)
    spec = expect_charts.today_chart(seen, frame).to_dict()
    assert sum(len(rows) for rows in spec["datasets"].values()) <= 5000
    scales = [layer["encoding"]["x"].get("scale") for layer in spec["layer"][:3]]
    assert all(scale["type"] == "utc" for scale in scales)
    nows = [rows for rows in spec["datasets"].values() if rows[0].get("said") == "now 07:30"]
    assert nows[0][0]["at"].startswith("2026-06-02T07:30:00")
    last = frame[frame["today"].notna()].iloc[-1]
    assert (last["clock"], last["today"]) == ("07:25", pytest.approx(0.32))
    assert frame[frame["expected"].notna()]["clock"].iloc[0] == "07:30"
    noon = frame.set_index("clock").loc["12:00"]
    assert noon["usual"] == pytest.approx(1.0)


def test_a_chart_of_nothing_is_possible(tmp_path: Path) -> None:
    with another(
        tmp_path, since=NOW - pd.DateOffset(days=2), until=NOW - pd.DateOffset(days=1)
    ) as (store):
        seen = expect(store, "yard", NOW, RULES)
    frame = expect_charts.today_frame(seen)
    assert frame[["usual", "expected"]].isna().all(axis=None)
    expect_charts.today_chart(seen, frame).to_dict()
