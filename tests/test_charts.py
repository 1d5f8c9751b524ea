"""Charts say what their figures say, on the site's clock."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from conftest import MADRID
from test_stats import MONDAY, after, days, hour

from parkcore.history import charts, stats, week_charts
from parkcore.history.ranges import MOST_POINTS, Days, fitting, usual

NAMES = {"north": "North", "south": "South"}


def drawn(*rows: dict, period: stats.Period = "hour", **options) -> pd.DataFrame:
    return stats.by_period(
        stats.hours_frame(rows), MADRID, period, threshold=0.8,
        within=stats.site_hours(*days(MONDAY), MADRID), **options,
    )  # fmt: skip


def three_hours() -> list[dict]:
    """Eight and nine o'clock, and eleven: ten was not seen."""
    return [hour(after(MONDAY, n), (n, 10, 60)) for n in (8, 9, 11)]


def marks(spec: dict, kind: str) -> dict:
    """The first layer of a chart that is drawn as lines, rects, ..."""
    return next(layer for layer in spec["layer"] if kind in (layer["mark"], layer["mark"]["type"]))


def rows_of(spec: dict, kind: str) -> list[dict]:
    return data_of(spec, marks(spec, kind))


def data_of(spec: dict, layer: dict) -> list[dict]:
    return spec["datasets"][layer.get("data", spec.get("data"))["name"]]


def test_times_are_the_sites_wall_clock_on_a_utc_scale() -> None:
    spec = charts.occupancy_lines(drawn(*three_hours()), NAMES, "hour").to_dict()
    assert rows_of(spec, "line")[0]["at"].startswith("2026-05-04T08:00")  # six in UTC
    scale = marks(spec, "line")["encoding"]["x"]["scale"]
    assert scale == {"type": "utc"}
    ends = data_of(spec, spec["layer"][0])
    assert [end["at"][:10] for end in ends] == ["2026-05-04", "2026-05-05"], "the whole day"
    assert rows_of(spec, "point")[0]["when"] == "Mon 4 May 2026 08:00"


def test_what_was_not_seen_is_a_gap() -> None:
    spec = charts.occupancy_lines(drawn(*three_hours()), NAMES, "hour").to_dict()
    line = [(row["at"][11:16], row["mean_rate"]) for row in rows_of(spec, "line")]
    assert line == [
        ("08:00", 0.8), ("09:00", 0.9), ("10:00", 0.9), ("10:00", None),
        ("11:00", 1.1), ("12:00", 1.1), ("12:00", None),
    ]  # fmt: skip


def test_every_figure_of_a_chart_tells_its_coverage() -> None:
    half = hour(after(MONDAY, 8), (4, 10, 30))
    spec = charts.occupancy_lines(drawn(half), NAMES, "hour").to_dict()
    [point] = rows_of(spec, "point")
    assert point["seen"] == "seen 30 min of 1 h (6 of 12 five-minute slots)"


@pytest.mark.parametrize(
    "rows, field",
    [
        ([hour(MONDAY, (3, 10, 60)), hour(MONDAY, (1, 5, 60), lot="south")], "mean_rate"),
        ([hour(MONDAY, (3, 10, 60)), hour(MONDAY, (1, None, 60), lot="south")], "mean_taken"),
        ([hour(MONDAY, (3, None, 60))], "mean_taken"),
        ([hour(MONDAY, (3, 10, 60)), hour(MONDAY, lot="south")], "mean_rate"),
    ],
    ids=[
        "rates where all numbers of spaces are known",
        "else vehicles",
        "no number of spaces at all",
        "a lot that was not seen does not matter",
    ],
)
def test_lots_are_compared_by_what_is_known_of_all(rows: list[dict], field: str) -> None:
    spec = charts.occupancy_lines(drawn(*rows), NAMES, "hour").to_dict()
    assert marks(spec, "line")["encoding"]["y"]["field"] == field


def test_each_of_ten_lots_has_its_own_colour() -> None:
    names = {f"lot {n}": f"Lot {9 - n}" for n in range(10)}
    rows = [hour(MONDAY, (3, 10, 60), lot=lot) for lot in names]
    spec = charts.occupancy_lines(drawn(*rows), names, "hour").to_dict()
    scale = marks(spec, "line")["encoding"]["color"]["scale"]
    assert len(set(scale["range"])) == len(scale["domain"]) == 10


def test_a_lot_fuller_than_full_is_drawn_whole() -> None:
    frame = drawn(hour(MONDAY, (15, 10, 60)))
    line = marks(charts.occupancy_lines(frame, NAMES, "hour").to_dict(), "line")
    area = marks(charts.sparkline(frame).to_dict(), "area")
    for layer in (line, area):
        assert layer["encoding"]["y"]["scale"]["domain"][1] >= 1.5


def test_bars_show_each_type_that_was_there_above_the_others() -> None:
    row = hour(MONDAY, (4, 10, 60)) | {"car_s": 3 * 3600, "truck_s": 3600}
    rows = rows_of(charts.types_bars(drawn(row), "hour").to_dict(), "rect")
    assert [(row["label"], row["y"], row["y2"]) for row in rows] == [
        ("car", 0, 3), ("truck", 3, 4),
    ]  # fmt: skip


def test_hours_over_the_threshold() -> None:
    frame = drawn(*three_hours(), period="day")
    spec = charts.over_bars(frame, NAMES, "day").to_dict()
    [bars] = [layer for layer in spec["layer"] if "y" in layer["encoding"]]
    assert [row["over_h"] for row in data_of(spec, bars)] == [3]


def test_the_heat_map_has_every_hour_of_the_week_seen_or_not() -> None:
    pattern = stats.week_pattern(stats.hours_frame(three_hours()), MADRID)
    spec = week_charts.week_heat(pattern, "Europe/Madrid").to_dict()
    rows = rows_of(spec, "rect")
    assert len(rows) == 168
    known = {(row["day"], row["time"]): row["label"] for row in rows if row["mean_rate"]}
    assert known == {("Mon", "08:00"): "80", ("Mon", "09:00"): "90", ("Mon", "11:00"): "110"}
    grey, coloured = (layer for layer in spec["layer"] if layer["mark"]["type"] == "rect")
    assert coloured["transform"] == [{"filter": "isValid(datum.mean_rate)"}]
    assert "transform" not in grey


def lightness(colour: str) -> float:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_fuller_is_darker_for_readers_who_see_no_colours() -> None:
    shades = [lightness(colour) for colour in week_charts.FULLNESS.values()]
    assert shades == sorted(shades, reverse=True)
    assert min(one - other for one, other in itertools.pairwise(shades)) > 15


def test_two_weeks_lie_over_each_other() -> None:
    later = [hour(after(MONDAY, 168 + 8), (2, 10, 60))]
    before, then = (
        stats.week_pattern(stats.hours_frame(rows), MADRID) for rows in (three_hours(), later)
    )
    spec = week_charts.week_lines(before, then, "Europe/Madrid").to_dict()
    rows = [row for row in rows_of(spec, "line") if row["mean_rate"] is not None]
    found = {(row["which"], row["at"]): row["mean_rate"] for row in rows}
    assert found["Before", 8] == 0.8 and found["After", 8] == 0.2
    assert found["Before", 12] == 1.1, "the last hour is as long as the others"


@pytest.mark.parametrize("period", stats.PERIODS)
def test_an_empty_history_makes_empty_charts(period: stats.Period) -> None:
    nothing = stats.by_period(stats.hours_frame([]), MADRID, period, threshold=0.8)
    for chart in (
        charts.occupancy_lines(nothing, {}, period),
        charts.sparkline(nothing, period),
        charts.over_bars(nothing, {}, period),
        charts.types_bars(nothing, period),
    ):
        chart.to_dict()
    pattern = stats.week_pattern(stats.hours_frame([]), MADRID)
    week_charts.week_heat(pattern, "UTC").to_dict()
    week_charts.week_lines(pattern, pattern, "UTC").to_dict()


def test_a_chart_of_a_year_has_no_more_points_than_it_may() -> None:
    year = Days(MONDAY.date(), MONDAY.date() + timedelta(days=364))
    start = datetime(2026, 5, 3, 22, tzinfo=UTC)
    rows = [hour(start + timedelta(hours=n), (n % 9, 10, 60)) for n in range(0, 8760, 2)]
    for period in fitting(year, 1):
        frame = stats.by_period(stats.hours_frame(rows), MADRID, period)
        assert len(frame) <= MOST_POINTS
    assert "hour" not in fitting(year, 1)
    assert usual(year, 1) == "day" and usual(year, 10) == "day" and usual(year, 20) == "week"
