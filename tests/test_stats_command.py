"""`parkcore stats`: the figures, in words and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import MADRID
from test_store import record, snapshot

from parkcore.cli import cli
from parkcore.domain import Correction, Lot, Vehicles
from parkcore.store import Store

DAY = datetime(2026, 5, 4, tzinfo=MADRID)
NORTH = Lot("north", "=North", 10)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in a folder with a history: at 8:00 on three days 4, 8 and 10 of 10 places
    were taken, for an hour each; a second lot has no number of spaces."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")
    with Store.open(tmp_path / "parkcore.db") as store:
        for day, cars in enumerate((4, 8, 10)):
            at = DAY + timedelta(days=day, hours=8)
            what = snapshot(f"{day}", at=at, labels=("car",) * cars)
            record(store, what, lot=NORTH)
        record(store, snapshot("s", lot="south", at=DAY, labels=("bus",)), lot=Lot("south", "S"))

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(cli, ["stats", *words])

    return invoke


def rows(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_row_for_each_day(run) -> None:
    found = rows(
        run("--lot", "north", "--from", "2026-05-04", "--to", "2026-05-07", "--period", "day",
            "--threshold", "80", "--json")
    )  # fmt: skip
    assert [row["start"] for row in found] == [f"2026-05-0{day}T00:00" for day in (4, 5, 6, 7)]
    assert [row["mean_rate"] for row in found] == [0.4, 0.8, 1, None]
    assert [row["seen_s"] for row in found] == [3600, 3600, 3600, 0]
    assert [row["period_s"] for row in found] == [86400] * 4
    assert [row["over_s"] for row in found] == [0, 3600, 3600, None]
    assert {row["time_zone"] for row in found} == {"Europe/Madrid"}
    assert found[0]["highest_rate_at"] == "2026-05-04T08:00:00+02:00"


def test_one_row_for_all_days_and_the_latest_week_by_default(run) -> None:
    [row] = rows(run("--lot", "north", "--json"))
    assert (row["from"], row["to"]) == ("2026-04-30", "2026-05-06")
    assert row["mean_rate"] == pytest.approx(22 / 30, abs=1e-4)
    assert (row["p10"], row["p50"], row["p90"]) == (0.4, 0.8, 1)
    assert (row["photos"], row["threshold"], row["over_s"]) == (3, 0.95, 3600)


def test_without_a_number_of_spaces_there_is_no_rate_and_no_percentile_of_one(run) -> None:
    [row] = rows(run("--lot", "south", "--json"))
    assert (row["mean_taken"], row["bus"]) == (1, 1)
    assert row["mean_rate"] is row["p50"] is row["over_s"] is None


def test_csv_is_for_people_with_units_and_the_time_zone(run) -> None:
    result = run("--lot", "north", "--period", "week", "--csv")
    found = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["From (Europe/Madrid)"] for row in found] == [
        "2026-04-27 00:00", "2026-05-04 00:00",
    ]  # fmt: skip
    assert found[1]["Mean occupancy (%)"] == "73.33"
    assert found[1]["Highest occupancy at (Europe/Madrid)"] == "2026-05-06 08:00"
    assert found[0]["Mean occupancy (%)"] == ""


def test_in_words(run) -> None:
    said = run("--from", "2026-05-04", "--to", "2026-05-06", "--period", "day").stdout
    assert said.startswith("Mon 4 May 2026 – Wed 6 May 2026, times of Europe/Madrid\n")
    assert "=North: mean 73.3 %, from 40.0 % to 100.0 %" in said
    assert "Fullest on Wed 6 May 2026 at 08:00: 100 %" in said
    assert "95 % or more for 1 h, 33 % of the time seen" in said
    assert "Seen 3 h of 72 h (4 %)" in said
    assert "2026-05-05  mean 80.0 %" in said
    assert "S: mean 1.0 vehicles, from 1 to 1" in said
    assert "corrected" not in said


def test_a_correction_changes_the_figures_and_is_said(run) -> None:
    with Store.open(Path("parkcore.db")) as store:
        store.correct(1, Correction(Vehicles(car=7)))
    days = ("--lot", "north", "--from", "2026-05-04", "--to", "2026-05-04")
    assert rows(run(*days, "--json"))[0]["mean_rate"] == 0.7
    assert "1 of 1 photos was corrected by hand" in run(*days).stdout


def test_only_the_opening_hours(run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PARKCORE_OPENING_HOURS" in run("--open").stderr
    monkeypatch.setenv("PARKCORE_OPENING_HOURS", "mon-tue 8-20")
    days = ("--lot", "north", "--from", "2026-05-04", "--to", "2026-05-06")
    [row] = rows(run(*days, "--open", "--json"))
    assert (row["period_s"], row["seen_s"], row["mean_rate"]) == (24 * 3600, 7200, 0.6)
    assert "only mon-tue 8-20" in run(*days, "--open").stdout


@pytest.mark.parametrize(
    "words, said",
    [
        (("--from", "2026-05-06", "--to", "2026-05-04"), "is after the last one"),
        (("--from", "yesterday"), "'yesterday' is not a day"),
        (("--from", "0001-01-01"), "days lie between 1900-01-01 and 2199-12-31"),
        (("--lot", "nowhere"), "there is no lot 'nowhere'"),
        (("--period", "year"), "is not one of 'hour', 'day', 'week', 'month'"),
        (("--threshold", "0"), "is not in the range"),
    ],
)
def test_what_cannot_be_answered_is_said(run, words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("form, printed", [("--json", ""), ("--csv", ""), (None, "")])
def test_days_without_a_photo(run, form: str | None, printed: str) -> None:
    words = ("--from", "2020-01-01", "--to", "2020-12-31")
    result = run(*words, *([form] if form else []))
    assert (result.exit_code, result.stdout) == (0, printed)
    assert ("No photos: Wed 1 Jan 2020" in result.stderr) == (form is None)


def test_no_history_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["stats", "--period", "day"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No photos" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_may_name_the_time_zone_of_another_site(run, monkeypatch) -> None:
    """Eight in Madrid is half past eleven in Kolkata, where hours begin at half past of UTC."""
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Asia/Kolkata")
    found = rows(
        run("--lot", "north", "--from", "2026-05-04", "--to", "2026-05-04", "--period", "hour",
            "--json")
    )  # fmt: skip
    seen = {row["start"]: row["seen_s"] for row in found if row["seen_s"]}
    assert seen == {"2026-05-04T11:00": 1800, "2026-05-04T12:00": 1800}
    assert len(found) == 24
