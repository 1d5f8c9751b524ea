"""The command line as its users meet it: words in, lines and an exit status out."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import HAS_8_BIT, ROOT, SAMPLES, draw_lot, encode

from parkcore import __version__
from parkcore.cli import cli
from parkcore.store import Store

NORTH = SAMPLES / "sample-north" / "gate"
FULL = NORTH / "2026-05-04_12-30.jpg"
EMPTY = NORTH / "2026-05-04_07-00.jpg"

RECORD_KEYS = [
    "photo", "captured_at", "time_source", "lot", "camera", "vehicles", "total", "capacity",
    "rate", "level", "detections", "milliseconds", "error",
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in an empty folder of its own, with the real model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")
    (tmp_path / "storage_photo").mkdir()

    def invoke(*words: object, **options: object) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words], **options)

    return invoke


def lines(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_analyse_prints_one_json_object_a_photo(run: Callable[..., Result]) -> None:
    result = run("analyse", "--json", FULL, EMPTY)
    assert result.exit_code == 0, result.stderr
    full, empty = lines(result)
    assert list(full) == RECORD_KEYS
    assert full["photo"] == str(FULL)
    assert full["captured_at"] == "2026-05-04T12:30:00+02:00"
    assert full["time_source"] == "exif"
    assert 33 <= full["total"] == sum(full["vehicles"].values()) == len(full["detections"]) <= 37
    assert 3 <= empty["total"] <= 5
    assert set(full["vehicles"]) == {"car", "motorcycle", "bus", "truck"}
    first = full["detections"][0]
    assert list(first) == ["label", "confidence", "box"]
    x1, y1, x2, y2 = first["box"]
    assert 0 <= x1 < x2 <= 1280 and 0 <= y1 < y2 <= 720
    assert full["capacity"] is None and full["rate"] is None and full["level"] is None


def test_analyse_goes_on_past_photos_that_cannot_be_read(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(FULL.read_bytes()[:50_000])
    result = run("analyse", "--json", cut, EMPTY, tmp_path / "nowhere.jpg")
    assert result.exit_code == 1
    bad, good, gone = lines(result)
    assert list(bad) == RECORD_KEYS
    assert "cut off" in bad["error"] and bad["total"] is None
    assert set(bad["vehicles"].values()) == {None}
    assert good["error"] is None and good["total"] > 0
    assert gone["error"] == "no such file"


def test_analyse_takes_a_folder_and_says_it_in_words(run: Callable[..., Result]) -> None:
    result = run("analyse", SAMPLES / "sample-south")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert "1 bus" in result.stdout and "number of spaces not known" in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["analyse"],
        ["analyse", "--lot", "a/b", "x.jpg"],
        ["history", "--from", "yesterday"],
        ["history", "--type", "bicycle"],
        ["lot", "add", ".hidden"],
        ["lot", "add", "north", "--capacity", "many"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_status_2(run: Callable[..., Result], words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_analyse_leaves_no_trace_unless_told_to_save(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    assert run("analyse", EMPTY).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["storage_photo"]
    result = run("analyse", "--save", "--lot", "yard", "--camera", "mast", "--json", EMPTY)
    assert [(r["lot"], r["camera"]) for r in lines(result)] == [("yard", "mast")]
    again = run("analyse", "--save", "--json", EMPTY)
    assert "known already" in again.stderr
    assert lines(again)[0]["lot"] == "yard"  # as it was recorded first
    with Store.open(tmp_path / "parkcore.db") as store:
        assert store.count() == 1


def test_of_a_known_photo_all_is_as_it_was_recorded(run: Callable[..., Result]) -> None:
    first = lines(run("analyse", "--save", "--json", FULL))[0]
    again = lines(run("--confidence", 0.9, "analyse", "--save", "--json", FULL))[0]
    looked = lines(run("--confidence", 0.9, "analyse", "--json", FULL))[0]
    assert len(looked["detections"]) < len(first["detections"])
    changing = {"milliseconds"}
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in first.items() if k not in changing
    }


def test_annotate_writes_pictures_with_the_boxes(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    assert run("analyse", "--annotate", tmp_path / "out", FULL).exit_code == 0
    [picture] = (tmp_path / "out").iterdir()
    assert picture.read_bytes()[:3] == b"\xff\xd8\xff"
    assert picture.read_bytes() != FULL.read_bytes()


def test_scan_tells_new_known_and_failed_photos(run: Callable[..., Result], tmp_path: Path) -> None:
    lot = tmp_path / "storage_photo" / "north" / "gate"
    lot.mkdir(parents=True)
    shutil.copy(FULL, lot / "a.jpg")
    shutil.copy(FULL, lot / "same.jpg")
    (lot / "bad.jpg").write_bytes(b"")
    first = run("scan")
    assert first.exit_code == 1
    assert first.stdout.startswith("1 new, 1 known already, 1 failed")
    assert "north/gate/bad.jpg: the file is empty" in first.stderr
    second = run("scan")
    assert second.exit_code == 0
    assert "0 new, 2 known already, 0 failed, 1 failed before" in second.stdout
    shutil.copy(EMPTY, lot / "bad.jpg")
    assert "1 new" in run("scan").stdout  # a changed file is read again by itself
    assert "0 new" in run("scan", "--retry").stdout


def test_reading_commands_make_no_database(run: Callable[..., Result], tmp_path: Path) -> None:
    for words in (["history"], ["lot", "list"], ["analyse", EMPTY]):
        assert run("--db", "typo/x.db", *words).exit_code == 0
    assert not (tmp_path / "typo").exists()


def test_a_photo_that_was_to_be_saved_and_is_bad_is_recorded(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    assert run("analyse", "--save", tmp_path / "bad.jpg").exit_code == 1
    with Store.open(tmp_path / "parkcore.db") as store:
        assert [Path(failure.file).name for failure in store.failures()] == ["bad.jpg"]
        assert store.count() == 0


def test_a_failed_retry_loses_no_record(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "storage_photo" / "bad.jpg").write_bytes(b"no photo")
    run("scan")
    run("scan", "--retry")
    shutil.move(tmp_path / "storage_photo", tmp_path / "unmounted")
    assert run("scan", "--retry").exit_code == 1
    with Store.open(tmp_path / "parkcore.db") as store:
        assert [failure.attempts for failure in store.failures()] == [2]


def test_a_broken_database_does_not_keep_photos_from_being_looked_at(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "parkcore.db").write_text("dear diary, " * 100)
    result = run("analyse", "--json", EMPTY)
    assert result.exit_code == 0
    assert lines(result)[0]["total"] > 0
    assert "capacities are not known" in result.stderr


def test_scan_reads_a_folder_elsewhere(run: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (archive / "yard" / "mast").mkdir(parents=True)
    shutil.copy(EMPTY, archive / "yard" / "mast")
    assert run("scan", archive).exit_code == 0
    [row] = lines(run("history", "--json"))
    assert (row["lot"], row["camera"]) == ("yard", "mast")
    assert Path(row["photo"]) == archive / "yard" / "mast" / EMPTY.name


def test_scan_of_a_missing_folder_says_what_to_do(run: Callable[..., Result]) -> None:
    result = run("scan", "nowhere")
    assert result.exit_code == 1
    assert "nowhere cannot be read" in result.stderr and "PARKCORE_STORAGE" in result.stderr


@pytest.fixture
def recorded(run: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """Four sample photos of two lots in the history."""
    names = (
        "sample-north/gate/2026-05-04_07-00.jpg",
        "sample-north/gate/2026-05-05_14-20.jpg",
        "sample-south/kiosk/2026-05-04_10-20.jpg",
        "sample-south/kiosk/2026-05-04_16-05.jpg",
    )
    for name in names:
        target = tmp_path / "storage_photo" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / name, target)
    for lot in ("sample-north", "sample-south"):
        shutil.copy(SAMPLES / lot / "lot.toml", tmp_path / "storage_photo" / lot)
    assert run("scan").exit_code == 0
    return run


def test_history_filters_and_agrees_in_every_form(recorded: Callable[..., Result]) -> None:
    rows = lines(recorded("history", "--json"))
    assert [row["captured_at"][:16] for row in rows] == [
        "2026-05-04T07:00", "2026-05-04T10:20", "2026-05-04T16:05", "2026-05-05T14:20",
    ]  # fmt: skip
    assert rows[0]["capacity"] == 37 and rows[0]["level"] == "quiet"
    assert len(lines(recorded("history", "--json", "--lot", "sample-south"))) == 2
    assert len(lines(recorded("history", "--json", "--to", "2026-05-04"))) == 3
    assert len(lines(recorded("history", "--json", "--from", "2026-05-04T16:00"))) == 2
    assert len(lines(recorded("history", "--json", "--type", "bus"))) == 2
    table = list(csv.DictReader(io.StringIO(recorded("history", "--csv").stdout)))
    assert [int(row["total"]) for row in table] == [row["total"] for row in rows]
    assert len(recorded("history").stdout.splitlines()) == 4


def test_an_unknown_lot_is_answered_with_the_known_ones(recorded: Callable[..., Result]) -> None:
    result = recorded("history", "--lot", "nroth")
    assert result.exit_code == 1
    assert "no lot 'nroth'" in result.stderr and "sample-north" in result.stderr


def test_lots_are_added_listed_and_changed(run: Callable[..., Result]) -> None:
    assert run("lot", "add", "north", "--name", "North car park").exit_code == 0
    assert run("lot", "add", "north").exit_code == 2
    assert run("lot", "set", "north", "--capacity", "40").exit_code == 0
    unknown = run("lot", "set", "north", "--camera", "gaet", "--capacity", "25")
    assert unknown.exit_code == 1 and "no camera 'gaet'" in unknown.stderr
    assert run("analyse", "--save", "--lot", "north", "--camera", "gate", EMPTY).exit_code == 0
    assert run("lot", "set", "north", "--camera", "gate", "--capacity", "25").exit_code == 0
    [lot] = lines(run("lot", "list", "--json"))
    assert lot == {"id": "north", "name": "North car park", "capacity": 40, "sample": False,
                   "cameras": {"gate": 25}}  # fmt: skip
    assert run("lot", "set", "north", "--capacity", "0").exit_code == 0
    assert "capacity not set" in run("lot", "list").stdout
    assert run("lot", "set", "nowhere", "--capacity", "4").exit_code == 1
    assert run("lot", "set", "north").exit_code == 2


def test_a_capacity_that_changed_leaves_older_rates_as_they_were(
    recorded: Callable[..., Result],
) -> None:
    since = ["--since", "2026-05-05"]
    assert recorded("lot", "set", "sample-north", "--capacity", "74", *since).exit_code == 0
    assert recorded("lot", "set", "sample-south", "--capacity", "20", *since).exit_code == 0
    rows = lines(recorded("history", "--json"))
    assert {(row["captured_at"][:10], row["lot"], row["capacity"]) for row in rows} == {
        ("2026-05-04", "sample-north", 37),
        ("2026-05-04", "sample-south", 10),
        ("2026-05-05", "sample-north", 74),
    }
    assert recorded("lot", "set", "sample-north", "--since", "2026-05-04").exit_code == 0
    rows = lines(recorded("history", "--json", "--lot", "sample-north"))
    assert {row["capacity"] for row in rows} == {74}, "the day of the change is put right"
    assert recorded("lot", "set", "sample-south", "--capacity", "12").exit_code == 0
    rows = lines(recorded("history", "--json", "--lot", "sample-south"))
    assert {row["capacity"] for row in rows} == {12}, "without a day it always was so"


def test_samples_go_with_one_command_after_asking(recorded: Callable[..., Result]) -> None:
    assert recorded("samples", "remove", input="n\n").exit_code == 1
    assert len(lines(recorded("history", "--json"))) == 4
    assert "removed 4" in recorded("samples", "remove", "--yes").stdout
    assert lines(recorded("history", "--json")) == []
    assert recorded("scan").stdout.startswith("0 new")
    assert recorded("lot", "list").stdout == ""


def test_more_vehicles_than_spaces_is_said(recorded: Callable[..., Result]) -> None:
    recorded("lot", "set", "sample-south", "--capacity", "3")
    said = recorded("history", "--lot", "sample-south").stdout
    assert "more than there are spaces" in said
    row = lines(recorded("history", "--json", "--lot", "sample-south"))[0]
    assert row["rate"] == pytest.approx(row["total"] / 3, abs=1e-4) and row["level"] == "full"


def test_doctor_says_what_to_do_about_each_fault(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    assert run("doctor").exit_code == 0
    (tmp_path / "parkcore.db").write_bytes(b"this is no database at all" * 100)
    (tmp_path / "storage_photo").rmdir()
    result = run("--model", "nothing.pt", "doctor")
    assert result.exit_code == 1
    for said in ("✗ model", "✗ database", "✗ storage folder", "→"):
        assert said in result.stdout
    assert "✓ Python" in result.stdout


@pytest.mark.parametrize(
    "words, status, said",
    [
        (["--confidence", "2", "scan"], 2, "PARKCORE_CONFIDENCE='2'"),
        (["--time-zone", "Mars/Base", "scan"], 2, "expected a name such as Europe/Madrid"),
        (["--model", "nothing.pt", "analyse", EMPTY], 1, "there is no model at"),
        (["--db", "text.db", "history"], 1, "is not a SQLite database"),
    ],
    ids=["a setting out of range", "no such zone", "no such model", "no database"],
)
def test_what_is_wrong_is_said_without_a_traceback(
    run: Callable[..., Result], tmp_path: Path, words: list[str], status: int, said: str
) -> None:
    (tmp_path / "text.db").write_text("dear diary, " * 100)
    result = run(*words)
    assert result.exit_code == status
    assert said in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_names_with_emoji_and_newlines_stay_on_one_line(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    odd = tmp_path / "storage_photo" / "north" / "a\n🚗.jpg"
    odd.parent.mkdir()
    odd.write_bytes(encode(draw_lot(0)))
    assert run("scan").exit_code == 0
    [row] = lines(run("history", "--json"))
    assert row["photo"] == "north/a\n🚗.jpg"
    assert len(run("analyse", odd).stdout.splitlines()) == 1


def test_the_version_is_told(run: Callable[..., Result]) -> None:
    assert run("--version").stdout == f"parkcore, version {__version__}\n"


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "parkcore", "--db", str(tmp_path / "new/x.db"), "lot", "add", "n"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout == "added n\n"
    with sqlite3.connect(tmp_path / "new" / "x.db") as connection:
        assert connection.execute("select count(*) from lots").fetchone() == (1,)


def test_evaluate_prints_a_table(run: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "labelled"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    shutil.copy(FULL, folder / "images" / "full.jpg")
    (folder / "data.yaml").write_text("names: [car, tree]\n")
    (folder / "labels" / "full.txt").write_text("0 0.315 0.555 0.07 0.13\n1 0.5 0.5 0.1 0.1\n")
    options = ("--baseline", "parkcore-yolov8n.pt", "--baseline-sizes", "320")
    result = run("evaluate", folder, "--sizes", "640", "--confidences", "0.2,0.5", *options)
    assert result.exit_code == 0, result.stderr
    assert "### labelled: 1 photo, 1 vehicle" in result.stdout
    table = result.stdout.splitlines()
    both = "parkcore-yolov8n.pt + parkcore-streets.pt"
    alone = "Parkcore, without its street model"
    run_as = {"Parkcore": both, alone: "parkcore-yolov8n.pt"}
    if HAS_8_BIT:
        run_as = {
            "Parkcore": "parkcore-yolov8n (8 bit) + parkcore-streets (8 bit)",
            alone: "parkcore-yolov8n (8 bit)",
            "Parkcore, not in 8 bit": both,
        }
    for who, model in run_as.items():
        rows = [line for line in table if line.startswith(f"| {who} | {model} | 640 px")]
        assert len(rows) == 2, who
