"""Charts say what their frames say, on the site's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import MADRID

from parkcore import charts, stats

NOON = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def counts(*vehicles: int, lot: str = "north", every: timedelta = timedelta(hours=1)) -> list[dict]:
    return [
        {
            "captured_at": (NOON + n * every).isoformat(),
            "lot_id": lot,
            "camera_id": "main",
            "car": count,
            "motorcycle": 0,
            "bus": 0,
            "truck": 1,
        }
        for n, count in enumerate(vehicles)
    ]


def rows_of(spec: dict) -> list[dict]:
    """Every row of data in a chart's specification."""
    return [row for rows in spec["datasets"].values() for row in rows]


def test_times_are_the_sites_wall_clock_on_a_utc_scale() -> None:
    frame = stats.occupancy_over_time(stats.counts_frame(counts(3, 5)), {"north": 10})
    spec = charts.occupancy_lines(frame, {"north": "North"}, MADRID).to_dict()
    times = [row["at"] for row in rows_of(spec) if "at" in row]
    assert times[0].startswith("2026-05-04T12:00")  # ten in UTC
    x = spec["layer"][0]["encoding"]["x"]
    assert x["scale"] == {"type": "utc"}


@pytest.mark.parametrize(
    "capacities, field",
    [({"north": 10, "south": 5}, "rate"), ({"north": 10}, "vehicles"), ({}, "vehicles")],
    ids=["rates where all capacities are known", "else vehicles", "no capacity at all"],
)
def test_lots_are_compared_by_what_is_known_of_all(capacities: dict, field: str) -> None:
    frame = stats.counts_frame(counts(3, 5) + counts(1, 2, lot="south"))
    over_time = stats.occupancy_over_time(frame, capacities)
    chart = charts.occupancy_lines(over_time, {"north": "N", "south": "S"}, MADRID)
    assert chart.to_dict()["layer"][0]["encoding"]["y"]["field"] == field


def test_a_lot_fuller_than_full_is_drawn_whole() -> None:
    frame = stats.occupancy_over_time(stats.counts_frame(counts(11, 14)), {"north": 10})
    spec = charts.sparkline(frame, 10, MADRID).to_dict()
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"][1] >= 15


@pytest.mark.parametrize("by", ["hour", "day"])
def test_bars_show_each_type_that_was_there(by: str) -> None:
    frame = stats.vehicles_by_type(stats.counts_frame(counts(3, 5)), MADRID, by=by)
    spec = charts.types_bars(frame, by=by).to_dict()
    assert {row["label"] for row in rows_of(spec)} == {"car", "truck"}


def test_an_empty_history_makes_empty_charts() -> None:
    over_time = stats.occupancy_over_time(stats.counts_frame([]), {})
    charts.occupancy_lines(over_time, {}, MADRID).to_dict()
    charts.sparkline(over_time, None, MADRID).to_dict()
