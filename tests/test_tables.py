"""Tables as files: read back they are what the Store has, whatever the form and the names."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import MADRID, NOON
from test_hours import EVER, judged, looked, marked
from test_store import record, snapshot
from unprivileged import no_privileges, reachable_folder

from parkcore.domain import Camera, Correction, Lot, Vehicles
from parkcore.errors import OutputError
from parkcore.occupancy import Thresholds
from parkcore.reports.columns import COLUMNS, TableName
from parkcore.reports.table_files import FORMS, form_of, table_bytes, write_table
from parkcore.reports.tables import Choice, Tables
from parkcore.reports.whole_file import LEFT_S
from parkcore.sqlite.export_store import JUDGED_PAGE
from parkcore.store import Store

ALL = Choice(("north",))
FORMULA = "=cmd|' /C calc'!A0"
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""02:30 in Madrid, for the first time that day."""


def parts(store: Store, name: TableName, choice: Choice = ALL) -> Iterator[pd.DataFrame]:
    return Tables(store, MADRID, Thresholds()).parts(name, choice)


def rows(store: Store, name: TableName, choice: Choice = ALL) -> list[dict]:
    """As JSON, whose names and values are those of the program."""
    return json.loads(table_bytes(name, parts(store, name, choice), form="json", zone=MADRID))


@pytest.fixture
def seen(store: Store) -> Store:
    """Two cameras of a lot, one with spaces; a correction, a change of capacity, a deletion."""
    layout = marked(store)
    looked(store, 0, 3, judged=judged(layout, "ovu"))
    second = looked(store, 20, 2, judged=judged(layout, "oov"))
    looked(store, 40, 1, judged=judged(layout, "uuu"))
    looked(store, 80, 2, judged=judged(layout, "vvv"))
    store.save_camera(Camera("north", "roof", 10))
    store.save_camera(Camera("north", "roof", 20), capacity_since=NOON + timedelta(minutes=30))
    looked(store, 0, 4, "roof")
    corrected = looked(store, 35, 8, "roof")
    store.correct(corrected.id, Correction(Vehicles(car=9, bus=1)))
    store.correct(second.id, Correction(spaces={"A3": "occupied"}))
    store.delete([looked(store, 50, 7, "roof").id])
    return store


def test_snapshots_say_what_was_counted_against_which_places(seen: Store) -> None:
    found = {(row["camera"], row["taken_at"]): row for row in rows(seen, "snapshots")}
    said = {
        (camera, at[11:16]): (row["vehicles"], row["taken"], row["places"], row["corrected"])
        for (camera, at), row in found.items()
    }
    assert said == {
        ("gate", "12:00"): (3, 1, 2, False),
        ("gate", "12:20"): (2, 3, 3, True),
        ("gate", "12:40"): (1, None, None, False),
        ("gate", "13:20"): (2, 0, 3, False),
        ("roof", "12:00"): (4, 4, 10, False),
        ("roof", "12:35"): (10, 10, 20, True),
    }
    first = found["gate", "2026-05-04T12:00:00+02:00"]
    assert (first["vacant"], first["unknown"], first["rate"]) == (1, 1, 0.5)
    roof = found["roof", "2026-05-04T12:35:00+02:00"]
    assert (roof["seen"], roof["car"], roof["bus"], roof["level"]) == (8, 9, 1, "moderate")
    recorded = {each.id: each for each in seen.snapshots()}
    assert {row["snapshot"] for row in found.values()} == set(recorded)
    for row in found.values():
        each = recorded[row["snapshot"]]
        assert datetime.fromisoformat(row["taken_at"]) == each.photo.captured_at
        assert (row["vehicles"], row["seen"]) == (each.counted.total, each.vehicles.total)
        assert (row["photo"], row["model"]) == (each.photo.file, each.detector.model)


def test_spaces_say_what_the_machine_saw_and_what_holds(seen: Store) -> None:
    found = rows(seen, "spaces")
    assert len(found) == 12
    corrected = [row for row in found if row["corrected"]]
    assert [(row["space"], row["state"], row["seen_state"]) for row in corrected] == [
        ("A3", "occupied", "vacant")
    ]
    for row in found:
        spaces = {space.id: space for space in seen.judged(row["snapshot"]).judgement.spaces}
        space = spaces[row["space"]]
        assert (row["state"], row["confidence"]) == (space.state, space.confidence)
        assert row["reason"] == space.reason


def test_hours_are_those_of_the_store(seen: Store) -> None:
    found = rows(seen, "hours")
    kept = seen.hours(["north"], *EVER)
    assert len(found) == len(kept) == 3
    for row, hour in zip(found, kept, strict=True):
        assert datetime.fromisoformat(row["hour_at"]).timestamp() == hour["hour"]
        assert (row["photos"], row["seen_s"]) == (hour["photos"], hour["seen_s"])
        mean = hour["taken_s"] / hour["seen_s"] if hour["seen_s"] else None
        assert row["mean_taken"] == (None if mean is None else pytest.approx(mean))
        rate = hour["rate_s"] / hour["rated_s"] if hour["rated_s"] else None
        assert row["mean_rate"] == (None if rate is None else pytest.approx(rate))


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_form_says_the_same(seen: Store, tmp_path: Path, name: TableName) -> None:
    files = {form: tmp_path / f"{name}.{form}" for form in FORMS}
    for form, path in files.items():
        written = write_table(path, name, parts(seen, name), form=form, zone=MADRID)
        assert (written.rows, written.sheets) == (len(rows(seen, name)), 1)
    expected = rows(seen, name)
    lines = files["jsonl"].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == expected
    read = pq.read_table(files["parquet"])
    for row, same in zip(read.to_pylist(), expected, strict=True):
        at = {key: value.isoformat() for key, value in row.items() if isinstance(value, datetime)}
        assert row | at == same
    columns = COLUMNS[name]
    with files["csv"].open(encoding="utf-8-sig", newline="") as file:
        [heads, *texts] = list(csv.reader(file))
    book = openpyxl.load_workbook(files["xlsx"])
    [excel_heads, *cells] = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert heads == excel_heads == [column.heading("Europe/Madrid") for column in columns]
    for text, cell, same in zip(texts, cells, expected, strict=True):
        for column, said, value in zip(columns, text, cell, strict=True):
            known = same[column.name]
            if known is None or known == "":
                assert said == "" and value in (None, "")
            elif column.kind in ("time", "utc"):
                zone = MADRID if column.kind == "time" else UTC
                wall = datetime.fromisoformat(known).astimezone(zone).replace(tzinfo=None)
                assert said == wall.isoformat(" ", "seconds")
                assert abs(value - wall) < timedelta(milliseconds=2)
            elif column.kind == "truth":
                assert (said, value) == ("yes" if known else "no", known)
            elif column.kind == "text":
                assert said == value == known
            else:
                figure = 100 * known if column.kind == "share" else known
                assert float(said) == pytest.approx(figure, abs=0.005)
                assert value == pytest.approx(figure, abs=0.005) and not isinstance(value, str)


def test_parquet_has_types_units_and_the_zone(seen: Store, tmp_path: Path) -> None:
    path = tmp_path / "hours.parquet"
    write_table(path, "hours", parts(seen, "hours"), form="parquet", zone=MADRID)
    schema = pq.read_schema(path)
    types = {field.name: str(field.type) for field in schema}
    assert types["hour_at"] == "timestamp[us, tz=Europe/Madrid]"
    assert (types["lot"], types["photos"], types["mean_rate"]) == ("string", "int64", "double")
    assert schema.field("mean_rate").metadata == {b"heading": b"Mean occupancy (%)"}


def test_an_hour_that_autumn_repeats_is_told_apart(store: Store, tmp_path: Path) -> None:
    for n in range(2):
        record(store, snapshot(f"{n}", at=AUTUMN + timedelta(hours=n)))
    path = tmp_path / "a.csv"
    write_table(path, "snapshots", parts(store, "snapshots"), form="csv", zone=MADRID)
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [(row["Taken (Europe/Madrid)"], row["Taken (UTC)"]) for row in csv.DictReader(file)]
    assert found == [
        ("2026-10-25 02:30:00", "2026-10-25 00:30:00"),
        ("2026-10-25 02:30:00", "2026-10-25 01:30:00"),
    ]


def test_a_range_and_lots_are_kept_to(seen: Store) -> None:
    record(seen, snapshot("other", lot="south"))
    choice = Choice(("north", "south"), NOON, NOON + timedelta(minutes=20))
    found = [(row["lot"], row["camera"]) for row in rows(seen, "snapshots", choice)]
    assert found == [("north", "gate"), ("north", "roof"), ("south", "gate")]
    assert {row["lot"] for row in rows(seen, "hours", Choice(("south",)))} == {"south"}
    some = Choice(("north", "south"), camera_id="roof", label="bus", text="ROOF35")
    assert [row["vehicles"] for row in rows(seen, "snapshots", some)] == [10]
    assert rows(seen, "hours", Choice(("south",), NOON + timedelta(days=9))) == []


def test_nothing_is_a_file_with_headings(store: Store, tmp_path: Path) -> None:
    for form in FORMS:
        path = tmp_path / f"nothing.{form}"
        assert write_table(path, "spaces", iter(()), form=form, zone=MADRID).rows == 0
    assert json.loads((tmp_path / "nothing.json").read_text()) == []
    assert (tmp_path / "nothing.jsonl").read_text() == ""
    assert pq.read_table(tmp_path / "nothing.parquet").num_rows == 0
    heads = [column.heading("Europe/Madrid") for column in COLUMNS["spaces"]]
    assert (tmp_path / "nothing.csv").read_text("utf-8-sig").strip() == ",".join(heads)
    sheet = openpyxl.load_workbook(tmp_path / "nothing.xlsx").worksheets[0]
    assert [cell.value for cell in sheet[1]] == heads and sheet.max_row == 1


@pytest.mark.parametrize(
    "file", [FORMULA, "+1+1.jpg", "-2.jpg", "@SUM(A1).jpg", "\t=1.jpg", "https://x.example/a.jpg"]
)
def test_no_name_is_run_by_a_spreadsheet(store: Store, tmp_path: Path, file: str) -> None:
    lot = Lot("north", "=1+1")
    record(store, snapshot("a", file=file), lot=lot)
    for form in ("csv", "xlsx"):
        path = tmp_path / f"a.{form}"
        write_table(path, "snapshots", parts(store, "snapshots"), form=form, zone=MADRID)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as text:
        [row] = list(csv.DictReader(text))
    is_harmless = file.startswith("https")
    assert row["Photo"] == (file if is_harmless else f"'{file}")
    assert row["Name of the lot"] == "'=1+1"
    [_, cells] = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].iter_rows()
    for cell in cells:
        assert cell.data_type != "f" and cell.hyperlink is None
    values = [cell.value for cell in cells]
    assert "=1+1" in values and file in values


def test_excels_limits_are_kept(store: Store, tmp_path: Path) -> None:
    for n in range(7):
        looked(store, n, 1)
    record(store, snapshot("old", at=datetime(1893, 5, 4, 10, tzinfo=UTC)))
    record(store, snapshot("long", file="x" * 40_000, at=NOON + timedelta(hours=1)))
    path = tmp_path / "a.xlsx"
    written = write_table(
        path, "snapshots", parts(store, "snapshots"), form="xlsx", zone=MADRID, sheet_rows=4
    )
    assert (written.rows, written.sheets) == (9, 3)
    assert str(written) == "9 rows on 3 sheets, as Excel takes 1,048,576 rows on one"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Snapshots", "Snapshots 2", "Snapshots 3", "About"]
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets[:3]]
    assert [len(sheet) for sheet in sheets] == [4, 4, 4]
    assert len({sheet[0] for sheet in sheets}) == 1, "each has its heading"
    found = [row for sheet in sheets for row in sheet[1:]]
    assert [row[9] for row in found] == [3, *[1] * 7, 3]
    assert str(found[0][0]).startswith("1893-05-04"), "a date that Excel does not know"
    assert len(max(found[-1], key=lambda value: len(str(value)))) == 32_767
    assert all(sheet.freeze_panes == "A2" for sheet in book.worksheets[:3])
    said = [row[0] for row in book["About"].iter_rows(values_only=True)]
    assert any("3 sheets" in line for line in said)


def test_pages_go_on_where_the_last_one_ended(store: Store, monkeypatch) -> None:
    monkeypatch.setattr("parkcore.sqlite.export_store.PAGE", 3)
    monkeypatch.setattr("parkcore.sqlite.export_store.JUDGED_PAGE", 2)
    layout = marked(store)
    for n in range(8):  # several at the same moment
        what = snapshot(f"{n}", at=NOON + timedelta(minutes=n // 3))
        record(store, what, judged=judged(layout, "ovu"))
    assert [row["snapshot"] for row in rows(store, "snapshots")] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [len(part) for part in parts(store, "snapshots")] == [3, 3, 2]
    assert len(rows(store, "spaces")) == 24
    assert JUDGED_PAGE > 2


def test_a_file_is_written_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before")

    def broken() -> Iterator[pd.DataFrame]:
        looked(store, 0, 1)
        yield from parts(store, "snapshots")
        raise OutputError("the cable was pulled")

    for form in FORMS:
        with pytest.raises(OutputError, match="cable"):
            write_table(path, "snapshots", broken(), form=form, zone=MADRID)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_what_a_killed_process_left_is_removed_some_day(tmp_path: Path) -> None:
    for name, age_s in ((".parkcore-out-old", LEFT_S + 60), (".parkcore-out-new", 60)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
        then = time.time() - age_s
        os.utime(tmp_path / name, (then, then))
    write_table(tmp_path / "a.csv", "spaces", iter(()), form="csv", zone=MADRID)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".parkcore-out-new", "a.csv"]


@pytest.mark.parametrize("form", FORMS)
def test_where_nothing_can_be_written_that_is_said(store: Store, form: str) -> None:
    looked(store, 0, 1)
    made = list(parts(store, "snapshots"))
    with reachable_folder() as folder:
        folder.chmod(0o555)
        with no_privileges(), pytest.raises(OutputError, match=r"cannot be written.*writable"):
            write_table(folder / "a", "snapshots", made, form=form, zone=MADRID)
        with pytest.raises(OutputError, match="there is no folder"):
            write_table(folder / "no" / "a", "snapshots", made, form=form, zone=MADRID)
        with pytest.raises(OutputError, match="is not a file"):
            write_table(folder, "snapshots", made, form=form, zone=MADRID)


def test_the_form_is_that_of_the_ending() -> None:
    assert form_of(Path("a.XLSX")) == "xlsx"
    assert form_of(Path("a.txt"), "csv") == "csv"
    with pytest.raises(OutputError, match=r"'a\.doc' has no ending .* \.csv, \.xlsx"):
        form_of(Path("a.doc"))


def test_times_are_the_sites_in_any_zone(store: Store) -> None:
    looked(store, 0, 1)
    kolkata = ZoneInfo("Asia/Kolkata")
    [part] = Tables(store, kolkata, Thresholds()).parts("snapshots", ALL)
    [row] = json.loads(table_bytes("snapshots", [part], form="json", zone=kolkata))
    assert row["taken_at"] == "2026-05-04T15:30:00+05:30"
